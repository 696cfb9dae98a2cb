#include "models/assembly/simulate.hpp"

#include "models/assembly/build_filesystem.hpp"
#include "models/assembly/build_job.hpp"
#include "models/assembly/describe_result.hpp"
#include "models/assembly/observe.hpp"
#include "models/assembly/run_replay.hpp"
#include "models/training/trainer.hpp"
#include "sim/kernel/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum {

namespace {

constexpr double kPercent = 100;

// Every run checks the laws that hold for all of them; see sim/README.md.
void check_laws(const kernel::World& world, const lustre::Filesystem& filesystem,
                const TimeAccount& gpu_time, double ranks) {
  std::vector<std::string> problems = world.check_laws();
  for (std::string& problem : filesystem.check_laws()) problems.push_back(std::move(problem));
  const double expected_s = ranks * world.now().count();
  constexpr double kTolerance = 1e-9;
  if (ranks > 0 && std::abs(gpu_time.total() - expected_s) > kTolerance * std::max(1.0, expected_s))
    problems.push_back(fmt::format("GPU time by cause sums to {:.9f} s, not to {:.9f} s",
                                   gpu_time.total(), expected_s));
  if (problems.empty()) return;
  std::string text = "the run broke a law that every run must obey: a bug of Lustrum\n";
  for (const std::string& problem : problems) text += "  " + problem + "\n";
  throw kernel::SimulationError(text);
}

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
  metrics.au_mean_pct = kPercent * au_sum / static_cast<double>(outcome.epoch_au.size());
  if (au_threshold > 0) {
    metrics.au_threshold_pct = kPercent * au_threshold;
    metrics.au_pass = *metrics.au_mean_pct >= *metrics.au_threshold_pct;
  }
  metrics.makespan_s = outcome.makespan.count();
  metrics.epoch_time_s = outcome.epoch_time_s;
  metrics.samples_per_s = static_cast<double>(outcome.samples) / epochs_s;
  metrics.throughput_mib_per_s =
      *metrics.samples_per_s * job.dataset.record.as_double() / static_cast<double>(kMib);
  metrics.steps_per_epoch = outcome.steps_per_epoch;
  metrics.ranks = job.ranks;
  metrics.step_time_p50_s = percentile(outcome.step_time_s, 0.5);
  metrics.step_time_p95_s = percentile(outcome.step_time_s, 0.95);
  metrics.step_time_p99_s = percentile(outcome.step_time_s, 0.99);
}

RooflineInputs roofline_of(const Scenario& scenario, const training::JobSettings& job,
                           const training::JobOutcome& outcome, const Storage& storage) {
  const IoTotals totals = storage.totals();
  RooflineInputs inputs;
  // By the compute times that were drawn, not by their mean.
  if (const double compute_s = outcome.gpu_time[Cause::compute] / job.ranks; compute_s > 0)
    inputs.gpu_demand = job.dataset.record * outcome.samples / Seconds{compute_s};
  inputs.not_reading = outcome.makespan;
  for (const double epoch_s : outcome.epoch_time_s) inputs.not_reading -= Seconds{epoch_s};
  inputs.client_copy =
      scenario.lustre.client_copy_bandwidth * job.ranks * std::max(1U, job.loader.workers);
  inputs.read = totals.read_delivered;
  inputs.opens = totals.opens;
  Bytes stored{};
  for (const FileIndex file : job.dataset.files) stored += storage.file_size(file);
  const Bytes nominal =
      job.dataset.record * job.dataset.samples_per_file * job.dataset.files.size();
  inputs.nominal = nominal.as_double() / stored.as_double();
  return inputs;
}

// What makes an AU a poor witness.
void warn_of_few_steps(const training::JobSettings& job, RunResult& result) {
  const std::uint64_t steps = *result.metrics.steps_per_epoch;
  const std::uint64_t excluded =
      job.au.formula == training::AuFormula::v1_0
          ? 1
          : std::uint64_t{job.au.exclude_start_steps} + job.au.exclude_end_steps;
  if (steps <= excluded) {
    result.metrics.au_mean_pct.reset();
    result.metrics.au_pass.reset();
    result.metrics.au_per_epoch_pct.clear();
    result.warnings.push_back(
        fmt::format("no AU: an epoch has {} steps and {} do not count; use a larger data set",
                    steps, excluded));
    return;
  }
  const bool tf_data = job.loader.pipeline == training::Pipeline::tf_data;
  const std::uint64_t prefetched =
      tf_data ? job.loader.prefetch_batches + 1
              : std::uint64_t{job.loader.workers} * job.loader.prefetch_factor;
  constexpr std::uint64_t kEnough = 10; // times what the first, excluded step may have prefetched
  if (steps - excluded < kEnough * prefetched)
    result.warnings.push_back(
        fmt::format("AU rests on {} steps an epoch, while {} batches are prefetched during the "
                    "first one, which "
                    "does not count: it flatters slow storage; use a larger data set",
                    steps - excluded, prefetched));
}

RunResult run_training(const Scenario& scenario, kernel::Engine& engine,
                       lustre::Filesystem& filesystem) {
  const training::JobSettings job = build_job(scenario, filesystem);
  training::Trainer trainer(engine, filesystem, job);
  engine.run();

  const training::JobOutcome outcome = trainer.outcome();
  check_laws(engine.world(), filesystem, outcome.gpu_time, job.ranks);
  RunResult result;
  fill_metrics(job, outcome, scenario.dlio->au_threshold, result.metrics);
  result.stalls = shares_of(outcome.gpu_time);
  result.metrics.gpu_utilization_pct = result.stalls[Cause::compute];
  warn_of_few_steps(job, result);
  observe_bound(filesystem, roofline_of(scenario, job, outcome, filesystem), result);
  fill_cost(scenario, outcome.epoch_time_s.size(), outcome.samples, result);
  return result;
}

} // namespace

RunResult simulate(const Scenario& scenario, const std::string& command) {
  kernel::Engine::Options options;
  if (scenario.run.data_path == "simgrid") options.data_path = kernel::DataPath::simgrid;
  if (scenario.run.event_limit > 0) options.event_limit = scenario.run.event_limit;
  kernel::Engine engine(options);
  lustre::Filesystem filesystem(engine.world(), build_filesystem(scenario));
  RunResult result;
  if (scenario.dlio) {
    result = run_training(scenario, engine, filesystem);
  } else {
    ReplayRun run = run_replay(scenario, engine, filesystem);
    check_laws(engine.world(), filesystem, run.gpu_time, run.ranks);
    result = std::move(run.result);
  }
  const IoTotals totals = filesystem.totals();
  result.metrics.read_bytes = totals.read_delivered.count();
  result.metrics.files_opened = totals.opens;
  observe_stations(engine.world(), result);
  observe_bottleneck(result);
  describe_result(scenario, command, result);
  return result;
}

kernel::ChildOutcome simulate_in_child(const Scenario& scenario, const std::string& command) {
  return kernel::run_in_child([&] { return to_json(simulate(scenario, command)); });
}

} // namespace lustrum
