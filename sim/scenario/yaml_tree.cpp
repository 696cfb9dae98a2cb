#include "sim/scenario/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <sstream>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;

YamlMark to_mark(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(std::max(mark.line, 0)),
          static_cast<std::uint32_t>(std::max(mark.column, 0))};
}

// yaml-cpp's own tree forgets which key came twice, ignores `<<` and places an alias at its anchor,
// so this one is built from the parser's events.
class TreeBuilder final : public YAML::EventHandler {
public:
  TreeBuilder(YamlTree& tree, Diagnostics& diagnostics) : tree_(tree), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (takes_key()) return refuse_key(to_mark(mark));
    remember(anchor, attach({.kind = YamlKind::null, .mark = to_mark(mark)}));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (takes_key()) return take_key(to_mark(mark), value);
    remember(anchor, attach({.kind = YamlKind::scalar, .text = value, .mark = to_mark(mark)}));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (takes_key()) return refuse_key(to_mark(mark));
    const auto found = anchors_.find(anchor);
    const bool open = found != anchors_.end() &&
                      std::any_of(open_.begin(), open_.end(),
                                  [&](const Frame& f) { return f.node == found->second; });
    if (found == anchors_.end() || open) {
      diagnostics_.add(not_yaml, tree_.span(to_mark(mark), "*"),
                       "an alias refers to what contains it");
      attach({.kind = YamlKind::null, .mark = to_mark(mark)});
      return;
    }
    YamlTree::Node copy = tree_.nodes[found->second];
    copy.mark = to_mark(mark);
    attach(std::move(copy));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlKind::list, to_mark(mark), anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlKind::map, to_mark(mark), anchor);
  }
  void OnMapEnd() override { open_.pop_back(); }

private:
  // A mapping or list whose end has not come yet.
  struct Frame {
    std::uint32_t node = 0;
    bool has_key = false; // the next event is a value
    bool drop = false;    // its key was refused: the value is read but not kept
    std::string key{};
    YamlMark key_mark{};
  };

  bool takes_key() const {
    return !open_.empty() && tree_.nodes[open_.back().node].kind == YamlKind::map &&
           !open_.back().has_key;
  }

  void take_key(YamlMark mark, const std::string& key) {
    Frame& frame = open_.back();
    frame = {.node = frame.node, .has_key = true, .key = key, .key_mark = mark};
    const YamlNode map{&tree_, frame.node};
    const SourceSpan where = tree_.span(mark, key);
    const std::string path = map.path();
    const std::string place = path.empty() ? "at the top level" : fmt::format("in `{}`", path);
    if (key == "<<") {
      frame.drop = true;
      diagnostics_.add(not_yaml, where, fmt::format("merge key `<<` {} is not supported", place),
                       "write the keys out, or refer to a whole value with `*name`");
    } else if (const YamlNode first = map.get(key)) {
      frame.drop = true;
      diagnostics_.add(duplicate_key, where, fmt::format("duplicate key `{}` {}", key, place))
          .also.push_back({"first given here", first.key_span()});
    }
  }

  void refuse_key(YamlMark mark) {
    diagnostics_.add(wrong_shape, tree_.span(mark, {}), "a key must be a plain text");
    Frame& frame = open_.back();
    frame = {.node = frame.node, .has_key = true, .drop = true};
    frame.key_mark = mark;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return; // none, plain, quoted
    diagnostics_.add(not_yaml, tree_.span(to_mark(mark), "!"), "tags are not supported",
                     "remove it: the type follows from the key");
  }

  std::uint32_t attach(YamlTree::Node node) {
    const auto index = static_cast<std::uint32_t>(tree_.nodes.size());
    node.parent = YamlTree::kNone;
    node.has_key = false;
    if (open_.empty()) {
      tree_.root = index;
    } else {
      Frame& frame = open_.back();
      YamlTree::Node& parent = tree_.nodes[frame.node];
      node.parent = frame.node;
      node.place = static_cast<std::uint32_t>(parent.children.size());
      node.has_key = frame.has_key;
      node.key = frame.key;
      node.key_mark = frame.key_mark;
      if (!frame.drop) parent.children.push_back(index);
      frame.has_key = false;
    }
    tree_.nodes.push_back(std::move(node));
    return index;
  }

  void open(YamlKind kind, YamlMark mark, YAML::anchor_t anchor) {
    const bool as_key = takes_key();
    if (as_key) refuse_key(mark);
    const std::uint32_t index = attach({.kind = kind, .mark = mark});
    // A collection used as a key is thrown away; after it still comes the value.
    if (as_key) open_.back().has_key = true;
    remember(anchor, index);
    open_.push_back({.node = index});
  }

  void remember(YAML::anchor_t anchor, std::uint32_t index) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = index;
  }

  YamlTree& tree_;
  Diagnostics& diagnostics_;
  std::vector<Frame> open_;
  std::map<YAML::anchor_t, std::uint32_t> anchors_;
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Bytes of the UTF-8 character at the start of text; 0 when it is none.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80U                     ? 1
                             : lead >= 0xC2U && lead <= 0xDFU ? 2
                             : lead >= 0xE0U && lead <= 0xEFU ? 3
                             : lead >= 0xF0U && lead <= 0xF4U ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length),
                     is_continuation)
             ? length
             : 0;
}

// yaml-cpp takes some control characters for the end of the file and reads on over broken UTF-8.
bool check_characters(const YamlTree& tree, Diagnostics& diagnostics) {
  for (std::uint32_t line = 0; line < tree.lines.size(); ++line) {
    const std::string_view text = tree.lines[line];
    for (std::size_t at = 0; at < text.size();) {
      const YamlMark mark{line, static_cast<std::uint32_t>(at)};
      const auto code = static_cast<unsigned char>(text[at]);
      const std::size_t length = character_length(text.substr(at));
      if (length == 0) { // nothing of such a line can be shown
        diagnostics.add(not_yaml, {.file = tree.name, .line = line + 1, .column = 1},
                        "not valid YAML: the text is not UTF-8");
        return false;
      }
      if ((code < 0x20U && code != '\t') || code == 0x7FU) {
        diagnostics.add(not_yaml, tree.span(mark, {}),
                        fmt::format("not valid YAML: control character U+{:04X}", code));
        return false;
      }
      at += length;
    }
  }
  return true;
}

void fail(YamlTree& tree, const YAML::Mark& at, const std::string& why, Diagnostics& diagnostics) {
  const YamlMark mark = to_mark(at);
  const bool tab = mark.line < tree.lines.size() && tree.lines[mark.line].starts_with('\t');
  tree.root = YamlTree::kNone;
  diagnostics.add(not_yaml, tree.span(mark, {}), fmt::format("not valid YAML: {}", why),
                  tab ? "YAML is indented with spaces, not tabs" : "");
}

} // namespace

SourceSpan YamlTree::span(YamlMark mark, std::string_view written) const {
  SourceSpan out{.file = name, .line = mark.line + 1, .column = mark.byte + 1};
  if (mark.line >= lines.size()) return out;
  const std::string_view line = lines[mark.line];
  out.source_line = line;
  const std::size_t start = std::min<std::size_t>(mark.byte, line.size());
  const std::string_view rest = line.substr(start);
  std::string_view marked = rest.substr(0, 1);
  if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
    // A quoted text may hold escapes: go to the next quote that is not one.
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != rest.front()) end += rest[end] == '\\' ? 2U : 1U;
    marked = rest.substr(0, end + 1);
  } else if (!written.empty() && rest.starts_with(written)) {
    marked = rest.substr(0, written.size());
  } else if (!written.empty() && !rest.empty()) {
    marked = rest.substr(0, rest.find_first_of(" \t,]}"));
  }
  const auto count = [](std::string_view part) {
    return static_cast<std::uint32_t>(
        std::count_if(part.begin(), part.end(), [](char c) { return !is_continuation(c); }));
  };
  out.column = count(line.substr(0, start)) + 1;
  out.length = std::max<std::uint32_t>(count(marked), 1);
  return out;
}

void build_yaml_tree(YamlTree& tree, Diagnostics& diagnostics) {
  if (!check_characters(tree, diagnostics)) return;
  std::istringstream in{tree.text};
  Diagnostics found; // lost when the syntax is wrong: most would be its consequences
  TreeBuilder builder{tree, found};
  try {
    YAML::Parser parser{in};
    if (!parser.HandleNextDocument(builder)) {
      diagnostics.add(wrong_shape, {.file = tree.name}, "the file is empty");
      return;
    }
    const std::uint32_t root = tree.root;
    if (parser.HandleNextDocument(builder)) {
      const SourceSpan second = tree.span(tree.nodes[tree.root].mark, {});
      found.add(not_yaml, second, "a second document in one file",
                "remove `---` or split the file");
    }
    tree.root = root;
    diagnostics.append(found);
  } catch (const YAML::DeepRecursion& problem) {
    fail(tree, problem.mark, "nested too deeply", diagnostics);
  } catch (const YAML::Exception& problem) {
    fail(tree, problem.mark, problem.msg, diagnostics);
  }
}

} // namespace lustrum
