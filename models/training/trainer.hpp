// The training loop: one SimGrid actor per rank, a loader per rank, a barrier over all ranks.
//
//   Trainer trainer(engine, storage, settings);
//   engine.run();
//   JobOutcome outcome = trainer.outcome();
#pragma once

#include "models/storage.hpp"
#include "models/training/job.hpp"
#include "models/training/loader.hpp"
#include "sim/kernel/engine.hpp"

#include <array>
#include <deque>
#include <memory>
#include <vector>

namespace lustrum::training {

class Trainer {
public:
  // Adds the actors to the engine. The settings must outlive it.
  Trainer(kernel::Engine& engine, Storage& storage, const JobSettings& job);

  // After the engine has run.
  JobOutcome outcome() const;
  std::uint32_t steps_per_epoch() const { return steps_per_epoch_; }

private:
  struct Rank {
    std::unique_ptr<Loader> loader;
    TimeAccount time;
    Seconds end{};
  };
  // The rank that reached a barrier last, and what it had waited for in its step.
  struct Straggler {
    TimeAccount data_wait;
  };
  // Sums over ranks of one epoch.
  struct Epoch {
    std::uint32_t steps = 0;
    std::uint32_t ranks_ended = 0;
    double au_sum = 0;
    Seconds start{};
    Seconds end{};
  };

  void run_rank(std::uint32_t rank);
  bool has_epoch(std::uint32_t epoch);
  void run_epoch(std::uint32_t rank, std::uint32_t epoch);
  void run_step(std::uint32_t rank, std::uint32_t epoch, std::uint32_t step, Seconds start,
                AuBlock& au);
  void start_workers(Rank& rank);
  void write_checkpoint(std::uint32_t rank, std::uint32_t epoch);
  // After a step: waiting for a rank that waited for its data is put down to what that rank waited
  // for; the rest of the wait is the barrier's.
  void wait_for_stragglers(Rank& rank, std::uint64_t step, const TimeAccount& data_wait);
  kernel::Task checkpoint_task(Outcome& outcome, kernel::Gate& done);
  Seconds draw(const char* what, std::uint32_t rank, std::uint64_t index,
               const Spread& spread) const;

  kernel::Engine& engine_;
  Storage& storage_;
  const JobSettings& job_;
  std::uint32_t steps_per_epoch_;
  std::vector<Rank> ranks_;
  std::deque<Epoch> epochs_; // grows while ranks hold references
  std::vector<double> step_time_s_;
  std::uint64_t failed_checkpoints_ = 0;
  std::array<Straggler, 2> stragglers_; // of this barrier and the next: ranks leave it one by one
  kernel::Barrier barrier_;
};

} // namespace lustrum::training
