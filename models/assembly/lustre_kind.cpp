#include "models/assembly/lustre_kind.hpp"

#include "models/assembly/scenario.hpp"
#include "models/assembly/scenario_faults.hpp"
#include "models/assembly/scenario_lustre.hpp"
#include "models/assembly/scenario_network.hpp"
#include "models/assembly/scenario_storage.hpp"
#include "models/assembly/scenario_tiers.hpp"
#include "models/lustre/policy/layout.hpp"
#include "sim/base/units_text.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum {
namespace {

using enum DiagnosticCode;

double in_tib(Bytes size) { return size.as_double() / static_cast<double>(kTib); }

// Objects name their OST with 16 bits; the largest systems have some hundreds.
constexpr std::uint32_t kMostOsts = 10'000;

// 9.6 TiB is no whole number of bytes, so a multiple is one to within this share.
constexpr double kSlack = 1e-6;

bool is_multiple(Bytes size, Bytes step) {
  const double ratio = in_tib(size) / in_tib(step);
  return ratio > kSlack && std::abs(ratio - std::round(ratio)) < kSlack * std::max(ratio, 1.0);
}

void check_capacity(const StorageReading& reading) {
  Scenario& scenario = reading.scenario;
  const LustreSystem& system = scenario.filesystem;
  const Bytes capacity = scenario.storage.capacity;
  const YamlNode node = reading.storage.get("capacity");
  if (capacity == Bytes{}) return; // missing or unreadable: reported
  const bool efa = scenario.network.is_rdma() && system.offers_efa();
  const Bytes step = efa ? system.oss_capacity_efa.value : system.capacity_step.value;
  const Bytes least = efa ? std::max(step, system.capacity_min.value) : system.capacity_min.value;
  const bool is_least = std::abs(in_tib(capacity) / in_tib(least) - 1) < kSlack;
  if (scenario.osts_per_oss() > 0 && scenario.oss_count() > kMostOsts / scenario.osts_per_oss())
    reading.diagnostics.add(
        out_of_range, node.span(),
        fmt::format("`storage.capacity`: {} takes more than {} OSTs", node.text(), kMostOsts),
        "no file system of this kind is that large");
  if (is_least || (capacity >= least && is_multiple(capacity, step))) return;
  const auto at = [&](double steps) {
    const auto bytes = static_cast<std::uint64_t>(std::round(steps * step.as_double()));
    return std::max(Bytes{bytes}, least);
  };
  const double steps = std::floor(in_tib(capacity) / in_tib(step));
  const std::string below = format_bytes(at(steps));
  const std::string above = format_bytes(at(steps + 1));
  reading.diagnostics.add(
      out_of_range, node.span(),
      fmt::format("`storage.capacity`: {} is not a capacity of `{}`{}", node.text(),
                  scenario.storage.system, efa ? " over EFA" : ""),
      fmt::format("{}multiples of {}; {}",
                  least == step ? "" : fmt::format("{} and then ", format_bytes(least)),
                  format_bytes(step),
                  capacity < least || below == above
                      ? fmt::format("the nearest is {}", format_bytes(std::max(least, at(steps))))
                      : fmt::format("the nearest are {} and {}", below, above)));
}

void check_metadata(const StorageReading& reading) {
  Scenario& scenario = reading.scenario;
  StorageSettings& storage = scenario.storage;
  const SourceSpan where = reading.storage.get("metadata_iops").span();
  if (scenario.filesystem.metadata_mode.value == "server") {
    if (storage.metadata_iops != 0)
      reading.diagnostics.add(
          impossible, where,
          fmt::format("file system `{}` has no provisioned metadata IOPS", storage.system));
    return;
  }
  if (storage.metadata_iops == 0)
    storage.metadata_iops = automatic_metadata_iops(storage.capacity);
  else if (!is_metadata_iops(storage.metadata_iops))
    reading.diagnostics.add(
        out_of_range, where,
        fmt::format("`storage.metadata_iops`: {} cannot be provisioned", storage.metadata_iops),
        "1500, 3000, 6000, or a multiple of 12000 up to 192000");
}

void check_ssd_cache(const StorageReading& reading) {
  const Scenario& scenario = reading.scenario;
  if (!scenario.storage.ssd_cache || scenario.filesystem.ssd_cache_per_tib.value > Bytes{} ||
      scenario.filesystem.by_throughput()) // reported: it has one of another kind
    return;
  reading.diagnostics.add(
      impossible, reading.storage.get("ssd_cache").span(),
      fmt::format("file system `{}` is not sold with an SSD cache", scenario.storage.system),
      "FSx for Lustre on hard disks is, e.g. `fsx_persistent_1_hdd_40`");
}

void check_layout(const StorageReading& reading) {
  Scenario& scenario = reading.scenario;
  std::string& layout = scenario.storage.layout;
  const SourceSpan where = reading.storage.get("layout").span();
  if (layout.empty()) layout = scenario.filesystem.default_layout.value;
  const auto parsed = lustre::parse_layout(layout, scenario.layout_defaults());
  if (const std::string* problem = std::get_if<std::string>(&parsed))
    reading.diagnostics.add(not_a_value, where, fmt::format("`storage.layout`: {}", *problem),
                            "e.g. `-E 100M -c 1 -E -1 -c 8`");
}

void read_pcc(const StorageReading& reading, const GivenKeys& tunables) {
  Scenario& scenario = reading.scenario;
  PccChoice& pcc = scenario.storage.pcc;
  pcc = with_defaults<PccChoice>(PccChoice::parameters());
  const YamlNode node = reading.storage.get("pcc");
  GivenKeys given;
  if (node)
    given = read_section(node, PccChoice::parameters(), &pcc, reading.diagnostics);
  else
    pcc.mode = "off";
  constexpr std::string_view kThreshold = "llite.pcc_async_threshold"; // as in this section
  if (tunables.contains(kThreshold) && pcc.on() && !given.contains("async_threshold"))
    pcc.inline_limit = scenario.lustre.llite_pcc_async_threshold;
  else if (tunables.contains(kThreshold))
    reading.diagnostics.add(key_without_effect,
                            node_of_tunable(reading.root.get("lustre"), kThreshold).span(),
                            fmt::format("`lustre.{}` has no effect: {}", kThreshold,
                                        pcc.on() ? "`storage.pcc.async_threshold` is given too"
                                                 : "clients have no persistent cache"),
                            pcc.on() ? "" : "a section `storage.pcc` gives them one");
  constexpr std::string_view kAssumed = "assumed: ";
  for (const Parameter& row : PccChoice::parameters())
    if (pcc.on() && row.source.starts_with(kAssumed) && !given.contains(row.key))
      scenario.fitted.push_back({fmt::format("storage.pcc.{}", row.key),
                                 std::string{row.default_text},
                                 std::string(to_string(FigureKind::assumed)),
                                 std::string{row.source.substr(kAssumed.size())}});
}

class LustreDesign : public StorageDesign {
public:
  const StorageKind& kind() const override { return lustre_kind(); }
  std::unique_ptr<StorageSystem> build(const Scenario& scenario, kernel::World& world,
                                       bool counters) const override {
    return build_lustre_system(scenario, world, counters);
  }
  BytesPerSecond client_copy_rate(const Scenario& scenario) const override {
    return scenario.lustre.client_copy_bandwidth;
  }
  std::optional<double> free_bytes(const Scenario& scenario) const override {
    const HsmChoice& hsm = scenario.storage.hsm;
    if (hsm.on && hsm.state == "released") return std::nullopt; // in the archive
    const std::vector<double> used = scenario.ost_used();
    if (used.empty()) return std::nullopt; // no such network here: reported
    if (scenario.filesystem.by_throughput()) return scenario.storage.capacity.as_double();
    const double each = scenario.ost_capacity().as_double();
    double free = 0;
    for (const double share : used) free += each * (1 - share);
    return free;
  }
  std::string no_counters_because() const override { return {}; }
};

std::shared_ptr<const StorageDesign> read(const StorageReading& reading,
                                          const std::vector<std::string_view>& foreign) {
  Scenario& scenario = reading.scenario;
  if (scenario.storage_entry.kind && scenario.storage_entry.is<LustreSystem>())
    scenario.filesystem = scenario.storage_entry.as<LustreSystem>();
  std::vector<std::string_view> extra{"set", "hsm", "pcc", "tiered", "nrs_tbf_rules"};
  extra.insert(extra.end(), foreign.begin(), foreign.end());
  read_section(
      reading.storage, StorageSettings::parameters(), &scenario.storage,
      reading.diagnostics, // an unknown system: what it needs is not known either
      {.extra_keys = std::move(extra), .partial = !reading.entry && reading.storage.get("system")});
  read_tbf_rules(reading.storage.get("nrs_tbf_rules"), scenario.storage, reading.diagnostics);
  const GivenKeys tunables = read_lustre(reading.root, scenario, reading.diagnostics);
  read_hsm(reading.root, tunables, scenario, reading.diagnostics);
  read_pcc(reading, tunables);
  read_tiers(reading);
  return std::make_shared<LustreDesign>();
}

void check(const StorageReading& reading) {
  check_network(reading.scenario, reading.root.get("network"), reading.diagnostics);
  if (reading.scenario.filesystem.by_throughput()) {
    check_tiers(reading);
  } else {
    check_capacity(reading);
    check_metadata(reading);
  }
  check_ssd_cache(reading);
  check_layout(reading);
  check_ost_used(reading.storage, reading.scenario, reading.diagnostics);
}

void check_with_jobs(const StorageReading& reading) {
  if (reading.entry)
    check_tbf_rules(reading.storage.get("nrs_tbf_rules"), reading.scenario, reading.diagnostics);
  read_faults(reading.root, reading.scenario, reading.diagnostics);
}

} // namespace

const StorageKind& lustre_kind() {
  static const StorageKind kind{
      .entry = entry_kind<LustreSystem>("Lustre file system", "filesystems.yaml"),
      .noun = "a Lustre file system",
      .key = "lustre",
      .keys = &StorageSettings::parameters(),
      .storage_sections = {"hsm", "pcc", "tiered", "nrs_tbf_rules"},
      .sections = {"lustre", "faults"},
      .network_keys = {"lnd", "gds", "routers"},
      .why_not =
          [](const CatalogEntry& entry, std::string_view key) {
            return why_no_such_tiers(entry.as<LustreSystem>(), key);
          },
      .read = read,
      .check = check,
      .check_with_jobs = check_with_jobs};
  return kind;
}

} // namespace lustrum
