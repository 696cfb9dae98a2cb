#include "sim/result/metric_registry.hpp"

#include "sim/base/cause.hpp"
#include "sim/result/storage_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace lustrum {
namespace {

using enum Better;

std::vector<Metric> job_metrics() {
  return {
      {"schema_version", "number", "version of the set of keys of this document", neither},
      {"metrics.au_mean_pct", "%",
       "accelerator utilization as DLIO and MLPerf Storage compute it: mean over epochs of "
       "au_per_epoch_pct; null for a replayed trace",
       higher},
      {"metrics.gpu_utilization_pct", "%",
       "GPU seconds spent computing / (ranks x makespan), over all jobs that use GPUs: unlike the "
       "AU it counts everything from start to end; null without such a job",
       higher},
      {"metrics.makespan_s", "s",
       "simulated time until the last job that is not in the background has ended", lower},
      {"metrics.epoch_time_s[]", "s",
       "time from an epoch's start to its end, its checkpoints not included", lower},
      {"metrics.samples_per_s", "samples/s",
       "samples trained on by all ranks, without those that could not be read / sum of the epoch "
       "times",
       higher},
      {"metrics.throughput_mib_per_s", "MiB/s",
       "samples_per_s x nominal bytes of a sample / 1048576, as DLIO and MLPerf Storage report it; "
       "for a replayed trace, a load generator or several jobs bytes read / 1048576 / makespan",
       higher},
      {"metrics.au_per_epoch_pct[]", "%",
       "mean over ranks of: computation time of the steps that count / (time of the epoch - `proc` "
       "of "
       "those that do not); by default only the first step does not count",
       higher},
      {"metrics.au_threshold_pct", "%", "least au_mean_pct at which the workload's rule is met",
       neither},
      {"metrics.au_pass", "true or false", "au_mean_pct >= au_threshold_pct", higher},
      {"metrics.steps_per_epoch", "steps", "batches that each rank trains on in one epoch",
       neither},
      {"metrics.ranks", "ranks",
       "processes of the jobs that use GPUs, one per GPU; without such a job all processes",
       neither},
      {"metrics.step_time_p50_s", "s",
       "median over the steps of rank 0 of the time from one step's start to the next; the barrier "
       "keeps the others in step",
       lower},
      {"metrics.step_time_p95_s", "s", "95th percentile of the same", lower},
      {"metrics.step_time_p99_s", "s", "99th percentile of the same", lower},
      {"metrics.read_bytes", "B", "bytes delivered to the jobs by their reads", neither},
      {"metrics.write_bytes", "B", "bytes accepted from the jobs by their writes", neither},
      {"metrics.files_opened", "files", "successful opens, each counted", neither},
      {"metrics.errors", "calls", "calls of the jobs that the storage failed", lower},
      {"metrics.failed_samples", "samples",
       "samples of whole epochs that could not be read: not in samples_per_s", lower},
      {"metrics.rpcs", "RPCs",
       "requests sent by all clients to the storage; of Lustre RPCs to metadata and object storage "
       "servers",
       neither},
      {"metrics.fetched_bytes", "B",
       "bytes that clients fetched from servers for reads, read-ahead included; less than "
       "read_bytes where a client's page cache had the data",
       lower},
      {"metrics.metadata_rpcs", "RPCs",
       "of metrics.rpcs, those without data: of Lustre to metadata servers", lower},
  };
}

// `whose`: of a run or of one job.
std::vector<Metric> stall_metrics(std::string_view start, std::string_view whose) {
  std::vector<Metric> metrics;
  for (const CauseRow& row : kCauseTable) {
    const bool computing = row.cause == Cause::compute;
    metrics.push_back(
        {fmt::format("{}.{}_pct", start, row.key), "%",
         fmt::format("share of {} (ranks x makespan) spent on: {}{}", whose, cause_texts(row.cause),
                     computing ? "; equals gpu_utilization_pct" : ""),
         computing ? higher : lower});
  }
  return metrics;
}

std::vector<Metric> one_job_metrics() {
  return {
      {"jobs[].background", "true or false", "the job repeats until the others have ended",
       neither},
      {"jobs[].clients", "clients", "machines that the job has to itself", neither},
      {"jobs[].ranks", "ranks", "processes of the job; of training jobs one per GPU", neither},
      {"jobs[].start_s", "s", "simulated time at which the job starts", neither},
      {"jobs[].makespan_s", "s", "simulated time from the job's start to its end", lower},
      {"jobs[].au_mean_pct", "%", "metrics.au_mean_pct of this job; null unless it trains", higher},
      {"jobs[].gpu_utilization_pct", "%",
       "GPU seconds that the job spent computing / (ranks x makespan); null for a load generator",
       higher},
      {"jobs[].samples_per_s", "samples/s",
       "samples trained on by all ranks / sum of the epoch times; null unless it trains", higher},
      {"jobs[].throughput_mib_per_s", "MiB/s",
       "of a DLIO job samples_per_s x nominal bytes of a sample / 1048576, else (bytes read + "
       "bytes "
       "written) / 1048576 / makespan",
       higher},
      {"jobs[].read_bytes", "B", "bytes delivered to the job by its reads", neither},
      {"jobs[].write_bytes", "B", "bytes accepted from the job by its writes", neither},
      {"jobs[].errors", "calls", "calls of the job that the storage failed", lower},
      {"jobs[].failed_samples", "samples", "samples that could not be read", lower},
  };
}

std::vector<Metric> phase_metrics() {
  return {
      {"phases[].repetitions", "repetitions",
       "times that the phase came to its end; 0: cut short in the first", neither},
      {"phases[].operations", "operations",
       "transfers of IOR, items of mdtest, of all ranks and repetitions", neither},
      {"phases[].bytes", "B", "bytes moved by them", neither},
      {"phases[].errors", "calls", "calls that failed in the phase", lower},
      {"phases[].time_s", "s",
       "sum over repetitions of: first rank's begin (IOR: first open) to last rank's end (last "
       "close)",
       lower},
      {"phases[].rate", "see `unit`",
       "bytes / 1048576 / time_s of IOR, operations / time_s of mdtest", higher},
      {"phases[].rate_min", "see `unit`", "the lowest rate of a repetition", higher},
      {"phases[].rate_max", "see `unit`", "the highest rate of a repetition", higher},
  };
}

std::vector<Metric> checkpoint_metrics() {
  return {
      {"checkpoints[].written", "checkpoints", "checkpoints that every rank has written", neither},
      {"checkpoints[].bytes", "B", "bytes of one checkpoint, all ranks together", neither},
      {"checkpoints[].stall_s", "s",
       "sum over checkpoints of the time in which training stood still for them", lower},
      {"checkpoints[].stall_max_s", "s", "the longest of them", lower},
      {"checkpoints[].write_time_s", "s",
       "mean time from the begin of a checkpoint until the last rank's part is on the storage",
       lower},
      {"checkpoints[].restores", "checkpoints", "checkpoints read back", neither},
      {"checkpoints[].restore_s", "s", "sum of the times that reading them back took", lower},
      {"checkpoints[].failures", "failures", "failures of the job", lower},
      {"checkpoints[].lost_s", "s",
       "sum over failures of the time since training went on from the checkpoint that it returns "
       "to",
       lower},
      {"checkpoints[].restart_s", "s",
       "sum over failures of the time until the ranks run again, without reading the checkpoint",
       lower},
      {"checkpoints[].goodput_pct", "%",
       "time of the steps that counted (each once, as done last) / makespan", higher},
      {"checkpoints[].interval_s", "s",
       "mean time from the end of one checkpoint's stall to the begin of the next", neither},
      {"checkpoints[].mtbf_s", "s", "failures.mtbf of the scenario; null without failures",
       neither},
      {"checkpoints[].young_interval_s", "s",
       "Young's best interval: sqrt(2 x mean stall x MTBF); compare interval_s", neither},
      {"checkpoints[].daly_interval_s", "s",
       "Daly's best interval, of higher order in stall / MTBF; compare interval_s", neither},
  };
}

std::vector<Metric> hsm_metrics() {
  return {
      {"hsm.states[].files", "files",
       "files that `lfs hsm_state` shows with these words at the end of the run", neither},
      {"hsm.states[].bytes", "B", "their sizes", neither},
      {"hsm.resident_files", "files", "files whose data is in the file system at the end", neither},
      {"hsm.resident_bytes", "B", "their sizes", neither},
      {"hsm.released_files", "files",
       "files whose data is in the archive only: `released` in `lfs hsm_state`", neither},
      {"hsm.released_bytes", "B", "their sizes", neither},
      {"hsm.preload_s", "s",
       "simulated time from the first restore request of the preload to its last restore; not part "
       "of the makespan; null without a preload",
       lower},
      {"hsm.restores", "files", "restores that succeeded, a preload's included", neither},
      {"hsm.restored_bytes", "B", "sizes of the files restored", neither},
      {"hsm.archives", "files", "archive actions that succeeded", neither},
      {"hsm.archived_bytes", "B", "sizes of the files archived", neither},
      {"hsm.releases", "files", "releases, each counted", neither},
      {"hsm.joined", "requests", "requests for an action that was under way already", neither},
      {"hsm.failed", "actions", "actions that failed or were cancelled", lower},
      {"hsm.no_space", "actions", "restores that found no room on the OSTs", lower},
      {"hsm.waits", "calls", "reads and writes that waited for a restore", lower},
      {"hsm.archive_gets", "requests", "GETs to the archive, ranges counted, without a preload's",
       lower},
      {"hsm.archive_puts", "requests",
       "PUTs to the archive; an upload in parts takes one for each and two more", lower},
      {"hsm.archive_deletes", "requests", "DELETEs to the archive", neither},
      {"hsm.archive_bytes", "B", "what the archive holds at the end", neither},
      {"hsm.repository.exports", "files",
       "changed files that were brought to the bucket by automatic export", neither},
      {"hsm.repository.export_lag_mean_s", "s", "from a file's close until the bucket has it, mean",
       lower},
      {"hsm.repository.export_lag_max_s", "s", "the longest of these", lower},
      {"hsm.repository.exports_failed", "files", "exports that were given up", lower},
      {"hsm.repository.exports_left", "files",
       "files changed and closed that the bucket did not have at the end", lower},
      {"hsm.repository.imports", "changes", "changes of the bucket that the file system has seen",
       neither},
      {"hsm.repository.import_lag_mean_s", "s",
       "from a change of the bucket until the file system has it, mean", lower},
      {"hsm.repository.import_lag_max_s", "s", "the longest of these", lower},
      {"hsm.repository.imports_left", "changes", "changes not seen at the end", lower},
      {"hsm.repository.conflicts", "files",
       "changes of the bucket to files that had been changed here too, which stay", lower},
      {"hsm.repository.stale_opens", "calls",
       "opens of files that had changed in the bucket already", lower},
      {"pcc.pcc_attach", "files", "files copied to a client's own disk, each copy counted",
       neither},
      {"pcc.pcc_detach", "files", "copies given up: no room, or the file was written to", neither},
      {"pcc.pcc_attach_bytes", "B", "sizes of the files copied", neither},
      {"pcc.pcc_hit_bytes", "B", "bytes read from such copies", higher},
  };
}

std::vector<Metric> fault_metrics() {
  return {
      {"faults[].at_s", "s", "simulated time of the failure", neither},
      {"faults[].detected_s", "s",
       "of a target, when its takeover was done and recovery began; of a silent client, when it "
       "was evicted last; null if nobody noticed",
       lower},
      {"faults[].recovered_s", "s", "when all was as before; null if it never was", lower},
      {"faults[].clients_evicted", "clients",
       "clients evicted between the failure and the recovery or the end of the run, whatever for",
       lower},
      {"faults[].lost_bytes", "B",
       "accepted by write() and never synced, lost in that time with evicted or dead clients; of "
       "scratch_loss, also what the OST held",
       lower},
      {"faults[].failed_calls", "calls", "calls that failed in that time", lower},
  };
}

std::vector<Metric> station_metrics() {
  return {
      {"networks[].data_rpcs", "RPCs",
       "requests for data over this network: of Lustre to object servers, locks included (LNet "
       "counts a message for each, one for its reply and one for each MiB of data begun); GET and "
       "PUT; READ and WRITE of NFS",
       neither},
      {"networks[].metadata_rpcs", "RPCs",
       "all other requests over it: of Lustre to metadata servers", neither},
      {"networks[].read_bytes", "B", "data from servers to clients over it", neither},
      {"networks[].written_bytes", "B", "data from clients to servers over it", neither},
      {"stations[].utilization_pct", "%",
       "time average of the part of the capacity in use; for token buckets, of the rate", neither},
      {"stations[].queue_mean", "requests",
       "time average of the requests present, waiting and in service", lower},
      {"stations[].requests", "requests", "requests that arrived during the run", neither},
      {"station_classes[].stations", "stations", "stations of this class", neither},
      {"station_classes[].utilization_mean_pct", "%", "mean of utilization_pct over the class",
       neither},
      {"station_classes[].utilization_max_pct", "%", "largest utilization_pct of the class",
       neither},
      {"station_classes[].queue_mean", "requests", "mean of queue_mean over the class", lower},
      {"bottleneck.utilization_pct", "%", "utilization_pct of the station named", neither},
      {"bound.throughput_mib_per_s", "MiB/s",
       "most that the design can deliver: the least of the parts; no run exceeds it", higher},
      {"bound.parts[].throughput_mib_per_s", "MiB/s", "most that this kind of part allows alone",
       higher},
  };
}

std::vector<Metric> cost_metrics() {
  return {
      {"cost.total_usd", "USD",
       "money for the time of the run: sum of lines[].cost_usd, in their order", lower},
      {"cost.usage_usd", "USD",
       "part of total_usd for what the job did (requests, data): lines of basis `usage`", lower},
      {"cost.per_epoch_usd", "USD", "total_usd / epochs; null without epochs", lower},
      {"cost.per_sample_usd", "USD", "total_usd / samples trained on; null without samples", lower},
      {"cost.idle_gpu_usd", "USD",
       "cost of the GPU instances x (1 - gpu_utilization_pct / 100): part of total_usd that bought "
       "waiting",
       lower},
      {"cost.per_hour_usd", "USD/h",
       "what one hour of the same design costs, with its share of usage_usd", lower},
      {"cost.per_month_usd", "USD",
       "per_hour_usd x hours of a month: the run over and over without a pause", lower},
      {"cost.complete", "true or false", "every line has a price; else the total leaves some out",
       neither},
      {"cost.lines[].quantity", "see `unit`", "amount billed, in the line's unit", lower},
      {"cost.lines[].unit_price_usd", "USD per `unit`",
       "price of one unit, from the line's source; null when none is known", lower},
      {"cost.lines[].cost_usd", "USD", "quantity x unit_price_usd, not rounded", lower},
  };
}

std::vector<Metric> other_metrics() {
  return {
      {"replay_check[].value", "see `unit`",
       "a number of the recorded job or of its replay, named by the row", neither},
      {"provenance.seed", "number", "seed from which every random draw of the run is derived",
       neither},
  };
}

std::vector<Metric> all_metrics() {
  std::vector<Metric> all;
  for (const auto& part :
       {job_metrics(),
        stall_metrics("stalls", "all GPU time, or without GPUs of all processes' time"),
        one_job_metrics(), stall_metrics("jobs[].stalls", "the job's GPU time or processes' time"),
        phase_metrics(), checkpoint_metrics(), hsm_metrics(), fault_metrics(), station_metrics(),
        cost_metrics(), other_metrics()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

} // namespace

std::string_view to_string(Better better) {
  switch (better) {
  case higher:
    return "higher";
  case lower:
    return "lower";
  case neither:
    break;
  }
  return "-";
}

std::span<const Metric> metric_registry() {
  static const std::vector<Metric> metrics = all_metrics();
  return metrics;
}

std::string metric_key(std::string_view path) {
  std::string key;
  bool inside = false;
  for (const char c : path) {
    if (c == ']') inside = false;
    if (!inside) key += c;
    if (c == '[') inside = true;
  }
  return key;
}

const Metric* find_metric(std::string_view path) {
  const std::string key = metric_key(path);
  const auto metrics = metric_registry();
  const auto found = std::find_if(metrics.begin(), metrics.end(),
                                  [&](const Metric& metric) { return metric.key == key; });
  return found == metrics.end() ? nullptr : &*found;
}

} // namespace lustrum
