#include "models/lustre/policy/page_cache.hpp"

#include <algorithm>
#include <type_traits>

namespace lustrum::lustre {

namespace {

constexpr std::uint64_t kLastNumber = UINT32_MAX - 1;

std::uint64_t size_of(const PageRange& range) {
  return static_cast<std::uint64_t>(range.end - range.begin);
}

Extent pages_to_extent(std::uint64_t begin, std::uint64_t end) {
  return {kPageSize * begin, kPageSize * end};
}

void add_fetch(std::vector<std::uint32_t>& fetches, std::uint32_t id) {
  if (std::find(fetches.begin(), fetches.end(), id) == fetches.end()) fetches.push_back(id);
}

void clear(PageCache::Lookup& found) {
  found.missing.clear();
  found.fetches.clear();
  found.missing_pages = found.hit_pages = 0;
}

} // namespace

PageCache::PageCache(const Settings& settings)
    : pages_per_chunk_(settings.chunk / kPageSize), max_pages_(settings.max_cached / kPageSize) {
  assert(settings.chunk % kPageSize == Bytes{} && pages_per_chunk_ > 0);
  assert(settings.chunk <= Bytes{64 * kMib});
}

// Calls visit(part) for the chunks that are there, in order, until it returns false. `visit` may
// change or free its own.
template <class Visit>
void PageCache::for_parts(std::uint32_t object, const Extent& extent, Visit visit) const {
  if (extent.empty()) return;
  const std::uint64_t begin = first_page(extent);
  const std::uint64_t end = end_page(extent);
  const PageChunks::Place place = chunks_.place(object);
  const std::uint64_t first = std::max<std::uint64_t>(begin / pages_per_chunk_, place.first);
  const std::uint64_t last = std::min<std::uint64_t>((end - 1) / pages_per_chunk_, place.last);
  for (std::uint64_t number = first; number <= last; ++number) {
    const std::uint32_t chunk = chunks_.find(place, static_cast<std::uint32_t>(number));
    if (chunk == PageChunks::kNone) continue;
    const std::uint64_t base = number * pages_per_chunk_;
    const Part part{chunk, static_cast<std::uint16_t>(begin > base ? begin - base : 0),
                    static_cast<std::uint16_t>(std::min(end - base, pages_per_chunk_)), base};
    if constexpr (std::is_void_v<std::invoke_result_t<Visit, Part>>) {
      visit(part);
    } else if (!visit(part)) {
      return;
    }
  }
}

// The same, but makes the chunks that are not there.
template <class Visit>
void PageCache::make_parts(std::uint32_t object, const Extent& extent, Visit visit) {
  if (extent.empty()) return;
  const std::uint64_t begin = first_page(extent);
  const std::uint64_t end = end_page(extent);
  const std::uint64_t last = (end - 1) / pages_per_chunk_;
  assert(last <= kLastNumber);
  for (std::uint64_t number = begin / pages_per_chunk_; number <= last; ++number) {
    const std::uint32_t chunk = chunks_.find_or_make(object, static_cast<std::uint32_t>(number));
    const std::uint64_t base = number * pages_per_chunk_;
    visit(Part{chunk, static_cast<std::uint16_t>(begin > base ? begin - base : 0),
               static_cast<std::uint16_t>(std::min(end - base, pages_per_chunk_)), base});
  }
}

void PageCache::emit(const PageRange& range) {
  if (range.state == PageState::absent || range.begin >= range.end) return;
  if (!scratch_.empty() && scratch_.back().end == range.begin && scratch_.back().same_kind(range)) {
    scratch_.back().end = range.end;
  } else {
    scratch_.push_back(range);
  }
}

// Calls change(range) for each stretch of equal pages within the part, absent ones included; it
// sets the state they take.
template <class Change> void PageCache::rewrite(const Part& part, Change change) {
  const PageChunk& chunk = chunks_[part.chunk];
  if (chunk.pages == 0 || (chunk.spill == PageChunks::kNone && chunk.only.begin == part.begin &&
                           chunk.only.end == part.end)) {
    // Most often: all that the chunk holds changes in the same way.
    PageRange range = chunk.pages == 0 ? PageRange{} : chunk.only;
    range.begin = part.begin;
    range.end = part.end;
    change(range);
    used_pages_ -= chunk.pages;
    dirty_pages_ -= chunk.dirty;
    chunks_.set_only(part.chunk, range);
    used_pages_ += chunk.pages;
    dirty_pages_ += chunk.dirty;
    file_chunk(part.chunk);
    return;
  }
  scratch_.clear();
  std::uint16_t next = part.begin;
  const auto changed = [&](PageRange range, std::uint16_t begin, std::uint16_t end) {
    if (begin >= end) return;
    range.begin = begin;
    range.end = end;
    change(range);
    emit(range);
    next = end;
  };
  const auto kept = [&](PageRange range, std::uint16_t begin, std::uint16_t end) {
    range.begin = begin;
    range.end = end;
    emit(range);
  };
  for (const PageRange& range : chunks_.ranges(part.chunk)) {
    kept(range, range.begin, std::min(range.end, part.begin));
    changed(PageRange{}, next, std::min(range.begin, part.end));
    changed(range, std::max(range.begin, part.begin), std::min(range.end, part.end));
    if (range.end <= part.end) continue;
    changed(PageRange{}, next, part.end);
    kept(range, std::max(range.begin, part.end), range.end);
  }
  changed(PageRange{}, next, part.end);

  used_pages_ -= chunk.pages;
  dirty_pages_ -= chunk.dirty;
  chunks_.set_ranges(part.chunk, scratch_);
  used_pages_ += chunk.pages;
  dirty_pages_ += chunk.dirty;
  file_chunk(part.chunk);
}

PageChunks::List& PageCache::list_of(const PageChunk& chunk, std::uint8_t name) {
  if (name == in_lru) return lru_;
  return name == in_full ? queues_[chunk.queue].full : queues_[chunk.queue].partly_dirty;
}

// To the newest end of a list.
void PageCache::move_to(std::uint32_t chunk, std::uint8_t name) {
  PageChunk& moved = chunks_[chunk];
  if (moved.list != in_none) chunks_.remove(list_of(moved, moved.list), chunk);
  moved.list = name;
  if (name != in_none) chunks_.append(list_of(moved, name), chunk);
}

// Puts a chunk whose pages changed into the list where it belongs; frees it if it has none.
void PageCache::file_chunk(std::uint32_t chunk) {
  const PageChunk& filed = chunks_[chunk];
  std::uint8_t name = in_lru;
  if (filed.dirty > 0) {
    name = filed.dirty == pages_per_chunk_ ? in_full : in_partly_dirty;
  } else if (filed.busy || filed.pages == 0) {
    name = in_none;
  }
  if (name != filed.list) move_to(chunk, name);
  if (filed.pages == 0) chunks_.release(chunk);
}

PageCache::Evicted PageCache::make_room() {
  Evicted evicted;
  while (used_pages_ > max_pages_ && lru_.oldest != PageChunks::kNone) {
    const std::uint32_t chunk = lru_.oldest;
    for (const PageRange& range : chunks_.ranges(chunk))
      if (range.unread) evicted.unread_pages += size_of(range);
    evicted.pages += chunks_[chunk].pages;
    ++evicted.chunks;
    used_pages_ -= chunks_[chunk].pages;
    move_to(chunk, in_none);
    chunks_.release(chunk);
    if (lru_.oldest != PageChunks::kNone) chunks_.prefetch(lru_.oldest); // the next to go
  }
  return evicted;
}

// Looks at one part, `next` being the first page of the object not looked at yet. Returns whether
// some of its pages have never been read.
bool PageCache::look(const Part& part, std::uint64_t& next, Lookup& found) const {
  bool unread = false;
  for (const PageRange& range : chunks_.ranges(part.chunk)) {
    const std::uint64_t begin = part.base + std::max(range.begin, part.begin);
    const std::uint64_t end = part.base + std::min(range.end, part.end);
    if (begin >= end) continue;
    look_end(next, begin, found);
    next = end;
    if (range.state == PageState::fetching) add_fetch(found.fetches, range.id);
    if (range.unread) {
      unread = true;
      found.hit_pages += end - begin;
    }
  }
  return unread;
}

// Nothing is there from `next` to `end`.
void PageCache::look_end(std::uint64_t next, std::uint64_t end, Lookup& found) const {
  if (next >= end) return;
  found.missing.push_back(pages_to_extent(next, end));
  found.missing_pages += end - next;
}

void PageCache::read(std::uint32_t object, Extent extent, Lookup& found) {
  clear(found);
  std::uint64_t next = first_page(extent);
  for_parts(object, extent, [&](const Part& part) {
    const bool unread = look(part, next, found);
    // The first read of pages fetched ahead does not make them younger: what a stream has passed
    // must go before what it has not come to.
    if (unread)
      rewrite(part, [](PageRange& range) { range.unread = false; });
    else if (chunks_[part.chunk].list == in_lru && lru_.newest != part.chunk)
      move_to(part.chunk, in_lru);
  });
  if (!extent.empty()) look_end(next, end_page(extent), found);
}

void PageCache::probe(std::uint32_t object, Extent extent, Lookup& found) const {
  clear(found);
  std::uint64_t next = first_page(extent);
  for_parts(object, extent, [&](const Part& part) { look(part, next, found); });
  if (!extent.empty()) look_end(next, end_page(extent), found);
}

PageCache::Evicted PageCache::fetching(std::uint32_t object, Extent extent, std::uint32_t fetch,
                                       bool ahead) {
  make_parts(object, extent, [&](const Part& part) {
    rewrite(part, [&](PageRange& range) {
      if (range.state != PageState::absent) return;
      range.state = PageState::fetching;
      range.id = fetch;
      range.unread = ahead;
    });
  });
  return make_room();
}

void PageCache::fetched(std::uint32_t object, Extent extent, std::uint32_t fetch) {
  for_parts(object, extent, [&](const Part& part) {
    rewrite(part, [&](PageRange& range) {
      if (range.state != PageState::fetching || range.id != fetch) return;
      range.state = PageState::clean;
      range.id = 0;
    });
  });
}

void PageCache::before_write(std::uint32_t object, Extent extent, Bytes known_size,
                             Lookup& needed) const {
  clear(needed);
  if (extent.empty()) return;
  const std::uint64_t first = first_page(extent);
  const std::uint64_t last = end_page(extent) - 1;
  const auto need = [&](std::uint64_t page) {
    std::uint64_t next = page;
    for_parts(object, pages_to_extent(page, page + 1),
              [&](const Part& part) { look(part, next, needed); });
    look_end(next, page + 1, needed);
  };
  // Bytes of a page are left as they are in front of the write or behind it.
  const bool leaves_front = kPageSize * first < std::min(extent.begin, known_size);
  const bool leaves_back = extent.end < std::min(kPageSize * (last + 1), known_size);
  if (leaves_front || (leaves_back && first == last)) need(first);
  if (leaves_back && first != last) need(last);
  needed.hit_pages = 0;
}

PageCache::Written PageCache::write(std::uint32_t object, Extent extent, std::uint16_t queue) {
  if (queue >= queues_.size()) queues_.resize(queue + std::size_t{1});
  std::uint64_t newly_dirty = 0;
  make_parts(object, extent, [&](const Part& part) {
    chunks_[part.chunk].queue = queue;
    rewrite(part, [&](PageRange& range) {
      if (range.state != PageState::dirty) newly_dirty += size_of(range);
      range.state = PageState::dirty;
      range.id = 0;
      range.unread = false;
    });
  });
  return {kPageSize * newly_dirty, make_room()};
}

std::optional<PageCache::DirtyChunk> PageCache::oldest_dirty(std::uint16_t queue,
                                                             bool only_full) const {
  if (queue >= queues_.size()) return std::nullopt;
  std::uint32_t oldest = queues_[queue].full.oldest;
  if (oldest == PageChunks::kNone && !only_full) oldest = queues_[queue].partly_dirty.oldest;
  if (oldest == PageChunks::kNone) return std::nullopt;
  const PageChunk& chunk = chunks_[oldest];
  const std::uint64_t base = chunk.number * pages_per_chunk_;
  return DirtyChunk{chunk.object, pages_to_extent(base, base + pages_per_chunk_)};
}

void PageCache::take_dirty(std::uint32_t object, Extent extent, std::uint32_t write, Bytes most,
                           WriteRpc& rpc) {
  rpc.extents.clear();
  std::uint64_t room = most / kPageSize;
  bool closed = false;
  for_parts(object, extent, [&](const Part& part) {
    std::uint16_t taken_to = part.begin;
    for (const PageRange& range : chunks_.ranges(part.chunk)) {
      const std::uint64_t begin = std::max(range.begin, part.begin);
      const std::uint64_t end =
          std::min<std::uint64_t>(std::min(range.end, part.end), begin + room);
      if (range.state != PageState::dirty || begin >= end || closed) continue;
      const Extent taken = pages_to_extent(part.base + begin, part.base + end);
      if (!rpc.extents.empty() && rpc.extents.back().end == taken.begin) {
        rpc.extents.back().end = taken.end;
      } else if (rpc.extents.size() < kMaxExtentsPerRpc) {
        rpc.extents.push_back(taken);
      } else {
        closed = true;
        continue;
      }
      room -= end - begin;
      closed = room == 0;
      taken_to = static_cast<std::uint16_t>(end);
    }
    if (taken_to == part.begin) return !closed;
    rewrite(Part{part.chunk, part.begin, taken_to, part.base}, [&](PageRange& range) {
      if (range.state != PageState::dirty) return;
      range.state = PageState::writing;
      range.id = write;
    });
    return !closed;
  });
  rpc.bytes = kPageSize * (most / kPageSize - room);
}

void PageCache::written(std::uint32_t object, const WriteRpc& rpc, std::uint32_t write) {
  for (const Extent& extent : rpc.extents)
    for_parts(object, extent, [&](const Part& part) {
      rewrite(part, [&](PageRange& range) {
        if (range.state != PageState::writing || range.id != write) return;
        range.state = PageState::clean;
        range.id = 0;
      });
    });
}

PageCache::Dropped PageCache::drop(std::uint32_t object, Extent extent, DirtyPages dirty) {
  Dropped dropped;
  for_parts(object, extent, [&](const Part& part) {
    rewrite(part, [&](PageRange& range) {
      const bool unsaved = range.state == PageState::dirty || range.state == PageState::writing;
      if (unsaved && dirty == DirtyPages::keep) {
        dropped.kept_pages += size_of(range);
        return;
      }
      if (range.state == PageState::clean) dropped.clean_pages += size_of(range);
      if (range.state == PageState::fetching) dropped.fetching_pages += size_of(range);
      if (range.state == PageState::dirty) dropped.dirty_pages += size_of(range);
      if (range.state == PageState::writing) dropped.writing_pages += size_of(range);
      if (range.unread) dropped.unread_pages += size_of(range);
      range.state = PageState::absent;
    });
  });
  return dropped;
}

PageState PageCache::state(std::uint32_t object, Bytes offset) const {
  const std::uint64_t page = offset / kPageSize;
  PageState found = PageState::absent;
  for_parts(object, pages_to_extent(page, page + 1), [&](const Part& part) {
    for (const PageRange& range : chunks_.ranges(part.chunk))
      if (range.begin <= part.begin && part.begin < range.end) found = range.state;
  });
  return found;
}

} // namespace lustrum::lustre
