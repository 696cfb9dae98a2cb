#include "models/assembly/local_kind.hpp"

#include "models/assembly/cloud_hosts.hpp"
#include "models/assembly/copy_in.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;

struct Settings {
  block::LocalSettings local;
  LocalDisks disks;
  LocalChoice choice;
  CopyInChoice copy;
  CopyInSource source;
  GivenKeys given_copy;
};

block::LocalSettings for_run(const Settings& settings) {
  block::LocalSettings local = settings.local;
  local.placed_is_absent = settings.copy.on;
  return local;
}

class LocalSystem : public StorageSystem {
public:
  LocalSystem(const Scenario& scenario, Settings settings, kernel::World& world)
      : scenario_(scenario), settings_(std::move(settings)), links_(world, host_links_of(scenario)),
        disks_(world, links_, for_run(settings_),
               static_cast<std::uint32_t>(scenario.jobs.size())) {
    if (settings_.copy.on)
      copy_.emplace(world, links_, disks_, settings_.copy, settings_.source, scenario);
  }

  Storage& storage() override { return disks_; }
  const Storage& storage() const override { return disks_; }
  void begin() override {
    if (copy_) copy_->begin();
  }
  const DataReady* data_ready() const override { return copy_ ? &copy_->ready() : nullptr; }
  std::vector<std::string> check_laws() const override {
    std::vector<std::string> problems = disks_.check_laws();
    if (copy_)
      for (std::string& problem : copy_->check_laws()) problems.push_back(std::move(problem));
    return problems;
  }
  kernel::Topology::Cut read_bound(Bytes bytes, Seconds) const override {
    return disks_.read_bound(bytes);
  }
  void describe(RunResult& result) override {
    const std::string& instances = settings_.disks.instances;
    const std::string& instance = scenario_.cluster.instance;
    if (!instances.empty() && !instance.starts_with(instances))
      result.warnings.push_back(fmt::format("`{}` does not come with the disks of `{}`, which are "
                                            "those of instances {}",
                                            instance, scenario_.storage.system, instances));
    if (copy_) {
      copy_->describe(result);
      if (const std::uint64_t missing = disks_.usage().missing; missing > 0)
        result.warnings.push_back(fmt::format(
            "{} files were opened on nodes that do not have them{}", missing,
            settings_.copy.shards ? ": with `copy_in.shards` each node has a part of its own"
                                  : ""));
      return;
    }
    if (settings_.disks.shared)
      result.notes.emplace_back("all nodes attach the same volumes, whose throughput is divided "
                                "evenly among them; the data set is on them when the job begins");
    else
      result.notes.emplace_back("every node has a copy of the data set on its disks when the job "
                                "begins: the time to copy it there is not part of the run "
                                "(`storage.copy_in` makes it so)");
  }

  // By capacity, and what is bought above that which its price includes; the lists price an
  // instance's own disks at nothing.
  std::vector<Charge> charges() const override {
    const std::string& name = scenario_.storage.system;
    const LocalDisks& disks = settings_.disks;
    const block::VolumeSettings each = bought(disks, settings_.choice, 1);
    const double sets = disks.shared ? 1 : static_cast<double>(scenario_.cluster.nodes);
    const double count = sets * each.volumes;
    const auto charge = [&](const char* component, double amount, PriceUnit unit) {
      return Charge{.product = name,
                    .component = component,
                    .label = fmt::format("{}, {}", name, component),
                    .amount = amount,
                    .unit = unit,
                    .counted = {}};
    };
    std::vector<Charge> charges{
        charge("capacity", count * each.capacity.as_double() / static_cast<double>(kGib),
               PriceUnit::gib_month)};
    if (disks.most_iops.count() > 0)
      charges.push_back(charge(
          "iops", count * std::max(0.0, each.read_iops.count() - disks.included_iops.count()),
          PriceUnit::iops_month));
    // What EBS and Hyperdisk call a MB/s is a MiB/s.
    if (disks.most_throughput.count() > 0)
      charges.push_back(
          charge("throughput",
                 count * std::max(0.0, each.read.count() - disks.included_throughput.count()) /
                     static_cast<double>(kMib),
                 PriceUnit::mbps_month));
    if (copy_)
      for (Charge& more : copy_->charges()) charges.push_back(std::move(more));
    return charges;
  }

private:
  const Scenario& scenario_;
  const Settings settings_;
  fabric::HostLinks links_;
  block::LocalStorage disks_;
  std::optional<CopyIn> copy_;
};

class LocalDesign : public StorageDesign {
public:
  const StorageKind& kind() const override { return local_kind(); }
  std::unique_ptr<StorageSystem> build(const Scenario& scenario, kernel::World& world,
                                       bool /*counters*/) const override {
    Settings settings = chosen;
    settings.local.volumes = bought(chosen.disks, chosen.choice, scenario.cluster.nodes);
    const BytesPerSecond limit = scenario.instance.ebs_bandwidth.value;
    if (chosen.disks.instance_limit && limit.count() > 0) settings.local.volumes.set_rate = limit;
    return std::make_unique<LocalSystem>(scenario, std::move(settings), world);
  }
  BytesPerSecond client_copy_rate(const Scenario&) const override { return chosen.local.copy_rate; }
  // Every node holds all of it, or with shards its part.
  std::optional<double> free_bytes(const Scenario& scenario) const override {
    const block::VolumeSettings volumes = bought(chosen.disks, chosen.choice, 1);
    if (volumes.capacity == Bytes{}) return std::nullopt;
    const double nodes = chosen.copy.on && chosen.copy.shards ? scenario.cluster.nodes : 1;
    return nodes * volumes.capacity.as_double() * volumes.volumes;
  }
  std::uint32_t data_parts(const Scenario& scenario) const override {
    return chosen.copy.on && chosen.copy.shards ? scenario.cluster.nodes : 1;
  }
  std::vector<AssumedRow> assumed(const Scenario&) const override {
    return assumed_defaults("storage.copy_in.", CopyInChoice::parameters(), chosen.given_copy,
                            chosen.copy.on);
  }
  std::string no_counters_because() const override {
    return "local disks have none of Lustre's counters";
  }

  // Filled while the scenario is read.
  Settings chosen;
};

void check_choice(const StorageReading& reading, const LocalDisks& disks,
                  const LocalChoice& choice) {
  const auto check = [&](std::string_view key, double asked, double most, const char* unit) {
    if (!(asked > 0) || asked <= most) return;
    const YamlNode node = reading.storage.get(key);
    if (most > 0)
      reading.diagnostics.add(out_of_range, node.span(),
                              fmt::format("`storage.{}`: a volume of `{}` has at most {:g} {}", key,
                                          reading.entry->name, most, unit));
    else
      reading.diagnostics.add(
          impossible, node.key_span(),
          fmt::format("`{}` has no {} that can be bought", reading.entry->name, key));
  };
  check("iops", choice.iops.count(), disks.most_iops.count(), "IOPS");
  check("throughput", choice.throughput.count() / static_cast<double>(kMib),
        disks.most_throughput.count() / static_cast<double>(kMib), "MiB/s");
}

std::shared_ptr<const StorageDesign> read(const StorageReading& reading,
                                          const std::vector<std::string_view>& foreign) {
  Scenario& scenario = reading.scenario;
  auto design = std::make_shared<LocalDesign>();
  Settings& settings = design->chosen;
  auto choice = with_defaults<LocalChoice>(LocalChoice::parameters());
  choice.local = with_defaults<block::LocalSettings>(block::LocalSettings::parameters());
  std::vector<std::string_view> extra{"system", "set", "local", "copy_in"};
  extra.insert(extra.end(), foreign.begin(), foreign.end());
  read_section(reading.storage, LocalChoice::parameters(), &choice, reading.diagnostics,
               {.extra_keys = std::move(extra)});
  if (const YamlNode name = reading.storage.get("system"); name && name.is_scalar())
    scenario.storage.system = name.text();
  if (const YamlNode node = reading.storage.get("local"))
    read_section(node, block::LocalSettings::parameters(), &choice.local, reading.diagnostics);
  settings.disks = with_defaults<LocalDisks>(LocalDisks::parameters());
  if (reading.entry) settings.disks = scenario.storage_entry.as<LocalDisks>();
  settings.choice = choice;
  settings.local = choice.local;
  settings.copy = read_copy_in(reading, settings.source, settings.given_copy);
  if (!reading.entry) return design;
  check_choice(reading, settings.disks, choice);
  if (settings.copy.on && settings.disks.shared)
    reading.diagnostics.add(impossible, reading.storage.get("copy_in").key_span(),
                            fmt::format("the nodes cannot write to `{}`: they attach it read-only",
                                        reading.entry->name));
  return design;
}

bool writes(const ScenarioJob& job) {
  if (job.ior) return job.ior->write;
  if (job.mdtest) return true;
  if (job.dlio) return job.dlio->writes_checkpoints();
  return job.training && job.training->writes_checkpoints();
}

// What the job does with files that are on the disks of another node; empty: nothing.
std::string_view wants_of_neighbours(const ScenarioJob& job) {
  if (job.nodes < 2) return {};
  if (job.ior && job.ior->write && job.ior->read && job.ior->reorder_tasks &&
      job.ior->task_per_node_offset % job.nodes != 0)
    return "`reorder_tasks` reads what another node has written: `reorder_tasks: false`, or "
           "`read: false`";
  if (job.dlio && job.dlio->checkpoint_only() && job.dlio->recovery_rank_shift)
    return "`checkpoint.recovery_rank_shift` reads what the next node has written";
  if (!job.mdtest || !job.mdtest->create) return {};
  const loadgen::MdtestSettings& mdtest = *job.mdtest;
  if ((mdtest.stat || mdtest.read) && mdtest.shared_file)
    return "`shared_file` lies on the first node alone";
  // Ranks of a node sit side by side: a step of theirs takes some of them to another node.
  const bool looks = mdtest.stat || mdtest.list || mdtest.read || mdtest.remove;
  if (looks && !mdtest.dirs_only && mdtest.nstride % (job.nodes * mdtest.ranks_per_client) != 0)
    return "`nstride` looks at files of another node: `nstride: 0` stays with a rank's own";
  return {};
}

// Why a job cannot train on a part of the data set at each node; empty: it can.
std::string_view needs_all(const Scenario& scenario, const ScenarioJob& job) {
  const std::uint32_t nodes = scenario.cluster.nodes;
  if (nodes < 2 || !job.trains()) return {};
  if (scenario.jobs.size() > 1) return "several jobs would share out their files together";
  if (job.workload.ranks % nodes != 0) return "the nodes would have different numbers of ranks";
  if (job.dlio) return job.dlio->num_files_train < nodes ? "there are fewer files than nodes" : "";
  const TrainingWorkload& training = *job.training;
  if (training.dataset.files < nodes) return "there are fewer files than nodes";
  if (job.workload.ranks / nodes % training.ranks_per_copy() != 0)
    return "a copy of the model has ranks on several nodes";
  if (training.evaluation.every_epochs > 0) return "evaluation reads its whole data set";
  if (training.loader.local_cache > Bytes{}) return "`loader.local_cache` deals files out itself";
  return {};
}

void check_with_jobs(const StorageReading& reading) {
  if (!reading.entry || !reading.entry->is<LocalDisks>()) return;
  const bool shared = reading.scenario.storage_entry.as<LocalDisks>().shared;
  const YamlNode copy = reading.storage.get("copy_in");
  for (const ScenarioJob& job : reading.scenario.jobs) {
    if (shared && writes(job))
      reading.diagnostics.add(impossible, reading.storage.get("system").span(),
                              fmt::format("nothing can write to `{}`, which all nodes attach "
                                          "read-only, and job `{}` writes",
                                          reading.entry->name, job.name));
    if (const std::string_view why = wants_of_neighbours(job); !shared && !why.empty())
      reading.diagnostics.add(impossible, reading.storage.get("system").span(),
                              fmt::format("each node has its own `{}`, and job `{}` needs files "
                                          "of other nodes",
                                          reading.entry->name, job.name),
                              std::string(why));
    if (const std::string_view why = needs_all(reading.scenario, job);
        !why.empty() && reading.scenario.design->data_parts(reading.scenario) > 1)
      reading.diagnostics.add(impossible, copy.get("shards").span(),
                              fmt::format("`storage.copy_in.shards`: job `{}` cannot train on a "
                                          "part of its data set at each node",
                                          job.name),
                              std::string(why));
    if (copy && !job.trains())
      reading.diagnostics.add(impossible, copy.key_span(),
                              fmt::format("`storage.copy_in` has no meaning for `{}`", job.name),
                              "only jobs that train wait for their data set");
  }
}

} // namespace

const ParameterTable& LocalChoice::parameters() {
  using C = LocalChoice;
  constexpr double kMostVolumes = 128;
  static const ParameterTable table{
      {.key = "volumes",
       .field = field<&C::volumes>,
       .default_text = "0",
       .max = kMostVolumes,
       .doc = "Volumes of each node, striped by RAID-0; 0: as the catalog says."},
      {.key = "volume_size",
       .field = field<&C::volume_size>,
       .default_text = "0 B",
       .doc = "Capacity of one volume; 0 B: as the catalog says."},
      {.key = "iops",
       .field = field<&C::iops>,
       .default_text = "0 IOPS",
       .min = 0,
       .doc = "Operations provisioned for one volume; 0: as the catalog says."},
      {.key = "throughput",
       .field = field<&C::throughput>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Throughput provisioned for one volume; 0 B/s: as the catalog says."},
  };
  return table;
}

const ParameterTable& LocalDisks::parameters() {
  using D = LocalDisks;
  static const ParameterTable table = [] {
    ParameterTable rows{
        {.key = "included_iops",
         .field = field<&D::included_iops>,
         .default_text = "0 IOPS",
         .min = 0,
         .doc = "Operations of one volume that its capacity's price includes."},
        {.key = "included_throughput",
         .field = field<&D::included_throughput>,
         .default_text = "0 B/s",
         .min = 0,
         .doc = "Throughput of one volume that its capacity's price includes."},
        {.key = "most_iops",
         .field = field<&D::most_iops>,
         .default_text = "0 IOPS",
         .min = 0,
         .doc = "Operations that can be bought for one volume at most; 0: they are not bought."},
        {.key = "most_throughput",
         .field = field<&D::most_throughput>,
         .default_text = "0 B/s",
         .min = 0,
         .doc = "Throughput that can be bought for one volume at most; 0: it is not bought."},
        {.key = "instances",
         .field = field<&D::instances>,
         .default_text = "",
         .doc = "Instances that come with these disks, by how their names begin."},
        {.key = "instance_limit",
         .field = field<&D::instance_limit>,
         .default_text = "false",
         .doc = "In place of `set_rate` the instance's own `ebs_bandwidth` holds, where its entry "
                "states it."},
        {.key = "shared",
         .field = field<&D::shared>,
         .default_text = "false",
         .doc = "All nodes attach the same volumes, read-only, and divide their throughput."},
    };
    const ParameterTable& model = block::VolumeSettings::parameters();
    rows.insert(rows.end(), model.begin(), model.end());
    return rows;
  }();
  return table;
}

block::VolumeSettings bought(const LocalDisks& disks, const LocalChoice& choice,
                             std::uint32_t nodes) {
  block::VolumeSettings volume = disks.volume;
  if (choice.volumes > 0) volume.volumes = choice.volumes;
  if (choice.volume_size > Bytes{}) volume.capacity = choice.volume_size;
  if (choice.iops.count() > 0) volume.read_iops = volume.write_iops = choice.iops;
  if (choice.throughput.count() > 0) volume.read = volume.write = choice.throughput;
  if (!disks.shared) return volume;
  for (BytesPerSecond* rate : {&volume.read, &volume.write}) *rate = *rate / nodes;
  for (PerSecond* rate : {&volume.read_iops, &volume.write_iops}) *rate = *rate / nodes;
  return volume;
}

const StorageKind& local_kind() {
  static const StorageKind kind{.entry =
                                    entry_kind<LocalDisks>("local disks", "local_disks.yaml", true),
                                .noun = "disks of each node",
                                .key = "local",
                                .keys = &LocalChoice::parameters(),
                                .storage_sections = {"local", "copy_in"},
                                .sections = {},
                                .network_keys = {},
                                .read = read,
                                .check = check_host_cards,
                                .check_with_jobs = check_with_jobs};
  return kind;
}

} // namespace lustrum
