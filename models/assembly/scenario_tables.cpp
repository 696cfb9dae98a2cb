#include "models/assembly/file_service_kind.hpp"
#include "models/assembly/local_kind.hpp"
#include "models/assembly/object_kind.hpp"
#include "models/assembly/recorded_kind.hpp"
#include "models/assembly/scenario.hpp"
#include "models/assembly/scenario_faults.hpp"

namespace lustrum {

const ParameterTable& Scenario::parameters() {
  static const ParameterTable table{
      {.key = "schema_version",
       .field = field<&Scenario::schema_version>,
       .default_text = kRequired,
       .min = 1,
       .max = 1,
       .doc = "Version of this format: 1."},
      {.key = "name",
       .field = field<&Scenario::name>,
       .default_text = "",
       .doc = "Name in reports; by default that of the file."},
      {.key = "description",
       .field = field<&Scenario::description>,
       .default_text = "",
       .doc = "A sentence for reports."},
  };
  return table;
}

const ParameterTable& ClusterSettings::parameters() {
  static const ParameterTable table{
      {.key = "instance",
       .field = field<&ClusterSettings::instance>,
       .default_text = kRequired,
       .doc = "Entry of models/catalog/instances.yaml."},
      {.key = "nodes",
       .field = field<&ClusterSettings::nodes>,
       .default_text = kRequired,
       .min = 1,
       .max = 1e5,
       .doc = "How many of them."},
  };
  return table;
}

const ParameterTable& TbfRuleChoice::parameters() {
  static const ParameterTable table{
      {.key = "name",
       .field = field<&TbfRuleChoice::name>,
       .default_text = kRequired,
       .doc = "Name of the rule."},
      {.key = "nid",
       .field = field<&TbfRuleChoice::nid>,
       .default_text = "[]",
       .doc = "Clients it is for, by their number in the cluster: [3, 8-15]; empty: any."},
      {.key = "job",
       .field = field<&TbfRuleChoice::job>,
       .default_text = "[]",
       .doc = "Jobs it is for, by name; empty: any."},
      {.key = "opcode",
       .field = field<&TbfRuleChoice::opcode>,
       .default_text = "[]",
       .choices = {"ost_read", "ost_write"},
       .doc = "Operations it is for; empty: any."},
      {.key = "rate",
       .field = field<&TbfRuleChoice::rate>,
       .default_text = kRequired,
       .min = 1,
       .doc = "RPCs per second of each class of requests it matches, in each CPU partition of each "
              "server."},
  };
  return table;
}

const ParameterTable& StorageSettings::parameters() {
  static const ParameterTable table{
      {.key = "system",
       .field = field<&StorageSettings::system>,
       .default_text = kRequired,
       .doc = "Storage system of the catalog, of whatever kind; `lustrum catalog list` names them. "
              "The keys below are those of a Lustre file system."},
      {.key = "capacity",
       .field = field<&StorageSettings::capacity>,
       .default_text = kRequired,
       .min = 1,
       .doc = "Capacity bought; decides the number of servers, and on FSx every rate. Where it "
              "grows by itself (Intelligent-Tiering): what is stored; it is billed."},
      {.key = "throughput",
       .field = field<&StorageSettings::throughput>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Throughput bought, in steps of which each is a server (Intelligent-Tiering)."},
      {.key = "metadata_iops",
       .field = field<&StorageSettings::metadata_iops>,
       .default_text = "0",
       .max = 192000,
       .doc =
           "Provisioned metadata IOPS; 0: what the file system includes for its capacity, or the "
           "least it is sold with."},
      {.key = "layout",
       .field = field<&StorageSettings::layout>,
       .default_text = "",
       .doc = "Layout of all files, in the options of `lfs setstripe`; empty: the file system's "
              "own."},
      {.key = "lustre_version",
       .field = field<&StorageSettings::lustre_version>,
       .default_text = "catalog",
       .choices = {"catalog", "2.10", "2.12", "2.15", "2.16", "2.17"},
       .doc = "Version of Lustre whose defaults the section `lustre` starts from; `catalog`: the "
              "file system's."},
      {.key = "burst_credit",
       .field = field<&StorageSettings::burst_credit>,
       .default_text = "100 %",
       .min = 0,
       .max = 1,
       .doc = "Burst credit at the start, as a share of the full bucket."},
      {.key = "ssd_cache",
       .field = field<&StorageSettings::ssd_cache>,
       .default_text = "false",
       .doc = "With the SSD read cache that is sold with this file system, empty at the start (FSx "
              "on hard disks: drive cache type READ)."},
      {.key = "used",
       .field = field<&StorageSettings::used>,
       .default_text = "0 %",
       .min = 0,
       .max = 1,
       .doc = "Share of every OST that other data takes up before the run."},
      {.key = "ost_used",
       .field = field<&StorageSettings::ost_used>,
       .default_text = "[]",
       .doc = "The same for single OSTs, the first one first, e.g. [99 %, 40 %]; those not listed "
              "have `used`."},
  };
  return table;
}

const ParameterTable& NetworkSettings::parameters() {
  static const ParameterTable table{
      {.key = "lnd",
       .field = field<&NetworkSettings::lnd>,
       .default_text = "tcp",
       .choices = {"tcp", "efa", "o2ib"},
       .doc = "Network driver of Lustre: TCP, EFA (on premises: the RDMA network), or o2ib "
              "(InfiniBand)."},
      {.key = "nics",
       .field = field<&NetworkSettings::nics>,
       .default_text = "0",
       .max = 64,
       .doc = "Network cards of a client that carry data; 0: as many as the instance offers to "
              "Lustre."},
      {.key = "gds",
       .field = field<&NetworkSettings::gds>,
       .default_text = "false",
       .doc = "GPUDirect Storage: data goes from the network card into the GPU, past the page "
              "cache."},
      {.key = "routers.count",
       .field = field<&NetworkSettings::routers, &RouterChoice::count>,
       .default_text = "0",
       .max = 1e4,
       .doc = "LNet routers between clients and servers; 0: none."},
      {.key = "routers.bandwidth",
       .field = field<&NetworkSettings::routers, &RouterChoice::bandwidth>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Rate of one router, each way."},
      {.key = "routers.latency",
       .field = field<&NetworkSettings::routers, &RouterChoice::latency>,
       .default_text = "10 us",
       .min = 0,
       .max = 1,
       .doc = "Time that a router adds one way.",
       .source = "assumed: one more pass through the network software of a fast network"},
  };
  return table;
}

const ParameterTable& RunSettings::parameters() {
  static const ParameterTable table{
      {.key = "seed",
       .field = field<&RunSettings::seed>,
       .default_text = "42",
       .doc = "Seed of all that is random; one seed, one result."},
      {.key = "epochs",
       .field = field<&RunSettings::epochs>,
       .default_text = "0",
       .max = 1e6,
       .doc = "Epochs to simulate; 0: as the workload says."},
      {.key = "event_limit",
       .field = field<&RunSettings::event_limit>,
       .default_text = "0",
       .doc = "Events after which the run is given up; 0: no limit."},
      {.key = "data_path",
       .field = field<&RunSettings::data_path>,
       .default_text = "stations",
       .choices = {"stations", "simgrid"},
       .doc = "What moves the data: our queueing stations, or SimGrid's flows as the reference."},
  };
  return table;
}

// NOLINTNEXTLINE(readability-function-size): a table, row after row
const std::vector<ScenarioSection>& scenario_sections() {
  static const std::vector<ScenarioSection> sections{
      {"", "The scenario.", &Scenario::parameters()},
      {"workload", "The job, when there is one.", &WorkloadSettings::parameters()},
      {"workload.set",
       "Changes to the DLIO file, in DLIO's keys; bare numbers are bytes and "
       "seconds.",
       &DlioWorkload::parameters()},
      {"workload.training",
       "A training job in its own terms: data set and format, input pipeline, step, checkpoints, "
       "failures.",
       &TrainingWorkload::parameters()},
      {"workload.ior", "Load as IOR makes it, under IOR's names; no GPUs are used.",
       &loadgen::IorSettings::parameters()},
      {"workload.mdtest", "Load as mdtest makes it, under mdtest's names; no GPUs are used.",
       &loadgen::MdtestSettings::parameters()},
      {"jobs[]", "One of several jobs, each with a `workload` of its own, in place of `workload`.",
       &ScenarioJob::parameters()},
      {"cluster", "The machines.", &ClusterSettings::parameters()},
      {"cluster.set", "Changes to the catalog's instance.", &Instance::parameters()},
      {"storage", "The file system.", &StorageSettings::parameters()},
      {"storage.tiered", "SSD cache and store of a file system with Intelligent-Tiering.",
       &tiering::TieredStoreSettings::parameters()},
      {"storage.hsm", "An archive behind the file system; without this section there is none.",
       &HsmChoice::parameters()},
      {"storage.pcc", "Copies on the clients' own disks; without this section there are none.",
       &PccChoice::parameters()},
      {"storage.nrs_tbf_rules[]",
       "Rules of the token bucket filter (ost.ost_io.nrs_policies), in the order in which they are "
       "started: the newest that matches holds.",
       &TbfRuleChoice::parameters()},
      {"storage.set", "Changes to the catalog's file system.", &LustreSystem::parameters()},
      {"storage (object store)", "The same section for an object store.",
       &ObjectChoice::parameters()},
      {"storage.client_settings (object store)",
       "Changes to the client that `client` stands for; defaults are those of `crt` for 10 Gbit/s.",
       &object::ClientSettings::parameters()},
      {"storage.cache_disks (object store)", "Disks of a host on which its client keeps a cache.",
       &block::VolumeSettings::parameters()},
      {"storage.set (object store)", "Changes to the catalog's object store.",
       &object::ServiceSettings::parameters()},
      {"storage (file service)", "The same section for a file service.", &FileChoice::parameters()},
      {"storage.mount (file service)", "How the nodes mount it.",
       &fileserver::MountSettings::parameters()},
      {"storage.set (file service)", "Changes to the catalog's file service.",
       &FileService::parameters()},
      {"storage (local disks)", "The same section for disks of each node.",
       &LocalChoice::parameters()},
      {"storage.local (local disks)", "The file system on them.",
       &block::LocalSettings::parameters()},
      {"storage.set (local disks)", "Changes to the catalog's disks.", &LocalDisks::parameters()},
      {"storage.set (recorded system)",
       "Figures of the device fitted to a recording; `system: recorded`.",
       &training::FittedDevice::parameters()},
      {"storage.copy_in (local disks)",
       "Copies the data set to the disks when the run begins; jobs that train wait for it.",
       &CopyInChoice::parameters()},
      {"network", "Between the two.", &NetworkSettings::parameters()},
      {"lustre",
       "Tunables, named as `lctl get_param` does, without the device: osc.*.max_rpcs_in_flight is "
       "osc.max_rpcs_in_flight.",
       &lustre::LustreTunables::parameters()},
      {"run", "The simulation.", &RunSettings::parameters()},
      {"prices",
       "Which price lists the run is billed at. `set` changes single prices, by product and "
       "component: {p5.48xlarge: {node: 40 USD/h}}.",
       &PriceSettings::parameters()},
      {"prices.set.PRODUCT", "Prices of a product, or of an entry of the catalog.",
       &ProductPrices::parameters()},
      {"validate",
       "What was measured on the system that the scenario describes, for `lustrum validate`; a run "
       "takes no notice of it.",
       &Validation::parameters()},
      {"validate.rows[]", "One number measured.", &ValidationRow::parameters()},
      {"faults[]", "What fails, in any number.", &FaultEntry::parameters()},
  };
  return sections;
}

} // namespace lustrum
