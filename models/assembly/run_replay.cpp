#include "models/assembly/running_job.hpp"
#include "models/training/trace_replay.hpp"
#include "sim/base/input_error.hpp"
#include "sim/base/units_text.hpp"
#include "sim/trace/read_trace.hpp"

#include <fmt/format.h>

#include <sstream>

namespace lustrum {

namespace {

constexpr double kPercent = 100;

training::ReplayOptions options_of(const JobContext& context) {
  const ReplaySettings& replay = context.job.workload.replay;
  return {.keep_think_time = replay.think_time == "keep",
          .think_time_scale = replay.time_scale,
          .path_prefix = replay.path_prefix,
          .max_ranks = replay.ranks,
          .job = context.index,
          .first_client = ClientIndex{context.job.first_client},
          .clients = context.job.nodes,
          .detect_cached = replay.cached_reads == "detect",
          .cache_rate = replay.cache_rate,
          .cache_latency = replay.cache_latency};
}

void add_report(const trace::ReadReport& report, JobReport& result) {
  std::istringstream lines(report.text());
  for (std::string line; std::getline(lines, line);) result.notes.push_back("trace: " + line);
  if (!report.complete())
    result.warnings.push_back(fmt::format("the trace is damaged: {} lines could not be read and {} "
                                          "files end early; what was whole is "
                                          "replayed",
                                          report.damaged_lines, report.stream_errors.size()));
}

double utilization_pct(double step_s, double wait_s) {
  return step_s + wait_s > 0 ? kPercent * step_s / (step_s + wait_s) : 0;
}

// How much of the recorded waiting the model gives back.
void compare(const training::ReplayOutcome& outcome, JobReport& result) {
  if (outcome.ranks == 0) {
    result.warnings.emplace_back(
        "the trace shows no training steps: GPU utilization cannot be told; times are those of its "
        "threads");
    return;
  }
  const double measured = utilization_pct(outcome.measured_step_s, outcome.measured_wait_s);
  const double simulated = utilization_pct(outcome.measured_step_s, outcome.replayed_wait_s);
  const auto row = [&](std::string name, double value, std::string unit) {
    result.replay_check.push_back({std::move(name), value, std::move(unit)});
  };
  row("measured utilization of the loop", measured, "%");
  row("simulated utilization of the loop", simulated, "%");
  row("measured wait per rank", outcome.measured_wait_s / outcome.ranks, "s");
  row("simulated wait per rank", outcome.replayed_wait_s / outcome.ranks, "s");
  // Of what the recording lost to waiting, the part that the replay loses too.
  if (outcome.measured_wait_s > 0)
    row("simulated of measured wait", kPercent * outcome.replayed_wait_s / outcome.measured_wait_s,
        "%");
}

// Damage is told in the result; what is whole is replayed.
trace::ReadResult read_whole(const std::vector<std::filesystem::path>& paths) {
  try {
    trace::ReadResult read = trace::read_trace(paths, {.salvage = true});
    if (read.trace.records.empty() || !(read.trace.duration_s > 0))
      throw InputError(fmt::format("{} holds no call that could be replayed:\n{}",
                                   paths.front().string(), read.report.text()));
    return read;
  } catch (const trace::ReadError& e) {
    throw InputError(e.what());
  }
}

class ReplayedJob : public RunningJob {
public:
  explicit ReplayedJob(const JobContext& context)
      : context_(context),
        read_(read_whole({context.job.workload.trace.begin(), context.job.workload.trace.end()})),
        replay_(context.engine, context.storage, read_.trace, options_of(context)) {}

  JobReport report() const override {
    const training::ReplayOutcome outcome = replay_.outcome();
    if (outcome.calls == 0 && outcome.cached_reads == 0)
      throw InputError(fmt::format("no call of the trace was replayed; {}",
                                   context_.job.workload.replay.path_prefix.empty()
                                       ? "it names no file on a storage"
                                       : "no file lies below workload.replay.path_prefix"));
    JobReport result;
    add_report(read_.report, result);
    result.notes.push_back(fmt::format(
        "replay: {} calls sent to the storage; {} reads ({} in all) were faster than any server "
        "and kept as page-cache hits",
        outcome.calls, outcome.cached_reads, format_bytes(outcome.cached_bytes)));
    compare(outcome, result);
    const IoTotals totals = context_.storage.totals(context_.index);
    const Bytes read = totals.read_delivered;
    result.errors = totals.errors;
    result.metrics.makespan_s = outcome.makespan.count();
    result.metrics.ranks = outcome.ranks;
    result.metrics.throughput_mib_per_s =
        read.as_double() / static_cast<double>(kMib) / outcome.makespan.count();
    result.roofline = {.read = read};
    result.time = outcome.time;
    result.ranks = outcome.ranks;
    result.compute = Seconds{outcome.time[Cause::compute]};
    return result;
  }

private:
  JobContext context_;
  trace::ReadResult read_;
  training::TraceReplay replay_;
};

} // namespace

std::unique_ptr<RunningJob> start_replay(const JobContext& context) {
  return std::make_unique<ReplayedJob>(context);
}

} // namespace lustrum
