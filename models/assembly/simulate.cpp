#include "models/assembly/simulate.hpp"

#include "models/assembly/describe_result.hpp"
#include "models/assembly/observe.hpp"
#include "models/assembly/packed_run.hpp"
#include "models/assembly/running_job.hpp"
#include "models/assembly/storage_kind.hpp"
#include "sim/kernel/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum {

std::unique_ptr<RunningJob> start_job(const JobContext& context) {
  if (context.job.trains()) return start_training(context);
  if (context.job.ior || context.job.mdtest) return start_load(context);
  return start_replay(context);
}

namespace {

double mib_per_s(Bytes bytes, double time_s) {
  return time_s > 0 ? bytes.as_double() / static_cast<double>(kMib) / time_s : 0;
}

// Every run checks the laws that hold for all of them; see sim/README.md.
void check_laws(const kernel::World& world, const StorageSystem& system,
                const std::vector<JobReport>& jobs) {
  std::vector<std::string> problems = world.check_laws();
  for (std::string& problem : system.check_laws()) problems.push_back(std::move(problem));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const double expected_s = jobs[i].ranks * jobs[i].metrics.makespan_s;
    constexpr double kTolerance = 1e-9;
    if (std::abs(jobs[i].time.total() - expected_s) > kTolerance * std::max(1.0, expected_s) &&
        jobs[i].ranks > 0)
      problems.push_back(fmt::format("job {}: time by cause sums to {:.9f} s, not to {:.9f} s", i,
                                     jobs[i].time.total(), expected_s));
  }
  if (problems.empty()) return;
  std::string text = "the run broke a law that every run must obey: a bug of Lustrum\n";
  for (const std::string& problem : problems) text += "  " + problem + "\n";
  throw kernel::SimulationError(text);
}

// Without a job that uses GPUs the time of all processes takes their place.
bool any_gpus(const std::vector<JobReport>& reports) {
  return std::any_of(reports.begin(), reports.end(),
                     [](const JobReport& report) { return report.uses_gpus; });
}

// The job whose epochs, AU and samples are the run's: the only one that trains and has an end.
const JobReport* main_training(const Scenario& scenario, const std::vector<JobReport>& reports) {
  const JobReport* found = nullptr;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (!scenario.jobs[i].trains() || scenario.jobs[i].background) continue;
    if (found) return nullptr;
    found = &reports[i];
  }
  return found;
}

JobRow row_of(const ScenarioJob& job, const JobReport& report, const IoTotals& totals) {
  JobRow row{.name = job.name, .kind = std::string(job.kind()), .background = job.background};
  row.clients = job.nodes;
  row.ranks = report.metrics.ranks;
  row.start_s = job.start.count();
  row.makespan_s = report.metrics.makespan_s;
  row.au_mean_pct = report.metrics.au_mean_pct;
  row.samples_per_s = report.metrics.samples_per_s;
  row.throughput_mib_per_s =
      job.trains() ? report.metrics.throughput_mib_per_s
                   : mib_per_s(totals.read_delivered + totals.write_accepted, row.makespan_s);
  row.read_bytes = totals.read_delivered.count();
  row.write_bytes = totals.write_accepted.count();
  row.errors = report.errors;
  row.failed_samples = report.metrics.failed_samples;
  if (report.time.total() > 0) row.stalls = shares_of(report.time);
  if (report.uses_gpus) row.gpu_utilization_pct = row.stalls[Cause::compute];
  return row;
}

void fill_jobs(const Scenario& scenario, const std::vector<JobReport>& reports,
               const Storage& storage, RunResult& result) {
  const bool several = reports.size() > 1;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const ScenarioJob& job = scenario.jobs[i];
    const JobIndex index{static_cast<std::uint32_t>(i)};
    result.jobs.push_back(row_of(job, reports[i], storage.totals(index)));
    for (PhaseRow row : reports[i].phases) {
      row.job = job.name;
      result.phases.push_back(std::move(row));
    }
    if (std::optional<CheckpointRow> row = reports[i].checkpoints) {
      row->job = job.name;
      result.checkpoints.push_back(std::move(*row));
    }
    const std::string start = several ? job.name + ": " : std::string{};
    for (const std::string& text : reports[i].warnings) result.warnings.push_back(start + text);
    for (const std::string& text : reports[i].notes) result.notes.push_back(start + text);
    for (ReplayCheckRow row : reports[i].replay_check) {
      row.name = start + row.name;
      result.replay_check.push_back(std::move(row));
    }
    result.metrics.errors += reports[i].errors;
  }
}

// Of all jobs together.
void fill_metrics(const Scenario& scenario, const std::vector<JobReport>& reports,
                  const IoTotals& totals, Seconds makespan, RunResult& result) {
  const JobReport* training = main_training(scenario, reports);
  if (training) result.metrics = training->metrics;
  RunMetrics& metrics = result.metrics;
  metrics.makespan_s = makespan.count();
  if (!training || reports.size() > 1)
    metrics.throughput_mib_per_s = mib_per_s(totals.read_delivered, metrics.makespan_s);
  metrics.read_bytes = totals.read_delivered.count();
  metrics.write_bytes = totals.write_accepted.count();
  metrics.files_opened = totals.opens;
  metrics.fetched_bytes = totals.read_fetched.count();
  const bool gpus = any_gpus(reports);
  TimeAccount time;
  metrics.ranks = 0;
  for (const JobReport& report : reports) {
    if (report.uses_gpus != gpus) continue;
    time += report.time;
    metrics.ranks += report.metrics.ranks;
  }
  result.stalls = shares_of(time);
  if (gpus) metrics.gpu_utilization_pct = result.stalls[Cause::compute];
}

void fill_bill(const Scenario& scenario, const std::vector<JobReport>& reports,
               const StorageSystem& system, RunResult& result) {
  WorkDone done;
  for (const JobReport& report : reports) done.compute += report.compute;
  if (const JobReport* training = main_training(scenario, reports)) {
    done.epochs = training->epochs;
    done.samples = training->samples;
  }
  fill_cost(scenario, done, system.charges(), result);
}

// Jobs exchange gradients over the same cards, but not over LNet.
void take_out_gradients(const std::vector<JobReport>& reports, RunResult& result) {
  double bytes = 0;
  for (const JobReport& report : reports) bytes += report.gradient_bytes;
  if (result.networks.empty()) return;
  NetworkRow& data = result.networks.front();
  data.read_bytes = std::max(0.0, data.read_bytes - bytes);
  data.written_bytes = std::max(0.0, data.written_bytes - bytes);
}

} // namespace

RunResult simulate(const Scenario& scenario, const std::string& command,
                   std::vector<lustre::CounterFile>* counters) {
  kernel::Engine::Options options;
  if (scenario.run.data_path == "simgrid") options.data_path = kernel::DataPath::simgrid;
  if (scenario.run.event_limit > 0) options.event_limit = scenario.run.event_limit;
  kernel::Engine engine(options);
  const std::unique_ptr<StorageSystem> system =
      scenario.design->build(scenario, engine.world(), counters != nullptr);
  Storage& storage = system->storage();
  std::vector<std::unique_ptr<RunningJob>> jobs;
  for (std::uint32_t i = 0; i < scenario.jobs.size(); ++i)
    jobs.push_back(start_job(
        {scenario, scenario.jobs[i], JobIndex{i}, engine, storage, system->data_ready()}));
  system->begin();
  engine.run();

  std::vector<JobReport> reports;
  reports.reserve(jobs.size());
  for (const auto& job : jobs) reports.push_back(job->report());
  check_laws(engine.world(), *system, reports);
  RunResult result;
  result.storage_kind = scenario.design->kind().key;
  const IoTotals totals = storage.totals();
  fill_metrics(scenario, reports, totals, engine.world().now(), result);
  fill_jobs(scenario, reports, storage, result);
  // A bound on reading says nothing about a load that mostly writes.
  if (any_gpus(reports))
    observe_bound(*system,
                  reports.size() == 1 ? reports.front().roofline
                                      : RooflineInputs{.read = totals.read_delivered},
                  result);
  fill_bill(scenario, reports, *system, result);
  observe_stations(engine.world(), result);
  system->describe(result);
  take_out_gradients(reports, result);
  observe_bottleneck(result);
  describe_result(scenario, command, result);
  if (counters) *counters = system->counter_files(engine.world().now());
  return result;
}

kernel::ChildOutcome simulate_in_child(const Scenario& scenario, const std::string& command,
                                       std::vector<lustre::CounterFile>* counters) {
  if (!counters) return kernel::run_in_child([&] { return to_json(simulate(scenario, command)); });
  kernel::ChildOutcome outcome = kernel::run_in_child([&] {
    std::vector<lustre::CounterFile> files;
    std::string text = to_json(simulate(scenario, command, &files));
    return pack({std::move(text), std::move(files)});
  });
  if (outcome.exit_code == 0) {
    PackedRun run = unpack(outcome.output);
    outcome.output = std::move(run.result);
    *counters = std::move(run.counters);
  }
  return outcome;
}

} // namespace lustrum
