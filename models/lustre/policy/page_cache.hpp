// The page cache of one client, as rules without a clock: which pages of which objects are here,
// on their way, dirty or being written, and what gives way when there is no room.
//
// Objects are cut into chunks of one RPC, aligned within the object; a chunk holds ranges of 4 KiB
// pages, mostly just one. Extents are bytes of an object. The caller clips them at the object's
// end; here they are rounded out to pages, so what comes back is in whole pages and may pass that
// end by less than one.
//
// A read is: read(), which says what is missing and which fetches under way to wait for;
// fetching() for each RPC sent; fetched() when it is back. A write is: before_write(), write(), and
// some time later take_dirty() and written().
//
// Only chunks with nothing but clean pages can be evicted; they are kept in the order in which they
// were last read or became clean (as osc keeps pages in transfer off its LRU).
// Source: Lustre 2.15 lustre/osc/osc_page.c, osc_cache.c; llite.max_cached_mb.
#pragma once

#include "models/lustre/policy/extent.hpp"
#include "models/lustre/policy/page_chunks.hpp"

#include <optional>

namespace lustrum::lustre {

class PageCache {
public:
  struct Settings {
    Bytes chunk{4 * kMib}; // size of a bulk RPC: a multiple of a page, at most 64 MiB
    Bytes max_cached{};    // llite.max_cached_mb; fetching, dirty and writing pages count too
  };
  explicit PageCache(const Settings& settings);

  // What read() and probe() find. Keep one and use it again: its vectors keep their memory.
  struct Lookup {
    std::vector<Extent> missing;        // to fetch, in order, neighbours joined
    std::vector<std::uint32_t> fetches; // ids under way that the extent overlaps, each once
    std::uint64_t missing_pages = 0;
    std::uint64_t hit_pages = 0; // fetched ahead of need and wanted now for the first time
    bool all_present() const { return missing.empty() && fetches.empty(); }
  };
  struct Evicted {
    std::uint64_t chunks = 0;
    std::uint64_t pages = 0;
    std::uint64_t unread_pages = 0; // fetched ahead and never read (read_but_discarded)
  };
  struct Written {
    Bytes newly_dirty{}; // whole pages that were not dirty before, those in write-back included
    Evicted evicted;
  };
  struct WriteRpc {
    std::vector<Extent> extents;
    Bytes bytes{};
  };
  enum class DirtyPages : std::uint8_t { keep, drop };
  struct Dropped {
    std::uint64_t clean_pages = 0;
    std::uint64_t fetching_pages = 0;
    std::uint64_t dirty_pages = 0;   // data lost
    std::uint64_t writing_pages = 0; // data lost unless the write succeeds
    std::uint64_t unread_pages = 0;
    std::uint64_t kept_pages = 0; // dirty or being written, and kept
  };
  struct DirtyChunk {
    std::uint32_t object = 0;
    Extent extent;
  };
  static constexpr std::size_t kMaxExtentsPerRpc = 256; // osc_cache.c

  // A reader wants the extent: says what is missing, marks the pages read and the chunks used.
  void read(std::uint32_t object, Extent extent, Lookup& found);
  // The same for read-ahead: changes nothing.
  void probe(std::uint32_t object, Extent extent, Lookup& found) const;

  // The absent pages of the extent have been asked for. `ahead`: nobody has asked to read them yet.
  Evicted fetching(std::uint32_t object, Extent extent, std::uint32_t fetch, bool ahead);
  // What is still being fetched under that id has come. Pages dropped or overwritten meanwhile stay
  // as they are.
  void fetched(std::uint32_t object, Extent extent, std::uint32_t fetch);

  // What a write of these bytes has to read first: its first and last page, if it covers them in
  // part, they hold bytes below `known_size` that it leaves, and they are not here.
  void before_write(std::uint32_t object, Extent extent, Bytes known_size, Lookup& needed) const;
  // The pages become dirty. `queue` is whose dirty data they are (the OSC); always the same for one
  // object.
  Written write(std::uint32_t object, Extent extent, std::uint16_t queue);

  // The chunk of a queue that became dirty (or full) first. `only_full`: one without a clean or
  // absent page, which is worth an RPC at once.
  std::optional<DirtyChunk> oldest_dirty(std::uint16_t queue, bool only_full) const;
  // Takes dirty ranges of the extent for one RPC of at most `most` bytes and 256 ranges: they are
  // `writing` under that id from now on. `rpc` is empty if there were none.
  void take_dirty(std::uint32_t object, Extent extent, std::uint32_t write, Bytes most,
                  WriteRpc& rpc);
  // The write came back. Pages dirtied again in between stay dirty.
  void written(std::uint32_t object, const WriteRpc& rpc, std::uint32_t write);

  // The pages go: a lock was lost, a file truncated or removed.
  Dropped drop(std::uint32_t object, Extent extent, DirtyPages dirty);

  PageState state(std::uint32_t object, Bytes offset) const;
  Bytes used() const { return kPageSize * used_pages_; }
  Bytes dirty() const { return kPageSize * dirty_pages_; } // not yet taken for an RPC
  // More than the limit is used only while nothing can be evicted.
  bool over_limit() const { return used_pages_ > max_pages_; }
  std::size_t chunks() const { return chunks_.size(); }
  std::size_t memory_bytes() const { return chunks_.memory_bytes(); }

private:
  // Pages of one chunk, and where the chunk begins in the object, in pages.
  struct Part {
    std::uint32_t chunk = 0;
    std::uint16_t begin = 0;
    std::uint16_t end = 0;
    std::uint64_t base = 0;
  };
  enum ListName : std::uint8_t { in_none, in_lru, in_partly_dirty, in_full };

  template <class Visit>
  void for_parts(std::uint32_t object, const Extent& extent, Visit visit) const;
  template <class Visit> void make_parts(std::uint32_t object, const Extent& extent, Visit visit);
  template <class Change> void rewrite(const Part& part, Change change);
  void emit(const PageRange& range);
  bool look(const Part& part, std::uint64_t& next, Lookup& found) const;
  void look_end(std::uint64_t next, std::uint64_t end, Lookup& found) const;
  PageChunks::List& list_of(const PageChunk& chunk, std::uint8_t name);
  void file_chunk(std::uint32_t chunk);
  void move_to(std::uint32_t chunk, std::uint8_t name);
  Evicted make_room();

  std::uint64_t pages_per_chunk_;
  std::uint64_t max_pages_;
  std::uint64_t used_pages_ = 0;
  std::uint64_t dirty_pages_ = 0;
  PageChunks chunks_;
  PageChunks::List lru_;
  struct Queue {
    PageChunks::List partly_dirty;
    PageChunks::List full;
  };
  std::vector<Queue> queues_;
  std::vector<PageRange> scratch_;
};

} // namespace lustrum::lustre
