#include "models/training/tf_loader.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

void TfLoader::start_tasks(std::uint32_t epoch) {
  work_ = {};
  const std::uint64_t behind = std::uint64_t{first_} * job_.loader.batch_size;
  produced_ = read_ = behind;
  if (job_.loader.cache && epoch > 0) {
    produced_ = read_ = wanted();
    return;
  }
  shard_ = sampler_.files_of(epoch, reader());
  next_file_ = behind / job_.dataset.samples_per_file;
  begun_ = next_file_ * job_.dataset.samples_per_file;
  in_turn_ = storage_.wants_order();
  for (std::uint32_t r = 0; in_turn_ && r < workers(); ++r)
    storage_.set_order(caller(r), files_of_worker(r));
  for (std::uint32_t r = 0; r < workers(); ++r)
    engine_.spawn(read_files(r, turn_), {"tf.data reader", rank_ * workers() + r});
}

std::vector<FileIndex> TfLoader::files_of_worker(std::uint32_t worker) const {
  const std::uint64_t per_file = job_.dataset.samples_per_file;
  const std::uint64_t first = std::uint64_t{first_} * job_.loader.batch_size / per_file;
  std::vector<FileIndex> files;
  for (std::uint64_t n = first + worker; n * per_file < wanted(); n += workers())
    files.push_back(job_.dataset.files[shard_[n % shard_.size()]]);
  return files;
}

bool TfLoader::ready(std::uint32_t batch) const {
  const std::uint64_t taken = (std::uint64_t{batch} + 1) * job_.loader.batch_size;
  return produced_ >= std::min(wanted(), taken + job_.loader.shuffle_buffer);
}

TimeAccount TfLoader::batch_account(std::uint32_t /*batch*/) const { return work_; }

void TfLoader::more_room() {
  if (asked_ == consumed_) work_ = {}; // a batch has been taken
  room_.notify();
}

bool TfLoader::full() const {
  const LoaderSettings& loader = job_.loader;
  const std::uint64_t batches =
      loader.workers == 0 ? asked_ : std::uint64_t{consumed_} + loader.prefetch_batches + 1;
  return read_ >= batches * loader.batch_size + loader.shuffle_buffer;
}

Task TfLoader::read_files(std::uint32_t worker, std::uint32_t turn) {
  SampleReader reader(storage_, job_.dataset, caller(worker));
  if (in_turn_) {
    for (const FileIndex file : files_of_worker(worker)) {
      if (done(turn)) break;
      co_await read_file(reader, file, turn);
    }
    co_return;
  }
  // A file is begun only while those begun do not yet hold the epoch's samples.
  while (!done(turn) && begun_ < wanted()) {
    begun_ += job_.dataset.samples_per_file;
    const std::uint32_t file = shard_[next_file_++ % shard_.size()];
    co_await read_file(reader, job_.dataset.files[file], turn);
  }
}

Task TfLoader::read_file(SampleReader& reader, FileIndex file, std::uint32_t turn) {
  TimeAccount account;
  Outcome outcome;
  co_await reader.open(file, outcome);
  std::uint64_t samples_done = 0;
  bool broken = false; // what is read of the next samples
  while (!reader.at_end()) {
    while (full() && !done(turn)) co_await room_.wait();
    if (done(turn)) break;
    Bytes moved{};
    co_await reader.read_on(moved, outcome);
    broken = broken || !outcome.ok() || !reader.is_open();
    note(outcome, account);
    const std::uint64_t samples =
        reader.position().count() * job_.dataset.samples_per_file / reader.size().count();
    if (samples == samples_done) continue;
    const auto fresh = static_cast<std::uint32_t>(samples - samples_done);
    samples_done = samples;
    if (broken) note_failed(fresh);
    broken = false;
    co_await hand_over(fresh, account, turn);
    if (done(turn)) break;
  }
  if (reader.size() == Bytes{} && !done(turn)) { // it is gone: the job goes on without its samples
    note_failed(job_.dataset.samples_per_file);
    co_await hand_over(job_.dataset.samples_per_file, account, turn);
  }
  co_await reader.close(outcome);
  note(outcome, work_);
}

Task TfLoader::hand_over(std::uint32_t samples, TimeAccount& account, std::uint32_t turn) {
  if (job_.loader.map_calls == 0) {
    co_await preprocess(samples, read_, account);
    if (turn != turn_) co_return;
    read_ += samples;
    co_return produce(samples, account);
  }
  work_ += account;
  account = {};
  for (std::uint32_t i = 0; i < samples; ++i) {
    while (turn == turn_ && map_calls_ >= job_.loader.map_calls) co_await room_.wait();
    if (turn != turn_) co_return;
    ++map_calls_;
    engine_.world().spawn(map_call(read_++, turn), {"tf.data map call", rank_});
  }
}

Task TfLoader::map_call(std::uint64_t number, std::uint32_t turn) {
  TimeAccount account;
  co_await preprocess(1, number, account);
  --map_calls_;
  if (turn == turn_) produce(1, account);
  room_.notify();
}

void TfLoader::produce(std::uint32_t samples, TimeAccount& account) {
  produced_ += samples;
  work_ += account;
  account = {};
  check_waiting();
}

} // namespace lustrum::training
