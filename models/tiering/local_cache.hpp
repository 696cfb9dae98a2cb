// A cache of file data on the disks of a client, in front of a store that is slower or costs by the
// request: Mountpoint's and Cloud Storage FUSE's caches, those of streaming loaders. Reads that
// find all they want are served by the disks; what was fetched is written to them in the
// background.
#pragma once

#include "models/block/volume_set.hpp"
#include "models/tiering/policy/block_cache.hpp"

namespace lustrum::tiering {

struct LocalCacheSettings {
  BlockCacheSettings cache;
  block::VolumeSettings disks;
};

class LocalCache {
public:
  LocalCache(kernel::World& world, const fabric::HostLinks* links, ClientIndex client,
             const LocalCacheSettings& settings)
      : world_(world), cache_(settings.cache),
        disks_(world, links, client, settings.disks, "cache_disk") {}

  // Is all of it here? Then read() serves it.
  bool covers(FileIndex file, Bytes offset, Bytes length) {
    return cache_.look_up(file, offset, length) == length;
  }
  kernel::Task read(FileIndex file, Bytes offset, Bytes length, Outcome& outcome) {
    return disks_.access(device::Operation::read, file, offset, length, outcome);
  }
  // Something was fetched: it is written to the disks while its reader goes on.
  void fetched(FileIndex file, Bytes offset, Bytes length, Bytes size) {
    if (!cache_.enabled() || length == Bytes{}) return;
    cache_.insert(file, offset, length, size);
    world_.spawn(write(file, offset, length), {"local cache", file.value()});
  }
  void forget(FileIndex file, Bytes size) { cache_.erase(file, size); }
  void clear() { cache_.clear(); }

  const BlockCache& cache() const { return cache_; }
  const block::VolumeSet& disks() const { return disks_; }

private:
  kernel::Task write(FileIndex file, Bytes offset, Bytes length) {
    Outcome background;
    co_await disks_.access(device::Operation::write, file, offset, length, background);
  }

  kernel::World& world_;
  BlockCache cache_;
  block::VolumeSet disks_;
};

} // namespace lustrum::tiering
