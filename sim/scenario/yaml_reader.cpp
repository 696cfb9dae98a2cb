#include "sim/scenario/yaml_reader.hpp"

#include "sim/base/did_you_mean.hpp"
#include "sim/base/parameter_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;

std::string in_path(std::string_view path) {
  return path.empty() ? "at the top level" : fmt::format("in `{}`", path);
}

std::string joined(std::string_view above, std::string_view key) {
  if (above.empty() || key.empty()) return std::string{above.empty() ? key : above};
  return fmt::format("{}.{}", above, key);
}

// `a`, `b` and `c`
std::string listed(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " and " : ", ";
    out += fmt::format("`{}`", words[i]);
  }
  return out;
}

// What a node is called in a message.
std::string called(const YamlNode& node) {
  const std::string path = node.path();
  return path.empty() ? "the top level" : fmt::format("`{}`", path);
}

bool require(const YamlNode& node, YamlKind kind, Diagnostics& diagnostics) {
  if (node.kind() == kind) return true;
  const bool empty = node.kind() == YamlKind::null;
  diagnostics.add(wrong_shape, empty ? node.section_span() : node.span(),
                  empty ? fmt::format("{} has no value", called(node))
                        : fmt::format("{} must be {}, not {}", called(node), to_string(kind),
                                      to_string(node.kind())),
                  empty ? fmt::format("{} is needed", to_string(kind)) : "");
  return false;
}

void report(Diagnostics& diagnostics, const YamlNode& node, const TextProblem& problem) {
  diagnostics.add(problem.code, node.span(), fmt::format("{}: {}", called(node), problem.message),
                  problem.hint);
}

void report_unknown(const YamlNode& node, std::string_view parent_path, std::string hint,
                    Diagnostics& diagnostics) {
  diagnostics.add(unknown_key, node.key_span(),
                  fmt::format("unknown key `{}` {}", node.key(), in_path(parent_path)),
                  std::move(hint));
}

// Reads one section; lives as long as the call of read_section.
class SectionReader {
public:
  SectionReader(const YamlNode& section, const ParameterTable& table, void* owner,
                Diagnostics& diagnostics, const SectionOptions& options)
      : section_(section), table_(table), owner_(owner), diagnostics_(diagnostics),
        options_(options), path_(section.path()) {}

  GivenKeys read() {
    if (section_ && !require(section_, YamlKind::map, diagnostics_)) return {};
    read_level(section_, "");
    if (!options_.partial) report_missing();
    GivenKeys keys;
    for (const auto& [key, node] : given_) keys.insert(key);
    return keys;
  }

private:
  // The mapping at `prefix`, such as `osc` for the keys `osc.…` of the table.
  void read_level(const YamlNode& map, const std::string& prefix) {
    levels_.emplace(prefix, map);
    for (const YamlNode& entry : map.entries()) {
      const std::string key = joined(prefix, entry.key());
      const Parameter* parameter = find(key);
      if (parameter != nullptr)
        read_once(entry, *parameter);
      else if (has_below(key)) {
        if (require(entry, YamlKind::map, diagnostics_))
          read_level(entry, key);
        else
          note_broken(entry, key);
      } else if (!prefix.empty() || !is_extra(entry.key()))
        report_unknown(entry, joined(path_, prefix), unknown_hint(entry.key(), prefix),
                       diagnostics_);
    }
  }

  // Keys missing below are not worth a second message.
  void note_broken(const YamlNode& entry, const std::string& prefix) {
    levels_.emplace(prefix, entry);
    broken_.insert(prefix);
  }

  void read_once(const YamlNode& entry, const Parameter& parameter) {
    const auto [first, is_new] = given_.emplace(std::string{parameter.key}, entry);
    if (!is_new) {
      diagnostics_
          .add(duplicate_key, entry.key_span(),
               fmt::format("`{}` is given twice", joined(path_, parameter.key)))
          .also.push_back({"first given here", first->second.key_span()});
      return;
    }
    if (!parameter.has_effect)
      diagnostics_.add(key_without_effect, entry.key_span(),
                       fmt::format("{} has no effect on the simulation", called(entry)));
    if (value_type(parameter).is_figure || options_.provenances)
      read_figure(entry, parameter);
    else
      read_value(entry, parameter);
  }

  // A value without provenance. Returns whether it could be read.
  bool read_value(const YamlNode& node, const Parameter& parameter) {
    const ValueType type = value_type(parameter);
    if (type.kind == ValueKind::text_list) return read_list(node, parameter);
    if (type.kind == ValueKind::spread && node.is_map()) return read_spread(node, parameter);
    if (!node.is_scalar()) {
      const bool empty = node.kind() == YamlKind::null;
      diagnostics_.add(wrong_shape, node.span(),
                       empty ? fmt::format("{} has no value", called(node))
                             : fmt::format("{} must be {}, not {}", called(node), noun(type),
                                           to_string(node.kind())),
                       fmt::format("e.g. `{}`", example(parameter)));
      return false;
    }
    const auto problem = set_value(parameter, owner_, node.text());
    if (problem) report(diagnostics_, node, *problem);
    return !problem;
  }

  bool read_list(const YamlNode& node, const Parameter& parameter) {
    if (node.is_scalar()) {
      diagnostics_.add(wrong_shape, node.span(),
                       fmt::format("{} must be a list, not a single value", called(node)),
                       fmt::format("write `[{}]`", node.text()));
      return false;
    }
    if (!require(node, YamlKind::list, diagnostics_)) return false;
    std::vector<std::string> items;
    bool good = true;
    for (const YamlNode& item : node.entries()) {
      if (!require(item, YamlKind::scalar, diagnostics_)) {
        good = false;
        continue;
      }
      if (const auto problem = check_choice(parameter.choices, item.text())) {
        report(diagnostics_, item, *problem);
        good = false;
      }
      items.emplace_back(item.text());
    }
    if (good) set_list(parameter, owner_, std::move(items));
    return good;
  }

  bool read_spread(const YamlNode& node, const Parameter& parameter) {
    require_known_keys(node, {"mean", "stdev"}, diagnostics_);
    // A spread that states no stdev has none, whatever it had before.
    bool good = !set_spread(parameter, owner_, "stdev", "0 s");
    for (const std::string_view half : {"mean", "stdev"}) {
      const YamlNode value = node.get(half);
      if (!value) continue;
      if (!require(value, YamlKind::scalar, diagnostics_)) {
        good = false;
      } else if (const auto problem = set_spread(parameter, owner_, half, value.text())) {
        report(diagnostics_, value, *problem);
        good = false;
      }
    }
    if (node.get("mean")) return good;
    report_missing_key(node, "mean", parameter);
    return false;
  }

  void read_figure(const YamlNode& node, const Parameter& parameter) {
    const bool bare_spread = value_type(parameter).kind == ValueKind::spread && node.is_map() &&
                             !node.get("value") && node.get("mean");
    if (!node.is_map() || bare_spread) {
      if (!options_.figures_may_be_bare && (node.is_scalar() || bare_spread)) {
        const std::string value = bare_spread ? example(parameter) : std::string{node.text()};
        diagnostics_.add(
            no_provenance, node.span(),
            fmt::format("figure {} has no `source`, `as_of` and `kind`", called(node)),
            fmt::format("write `{{value: {}, source: ..., as_of: 2026-07, kind: ...}}`", value));
        return;
      }
      if (read_value(node, parameter)) keep_provenance(parameter, bare_provenance());
      return;
    }
    require_known_keys(node, {"value", "source", "as_of", "kind"}, diagnostics_);
    const YamlNode value = node.get("value");
    bool good = false;
    if (value)
      good = read_value(value, parameter);
    else
      report_missing_key(node, "value", parameter);
    Provenance provenance = bare_provenance();
    if (read_provenance(node, provenance) && good)
      keep_provenance(parameter, std::move(provenance));
  }

  void keep_provenance(const Parameter& parameter, Provenance provenance) {
    if (options_.provenances)
      options_.provenances->insert_or_assign(std::string(parameter.key), std::move(provenance));
    else
      set_provenance(parameter, owner_, std::move(provenance));
  }

  static Provenance bare_provenance() {
    return {.source = "scenario", .as_of = {}, .kind = FigureKind::assumed};
  }

  bool read_provenance(const YamlNode& node, Provenance& provenance) {
    bool good = true;
    std::vector<std::string_view> missing;
    for (const std::string_view key : {"source", "as_of", "kind"}) {
      const YamlNode part = node.get(key);
      if (!part)
        missing.push_back(key);
      else if (!require(part, YamlKind::scalar, diagnostics_))
        good = false;
      else if (const auto problem = take_provenance(key, part.text(), provenance)) {
        report(diagnostics_, part, *problem);
        good = false;
      }
    }
    if (missing.empty() || options_.figures_may_be_bare) return good;
    diagnostics_.add(no_provenance, node.section_span(),
                     fmt::format("figure {} has no {}", called(node), listed(missing)),
                     "a figure states its source, its date and its kind");
    return false;
  }

  static std::optional<TextProblem> take_provenance(std::string_view key, std::string_view text,
                                                    Provenance& provenance) {
    if (key == "source") {
      if (text.empty()) return TextProblem{no_provenance, "the source is empty", {}};
      provenance.source = text;
    } else if (key == "as_of") {
      if (auto problem = check_date(text)) return problem;
      provenance.as_of = text;
    } else {
      if (auto problem = check_choice(figure_kind_names(), text)) return problem;
      provenance.kind = *figure_kind(text);
    }
    return std::nullopt;
  }

  void report_missing() {
    for (const Parameter& parameter : table_) {
      if (parameter.default_text != kRequired || given_.contains(std::string{parameter.key}))
        continue;
      // The innermost mapping that is there, to point at; what cannot be read is reported already.
      std::string prefix{parameter.key};
      do {
        const std::size_t dot = prefix.rfind('.');
        prefix.resize(dot == std::string::npos ? 0 : dot);
      } while (!levels_.contains(prefix));
      if (broken_.contains(prefix)) continue;
      const std::size_t skip = prefix.empty() ? 0 : prefix.size() + 1;
      report_missing_key(levels_.at(prefix), parameter.key.substr(skip), parameter);
    }
  }

  void report_missing_key(const YamlNode& map, std::string_view key, const Parameter& parameter) {
    const std::string choices = choices_text(parameter.choices);
    diagnostics_.add(missing_key, map.section_span(),
                     fmt::format("missing key `{}` {}", key, in_path(map.path())),
                     choices.empty()
                         ? fmt::format("{} is needed, e.g. `{}: {}`", noun(value_type(parameter)),
                                       key, example(parameter))
                         : fmt::format("{} is needed", choices));
  }

  const Parameter* find(std::string_view key) const {
    const auto found = std::find_if(table_.begin(), table_.end(),
                                    [&](const Parameter& p) { return p.key == key; });
    return found == table_.end() ? nullptr : &*found;
  }

  bool has_below(std::string_view key) const {
    const std::string start = fmt::format("{}.", key);
    return std::any_of(table_.begin(), table_.end(),
                       [&](const Parameter& p) { return p.key.starts_with(start); });
  }

  bool is_extra(std::string_view key) const {
    return std::find(options_.extra_keys.begin(), options_.extra_keys.end(), key) !=
           options_.extra_keys.end();
  }

  std::string unknown_hint(std::string_view key, const std::string& prefix) const {
    const std::string start = prefix.empty() ? "" : prefix + '.';
    std::set<std::string> near;      // the keys of this level, and the dotted ones below
    std::set<std::string> elsewhere; // where a key of this name is known
    for (const Parameter& parameter : table_) {
      if (parameter.key.starts_with(start)) {
        const std::string_view rest = parameter.key.substr(start.size());
        near.emplace(rest.substr(0, rest.find('.')));
        near.emplace(rest);
      }
      const std::size_t dot = parameter.key.rfind('.');
      const bool nested = dot != std::string_view::npos;
      const std::string_view last = nested ? parameter.key.substr(dot + 1) : parameter.key;
      const std::string_view above = nested ? parameter.key.substr(0, dot) : std::string_view{};
      if (last == key) elsewhere.insert(in_path(joined(path_, above)));
    }
    if (!elsewhere.empty()) return fmt::format("it belongs {}", fmt::join(elsewhere, " or "));
    if (prefix.empty()) near.insert(options_.extra_keys.begin(), options_.extra_keys.end());
    std::string hint = did_you_mean(key, {near.begin(), near.end()});
    return hint.empty() ? longer_or_shorter(key, near) : hint;
  }

  // `items` for `items_per_rank`: too far apart to be a typing error; else all of a short list.
  static std::string longer_or_shorter(std::string_view key, const std::set<std::string>& known) {
    constexpr std::size_t kLeast = 4; // letters in common
    constexpr std::size_t kMostShown = 20;
    for (const std::string& candidate : known)
      if (std::min(candidate.size(), key.size()) >= kLeast &&
          (key.starts_with(candidate) || candidate.starts_with(key)))
        return fmt::format("did you mean `{}`?", candidate);
    std::vector<std::string> names;
    std::copy_if(known.begin(), known.end(), std::back_inserter(names),
                 [](const std::string& name) { return name.find('.') == std::string::npos; });
    if (names.empty() || names.size() > kMostShown) return {};
    return fmt::format("known: `{}`", fmt::join(names, "`, `"));
  }

  const YamlNode& section_;
  const ParameterTable& table_;
  void* owner_;
  Diagnostics& diagnostics_;
  const SectionOptions& options_;
  std::string path_;
  std::map<std::string, YamlNode, std::less<>> given_;
  std::map<std::string, YamlNode> levels_; // the mappings met, by prefix
  std::set<std::string> broken_;           // prefixes where no mapping stands
};

} // namespace

GivenKeys read_section(const YamlNode& section, const ParameterTable& table, void* owner,
                       Diagnostics& diagnostics, const SectionOptions& options) {
  return SectionReader{section, table, owner, diagnostics, options}.read();
}

bool require_map(const YamlNode& node, Diagnostics& diagnostics) {
  return require(node, YamlKind::map, diagnostics);
}

bool require_list(const YamlNode& node, Diagnostics& diagnostics) {
  return require(node, YamlKind::list, diagnostics);
}

bool require_scalar(const YamlNode& node, Diagnostics& diagnostics) {
  return require(node, YamlKind::scalar, diagnostics);
}

void require_known_keys(const YamlNode& map, const std::vector<std::string_view>& known,
                        Diagnostics& diagnostics) {
  for (const YamlNode& entry : map.entries())
    if (std::find(known.begin(), known.end(), entry.key()) == known.end()) {
      std::string hint = did_you_mean(entry.key(), {known.begin(), known.end()});
      if (hint.empty()) hint = fmt::format("known: `{}`", fmt::join(known, "`, `"));
      report_unknown(entry, map.path(), std::move(hint), diagnostics);
    }
}

} // namespace lustrum
