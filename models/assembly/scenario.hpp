// A scenario: which training job, on which machines, over which network, against which file system.
// scenario.yaml is read strictly, the catalog entries are looked up and changed as asked, and every
// problem of all files is reported at once.
//
//   const Scenario scenario = load_scenario("configs/quickstart.yaml", catalog, diagnostics);
//   if (diagnostics.has_errors()) ... // the scenario is incomplete
#pragma once

#include "models/assembly/catalog.hpp"
#include "models/lustre/tunables.hpp"
#include "models/training/dlio_workload.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"
#include "sim/result/run_result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

class YamlDocument;

// The time of a step outside loading and computing: log line, barrier, gradient exchange.
struct StepOverhead {
  Seconds fixed{};
  Seconds per_rank{};
  Seconds stdev{};
};

struct ReplaySettings {
  std::string think_time; // keep or drop
  double time_scale = 1;  // of think time only
  std::string path_prefix;
  std::uint32_t ranks = 0;  // 0: all in the trace
  std::string cached_reads; // detect or replay
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

struct ClusterSettings {
  std::string instance;
  std::uint32_t nodes = 0;

  static const ParameterTable& parameters();
};

struct StorageSettings {
  std::string filesystem;
  Bytes capacity{};
  std::uint32_t metadata_iops = 0; // after loading: the real number; 0 in mode `server`
  std::string layout;              // after loading: the file system's default where none is given
  double burst_credit = 0;         // level of the buckets at the start: 1 = full

  static const ParameterTable& parameters();
};

struct NetworkSettings {
  std::string lnd;        // tcp or efa
  std::uint32_t nics = 0; // after loading: the real number

  bool is_efa() const { return lnd == "efa"; }
  static const ParameterTable& parameters();
};

struct RunSettings {
  std::uint64_t seed = 0;
  std::uint32_t epochs = 0;      // after loading: the workload's where 0 is given
  std::uint64_t event_limit = 0; // 0: none
  std::string data_path;         // stations or simgrid

  static const ParameterTable& parameters();
};

struct Scenario {
  std::uint32_t schema_version = 0;
  std::string name;
  std::string description;

  WorkloadSettings workload;
  ClusterSettings cluster;
  StorageSettings storage;
  NetworkSettings network;
  lustre::LustreTunables lustre;
  RunSettings run;

  std::optional<DlioWorkload> dlio; // absent with a trace
  Instance instance;                // of the catalog, with `cluster.set`
  LustreSystem filesystem;          // of the catalog, with `storage.set`

  std::vector<std::string> files; // every file read, for the digest of inputs
  std::vector<AssumedRow> fitted; // defaults of the scenario itself that were left standing

  std::uint32_t oss_count() const;
  std::uint32_t osts_per_oss() const;
  // Assumed and fitted figures in the catalog entries used, then those of the scenario.
  std::vector<AssumedRow> assumed() const;

  static const ParameterTable& parameters(); // of the top level
};

Scenario load_scenario(const std::string& path, const Catalog& catalog, Diagnostics& diagnostics);
// The same from a document at hand; files it names are relative to its own name.
Scenario read_scenario(const YamlDocument& document, const Catalog& catalog,
                       Diagnostics& diagnostics);

// A section of scenario.yaml, for `lustrum schema` and the documentation.
struct ScenarioSection {
  std::string_view path; // `storage.set`; empty: the top level
  std::string_view doc;
  const ParameterTable* table = nullptr;
};

const std::vector<ScenarioSection>& scenario_sections();

} // namespace lustrum
