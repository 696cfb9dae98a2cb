// What is inferred from a recording whose loader is known: recorded_job.hpp makes it from round
// numbers, which must come out again.
#include "models/training/trace_pipeline.hpp"
#include "models/training/trace_starts.hpp"
#include "tests/model/recorded_job.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::test;
using namespace lustrum::training;
using doctest::Approx;

namespace {

InferredPipeline inferred_from(const trace::Trace& trace, const ReplayOptions& options = {}) {
  const std::optional<InferredPipeline> inferred = infer_pipeline(trace, options);
  REQUIRE(inferred);
  return *inferred;
}

} // namespace

TEST_CASE("inference: workers, batches, prefetch and times of a loader come out again") {
  for (const std::uint32_t workers : {1U, 3U, 4U})
    for (const std::uint32_t prefetch : {2U, 3U}) {
      CAPTURE(workers);
      CAPTURE(prefetch);
      RecordedJob job{.prefetch = prefetch};
      for (RecordedEpoch& epoch : job.epochs) epoch.workers = workers;
      const RecordedJobWriter written(job);
      const InferredPipeline inferred = inferred_from(written.trace);
      const PipelinePhase& phase = inferred.training;
      CHECK(inferred.ranks == 1);
      CHECK_FALSE(inferred.evaluation);
      CHECK(phase.count == 2);
      CHECK(phase.workers == workers);
      CHECK(phase.opens_per_batch == 2);
      CHECK(phase.batches == 12);
      CHECK(inferred.prefetch_factor == prefetch);
      CHECK(phase.open_bytes == Bytes{4U << 20U});
      CHECK(inferred.read_call == Bytes{1U << 20U});
      CHECK(inferred.small_reads_per_open == 0);
      CHECK(inferred.last_steps == 12);
      REQUIRE(phase.starts.size() == 2);
      for (const LoaderStart& start : phase.starts) {
        CHECK(start.worker_startup.count() == Approx(0.05));
        CHECK(start.preprocess.mean.count() == Approx(0.1));
        CHECK(start.delivery.count() == Approx(0.3));
        CHECK(start.cached == 0);
      }
      REQUIRE(phase.step_s.size() == 24);
      CHECK(phase.step_s[23] == Approx(0.5));
      // Opens and bytes: all of them; 24 batches of 2 files, the same ones in both epochs.
      CHECK(inferred.recorded_opens == 48);
      CHECK(inferred.explained_opens == 48);
      CHECK(inferred.explained_bytes == inferred.recorded_bytes);
      CHECK(inferred.explained_steps == inferred.recorded_steps);
      CHECK(inferred.distinct_files == 24);
      CHECK(inferred.measured_wait_s == Approx(written.wait_s));
      CHECK(inferred.measured_step_s == Approx(written.step_s));
      REQUIRE(inferred.measured_first_waits_s.size() == 2);
      CHECK(inferred.measured_first_waits_s[1] == Approx(written.first_waits_s[1]));
    }
}

// Epochs of their own: the first from the page cache, whose workers decode at once and so slower.
TEST_CASE("inference: each start of the loader has its own times, and what was cached") {
  RecordedJob job;
  job.epochs = {
      {.cached = true, .startup_s = 0.05, .decode_s = 0.2, .delivery_s = 0.4},
      {.cached = false, .startup_s = 0.1, .decode_s = 0.1, .delivery_s = 0.1},
      {.cached = true, .startup_s = 0.05, .decode_s = 0.2, .delivery_s = 0.4},
  };
  const InferredPipeline inferred = inferred_from(RecordedJobWriter(job).trace);
  const PipelinePhase& phase = inferred.training;
  REQUIRE(phase.starts.size() == 3);
  for (std::size_t n = 0; n < 3; ++n) {
    CHECK(phase.starts[n].cached == (n == 1 ? 0 : 1));
    CHECK(phase.starts[n].worker_startup.count() == Approx(job.epochs[n].startup_s));
    CHECK(phase.starts[n].preprocess.mean.count() == Approx(job.epochs[n].decode_s));
    CHECK(phase.starts[n].delivery.count() == Approx(job.epochs[n].delivery_s));
  }
  CHECK(phase.overall.cached == Approx(2.0 / 3));
  CHECK(phase.cached_read.count() == Approx(4 * 0.0005));
  // Asked to send every read to the storage, it calls nothing cached.
  const InferredPipeline all =
      inferred_from(RecordedJobWriter(job).trace, {.detect_cached = false});
  CHECK(all.training.overall.cached == 0);
  CHECK(all.training.cached_read == Seconds{});
}

// 4 workers train, 2 evaluate one batch each. A worker of one batch shows no second open: its
// decoding holds the delivery, 0.3 s over two files.
TEST_CASE("inference: a loader of half the workers evaluates; the last epoch is cut short") {
  RecordedJob job;
  const RecordedEpoch evaluation{.workers = 2, .batches = 2, .steps = 2, .compute_s = 0.2};
  job.epochs = {{}, evaluation, {.steps = 5}};
  const InferredPipeline inferred = inferred_from(RecordedJobWriter(job).trace);
  CHECK(inferred.training.count == 2);
  REQUIRE(inferred.evaluation);
  CHECK(inferred.evaluation->count == 1);
  CHECK(inferred.evaluation->workers == 2);
  CHECK(inferred.evaluation->batches == 2);
  CHECK(inferred.evaluation->opens_per_batch == 2);
  REQUIRE(inferred.evaluation->starts.size() == 1);
  CHECK(inferred.evaluation->starts[0].preprocess.mean.count() == Approx(0.1 + 0.3 / 2));
  CHECK(inferred.evaluation->starts[0].delivery == Seconds{});
  CHECK(inferred.last_steps == 5);
  // 12 batches were read ahead of 5 steps: 5 + 4 workers x 2.
  CHECK(inferred.training.batches == 12);
  CHECK(inferred.recorded_steps == 12 + 2 + 5);
}

TEST_CASE("inference: ranks whose calls were not recorded have their steps cut as another's") {
  const RecordedEpoch epoch{.delivery_s = 0.02}; // shorter than an open takes
  const RecordedJob job{.ranks = 3, .ranks_with_calls = 1, .epochs = {epoch, epoch}};
  const RecordedJobWriter written(job);
  const std::vector<TracedRank> ranks = traced_ranks(written.trace);
  REQUIRE(ranks.size() == 3);
  const auto all = loader_generations(written.trace, ranks, {});
  REQUIRE(all.size() == 3);
  for (const auto& of_rank : all) {
    REQUIRE(of_rank.size() == 2);
    for (const Generation& g : of_rank) {
      CHECK(g.workers_seen == 4);
      CHECK(g.steps.size() == 12);
      CHECK(g.waits_s.size() == 12);
      CHECK(g.waits_s.front() == Approx(written.first_waits_s[0]));
    }
  }
  CHECK(all[0][0].workers.size() == 4);
  CHECK(all[1][0].workers.empty());
  CHECK(all[0][1].opens() == 24);
  CHECK(all[0][1].bytes() == std::uint64_t{24} * (4U << 20U));
  CHECK(all[0][1].opens_ended_at_first_step() == 2);
  CHECK(all[0][1].first_worker().tid == 105); // of 101 to 104 and 105 to 108

  const InferredPipeline inferred = inferred_from(written.trace);
  CHECK(inferred.ranks == 3);
  CHECK(inferred.ranks_with_calls == 1);
  CHECK(inferred.measured_wait_s == Approx(3 * written.wait_s));
}

TEST_CASE("inference: no workers that read, no pipeline") {
  const RecordedJob job{.ranks = 1, .ranks_with_calls = 0};
  CHECK_FALSE(infer_pipeline(RecordedJobWriter(job).trace, {}));
  CHECK_FALSE(infer_pipeline({}, {}));
}
