// Where the page cache keeps its chunks: a pool, an index by object, the page ranges of each chunk,
// and lists through the pool. Mechanism only; which state a page takes is decided by PageCache.
#pragma once

#include "sim/base/hash_index.hpp"

#include <array>
#include <memory>
#include <span>

namespace lustrum::lustre {

enum class PageState : std::uint8_t {
  absent,
  fetching, // asked from the server
  clean,
  dirty,
  writing, // on its way to the server
};

// Pages of one chunk in one state, [begin, end) counted within the chunk.
struct PageRange {
  std::uint32_t id = 0; // of the fetch or the write it waits for; 0 in other states
  std::uint16_t begin = 0;
  std::uint16_t end = 0;
  PageState state = PageState::absent;
  bool unread = false; // fetched ahead of need and not read since

  bool same_kind(const PageRange& other) const {
    return id == other.id && state == other.state && unread == other.unread;
  }
};

struct PageChunk {
  std::uint32_t object = 0;
  std::uint32_t number = 0; // the chunk begins at number * chunk size of the object
  std::uint32_t older = NumberIndex::kNone;
  std::uint32_t newer = NumberIndex::kNone;
  PageRange only{};                         // its range, if it has just one
  std::uint32_t spill = NumberIndex::kNone; // where the ranges are, if several
  std::uint16_t pages = 0;                  // in any state but absent
  std::uint16_t dirty = 0;
  std::uint16_t queue = 0;
  bool busy = false;     // fetching or writing some pages
  std::uint8_t list = 0; // which list it is in, 0 for none; up to the owner
};
static_assert(sizeof(PageChunk) == 40);

class PageChunks {
public:
  static constexpr std::uint32_t kNone = NumberIndex::kNone;
  struct List {
    std::uint32_t oldest = kNone;
    std::uint32_t newest = kNone;
  };
  PageChunk& operator[](std::uint32_t chunk) { return (*blocks_[chunk / kBlock])[chunk % kBlock]; }
  const PageChunk& operator[](std::uint32_t chunk) const {
    return (*blocks_[chunk / kBlock])[chunk % kBlock];
  }

  // Where the chunks of one object are, between the numbers `first` and `last`; none if first >
  // last. Stays valid while chunks are released, not while any are made.
  struct Place {
    std::uint32_t entry = kNone;
    std::uint32_t first = 1;
    std::uint32_t last = 0;
  };
  Place place(std::uint32_t object) const;
  // kNone if the object has no such chunk. \pre place.first <= number <= place.last
  std::uint32_t find(const Place& place, std::uint32_t number) const {
    if ((place.entry & kDirectoryBit) == 0) return place.entry;
    return directories_[place.entry & ~kDirectoryBit].chunks[number];
  }
  // The chunk of that number, new and without pages if there is none.
  std::uint32_t find_or_make(std::uint32_t object, std::uint32_t number);
  // \pre in no list
  void release(std::uint32_t chunk);

  // In page order, neighbours of the same kind joined. Valid until the next change.
  std::span<const PageRange> ranges(std::uint32_t chunk) const;
  // Keeps them and counts anew.
  void set_ranges(std::uint32_t chunk, std::span<const PageRange> ranges);
  // The same for at most one range. \pre the chunk has at most one
  void set_only(std::uint32_t chunk, const PageRange& range) {
    PageChunk& of = (*this)[chunk];
    of.only = range;
    const bool absent = range.state == PageState::absent;
    of.pages = absent ? std::uint16_t{0} : static_cast<std::uint16_t>(range.end - range.begin);
    of.dirty = range.state == PageState::dirty ? of.pages : std::uint16_t{0};
    of.busy = range.state == PageState::fetching || range.state == PageState::writing;
  }
  // Starts to load what release(chunk) will need.
  void prefetch(std::uint32_t chunk) const { objects_.prefetch((*this)[chunk].object); }

  void append(List& list, std::uint32_t chunk);
  void remove(List& list, std::uint32_t chunk);

  std::size_t size() const { return in_use_; }
  std::size_t memory_bytes() const;

private:
  static constexpr std::uint32_t kBlock = 128; // chunks never move, and the pool grows by blocks
  using Block = std::array<PageChunk, kBlock>;
  // An object of several chunks: [number] -> chunk or kNone.
  struct Directory {
    std::vector<std::uint32_t> chunks;
    std::uint32_t in_use = 0;
  };
  static constexpr std::uint32_t kDirectoryBit = 0x80000000U;

  std::uint32_t new_chunk(std::uint32_t object, std::uint32_t number);
  std::uint32_t new_directory();
  void drop_spill(PageChunk& chunk);

  std::vector<std::unique_ptr<Block>> blocks_;
  std::uint32_t made_ = 0;
  std::size_t in_use_ = 0;
  std::uint32_t free_ = kNone; // linked through `newer`
  NumberIndex objects_;        // its only chunk, or its directory with kDirectoryBit
  std::vector<Directory> directories_;
  std::vector<std::uint32_t> free_directories_;
  std::vector<std::vector<PageRange>> spills_;
  std::vector<std::uint32_t> free_spills_;
};

} // namespace lustrum::lustre
