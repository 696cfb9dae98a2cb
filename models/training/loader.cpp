#include "models/training/loader.hpp"

#include "models/training/iterable_loader.hpp"
#include "models/training/tf_loader.hpp"
#include "models/training/torch_loader.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <cmath>

namespace lustrum::training {

using kernel::Task;

void Loader::start_epoch(std::uint32_t epoch, std::uint32_t steps, std::uint32_t first) {
  ++turn_;
  epoch_ = epoch;
  start_ = job_.loader.start(epoch);
  steps_ = steps;
  first_ = first;
  consumed_ = first;
  asked_ = first;
  start_tasks(epoch);
}

void Loader::stop() {
  ++turn_;
  room_.notify();
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

Task Loader::preprocess(std::uint32_t samples, std::uint64_t first_sample, TimeAccount& account) {
  const Spread spread = start_.preprocess;
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
  co_await hosts_.decode(rank_, Seconds{total_s}, account);
}

namespace {

class SyntheticLoader : public Loader {
public:
  using Loader::Loader;

private:
  void start_tasks(std::uint32_t /*epoch*/) override {}
  bool ready(std::uint32_t /*batch*/) const override { return true; }
  TimeAccount batch_account(std::uint32_t /*batch*/) const override { return {}; }
};

} // namespace

std::unique_ptr<Loader> make_loader(const LoaderContext& context) {
  switch (context.job.loader.pipeline) {
  case Pipeline::tf_data:
    return std::make_unique<TfLoader>(context);
  case Pipeline::torch_iterable:
    return std::make_unique<IterableLoader>(context);
  case Pipeline::synthetic:
    return std::make_unique<SyntheticLoader>(context);
  case Pipeline::torch_dataloader:
    break;
  }
  return std::make_unique<TorchLoader>(context);
}

} // namespace lustrum::training
