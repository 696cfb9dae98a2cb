#include "models/assembly/scenario_lustre.hpp"

#include "models/lustre/policy/lustre_version.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace lustrum {
namespace {

using enum DiagnosticCode;
using lustre::LustreTunables;

constexpr std::string_view kOfCatalog = "catalog"; // default of storage.lustre_version

lustre::HostFacts host_of(const Scenario& scenario) {
  lustre::HostFacts host;
  const Instance& instance = scenario.instance;
  if (instance.memory.value > Bytes{}) host.memory = instance.memory.value;
  if (instance.vcpus.value > 0) host.cpus = instance.vcpus.value;
  host.tcp = !scenario.network.is_rdma();
  host.efa = scenario.uses_efa();
  const BytesPerSecond nic =
      host.tcp ? instance.tcp_bandwidth.value : instance.efa_nic_bandwidth.value;
  if (nic.count() > 0) host.nic_bandwidth = nic;
  return host;
}

lustre::LustreVersion version_of(Scenario& scenario) {
  std::string& name = scenario.storage.lustre_version;
  if (name == kOfCatalog) name = scenario.filesystem.lustre_version.value;
  // Absent where the entry of the catalog is: reported.
  return lustre::lustre_version(name).value_or(lustre::LustreVersion::v2_15);
}

// The preset decides what the other keys have as defaults, so it is looked at before they are read.
std::string_view preset_of(const YamlNode& section) {
  const YamlNode node = section.get("preset");
  if (!node || !node.is_scalar()) return lustre::kNoPreset;
  const ParameterTable& table = LustreTunables::parameters();
  const auto row = std::find_if(table.begin(), table.end(),
                                [](const Parameter& p) { return p.key == "preset"; });
  const auto choice = std::find(row->choices.begin(), row->choices.end(), node.text());
  return choice == row->choices.end() ? lustre::kNoPreset : *choice; // a wrong one is reported
}

// What `lctl set_param` would refuse or change without a word.
void check_limits(const YamlNode& section, const GivenKeys& given, LustreTunables& tunables,
                  Diagnostics& diagnostics) {
  constexpr std::uint32_t kPagesPerMib = 256;
  const std::uint32_t served_pages = tunables.obdfilter_brw_size * kPagesPerMib;
  if (given.contains("osc.max_pages_per_rpc") && tunables.osc_max_pages_per_rpc > served_pages)
    diagnostics.add(key_without_effect, node_of_tunable(section, "osc.max_pages_per_rpc").span(),
                    fmt::format("`lustre.osc.max_pages_per_rpc`: {} is cut to the {} pages that "
                                "the servers take",
                                tunables.osc_max_pages_per_rpc, served_pages),
                    fmt::format("`obdfilter.brw_size` is {} (MiB)", tunables.obdfilter_brw_size));
  std::uint32_t& mod_rpcs = tunables.mdc_max_mod_rpcs_in_flight;
  const std::uint32_t rpcs = tunables.mdc_max_rpcs_in_flight;
  if (mod_rpcs < rpcs || rpcs == 1) return;
  if (given.contains("mdc.max_mod_rpcs_in_flight"))
    diagnostics.add(out_of_range, node_of_tunable(section, "mdc.max_mod_rpcs_in_flight").span(),
                    fmt::format("`lustre.mdc.max_mod_rpcs_in_flight`: {} is not less than the {} "
                                "of `mdc.max_rpcs_in_flight`",
                                mod_rpcs, rpcs),
                    "Lustre takes the modifying RPCs out of those");
  else
    mod_rpcs = rpcs - 1;
}

// A preset is for servers that take what it asks for; what a file gives meets the MDT's limit.
void cut_modifying_rpcs(const YamlNode& section, const GivenKeys& given, LustreTunables& tunables,
                        Diagnostics& diagnostics) {
  std::uint32_t& mod_rpcs = tunables.mdc_max_mod_rpcs_in_flight;
  const std::uint32_t served = tunables.mdt_max_mod_rpcs_per_client;
  const bool client = given.contains("mdc.max_mod_rpcs_in_flight");
  if (mod_rpcs <= served || !(client || given.contains("mdt.max_mod_rpcs_per_client"))) return;
  if (client)
    diagnostics.add(key_without_effect,
                    node_of_tunable(section, "mdc.max_mod_rpcs_in_flight").span(),
                    fmt::format("`lustre.mdc.max_mod_rpcs_in_flight`: {} is cut to the {} that an "
                                "MDT takes from a client",
                                mod_rpcs, served),
                    "`mdt.max_mod_rpcs_per_client` is that limit");
  mod_rpcs = served;
}

// Source: Lustre 2.15 lustre/include/obd_support.h: PING_INTERVAL, OBD_RECOVERY_TIME_SOFT and
// _HARD.
void follow_timeout(const GivenKeys& given, LustreTunables& tunables) {
  struct Row {
    std::string_view key;
    Seconds LustreTunables::*field;
    double times;
  };
  using T = LustreTunables;
  constexpr std::array kRows{
      Row{"ping_interval", &T::ping_interval, 0.25},
      Row{"ldlm_enqueue_min", &T::ldlm_enqueue_min, 1},
      Row{"obdfilter.recovery_time_soft", &T::obdfilter_recovery_time_soft, 3},
      Row{"obdfilter.recovery_time_hard", &T::obdfilter_recovery_time_hard, 9},
      Row{"mdt.recovery_time_soft", &T::mdt_recovery_time_soft, 3},
      Row{"mdt.recovery_time_hard", &T::mdt_recovery_time_hard, 9},
  };
  if (!given.contains("timeout")) return;
  for (const Row& row : kRows)
    if (!given.contains(row.key)) tunables.*row.field = tunables.obd_timeout * row.times;
}

// Defaults that nobody has measured and nobody has replaced are part of what an answer rests on.
void note_assumed(const GivenKeys& given, Scenario& scenario) {
  for (const Parameter& row : LustreTunables::parameters()) {
    if (!row.has_effect || given.contains(row.key)) continue;
    for (const FigureKind kind : {FigureKind::assumed, FigureKind::fitted}) {
      const std::string start = fmt::format("{}: ", to_string(kind));
      if (row.source.starts_with(start))
        scenario.fitted.push_back({fmt::format("lustre.{}", row.key), std::string{row.default_text},
                                   std::string(to_string(kind)),
                                   std::string{row.source.substr(start.size())}});
    }
  }
}

} // namespace

YamlNode node_of_tunable(const YamlNode& section, std::string_view key) {
  if (const YamlNode whole = section.get(key)) return whole;
  for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.', dot + 1))
    if (const YamlNode group = section.get(key.substr(0, dot)))
      if (const YamlNode node = node_of_tunable(group, key.substr(dot + 1))) return node;
  return {};
}

GivenKeys read_lustre(const YamlNode& root, Scenario& scenario, Diagnostics& diagnostics) {
  const lustre::HostFacts host = host_of(scenario);
  const lustre::LustreVersion version = version_of(scenario);
  const YamlNode section = root.get("lustre");
  const std::string_view preset = section ? preset_of(section) : lustre::kNoPreset;
  scenario.lustre = default_tunables(version, host, preset);
  GivenKeys given;
  if (section) {
    given = read_section(section, LustreTunables::parameters(), &scenario.lustre, diagnostics);
    follow_timeout(given, scenario.lustre);
    check_limits(section, given, scenario.lustre, diagnostics);
    if (!diagnostics.has_errors()) cut_modifying_rpcs(section, given, scenario.lustre, diagnostics);
    if (preset != lustre::kNoPreset && !preset_applies(preset, host))
      diagnostics.add(key_without_effect, section.get("preset").span(),
                      fmt::format("`lustre.preset`: `{}` changes nothing on `{}`", preset,
                                  scenario.cluster.instance),
                      "it is for clients with more than 64 vCPUs or 64 GiB of memory");
  }
  note_assumed(given, scenario);
  negotiate(scenario.lustre, version, host, given.contains("llite.max_read_ahead_whole_mb"));
  return given;
}

std::vector<ParameterRow> describe(const ScenarioSection& section, std::string_view version_name) {
  std::vector<ParameterRow> rows = describe(*section.table);
  if (section.table != &LustreTunables::parameters()) return rows;
  constexpr auto kUsual = lustre::LustreVersion::v2_15;
  const auto version = lustre::lustre_version(version_name);
  const std::vector<std::string_view>& changed = lustre::keys_that_changed();
  for (ParameterRow& row : rows) {
    row.default_text = lustre::default_text(row.key, version.value_or(kUsual));
    if (version || std::find(changed.begin(), changed.end(), row.key) == changed.end()) continue;
    // All versions; those with the same default together.
    std::string text;
    std::string last;
    for (const std::string_view name : lustre::lustre_version_names()) {
      const std::string value = lustre::default_text(row.key, *lustre::lustre_version(name));
      if (value != last) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, value);
      last = value;
    }
    row.default_text = text;
  }
  return rows;
}

std::vector<std::string> lustre_versions() {
  const auto& names = lustre::lustre_version_names();
  return {names.begin(), names.end()};
}

} // namespace lustrum
