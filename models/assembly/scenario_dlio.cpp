#include "models/assembly/scenario_dlio.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {

namespace {

using enum DiagnosticCode;

// Samples are numbered with 32 bits, and every rank holds an order of all of them.
constexpr double kMostSamples = 1e9;

// A run needs one step at least.
void check_data_set(const SourceSpan& where, const ScenarioJob& job, Diagnostics& diagnostics) {
  const DlioWorkload& dlio = *job.dlio;
  const std::uint32_t ranks = job.workload.ranks;
  if (!(dlio.samples_per_epoch() < kMostSamples))
    diagnostics.add(
        impossible, where,
        fmt::format("the data set is too large: {:.0f} samples", dlio.samples_per_epoch()),
        fmt::format("fewer than {:.0f} can be simulated", kMostSamples));
  if (dlio.steps_per_epoch(ranks) > 0) return;
  const std::uint64_t samples = std::uint64_t{dlio.batch_size} * ranks;
  diagnostics.add(
      impossible, where,
      fmt::format("the data set is too small: {} samples do not fill one batch of {} on each of "
                  "{} ranks",
                  dlio.samples_per_epoch(), dlio.batch_size, ranks),
      fmt::format("set: {{dataset.num_files_train: {}}} gives one step; more is better",
                  (samples + dlio.num_samples_per_file - 1) / dlio.num_samples_per_file));
}

void check_evaluation(const SourceSpan& where, const ScenarioJob& job, Diagnostics& diagnostics) {
  const DlioWorkload& dlio = *job.dlio;
  if (!dlio.evaluation) return;
  const double samples =
      static_cast<double>(dlio.num_files_eval) * static_cast<double>(dlio.num_samples_per_file);
  const double needed = static_cast<double>(dlio.batch_size_eval) * job.workload.ranks;
  if (samples < needed || samples >= kMostSamples)
    diagnostics.add(
        impossible, where,
        fmt::format("workflow.evaluation: {:.0f} samples in dataset.num_files_eval, one "
                    "step takes {:.0f}",
                    samples, needed),
        fmt::format("more files, up to {:.0f} samples; or workflow.evaluation: false",
                    kMostSamples));
}

// Ranks that share one model must be as many as share it, or a subset of them.
void check_parallelism(const SourceSpan& where, const ScenarioJob& job, Diagnostics& diagnostics) {
  const DlioWorkload& dlio = *job.dlio;
  const std::uint32_t ranks = job.workload.ranks;
  const training::Parallelism parallel = dlio.parallelism(ranks);
  if (!dlio.checkpoint) return;
  if (ranks > parallel.ranks())
    diagnostics.add(impossible, where,
                    fmt::format("{} ranks cannot hold copies of the model that take {} each", ranks,
                                parallel.model_ranks()),
                    "model.parallelism: tensor x pipeline must divide the number of ranks");
  else if (ranks < parallel.model_ranks() && !(dlio.model.data > 0))
    diagnostics.add(impossible, where,
                    fmt::format("the model takes {} ranks (tensor x pipeline), the job has {}",
                                parallel.model_ranks(), ranks),
                    "model.parallelism.data says how many copies there are; then these ranks "
                    "write their part");
  else if (dlio.model.zero_stage >= 3 && dlio.model.pipeline > 1)
    diagnostics.add(impossible, where,
                    "DLIO has no pipelines with ZeRO 3 (model.parallelism.zero_stage)",
                    "pipeline: 1, or zero_stage: 1");
}

void check_rounds(const SourceSpan& where, const DlioWorkload& dlio, Diagnostics& diagnostics) {
  const double writes = std::max(0.0, dlio.num_checkpoints_write);
  const double reads = std::max(0.0, dlio.num_checkpoints_read);
  if (writes == 0 && reads == 0)
    diagnostics.add(impossible, where,
                    "a workload that does not train and writes or reads no checkpoint does nothing",
                    "checkpoint.num_checkpoints_write, .num_checkpoints_read");
  if (writes > 0 && reads > writes)
    diagnostics.add(
        impossible, where,
        fmt::format("{:.0f} checkpoints to read, and {:.0f} are written", reads, writes),
        "checkpoint.num_checkpoints_read: at most num_checkpoints_write; or write none, then those "
        "to read are there before the run");
}

} // namespace

double bytes_of_dlio(const ScenarioJob& job) {
  const DlioWorkload& dlio = *job.dlio;
  if (dlio.checkpoint_only()) {
    const std::uint32_t ranks = std::max(1U, job.workload.ranks);
    if (dlio.num_checkpoints_write > 0 || !(dlio.num_checkpoints_read > 0) ||
        ranks > dlio.parallelism(ranks).ranks())
      return 0;
    return dlio.checkpoint_plan(ranks).written().as_double() * dlio.num_checkpoints_read;
  }
  const std::uint64_t files = dlio.num_files_train + (dlio.evaluation ? dlio.num_files_eval : 0);
  return static_cast<double>(files) * static_cast<double>(dlio.num_samples_per_file) *
         dlio.record_length_bytes;
}

void check_dlio(const SourceSpan& where, const ScenarioJob& job, Diagnostics& diagnostics) {
  if (job.workload.ranks == 0) return;
  check_parallelism(where, job, diagnostics);
  if (job.dlio->checkpoint_only()) return check_rounds(where, *job.dlio, diagnostics);
  check_data_set(where, job, diagnostics);
  check_evaluation(where, job, diagnostics);
}

} // namespace lustrum
