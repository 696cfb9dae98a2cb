// Checkpoints and failures against closed forms (L25).
#include "models/training/failure_process.hpp"
#include "tests/model/training_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::test;
using namespace lustrum::training;
using doctest::Approx;

namespace {

constexpr Bytes kSample{kMib};
constexpr Bytes kModel{800'000'000};
constexpr std::uint32_t kSteps = 23;
constexpr double kWork = kSteps * kComputeSeconds;
constexpr double kDataFiles = 4 * kBatchSize * kSteps;

// 4 ranks on 2 hosts, 23 steps of 0.1 s, a checkpoint of 200 MB for each rank after every fifth.
void four_ranks(JobRun& run) {
  run.job.ranks = 4;
  run.job.ranks_per_client = 2;
  place_samples(run, run.job.dataset, 4 * kBatchSize * kSteps, 1, kSample);
  CheckpointSettings& checkpoint = run.job.checkpoint;
  checkpoint.enabled = true;
  checkpoint.every_steps = 5;
  checkpoint.keep_last = 1;
  checkpoint.plan =
      plan_checkpoint({.model = kModel}, CheckpointLayout::file_per_rank, {.data = 4});
}

MemoryLatencies writes_at(double bytes_per_s) {
  MemoryLatencies latencies;
  latencies.write = BytesPerSecond{bytes_per_s};
  return latencies;
}

std::vector<double> summary(const JobOutcome& outcome, const JobRun& run) {
  return {outcome.makespan.count(),
          outcome.checkpoints.stall.count(),
          static_cast<double>(outcome.checkpoints.written),
          static_cast<double>(run.storage.files_that_exist()),
          static_cast<double>(run.storage.syncs),
          outcome.gpu_time[Cause::checkpoint],
          outcome.checkpoints.write_time.count()};
}

} // namespace

TEST_CASE("L25: a synchronous checkpoint stops all ranks for size / rate") {
  // 200 MB at 1 GB/s for each call: 0.2 s, four times.
  const std::vector<double> numbers = train_small(writes_at(1e9), four_ranks, summary);
  CHECK(first_of(numbers) == Approx(kWork + 4 * 0.2).epsilon(1e-6));
  CHECK(numbers.at(1) == Approx(0.8).epsilon(1e-6));
  CHECK(numbers.at(2) == 4);
  CHECK(numbers.at(4) == 16);                            // one fsync for each file
  CHECK(numbers.at(5) == Approx(4 * 0.8).epsilon(1e-6)); // on all ranks
  CHECK(numbers.at(6) == Approx(0.2).epsilon(1e-6));
}

TEST_CASE("layouts: rank 0 alone takes as long as all bytes take; a shared file is one file") {
  struct Row {
    CheckpointLayout layout;
    double stall_s;
    double files;
  };
  for (const Row row :
       {Row{CheckpointLayout::rank_zero, 0.8, 1}, Row{CheckpointLayout::shared_file, 0.2, 1},
        Row{CheckpointLayout::file_per_rank, 0.2, 4}}) {
    const std::vector<double> numbers = train_small(
        writes_at(1e9),
        [&](JobRun& run) {
          four_ranks(run);
          run.job.checkpoint.plan = plan_checkpoint({.model = kModel}, row.layout, {.data = 4});
        },
        summary);
    CHECK(first_of(numbers) == Approx(kWork + 4 * row.stall_s).epsilon(1e-6));
    CHECK(numbers.at(3) == kDataFiles + row.files); // the last one is kept
  }
}

TEST_CASE("keep_last: so many complete checkpoints stay") {
  const std::vector<double> numbers = train_small(
      writes_at(1e9),
      [](JobRun& run) {
        four_ranks(run);
        run.job.checkpoint.keep_last = 3;
      },
      summary);
  CHECK(first_of(numbers) == Approx(kWork + 0.8).epsilon(1e-6));
  CHECK(numbers.at(3) == kDataFiles + 3 * 4);
}

TEST_CASE("an asynchronous checkpoint hides until the next one is due") {
  // Copying 200 MB out of a GPU at 10 GB/s: 20 ms. Writing takes 0.4 s, less than the 0.5 s between
  // checkpoints: only the copies are seen, and 0.1 s at the end, behind the last three steps. At
  // 0.8 s a checkpoint waits for the one before: the cycle is copy + write, and the job ends when
  // the last is written.
  struct Row {
    double rate;
    double makespan_s;
  };
  for (const Row row : {Row{0.5e9, kWork + 4 * 0.02 + 0.1}, Row{0.25e9, 0.5 + 4 * (0.02 + 0.8)}}) {
    const std::vector<double> numbers = train_small(
        writes_at(row.rate),
        [](JobRun& run) {
          four_ranks(run);
          run.job.checkpoint.mode = CheckpointMode::async;
          run.job.host.gpu_link = BytesPerSecond{10e9};
          run.job.dataset.record = Bytes{}; // batches take no time to copy
        },
        summary);
    CHECK(first_of(numbers) == Approx(row.makespan_s).epsilon(1e-6));
    CHECK(numbers.at(2) == 4);
  }
}

TEST_CASE("by way of the local disk: the stall is the disk's, the rest drains") {
  // Two ranks share a host's disk: 400 MB at 4 GB/s: 0.1 s of stall; draining 0.4 s is hidden.
  const std::vector<double> numbers = train_small(
      writes_at(0.5e9),
      [](JobRun& run) {
        four_ranks(run);
        run.job.checkpoint.mode = CheckpointMode::local_disk;
        run.job.host.disk_write = BytesPerSecond{4e9};
      },
      summary);
  CHECK(numbers.at(1) == Approx(4 * 0.1).epsilon(1e-6));
  CHECK(first_of(numbers) == Approx(kWork + 4 * 0.1 + 0.1).epsilon(1e-6));
}

TEST_CASE("checkpoints by time: at the first step after so long") {
  // Every 0.35 s: after steps 4, 8, ... as each checkpoint's stall does not count.
  const std::vector<double> numbers = train_small(
      writes_at(1e9),
      [](JobRun& run) {
        four_ranks(run);
        run.job.checkpoint.every_steps = 0;
        run.job.checkpoint.every = Seconds{0.35};
      },
      summary);
  CHECK(numbers.at(2) == 5);
}

TEST_CASE("a job that starts from a checkpoint reads it first, every rank its share") {
  MemoryLatencies latencies;
  latencies.read = BytesPerSecond{1e9};
  const std::vector<double> numbers = train_small(
      latencies,
      [](JobRun& run) {
        four_ranks(run);
        run.job.loader.pipeline = Pipeline::synthetic;
        run.job.checkpoint.restore_at_start = true;
        run.job.checkpoint.every_steps = 0;
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        double bytes = 0;
        for (const MemoryStorage::Access& read : run.storage.reads)
          bytes += static_cast<double>(read.length);
        return std::vector<double>{outcome.makespan.count(), bytes,
                                   outcome.checkpoints.restore.count()};
      });
  CHECK(first_of(numbers) == Approx(0.2 + kWork).epsilon(1e-6));
  CHECK(numbers.at(1) == kModel.as_double());
  CHECK(numbers.at(2) == Approx(0.2).epsilon(1e-6));
}

TEST_CASE("AU leaves checkpoints inside an epoch out, GPU utilization does not") {
  const std::vector<double> numbers =
      train_small(writes_at(1e9), four_ranks, [](const JobOutcome& outcome, const JobRun&) {
        return std::vector<double>{outcome.epoch_au.at(0), outcome.checkpoints.goodput};
      });
  CHECK(first_of(numbers) == Approx(1).epsilon(1e-6));
  CHECK(numbers.at(1) == Approx(kWork / (kWork + 0.8)).epsilon(1e-6));
}

TEST_CASE("failures cost lost work, restarts and reading back, as Daly's formula says") {
  // One rank; 12,000 steps of 1 s, a checkpoint of 2 s after every 20, failures every 150 s on
  // average, 4 s until it runs again, 2 s to read the checkpoint. Some 110 failures: what is left
  // to chance is a few percent of the overhead, 1 to 2 % of the time.
  constexpr double kSeconds = 12'000;
  MemoryLatencies latencies;
  latencies.write = latencies.read = BytesPerSecond{1e9};
  const std::vector<double> numbers = train_small(
      latencies,
      [](JobRun& run) {
        run.job.loader.pipeline = Pipeline::synthetic;
        run.job.loader.batch_size = 1;
        run.job.step.compute.mean = Seconds{1};
        run.job.seed = 5;
        place_samples(run, run.job.dataset, static_cast<std::uint32_t>(kSeconds), 1, kSample);
        CheckpointSettings& checkpoint = run.job.checkpoint;
        checkpoint.enabled = true;
        checkpoint.every_steps = 20;
        checkpoint.keep_last = 1;
        checkpoint.plan = plan_checkpoint({.model = Bytes{2'000'000'000}},
                                          CheckpointLayout::rank_zero, {.data = 1});
        run.job.failures = {.mtbf = Seconds{150}, .restart = Seconds{4}};
      },
      [](const JobOutcome& outcome, const JobRun&) {
        const CheckpointOutcome& seen = outcome.checkpoints;
        return std::vector<double>{outcome.makespan.count(),
                                   static_cast<double>(seen.failures),
                                   seen.goodput,
                                   seen.lost.count(),
                                   seen.restart.count(),
                                   seen.restore.count(),
                                   static_cast<double>(outcome.step_time_s.size()),
                                   static_cast<double>(outcome.samples),
                                   seen.stall.count()};
      });
  const double expected_s =
      expected_makespan({Seconds{kSeconds}, Seconds{20}, Seconds{2}, Seconds{6}, Seconds{150}, 0})
          .count();
  // A failure is noticed at the end of its step: half a second later on average.
  CHECK(first_of(numbers) == Approx(expected_s).epsilon(0.04));
  CHECK(numbers.at(1) > 60);
  CHECK(numbers.at(2) == Approx(kSeconds / numbers.at(0)).epsilon(1e-6));
  CHECK(numbers.at(4) == Approx(4 * numbers.at(1)));
  CHECK(numbers.at(6) == kSeconds);
  CHECK(numbers.at(7) == kSeconds);
  // Work, stalls, lost work, restarts and reloading are all there is; a stall in lost time is in
  // both.
  const double sum_s = kSeconds + numbers.at(8) + numbers.at(3) + numbers.at(4) + numbers.at(5);
  CHECK(sum_s >= numbers.at(0) * (1 - 1e-9));
  CHECK(sum_s <= numbers.at(0) + 2 * numbers.at(1));
}

TEST_CASE("a failure in the middle of an epoch: loaders stop, and read on from the checkpoint") {
  // Real loaders this time: 3 epochs of 50 steps with failures every 20 steps or so.
  for (const Pipeline pipeline :
       {Pipeline::torch_dataloader, Pipeline::torch_iterable, Pipeline::tf_data}) {
    MemoryLatencies latencies;
    latencies.read = BytesPerSecond{1e9};
    latencies.write = BytesPerSecond{1e10};
    const std::vector<double> numbers = train_small(
        latencies,
        [&](JobRun& run) {
          run.job.ranks = run.job.ranks_per_client = 2;
          run.job.epochs = 3;
          run.job.seed = 11;
          run.job.loader.pipeline = pipeline;
          run.job.loader.prefetch_factor = 2;
          place_samples(run, run.job.dataset, 400, 1, kSample);
          run.job.checkpoint.enabled = true;
          run.job.checkpoint.every_steps = 5;
          run.job.checkpoint.keep_last = 2;
          run.job.checkpoint.mode = CheckpointMode::async;
          run.job.checkpoint.plan =
              plan_checkpoint({.model = kModel}, CheckpointLayout::file_per_rank, {.data = 2});
          run.job.failures = {.mtbf = Seconds{2}, .restart = Seconds{0.5}};
        },
        [](const JobOutcome& outcome, const JobRun&) {
          return std::vector<double>{static_cast<double>(outcome.samples),
                                     static_cast<double>(outcome.checkpoints.failures),
                                     static_cast<double>(outcome.step_time_s.size()),
                                     static_cast<double>(outcome.epoch_au.size())};
        });
    CAPTURE(static_cast<int>(pipeline));
    CHECK(first_of(numbers) == 3 * 400);
    CHECK(numbers.at(1) >= 3);
    CHECK(numbers.at(2) == 150);
    CHECK(numbers.at(3) == 3);
  }
}

TEST_CASE("a checkpoint that could not be written is none: not counted, not kept, not restored") {
  // Ten writes succeed: two checkpoints of four files, half of the third, nothing of the fourth.
  const std::vector<double> numbers = train_small(
      writes_at(1e9),
      [](JobRun& run) {
        four_ranks(run);
        run.storage.writes_that_succeed = 10;
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        return std::vector<double>{static_cast<double>(outcome.checkpoints.written),
                                   static_cast<double>(outcome.checkpoints.failed),
                                   static_cast<double>(run.storage.files_that_exist()),
                                   static_cast<double>(outcome.failed_calls)};
      });
  CHECK(first_of(numbers) == 2);
  CHECK(numbers.at(1) == 2);
  CHECK(numbers.at(2) == kDataFiles + 4); // the second is kept
  CHECK(numbers.at(3) == 2 + 4);          // a rank's part counts once

  // Where nothing can be written, every failure begins anew.
  const std::vector<double> failing = train_small(
      writes_at(1e9),
      [](JobRun& run) {
        four_ranks(run);
        run.job.loader.pipeline = Pipeline::synthetic;
        run.job.seed = 3;
        run.job.failures = {.mtbf = Seconds{2}, .restart = Seconds{0.1}};
        run.storage.writes_that_succeed = 0;
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        return std::vector<double>{static_cast<double>(outcome.checkpoints.failures),
                                   static_cast<double>(outcome.checkpoints.restores),
                                   static_cast<double>(outcome.checkpoints.written),
                                   static_cast<double>(run.storage.reads.size())};
      });
  CHECK(first_of(failing) > 0);
  CHECK(failing.at(1) == 0);
  CHECK(failing.at(2) == 0);
  CHECK(failing.at(3) == 0);
}

TEST_CASE("each host removes the files that its ranks have written") {
  // Four files on two hosts, three checkpoints of four removed; a file for all is removed once.
  for (const CheckpointLayout layout :
       {CheckpointLayout::file_per_rank, CheckpointLayout::shared_file}) {
    const std::vector<double> numbers = train_small(
        writes_at(1e9),
        [&](JobRun& run) {
          four_ranks(run);
          run.job.checkpoint.plan = plan_checkpoint({.model = kModel}, layout, {.data = 4});
        },
        [](const JobOutcome& outcome, const JobRun& run) {
          double own = 0;
          for (const auto& [caller, file] : run.storage.removes)
            for (const MemoryStorage::Access& write : run.storage.writes)
              if (write.file == file && write.caller.client == caller.client) {
                ++own;
                break;
              }
          return std::vector<double>{static_cast<double>(run.storage.removes.size()), own,
                                     static_cast<double>(outcome.failed_calls)};
        });
    CHECK(first_of(numbers) == (layout == CheckpointLayout::file_per_rank ? 12 : 3));
    CHECK(numbers.at(1) == numbers.at(0));
    CHECK(numbers.at(2) == 0);
  }
}
