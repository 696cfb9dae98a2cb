#include "models/assembly/replay_report.hpp"

#include "models/assembly/replay_scale.hpp"
#include "sim/base/input_error.hpp"

#include <fmt/format.h>

#include <sstream>

namespace lustrum {

namespace {

constexpr double kPercent = 100;

} // namespace

std::optional<training::PathRule> parse_path_rule(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos) return std::nullopt;
  training::PathRule rule{text.substr(0, at), text.substr(at + 1)};
  if (!rule.from.starts_with('/') || !rule.to.starts_with('/')) return std::nullopt;
  return rule;
}

training::ReplayOptions replay_options(const JobContext& context) {
  const ReplaySettings& replay = context.job.workload.replay;
  training::ReplayOptions options{.mode = replay.mode == "timed" ? training::ReplayMode::timed
                                                                 : training::ReplayMode::ops,
                                  .keep_think_time = replay.think_time == "keep",
                                  .think_time_scale = replay.time_scale,
                                  .path_prefix = replay.path_prefix,
                                  .max_ranks = replay.ranks,
                                  .scale = scale_of(replay),
                                  .job = context.index,
                                  .first_client = ClientIndex{context.job.first_client},
                                  .clients = context.job.nodes,
                                  .detect_cached = replay.cached_reads == "detect",
                                  .cache_rate = replay.cache_rate,
                                  .cache_latency = replay.cache_latency};
  for (const std::string& text : replay.path_map)
    if (auto rule = parse_path_rule(text)) options.path_rules.push_back(std::move(*rule));
  return options;
}

trace::ReadResult read_replayed_trace(const JobContext& context) {
  const std::vector<std::string>& paths = context.job.workload.trace;
  try {
    trace::ReadResult read = trace::read_trace({paths.begin(), paths.end()}, {.salvage = true});
    if (read.trace.records.empty() || !(read.trace.duration_s > 0))
      throw InputError(fmt::format("{} holds no call that could be replayed:\n{}", paths.front(),
                                   read.report.text()));
    return read;
  } catch (const trace::ReadError& e) {
    throw InputError(e.what());
  }
}

void add_read_report(const trace::ReadReport& report, JobReport& result) {
  std::istringstream lines(report.text());
  for (std::string line; std::getline(lines, line);) result.notes.push_back("trace: " + line);
  if (!report.complete())
    result.warnings.push_back(fmt::format("the trace is damaged: {} lines could not be read and {} "
                                          "files end early; what was whole is "
                                          "replayed",
                                          report.damaged_lines, report.stream_errors.size()));
}

double LoopTimes::utilization_pct() const {
  return step_s + wait_s > 0 ? kPercent * step_s / (step_s + wait_s) : 0;
}

void add_replay_row(JobReport& result, std::string name, double value, std::string unit) {
  result.replay_check.push_back({std::move(name), value, std::move(unit)});
}

void add_loop_rows(const LoopTimes& measured, const LoopTimes& simulated, double ranks,
                   JobReport& result) {
  add_replay_row(result, "measured utilization of the loop", measured.utilization_pct(), "%");
  add_replay_row(result, "simulated utilization of the loop", simulated.utilization_pct(), "%");
  add_replay_row(result, "measured wait per rank", measured.wait_s / ranks, "s");
  add_replay_row(result, "simulated wait per rank", simulated.wait_s / ranks, "s");
  // Of what the recording lost to waiting, the part that the replay loses too.
  if (measured.wait_s > 0)
    add_replay_row(result, "simulated of measured wait",
                   kPercent * simulated.wait_s / measured.wait_s, "%");
}

void fill_replay_report(const JobContext& context, Seconds makespan, std::uint32_t ranks,
                        const TimeAccount& time, JobReport& result) {
  if (std::string rule = scale_rule(context.job.workload.replay); !rule.empty())
    result.notes.push_back("replay: " + rule);
  const IoTotals totals = context.storage.totals(context.index);
  result.errors = totals.errors;
  result.metrics.makespan_s = makespan.count();
  result.metrics.ranks = ranks;
  result.metrics.throughput_mib_per_s =
      totals.read_delivered.as_double() / static_cast<double>(kMib) / makespan.count();
  result.roofline = {.read = totals.read_delivered};
  result.time = time;
  result.ranks = ranks;
  result.compute = Seconds{time[Cause::compute]};
}

} // namespace lustrum
