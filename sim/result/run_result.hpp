// What a run found: plain data, from which every output is rendered. Nothing is printed that is not
// in here. Written as JSON with these names, in this order; docs of each number:
// metric_registry.hpp.
//
//   RunResult result = ...;
//   std::cout << to_json(result);
//   RunResult same = from_json(text);
//
// An optional that is empty is `null` in JSON: the number does not exist for this run (a replayed
// trace has no AU), which is not the same as 0.
#pragma once

#include "sim/base/cause.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lustrum {

// Rises with every change of the keys, also with a key more: a reader knows one set of keys.
inline constexpr std::uint32_t kResultSchemaVersion = 5;

struct RunMetrics {
  std::optional<double> au_mean_pct;
  std::optional<double> gpu_utilization_pct; // empty without a job that uses GPUs
  double makespan_s = 0;
  std::vector<double> epoch_time_s; // [epoch]
  std::optional<double> samples_per_s;
  double throughput_mib_per_s = 0;
  std::vector<double> au_per_epoch_pct; // [epoch]; empty without AU
  std::optional<double> au_threshold_pct;
  std::optional<bool> au_pass;
  std::optional<std::uint64_t> steps_per_epoch;
  std::uint32_t ranks = 0;
  std::optional<double> step_time_p50_s;
  std::optional<double> step_time_p95_s;
  std::optional<double> step_time_p99_s;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t files_opened = 0;
  std::uint64_t errors = 0;
  std::uint64_t failed_samples = 0;
  std::uint64_t rpcs = 0;
  std::uint64_t fetched_bytes = 0; // from servers; the rest of read_bytes was in a page cache
  std::uint64_t metadata_rpcs = 0; // of `rpcs`
};

// Percent of all GPU time by cause; the sum is 100. Of a job or a run without GPUs: of the time of
// its processes.
struct GpuTimeShares {
  std::array<double, kCauses> pct{};
  double& operator[](Cause cause) { return pct[static_cast<std::size_t>(cause)]; }
  double operator[](Cause cause) const { return pct[static_cast<std::size_t>(cause)]; }
};

// \pre time.total() > 0
GpuTimeShares shares_of(const TimeAccount& time);

// A phase of a load generator, over its repetitions.
struct PhaseRow {
  std::string job{};
  std::string name{};            // `write`, `create`
  std::uint32_t repetitions = 0; // that ended; 0: cut short in the first one
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t errors = 0;
  double time_s = 0;
  double rate = 0; // of all repetitions together, in `unit`
  double rate_min = 0;
  double rate_max = 0;
  std::string unit{}; // `MiB/s` or `ops/s`
};

// Checkpoints and failures of a training job that has any.
struct CheckpointRow {
  std::string job{};
  std::uint32_t written = 0; // complete
  std::uint64_t bytes = 0;   // of one
  double stall_s = 0;        // training stood still, all checkpoints together
  double stall_max_s = 0;
  double write_time_s = 0; // until complete, mean
  std::uint32_t restores = 0;
  double restore_s = 0;
  std::uint32_t failures = 0;
  double lost_s = 0; // work done again
  double restart_s = 0;
  double goodput_pct = 0;
  std::optional<double> interval_s{}; // of training between two, mean
  std::optional<double> mtbf_s{};
  std::optional<double> young_interval_s{};
  std::optional<double> daly_interval_s{};
};

// One job of the run, seen for itself.
struct JobRow {
  std::string name{};
  std::string kind{};      // `dlio`, `trace`, `ior`, `mdtest`
  bool background = false; // cut short when the others had ended
  std::uint32_t clients = 0;
  std::uint32_t ranks = 0;
  double start_s = 0;
  double makespan_s = 0; // from its start
  std::optional<double> au_mean_pct{};
  std::optional<double> gpu_utilization_pct{};
  std::optional<double> samples_per_s{};
  double throughput_mib_per_s = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  std::uint64_t errors = 0;
  std::uint64_t failed_samples = 0;
  GpuTimeShares stalls{};
};

// A failure, and what came of it.
struct FaultRow {
  std::string kind{};   // `ost_failover`
  std::string target{}; // `ost 3`
  double at_s = 0;
  std::optional<double> detected_s{};
  std::optional<double> recovered_s{};
  std::uint64_t clients_evicted = 0;
  std::uint64_t lost_bytes = 0;
  std::uint64_t failed_calls = 0;
};

// Files in one state of HSM, by the words of `lfs hsm_state`.
struct HsmStateRow {
  std::string state{}; // empty: HSM knows nothing of them
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

// Automatic export and import between a file system and its bucket; empty without them.
struct RepositoryReport {
  std::uint64_t exports = 0; // files
  double export_lag_mean_s = 0;
  double export_lag_max_s = 0;
  std::uint64_t exports_failed = 0;
  std::uint64_t exports_left = 0;
  std::uint64_t imports = 0; // changes
  double import_lag_mean_s = 0;
  double import_lag_max_s = 0;
  std::uint64_t imports_left = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t stale_opens = 0;
};

// What HSM did, a preload before the job included, and what lies where at the end.
struct HsmReport {
  std::vector<HsmStateRow> states;
  std::uint64_t resident_files = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t released_files = 0;
  std::uint64_t released_bytes = 0;
  std::optional<double> preload_s;
  std::uint64_t restores = 0;
  std::uint64_t restored_bytes = 0;
  std::uint64_t archives = 0;
  std::uint64_t archived_bytes = 0;
  std::uint64_t releases = 0;
  std::uint64_t joined = 0;
  std::uint64_t failed = 0;
  std::uint64_t no_space = 0;
  std::uint64_t waits = 0;
  std::uint64_t archive_gets = 0; // requests to the archive, as an object store bills them
  std::uint64_t archive_puts = 0;
  std::uint64_t archive_deletes = 0;
  std::uint64_t archive_bytes = 0; // of all copies at the end
  std::optional<RepositoryReport> repository;
};

// Copies of files on the clients' own disks, all clients together, as `llite.*.stats` counts them.
struct PccReport {
  std::uint64_t pcc_attach = 0;
  std::uint64_t pcc_detach = 0;
  std::uint64_t pcc_attach_bytes = 0;
  std::uint64_t pcc_hit_bytes = 0;
};

// What one network (of LNet, `https` or `nfs`) carried, of all clients.
struct NetworkRow {
  std::string name{};          // `tcp`, `efa`, `o2ib`
  std::uint64_t data_rpcs = 0; // to object servers, locks included
  std::uint64_t metadata_rpcs = 0;
  double read_bytes = 0;    // bulk data to clients; parts of transfers under way do not count
  double written_bytes = 0; // and from them
};

struct StationRow {
  std::string name;
  std::string station_class; // `class` in JSON
  std::string discipline;
  double utilization_pct = 0;
  double queue_mean = 0; // requests waiting and in service
  std::uint64_t requests = 0;
  std::string capacity_text; // `2600 MiB/s`, `8 servers`
};

struct StationClassRow {
  std::string station_class;
  std::uint32_t stations = 0;
  double utilization_mean_pct = 0;
  double utilization_max_pct = 0;
  double queue_mean = 0; // per station
};

struct Bottleneck {
  std::string name;
  std::string station_class;
  double utilization_pct = 0;
  std::string why; // one sentence
};

struct BoundPart {
  std::string name;
  double throughput_mib_per_s = 0;
};

// No run of this design can be faster.
struct ThroughputBound {
  std::string name; // the part that sets it
  double throughput_mib_per_s = 0;
  std::vector<BoundPart> parts; // what each kind of part allows alone
};

struct CostLine {
  std::string component;
  double quantity = 0;
  std::string unit;
  std::optional<double> unit_price_usd; // empty: no price is known; the line is not in the total
  std::optional<double> cost_usd;
  std::string basis; // `baseline`: billed for the time it exists; `usage`: for what the job does
  std::string source, as_of, kind; // of the price
};

struct RunCost {
  double total_usd = 0; // of the lines that have a price
  double usage_usd = 0; // of it for what the job did; the rest is for the time
  std::optional<double> per_epoch_usd;
  std::optional<double> per_sample_usd;
  std::optional<double> idle_gpu_usd;
  double per_hour_usd = 0;
  double per_month_usd = 0; // of running on without a pause
  bool complete = true;     // every line has a price
  std::vector<CostLine> lines;
};

// An assumed or fitted figure that the answer rests on.
struct AssumedRow {
  std::string key, value, kind, source;
};

// A number of the recorded job beside that of its replay.
struct ReplayCheckRow {
  std::string name;
  double value = 0;
  std::string unit;
};

struct RunInput {
  std::string path; // as the user wrote it or relative to the scenario, never absolute
  std::string digest;
};

// Enough to get the same bytes again. No time of day and no absolute path: they would differ.
struct RunProvenance {
  std::string version;
  std::uint64_t seed = 0;
  std::string scenario;
  std::vector<RunInput> inputs;
  std::vector<std::string> simgrid; // settings, `network/model:CM02`
  std::string data_path;            // `stations` or `simgrid`
  std::string command;              // to type for the same run
};

struct RunResult {
  std::uint32_t schema_version = kResultSchemaVersion;
  std::string name;
  std::string description;
  std::string storage_kind; // `lustre`, `object`, `fileserver`, `local`: see storage_words.hpp
  RunMetrics metrics;
  GpuTimeShares stalls;
  std::vector<JobRow> jobs;               // one at least
  std::vector<PhaseRow> phases;           // of all jobs; empty without a load generator
  std::vector<CheckpointRow> checkpoints; // of jobs that have any
  std::optional<HsmReport> hsm;           // empty without an archive
  std::optional<PccReport> pcc;           // empty without it
  std::vector<NetworkRow> networks;
  std::vector<FaultRow> faults; // that happened, in their order
  std::vector<StationRow> stations;
  std::vector<StationClassRow> station_classes;
  std::optional<Bottleneck> bottleneck;
  std::optional<ThroughputBound> bound;
  RunCost cost;
  std::vector<AssumedRow> assumed;
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
  std::vector<ReplayCheckRow> replay_check; // empty unless a trace was replayed
  RunProvenance provenance;
};

// Keys in the order above, two spaces of indent, the shortest digits that read back as the same
// number, a newline at the end: equal results give equal bytes. Bytes that are not UTF-8 become
// U+FFFD. \pre every number is finite
std::string to_json(const RunResult& result);

// Throws std::runtime_error that says what is wrong and where: no JSON, another schema version, a
// key missing, unknown or of the wrong type.
RunResult from_json(std::string_view text);

// Every number of a result by its path in the JSON (`metrics.makespan_s`,
// `stations[3].queue_mean`), in that order; a truth value counts as 0 or 1, a null is left out.
std::vector<std::pair<std::string, double>> list_numbers(const RunResult& result);

} // namespace lustrum
