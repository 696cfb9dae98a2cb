#include "models/training/trainer.hpp"

#include "sim/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum::training {

namespace {

// Batches of its own data set, in order, with the loader of the job.
JobSettings evaluation_of(const JobSettings& job) {
  JobSettings evaluation = job;
  evaluation.dataset = job.evaluation.dataset;
  evaluation.loader.batch_size = job.evaluation.batch_size;
  evaluation.loader.shuffle = false;
  evaluation.loader.shuffle_buffer = 0;
  evaluation.loader.local_cache = {};
  evaluation.epoch_steps = 0;
  if (job.evaluation.workers > 0) {
    evaluation.loader.workers = job.evaluation.workers;
    evaluation.loader.worker_startup = job.evaluation.worker_startup;
    evaluation.loader.preprocess = job.evaluation.preprocess;
    evaluation.loader.cached_read = job.evaluation.cached_read;
    evaluation.loader.starts = job.evaluation.starts;
  }
  if (evaluation.loader.sharding == Sharding::shards) evaluation.loader.sharding = Sharding::block;
  return evaluation;
}

} // namespace

Trainer::Trainer(kernel::Engine& engine, Storage& storage, const JobSettings& job)
    : engine_(engine), storage_(storage), job_(job), evaluation_(evaluation_of(job)),
      hosts_(engine.world(), job), sampler_(job.sampler()),
      evaluation_sampler_(evaluation_.sampler()), gradients_(engine, hosts_, job),
      checkpoints_(engine, storage, hosts_, job), steps_per_epoch_(job.steps_per_epoch()),
      ranks_(job.ranks), barrier_(engine, job.ranks) {
  std::uint32_t left = job.max_steps > 0 ? job.max_steps : UINT32_MAX;
  for (std::uint32_t e = 0; e < job.epochs && left > 0; ++e) {
    epochs_.push_back({.steps = std::min(steps_per_epoch_, left)});
    left -= epochs_.back().steps;
  }
  if (job.loader.local_cache > Bytes{})
    for (std::uint32_t h = 0; h < job.hosts(); ++h)
      caches_.emplace_back(engine.world(), storage, hosts_, job, h);
  for (std::uint32_t c = 0; c < job.copies(); ++c) copies_.emplace_back(engine, job.ranks_per_copy);
  for (std::uint32_t r = 0; r < job.ranks; ++r) {
    ranks_[r].gate = std::make_unique<kernel::Gate>(engine);
    if (r % job.ranks_per_copy == 0) add_loaders(r);
    engine.add_actor(
        fmt::format("job {} rank {}", job.job.value(), r), [this, r] { run_rank(r); },
        job.background ? kernel::ActorKind::background : kernel::ActorKind::regular);
  }
}

void Trainer::add_loaders(std::uint32_t rank) {
  LocalCache* cache = caches_.empty() ? nullptr : &caches_[job_.host_of(rank)];
  ranks_[rank].loader = make_loader({engine_, storage_, hosts_, sampler_, cache, job_, rank});
  if (job_.evaluation.every_epochs > 0)
    ranks_[rank].evaluation =
        make_loader({engine_, storage_, hosts_, evaluation_sampler_, nullptr, evaluation_, rank});
}

// A background job makes itself another one.
bool Trainer::has_epoch(std::uint32_t epoch) {
  if (epoch == epochs_.size() && job_.background) epochs_.push_back({.steps = steps_per_epoch_});
  return epoch < epochs_.size();
}

void Trainer::run_rank(std::uint32_t rank) {
  engine_.sleep(job_.start);
  wait_for_data(rank);
  start_interpreter(rank);
  Rank& self = ranks_[rank];
  const Seconds before_restore = engine_.clock();
  if (job_.checkpoint.restore_at_start) restore(rank, std::nullopt);
  self.last_checkpoint = engine_.clock();
  self.time[Cause::checkpoint] += (self.last_checkpoint - before_restore).count();
  if (rank == 0) trains_since_ = self.last_checkpoint;
  draw_failure(self);
  run_rounds(rank);
  for (TrainingPosition at; has_epoch(at.epoch);) at = run_epoch(rank, at);
  const Seconds before = engine_.clock();
  checkpoints_.finish(rank);
  self.time[Cause::checkpoint] += (engine_.clock() - before).count();
  self.end = engine_.clock();
}

void Trainer::start_workers(Rank& rank, const LoaderSettings& loader, std::uint32_t epoch) {
  ++rank.starts;
  if (rank.workers_run && loader.persistent_workers) return;
  rank.workers_run = true;
  const Seconds before = engine_.clock();
  engine_.sleep(loader.start(epoch).worker_startup * loader.workers);
  rank.time[Cause::worker_startup] += (engine_.clock() - before).count();
  add_first_wait(rank, (engine_.clock() - before).count());
}

void Trainer::add_first_wait(const Rank& rank, double wait_s) {
  if (first_waits_s_.size() < rank.starts) first_waits_s_.resize(rank.starts);
  first_waits_s_[rank.starts - 1] += wait_s;
}

TrainingPosition Trainer::run_epoch(std::uint32_t rank, TrainingPosition from) {
  Rank& self = ranks_[rank];
  Epoch& totals = epochs_[from.epoch];
  const Seconds block_start = engine_.clock();
  if (totals.start < Seconds{}) totals.start = block_start;
  EpochAu au(job_.au, totals.steps - from.step,
             job_.checkpoint.divides_epochs ? job_.checkpoint.every_steps : 0, block_start);
  start_workers(self, job_.loader, from.epoch);
  const std::uint32_t loaded = job_.reads_past_end ? steps_per_epoch_ : totals.steps;
  if (self.loader) self.loader->start_epoch(from.epoch, loaded, from.step);
  // DLIO takes its first time before it makes the loader: starting workers belongs to the first
  // step.
  Seconds step_start = block_start;
  for (std::uint32_t step = from.step; step < totals.steps; ++step) {
    run_step(rank, from.epoch, step, step_start, au);
    if (exchanges(from.epoch, step)) {
      const Seconds before = engine_.clock();
      if (checkpoint_due(self, from.epoch, step)) {
        write_checkpoint(rank, {from.epoch, step + 1});
        au.checkpoint(before, engine_.clock());
      }
      if (has_failed(self)) return recover(rank);
      if (rank == 0) checkpoints_.clean();
    }
    step_start = engine_.clock();
  }
  const Seconds block_end = engine_.clock();
  totals.au_sum += au.au(block_end);
  totals.end = std::max(totals.end, block_end);
  ++totals.ranks_ended;
  const bool evaluates_last = job_.evaluation.behind_checkpoint;
  if (!evaluates_last) evaluate(rank, from.epoch);
  checkpoint_after_epoch(rank, from.epoch);
  if (evaluates_last) evaluate(rank, from.epoch);
  if (has_failed(self)) return recover(rank);
  if (rank == 0) checkpoints_.clean();
  return {from.epoch + 1, 0};
}

// The last step of an epoch is always one after which all ranks meet.
bool Trainer::exchanges(std::uint32_t epoch, std::uint32_t step) const {
  return (step + 1) % job_.step.accumulate == 0 || step + 1 == epochs_[epoch].steps;
}

void Trainer::run_step(std::uint32_t rank, std::uint32_t epoch, std::uint32_t step, Seconds start,
                       EpochAu& au) {
  Rank& self = ranks_[rank];
  const std::uint64_t index = std::uint64_t{epoch} * steps_per_epoch_ + step;
  const bool exchange = exchanges(epoch, step);
  const TimeAccount data_wait = get_batch(rank, step);
  if (step == 0) add_first_wait(self, data_wait.total());

  const Seconds before_compute = engine_.clock();
  compute(rank, index, exchange);
  // v1.0 takes the time that was asked for, v2.0 the one that passed.
  const Seconds computed = engine_.clock() - before_compute;
  au.add_step(engine_.clock() - start,
              job_.au.formula == AuFormula::v1_0 ? nominal_compute(index) : computed);

  const StepSettings& settings = job_.step;
  const Seconds before_overhead = engine_.clock();
  if (exchange) gradients_.wait(rank);
  const Spread overhead{settings.overhead_fixed + settings.overhead_per_rank * job_.ranks,
                        settings.overhead_stdev};
  engine_.sleep(draw("training.overhead", rank, index, overhead));
  self.time[Cause::step_overhead] += (engine_.clock() - before_overhead).count();
  if (exchange) wait_for_stragglers(self, data_wait);
  if (rank != 0) return;
  if (step_time_s_.size() <= index) step_time_s_.resize(index + 1);
  step_time_s_[index] = (engine_.clock() - start).count();
}

TimeAccount Trainer::get_batch(std::uint32_t rank, std::uint32_t step) {
  Rank& self = ranks_[rank];
  Copy& copy = copies_[rank / job_.ranks_per_copy];
  TimeAccount data_wait;
  if (self.loader) {
    self.loader->wait_for(step, data_wait);
    self.loader->consumed(step);
    const Seconds before = engine_.clock();
    engine_.sleep(job_.loader.handover);
    data_wait[Cause::loader] += (engine_.clock() - before).count();
    copy.data_wait = data_wait;
  }
  if (job_.ranks_per_copy > 1) {
    const Seconds before = engine_.clock();
    copy.barrier.wait();
    data_wait.add_split_as(copy.data_wait, (engine_.clock() - before).count(), Cause::barrier);
  }
  if (hosts_.copies_take_time() && !job_.dataset.format.gpu_direct)
    data_wait[Cause::host_bus] +=
        run_task(self,
                 hosts_.copy_to_gpu(rank, job_.dataset.record * job_.loader.batch_size,
                                    job_.loader.pin_memory),
                 {"copy to the GPU", rank}, "its batch to be in the GPU")
            .count();
  self.time += data_wait;
  return data_wait;
}

// The backward pass yields gradients before it ends: the exchange may begin `overlap` of the time
// before that.
void Trainer::compute(std::uint32_t rank, std::uint64_t index, bool exchange) {
  const Seconds before = engine_.clock();
  const Seconds time = compute_time(rank, index);
  const double overlap = exchange && gradients_.active() ? job_.step.overlap : 0;
  engine_.sleep(time * (1 - overlap));
  if (exchange) gradients_.enter();
  if (overlap > 0) engine_.sleep(time * overlap);
  ranks_[rank].time[Cause::compute] += (engine_.clock() - before).count();
}

Seconds Trainer::nominal_compute(std::uint64_t index) const {
  const std::vector<double>& list = job_.step.compute_s;
  return list.empty() ? job_.step.compute.mean : Seconds{list[index % list.size()]};
}

Seconds Trainer::compute_time(std::uint32_t rank, std::uint64_t index) const {
  if (!job_.step.compute_s.empty()) return nominal_compute(index);
  return draw("training.compute", rank, index, job_.step.compute);
}

void Trainer::wait_for_stragglers(Rank& rank, const TimeAccount& data_wait) {
  Straggler& last = stragglers_[rank.barriers++ % stragglers_.size()];
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

bool Trainer::evaluates_after(std::uint32_t epoch) const {
  const std::uint32_t every = job_.evaluation.every_epochs;
  const std::uint32_t first = job_.evaluation.after_epoch > 0 ? job_.evaluation.after_epoch : every;
  const std::uint32_t ended = epoch + 1;
  if (every == 0 || ended < first || (ended - first) % every != 0) return false;
  return job_.evaluation.most == 0 || (ended - first) / every < job_.evaluation.most;
}

void Trainer::evaluate(std::uint32_t rank, std::uint32_t epoch) {
  if (!evaluates_after(epoch)) return;
  Rank& self = ranks_[rank];
  const std::uint32_t steps = evaluation_.steps_per_epoch();
  start_workers(self, evaluation_.loader, epoch);
  if (self.evaluation) self.evaluation->start_epoch(epoch, steps);
  for (std::uint32_t step = 0; step < steps; ++step) {
    TimeAccount wait;
    if (self.evaluation) {
      self.evaluation->wait_for(step, wait);
      self.evaluation->consumed(step);
    }
    self.time += wait;
    if (step == 0) add_first_wait(self, wait.total());
    const Seconds before = engine_.clock();
    const std::uint64_t index = std::uint64_t{epoch} * steps + step;
    engine_.sleep(draw("training.evaluation", rank, index, job_.evaluation.compute));
    self.time[Cause::compute] += (engine_.clock() - before).count();
  }
  const Seconds before = engine_.clock();
  barrier_.wait();
  self.time[Cause::barrier] += (engine_.clock() - before).count();
}

JobOutcome Trainer::outcome() const {
  JobOutcome outcome;
  outcome.steps_per_epoch = steps_per_epoch_;
  outcome.step_time_s = step_time_s_;
  outcome.failed_calls = checkpoints_.failed_calls();
  for (const Rank& rank : ranks_) {
    if (rank.loader) outcome.failed_calls += rank.loader->failed_calls();
    if (rank.loader) outcome.failed_samples += rank.loader->failed_samples();
    if (rank.evaluation) outcome.failed_calls += rank.evaluation->failed_calls();
  }
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
    outcome.epoch_au.push_back(epoch.au_sum / epoch.ranks_ended);
    outcome.samples += std::uint64_t{epoch.steps} * job_.loader.batch_size * job_.copies();
  }
  outcome.failed_samples = std::min(outcome.failed_samples, outcome.samples);
  outcome.samples -= outcome.failed_samples;
  outcome.checkpoints = checkpoint_outcome(outcome.makespan);
  return outcome;
}

} // namespace lustrum::training
