// Elastic storage behind the flash of a server's target (FSx Intelligent-Tiering): what the SSD
// read cache does not have comes from a store that answers after tens of milliseconds and charges a
// request for each block. The server's memory and its device are its own.
//
//   if (store.look_up(object, at, wanted) == TieredStore::Place::store)
//     co_await store.fetch(object, at, bytes);
#pragma once

#include "models/storage/latency_spread.hpp"
#include "models/tiering/policy/access_tiers.hpp"
#include "models/tiering/policy/block_cache.hpp"
#include "sim/base/parameter.hpp"
#include "sim/kernel/world.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace lustrum::tiering {

// Of a scenario: of a step of throughput, `ssd_cache` of all together. Of a TieredStore: its own.
struct TieredStoreSettings {
  Bytes ssd_cache{};           // SSD read cache; 0: none
  LatencySpread miss{};        // first byte from the tiered store
  BytesPerSecond miss_rate{};  // of one request to it
  BytesPerSecond store_rate{}; // of all requests to it; 0: no limit
  std::uint32_t misses = 1;    // under way
  Bytes block{};               // of a billed read request, and what the caches keep
  Bytes write_block{};         // of a billed write request: writes are aggregated
  Seconds infrequent_after{};
  Seconds archive_after{};
  Seconds unused_for{}; // what is there before the run

  static const ParameterTable& parameters();
};

struct TieredUsage {
  std::uint64_t read_requests = 0;
  std::uint64_t write_requests = 0;
  Bytes from_ssd{};
  Bytes missed{};     // of what was asked for
  Bytes from_store{}; // whole blocks

  TieredUsage& operator+=(const TieredUsage& other);
};

class TieredStore {
public:
  enum class Place : std::uint8_t {
    ssd,
    on_its_way, // await arrival()
    store       // fetch() it: from now on it is on its way
  };

  // \param number of the target, for the names of stations and for draws
  TieredStore(kernel::World& world, std::uint32_t number, const TieredStoreSettings& settings,
              std::uint64_t seed);

  // --- Blocks: `at` is a multiple of settings().block

  bool on_its_way(std::uint32_t object, Bytes at) const {
    return under_way_.contains({object, at.count()});
  }
  // Where the block is, of which `wanted` bytes are asked for: counted as that.
  Place look_up(std::uint32_t object, Bytes at, Bytes wanted);
  // One request for the block, which has so many bytes. \pre look_up() said `store`
  kernel::Task fetch(std::uint32_t object, Bytes at, Bytes bytes);
  // Who misses a block that is being fetched waits for that request. \pre it is on its way
  kernel::Signal::Awaiter arrival(std::uint32_t object, Bytes at) {
    return under_way_.at({object, at.count()}).wait();
  }

  // --- Objects

  // Something was written: it goes to the store in the background.
  void written(std::uint32_t object, Bytes offset, Bytes length);
  // Read, from whatever cache, or written: frequently used from now on.
  void touch(std::uint32_t object);
  void removed(std::uint32_t object, Bytes size) { ssd_.erase(FileIndex{object}, size); }
  // The class in which the object is billed now.
  AccessTier tier_of(std::uint32_t object) const;

  const TieredStoreSettings& settings() const { return settings_; }
  const TieredUsage& usage() const { return usage_; }
  const BlockCache& ssd() const { return ssd_; }
  std::vector<std::string> check_laws() const;

private:
  using Block = std::pair<std::uint32_t, std::uint64_t>; // object, offset

  kernel::World& world_;
  TieredStoreSettings settings_;
  BlockCache ssd_; // by object
  kernel::SlotsStation& misses_;
  kernel::DelayStation& latency_;
  kernel::BucketStation* rate_ = nullptr;
  LatencyDraws draws_;
  std::vector<Seconds> accessed_;             // by object; never in this run: kNever
  std::map<Block, kernel::Signal> under_way_; // blocks that are being fetched
  TieredUsage usage_;
};

} // namespace lustrum::tiering
