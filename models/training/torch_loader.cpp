#include "models/training/torch_loader.hpp"

#include "sim/base/random.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

void TorchLoader::begin_epoch(std::uint32_t epoch) {
  samples_ = sampler_.samples_of(epoch, reader());
}

void TorchLoader::start_tasks(std::uint32_t epoch) {
  begin_epoch(epoch);
  batches_.assign(steps_, {});
  for (std::uint32_t w = 0; w < workers(); ++w)
    engine_.spawn(work(w, turn_), {"loader worker", rank_ * workers() + w});
}

bool TorchLoader::may_begin(std::uint32_t batch) const {
  const LoaderSettings& loader = job_.loader;
  if (loader.workers == 0) return batch < asked_;
  return batch < consumed_ + loader.workers * loader.prefetch_factor;
}

void TorchLoader::finish(std::uint32_t batch, const TimeAccount& account) {
  batches_[batch] = {true, account};
  check_waiting();
}

Task TorchLoader::work(std::uint32_t worker, std::uint32_t turn) {
  const std::uint64_t batch_size = job_.loader.batch_size;
  SampleReader reader(storage_, job_.dataset, caller(worker));
  for (std::uint32_t batch = first_ + worker; batch < steps_; batch += workers()) {
    while (turn == turn_ && !may_begin(batch)) co_await room_.wait();
    TimeAccount account;
    const std::uint64_t end = std::min<std::uint64_t>((batch + 1) * batch_size, samples_.size());
    for (std::uint64_t number = batch * batch_size; number < end && turn == turn_; ++number)
      co_await load_sample(reader, worker, number, account);
    if (turn != turn_) break;
    if (start_.delivery > Seconds{})
      engine_.spawn(deliver(batch, account, turn), {"batch on its way", rank_});
    else
      finish(batch, account);
  }
  Outcome outcome;
  co_await reader.close(outcome);
}

Task TorchLoader::deliver(std::uint32_t batch, TimeAccount account, std::uint32_t turn) {
  co_await hosts_.spend(start_.delivery, Cause::loader, account);
  if (turn == turn_) finish(batch, account);
}

bool TorchLoader::was_cached(std::uint64_t number) const {
  if (!(start_.cached > 0)) return false;
  const auto component =
      random::component("training.cached", epoch_ * std::uint64_t{job_.ranks} + rank_);
  return random::uniform(job_.seed, component, number) < start_.cached;
}

Task TorchLoader::load_sample(SampleReader& reader, std::uint32_t worker, std::uint64_t number,
                              TimeAccount& account) {
  const DatasetSettings& dataset = job_.dataset;
  const std::uint32_t sample = samples_[number];
  const std::uint32_t file = sample / dataset.samples_per_file;
  Outcome outcome;
  if (cache_)
    co_await cache_->read_sample(caller(worker), file, outcome);
  else if (was_cached(number)) {
    co_await reader.open_and_close(dataset.files[file], outcome);
    co_await hosts_.spend(job_.loader.cached_read, Cause::client_cpu, account);
  } else
    co_await reader.read_sample(dataset.files[file], sample % dataset.samples_per_file, outcome);
  if (!outcome.ok()) note_failed(1);
  note(outcome, account);
  co_await preprocess(1, number, account);
}

} // namespace lustrum::training
