// Shards on a host's own disk: a shard that is not there is copied from the storage first, once for
// all workers of the host; the one used least recently makes room.
// \source mosaicml/streaming: cache_limit, shards are downloaded whole before they are read
#pragma once

#include "models/training/hosts.hpp"
#include "models/training/sample_reader.hpp"

#include <vector>

namespace lustrum::training {

class LocalCache {
public:
  LocalCache(kernel::World& world, Storage& storage, Hosts& hosts, const JobSettings& job,
             std::uint32_t host);

  // Reads one sample out of the shard, which is copied before if need be.
  kernel::Task read_sample(Caller caller, std::uint32_t shard, Outcome& outcome);

  std::uint64_t copied_shards() const { return copied_; }

private:
  enum class State : std::uint8_t { absent, coming, here };
  struct Shard {
    State state = State::absent;
    std::uint64_t last_use = 0;
  };

  kernel::Task copy(Caller caller, std::uint32_t shard, Outcome& outcome);
  void make_room(Bytes bytes);

  kernel::World& world_;
  Storage& storage_;
  Hosts& hosts_;
  const JobSettings& job_;
  std::uint32_t host_;
  kernel::Signal arrived_;
  std::vector<Shard> shards_;
  Bytes used_{};
  std::uint64_t uses_ = 0;
  std::uint64_t copied_ = 0;
};

} // namespace lustrum::training
