#include "models/assembly/dlio_loader.hpp"

#include "sim/base/did_you_mean.hpp"
#include "sim/base/parameter_value.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

namespace lustrum {
namespace {

using enum DiagnosticCode;

// A number, or a mapping of mean, stdev and type.
constexpr std::array<std::string_view, 3> kSpreads{
    "train.computation_time", "reader.preprocess_time", "evaluation.eval_time"};
// Taken whole, whatever is inside.
constexpr std::array<std::string_view, 2> kOpaque{"storage.storage_options", "checkpoint.ksm"};

template <class Names> bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// DLIO takes `data_reader` for `reader`.
std::string canonical(std::string key) {
  constexpr std::string_view kAlias = "data_reader";
  if (key == kAlias || key.starts_with("data_reader.")) key.replace(0, kAlias.size(), "reader");
  return key;
}

std::string_view parent_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

std::string_view last_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

std::string quoted_parent(std::string_view key) {
  const std::string_view parent = parent_of(key);
  return parent.empty() ? "at the top level" : fmt::format("in `{}`", parent);
}

std::string hint_for(std::string_view key) {
  std::set<std::string> near;
  std::set<std::string> elsewhere;
  const std::string start = parent_of(key).empty() ? "" : fmt::format("{}.", parent_of(key));
  for (const Parameter& parameter : DlioWorkload::parameters()) {
    if (parameter.key.starts_with(start)) {
      const std::string_view rest = parameter.key.substr(start.size());
      near.emplace(rest.substr(0, rest.find('.')));
    }
    if (last_of(parameter.key) == last_of(key)) elsewhere.insert(quoted_parent(parameter.key));
  }
  if (!elsewhere.empty()) return fmt::format("it belongs {}", fmt::join(elsewhere, " or "));
  return did_you_mean(last_of(key), {near.begin(), near.end()});
}

const Parameter* find_row(std::string_view key) {
  const ParameterTable& table = DlioWorkload::parameters();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Parameter& p) { return p.key == key; });
  return found == table.end() ? nullptr : &*found;
}

bool same_value(std::string_view text, std::string_view other) {
  const auto same_letter = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  if (std::equal(text.begin(), text.end(), other.begin(), other.end(), same_letter)) return true;
  const Parsed<double> a = parse_number(text);
  const Parsed<double> b = parse_number(other);
  return a && b && a.value() == b.value();
}

class DlioReader {
public:
  explicit DlioReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // One file, or the overrides: what comes later replaces what came before.
  void read_layer(const YamlNode& map) {
    given_here_.clear();
    read_level(map, "");
  }

  DlioWorkload finish(const YamlNode& root) {
    check_loader(root);
    return std::move(workload_);
  }

private:
  void read_level(const YamlNode& map, const std::string& prefix) {
    for (const YamlNode& entry : map.entries()) {
      const std::string key = canonical(prefix.empty() ? std::string{entry.key()}
                                                       : fmt::format("{}.{}", prefix, entry.key()));
      if (entry.kind() == YamlKind::null) continue; // as in DLIO, nothing given
      if (contains(kSpreads, key) && entry.is_map())
        read_spread(entry, key);
      else if (key == "model" && entry.is_scalar())
        read_value(entry, "model.name");
      else if (entry.is_map() && !contains(kOpaque, key) && find_row(key) == nullptr)
        read_mapping(entry, key);
      else
        read_value(entry, key);
    }
  }

  void read_mapping(const YamlNode& map, const std::string& key) {
    const std::string start = key + '.';
    const ParameterTable& table = DlioWorkload::parameters();
    if (std::none_of(table.begin(), table.end(),
                     [&](const Parameter& p) { return p.key.starts_with(start); }))
      return report_unknown(map, key);
    read_level(map, key);
  }

  void read_spread(const YamlNode& map, const std::string& key) {
    for (const YamlNode& entry : map.entries()) {
      if (entry.kind() == YamlKind::null) continue;
      if (entry.key() == "mean")
        read_value(entry, key);
      else
        read_value(entry, fmt::format("{}_{}", key, entry.key()));
    }
  }

  void read_value(const YamlNode& node, const std::string& key) {
    const Parameter* parameter = find_row(key);
    if (parameter == nullptr) return report_unknown(node, key);
    if (!parameter->has_effect) return warn(node, *parameter);
    if (!require_scalar(node, diagnostics_) || given_twice(node, *parameter)) return;
    given_.insert_or_assign(key, node);
    if (const auto problem = set_value(*parameter, &workload_, node.text()))
      diagnostics_.add(problem->code, node.span(),
                       fmt::format("`{}`: {}", node.path(), problem->message), problem->hint);
  }

  // `record_length` and `record_length_bytes` are one thing.
  bool given_twice(const YamlNode& node, const Parameter& parameter) {
    const FieldRef field = parameter.field(&workload_);
    for (const auto& [other, first] : given_here_)
      if (other == field) {
        diagnostics_
            .add(duplicate_key, node.key_span(), fmt::format("`{}` is given twice", node.path()))
            .also.push_back({"first given here", first.key_span()});
        return true;
      }
    given_here_.emplace_back(field, node);
    return false;
  }

  void report_unknown(const YamlNode& node, const std::string& key) {
    diagnostics_.add(unknown_key, node.key_span(),
                     fmt::format("DLIO has no key `{}` {}", last_of(key), quoted_parent(key)),
                     hint_for(key));
  }

  void warn(const YamlNode& node, const Parameter& parameter) {
    // What asks for the default asks for nothing.
    if (node.is_scalar() && same_value(node.text(), parameter.default_text)) return;
    if (!node.is_scalar() && node.entries().empty()) return;
    diagnostics_.add(key_without_effect, node.key_span(),
                     fmt::format("`{}` has no effect on the simulation", node.path()));
  }

  SourceSpan place_of(std::string_view key, const YamlNode& root) const {
    const auto found = given_.find(key);
    return found == given_.end() ? root.section_span() : found->second.span();
  }

  // The combinations that DLIO refuses, and what only the benchmark can do.
  void check_loader(const YamlNode& root) {
    if (workload_.checkpoint_only()) return; // it has no loader
    const std::string& loader = workload_.data_loader;
    const bool is_mixed = (workload_.framework == "tensorflow" && loader == "pytorch") ||
                          (workload_.framework == "pytorch" && loader == "tensorflow");
    if (is_mixed)
      diagnostics_.add(impossible, place_of("reader.data_loader", root),
                       fmt::format("data loader `{}` does not go with framework `{}`", loader,
                                   workload_.framework));
    else if (workload_.uses_tfrecord() && loader == "pytorch")
      diagnostics_.add(impossible, place_of("reader.data_loader", root),
                       "DLIO's PyTorch loader cannot read TFRecord files",
                       "`tensorflow` and `dali` can");
    if (!workload_.train && !workload_.checkpoint)
      diagnostics_.add(impossible, place_of("workflow.train", root),
                       "a workload that neither trains nor writes checkpoints cannot be simulated");
  }

  Diagnostics& diagnostics_;
  DlioWorkload workload_ = with_defaults<DlioWorkload>(DlioWorkload::parameters());
  std::map<std::string, YamlNode, std::less<>> given_;
  std::vector<std::pair<FieldRef, YamlNode>> given_here_; // in this layer
};

} // namespace

DlioWorkload read_dlio(const YamlNode& root, const YamlNode& overrides, Diagnostics& diagnostics) {
  DlioReader reader{diagnostics};
  if (root && require_map(root, diagnostics)) reader.read_layer(root);
  if (overrides && require_map(overrides, diagnostics)) reader.read_layer(overrides);
  return reader.finish(root);
}

DlioWorkload load_dlio(const std::string& path, const YamlNode& overrides, Diagnostics& diagnostics,
                       const SourceSpan& asked_by) {
  const YamlDocument document = YamlDocument::load(path, diagnostics, asked_by);
  // Rules about a file that could not be read would speak of defaults.
  if (!document.root()) return with_defaults<DlioWorkload>(DlioWorkload::parameters());
  return read_dlio(document.root(), overrides, diagnostics);
}

} // namespace lustrum
