// The training loop: one SimGrid actor per rank, a loader per rank, a barrier over all ranks.
//
//   Trainer trainer(engine, storage, settings);
//   engine.run();
//   JobOutcome outcome = trainer.outcome();
#pragma once

#include "models/storage.hpp"
#include "models/training/checkpoint_writer.hpp"
#include "models/training/gradient_exchange.hpp"
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
  // All ranks' waiting for the first batch, workers' start included: of each start of the loader,
  // epochs and evaluations in turn.
  const std::vector<double>& first_waits_s() const { return first_waits_s_; }
  // Gradients that left all hosts together; as much arrived.
  double exchanged_bytes() const { return gradients_.exchanged_bytes(); }

private:
  struct Rank {
    std::unique_ptr<Loader> loader; // none: another rank reads for it
    std::unique_ptr<Loader> evaluation;
    std::unique_ptr<kernel::Gate> gate; // for what it waits for one thing at a time
    TimeAccount time;
    Seconds end{};
    // Of the job, but each rank comes to the same: all leave a barrier at the same instant.
    Seconds next_failure{};
    std::uint32_t failures = 0;
    Seconds last_checkpoint{}; // end of its stall
    bool workers_run = false;
    std::uint32_t starts = 0;   // epochs and evaluations begun
    std::uint64_t barriers = 0; // behind it
  };
  // The ranks of one copy of the model.
  struct Copy {
    explicit Copy(kernel::Engine& engine, std::uint32_t ranks) : barrier(engine, ranks) {}
    kernel::Barrier barrier;
    TimeAccount data_wait; // of its reader in this step
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
    Seconds start{-1};
    Seconds end{};
  };

  void add_loaders(std::uint32_t rank);
  void run_rank(std::uint32_t rank);
  bool has_epoch(std::uint32_t epoch);
  // Returns where to go on: the next epoch, or after a failure wherever the last checkpoint was.
  TrainingPosition run_epoch(std::uint32_t rank, TrainingPosition from);
  void run_step(std::uint32_t rank, std::uint32_t epoch, std::uint32_t step, Seconds start,
                EpochAu& au);
  // Sleeps until the batch is there on all ranks of the copy, and in the GPU.
  TimeAccount get_batch(std::uint32_t rank, std::uint32_t step);
  void compute(std::uint32_t rank, std::uint64_t index, bool exchange);
  void start_workers(Rank& rank, const LoaderSettings& loader, std::uint32_t epoch);
  void add_first_wait(const Rank& rank, double wait_s);
  bool evaluates_after(std::uint32_t epoch) const;
  void evaluate(std::uint32_t rank, std::uint32_t epoch);
  // After a step: waiting for a rank that waited for its data is put down to what that rank waited
  // for; the rest of the wait is the barrier's.
  void wait_for_stragglers(Rank& rank, const TimeAccount& data_wait);
  bool exchanges(std::uint32_t epoch, std::uint32_t step) const;
  Seconds draw(const char* what, std::uint32_t rank, std::uint64_t index,
               const Spread& spread) const;
  Seconds compute_time(std::uint32_t rank, std::uint64_t index) const;
  Seconds nominal_compute(std::uint64_t index) const;

  // --- in trainer_checkpoints.cpp
  void wait_for_data(std::uint32_t rank);
  void start_interpreter(std::uint32_t rank);
  kernel::Task import_modules(std::uint32_t rank, Outcome& outcome);
  void run_rounds(std::uint32_t rank);
  void pause_before_round(std::uint32_t rank);
  bool checkpoint_due(const Rank& rank, std::uint32_t epoch, std::uint32_t step) const;
  void write_checkpoint(std::uint32_t rank, TrainingPosition next);
  void checkpoint_after_epoch(std::uint32_t rank, std::uint32_t epoch);
  bool has_failed(const Rank& rank) const;
  TrainingPosition recover(std::uint32_t rank);
  void restore(std::uint32_t rank, std::optional<std::size_t> checkpoint);
  void give_up_since(std::optional<std::size_t> checkpoint, TrainingPosition position);
  void draw_failure(Rank& rank);
  // Runs a task to its end; returns the time that took.
  Seconds run_task(Rank& rank, kernel::Task task, kernel::TaskName name, const char* what);
  CheckpointOutcome checkpoint_outcome(Seconds makespan) const;

  kernel::Engine& engine_;
  Storage& storage_;
  const JobSettings& job_;
  JobSettings evaluation_; // the same job on its evaluation set
  Hosts hosts_;
  Sampler sampler_;
  Sampler evaluation_sampler_;
  GradientExchange gradients_;
  CheckpointWriter checkpoints_;
  std::deque<LocalCache> caches_; // by host
  std::uint32_t steps_per_epoch_;
  std::vector<Rank> ranks_;
  std::deque<Copy> copies_;
  std::deque<Epoch> epochs_;            // grows while ranks hold references
  std::vector<double> step_time_s_;     // [step of the job]; one that was done again: the last time
  std::array<Straggler, 2> stragglers_; // of this barrier and the next: ranks leave it one by one
  kernel::Barrier barrier_;
  // Seen by rank 0.
  CheckpointOutcome seen_;
  Seconds interval_sum_{};
  std::vector<double> first_waits_s_;
  Seconds trains_since_{};
  std::vector<Seconds> resumed_; // [checkpoint]: training went on
};

} // namespace lustrum::training
