#include "models/assembly/calibrate_trace.hpp"

#include "models/training/fitted_storage.hpp"
#include "models/training/trace_pipeline.hpp"
#include "models/training/trace_replay.hpp"
#include "models/training/trainer.hpp"

#include <algorithm>
#include <set>

namespace lustrum {

namespace {

void run_pipeline(const training::InferredPipeline& inferred,
                  const training::ReplayOptions& options, Calibration& result) {
  kernel::Engine engine({});
  training::FittedStorage storage(engine.world(), training::device_of(result.fit), options.clients);
  const training::JobSettings job = training::pipeline_job(inferred, options, storage);
  const training::Trainer trainer(engine, storage, job);
  engine.run();
  const training::JobOutcome outcome = trainer.outcome();
  result.ranks = inferred.ranks;
  result.times_calls = false;
  result.recorded = {.wait_s = inferred.measured_wait_s, .step_s = inferred.measured_step_s};
  result.simulated = {.wait_s = training::loop_wait(outcome.gpu_time),
                      .step_s = outcome.gpu_time[Cause::compute]};
}

void run_calls(const trace::Trace& trace, const training::ReplayOptions& options,
               Calibration& result) {
  kernel::Engine engine({});
  training::FittedStorage storage(engine.world(), training::device_of(result.fit), options.clients);
  const training::TraceReplay replay(engine, storage, trace, options);
  engine.run();
  const training::ReplayOutcome outcome = replay.outcome();
  result.ranks = outcome.ranks;
  result.recorded = {outcome.measured_io_s, outcome.measured_wait_s, outcome.measured_step_s};
  result.simulated = {outcome.replayed_io_s, outcome.replayed_wait_s, outcome.measured_step_s};
}

} // namespace

std::optional<Calibration> calibrate(const trace::Trace& trace, const std::string& mode) {
  std::set<std::string> hosts;
  for (const trace::ProcessEntry& process : trace.processes) hosts.insert(process.host);
  const training::ReplayOptions options{
      .mode = mode == "timed" ? training::ReplayMode::timed : training::ReplayMode::ops,
      .clients = std::max(1U, static_cast<std::uint32_t>(hosts.size())),
      .detect_cached = true};
  Calibration result{.fit = training::fit_device(trace, options)};
  if (result.fit.read.calls + result.fit.write.calls + result.fit.open.calls == 0)
    return std::nullopt;
  if (mode == "pipeline") {
    const auto inferred = training::infer_pipeline(trace, options);
    if (!inferred) return std::nullopt;
    run_pipeline(*inferred, options, result);
  } else {
    run_calls(trace, options, result);
  }
  return result;
}

} // namespace lustrum
