#include "models/lustre/policy/server_cache.hpp"

#include <algorithm>
#include <bit>

namespace lustrum::lustre {

std::uint64_t ServerCache::Chunk::count() const {
  std::uint64_t pages = 0;
  for (const std::uint64_t word : present) pages += static_cast<std::uint64_t>(std::popcount(word));
  return pages;
}

std::uint64_t ServerCache::PageRange::bits(std::uint64_t word) const {
  const std::uint64_t first = word * kBitsPerWord;
  const std::uint64_t from = std::clamp(begin, first, first + kBitsPerWord) - first;
  const std::uint64_t to = std::clamp(end, first, first + kBitsPerWord) - first;
  if (from >= to) return 0;
  const std::uint64_t ones = ~std::uint64_t{0};
  return (ones >> (kBitsPerWord - (to - from))) << from;
}

template <class Visit> void ServerCache::for_each_chunk(const Extent& extent, Visit visit) const {
  if (extent.bytes == Bytes{}) return;
  const std::uint64_t first = extent.offset / kPage;
  const std::uint64_t end = (extent.offset + extent.bytes - Bytes{1}) / kPage + 1;
  for (std::uint64_t page = first; page < end;) {
    const std::uint64_t chunk = page / kPagesPerChunk;
    const std::uint64_t origin = chunk * kPagesPerChunk;
    const std::uint64_t stop = std::min(end, origin + kPagesPerChunk);
    visit(ChunkKey{extent.object, chunk}, PageRange{page - origin, stop - origin});
    page = stop;
  }
}

bool ServerCache::keeps(const Extent& extent, bool enabled, Bytes max_io) const {
  return enabled && extent.bytes < max_io && extent.object_size <= settings_.readcache_max_filesize;
}

ServerCache::Lookup ServerCache::read(const Extent& extent) {
  const bool keep_it = settings_.capacity > Bytes{} &&
                       keeps(extent, settings_.read_cache_enable, settings_.readcache_max_io);
  const Bytes end = extent.offset + extent.bytes;
  Lookup found;
  const auto miss = [&](std::uint64_t page, std::uint64_t pages) {
    const Bytes from = std::max(extent.offset, kPage * page);
    const Bytes to = std::min(end, kPage * (page + pages));
    if (found.missing == Bytes{}) found.first_missing = from;
    found.missing += to - from;
  };
  for_each_chunk(extent, [&](const ChunkKey& key, const PageRange& range) {
    const std::uint64_t origin = key.chunk * kPagesPerChunk;
    Chunk* chunk = chunks_.touch(key);
    if (!chunk) {
      miss(origin + range.begin, range.end - range.begin);
    } else {
      for (std::uint64_t word = 0; word < chunk->present.size(); ++word)
        for (std::uint64_t absent = range.bits(word) & ~chunk->present[word]; absent != 0;
             absent &= absent - 1)
          miss(origin + word * kBitsPerWord + static_cast<std::uint64_t>(std::countr_zero(absent)),
               1);
    }
    if (keep_it) keep(key, chunk, range);
  });
  if (keep_it) evict();
  found.hit = extent.bytes - found.missing;
  hit_bytes_ += found.hit;
  miss_bytes_ += found.missing;
  return found;
}

void ServerCache::fill(const Extent& extent) {
  if (keeps(extent, settings_.read_cache_enable, settings_.readcache_max_io)) put(extent);
}

void ServerCache::write(const Extent& extent) {
  if (keeps(extent, settings_.writethrough_cache_enable, settings_.writethrough_max_io))
    put(extent);
}

void ServerCache::put(const Extent& extent) {
  if (settings_.capacity == Bytes{}) return;
  for_each_chunk(extent, [&](const ChunkKey& key, const PageRange& range) {
    keep(key, chunks_.touch(key), range);
  });
  evict();
}

void ServerCache::keep(const ChunkKey& key, Chunk* chunk, const PageRange& range) {
  if (!chunk) chunk = &chunks_.insert(key);
  for (std::uint64_t word = 0; word < chunk->present.size(); ++word) {
    const std::uint64_t added = range.bits(word) & ~chunk->present[word];
    chunk->present[word] |= added;
    pages_ += static_cast<std::uint64_t>(std::popcount(added));
  }
}

void ServerCache::evict() {
  while (used() > settings_.capacity) {
    pages_ -= chunks_.oldest().count();
    chunks_.erase(chunks_.oldest_key());
  }
}

void ServerCache::drop(std::uint64_t object, Bytes size) {
  for_each_chunk({.object = object, .bytes = size}, [&](const ChunkKey& key, const PageRange&) {
    const Chunk* chunk = chunks_.find(key);
    if (!chunk) return;
    pages_ -= chunk->count();
    chunks_.erase(key);
  });
}

} // namespace lustrum::lustre
