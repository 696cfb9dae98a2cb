// Elastic storage behind a file server that buys throughput, not capacity: FSx Intelligent-Tiering
// as a read path. A read is served by the server's memory, else by its SSD read cache, else by the
// tiered store, which answers after tens of milliseconds and charges a request for each block.
#pragma once

#include "models/storage.hpp"
#include "models/storage/latency_spread.hpp"
#include "models/tiering/policy/access_tiers.hpp"
#include "models/tiering/policy/block_cache.hpp"
#include "sim/base/parameter.hpp"

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lustrum::tiering {

struct TieredStoreSettings {
  std::uint32_t steps = 1;   // of 4,000 MBps bought
  Bytes ram{};               // read cache in memory, per step
  Bytes ssd_cache{};         // SSD read cache, all together; 0: none
  BytesPerSecond ssd_rate{}; // of the SSD cache, per step
  PerSecond ssd_iops{};      // per step; 0: no limit
  Seconds ssd_latency{};
  LatencySpread miss{};       // first byte from the tiered store
  BytesPerSecond miss_rate{}; // of one request to it
  std::uint32_t misses = 1;   // under way per step
  Bytes block{};              // of a billed read request, and what the caches keep
  Bytes write_block{};        // of a billed write request: writes are aggregated
  Seconds infrequent_after{};
  Seconds archive_after{};

  static const ParameterTable& parameters();
};

struct TieredUsage {
  std::uint64_t read_requests = 0;
  std::uint64_t write_requests = 0;
  Bytes from_ram{};
  Bytes from_ssd{};
  Bytes missed{};     // of what was asked for
  Bytes from_store{}; // whole blocks
};

class TieredStore {
public:
  TieredStore(kernel::World& world, const TieredStoreSettings& settings, std::uint64_t seed);

  // Brings [offset, offset + length) of a file of `size` bytes into the server's memory.
  kernel::Task read(FileIndex file, Bytes offset, Bytes length, Bytes size, Outcome& outcome);
  // Something was written: it is in memory, and goes to the store in the background. \pre size
  // covers it
  void written(FileIndex file, Bytes offset, Bytes length, Bytes size);
  // A file that exists before the run was last used so long ago.
  void placed(FileIndex file, Bytes size, Seconds unused_for);
  void removed(FileIndex file, Bytes size);
  void drop_memory() { ram_.clear(); }

  const TieredStoreSettings& settings() const { return settings_; }
  const TieredUsage& usage() const { return usage_; }
  const BlockCache& ram() const { return ram_; }
  const BlockCache& ssd() const { return ssd_; }
  // What is billed in each class at this moment. An access brings a file back to the first.
  std::array<Bytes, kAccessTiers> stored() const;
  std::vector<std::string> check_laws() const;

private:
  using Block = std::pair<std::uint32_t, std::uint64_t>; // file, offset
  kernel::Task fetch(FileIndex file, Bytes offset, Bytes length, Bytes size, Outcome& outcome);
  void touch(FileIndex file, Bytes size);

  kernel::World& world_;
  TieredStoreSettings settings_;
  BlockCache ram_;
  BlockCache ssd_;
  kernel::SharedStation& disk_;
  kernel::Path disk_path_;
  kernel::BucketStation* iops_ = nullptr;
  kernel::SlotsStation& misses_;
  kernel::DelayStation& latency_;
  LatencyDraws draws_;
  std::vector<FileAge> files_;                // by number
  std::map<Block, kernel::Signal> under_way_; // blocks that are being fetched
  TieredUsage usage_;
  Bytes asked_{};
};

} // namespace lustrum::tiering
