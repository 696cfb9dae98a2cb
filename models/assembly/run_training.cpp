#include "models/assembly/build_job.hpp"
#include "models/assembly/build_training.hpp"
#include "models/assembly/running_job.hpp"
#include "models/assembly/storage_kind.hpp"
#include "models/training/failure_process.hpp"
#include "models/training/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum {

namespace {

constexpr double kPercent = 100;

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  // Nearest rank.
  const auto n = static_cast<double>(values.size());
  const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(p * n))) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank),
                   values.end());
  return values[rank];
}

void fill_metrics(const training::JobSettings& job, const training::JobOutcome& outcome,
                  double au_threshold, RunMetrics& metrics) {
  double epochs_s = 0;
  for (double s : outcome.epoch_time_s) epochs_s += s;
  double au_sum = 0;
  for (double au : outcome.epoch_au) {
    metrics.au_per_epoch_pct.push_back(kPercent * au);
    au_sum += au;
  }
  metrics.makespan_s = outcome.makespan.count();
  metrics.epoch_time_s = outcome.epoch_time_s;
  if (!outcome.epoch_au.empty()) { // a background job may end before its first epoch does
    metrics.au_mean_pct = kPercent * au_sum / static_cast<double>(outcome.epoch_au.size());
    if (au_threshold > 0) {
      metrics.au_threshold_pct = kPercent * au_threshold;
      metrics.au_pass = *metrics.au_mean_pct >= *metrics.au_threshold_pct;
    }
    metrics.failed_samples = outcome.failed_samples;
    metrics.samples_per_s = static_cast<double>(outcome.samples) / epochs_s;
    metrics.throughput_mib_per_s =
        *metrics.samples_per_s * job.dataset.record.as_double() / static_cast<double>(kMib);
  }
  metrics.ranks = job.ranks;
  if (job.rounds.any()) return;
  metrics.steps_per_epoch = outcome.steps_per_epoch;
  metrics.step_time_p50_s = percentile(outcome.step_time_s, 0.5);
  metrics.step_time_p95_s = percentile(outcome.step_time_s, 0.95);
  metrics.step_time_p99_s = percentile(outcome.step_time_s, 0.99);
}

RooflineInputs roofline_of(const Scenario& scenario, const training::JobSettings& job,
                           const training::JobOutcome& outcome, const Storage& storage) {
  const IoTotals totals = storage.totals(job.job);
  RooflineInputs inputs;
  if (job.rounds.any()) {
    // A bound of reading says nothing about a run that mostly writes, or reads what it wrote.
    if (job.rounds.writes > 0) return inputs;
    inputs.opens = totals.opens;
    inputs.read = totals.read_delivered;
    return inputs;
  }
  // By the compute times that were drawn, not by their mean.
  if (const double compute_s = outcome.gpu_time[Cause::compute] / job.ranks; compute_s > 0)
    inputs.gpu_demand =
        job.dataset.record * (outcome.samples + outcome.failed_samples) / Seconds{compute_s};
  inputs.not_reading = outcome.makespan;
  for (const double epoch_s : outcome.epoch_time_s) inputs.not_reading -= Seconds{epoch_s};
  inputs.client_copy =
      scenario.design->client_copy_rate(scenario) * job.ranks * std::max(1U, job.loader.workers);
  // Python's start lies before the epochs.
  const training::InterpreterSettings& start = job.interpreter;
  Bytes modules{};
  for (const FileIndex file : start.modules) modules += storage.file_size(file);
  if (!start.modules.empty()) modules = modules * start.opens / start.modules.size() * job.ranks;
  inputs.read = totals.read_delivered - std::min(totals.read_delivered, modules);
  inputs.opens = totals.opens - std::min(totals.opens, std::uint64_t{start.opens} * job.ranks);
  Bytes stored{};
  for (const FileIndex file : job.dataset.files) stored += storage.file_size(file);
  const Bytes nominal =
      job.dataset.record * job.dataset.samples_per_file * job.dataset.files.size();
  inputs.nominal = nominal.as_double() / stored.as_double();
  return inputs;
}

// Young's and Daly's intervals rest on the stall that was seen, not on the whole time of writing.
std::optional<CheckpointRow> checkpoint_row(const training::JobSettings& job,
                                            const training::JobOutcome& outcome) {
  const training::CheckpointOutcome& seen = outcome.checkpoints;
  if (!job.checkpoint.enabled && job.failures.mtbf == Seconds{}) return std::nullopt;
  CheckpointRow row;
  row.written = seen.written;
  row.bytes = seen.bytes.count();
  row.stall_s = seen.stall.count();
  row.stall_max_s = seen.longest_stall.count();
  row.write_time_s = seen.write_time.count();
  row.restores = seen.restores;
  row.restore_s = seen.restore.count();
  row.failures = seen.failures;
  row.lost_s = seen.lost.count();
  row.restart_s = seen.restart.count();
  row.goodput_pct = kPercent * seen.goodput;
  if (seen.mean_interval > Seconds{}) row.interval_s = seen.mean_interval.count();
  if (job.failures.mtbf > Seconds{}) {
    row.mtbf_s = job.failures.mtbf.count();
    if (seen.stall > Seconds{} && seen.saves > 0) {
      const Seconds stall = seen.stall / seen.saves;
      row.young_interval_s = training::young_interval(stall, job.failures.mtbf).count();
      row.daly_interval_s = training::daly_interval(stall, job.failures.mtbf).count();
    }
  }
  return row;
}

// They take their time and protect nothing.
void warn_of_failed_checkpoints(const training::JobOutcome& outcome, JobReport& report) {
  const training::CheckpointOutcome& seen = outcome.checkpoints;
  if (seen.failed == 0) return;
  report.warnings.push_back(fmt::format(
      "{} of {} checkpoints could not be written (is the storage full, or away?): they were "
      "removed, and nothing is ever restored from them",
      seen.failed, seen.saves));
}

// What makes an AU a poor witness.
void warn_of_few_steps(const training::JobSettings& job, JobReport& report) {
  if (job.rounds.any()) return;
  const std::uint64_t steps = *report.metrics.steps_per_epoch;
  const std::uint64_t excluded =
      job.au.formula == training::AuFormula::v1_0
          ? 1
          : std::uint64_t{job.au.exclude_start_steps} + job.au.exclude_end_steps;
  if (steps <= excluded) {
    report.metrics.au_mean_pct.reset();
    report.metrics.au_pass.reset();
    report.metrics.au_per_epoch_pct.clear();
    report.warnings.push_back(
        fmt::format("no AU: an epoch has {} steps and {} do not count; use a larger data set",
                    steps, excluded));
    return;
  }
  if (job.loader.pipeline == training::Pipeline::synthetic) return;
  const bool tf_data = job.loader.pipeline == training::Pipeline::tf_data;
  const std::uint64_t prefetched =
      tf_data ? job.loader.prefetch_batches + 1
              : std::uint64_t{job.loader.workers} * job.loader.prefetch_factor;
  constexpr std::uint64_t kEnough = 10; // times what the first, excluded step may have prefetched
  if (steps - excluded < kEnough * prefetched)
    report.warnings.push_back(
        fmt::format("AU rests on {} steps an epoch, while {} batches are prefetched during the "
                    "first one, which "
                    "does not count: it flatters slow storage; use a larger data set",
                    steps - excluded, prefetched));
}

// DLIO has two readers for the same files, and they load a storage differently.
void note_reader(const training::JobSettings& job, JobReport& report) {
  if (job.loader.pipeline == training::Pipeline::synthetic) return;
  if (job.dataset.format.kind == training::Format::npz)
    report.notes.push_back(
        fmt::format("npz files are read as numpy.load does: seeks, and calls of {} bytes",
                    job.dataset.read_call.count()));
  else if (job.dataset.format.kind == training::Format::direct)
    report.notes.emplace_back("files are read past the page cache, each in one O_DIRECT call");
}

// As DLIO's log: the size over the time of the slowest rank, mean of all rounds.
void note_rounds(const training::JobSettings& job, const training::JobOutcome& outcome,
                 JobReport& report) {
  if (!job.rounds.any()) return;
  const training::CheckpointOutcome& seen = outcome.checkpoints;
  const auto rate = [&](Seconds time, std::uint32_t rounds) {
    return seen.bytes.as_double() * rounds / time.count() / static_cast<double>(kGib);
  };
  const double gib = seen.bytes.as_double() / static_cast<double>(kGib);
  if (seen.saves > 0 && seen.stall > Seconds{})
    report.notes.push_back(
        fmt::format("checkpoints of {:.4g} GiB in {} files: {} written at {:.4g} GiB/s, by the "
                    "slowest rank",
                    gib, job.checkpoint.plan.files, seen.saves, rate(seen.stall, seen.saves)));
  if (seen.restores > 0 && seen.restore > Seconds{})
    report.notes.push_back(fmt::format(
        "checkpoints of {:.4g} GiB in {} files: {} read at {:.4g} GiB/s, by the slowest rank{}",
        gib, job.checkpoint.plan.files, seen.restores, rate(seen.restore, seen.restores),
        job.rounds.writes > 0
            ? "; caches are those of the writing (MLPerf Storage drops them: write "
              "none, and what is read lies in no cache)"
            : ""));
}

class TrainingJob : public RunningJob {
public:
  explicit TrainingJob(const JobContext& context)
      : context_(context), settings_(context.job.training ? build_training(context, context.storage)
                                                          : build_job(context, context.storage)),
        trainer_(context.engine, context.storage, settings_) {}

  JobReport report() const override {
    const training::JobOutcome outcome = trainer_.outcome();
    JobReport report;
    fill_metrics(settings_, outcome,
                 context_.job.dlio ? context_.job.dlio->au_threshold
                                   : context_.job.training->au_threshold,
                 report.metrics);
    if (settings_.rounds.any())
      report.metrics.throughput_mib_per_s =
          context_.storage.totals(context_.index).read_delivered.as_double() /
          static_cast<double>(kMib) / outcome.makespan.count();
    report.time = outcome.gpu_time;
    report.ranks = settings_.ranks;
    report.compute = Seconds{outcome.gpu_time[Cause::compute]};
    report.epochs = outcome.epoch_time_s.size();
    report.samples = outcome.samples;
    report.errors = outcome.failed_calls;
    warn_of_failed_checkpoints(outcome, report);
    warn_of_few_steps(settings_, report);
    note_reader(settings_, report);
    note_rounds(settings_, outcome, report);
    if (!settings_.host.cards.empty()) report.gradient_bytes = trainer_.exchanged_bytes();
    report.checkpoints = checkpoint_row(settings_, outcome);
    report.roofline = roofline_of(context_.scenario, settings_, outcome, context_.storage);
    return report;
  }

private:
  JobContext context_;
  training::JobSettings settings_;
  training::Trainer trainer_;
};

} // namespace

std::unique_ptr<RunningJob> start_training(const JobContext& context) {
  return std::make_unique<TrainingJob>(context);
}

} // namespace lustrum
