// Keys of a job and of its workload; those of the kinds of workload are with these kinds.
#include "models/assembly/scenario.hpp"

namespace lustrum {

namespace {

constexpr double kMostSeconds = 1e6; // of a step; more would swallow all other times
constexpr std::string_view kStepSource =
    "fitted: the least that a step lost outside loading and computing in published MLPerf Storage "
    "v1.0 rows; a site may lose 20 ms and more";

ParameterTable job_rows() {
  using W = WorkloadSettings;
  return {
      {.key = "dlio",
       .field = field<&W::dlio>,
       .default_text = "",
       .doc =
           "DLIO workload file, relative to this one. Either this, `training`, `trace`, `ior` or "
           "`mdtest`."},
      {.key = "trace",
       .field = field<&W::trace>,
       .default_text = "[]",
       .doc = "Trace files, or folders of them, relative to this file; one or a list."},
      {.key = "ranks",
       .field = field<&W::ranks>,
       .default_text = "0",
       .max = 1e6,
       .doc = "GPUs used; 0: all of the cluster."},
      {.key = "au_formula",
       .field = field<&W::au_formula>,
       .default_text = "v2.0",
       .choices = {"v1.0", "v2.0"},
       .doc = "Round of MLPerf Storage whose formula gives the accelerator utilization (AU)."},
      {.key = "step_overhead.fixed",
       .field = field<&W::step_overhead, &StepOverhead::fixed>,
       .default_text = "1 ms",
       .min = 0,
       .max = kMostSeconds,
       .doc = "Time of a step outside loading and computing (log line, barrier).",
       .source = kStepSource},
      {.key = "step_overhead.per_rank",
       .field = field<&W::step_overhead, &StepOverhead::per_rank>,
       .default_text = "5 us",
       .min = 0,
       .max = kMostSeconds,
       .doc = "The same, for each rank that takes part in the barrier.",
       .source = kStepSource},
      {.key = "step_overhead.stdev",
       .field = field<&W::step_overhead, &StepOverhead::stdev>,
       .default_text = "0.3 ms",
       .min = 0,
       .max = kMostSeconds,
       .doc = "How much it varies from step to step and rank to rank (standard deviation).",
       .source = kStepSource},
      {.key = "worker_startup",
       .field = field<&W::worker_startup>,
       .default_text = "190 ms",
       .min = 0,
       .max = kMostSeconds,
       .doc = "Start of one PyTorch loader worker; a rank starts its workers one after the other "
              "at each epoch.",
       .source = "fitted: 12 to 24 s before the first step of an epoch with 64 to 128 workers"},
  };
}

// NOLINTNEXTLINE(readability-function-size): a table, row after row
ParameterTable replay_rows() {
  using W = WorkloadSettings;
  return {
      {.key = "replay.mode",
       .field = field<&W::replay, &ReplaySettings::mode>,
       .default_text = "ops",
       .choices = {"ops", "timed", "pipeline"},
       .doc = "`ops`: each thread's calls in order, with its pauses, and waits end when what they "
              "waited for has been replayed. `timed`: each call at its recorded time, or when its "
              "thread is free. `pipeline`: data set, batches, workers and compute times are "
              "inferred, and the model of a data loader runs with them."},
      {.key = "replay.think_time",
       .field = field<&W::replay, &ReplaySettings::think_time>,
       .default_text = "keep",
       .choices = {"keep", "drop"},
       .doc = "The time between two calls of the trace: kept, or dropped to replay as fast as the "
              "storage allows."},
      {.key = "replay.time_scale",
       .field = field<&W::replay, &ReplaySettings::time_scale>,
       .default_text = "1",
       .min = 0,
       .max = 1e6,
       .doc = "Factor of the think time that is kept."},
      {.key = "replay.path_prefix",
       .field = field<&W::replay, &ReplaySettings::path_prefix>,
       .default_text = "",
       .doc = "Only calls on files below this path are replayed; empty: all."},
      {.key = "replay.path_map",
       .field = field<&W::replay, &ReplaySettings::path_map>,
       .default_text = "[]",
       .doc = "List of FROM=TO: files below FROM lie below TO on the simulated storage, the "
              "longest FROM first; others are not replayed. Paths that become the same are one "
              "file. Empty: paths stay."},
      {.key = "replay.scale.ranks",
       .field = field<&W::replay, &ReplaySettings::scale_ranks>,
       .default_text = "0",
       .max = 1e6,
       .doc = "Ranks to replay; 0: as recorded. Of R recorded ranks, rank r is copy r / R of rank "
              "r mod R, with its threads and times. A file that one recorded rank alone used is "
              "its own, and each copy has another one; other files are shared by all copies."},
      {.key = "replay.scale.files",
       .field = field<&W::replay, &ReplaySettings::scale_files>,
       .default_text = "1x",
       .doc =
           "So many files for each recorded one, of its size: `10x`, or `10`. The n-th time (from "
           "0) that copy c of a thread opens it, number (c + n) mod `files` is taken."},
      {.key = "replay.ranks",
       .field = field<&W::replay, &ReplaySettings::ranks>,
       .default_text = "0",
       .max = 1e6,
       .doc = "Only the first so many ranks of the trace are replayed; 0: all."},
      {.key = "replay.cached_reads",
       .field = field<&W::replay, &ReplaySettings::cached_reads>,
       .default_text = "detect",
       .choices = {"detect", "replay"},
       .doc =
           "`detect`: reads of files that were in the page cache (their seconds per byte are the "
           "lower of two groups), and single reads faster than size / cache_rate + cache_latency, "
           "keep their recorded time; `replay`: every read goes to the storage."},
      {.key = "replay.cache_rate",
       .field = field<&W::replay, &ReplaySettings::cache_rate>,
       .default_text = "1200 MiB/s",
       .min = 1,
       .doc = "See replay.cached_reads.",
       .source =
           "assumed: below the 1,900 to 2,170 MiB/s at which one process copies out of the page "
           "cache, above what one stream draws from a server"},
      {.key = "replay.cache_latency",
       .field = field<&W::replay, &ReplaySettings::cache_latency>,
       .default_text = "150 us",
       .min = 0,
       .doc = "See replay.cached_reads.",
       .source = "assumed: less than one round trip over TCP takes"},
  };
}

} // namespace

const ParameterTable& WorkloadSettings::parameters() {
  static const ParameterTable table = joined_tables({job_rows(), replay_rows()});
  return table;
}

const ParameterTable& ScenarioJob::parameters() {
  static const ParameterTable table{
      {.key = "name",
       .field = field<&ScenarioJob::name>,
       .default_text = kRequired,
       .doc = "Name in results; each job has another."},
      {.key = "nodes",
       .field = field<&ScenarioJob::nodes>,
       .default_text = kRequired,
       .min = 1,
       .max = 1e5,
       .doc = "Nodes of the cluster that the job has to itself."},
      {.key = "start",
       .field = field<&ScenarioJob::start>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Simulated time at which it starts."},
      {.key = "background",
       .field = field<&ScenarioJob::background>,
       .default_text = "false",
       .doc = "It begins anew until all other jobs have ended: a noisy neighbour."},
  };
  return table;
}

} // namespace lustrum
