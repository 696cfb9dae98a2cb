#include "models/training/trainer.hpp"

#include "models/training/sampler.hpp"
#include "sim/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum::training {

using kernel::Task;

Trainer::Trainer(kernel::Engine& engine, Storage& storage, const JobSettings& job)
    : engine_(engine), storage_(storage), job_(job),
      steps_per_epoch_(training::steps_per_epoch(std::uint64_t{job.dataset.files.size()} *
                                                     job.dataset.samples_per_file,
                                                 job.loader.batch_size, job.ranks)),
      ranks_(job.ranks), barrier_(engine, job.ranks) {
  std::uint32_t left = job.max_steps > 0 ? job.max_steps : UINT32_MAX;
  for (std::uint32_t e = 0; e < job.epochs && left > 0; ++e) {
    epochs_.push_back({.steps = std::min(steps_per_epoch_, left)});
    left -= epochs_.back().steps;
  }
  for (std::uint32_t r = 0; r < job.ranks; ++r) {
    ranks_[r].loader = make_loader(engine, storage, job, r);
    engine.add_actor(
        fmt::format("job {} rank {}", job.job.value(), r), [this, r] { run_rank(r); },
        job.background ? kernel::ActorKind::background : kernel::ActorKind::regular);
  }
}

// A background job makes itself another one.
bool Trainer::has_epoch(std::uint32_t epoch) {
  if (epoch == epochs_.size() && job_.background) epochs_.push_back({.steps = steps_per_epoch_});
  return epoch < epochs_.size();
}

void Trainer::run_rank(std::uint32_t rank) {
  engine_.sleep(job_.start);
  for (std::uint32_t e = 0; has_epoch(e); ++e) {
    run_epoch(rank, e);
    write_checkpoint(rank, e);
  }
  ranks_[rank].end = engine_.clock();
}

void Trainer::start_workers(Rank& rank) {
  const Seconds before = engine_.clock();
  engine_.sleep(job_.loader.worker_startup * job_.loader.workers);
  rank.time[Cause::worker_startup] += (engine_.clock() - before).count();
}

void Trainer::run_epoch(std::uint32_t rank, std::uint32_t epoch) {
  Rank& self = ranks_[rank];
  Epoch& totals = epochs_[epoch];
  const Seconds block_start = engine_.clock();
  if (rank == 0) totals.start = block_start;
  AuBlock au(job_.au, totals.steps, block_start);
  start_workers(self);
  self.loader->start_epoch(epoch, totals.steps);
  // DLIO takes its first time before it makes the loader: starting workers belongs to the first
  // step.
  Seconds step_start = block_start;
  for (std::uint32_t step = 0; step < totals.steps; ++step) {
    run_step(rank, epoch, step, step_start, au);
    step_start = engine_.clock();
  }
  const Seconds block_end = engine_.clock();
  totals.au_sum += au.au(block_end);
  totals.end = std::max(totals.end, block_end);
  ++totals.ranks_ended;
}

void Trainer::run_step(std::uint32_t rank, std::uint32_t epoch, std::uint32_t step, Seconds start,
                       AuBlock& au) {
  Rank& self = ranks_[rank];
  const std::uint64_t index = std::uint64_t{epoch} * steps_per_epoch_ + step;
  TimeAccount data_wait;
  self.loader->wait_for(step, data_wait);
  self.time += data_wait;
  self.loader->consumed(step);

  const Seconds before_compute = engine_.clock();
  engine_.sleep(draw("training.compute", rank, index, job_.step.compute));
  const Seconds compute = engine_.clock() - before_compute;
  self.time[Cause::compute] += compute.count();
  // v1.0 takes the time that was asked for, v2.0 the one that passed.
  au.add_step(engine_.clock() - start,
              job_.au.formula == AuFormula::v1_0 ? job_.step.compute.mean : compute);

  const StepSettings& settings = job_.step;
  const Seconds before_overhead = engine_.clock();
  const Spread overhead{settings.overhead_fixed + settings.overhead_per_rank * job_.ranks,
                        settings.overhead_stdev};
  engine_.sleep(draw("training.overhead", rank, index, overhead));
  self.time[Cause::step_overhead] += (engine_.clock() - before_overhead).count();
  wait_for_stragglers(self, index, data_wait);
  if (rank == 0) step_time_s_.push_back((engine_.clock() - start).count());
}

void Trainer::wait_for_stragglers(Rank& rank, std::uint64_t step, const TimeAccount& data_wait) {
  Straggler& last = stragglers_[step % stragglers_.size()];
  last.data_wait = data_wait; // the last to come leaves its own
  const Seconds before = engine_.clock();
  barrier_.wait();
  const double waited_s = (engine_.clock() - before).count();
  const double longer_s = std::max(0.0, last.data_wait.total() - data_wait.total());
  const double for_data_s = std::min(waited_s, longer_s);
  rank.time.add_split_as(last.data_wait, for_data_s, Cause::barrier);
  rank.time[Cause::barrier] += waited_s - for_data_s;
}

Seconds Trainer::draw(const char* what, std::uint32_t rank, std::uint64_t index,
                      const Spread& spread) const {
  if (!(spread.stdev > Seconds{})) return std::max(Seconds{}, spread.mean);
  const double z = random::normal(job_.seed, random::component(what, rank), index);
  return Seconds{std::abs((spread.mean + spread.stdev * z).count())}; // DLIO sleeps abs(N(..))
}

// DLIO's: rank 0 writes the model, everybody waits. It lies outside the block, so outside AU.
void Trainer::write_checkpoint(std::uint32_t rank, std::uint32_t epoch) {
  const CheckpointSettings& checkpoint = job_.checkpoint;
  const std::uint32_t ended = epoch + 1;
  if (!checkpoint.enabled || ended < checkpoint.after_epoch ||
      (ended - checkpoint.after_epoch) % checkpoint.every_epochs != 0)
    return;
  Rank& self = ranks_[rank];
  if (rank == 0) {
    const Seconds before = engine_.clock();
    Outcome outcome; // by cause of the storage; a GPU sees one wait
    kernel::Gate done(engine_);
    engine_.spawn(checkpoint_task(outcome, done), {"checkpoint", rank});
    done.wait("its checkpoint to be written");
    if (!outcome.ok()) ++failed_checkpoints_;
    self.time[Cause::checkpoint] += (engine_.clock() - before).count();
  }
  const Seconds before = engine_.clock();
  barrier_.wait();
  self.time[Cause::checkpoint] += (engine_.clock() - before).count();
}

Task Trainer::checkpoint_task(Outcome& outcome, kernel::Gate& done) {
  std::unique_ptr<OpenFile> file;
  const Caller caller{job_.first_client, job_.job, 0};
  co_await storage_.open(caller, job_.checkpoint.file, {.write = true, .create = true}, file,
                         outcome);
  if (file) {
    co_await storage_.write(*file, Bytes{}, job_.checkpoint.size, outcome);
    co_await storage_.sync(*file, outcome);
    co_await storage_.close(std::move(file), outcome);
  }
  done.open();
}

JobOutcome Trainer::outcome() const {
  JobOutcome outcome;
  outcome.steps_per_epoch = steps_per_epoch_;
  outcome.step_time_s = step_time_s_;
  outcome.failed_calls = failed_checkpoints_;
  for (const Rank& rank : ranks_) outcome.failed_calls += rank.loader->failed_calls();
  Seconds end = job_.background ? engine_.clock() : Seconds{};
  for (const Rank& rank : ranks_) end = std::max(end, rank.end);
  outcome.makespan = std::max(Seconds{}, end - job_.start);
  for (const Rank& rank : ranks_) {
    TimeAccount time = rank.time;
    // What no cause has claimed: nothing, but for a rank that ended before the last one, and for
    // what a background job was cut short in.
    const Seconds claimed = job_.background ? job_.start + Seconds{time.total()} : rank.end;
    time[Cause::other] += std::max(0.0, (end - claimed).count());
    outcome.gpu_time += time;
  }
  for (const Epoch& epoch : epochs_) {
    if (epoch.ranks_ended < job_.ranks) continue; // cut short
    outcome.epoch_time_s.push_back((epoch.end - epoch.start).count());
    outcome.epoch_au.push_back(epoch.au_sum / job_.ranks);
    outcome.samples += std::uint64_t{epoch.steps} * job_.loader.batch_size * job_.ranks;
  }
  return outcome;
}

} // namespace lustrum::training
