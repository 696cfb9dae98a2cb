#include "models/lustre/policy/page_chunks.hpp"

namespace lustrum::lustre {

namespace {
constexpr std::uint32_t kNew = NumberIndex::kNone - 1; // no chunk and no directory has this number
}

PageChunks::Place PageChunks::place(std::uint32_t object) const {
  const std::uint32_t entry = objects_.find(object);
  if (entry == kNone) return {};
  if ((entry & kDirectoryBit) == 0) return {entry, (*this)[entry].number, (*this)[entry].number};
  const Directory& directory = directories_[entry & ~kDirectoryBit];
  return {entry, 0, static_cast<std::uint32_t>(directory.chunks.size()) - 1};
}

std::uint32_t PageChunks::new_directory() {
  if (free_directories_.empty()) {
    directories_.emplace_back();
    return static_cast<std::uint32_t>(directories_.size() - 1);
  }
  const std::uint32_t directory = free_directories_.back();
  free_directories_.pop_back();
  return directory;
}

std::uint32_t PageChunks::new_chunk(std::uint32_t object, std::uint32_t number) {
  std::uint32_t chunk = free_;
  if (chunk == kNone) {
    if (made_ % kBlock == 0) blocks_.push_back(std::make_unique<Block>());
    chunk = made_++;
    assert((chunk & kDirectoryBit) == 0);
  } else {
    free_ = (*this)[chunk].newer;
  }
  ++in_use_;
  (*this)[chunk] = PageChunk{.object = object, .number = number};
  return chunk;
}

std::uint32_t PageChunks::find_or_make(std::uint32_t object, std::uint32_t number) {
  std::uint32_t& entry = objects_.find_or_insert(object, kNew);
  if (entry == kNew) return entry = new_chunk(object, number);
  if ((entry & kDirectoryBit) == 0) {
    const std::uint32_t first = entry;
    if ((*this)[first].number == number) return first;
    entry = new_directory() | kDirectoryBit;
    Directory& directory = directories_[entry & ~kDirectoryBit];
    directory.chunks.assign((*this)[first].number + std::size_t{1}, kNone);
    directory.chunks.back() = first;
    directory.in_use = 1;
  }
  Directory& directory = directories_[entry & ~kDirectoryBit];
  if (number >= directory.chunks.size()) directory.chunks.resize(number + std::size_t{1}, kNone);
  std::uint32_t& chunk = directory.chunks[number];
  if (chunk != kNone) return chunk;
  ++directory.in_use;
  return chunk = new_chunk(object, number);
}

void PageChunks::release(std::uint32_t chunk) {
  PageChunk& gone = (*this)[chunk];
  assert(gone.list == 0);
  drop_spill(gone);
  if (!objects_.erase_if(gone.object, chunk)) {
    const std::uint32_t entry = objects_.find(gone.object);
    Directory& directory = directories_[entry & ~kDirectoryBit];
    directory.chunks[gone.number] = kNone;
    if (--directory.in_use == 0) {
      objects_.erase_if(gone.object, entry);
      free_directories_.push_back(entry & ~kDirectoryBit);
    }
  }
  gone.newer = free_;
  free_ = chunk;
  --in_use_;
}

std::span<const PageRange> PageChunks::ranges(std::uint32_t chunk) const {
  const PageChunk& of = (*this)[chunk];
  if (of.spill != kNone) return spills_[of.spill];
  return {&of.only, of.pages > 0 ? 1U : 0U};
}

void PageChunks::drop_spill(PageChunk& chunk) {
  if (chunk.spill == kNone) return;
  free_spills_.push_back(chunk.spill);
  chunk.spill = kNone;
}

void PageChunks::set_ranges(std::uint32_t chunk, std::span<const PageRange> ranges) {
  PageChunk& of = (*this)[chunk];
  if (ranges.size() <= 1) {
    drop_spill(of);
    of.only = ranges.empty() ? PageRange{} : ranges[0];
  } else {
    if (of.spill == kNone) {
      if (free_spills_.empty()) {
        free_spills_.push_back(static_cast<std::uint32_t>(spills_.size()));
        spills_.emplace_back();
      }
      of.spill = free_spills_.back();
      free_spills_.pop_back();
    }
    spills_[of.spill].assign(ranges.begin(), ranges.end());
  }
  unsigned pages = 0;
  unsigned dirty = 0;
  bool busy = false;
  for (const PageRange& range : ranges) {
    const auto count = static_cast<unsigned>(range.end - range.begin);
    pages += count;
    if (range.state == PageState::dirty) dirty += count;
    busy |= range.state == PageState::fetching || range.state == PageState::writing;
  }
  of.pages = static_cast<std::uint16_t>(pages);
  of.dirty = static_cast<std::uint16_t>(dirty);
  of.busy = busy;
}

void PageChunks::append(List& list, std::uint32_t chunk) {
  PageChunk& added = (*this)[chunk];
  added.older = list.newest;
  added.newer = kNone;
  if (list.newest != kNone) (*this)[list.newest].newer = chunk;
  list.newest = chunk;
  if (list.oldest == kNone) list.oldest = chunk;
}

void PageChunks::remove(List& list, std::uint32_t chunk) {
  const PageChunk& gone = (*this)[chunk];
  if (gone.older == kNone) {
    list.oldest = gone.newer;
  } else {
    (*this)[gone.older].newer = gone.newer;
  }
  if (gone.newer == kNone) {
    list.newest = gone.older;
  } else {
    (*this)[gone.newer].older = gone.older;
  }
}

std::size_t PageChunks::memory_bytes() const {
  std::size_t bytes = blocks_.size() * sizeof(Block) + objects_.memory_bytes();
  for (const Directory& directory : directories_)
    bytes += sizeof(Directory) + directory.chunks.capacity() * sizeof(std::uint32_t);
  for (const std::vector<PageRange>& spill : spills_)
    bytes += sizeof(std::vector<PageRange>) + spill.capacity() * sizeof(PageRange);
  return bytes;
}

} // namespace lustrum::lustre
