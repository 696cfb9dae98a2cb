#include "models/lustre/policy/lock_cache.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace lustrum::lustre {

namespace {

constexpr std::size_t kFirstTable = 16;

bool serves(const ExtentLock& held, LockMode mode, std::uint32_t group) {
  if (held.mode == LockMode::group) return mode == LockMode::group && held.group == group;
  return held.mode == mode || (held.mode == LockMode::pw && mode == LockMode::pr);
}

} // namespace

std::optional<ClientLocks::Handle> ClientLocks::match(std::uint32_t object, LockMode mode,
                                                      const LockExtent& extent,
                                                      std::uint32_t group) const {
  for (std::uint32_t i = first_of(object); i != kNone; i = pool_[i].next) {
    const ExtentLock& held = pool_[i].lock;
    if (held.extent.covers(extent) && !held.called_back && serves(held, mode, group))
      return Handle{i};
  }
  return std::nullopt;
}

std::optional<ClientLocks::Handle> ClientLocks::find(std::uint32_t object, LockId id) const {
  for (std::uint32_t i = first_of(object); i != kNone; i = pool_[i].next)
    if (pool_[i].lock.id == id) return Handle{i};
  return std::nullopt;
}

ClientLocks::Handle ClientLocks::add(std::uint32_t object, const ExtentLock& granted) {
  std::uint32_t entry = free_;
  if (entry == kNone) {
    entry = static_cast<std::uint32_t>(pool_.size());
    pool_.emplace_back();
  } else {
    free_ = pool_[entry].next;
  }
  pool_[entry] = {.lock = granted, .object = object, .users = 1};
  ++held_;
  if ((objects_ + 1) * 2 > table_.size()) grow_table();
  std::uint32_t& first = table_[bucket_of(object)];
  if (first == kNone) {
    first = entry;
    ++objects_;
    return Handle{entry};
  }
  std::uint32_t last = first;
  while (pool_[last].next != kNone) last = pool_[last].next;
  pool_[last].next = entry;
  return Handle{entry};
}

void ClientLocks::use(Handle lock) {
  assert(!at(lock).lock.called_back);
  if (at(lock).users++ == 0) leave_lru(lock.value());
}

bool ClientLocks::release(Handle lock, Seconds now) {
  Held& held = at(lock);
  assert(held.users > 0);
  if (--held.users > 0) return false;
  if (held.lock.called_back) return true;
  assert(newest_ == kNone || pool_[newest_].last_used <= now);
  held.last_used = now;
  append_to_lru(lock.value());
  return false;
}

bool ClientLocks::call_back(Handle lock) {
  Held& held = at(lock);
  if (held.lock.called_back) return false;
  held.lock.called_back = true;
  if (held.users > 0) return false;
  leave_lru(lock.value());
  return true;
}

void ClientLocks::remove(Handle lock) {
  const std::uint32_t entry = lock.value();
  Held& held = pool_[entry];
  assert(held.users == 0);
  if (!held.lock.called_back) leave_lru(entry);
  const std::size_t bucket = bucket_of(held.object);
  if (table_[bucket] != entry) {
    std::uint32_t before = table_[bucket];
    while (pool_[before].next != entry) before = pool_[before].next;
    pool_[before].next = held.next;
  } else if (held.next != kNone) {
    table_[bucket] = held.next;
  } else {
    erase_bucket(bucket);
  }
  held.next = free_;
  free_ = entry;
  --held_;
}

void ClientLocks::take_unneeded(Seconds now, std::size_t most, std::vector<Handle>& out) {
  for (; most > 0 && oldest_ != kNone; --most) {
    const bool aged = now - pool_[oldest_].last_used > limits_.lru_max_age;
    if (unused_ <= limit() && !aged) return;
    out.emplace_back(oldest_);
    call_back(Handle{oldest_});
  }
}

void ClientLocks::call_back_all(std::vector<Handle>& out) {
  for (const std::uint32_t first : table_)
    for (std::uint32_t i = first; i != kNone; i = pool_[i].next)
      if (call_back(Handle{i})) out.emplace_back(i);
}

std::uint32_t ClientLocks::first_of(std::uint32_t object) const {
  return table_.empty() ? kNone : table_[bucket_of(object)];
}

// Where the object is, or would go. \pre the table has room
std::size_t ClientLocks::bucket_of(std::uint32_t object) const {
  // Fibonacci hashing: neighbours in number come to lie far apart.
  constexpr std::uint32_t kGolden = 0x9E3779B1U;
  const std::size_t mask = table_.size() - 1;
  std::size_t bucket = (object * kGolden) >> (32 - std::countr_zero(table_.size()));
  while (table_[bucket] != kNone && pool_[table_[bucket]].object != object)
    bucket = (bucket + 1) & mask;
  return bucket;
}

void ClientLocks::grow_table() {
  const std::vector<std::uint32_t> old = std::move(table_);
  table_.assign(std::max(kFirstTable, old.size() * 2), kNone);
  for (const std::uint32_t first : old)
    if (first != kNone) table_[bucket_of(pool_[first].object)] = first;
}

// Those behind move up, so that every search still ends at the first empty bucket.
void ClientLocks::erase_bucket(std::size_t bucket) {
  const std::size_t mask = table_.size() - 1;
  table_[bucket] = kNone;
  --objects_;
  for (std::size_t i = (bucket + 1) & mask; table_[i] != kNone; i = (i + 1) & mask) {
    const std::uint32_t first = std::exchange(table_[i], kNone);
    table_[bucket_of(pool_[first].object)] = first;
  }
}

void ClientLocks::append_to_lru(std::uint32_t entry) {
  pool_[entry].older = newest_;
  pool_[entry].newer = kNone;
  (newest_ == kNone ? oldest_ : pool_[newest_].newer) = entry;
  newest_ = entry;
  ++unused_;
}

void ClientLocks::leave_lru(std::uint32_t entry) {
  const Held& held = pool_[entry];
  (held.older == kNone ? oldest_ : pool_[held.older].newer) = held.newer;
  (held.newer == kNone ? newest_ : pool_[held.newer].older) = held.older;
  --unused_;
}

} // namespace lustrum::lustre
