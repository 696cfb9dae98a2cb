#include "models/assembly/running_job.hpp"
#include "models/loadgen/ior.hpp"
#include "models/loadgen/mdtest.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {

namespace {

loadgen::LoadPlace place_of(const JobContext& context, std::uint32_t ranks_per_client) {
  return {.name = fmt::format("job {}", context.index.value()),
          .job = context.index,
          .first_client = ClientIndex{context.job.first_client},
          .clients = context.job.nodes,
          .ranks_per_client = ranks_per_client,
          .start = context.job.start,
          .background = context.job.background,
          .seed = context.scenario.run.seed + context.index.value()};
}

PhaseRow row_of(const loadgen::PhaseOutcome& phase) {
  PhaseRow row{.name = std::string(phase.name)};
  row.unit = phase.counts_bytes ? "MiB/s" : "ops/s";
  row.repetitions = phase.complete ? static_cast<std::uint32_t>(phase.runs.size()) : 0;
  const auto rate = [&](std::uint64_t operations, double bytes, double time_s) {
    if (!(time_s > 0)) return 0.0; // nothing was done, or it took no time
    const double work =
        phase.counts_bytes ? bytes / static_cast<double>(kMib) : static_cast<double>(operations);
    return work / time_s;
  };
  for (const loadgen::PhaseRun& run : phase.runs) {
    const double one = rate(run.operations, run.bytes.as_double(), run.time().count());
    row.rate_min = row.time_s > 0 ? std::min(row.rate_min, one) : one;
    row.rate_max = std::max(row.rate_max, one);
    row.operations += run.operations;
    row.bytes += run.bytes.count();
    row.errors += run.errors;
    row.time_s += run.time().count();
  }
  row.rate = rate(row.operations, static_cast<double>(row.bytes), row.time_s);
  return row;
}

std::string text_of(const loadgen::LoadAbort& abort) {
  return fmt::format("IOR aborted after {}, as it does at the first call that fails: {} in phase "
                     "`{}`, rank {}; nothing after that was run, and no repetition counts that had "
                     "not ended",
                     format_duration(abort.at), to_string(abort.error), abort.phase, abort.rank);
}

class GeneratedLoad : public RunningJob {
public:
  explicit GeneratedLoad(const JobContext& context) {
    const ScenarioJob& job = context.job;
    if (job.ior)
      load_ = std::make_unique<loadgen::Ior>(
          context.engine, context.storage, place_of(context, job.ior->ranks_per_client), *job.ior);
    else
      load_ = std::make_unique<loadgen::Mdtest>(context.engine, context.storage,
                                                place_of(context, job.mdtest->ranks_per_client),
                                                *job.mdtest);
  }

  JobReport report() const override {
    const loadgen::LoadOutcome outcome = load_->outcome();
    JobReport report;
    report.uses_gpus = false;
    report.time = outcome.time;
    report.ranks = outcome.ranks;
    report.errors = outcome.errors;
    report.metrics.makespan_s = outcome.makespan.count();
    report.metrics.ranks = outcome.ranks;
    for (const loadgen::PhaseOutcome& phase : outcome.phases)
      report.phases.push_back(row_of(phase));
    if (outcome.abort) report.warnings.push_back(text_of(*outcome.abort));
    return report;
  }

private:
  std::unique_ptr<loadgen::LoadJob> load_;
};

} // namespace

std::unique_ptr<RunningJob> start_load(const JobContext& context) {
  return std::make_unique<GeneratedLoad>(context);
}

} // namespace lustrum
