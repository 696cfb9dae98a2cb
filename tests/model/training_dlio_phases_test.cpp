// What DLIO does beside its steps, against closed forms: checkpoints without training, checkpoints
// by steps of an epoch, evaluations.
#include "tests/model/training_fixture.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace lustrum;
using namespace lustrum::test;
using namespace lustrum::training;
using doctest::Approx;

namespace {

constexpr Bytes kSample{kMib};

void checkpoint_of(JobRun& run, Bytes size) {
  run.job.checkpoint.enabled = true;
  run.job.checkpoint.keep_last = std::numeric_limits<std::uint32_t>::max();
  run.job.checkpoint.plan =
      plan_checkpoint({.model = size}, CheckpointLayout::file_per_rank, {.data = run.job.ranks});
}

} // namespace

TEST_CASE("checkpoints alone: a pause and size / rate each, all ranks together") {
  // 4 ranks with 100 MB each; writing 1 GB/s and reading 2 GB/s for each call. 3 x (5 + 0.1) s,
  // then 2 x (5 + 0.05) s. Every checkpoint has files of its own; what is read was written.
  MemoryLatencies latencies;
  latencies.write = BytesPerSecond{1e9};
  latencies.read = BytesPerSecond{2e9};
  const std::vector<double> numbers = train_small(
      latencies,
      [](JobRun& run) {
        run.job.ranks = 4;
        run.job.ranks_per_client = 2;
        run.job.epochs = 0;
        run.job.loader.pipeline = Pipeline::synthetic;
        run.job.rounds = {.writes = 3, .reads = 2, .pause = Seconds{5}};
        checkpoint_of(run, Bytes{400'000'000});
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        return std::vector<double>{
            outcome.makespan.count(), static_cast<double>(outcome.checkpoints.written),
            static_cast<double>(outcome.checkpoints.restores), outcome.checkpoints.stall.count(),
            outcome.checkpoints.restore.count(),
            static_cast<double>(run.storage.files_that_exist()), outcome.gpu_time[Cause::compute],
            static_cast<double>(run.storage.reads.size()),
            // Of the four files of a checkpoint.
            std::floor(run.storage.reads.back().file.value() / 4.0),
            std::floor(run.storage.writes[7].file.value() / 4.0)};
      });
  CHECK(first_of(numbers) == Approx(3 * 5.1 + 2 * 5.05).epsilon(1e-9));
  CHECK(numbers.at(1) == 3);
  CHECK(numbers.at(2) == 2);
  CHECK(numbers.at(3) == Approx(3 * 0.1).epsilon(1e-9));
  CHECK(numbers.at(4) == Approx(2 * 0.05).epsilon(1e-9));
  CHECK(numbers.at(5) == 3 * 4);
  CHECK(numbers.at(6) == Approx(4 * 5 * 5));
  CHECK(numbers.at(7) == 2 * 4);
  CHECK(numbers.at(8) == numbers.at(9)); // the second round reads the second checkpoint
}

TEST_CASE("checkpoints that are only read are there before the run, one after the other") {
  MemoryLatencies latencies;
  latencies.read = BytesPerSecond{1e9};
  const std::vector<double> numbers = train_small(
      latencies,
      [](JobRun& run) {
        run.job.ranks = 2;
        run.job.epochs = 0;
        run.job.loader.pipeline = Pipeline::synthetic;
        run.job.rounds = {.reads = 3};
        checkpoint_of(run, Bytes{200'000'000});
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        std::set<std::uint32_t> files;
        for (const auto& read : run.storage.reads) files.insert(read.file.value());
        return std::vector<double>{outcome.makespan.count(), static_cast<double>(files.size()),
                                   static_cast<double>(run.storage.writes.size()),
                                   static_cast<double>(outcome.failed_calls)};
      });
  CHECK(first_of(numbers) == Approx(3 * 0.1).epsilon(1e-9));
  CHECK(numbers.at(1) == 3 * 2);
  CHECK(numbers.at(2) == 0);
  CHECK(numbers.at(3) == 0);
}

TEST_CASE("DLIO counts steps to a checkpoint anew in each epoch, and AU by blocks between them") {
  // 2 epochs of 10 steps of 0.1 s, one every 4: after steps 4 and 8 of each, four in all; counted
  // through, they would be five. A sample takes 50 ms to open, a batch 0.2 s, nothing is
  // prefetched: each step is 0.3 s. AU of a block leaves out its first step: (n - 1) x 0.1 / (n -
  // 1) x 0.3; so does that of the epoch, and the stall of a checkpoint counts nowhere.
  MemoryLatencies latencies;
  latencies.open = Seconds{0.05};
  latencies.write = BytesPerSecond{1e9};
  for (const bool divides : {true, false}) {
    const std::vector<double> numbers = train_small(
        latencies,
        [&](JobRun& run) {
          run.job.epochs = 2;
          run.job.loader.workers = 0;
          place_samples(run, run.job.dataset, 10 * kBatchSize, 1, kSample);
          checkpoint_of(run, Bytes{100'000'000});
          run.job.checkpoint.every_steps = 4;
          run.job.checkpoint.divides_epochs = divides;
        },
        [](const JobOutcome& outcome, const JobRun&) {
          return std::vector<double>{static_cast<double>(outcome.checkpoints.written),
                                     outcome.epoch_au.at(0), outcome.epoch_au.at(1)};
        });
    CHECK(first_of(numbers) == (divides ? 4 : 5));
    CHECK(numbers.at(1) == Approx(1.0 / 3).epsilon(1e-6));
    CHECK(numbers.at(2) == Approx(1.0 / 3).epsilon(1e-6));
  }
}

TEST_CASE("AU of an epoch in blocks: their mean by steps, without those in which none counts") {
  // Blocks of 3, 3 and 1 steps, v1.0's rule: the first step of each is left out, so the last block
  // has none that counts. First: 2 x 1 s of 2 x 2 s; second: 2 x 1 s of 2 x 4 s.
  const AuSettings settings{.formula = AuFormula::v1_0};
  EpochAu au(settings, 7, 3, Seconds{});
  double now = 0;
  const auto steps = [&](int count, double proc_s) {
    for (int i = 0; i < count; ++i) {
      now += proc_s;
      au.add_step(Seconds{proc_s}, Seconds{1});
    }
  };
  steps(3, 2);
  au.checkpoint(Seconds{now}, Seconds{now + 100});
  now += 100;
  steps(3, 4);
  au.checkpoint(Seconds{now}, Seconds{now + 100});
  now += 100;
  steps(1, 2);
  CHECK(au.au(Seconds{now}) == Approx((3 * 0.5 + 3 * 0.25) / 6));
}

TEST_CASE("evaluation from an epoch on, behind that epoch's checkpoint") {
  // 5 epochs of 5 steps; evaluations after epochs 2 and 4, of 3 steps of 0.2 s; checkpoints after
  // every epoch. The 0.1 s of writing one lies before the evaluation's reads.
  MemoryLatencies latencies;
  latencies.write = BytesPerSecond{1e9};
  const std::vector<double> numbers = train_small(
      latencies,
      [](JobRun& run) {
        run.job.epochs = 5;
        place_samples(run, run.job.dataset, 5 * kBatchSize, 1, kSample);
        checkpoint_of(run, Bytes{100'000'000});
        run.job.checkpoint.every_epochs = 1;
        EvaluationSettings& evaluation = run.job.evaluation;
        evaluation.every_epochs = 2;
        evaluation.after_epoch = 2;
        evaluation.behind_checkpoint = true;
        evaluation.batch_size = 2;
        evaluation.compute.mean = Seconds{0.2};
        place_samples(run, evaluation.dataset, 6, 1, kSample);
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        return std::vector<double>{outcome.makespan.count(), outcome.gpu_time[Cause::compute],
                                   static_cast<double>(run.storage.reads.size())};
      });
  CHECK(first_of(numbers) == Approx(5 * 5 * 0.1 + 5 * 0.1 + 2 * 3 * 0.2).epsilon(1e-6));
  CHECK(numbers.at(1) == Approx(5 * 5 * 0.1 + 2 * 3 * 0.2).epsilon(1e-6));
  CHECK(numbers.at(2) == 5 * 5 * kBatchSize + 2 * 6);
}
