#include "models/assembly/scenario_faults.hpp"

#include "models/assembly/build_filesystem.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/base/units_text.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace lustrum {
namespace {

using enum DiagnosticCode;
using lustre::Fault;
using lustre::FaultKind;
using lustre::FaultRules;
using lustre::FaultScope;

constexpr std::string_view kAny = "any";
constexpr std::array<std::string_view, 5> kComponents{"ost", "mdt", "oss", "client", "router"};

std::vector<std::string_view> kind_names() {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < lustre::kFaultKinds; ++i)
    names.push_back(rules_of(static_cast<FaultKind>(i)).name);
  return names;
}

// The keys that say which component a fault of this scope strikes.
std::vector<std::string_view> keys_of(FaultScope scope) {
  switch (scope) {
  case FaultScope::ost:
    return {"ost"};
  case FaultScope::mdt:
    return {"mdt"};
  case FaultScope::oss:
    return {"oss"};
  case FaultScope::client:
    return {"client"};
  case FaultScope::link:
    return {"client", "oss"};
  case FaultScope::router:
    return {"router"};
  case FaultScope::filesystem:
    return {};
  }
  return {};
}

bool contains(const std::vector<std::string_view>& keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

// Reads one entry of the list.
class FaultReader {
public:
  // `system`: nullptr when the scenario has errors; counts are not checked then.
  FaultReader(const YamlNode& entry, const lustre::FilesystemSettings* system,
              const Scenario& scenario, Diagnostics& diagnostics)
      : entry_(entry), system_(system), scenario_(scenario), diagnostics_(diagnostics) {
    apply_defaults(FaultEntry::parameters(), &values_);
  }

  Fault read() {
    const std::size_t errors_before = diagnostics_.error_count();
    given_ = read_section(entry_, FaultEntry::parameters(), &values_, diagnostics_);
    const auto kind = lustre::find_fault_kind(values_.kind);
    if (diagnostics_.error_count() > errors_before || !kind) return {};
    rules_ = &rules_of(*kind);
    Fault fault{.kind = *kind};
    read_times(fault);
    read_component(fault);
    check_kind(*kind);
    return fault;
  }

  // Defaults that nobody has measured are part of what an answer rests on.
  std::vector<AssumedRow> assumed() const {
    std::vector<AssumedRow> rows;
    const auto add = [&](std::string_view key, std::string value) {
      if (!given_.contains(key))
        rows.push_back({fmt::format("{}.{}", entry_.path(), key), std::move(value), "assumed",
                        "no default exists; see models/lustre/README.md"});
    };
    if (!rules_) return rows;
    if (rules_->takeover > Seconds{}) add("takeover", format_duration(rules_->takeover));
    if (rules_->duration > Seconds{}) add("duration", format_duration(rules_->duration));
    if (rules_->factor < 1) add("factor", fmt::format("{}", rules_->factor));
    return rows;
  }

private:
  void impossible_key(std::string_view key, const std::string& hint) {
    diagnostics_.add(impossible, entry_.get(key).key_span(),
                     fmt::format("`{}` has no meaning for `{}`", key, rules_->name), hint);
  }

  void read_times(Fault& fault) {
    if (given_.contains("at") == given_.contains("mtbf"))
      diagnostics_.add(impossible, entry_.section_span(),
                       fmt::format("`{}` needs either `at` or `mtbf`", entry_.path()),
                       "`at` is once and for all components, `mtbf` a mean of each one");
    if (given_.contains("at")) fault.at = values_.at;
    if (given_.contains("mtbf") && values_.mtbf < Seconds{1})
      diagnostics_.add(out_of_range, entry_.get("mtbf").span(), "`mtbf` is 1 s at least");
    fault.mtbf = values_.mtbf;
    const bool stays_away = rules_->name == rules_of(FaultKind::oss_failover).name ||
                            rules_->name == rules_of(FaultKind::mds_failover).name;
    if (given_.contains("takeover") && rules_->takeover == Seconds{})
      impossible_key("takeover", "no target goes away");
    if (given_.contains("duration") && rules_->duration == Seconds{} && !stays_away)
      impossible_key("duration",
                     rules_->takeover > Seconds{} ? "`takeover` says how long" : "it has no end");
    if (given_.contains("factor") && rules_->factor == 1)
      impossible_key("factor", "no rate changes");
    fault.takeover = values_.takeover;
    fault.duration = values_.duration;
    fault.factor = values_.factor;
  }

  std::uint32_t count_of(std::string_view key) const {
    if (!system_) return 0;
    if (key == "ost") return system_->fabric.servers * system_->oss.osts;
    if (key == "mdt") return system_->mdts;
    if (key == "oss") return system_->fabric.servers;
    if (key == "client") return system_->fabric.clients;
    return system_->fabric.routers.count;
  }

  const std::string& text_of(std::string_view key) const {
    if (key == "ost") return values_.ost;
    if (key == "mdt") return values_.mdt;
    if (key == "oss") return values_.oss;
    if (key == "client") return values_.client;
    return values_.router;
  }

  void read_component(Fault& fault) {
    const std::vector<std::string_view> keys = keys_of(rules_->scope);
    for (const std::string_view key : kComponents)
      if (given_.contains(key) && !contains(keys, key))
        impossible_key(key, keys.empty()
                                ? "it strikes the whole file system"
                                : fmt::format("it strikes `{}`", fmt::join(keys, "` or `")));
    if (given_.contains("nic") && rules_->scope != FaultScope::link)
      impossible_key("nic", "that is for `link_down` and `link_slow`");
    if (keys.size() > 1 && given_.contains("client") && given_.contains("oss"))
      diagnostics_.add(impossible, entry_.get("oss").key_span(),
                       "a link has either `client` or `oss`, not both");
    for (const std::string_view key : keys)
      if (given_.contains(key) && text_of(key) != kAny) fault.component = number_at(key);
    fault.of_server = given_.contains("oss") && rules_->scope == FaultScope::link;
    fault.nic = values_.nic;
    if (system_ && fault.nic >= system_->fabric.nics_per_client)
      diagnostics_.add(out_of_range, entry_.get("nic").span(),
                       fmt::format("`nic`: a client has {} network cards, 0 to {}",
                                   system_->fabric.nics_per_client,
                                   system_->fabric.nics_per_client - 1));
  }

  std::uint32_t number_at(std::string_view key) {
    const std::string& text = text_of(key);
    const std::uint32_t count = count_of(key);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
      diagnostics_.add(not_a_value, entry_.get(key).span(),
                       fmt::format("`{}` is a number or `any`, not `{}`", key, text));
    else if (value >= count && count > 0)
      diagnostics_.add(out_of_range, entry_.get(key).span(),
                       fmt::format("`{}`: {} is not there; this design has {}, counted from 0", key,
                                   value, count));
    return std::min(value, std::max(count, 1U) - 1);
  }

  void check_kind(FaultKind kind) {
    const SourceSpan where = entry_.get("kind").span();
    const std::string& name = scenario_.storage.system;
    if (kind == FaultKind::router_down && scenario_.network.routers.count == 0)
      diagnostics_.add(impossible, where, "`router_down`: the network has no routers",
                       "network: {routers: {count: 2}} adds some");
    if (kind == FaultKind::scratch_loss && name.find("scratch") == std::string::npos)
      diagnostics_.add(impossible, where,
                       fmt::format("`scratch_loss`: file system `{}` keeps its data when a server "
                                   "fails",
                                   name),
                       "on such a file system a server is replaced: `server_replacement`, "
                       "`ost_failover`");
    if (kind == FaultKind::throughput_scaling && !name.starts_with("fsx_persistent"))
      diagnostics_.add(
          impossible, where,
          fmt::format("`throughput_scaling`: the throughput of `{}` cannot be changed", name),
          "of FSx for Lustre, that of Persistent 2 can");
    const bool on_network =
        rules_->scope == FaultScope::link || rules_->scope == FaultScope::router;
    if (on_network && scenario_.run.data_path == "simgrid")
      diagnostics_.add(impossible, where,
                       fmt::format("`{}` needs `data_path: stations`", rules_->name),
                       "the reference has links that cannot fail");
  }

  const YamlNode& entry_;
  const lustre::FilesystemSettings* system_;
  const Scenario& scenario_;
  Diagnostics& diagnostics_;
  FaultEntry values_;
  GivenKeys given_;
  const FaultRules* rules_ = nullptr;
};

} // namespace

const ParameterTable& FaultEntry::parameters() {
  static const ParameterTable table{
      {.key = "kind",
       .field = field<&FaultEntry::kind>,
       .default_text = kRequired,
       .choices = kind_names(),
       .doc = "What fails; see models/lustre/README.md for each."},
      {.key = "at",
       .field = field<&FaultEntry::at>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Simulated time at which it does; once."},
      {.key = "mtbf",
       .field = field<&FaultEntry::mtbf>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Instead of `at`: mean time between the failures of one such component, each drawn "
              "from an exponential distribution."},
      {.key = "ost",
       .field = field<&FaultEntry::ost>,
       .default_text = kAny,
       .doc = "Which OST, counted from 0; `any`: a drawn one, with `mtbf` all. Likewise the next."},
      {.key = "mdt", .field = field<&FaultEntry::mdt>, .default_text = kAny, .doc = "Which MDT."},
      {.key = "oss",
       .field = field<&FaultEntry::oss>,
       .default_text = kAny,
       .doc = "Which OSS; of a link, that of this OSS."},
      {.key = "client",
       .field = field<&FaultEntry::client>,
       .default_text = kAny,
       .doc = "Which node; of a link, that of this node."},
      {.key = "router",
       .field = field<&FaultEntry::router>,
       .default_text = kAny,
       .doc = "Which LNet router."},
      {.key = "nic",
       .field = field<&FaultEntry::nic>,
       .default_text = "0",
       .doc = "Which network card of the node."},
      {.key = "takeover",
       .field = field<&FaultEntry::takeover>,
       .default_text = "0 s",
       .min = 0,
       .doc = "From the failure of a target until it is mounted again; recovery comes on top. 0: "
              "30 s, for server_replacement and throughput_scaling 180 s.",
       .source = "assumed: high-availability software publishes none; FSx says `a few minutes`"},
      {.key = "duration",
       .field = field<&FaultEntry::duration>,
       .default_text = "0 s",
       .min = 0,
       .doc = "How long it lasts; of oss_failover and mds_failover, when the server takes its "
              "targets back (0: not in this run). 0: client_hang 120 s, raid_rebuild 4 h, slow_ost "
              "and link_slow 10 min, "
              "link_down and router_down 60 s.",
       .source = "assumed"},
      {.key = "factor",
       .field = field<&FaultEntry::factor>,
       .default_text = "0",
       .min = 0,
       .max = 1,
       .doc = "Share of its rate that the component keeps. 0: raid_rebuild 0.7, slow_ost and "
              "link_slow 0.5.",
       .source = "assumed"},
  };
  return table;
}

void read_faults(const YamlNode& root, Scenario& scenario, Diagnostics& diagnostics) {
  const YamlNode list = root.get("faults");
  if (!list || !require_list(list, diagnostics)) return;
  std::optional<lustre::FilesystemSettings> system;
  if (!diagnostics.has_errors()) system = build_filesystem(scenario);
  for (const YamlNode& entry : list.entries()) {
    if (!require_map(entry, diagnostics)) continue;
    FaultReader reader(entry, system ? &*system : nullptr, scenario, diagnostics);
    scenario.faults.push_back(reader.read());
    for (AssumedRow& row : reader.assumed()) scenario.fitted.push_back(std::move(row));
  }
}

} // namespace lustrum
