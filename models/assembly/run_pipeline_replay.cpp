#include "models/assembly/replay_report.hpp"
#include "models/training/trace_pipeline.hpp"
#include "models/training/trainer.hpp"
#include "sim/base/input_error.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

namespace lustrum {

namespace {

constexpr double kPercent = 100;

training::InferredPipeline infer(const trace::Trace& trace,
                                 const training::ReplayOptions& options) {
  const auto inferred = training::infer_pipeline(trace, options);
  if (!inferred)
    throw InputError("the trace shows no training loop with loader workers that read files: "
                     "`workload.replay.mode: pipeline` has nothing to infer; `ops` replays its "
                     "calls");
  return *inferred;
}

class PipelineReplay : public RunningJob {
public:
  explicit PipelineReplay(const JobContext& context)
      : context_(context), options_(replay_options(context)), read_(read_replayed_trace(context)),
        inferred_(infer(read_.trace, options_)), settings_(settings()),
        trainer_(context.engine, context.storage, settings_) {
    read_.trace = {}; // the recording has said what it knows
  }

  JobReport report() const override {
    const training::JobOutcome outcome = trainer_.outcome();
    JobReport result;
    add_read_report(read_.report, result);
    add_rows(outcome, result);
    add_notes(result);
    fill_replay_report(context_, outcome.makespan, settings_.ranks, outcome.gpu_time, result);
    result.errors = outcome.failed_calls;
    return result;
  }

private:
  training::JobSettings settings() const {
    training::JobSettings job = training::pipeline_job(inferred_, options_, context_.storage);
    job.seed = context_.scenario.run.seed;
    return job;
  }

  void add_rows(const training::JobOutcome& outcome, JobReport& result) const {
    const double recorded = inferred_.ranks;
    const LoopTimes simulated{outcome.gpu_time[Cause::compute],
                              training::loop_wait(outcome.gpu_time)};
    // Per rank, so that a scaled replay can be set beside the recording.
    const double factor = settings_.ranks / recorded;
    add_loop_rows({inferred_.measured_step_s * factor, inferred_.measured_wait_s * factor},
                  simulated, settings_.ranks, result);
    const auto row = [&](const char* name, double value, const char* unit) {
      add_replay_row(result, name, value, unit);
    };
    if (inferred_.measured_wait_s > 0)
      row("measured waiting at epoch starts",
          kPercent * training::sum_of(inferred_.measured_first_waits_s) / inferred_.measured_wait_s,
          "%");
    if (simulated.wait_s > 0)
      row("simulated waiting at epoch starts",
          kPercent * training::sum_of(trainer_.first_waits_s()) / simulated.wait_s, "%");
    row("read bytes explained", kPercent * inferred_.explained_bytes / inferred_.recorded_bytes,
        "%");
    row("opens explained", kPercent * inferred_.explained_opens / inferred_.recorded_opens, "%");
    row("steps explained", kPercent * inferred_.explained_steps / inferred_.recorded_steps, "%");
    const training::PipelinePhase& training = inferred_.training;
    row("inferred epochs", training.count, "");
    row("inferred batches of an epoch", training.batches, "");
    row("inferred files of a batch", training.opens_per_batch, "");
    row("inferred workers", training.workers, "");
    row("inferred prefetch factor", inferred_.prefetch_factor, "");
    row("inferred start of a worker", training.overall.worker_startup.count(), "s");
    row("inferred decoding of a file", training.overall.preprocess.mean.count(), "s");
    row("inferred delivery of a batch", training.overall.delivery.count(), "s");
    row("inferred files in the page cache", kPercent * training.overall.cached, "%");
  }

  void add_notes(JobReport& result) const {
    const training::PipelinePhase& training = inferred_.training;
    result.notes.push_back(fmt::format(
        "replay: the recording shows {} ranks ({} with their calls) that read {} distinct files; "
        "of a file {} in calls of {}{}",
        inferred_.ranks, inferred_.ranks_with_calls, inferred_.distinct_files,
        format_bytes(training.open_bytes), format_bytes(inferred_.read_call),
        inferred_.small_reads_per_open > 0
            ? fmt::format(", and {} small reads of {}", inferred_.small_reads_per_open,
                          format_bytes(inferred_.small_read))
            : std::string{}));
    if (inferred_.evaluation)
      result.notes.push_back(fmt::format(
          "replay: after an epoch {} batches of {} files are evaluated, loaded by {} workers",
          inferred_.evaluation->batches, inferred_.evaluation->opens_per_batch,
          inferred_.evaluation->workers));
  }

  JobContext context_;
  training::ReplayOptions options_;
  trace::ReadResult read_;
  training::InferredPipeline inferred_;
  training::JobSettings settings_;
  training::Trainer trainer_;
};

} // namespace

std::unique_ptr<RunningJob> start_pipeline_replay(const JobContext& context) {
  return std::make_unique<PipelineReplay>(context);
}

} // namespace lustrum
