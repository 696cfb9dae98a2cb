// A small training job on a storage of constant latencies, for closed forms.
#pragma once

#include "models/training/trainer.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/memory_storage.hpp"

#include <functional>

namespace lustrum::test {

struct JobRun {
  kernel::Engine& engine;
  MemoryStorage& storage;
  training::JobSettings job;
};

inline constexpr double kComputeSeconds = 0.1;
inline constexpr std::uint32_t kBatchSize = 4;

inline void place_samples(JobRun& run, training::DatasetSettings& dataset, std::uint32_t files,
                          std::uint32_t samples_per_file, Bytes sample) {
  dataset.samples_per_file = samples_per_file;
  dataset.record = sample;
  for (std::uint32_t f = 0; f < files; ++f)
    dataset.files.push_back(run.storage.place_file(kRootDirectory, sample * samples_per_file));
}

// One rank, two workers, batches of 4, steps of 0.1 s; set up and asked by the test.
inline std::vector<double> train_small(
    const MemoryLatencies& latencies, const std::function<void(JobRun&)>& set_up,
    const std::function<std::vector<double>(const training::JobOutcome&, const JobRun&)>& answer) {
  return numbers_from_child([&] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), latencies);
    JobRun run{engine, storage, {}};
    run.job.loader.batch_size = kBatchSize;
    run.job.loader.workers = 2;
    run.job.step.compute.mean = Seconds{kComputeSeconds};
    set_up(run);
    training::Trainer trainer(engine, storage, run.job);
    engine.run();
    std::vector<double> numbers = answer(trainer.outcome(), run);
    // Every second of every rank has a cause, and every station obeys its laws.
    const training::JobOutcome outcome = trainer.outcome();
    const double unclaimed_s = outcome.makespan.count() * run.job.ranks - outcome.gpu_time.total();
    numbers.push_back(std::abs(unclaimed_s) < 1e-6 && engine.world().check_laws().empty() ? 1 : 0);
    return numbers;
  });
}

// Of a run whose accounts are right.
inline double first_of(const std::vector<double>& numbers) {
  if (numbers.back() != 1) throw std::runtime_error("time without a cause, or a law broken");
  return numbers.front();
}

inline std::vector<double> makespan(const training::JobOutcome& outcome, const JobRun& /*run*/) {
  return {outcome.makespan.count()};
}

} // namespace lustrum::test
