// A scenario: which jobs, on which machines, over which network, against which file system.
// scenario.yaml is read strictly, the catalog entries are looked up and changed as asked, and every
// problem of all files is reported at once.
//
//   const Scenario scenario = load_scenario("configs/quickstart.yaml", catalog, diagnostics);
//   if (diagnostics.has_errors()) ... // the scenario is incomplete
#pragma once

#include "models/assembly/catalog.hpp"
#include "models/assembly/price_lists.hpp"
#include "models/assembly/scenario_hsm.hpp"
#include "models/assembly/scenario_pcc.hpp"
#include "models/assembly/validation.hpp"
#include "models/loadgen/ior.hpp"
#include "models/loadgen/mdtest.hpp"
#include "models/lustre/faults.hpp"
#include "models/lustre/policy/layout.hpp"
#include "models/lustre/policy/tunables.hpp"
#include "models/tiering/tiered_store.hpp"
#include "models/training/dlio_workload.hpp"
#include "models/training/training_workload.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"
#include "sim/result/run_result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

class YamlDocument;
class StorageDesign; // storage_kind.hpp

// The time of a step outside loading and computing: log line, barrier, gradient exchange.
struct StepOverhead {
  Seconds fixed{};
  Seconds per_rank{};
  Seconds stdev{};
};

struct ReplaySettings {
  std::string mode;       // ops, timed or pipeline
  std::string think_time; // keep or drop
  double time_scale = 1;  // of think time only
  std::string path_prefix;
  std::vector<std::string> path_map; // FROM=TO
  std::uint32_t scale_ranks = 0;     // 0: as recorded
  std::string scale_files;           // factor, as written: `10` or `10x`
  std::uint32_t ranks = 0;           // 0: all in the trace
  std::string cached_reads;          // detect or replay
  BytesPerSecond cache_rate{};
  Seconds cache_latency{};
};

struct WorkloadSettings {
  std::string dlio;               // as written
  std::vector<std::string> trace; // files and folders, from where the program runs
  std::uint32_t ranks = 0;        // after loading: the real number
  std::string au_formula;         // v1.0 or v2.0
  StepOverhead step_overhead;
  Seconds worker_startup{}; // per PyTorch loader worker and epoch
  ReplaySettings replay;

  static const ParameterTable& parameters();
};

// One job: a workload on clients of its own. Exactly one of the five kinds is there.
struct ScenarioJob {
  std::string name;
  std::uint32_t nodes = 0;        // after loading: the real number
  std::uint32_t first_client = 0; // jobs lie on the cluster's nodes in their order
  Seconds start{};
  bool background = false; // begins anew until all other jobs have ended
  WorkloadSettings workload;
  std::uint32_t epochs = 0; // of a DLIO job: the real number

  std::optional<DlioWorkload> dlio; // absent with a trace or a load generator
  std::optional<TrainingWorkload> training;
  std::optional<loadgen::IorSettings> ior;
  std::optional<loadgen::MdtestSettings> mdtest;

  std::string_view kind() const {
    return dlio ? "dlio" : training ? "training" : ior ? "ior" : mdtest ? "mdtest" : "trace";
  }
  // It has steps, epochs and an AU.
  bool trains() const { return dlio.has_value() || training.has_value(); }
  static const ParameterTable& parameters(); // of an entry of `jobs`
};

struct ClusterSettings {
  std::string instance;
  std::uint32_t nodes = 0;

  static const ParameterTable& parameters();
};

// A rule of the token bucket filter, as `nrs_tbf_rule start` takes it.
struct TbfRuleChoice {
  std::string name;
  std::vector<std::string> nid;    // clients: `3` or `0-7`
  std::vector<std::string> job;    // names
  std::vector<std::string> opcode; // ost_read, ost_write
  PerSecond rate{};                // of each class, in each partition of a server

  static const ParameterTable& parameters();
};

// What a scenario says of its storage; all but the name is of Lustre file systems, and other kinds
// keep theirs in Scenario::design.
struct StorageSettings {
  std::string system; // entry of the catalog
  Bytes capacity{};
  BytesPerSecond throughput{};       // bought, where the system is by_throughput()
  std::uint32_t metadata_iops = 0;   // after loading: the real number; 0 in mode `server`
  std::string layout;                // after loading: the file system's default where none is given
  std::string lustre_version;        // `2.15`; after loading: the catalog's where none is given
  double burst_credit = 0;           // level of the buckets at the start: 1 = full
  bool ssd_cache = false;            // in front of the disks, where the system has one for sale
  double used = 0;                   // share of the capacity that is taken at the start
  std::vector<std::string> ost_used; // the same of single OSTs, in percent
  std::vector<TbfRuleChoice> nrs_tbf_rules;
  tiering::TieredStoreSettings tiered; // where the system is by_throughput()
  HsmChoice hsm;
  PccChoice pcc;

  static const ParameterTable& parameters();
};

// LNet routers between clients and servers.
struct RouterChoice {
  std::uint32_t count = 0; // 0: none
  BytesPerSecond bandwidth{};
  Seconds latency{};
};

struct NetworkSettings {
  std::string lnd;        // tcp, efa or o2ib
  std::uint32_t nics = 0; // after loading: the real number
  bool gds = false;       // GPUDirect Storage
  RouterChoice routers;

  // The figures under `efa` of the catalog hold: EFA, or InfiniBand on premises.
  bool is_rdma() const { return lnd != "tcp"; }
  static const ParameterTable& parameters();
};

struct RunSettings {
  std::uint64_t seed = 0;
  std::uint32_t epochs = 0;      // 0: as each workload says
  std::uint64_t event_limit = 0; // 0: none
  std::string data_path;         // stations or simgrid

  static const ParameterTable& parameters();
};

struct Scenario {
  std::uint32_t schema_version = 0;
  std::string name;
  std::string description;

  std::vector<ScenarioJob> jobs; // one, the scenario's `workload`, or those of `jobs`
  ClusterSettings cluster;
  StorageSettings storage;
  NetworkSettings network;
  lustre::LustreTunables lustre;
  RunSettings run;
  PriceSettings pricing;
  Prices prices;                        // as chosen by `prices`
  std::optional<Validation> validation; // a run takes no notice of it
  std::vector<lustre::Fault> faults;    // as listed

  Instance instance;           // of the catalog, with `cluster.set`
  CatalogEntry instance_entry; // the same
  // What stands under the jobs. Empty only when the scenario has errors.
  std::shared_ptr<const StorageDesign> design;
  LustreSystem filesystem;    // of the catalog, with `storage.set`, if that is what it is
  CatalogEntry storage_entry; // the same of any kind

  std::vector<std::string> files; // every file read, for the digest of inputs
  std::vector<AssumedRow> fitted; // defaults of the scenario itself that were left standing

  // The file's own name for the job's workload: `workload`, or `<job>.workload` among several.
  std::string workload_path(const ScenarioJob& job) const {
    return jobs.size() > 1 ? job.name + ".workload" : "workload";
  }
  // Lustre's data rides EFA; `lnd: efa` on premises stands for the RDMA network there is.
  bool uses_efa() const { return network.is_rdma() && filesystem.rdma_lnd.value != "o2ib"; }
  std::uint32_t oss_count() const;
  std::uint32_t osts_per_oss() const;
  // As the bill counts it (FSx: a TiB of 1,000 GiB); what it may grow to where it does.
  Bytes ost_capacity() const;
  // Share of each OST that is taken at the start. \pre loaded without errors
  std::vector<double> ost_used() const;
  lustre::LayoutDefaults layout_defaults() const;
  // Assumed and fitted figures in the catalog entries used, then those of the scenario.
  std::vector<AssumedRow> assumed() const;

  static const ParameterTable& parameters(); // of the top level
};

Scenario load_scenario(const std::string& path, const Catalog& catalog, Diagnostics& diagnostics);
// The jobs of one file on the design of another: `storage`, `network`, `lustre` and `faults` are
// the design's, and so are `cluster` and `prices` where it has them.
Scenario load_scenario(const std::string& path, const std::string& design_path,
                       const Catalog& catalog, Diagnostics& diagnostics);
// The same from a document at hand; files it names are relative to its own name.
Scenario read_scenario(const YamlDocument& document, const Catalog& catalog,
                       Diagnostics& diagnostics, const YamlDocument* design = nullptr);

// A section of scenario.yaml, for `lustrum schema` and the documentation.
struct ScenarioSection {
  std::string_view path; // `storage.set`; empty: the top level
  std::string_view doc;
  const ParameterTable* table = nullptr;
};

const std::vector<ScenarioSection>& scenario_sections();

// The rows of a section for help. Tunables of Lustre state their defaults in this version, or, when
// the name is none of lustre_versions(), in each one that changed them.
std::vector<ParameterRow> describe(const ScenarioSection& section, std::string_view lustre_version);

std::vector<std::string> lustre_versions(); // `2.10` ... oldest first

} // namespace lustrum
