// Input pipelines of one rank: tasks that fetch batches from storage ahead of the training loop.
//
// The rank (an actor) calls start_epoch(), then for each step wait_for(batch) and consumed(batch).
#pragma once

#include "models/storage.hpp"
#include "models/training/job.hpp"
#include "sim/kernel/engine.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace lustrum::training {

class Loader {
public:
  Loader(kernel::Engine& engine, Storage& storage, const JobSettings& job, std::uint32_t rank)
      : engine_(engine), storage_(storage), job_(job), rank_(rank), gate_(engine),
        room_(engine.world()) {}
  virtual ~Loader() = default;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Begins to fetch `steps` batches. Pre: the previous epoch has been consumed whole.
  void start_epoch(std::uint32_t epoch, std::uint32_t steps);

  // For the rank's actor: sleeps until the batch is there. Adds the time to `account`, split by
  // what the batch was waiting for.
  void wait_for(std::uint32_t batch, TimeAccount& account);
  // The batch has been taken over: there is room for another.
  void consumed(std::uint32_t batch);
  std::uint64_t failed_calls() const { return failed_calls_; }

protected:
  virtual void start_tasks(std::uint32_t epoch) = 0;
  virtual bool ready(std::uint32_t batch) const = 0;
  // What was done for the batch, by cause.
  virtual TimeAccount batch_account(std::uint32_t batch) const = 0;
  // One more batch may be begun.
  virtual void more_room() = 0;

  // To be called by tasks when a batch may have become ready.
  void check_waiting();
  // Reads [offset, offset+length) in calls of the application's size.
  kernel::Task read_range(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome);
  // Decoding of `samples` samples, the first of which has this number in the epoch.
  kernel::Task preprocess(std::uint32_t samples, std::uint64_t first_sample, TimeAccount& account);
  // The process that is this worker of the rank.
  Caller caller(std::uint32_t worker) const {
    const ClientIndex client{job_.first_client.value() + rank_ / job_.ranks_per_client};
    return {client, job_.job, rank_ * std::max(1U, job_.loader.workers) + worker};
  }
  // Adds what a task has done to the account of its batch.
  void note(Outcome& outcome, TimeAccount& account);

  kernel::Engine& engine_;
  Storage& storage_;
  const JobSettings& job_;
  std::uint32_t rank_;
  std::uint32_t steps_ = 0;
  std::uint32_t epoch_ = 0;
  std::uint32_t consumed_ = 0;
  std::uint32_t asked_ = 0; // batches asked for so far, the present one included

private:
  kernel::Gate gate_;
  bool waiting_ = false;
  std::uint64_t failed_calls_ = 0;

protected:
  kernel::Signal room_;
  kernel::DelayStation* decode_ = nullptr;
};

std::unique_ptr<Loader> make_loader(kernel::Engine& engine, Storage& storage,
                                    const JobSettings& job, std::uint32_t rank);

} // namespace lustrum::training
