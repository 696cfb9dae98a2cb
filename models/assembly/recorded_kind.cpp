#include "models/assembly/recorded_kind.hpp"

#include "models/assembly/cloud_hosts.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {
namespace {

using training::FittedDevice;

class RecordedSystem : public StorageSystem {
public:
  RecordedSystem(const Scenario& scenario, const FittedDevice& device, kernel::World& world)
      : device_(world, device, scenario.cluster.nodes,
                static_cast<std::uint32_t>(scenario.jobs.size())),
        world_(world) {}

  Storage& storage() override { return device_; }
  const Storage& storage() const override { return device_; }
  std::vector<std::string> check_laws() const override {
    return device_.check_laws(world_.is_idle());
  }
  kernel::Topology::Cut read_bound(Bytes, Seconds) const override { return {}; }
  void describe(RunResult& result) override {
    result.notes.emplace_back(
        "storage: the device fitted to a recording has a time for each call, and no room, no cache "
        "and no price; other nodes do not slow a node's reads down");
    const IoTotals totals = device_.totals();
    result.metrics.metadata_rpcs = totals.opens + totals.closes + totals.stats + totals.removes;
    result.metrics.rpcs = result.metrics.metadata_rpcs + totals.reads + totals.writes;
    const FittedDevice& device = device_.device();
    const bool free_writes =
        device.write_latency == Seconds{} && device.write_rate == BytesPerSecond{};
    if (free_writes && totals.writes > 0)
      result.warnings.emplace_back("the recording that the storage was fitted to shows no writes: "
                                   "here they take no time");
  }
  std::vector<Charge> charges() const override { return {}; }

private:
  training::FittedStorage device_;
  kernel::World& world_;
};

class RecordedDesign : public StorageDesign {
public:
  const StorageKind& kind() const override { return recorded_kind(); }
  std::unique_ptr<StorageSystem> build(const Scenario& scenario, kernel::World& world,
                                       bool /*counters*/) const override {
    return std::make_unique<RecordedSystem>(scenario, device, world);
  }
  BytesPerSecond client_copy_rate(const Scenario&) const override { return {}; }
  std::optional<double> free_bytes(const Scenario&) const override { return std::nullopt; }
  std::string no_counters_because() const override {
    return "a device fitted to a recording has none of Lustre's counters";
  }

  // Filled while the scenario is read.
  FittedDevice device;
};

// It has no keys of its own: its figures are those of the entry, changed under `set`.
const ParameterTable& no_keys() {
  static const ParameterTable table{};
  return table;
}

std::shared_ptr<const StorageDesign> read(const StorageReading& reading,
                                          const std::vector<std::string_view>& foreign) {
  auto design = std::make_shared<RecordedDesign>();
  std::vector<std::string_view> extra{"system", "set"};
  extra.insert(extra.end(), foreign.begin(), foreign.end());
  read_section(reading.storage, no_keys(), nullptr, reading.diagnostics,
               {.extra_keys = std::move(extra)});
  if (const YamlNode name = reading.storage.get("system"); name && name.is_scalar())
    reading.scenario.storage.system = name.text();
  if (!reading.entry) return design;
  design->device = reading.scenario.storage_entry.as<FittedDevice>();
  if (!reading.storage.get("set"))
    reading.diagnostics.add(
        DiagnosticCode::missing_key, reading.storage.section_span(),
        fmt::format("missing key `set` in `storage`: `{}` has no figures of its own",
                    reading.entry->name),
        "`lustrum trace calibrate FILE --design OUT.yaml` writes those of a recording");
  return design;
}

} // namespace

const StorageKind& recorded_kind() {
  static const StorageKind kind{
      .entry = entry_kind<FittedDevice>("recorded system", "recorded_systems.yaml", true),
      .noun = "a device fitted to a recording",
      .key = "recorded",
      .keys = &no_keys(),
      .storage_sections = {},
      .sections = {},
      .network_keys = {},
      .read = read,
      .check = check_host_cards,
      .check_with_jobs = [](const StorageReading&) {}};
  return kind;
}

} // namespace lustrum
