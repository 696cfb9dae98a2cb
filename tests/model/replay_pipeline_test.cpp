// Pipelines inferred from recordings, on the device fitted to the recording's own calls.
#include "models/training/fitted_storage.hpp"
#include "models/training/trace_pipeline.hpp"
#include "models/training/trainer.hpp"
#include "sim/trace/read_trace.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/recorded_job.hpp"

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
  std::vector<double> measured_starts_s; // mean wait of a rank at each start of the loader
  std::vector<double> starts_s;
};

PipelineRun run(const trace::Trace& trace, std::uint32_t clients, bool detect_cached = true) {
  const ReplayOptions options{.clients = clients, .detect_cached = detect_cached};
  const std::optional<InferredPipeline> inferred = infer_pipeline(trace, options);
  REQUIRE(inferred);
  const DeviceFit fit = fit_device(trace, options);
  const auto& t = inferred->training;
  MESSAGE("ranks " << inferred->ranks << " (" << inferred->ranks_with_calls << "), epochs "
                   << t.count << ", workers " << t.workers << ", opens/batch " << t.opens_per_batch
                   << ", batches " << t.batches << ", open bytes " << t.open_bytes.count()
                   << ", startup " << t.overall.worker_startup.count() << ", decode "
                   << t.overall.preprocess.mean.count() << ", prefetch "
                   << inferred->prefetch_factor << ", handover " << inferred->handover.count()
                   << ", call " << inferred->read_call.count() << ", small "
                   << inferred->small_reads_per_open << " of " << inferred->small_read.count());
  if (inferred->evaluation)
    MESSAGE("evaluation: " << inferred->evaluation->count << " x " << inferred->evaluation->batches
                           << " batches of " << inferred->evaluation->opens_per_batch
                           << ", workers " << inferred->evaluation->workers << ", startup "
                           << inferred->evaluation->overall.worker_startup.count() << ", decode "
                           << inferred->evaluation->overall.preprocess.mean.count());
  for (const LoaderStart& s : t.starts)
    MESSAGE("start: startup " << s.worker_startup.count() << ", decode "
                              << s.preprocess.mean.count() << ", delivery " << s.delivery.count()
                              << ", cached " << s.cached);
  MESSAGE("explained: bytes " << inferred->explained_bytes / inferred->recorded_bytes << ", opens "
                              << inferred->explained_opens / inferred->recorded_opens << ", steps "
                              << inferred->explained_steps / inferred->recorded_steps);
  MESSAGE("device: open " << fit.open.latency_s << " s, read " << fit.read.latency_s << " s + "
                          << fit.read.rate / 1e6 << " MB/s, shared " << fit.read.shared_rate / 1e6
                          << "; errors alone " << fit.read_alone.error_s << ", shared "
                          << fit.read_shared.error_s << "; mean " << fit.read.mean_s);
  const std::vector<double> numbers = numbers_from_child([&] {
    kernel::Engine engine({});
    FittedStorage storage(engine.world(), device_of(fit), clients);
    const JobSettings job = pipeline_job(*inferred, options, storage);
    Trainer trainer(engine, storage, job);
    engine.run();
    const JobOutcome outcome = trainer.outcome();
    std::vector<double> row{outcome.gpu_time[Cause::compute],
                            loop_wait(outcome.gpu_time),
                            storage.totals().read_delivered.as_double(),
                            outcome.makespan.count(),
                            outcome.gpu_time[Cause::worker_startup],
                            sum_of(trainer.first_waits_s()),
                            outcome.gpu_time[Cause::barrier]};
    row.insert(row.end(), trainer.first_waits_s().begin(), trainer.first_waits_s().end());
    return row;
  });
  PipelineRun result;
  for (std::size_t n = 0; n < inferred->measured_first_waits_s.size(); ++n) {
    result.measured_starts_s.push_back(inferred->measured_first_waits_s[n] / inferred->ranks);
    result.starts_s.push_back(numbers.at(7 + n) / inferred->ranks);
    MESSAGE("start " << n << ": measured " << result.measured_starts_s.back() << " s, simulated "
                     << result.starts_s.back() << " s");
  }
  result.measured_utilization =
      inferred->measured_step_s / (inferred->measured_step_s + inferred->measured_wait_s);
  result.utilization = numbers[0] / (numbers[0] + numbers[1]);
  result.measured_first_wait_share =
      sum_of(inferred->measured_first_waits_s) / inferred->measured_wait_s;
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

// A recording made by a naive model of the same loader (recorded_job.hpp), on a device of constant
// latencies: the inferred pipeline on the fitted device is that loader on that device, so that
// every wait comes out as recorded. Reads are so slow that the rank waits within epochs too: 4
// workers take 2 files x (1 + 4 x 100 + 2 + 100 ms) for a batch each, and a step is 50 ms.
TEST_CASE("a pipeline of known times waits as recorded, start by start") {
  RecordedJob job{.ranks = 2, .ranks_with_calls = 2, .read_s = 0.1};
  const RecordedEpoch evaluation{.workers = 2, .batches = 2, .steps = 2, .compute_s = 0.1};
  job.epochs = {{.cached = true, .decode_s = 0.2, .compute_s = 0.05},
                evaluation,
                {.startup_s = 0.1, .delivery_s = 0.1, .compute_s = 0.05},
                evaluation,
                {.steps = 7, .compute_s = 0.05}};
  const RecordedJobWriter written(job);
  const PipelineRun result = run(written.trace, 2);
  REQUIRE(result.starts_s.size() == 5);
  for (std::size_t n = 0; n < 5; ++n) {
    CHECK(result.measured_starts_s[n] == Approx(written.first_waits_s[n]));
    CHECK(result.starts_s[n] == Approx(written.first_waits_s[n]));
  }
  CHECK(result.first_wait_share < 0.8);
  CHECK(result.first_wait_share == Approx(result.measured_first_wait_share));
  CHECK(result.measured_utilization == Approx(written.step_s / (written.step_s + written.wait_s)));
  CHECK(result.utilization == Approx(result.measured_utilization));
}

TEST_CASE("stormer as a pipeline waits at the starts of epochs, as measured") {
  const auto folder = reference("stormer_era5_polaris_eagle");
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: reference traces not present");
    return;
  }
  const trace::ReadResult read = trace::read_trace({folder});
  const PipelineRun result = run(read.trace, 2);
  // Measured 83.5 %, simulated 83.1 %. At the starts (epoch, evaluation, epoch, ...) a rank waited
  //   measured   5.1  2.5  4.8  2.7   8.7  3.1   9.9  3.9  13.1 s
  //   simulated  5.0  2.5  4.8  2.6  12.0  2.7  11.8  4.3  12.0 s
  // since the first two epochs and most of the evaluations came out of the page cache and 95 % of
  // the other epochs did not. The storage was faster in the third epoch than in the last two, which
  // one device does not show, and 5 % of the waiting came later than at a start.
  CHECK(std::abs(result.utilization - result.measured_utilization) < 0.03);
  CHECK(result.first_wait_share > 0.9);
  CHECK(result.measured_first_wait_share > 0.9);
  REQUIRE(result.starts_s.size() == 9);
  for (const std::size_t cached : {0U, 1U, 2U, 3U, 5U, 7U})
    CHECK(result.starts_s[cached] == Approx(result.measured_starts_s[cached]).epsilon(0.2));
  for (const std::size_t cold : {4U, 6U, 8U}) {
    CHECK(result.measured_starts_s[cold] > 1.5 * result.measured_starts_s[0]);
    CHECK(result.starts_s[cold] > 1.5 * result.starts_s[0]);
  }

  // One device for all reads takes the same time at each epoch (13.3, 13.0, 11.5, 11.3, 11.5 s)
  // and twice as long in evaluations: 76.6 %.
  const PipelineRun alike = run(read.trace, 2, false);
  CHECK(alike.starts_s[0] > 2 * alike.measured_starts_s[0]);
  CHECK(alike.utilization < result.measured_utilization - 0.05);
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
