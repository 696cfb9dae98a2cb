#include "models/lustre/policy/extent_lock.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr LockExtent kWhole{};

// Constants of ldlm_extent.c.
constexpr Bytes kMaxGrownExtent{32 * kMib};
constexpr std::uint32_t kManyConflicts = 32;
constexpr std::uint32_t kManyWaiters = 4;

// Shared files have thousands of locks to search, of which nearly none overlap: that comes first.
bool conflict(const ExtentLock& a, const ExtentLock& b) {
  if (a.mode == LockMode::group && b.mode == LockMode::group) return a.group != b.group;
  const bool group = a.mode == LockMode::group || b.mode == LockMode::group;
  return (group || a.extent.overlaps(b.extent)) && !compatible(a.mode, b.mode);
}

// The largest power of two that divides both ends; EOF divides by all.
std::uint64_t alignment_of(const LockExtent& asked) {
  const std::uint64_t ends = asked.begin.count() | (asked.end == kToEnd ? 0 : asked.end.count());
  return std::max(ends & (~ends + 1), kPage);
}

LockExtent limited(const ExtentLock& lock, LockExtent extent, std::uint32_t conflicting) {
  const LockExtent& asked = lock.extent;
  const bool writes = lock.mode == LockMode::pw || lock.mode == LockMode::cw;
  if (conflicting > kManyConflicts && writes && asked.end - asked.begin < kMaxGrownExtent)
    extent.end = std::min(extent.end, asked.begin + kMaxGrownExtent);
  if (extent == kWhole) return extent;
  // Inwards only, and never into what was asked for, which may be unaligned.
  const std::uint64_t unit = alignment_of(asked);
  const std::uint64_t begin = (extent.begin.count() + unit - 1) / unit * unit;
  extent.begin = std::min(Bytes{begin}, asked.begin);
  if (extent.end != kToEnd)
    extent.end = std::max(Bytes{extent.end.count() / unit * unit}, asked.end);
  return extent;
}

} // namespace

LockExtent page_extent(Bytes offset, Bytes length) {
  assert(length > Bytes{});
  const std::uint64_t last = (offset + length).count() - 1;
  const std::uint64_t begin = offset.count() / kPage * kPage;
  return {Bytes{begin},
          last / kPage == UINT64_MAX / kPage ? kToEnd : Bytes{(last / kPage + 1) * kPage}};
}

ExtentDecision ExtentResource::enqueue(const ExtentRequest& request,
                                       std::vector<ExtentLock>& callbacks) {
  assert(request.extent.begin < request.extent.end);
  const bool group = request.mode == LockMode::group;
  ExtentLock lock{.extent = group ? kWhole : request.extent,
                  .client = request.client,
                  .group = request.group,
                  .mode = request.mode,
                  .kind = request.kind};
  const std::size_t place = queue_place(lock);
  // A group that is in already need not look at who waits.
  const bool joins = group && !granted().empty() && !conflict(lock, granted().front()) &&
                     granted().front().mode == LockMode::group;
  if (joins || !conflicts(lock, place)) {
    lock.id = locks_.new_id();
    lock.extent = grown(lock);
    locks_.add_granted(lock);
    return {LockAnswer::granted, lock};
  }
  if (lock.kind == LockKind::lockahead || lock.kind == LockKind::glimpse) return {};
  for (ExtentLock& held : locks_.granted()) {
    if (held.called_back || held.mode == LockMode::group || !conflict(lock, held)) continue;
    held.called_back = true;
    if (held.client != kServerItself) callbacks.push_back(held);
  }
  for (ExtentLock& waiter : locks_.waiting().first(place))
    if (waiter.mode != LockMode::group && conflict(lock, waiter)) waiter.called_back = true;
  lock.id = locks_.new_id();
  locks_.insert_waiting(place, lock);
  return {LockAnswer::waits, lock};
}

bool ExtentResource::cancel(LockId id, std::vector<ExtentLock>& granted) {
  if (!locks_.erase(id)) return false;
  grant_waiting(granted);
  return true;
}

std::size_t ExtentResource::evict(ClientIndex client, std::vector<ExtentLock>& granted) {
  const std::size_t taken =
      locks_.erase_if([client](const ExtentLock& lock) { return lock.client == client; });
  if (taken > 0) grant_waiting(granted);
  return taken;
}

void ExtentResource::glimpse_holders(Bytes size, std::vector<ExtentLock>& holders) const {
  const auto may_know = [size](const ExtentLock& lock) {
    return lock.mode == LockMode::pw && lock.extent.end > size && lock.client != kServerItself;
  };
  // PW locks do not overlap: the highest begins highest.
  const ExtentLock* highest = nullptr;
  for (const ExtentLock& lock : granted())
    if (may_know(lock) && lock.kind != LockKind::lockahead &&
        (highest == nullptr || lock.extent.begin > highest->extent.begin))
      highest = &lock;
  for (const ExtentLock& lock : granted())
    if (may_know(lock) && (highest == nullptr || lock.extent.begin >= highest->extent.begin))
      holders.push_back(lock);
}

// Whether this lock, not in here yet or the next in the queue, must wait: for granted ones or for
// those of the waiting that are before it.
bool ExtentResource::conflicts(const ExtentLock& lock, std::size_t waiters_before) const {
  const auto against = [&lock](const ExtentLock& other) { return conflict(lock, other); };
  if (locks_.granted_against(lock.mode) > 0 || lock.mode == LockMode::group)
    if (std::ranges::any_of(granted(), against)) return true;
  return std::ranges::any_of(waiting().first(waiters_before), against);
}

std::size_t ExtentResource::queue_place(const ExtentLock& lock) const {
  const std::span<const ExtentLock> queue = waiting();
  if (lock.mode != LockMode::group) return queue.size();
  // Beside its group, so that all of a group are granted at once; else behind the other groups.
  std::size_t place = 0;
  while (place < queue.size() && queue[place].mode == LockMode::group)
    if (queue[place++].group == lock.group) break;
  return place;
}

LockExtent ExtentResource::grown(const ExtentLock& lock) const {
  const bool fixed = lock.kind == LockKind::no_growth || lock.kind == LockKind::lockahead;
  if (fixed || lock.client == kServerItself || lock.extent == kWhole) return lock.extent;
  return grown_beside_waiting(lock, grown_beside_granted(lock));
}

LockExtent ExtentResource::grown_beside_granted(const ExtentLock& lock) const {
  const std::uint32_t conflicting = locks_.granted_against(lock.mode);
  if (conflicting == 0) return kWhole;
  LockExtent extent{lock.extent.begin, kToEnd};
  for (const ExtentLock& held : granted())
    if (held.extent.begin >= lock.extent.end && !compatible(held.mode, lock.mode))
      extent.end = std::min(extent.end, held.extent.begin);
  return limited(lock, extent, conflicting);
}

LockExtent ExtentResource::grown_beside_waiting(const ExtentLock& lock, LockExtent extent) const {
  std::uint32_t conflicting = 0;
  for (const ExtentLock& waiter : waiting()) {
    if (extent == lock.extent) return extent;
    if (waiter.id == lock.id) continue;
    if (compatible(waiter.mode, lock.mode) && waiter.client != lock.client) continue;
    if (++conflicting > kManyWaiters) extent.begin = lock.extent.begin;
    if (!waiter.extent.overlaps(extent) || waiter.extent.overlaps(lock.extent)) continue;
    if (waiter.extent.end <= lock.extent.begin)
      extent.begin = waiter.extent.end;
    else
      extent.end = waiter.extent.begin;
  }
  return limited(lock, extent, conflicting);
}

void ExtentResource::grant_waiting(std::vector<ExtentLock>& granted) {
  while (!waiting().empty()) {
    ExtentLock next = waiting().front();
    if (conflicts(next, 0)) return;
    next.extent = grown(next);
    locks_.grant_waiting(0, next);
    granted.push_back(next);
  }
}

} // namespace lustrum::lustre
