#include "models/assembly/replay_report.hpp"
#include "models/training/trace_replay.hpp"
#include "sim/base/input_error.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

namespace lustrum {

namespace {

class ReplayedJob : public RunningJob {
public:
  explicit ReplayedJob(const JobContext& context)
      : context_(context), options_(replay_options(context)), read_(read_replayed_trace(context)),
        replay_(context.engine, context.storage, read_.trace, options_) {}

  JobReport report() const override {
    const training::ReplayOutcome outcome = replay_.outcome();
    JobReport result;
    add_read_report(read_.report, result);
    if (outcome.calls == 0 && outcome.cached_reads == 0) explain_no_calls(outcome, result);
    result.notes.push_back(fmt::format(
        "replay: {} calls sent to the storage; {} reads ({} in all) came out of the recorded page "
        "cache and keep their time",
        outcome.calls, outcome.cached_reads, format_bytes(outcome.cached_bytes)));
    compare(outcome, result);
    fill_replay_report(context_, outcome.makespan, outcome.ranks, outcome.time, result);
    return result;
  }

private:
  // A recording of a training loop alone still says how much of its time it waited.
  void explain_no_calls(const training::ReplayOutcome& outcome, JobReport& result) const {
    const bool all_paths = options_.path_prefix.empty() && options_.path_rules.empty();
    if (!all_paths || outcome.ranks == 0 || options_.mode == training::ReplayMode::timed)
      throw InputError(
          fmt::format("no call of the trace was replayed; {}",
                      all_paths ? "it names no file on a storage"
                                : "no file lies below workload.replay.path_prefix or path_map"));
    result.warnings.emplace_back("the trace names no file on a storage: no call was replayed, and "
                                 "steps and waits are as recorded");
  }

  // How much of the recorded waiting the model gives back.
  void compare(const training::ReplayOutcome& outcome, JobReport& result) const {
    const double copies = options_.scale.ranks > 0 ? options_.scale.ranks : 1;
    if (options_.mode == training::ReplayMode::timed) {
      result.warnings.emplace_back(
          "`replay.mode: timed` makes calls at their recorded times: its "
          "times are those of threads, and GPU utilization cannot be told");
      add_replay_row(result, "furthest behind the recording", outcome.late_s, "s");
    } else if (outcome.ranks == 0) {
      result.warnings.emplace_back("the trace shows no training steps: GPU utilization cannot be "
                                   "told; times are those of its threads");
    } else {
      add_loop_rows({outcome.measured_step_s, outcome.measured_wait_s},
                    {outcome.measured_step_s, outcome.replayed_wait_s}, outcome.ranks, result);
    }
    if (copies > 1)
      result.notes.push_back(fmt::format("replay: recorded times of scaled ranks are their "
                                         "originals', {} ranks in all",
                                         options_.scale.ranks));
    add_replay_row(result, "recorded time in calls sent", outcome.measured_io_s, "s");
    add_replay_row(result, "simulated time in calls sent", outcome.replayed_io_s, "s");
  }

  JobContext context_;
  training::ReplayOptions options_;
  trace::ReadResult read_;
  training::TraceReplay replay_;
};

} // namespace

std::unique_ptr<RunningJob> start_replay(const JobContext& context) {
  if (context.job.workload.replay.mode == "pipeline") return start_pipeline_replay(context);
  return std::make_unique<ReplayedJob>(context);
}

} // namespace lustrum
