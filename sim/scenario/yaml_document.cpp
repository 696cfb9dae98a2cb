#include "sim/scenario/yaml_document.hpp"

#include "sim/scenario/yaml_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace lustrum {
namespace {

// Line ends of any system become '\n'; a byte order mark would shift the first line's columns.
std::string normalised(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  return out;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

} // namespace

std::string_view to_string(YamlKind kind) {
  switch (kind) {
  case YamlKind::null:
    return "nothing";
  case YamlKind::scalar:
    return "a single value";
  case YamlKind::list:
    return "a list";
  case YamlKind::map:
    return "a mapping";
  }
  return {};
}

YamlKind YamlNode::kind() const {
  return tree_ == nullptr ? YamlKind::null : tree_->nodes[index_].kind;
}

std::string_view YamlNode::text() const {
  return tree_ == nullptr ? std::string_view{} : tree_->nodes[index_].text;
}

std::string_view YamlNode::key() const {
  return tree_ == nullptr ? std::string_view{} : tree_->nodes[index_].key;
}

std::string YamlNode::path() const {
  if (tree_ == nullptr) return {};
  const YamlTree::Node& node = tree_->nodes[index_];
  if (node.parent == YamlTree::kNone) return {};
  const std::string above = YamlNode{tree_, node.parent}.path();
  if (!node.has_key) return fmt::format("{}[{}]", above, node.place);
  return above.empty() ? node.key : fmt::format("{}.{}", above, node.key);
}

std::vector<YamlNode> YamlNode::entries() const {
  std::vector<YamlNode> out;
  if (tree_ == nullptr) return out;
  for (const std::uint32_t child : tree_->nodes[index_].children) out.emplace_back(tree_, child);
  return out;
}

YamlNode YamlNode::get(std::string_view wanted) const {
  if (!is_map()) return {};
  for (const std::uint32_t child : tree_->nodes[index_].children)
    if (tree_->nodes[child].key == wanted) return {tree_, child};
  return {};
}

SourceSpan YamlNode::span() const {
  if (tree_ == nullptr) return {};
  const YamlTree::Node& node = tree_->nodes[index_];
  // The parser places an empty value at whatever comes next: point at what holds it.
  if (node.kind == YamlKind::null && node.has_key) return key_span();
  if (node.kind == YamlKind::null && node.parent != YamlTree::kNone)
    return YamlNode{tree_, node.parent}.key_span();
  if (node.kind == YamlKind::map && !node.children.empty()) {
    // A mapping in block style begins with its first key.
    const YamlTree::Node& first = tree_->nodes[node.children.front()];
    if (first.key_mark.line == node.mark.line && first.key_mark.byte == node.mark.byte)
      return tree_->span(first.key_mark, first.key);
  }
  return tree_->span(node.mark, node.text);
}

SourceSpan YamlNode::key_span() const {
  if (tree_ == nullptr) return {};
  const YamlTree::Node& node = tree_->nodes[index_];
  return node.has_key ? tree_->span(node.key_mark, node.key) : span();
}

SourceSpan YamlNode::section_span() const {
  if (tree_ == nullptr) return {};
  if (tree_->nodes[index_].parent == YamlTree::kNone) return {.file = tree_->name};
  return key_span();
}

YamlDocument YamlDocument::load(const std::string& file, Diagnostics& diagnostics,
                                const SourceSpan& asked_by) {
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(file, ignored);
  std::ifstream in{file, std::ios::binary};
  std::string text;
  if (in && !is_folder) {
    std::ostringstream all;
    all << in.rdbuf();
    text = std::move(all).str();
  }
  if (!in || is_folder || in.bad()) {
    const bool exists = std::filesystem::exists(file, ignored);
    diagnostics.add(DiagnosticCode::unreadable_file, asked_by,
                    fmt::format("cannot read `{}`: {}", file,
                                is_folder ? "it is a folder"
                                : exists  ? "it cannot be opened"
                                          : "there is no such file"));
    auto tree = std::make_shared<YamlTree>();
    tree->name = file;
    return YamlDocument{std::move(tree)};
  }
  return parse(text, file, diagnostics);
}

YamlDocument YamlDocument::parse(std::string_view text, std::string name,
                                 Diagnostics& diagnostics) {
  auto tree = std::make_shared<YamlTree>();
  tree->name = std::move(name);
  tree->text = normalised(text);
  tree->lines = split_lines(tree->text);
  build_yaml_tree(*tree, diagnostics);
  return YamlDocument{std::move(tree)};
}

YamlNode YamlDocument::root() const {
  if (tree_->root == YamlTree::kNone) return {};
  return {tree_.get(), tree_->root};
}

const std::string& YamlDocument::name() const { return tree_->name; }

} // namespace lustrum
