#include "models/assembly/local_kind.hpp"

#include "models/assembly/cloud_hosts.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {
namespace {

class LocalSystem : public StorageSystem {
public:
  LocalSystem(const Scenario& scenario, const block::LocalSettings& settings, kernel::World& world)
      : scenario_(scenario), links_(world, host_links_of(scenario)),
        disks_(world, links_, settings, static_cast<std::uint32_t>(scenario.jobs.size())) {}

  Storage& storage() override { return disks_; }
  const Storage& storage() const override { return disks_; }
  std::vector<std::string> check_laws() const override { return disks_.check_laws(); }
  kernel::Topology::Cut read_bound(Bytes bytes, Seconds) const override {
    return disks_.read_bound(bytes);
  }
  void describe(RunResult& result) override {
    result.notes.emplace_back("every node has a copy of the data set on its disks when the job "
                              "begins: the time to copy it there is not part of the run");
  }

  // By capacity; the lists price an instance's own disks at nothing.
  std::vector<Charge> charges() const override {
    const std::string& name = scenario_.storage.system;
    const block::VolumeSettings& volumes = disks_.settings().volumes;
    const double count = static_cast<double>(scenario_.cluster.nodes) * volumes.volumes;
    return {{.product = name,
             .component = "capacity",
             .label = name + ", capacity",
             .amount = count * volumes.capacity.as_double() / static_cast<double>(kGib),
             .unit = PriceUnit::gib_month,
             .counted = {}}};
  }

private:
  const Scenario& scenario_;
  fabric::HostLinks links_;
  block::LocalStorage disks_;
};

class LocalDesign : public StorageDesign {
public:
  const StorageKind& kind() const override { return local_kind(); }
  std::unique_ptr<StorageSystem> build(const Scenario& scenario, kernel::World& world,
                                       bool /*counters*/) const override {
    return std::make_unique<LocalSystem>(scenario, chosen, world);
  }
  BytesPerSecond client_copy_rate(const Scenario&) const override { return chosen.copy_rate; }
  // Every node holds all of it.
  std::optional<double> free_bytes(const Scenario&) const override {
    const Bytes each = chosen.volumes.capacity;
    if (each == Bytes{}) return std::nullopt;
    return each.as_double() * chosen.volumes.volumes;
  }
  std::string no_counters_because() const override {
    return "local disks have none of Lustre's counters";
  }

  // Filled while the scenario is read.
  block::LocalSettings chosen;
};

std::shared_ptr<const StorageDesign> read(const StorageReading& reading,
                                          const std::vector<std::string_view>& foreign) {
  Scenario& scenario = reading.scenario;
  auto design = std::make_shared<LocalDesign>();
  auto choice = with_defaults<LocalChoice>(LocalChoice::parameters());
  choice.local = with_defaults<block::LocalSettings>(block::LocalSettings::parameters());
  std::vector<std::string_view> extra{"system", "set", "local"};
  extra.insert(extra.end(), foreign.begin(), foreign.end());
  read_section(reading.storage, LocalChoice::parameters(), &choice, reading.diagnostics,
               {.extra_keys = std::move(extra)});
  if (const YamlNode name = reading.storage.get("system"); name && name.is_scalar())
    scenario.storage.system = name.text();
  if (const YamlNode node = reading.storage.get("local"))
    read_section(node, block::LocalSettings::parameters(), &choice.local, reading.diagnostics);
  if (reading.entry) choice.local.volumes = scenario.storage_entry.as<block::VolumeSettings>();
  if (choice.volumes > 0) choice.local.volumes.volumes = choice.volumes;
  if (choice.volume_size > Bytes{}) choice.local.volumes.capacity = choice.volume_size;
  design->chosen = choice.local;
  return design;
}

} // namespace

const ParameterTable& LocalChoice::parameters() {
  using C = LocalChoice;
  static const ParameterTable table{
      {.key = "volumes",
       .field = field<&C::volumes>,
       .default_text = "0",
       .max = 128,
       .doc = "Volumes of each node, striped by RAID-0; 0: as the catalog says."},
      {.key = "volume_size",
       .field = field<&C::volume_size>,
       .default_text = "0 B",
       .doc = "Capacity of one volume; 0 B: as the catalog says."},
  };
  return table;
}

const StorageKind& local_kind() {
  static const StorageKind kind{
      .entry = entry_kind<block::VolumeSettings>("local disks", "local_disks.yaml", true),
      .noun = "disks of each node",
      .keys = &LocalChoice::parameters(),
      .storage_sections = {"local"},
      .sections = {},
      .network_keys = {},
      .read = read,
      .check = check_host_cards,
      .check_with_jobs = [](const StorageReading&) {}};
  return kind;
}

} // namespace lustrum
