// L24: how an input pipeline hides storage. Supply X against demand d = batch bytes / compute time.
#include "models/training/trainer.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

// One rank; constant files of 140 MiB as in 3D U-Net, batches of 7, 0.323 s of compute: d = 3034
// MiB/s.
training::JobSettings unet3d_like(Storage& storage, std::uint32_t steps, std::uint32_t workers) {
  constexpr std::uint32_t kBatch = 7;
  constexpr Bytes kFile{140 * kMib};
  training::JobSettings job;
  job.dataset.record = kFile;
  job.dataset.read_call = Bytes{4 * kMib};
  for (std::uint32_t f = 0; f < steps * kBatch; ++f)
    job.dataset.files.push_back(storage.place_file(kRootDirectory, kFile));
  job.loader.batch_size = kBatch;
  job.loader.workers = workers;
  job.step.compute.mean = Seconds{0.323};
  return job;
}

struct Answer {
  double au;
  double gpu_utilization;
  double unaccounted_s; // GPU time that no cause claims
};

Answer train(double supply_mib_s, std::uint32_t workers, training::AuFormula formula,
             std::uint32_t steps = 200) {
  const std::vector<double> numbers = numbers_from_child([&] {
    kernel::Engine engine({});
    auto settings = ideal_filesystem();
    settings.oss.nvme().read_bandwidth = BytesPerSecond{supply_mib_s * static_cast<double>(kMib)};
    settings.tunables.osc_max_rpcs_in_flight = 64;
    lustre::Filesystem fs(engine.world(), settings);
    training::JobSettings job = unet3d_like(fs, steps, workers);
    job.au.formula = formula;
    training::Trainer trainer(engine, fs, job);
    engine.run();
    const training::JobOutcome outcome = trainer.outcome();
    return std::vector<double>{outcome.epoch_au.at(0),
                               outcome.gpu_time[Cause::compute] / outcome.makespan.count(),
                               outcome.makespan.count() - outcome.gpu_time.total(),
                               static_cast<double>(engine.world().check_laws().size())};
  });
  CHECK(numbers.at(3) == 0);
  return {numbers.at(0), numbers.at(1), numbers.at(2)};
}

constexpr double kDemand = 7.0 * 140 / 0.323; // MiB/s

} // namespace

TEST_CASE("L24: a prefetching trainer has AU = min(1, X/d)") {
  // The batches that were prefetched during the first, excluded step are what AU may exceed X/d by:
  // five of 200 at most.
  for (const double ratio : {0.25, 0.5, 0.9}) {
    CAPTURE(ratio);
    const Answer answer = train(ratio * kDemand, 4, training::AuFormula::v2_0);
    CHECK(answer.au >= ratio * 0.995);
    CHECK(answer.au <= ratio * (1 + 5.0 / 200) + 0.005);
    CHECK(answer.unaccounted_s == Approx(0).epsilon(1e-9));
  }
  CHECK(train(2 * kDemand, 4, training::AuFormula::v2_0).au == Approx(1).epsilon(0.001));
}

TEST_CASE("L24: without prefetch utilization is t_c / (t_c + t_io)") {
  // X = d: t_io = t_c, utilization 1/2; X = 3 d: t_io = t_c / 3, 3/4. Read-ahead within a file
  // still overlaps disk and copying, and copying takes no time here.
  CHECK(train(kDemand, 0, training::AuFormula::v2_0).gpu_utilization == Approx(0.5).epsilon(0.01));
  CHECK(train(3 * kDemand, 0, training::AuFormula::v2_0).gpu_utilization ==
        Approx(0.75).epsilon(0.01));
}

TEST_CASE("infinitely fast storage: AU 1 and GPU utilization 1") {
  const Answer answer = train(1e9, 4, training::AuFormula::v1_0);
  CHECK(answer.au == Approx(1).epsilon(1e-4));
  CHECK(answer.gpu_utilization == Approx(1).epsilon(1e-4));
}

TEST_CASE("the time after proc counts against AU, as in DLIO") {
  // 20 ms per step beside 323 ms of compute: AU = 323 / 343.
  const std::vector<double> numbers = numbers_from_child([] {
    kernel::Engine engine({});
    lustre::Filesystem fs(engine.world(), ideal_filesystem());
    training::JobSettings job = unet3d_like(fs, 100, 4);
    job.step.overhead_fixed = Seconds{0.019};
    job.step.overhead_per_rank = Seconds{0.001};
    training::Trainer trainer(engine, fs, job);
    engine.run();
    const training::JobOutcome outcome = trainer.outcome();
    return std::vector<double>{outcome.epoch_au.at(0), outcome.gpu_time[Cause::step_overhead]};
  });
  // The first step's proc is excluded, but what follows it is not: 99 computes over 99 + 100 * 20
  // ms.
  CHECK(numbers.at(0) == Approx(99 * 0.323 / (99 * 0.323 + 100 * 0.020)).epsilon(1e-4));
  CHECK(numbers.at(1) == Approx(100 * 0.020).epsilon(1e-6));
}

TEST_CASE("ranks wait for the slowest at the barrier, and it is put down to its data") {
  // Two ranks on one host, shared storage at half their demand: both are slow together, so compute
  // is half of the time and nearly all waiting is the disk's.
  const std::vector<double> numbers = numbers_from_child([] {
    kernel::Engine engine({});
    auto settings = ideal_filesystem();
    settings.oss.nvme().read_bandwidth = BytesPerSecond{kDemand * static_cast<double>(kMib)};
    settings.tunables.osc_max_rpcs_in_flight = 64;
    lustre::Filesystem fs(engine.world(), settings);
    training::JobSettings job = unet3d_like(fs, 200, 4);
    job.ranks = 2;
    job.ranks_per_client = 2;
    training::Trainer trainer(engine, fs, job);
    engine.run();
    const training::JobOutcome outcome = trainer.outcome();
    const double all = 2 * outcome.makespan.count();
    return std::vector<double>{
        outcome.gpu_time.total() / all, outcome.gpu_time[Cause::compute] / all,
        (outcome.gpu_time[Cause::disk] + outcome.gpu_time[Cause::rpc_slots]) / all};
  });
  CHECK(numbers.at(0) == Approx(1).epsilon(1e-9));
  CHECK(numbers.at(1) == Approx(0.5).epsilon(0.03));
  CHECK(numbers.at(2) > 0.45);
}

TEST_CASE("tf.data: parallel readers fill one buffer, AU = min(1, X/d)") {
  // Shards of 100 records of 1 MiB, batches of 50 in 0.1 s: d = 500 MiB/s.
  for (const double ratio : {0.5, 2.0}) {
    const std::vector<double> numbers = numbers_from_child([&] {
      kernel::Engine engine({});
      auto settings = ideal_filesystem();
      settings.oss.nvme().read_bandwidth = BytesPerSecond{ratio * 500.0 * kMib};
      settings.tunables.llite_max_read_ahead_mb = 0;
      lustre::Filesystem fs(engine.world(), settings);
      training::JobSettings job;
      job.dataset.record = Bytes{kMib};
      job.dataset.samples_per_file = 100;
      job.dataset.read_call = Bytes{256 * kKib};
      for (std::uint32_t f = 0; f < 100; ++f)
        job.dataset.files.push_back(fs.place_file(kRootDirectory, Bytes{100 * kMib}));
      job.loader.pipeline = training::Pipeline::tf_data;
      job.loader.batch_size = 50;
      job.loader.workers = 8;
      job.step.compute.mean = Seconds{0.1};
      training::Trainer trainer(engine, fs, job);
      engine.run();
      return std::vector<double>{trainer.outcome().epoch_au.at(0),
                                 static_cast<double>(trainer.steps_per_epoch())};
    });
    CHECK(numbers.at(1) == 200);
    CHECK(numbers.at(0) == Approx(std::min(1.0, ratio)).epsilon(0.02));
  }
}
