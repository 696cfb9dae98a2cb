#include "models/assembly/calibrate_trace.hpp"

#include "models/training/fitted_storage.hpp"
#include "models/training/trace_pipeline.hpp"
#include "models/training/trace_replay.hpp"
#include "models/training/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace lustrum {

namespace {

constexpr double kMilli = 1e3;
constexpr double kMega = 1e6;

// A scalar of YAML in double quotes, whatever a file is called.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02X}", byte);
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

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
  const auto per_rank = [&](std::vector<double> waits) {
    for (double& wait : waits) wait /= inferred.ranks;
    return waits;
  };
  result.recorded_starts_s = per_rank(inferred.measured_first_waits_s);
  result.simulated_starts_s = per_rank(trainer.first_waits_s());
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

std::string design_text(const training::DeviceFit& fit, const std::string& recording) {
  using training::FittedDevice;
  using training::LineFit;
  std::string text = fmt::format(
      "# Written by `lustrum trace calibrate`: a device fitted to the calls of {}.\n"
      "# Reads of files that were in the page cache do not count for it: {} of {} opens.\n"
      "schema_version: 1\n"
      "description: {}\n"
      "storage:\n"
      "  system: recorded\n"
      "  set:\n",
      recording, fit.cached_opens, fit.opens,
      quoted("The system that " + recording + " was recorded on"));
  const auto figure = [&](std::string_view key, const std::string& value, const LineFit& line) {
    if (line.calls == 0) return; // nothing is known: the default
    text += fmt::format(
        "    {}: {{value: {}, source: {}, kind: fitted}}\n", key, value,
        quoted(fmt::format("{}: {} calls, mean {:.3f} ms, mean error of a call "
                           "{:.3f} ms",
                           recording, line.calls, kMilli * line.mean_s, kMilli * line.error_s)));
  };
  const auto latency = [](const LineFit& line) {
    return fmt::format("{:.6g} ms", kMilli * line.latency_s);
  };
  const auto rate = [](double bytes_per_s) {
    return fmt::format("{:.6g} MB/s", bytes_per_s / kMega);
  };
  figure("open_latency", latency(fit.open), fit.open);
  figure("close_latency", latency(fit.close), fit.close);
  figure("stat_latency", latency(fit.stat), fit.stat);
  figure("read_latency", latency(fit.read), fit.read);
  figure("read_rate", rate(fit.read.rate), fit.read);
  figure("shared_read_rate", rate(fit.read.shared_rate), fit.read);
  figure("write_latency", latency(fit.write), fit.write);
  figure("write_rate", rate(fit.write.rate), fit.write);
  return text;
}

} // namespace lustrum
