#include "models/training/loader.hpp"

#include "models/training/tf_loader.hpp"
#include "models/training/torch_loader.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <cmath>

namespace lustrum::training {

using kernel::Task;

void Loader::start_epoch(std::uint32_t epoch, std::uint32_t steps) {
  epoch_ = epoch;
  steps_ = steps;
  consumed_ = 0;
  asked_ = 0;
  start_tasks(epoch);
}

void Loader::wait_for(std::uint32_t batch, TimeAccount& account) {
  asked_ = batch + 1;
  if (ready(batch)) return;
  const double start_s = engine_.clock().count();
  waiting_ = true;
  more_room(); // without prefetch the request itself starts the work
  gate_.wait("a batch of its loader");
  account.add_split_as(batch_account(batch), engine_.clock().count() - start_s, Cause::loader);
}

void Loader::consumed(std::uint32_t batch) {
  consumed_ = batch + 1;
  more_room();
}

void Loader::check_waiting() {
  if (!waiting_ || !ready(asked_ - 1)) return;
  waiting_ = false;
  gate_.open();
}

void Loader::note(Outcome& outcome, TimeAccount& account) {
  if (!outcome.ok()) ++failed_calls_;
  account += outcome.time;
  outcome = {};
}

Task Loader::read_range(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  const Bytes end = offset + length;
  for (Bytes at = offset; at < end && outcome.ok();) {
    const Bytes call = std::min(job_.dataset.read_call, end - at);
    co_await storage_.read(file, at, call, outcome);
    at += call;
  }
}

Task Loader::preprocess(std::uint32_t samples, std::uint64_t first_sample, TimeAccount& account) {
  const Spread& spread = job_.loader.preprocess;
  double total_s = spread.mean.count() * samples;
  if (spread.stdev > Seconds{}) {
    total_s = 0;
    const auto component =
        random::component("training.preprocess", epoch_ * std::uint64_t{job_.ranks} + rank_);
    for (std::uint32_t i = 0; i < samples; ++i)
      total_s +=
          std::abs(spread.mean.count() +
                   spread.stdev.count() * random::normal(job_.seed, component, first_sample + i));
  }
  if (!(total_s > 0)) co_return;
  if (!decode_) decode_ = &engine_.world().add_delay({"decode", "rank{}.decode", rank_});
  co_await engine_.world().delay(*decode_, Seconds{total_s});
  account[Cause::decode] += total_s;
}

std::unique_ptr<Loader> make_loader(kernel::Engine& engine, Storage& storage,
                                    const JobSettings& job, std::uint32_t rank) {
  if (job.loader.pipeline == Pipeline::tf_data)
    return std::make_unique<TfLoader>(engine, storage, job, rank);
  return std::make_unique<TorchLoader>(engine, storage, job, rank);
}

} // namespace lustrum::training
