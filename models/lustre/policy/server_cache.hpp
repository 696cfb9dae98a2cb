// The memory of an OSS as a cache of object data: which bytes of a request need no device.
//
// Pages of 4 KiB in chunks of 1 MiB; the least recently used chunk goes first. Requests from
// `*_max_io` on, objects of files beyond `readcache_max_filesize`, and directions that are switched
// off leave nothing behind, but pages that are there are used whatever the request.
// \source Lustre 2.15 lustre/osd-ldiskfs/osd_io.c, osd_handler.c; Lustre manual, OSS read cache
// \limits Linux evicts single pages by two lists (active, inactive) and lets data seen once go
//   first. Pages written are not kept longer than others: writes are committed before the reply.
#pragma once

#include "sim/base/lru_index.hpp"
#include "sim/base/units.hpp"

#include <array>

namespace lustrum::lustre {

struct ServerCacheSettings {
  Bytes capacity{}; // 0: no cache
  // osd-ldiskfs: 1 on rotating disks, 0 on flash unless set.
  bool read_cache_enable = true;
  bool writethrough_cache_enable = true;
  // Requests of this size and more bypass (readcache_max_io_mb, writethrough_max_io_mb).
  Bytes readcache_max_io{8 * kMib};
  Bytes writethrough_max_io{8 * kMib};
  Bytes readcache_max_filesize{UINT64_MAX};
};

class ServerCache {
public:
  struct Extent {
    std::uint64_t object = 0; // unique on the server
    Bytes offset{};
    Bytes bytes{};
    Bytes object_size{}; // compared with readcache_max_filesize
  };
  // hit + missing = bytes of the extent.
  struct Lookup {
    Bytes hit{};
    Bytes missing{};
    Bytes first_missing{}; // offset of the first byte to fetch; of no meaning when none is
    bool whole() const { return missing == Bytes{}; }
  };

  explicit ServerCache(const ServerCacheSettings& settings) : settings_(settings) {}

  // A read: what is here already; after it all of the extent is here, if it is to be cached.
  Lookup read(const Extent& extent);
  // A part of a read that brought more than it asked for: it is kept as a read is.
  void fill(const Extent& extent);
  // A write-through: the device is written anyway, later reads may find the data here.
  void write(const Extent& extent);
  // Forgets an object of this size (destroyed, truncated).
  void drop(std::uint64_t object, Bytes size);

  // Whether it wants to know how large objects are.
  bool limits_files() const { return settings_.readcache_max_filesize < Bytes{UINT64_MAX}; }
  Bytes used() const { return kPage * pages_; }
  // Counters since the start, bytes of reads.
  Bytes hit_bytes() const { return hit_bytes_; }
  Bytes miss_bytes() const { return miss_bytes_; }

private:
  static constexpr Bytes kPage{4 * kKib};
  static constexpr std::uint64_t kPagesPerChunk = 256;
  static constexpr std::uint64_t kBitsPerWord = 64;

  struct ChunkKey {
    std::uint64_t object = 0;
    std::uint64_t chunk = 0;
    bool operator==(const ChunkKey&) const = default;
  };
  struct ChunkHash {
    std::uint64_t operator()(const ChunkKey& key) const {
      return random::mix_bits(random::mix_bits(key.object) ^ key.chunk);
    }
  };
  struct Chunk {
    std::array<std::uint64_t, kPagesPerChunk / kBitsPerWord> present{}; // a bit per page
    std::uint64_t count() const;
  };
  // Pages [begin, end) of one chunk.
  struct PageRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t bits(std::uint64_t word) const; // those of a word of `present`
  };

  template <class Visit> void for_each_chunk(const Extent& extent, Visit visit) const;
  void keep(const ChunkKey& key, Chunk* chunk, const PageRange& range);
  void put(const Extent& extent);
  void evict();
  bool keeps(const Extent& extent, bool enabled, Bytes max_io) const;

  ServerCacheSettings settings_;
  LruIndex<ChunkKey, Chunk, ChunkHash> chunks_;
  std::uint64_t pages_ = 0;
  Bytes hit_bytes_{};
  Bytes miss_bytes_{};
};

} // namespace lustrum::lustre
