#include "models/training/local_cache.hpp"

namespace lustrum::training {

using kernel::Task;

LocalCache::LocalCache(kernel::World& world, Storage& storage, Hosts& hosts, const JobSettings& job,
                       std::uint32_t host)
    : world_(world), storage_(storage), hosts_(hosts), job_(job), host_(host), arrived_(world),
      shards_(job.dataset.files.size()) {}

Task LocalCache::read_sample(Caller caller, std::uint32_t shard, Outcome& outcome) {
  while (shards_[shard].state != State::here) {
    if (shards_[shard].state == State::absent) {
      co_await copy(caller, shard, outcome);
      continue;
    }
    const Seconds before = world_.now();
    co_await arrived_.wait();
    outcome.time[Cause::loader] += (world_.now() - before).count();
  }
  shards_[shard].last_use = ++uses_;
  const Seconds before = world_.now();
  co_await hosts_.read_disk(host_, storage_.file_size(job_.dataset.files[shard]) /
                                       job_.dataset.samples_per_file);
  outcome.time[Cause::loader] += (world_.now() - before).count();
}

Task LocalCache::copy(Caller caller, std::uint32_t shard, Outcome& outcome) {
  shards_[shard].state = State::coming;
  const FileIndex file = job_.dataset.files[shard];
  make_room(storage_.file_size(file));
  SampleReader reader(storage_, job_.dataset, caller);
  co_await reader.open(file, outcome);
  while (!reader.at_end()) {
    Bytes moved{};
    co_await reader.read_on(moved, outcome);
    const Seconds before = world_.now();
    co_await hosts_.write_disk(host_, moved);
    outcome.time[Cause::loader] += (world_.now() - before).count();
  }
  co_await reader.close(outcome);
  shards_[shard] = {State::here, ++uses_};
  ++copied_;
  arrived_.notify();
}

// Shards under way count too. A cache that is too small for those in use holds more for a while.
void LocalCache::make_room(Bytes bytes) {
  used_ += bytes;
  while (used_ > job_.loader.local_cache) {
    std::size_t oldest = shards_.size();
    for (std::size_t s = 0; s < shards_.size(); ++s)
      if (shards_[s].state == State::here &&
          (oldest == shards_.size() || shards_[s].last_use < shards_[oldest].last_use))
        oldest = s;
    if (oldest == shards_.size()) return;
    shards_[oldest].state = State::absent;
    used_ -= storage_.file_size(job_.dataset.files[oldest]);
  }
}

} // namespace lustrum::training
