#include "models/assembly/scenario_storage.hpp"

#include "sim/base/did_you_mean.hpp"
#include "sim/base/units_text.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {
namespace {

using enum DiagnosticCode;

void check_names(const std::vector<YamlNode>& entries, const std::vector<TbfRuleChoice>& rules,
                 Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto same = [&](const TbfRuleChoice& rule) { return rule.name == rules[i].name; };
    const auto end = rules.begin() + static_cast<std::ptrdiff_t>(i);
    if (rules[i].name != "default" && std::find_if(rules.begin(), end, same) == end) continue;
    diagnostics.add(impossible, entries[i].get("name").span(),
                    fmt::format("there is a rule `{}` already", rules[i].name),
                    rules[i].name == "default" ? "its rate is `ptlrpc.tbf_rate`" : "");
  }
}

void check_clients(const YamlNode& node, const Scenario& scenario, Diagnostics& diagnostics) {
  if (!node) return;
  for (const YamlNode& item : node.entries()) {
    const auto range = client_range(item.text());
    if (!range)
      diagnostics.add(not_a_value, item.span(),
                      fmt::format("`{}`: `{}` is no client", node.path(), item.text()),
                      "e.g. `3` or `8-15`");
    else if (range->second >= scenario.cluster.nodes)
      diagnostics.add(out_of_range, item.span(),
                      fmt::format("`{}`: there is no client {}", node.path(), range->second),
                      fmt::format("they are numbered 0 to {}", scenario.cluster.nodes - 1));
  }
}

void check_jobs(const YamlNode& node, const Scenario& scenario, Diagnostics& diagnostics) {
  if (!node) return;
  std::vector<std::string> names;
  for (const ScenarioJob& job : scenario.jobs) names.push_back(job.name);
  for (const YamlNode& item : node.entries())
    if (std::find(names.begin(), names.end(), item.text()) == names.end())
      diagnostics.add(no_such_entry, item.span(),
                      fmt::format("`{}`: there is no job `{}`", node.path(), item.text()),
                      did_you_mean(item.text(), names));
}

// A filter by one field takes rules on that field only.
void check_fields(const YamlNode& entry, std::string_view policy, Diagnostics& diagnostics) {
  constexpr std::string_view kTyped = "tbf ";
  if (!policy.starts_with(kTyped)) return;
  std::string_view field = policy.substr(kTyped.size());
  if (field == "jobid") field = "job";
  for (const std::string_view key : {"nid", "job", "opcode"})
    if (const YamlNode node = entry.get(key); node && key != field)
      diagnostics.add(impossible, node.key_span(),
                      fmt::format("a rule of `{}` cannot name `{}`", policy, key),
                      "`ost.ost_io.nrs_policies: tbf` takes all");
}

} // namespace

std::optional<std::pair<std::uint32_t, std::uint32_t>> client_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_whole_number(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : parse_whole_number(text.substr(dash + 1));
  constexpr std::uint64_t kMost = UINT32_MAX - 1;
  if (!first || !last || first.value() > last.value() || last.value() > kMost) return std::nullopt;
  return std::pair{static_cast<std::uint32_t>(first.value()),
                   static_cast<std::uint32_t>(last.value())};
}

void read_tbf_rules(const YamlNode& list, StorageSettings& storage, Diagnostics& diagnostics) {
  if (!list || !require_list(list, diagnostics)) return;
  for (const YamlNode& entry : list.entries()) {
    TbfRuleChoice& rule = storage.nrs_tbf_rules.emplace_back();
    apply_defaults(TbfRuleChoice::parameters(), &rule);
    if (require_map(entry, diagnostics))
      read_section(entry, TbfRuleChoice::parameters(), &rule, diagnostics);
  }
}

void check_tbf_rules(const YamlNode& list, const Scenario& scenario, Diagnostics& diagnostics) {
  if (!list || !list.is_list() || diagnostics.has_errors()) return;
  const std::vector<YamlNode> entries = list.entries();
  const std::string& policy = scenario.lustre.ost_io_nrs_policies;
  if (!policy.starts_with("tbf"))
    diagnostics.add(key_without_effect, list.key_span(),
                    fmt::format("`{}` has no effect while `ost.ost_io.nrs_policies` is `{}`",
                                list.path(), policy),
                    "e.g. `lustre: {ost.ost_io.nrs_policies: tbf jobid}`");
  check_names(entries, scenario.storage.nrs_tbf_rules, diagnostics);
  for (const YamlNode& entry : entries) {
    check_clients(entry.get("nid"), scenario, diagnostics);
    check_jobs(entry.get("job"), scenario, diagnostics);
    check_fields(entry, policy, diagnostics);
  }
}

void check_ost_used(const YamlNode& storage, Scenario& scenario, Diagnostics& diagnostics) {
  const YamlNode list = storage.get("ost_used");
  if (!list || scenario.storage.ost_used.empty()) return;
  const std::size_t osts = std::size_t{scenario.oss_count()} * scenario.osts_per_oss();
  if (scenario.storage.ost_used.size() > osts)
    diagnostics.add(out_of_range, list.span(),
                    fmt::format("`{}` has {} entries, and there are {} OSTs", list.path(),
                                scenario.storage.ost_used.size(), osts));
  bool good = true;
  for (const YamlNode& item : list.entries()) {
    const Parsed<double> share = parse_number(item.text());
    if (share && share.value() >= 0 && share.value() <= 1) continue;
    good = false;
    diagnostics.add(share ? out_of_range : not_a_value, item.span(),
                    fmt::format("`{}`: `{}` is no share", list.path(), item.text()),
                    "e.g. `60 %`, between 0 % and 100 %");
  }
  // Later checks count with these shares.
  if (!good) scenario.storage.ost_used.clear();
}

} // namespace lustrum
