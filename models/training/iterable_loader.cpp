#include "models/training/iterable_loader.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

void IterableLoader::begin_epoch(std::uint32_t epoch) {
  shards_ = sampler_.files_of(epoch, reader());
  if (!storage_.wants_order()) return;
  for (std::uint32_t w = 0; w < workers(); ++w) storage_.set_order(caller(w), files_of_worker(w));
}

std::vector<FileIndex> IterableLoader::files_of_worker(std::uint32_t worker) const {
  std::uint64_t samples = 0;
  for (std::uint32_t batch = first_ + worker; batch < steps_; batch += workers())
    samples += job_.loader.batch_size;
  if (samples > 0) samples += job_.loader.shuffle_buffer;
  std::vector<FileIndex> files;
  const auto first = static_cast<std::uint32_t>(worker % shards_.size());
  std::uint32_t next = first;
  for (std::uint64_t read = 0; read < samples; read += job_.dataset.samples_per_file) {
    files.push_back(job_.dataset.files[shards_[next]]);
    next += workers();
    if (next >= shards_.size()) next = first;
  }
  return files;
}

Task IterableLoader::work(std::uint32_t worker, std::uint32_t turn) {
  const std::uint32_t batch_size = job_.loader.batch_size;
  SampleReader reader(storage_, job_.dataset, caller(worker));
  const auto first = static_cast<std::uint32_t>(worker % shards_.size());
  Stream stream{.first_shard = first, .next_shard = first};
  // The buffer is filled once, and then gets a sample for each that it gives.
  std::uint64_t needed = job_.loader.shuffle_buffer;
  for (std::uint32_t batch = first_ + worker; batch < steps_; batch += workers()) {
    while (turn == turn_ && !may_begin(batch)) co_await room_.wait();
    TimeAccount account;
    needed += batch_size;
    while (stream.available < needed && turn == turn_) {
      const std::uint64_t before = stream.available;
      co_await read_on(reader, stream, account);
      const auto fresh = static_cast<std::uint32_t>(stream.available - before);
      co_await preprocess(fresh, std::uint64_t{worker} << 40U | before, account);
    }
    if (turn != turn_) break;
    finish(batch, account);
  }
  Outcome outcome;
  co_await reader.close(outcome);
}

Task IterableLoader::read_on(SampleReader& reader, Stream& stream, TimeAccount& account) {
  const std::uint64_t per_file = job_.dataset.samples_per_file;
  Outcome outcome;
  if (!stream.open) {
    const std::uint32_t shard = shards_[stream.next_shard];
    stream.next_shard += workers();
    if (stream.next_shard >= shards_.size()) stream.next_shard = stream.first_shard;
    stream.samples_in_file = 0;
    co_await reader.open(job_.dataset.files[shard], outcome);
    stream.open = true;
  }
  std::uint64_t whole = stream.samples_in_file;
  while (whole == stream.samples_in_file) {
    Bytes moved{};
    co_await reader.read_on(moved, outcome);
    whole =
        reader.at_end() ? per_file : reader.position().count() * per_file / reader.size().count();
    if (reader.at_end()) break;
  }
  // What could not be opened or read makes samples all the same, so that the job goes on.
  if (!outcome.ok() || !reader.is_open()) note_failed(whole - stream.samples_in_file);
  stream.available += whole - stream.samples_in_file;
  stream.samples_in_file = whole;
  if (reader.at_end()) {
    co_await reader.close(outcome);
    stream.open = false;
  }
  note(outcome, account);
}

} // namespace lustrum::training
