// Input pipelines of one rank: tasks that fetch batches from storage ahead of the training loop.
//
// The rank (an actor) calls start_epoch(), then for each step wait_for(batch) and consumed(batch).
#pragma once

#include "models/training/hosts.hpp"
#include "models/training/local_cache.hpp"
#include "models/training/sample_reader.hpp"
#include "sim/kernel/engine.hpp"

#include <memory>
#include <vector>

namespace lustrum::training {

// What a rank's loader works with. All outlive it.
struct LoaderContext {
  kernel::Engine& engine;
  Storage& storage;
  Hosts& hosts;
  Sampler& sampler;    // of all ranks
  LocalCache* cache{}; // of the rank's host; none without
  const JobSettings& job;
  std::uint32_t rank = 0;
};

class Loader {
public:
  explicit Loader(const LoaderContext& context)
      : engine_(context.engine), storage_(context.storage), hosts_(context.hosts),
        sampler_(context.sampler), cache_(context.cache), job_(context.job), rank_(context.rank),
        gate_(engine_), room_(engine_.world()) {}
  virtual ~Loader() = default;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins to fetch the batches first .. steps - 1. Pre: the previous epoch has been consumed
  // whole, or stop() was called.
  void start_epoch(std::uint32_t epoch, std::uint32_t steps, std::uint32_t first = 0);
  // Gives up the epoch: the tasks end when they look up next.
  void stop();

  // For the rank's actor: sleeps until the batch is there. Adds the time to `account`, split by
  // what the batch was waiting for.
  void wait_for(std::uint32_t batch, TimeAccount& account);
  // The batch has been taken over: there is room for another.
  void consumed(std::uint32_t batch);
  std::uint64_t failed_calls() const { return failed_calls_; }
  // Samples of its batches that could not be read whole.
  std::uint64_t failed_samples() const { return failed_samples_; }

protected:
  virtual void start_tasks(std::uint32_t epoch) = 0;
  virtual bool ready(std::uint32_t batch) const = 0;
  // What was done for the batch, by cause.
  virtual TimeAccount batch_account(std::uint32_t batch) const = 0;
  // One more batch may be begun.
  virtual void more_room() { room_.notify(); }

  // To be called by tasks when a batch may have become ready.
  void check_waiting();
  // Decoding of `samples` samples, the first of which has this number in the epoch.
  kernel::Task preprocess(std::uint32_t samples, std::uint64_t first_sample, TimeAccount& account);
  // The process that is this worker of the rank.
  Caller caller(std::uint32_t worker) const {
    return {job_.client_of(rank_), job_.job, rank_ * std::max(1U, job_.loader.workers) + worker};
  }
  // Which of those that read different samples this rank is.
  std::uint32_t reader() const { return rank_ / job_.ranks_per_copy; }
  std::uint32_t workers() const { return std::max(1U, job_.loader.workers); }
  // Adds what a task has done to the account of its batch.
  void note(Outcome& outcome, TimeAccount& account);
  void note_failed(std::uint64_t samples) { failed_samples_ += samples; }

  kernel::Engine& engine_;
  Storage& storage_;
  Hosts& hosts_;
  Sampler& sampler_;
  LocalCache* cache_;
  const JobSettings& job_;
  std::uint32_t rank_;
  std::uint32_t steps_ = 0;
  std::uint32_t first_ = 0; // batch of this start
  std::uint32_t epoch_ = 0;
  LoaderStart start_{};
  std::uint32_t turn_ = 0; // starts and stops so far: a task of an earlier one is to end
  std::uint32_t consumed_ = 0;
  std::uint32_t asked_ = 0; // batches asked for so far, the present one included

private:
  kernel::Gate gate_;
  bool waiting_ = false;
  std::uint64_t failed_calls_ = 0;
  std::uint64_t failed_samples_ = 0;

protected:
  kernel::Signal room_;
};

std::unique_ptr<Loader> make_loader(const LoaderContext& context);

} // namespace lustrum::training
