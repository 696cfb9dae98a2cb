// What a job does beside its steps: Python's start, checkpoints, failures.
#include "models/training/failure_process.hpp"
#include "models/training/trainer.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

namespace {

Task then_open(Task task, kernel::Gate& gate) {
  co_await task;
  gate.open();
}

} // namespace

Seconds Trainer::run_task(Rank& rank, Task task, kernel::TaskName name, const char* what) {
  const Seconds before = engine_.clock();
  engine_.spawn(then_open(std::move(task), *rank.gate), name);
  rank.gate->wait(what);
  return engine_.clock() - before;
}

// What the copying spent its time on is what the job waits for.
void Trainer::wait_for_data(std::uint32_t rank) {
  if (!job_.data_ready) return;
  const Seconds time = run_task(ranks_[rank], job_.data_ready->wait(), {"wait for data", rank},
                                "the data set to be on its disks");
  ranks_[rank].time.add_split_as(job_.data_ready->time(), time.count(), Cause::restore);
}

void Trainer::start_interpreter(std::uint32_t rank) {
  if (job_.interpreter.modules.empty()) return;
  Outcome outcome;
  const Seconds time = run_task(ranks_[rank], import_modules(rank, outcome), {"interpreter", rank},
                                "its modules to be imported");
  ranks_[rank].time.add_split_as(outcome.time, time.count(), Cause::other);
}

// Every import looks in many folders before it finds its file: the stats lie between the opens.
Task Trainer::import_modules(std::uint32_t rank, Outcome& outcome) {
  const InterpreterSettings& settings = job_.interpreter;
  const Caller caller{job_.client_of(rank), job_.job, rank};
  const std::size_t modules = settings.modules.size();
  std::uint64_t stats = 0;
  for (std::uint32_t i = 0; i < settings.opens; ++i) {
    for (const std::uint64_t due = std::uint64_t{settings.stats} * (i + 1) / settings.opens;
         stats < due; ++stats)
      co_await storage_.stat(caller, settings.modules[stats % modules], outcome);
    const FileIndex file = settings.modules[i % modules];
    std::unique_ptr<OpenFile> open;
    co_await storage_.open(caller, file, {}, open, outcome);
    if (!open) continue;
    co_await storage_.read(*open, Bytes{}, storage_.file_size(file), outcome);
    co_await storage_.close(std::move(open), outcome);
  }
}

bool Trainer::checkpoint_due(const Rank& rank, std::uint32_t epoch, std::uint32_t step) const {
  const CheckpointSettings& checkpoint = job_.checkpoint;
  if (!checkpoint.enabled) return false;
  const std::uint64_t before =
      checkpoint.divides_epochs ? 0 : std::uint64_t{epoch} * steps_per_epoch_;
  if (checkpoint.every_steps > 0 && (before + step + 1) % checkpoint.every_steps == 0) return true;
  return checkpoint.every > Seconds{} && engine_.clock() - rank.last_checkpoint >= checkpoint.every;
}

// DLIO's: outside the block, so outside AU.
void Trainer::checkpoint_after_epoch(std::uint32_t rank, std::uint32_t epoch) {
  const CheckpointSettings& checkpoint = job_.checkpoint;
  const std::uint32_t ended = epoch + 1;
  if (!checkpoint.enabled || checkpoint.every_epochs == 0 || ended < checkpoint.after_epoch ||
      (ended - checkpoint.after_epoch) % checkpoint.every_epochs != 0)
    return;
  write_checkpoint(rank, {epoch + 1, 0});
}

// The time is by cause of the storage; a GPU sees one wait.
void Trainer::write_checkpoint(std::uint32_t rank, TrainingPosition next) {
  Rank& self = ranks_[rank];
  const Seconds before = engine_.clock();
  checkpoints_.save(rank, next);
  barrier_.wait();
  const Seconds stall = engine_.clock() - before;
  self.time[Cause::checkpoint] += stall.count();
  if (rank == 0) {
    seen_.stall += stall;
    seen_.longest_stall = std::max(seen_.longest_stall, stall);
    interval_sum_ += before - self.last_checkpoint;
    resumed_.push_back(engine_.clock());
  }
  self.last_checkpoint = engine_.clock();
}

void Trainer::draw_failure(Rank& rank) {
  if (job_.failures.mtbf > Seconds{})
    rank.next_failure =
        engine_.clock() + draw_time_to_failure(job_.failures.mtbf, job_.seed, rank.failures);
}

// Noticed at the end of a step, when all ranks meet.
bool Trainer::has_failed(const Rank& rank) const {
  return job_.failures.mtbf > Seconds{} && engine_.clock() >= rank.next_failure;
}

// DLIO sleeps as it does for a step, and lets all ranks begin together.
void Trainer::pause_before_round(std::uint32_t rank) {
  Rank& self = ranks_[rank];
  const Seconds before = engine_.clock();
  engine_.sleep(job_.rounds.pause);
  self.time[Cause::compute] += (engine_.clock() - before).count();
  const Seconds behind = engine_.clock();
  barrier_.wait();
  self.time[Cause::barrier] += (engine_.clock() - behind).count();
}

void Trainer::run_rounds(std::uint32_t rank) {
  for (std::uint32_t i = 0; i < job_.rounds.writes; ++i) {
    pause_before_round(rank);
    write_checkpoint(rank, {});
  }
  for (std::uint32_t i = 0; i < job_.rounds.reads; ++i) {
    pause_before_round(rank);
    const Seconds before = engine_.clock();
    restore(rank, i);
    ranks_[rank].time[Cause::checkpoint] += (engine_.clock() - before).count();
  }
}

void Trainer::restore(std::uint32_t rank, std::optional<std::size_t> checkpoint) {
  const Seconds before = engine_.clock();
  checkpoints_.restore(rank, checkpoint);
  barrier_.wait();
  if (rank != 0) return;
  seen_.restore += engine_.clock() - before;
  ++seen_.restores;
}

// All ranks are here at the same instant, and each comes to the same answer.
TrainingPosition Trainer::recover(std::uint32_t rank) {
  Rank& self = ranks_[rank];
  const Seconds before = engine_.clock();
  const std::optional<std::size_t> checkpoint = checkpoints_.complete_at(self.next_failure);
  const TrainingPosition position =
      checkpoint ? checkpoints_.position_of(*checkpoint) : TrainingPosition{};
  if (self.loader) self.loader->stop();
  if (self.evaluation) self.evaluation->stop();
  barrier_.wait(); // nobody abandons what another is still asking for
  if (rank == 0) give_up_since(checkpoint, position);
  engine_.sleep(job_.failures.restart);
  checkpoints_.finish(rank); // what it was writing in the background ends first
  if (checkpoint || job_.checkpoint.restore_at_start) restore(rank, checkpoint);
  barrier_.wait();
  self.time[Cause::failure] += (engine_.clock() - before).count();
  self.workers_run = false;
  self.last_checkpoint = engine_.clock();
  if (rank == 0) {
    if (checkpoint)
      resumed_[*checkpoint] = self.last_checkpoint;
    else
      trains_since_ = self.last_checkpoint;
  }
  ++self.failures;
  draw_failure(self);
  return position;
}

void Trainer::give_up_since(std::optional<std::size_t> checkpoint, TrainingPosition position) {
  ++seen_.failures;
  seen_.lost += engine_.clock() - (checkpoint ? resumed_[*checkpoint] : trains_since_);
  seen_.restart += job_.failures.restart;
  checkpoints_.abandon_after(checkpoint);
  for (std::size_t e = position.epoch; e < epochs_.size(); ++e) {
    epochs_[e].ranks_ended = 0;
    epochs_[e].au_sum = 0;
  }
}

CheckpointOutcome Trainer::checkpoint_outcome(Seconds makespan) const {
  CheckpointOutcome outcome = seen_;
  outcome.saves = static_cast<std::uint32_t>(resumed_.size());
  outcome.written = checkpoints_.completed();
  outcome.failed = checkpoints_.failed();
  outcome.bytes = job_.checkpoint.plan.written();
  outcome.write_time = checkpoints_.mean_write_time();
  if (!resumed_.empty())
    outcome.mean_interval = interval_sum_ / static_cast<double>(resumed_.size());
  double useful_s = 0;
  for (const double step_s : step_time_s_) useful_s += step_s;
  if (makespan > Seconds{}) outcome.goodput = std::min(1.0, useful_s / makespan.count());
  return outcome;
}

} // namespace lustrum::training
