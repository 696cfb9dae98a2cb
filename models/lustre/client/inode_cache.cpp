#include "models/lustre/client/inode_cache.hpp"

#include <cassert>

namespace lustrum::lustre {

void InodeCache::append(std::uint32_t entry) {
  entries_[entry].older = newest_;
  entries_[entry].newer = kNone;
  (newest_ == kNone ? oldest_ : entries_[newest_].newer) = entry;
  newest_ = entry;
}

void InodeCache::unlink(std::uint32_t entry) {
  const Entry& e = entries_[entry];
  (e.older == kNone ? oldest_ : entries_[e.older].newer) = e.newer;
  (e.newer == kNone ? newest_ : entries_[e.newer].older) = e.older;
}

void InodeCache::erase(std::uint32_t entry) {
  unlink(entry);
  places_.erase_if(entries_[entry].held.key, entry);
  entries_[entry].older = free_;
  free_ = entry;
}

HeldInode* InodeCache::use(Inode inode, Seconds now) {
  const std::uint32_t entry = places_.find(inode.key());
  if (entry == kNone) return nullptr;
  HeldInode& held = entries_[entry].held;
  // One that is too old has been cancelled by now: take_unneeded() will see to it.
  if (now - held.used > limits_.max_age) return nullptr;
  held.used = now;
  if (entry != newest_) {
    unlink(entry);
    append(entry);
  }
  return &held;
}

const HeldInode* InodeCache::peek(Inode inode) const {
  const std::uint32_t entry = places_.find(inode.key());
  return entry == kNone ? nullptr : &entries_[entry].held;
}

HeldInode& InodeCache::add(Inode inode, const InodeLock& lock, Seconds now) {
  std::uint32_t entry = free_;
  if (entry == kNone) {
    entry = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    free_ = entries_[entry].older;
  }
  assert(places_.find(inode.key()) == kNone);
  places_.find_or_insert(inode.key(), entry);
  entries_[entry].held = {.key = inode.key(), .lock = lock.id, .bits = lock.bits, .used = now};
  append(entry);
  return entries_[entry].held;
}

HeldInode InodeCache::remove(Inode inode) {
  const std::uint32_t entry = places_.find(inode.key());
  if (entry == kNone) return {};
  const HeldInode held = entries_[entry].held;
  erase(entry);
  return held;
}

void InodeCache::take_unneeded(Seconds now, std::size_t most, std::vector<HeldInode>& out) {
  for (; most > 0 && oldest_ != kNone; --most) {
    const HeldInode& held = entries_[oldest_].held;
    const bool too_many = limits_.max_locks > 0 && size() > limits_.max_locks;
    if (!too_many && now - held.used <= limits_.max_age) return;
    out.push_back(held);
    erase(oldest_);
  }
}

} // namespace lustrum::lustre
