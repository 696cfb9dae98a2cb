#include "models/training/tf_loader.hpp"

#include "models/training/sampler.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

void TfLoader::start_tasks(std::uint32_t epoch) {
  shard_ = shard_of_rank({.samples = static_cast<std::uint32_t>(job_.dataset.files.size()),
                          .ranks = job_.ranks,
                          .shuffle = job_.loader.shuffle,
                          .new_order_each_epoch = job_.loader.new_order_each_epoch,
                          .seed = job_.seed},
                         epoch, rank_);
  next_file_ = 0;
  begun_ = 0;
  produced_ = 0;
  work_ = {};
  const std::uint32_t readers = std::max(1U, job_.loader.workers);
  for (std::uint32_t r = 0; r < readers; ++r)
    engine_.spawn(read_files(r, epoch), {"tf.data reader", rank_ * readers + r});
}

bool TfLoader::ready(std::uint32_t batch) const {
  const std::uint64_t wanted = (std::uint64_t{batch} + 1) * job_.loader.batch_size;
  return produced_ >= wanted;
}

TimeAccount TfLoader::batch_account(std::uint32_t /*batch*/) const { return work_; }

void TfLoader::more_room() {
  if (asked_ == consumed_) work_ = {}; // a batch has been taken
  room_.notify();
}

bool TfLoader::full() const {
  const LoaderSettings& loader = job_.loader;
  if (loader.workers == 0) return produced_ >= std::uint64_t{asked_} * loader.batch_size;
  const std::uint64_t batches = std::uint64_t{consumed_} + loader.prefetch_batches + 1;
  return produced_ >= batches * loader.batch_size + loader.shuffle_buffer;
}

bool TfLoader::done(std::uint32_t epoch) const { return epoch != epoch_ || produced_ >= wanted(); }

Task TfLoader::read_files(std::uint32_t reader, std::uint32_t epoch) {
  // A file is begun only while those begun do not yet hold the epoch's samples.
  while (!done(epoch) && begun_ < wanted()) {
    begun_ += job_.dataset.samples_per_file;
    const std::uint32_t file = shard_[next_file_++ % shard_.size()];
    co_await read_file(reader, job_.dataset.files[file], epoch);
  }
}

Task TfLoader::read_file(std::uint32_t reader, FileIndex file, std::uint32_t epoch) {
  const DatasetSettings& dataset = job_.dataset;
  const Bytes size = storage_.file_size(file);
  TimeAccount account;
  std::unique_ptr<OpenFile> open;
  Outcome outcome;
  co_await storage_.open(caller(reader), file, {}, open, outcome);
  std::uint64_t samples_done = 0;
  for (Bytes at{}; at < size;) {
    while (full() && !done(epoch)) co_await room_.wait();
    if (done(epoch)) break;
    const Bytes call = std::min(dataset.read_call, size - at);
    if (open) co_await storage_.read(*open, at, call, outcome);
    note(outcome, account);
    at += call;
    const std::uint64_t samples = at.count() * dataset.samples_per_file / size.count();
    if (samples == samples_done) continue;
    const auto fresh = static_cast<std::uint32_t>(samples - samples_done);
    co_await preprocess(fresh, produced_, account);
    if (done(epoch)) break;
    samples_done = samples;
    produced_ += fresh;
    work_ += account;
    account = {};
    check_waiting();
  }
  if (open) co_await storage_.close(std::move(open), outcome);
  note(outcome, work_);
}

} // namespace lustrum::training
