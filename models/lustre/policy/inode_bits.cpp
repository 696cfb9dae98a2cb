#include "models/lustre/policy/inode_bits.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

namespace {

bool conflict(const InodeLock& a, const InodeLock& b) {
  return (a.bits & b.bits) != 0 && !compatible(a.mode, b.mode);
}

constexpr InodeBits without(InodeBits bits, InodeBits taken) {
  return static_cast<InodeBits>(bits & ~taken);
}

} // namespace

InodeDecision InodeResource::enqueue(const InodeRequest& request,
                                     std::vector<InodeLock>& callbacks) {
  assert((request.bits | request.try_bits) != 0 && request.mode != LockMode::group);
  InodeLock lock{.client = request.client,
                 .mode = request.mode,
                 .bits = request.bits,
                 .try_bits = without(request.try_bits, request.bits)};
  settle_try_bits(lock);
  const std::size_t queue = waiting().size();
  if ((lock.bits | lock.try_bits) == 0) return {};
  lock.id = locks_.new_id();
  if (!conflicts(lock, queue)) {
    lock.bits |= std::exchange(lock.try_bits, InodeBits{0});
    locks_.add_granted(lock);
    return {LockAnswer::granted, lock};
  }
  for (InodeLock& held : locks_.granted()) {
    if (held.called_back || !conflict(lock, held)) continue;
    held.called_back = true;
    if (held.client != kServerItself) callbacks.push_back(held);
  }
  for (InodeLock& waiter : locks_.waiting())
    if (conflict(lock, waiter)) waiter.called_back = true;
  locks_.insert_waiting(queue, lock);
  return {LockAnswer::waits, lock};
}

bool InodeResource::cancel(LockId id, std::vector<InodeLock>& granted) {
  if (!locks_.erase(id)) return false;
  grant_waiting(granted);
  return true;
}

std::size_t InodeResource::evict(ClientIndex client, std::vector<InodeLock>& granted) {
  const std::size_t taken =
      locks_.erase_if([client](const InodeLock& lock) { return lock.client == client; });
  if (taken > 0) grant_waiting(granted);
  return taken;
}

bool InodeResource::conflicts(const InodeLock& lock, std::size_t waiters_before) const {
  const auto against = [&lock](const InodeLock& other) { return conflict(lock, other); };
  if (locks_.granted_against(lock.mode) > 0 && std::ranges::any_of(granted(), against)) return true;
  return std::ranges::any_of(waiting().first(waiters_before), against);
}

// What a new lock may still try beside all others; and what those who wait may still try beside the
// bits that it really wants. So nobody's try_bits ever meet a lock that came later, and a grant
// takes what is left of them.
void InodeResource::settle_try_bits(InodeLock& lock) {
  if (lock.try_bits != 0 && locks_.granted_against(lock.mode) > 0)
    for (const InodeLock& held : granted())
      if (!compatible(held.mode, lock.mode)) lock.try_bits = without(lock.try_bits, held.bits);
  for (InodeLock& waiter : locks_.waiting()) {
    if (compatible(waiter.mode, lock.mode)) continue;
    lock.try_bits = without(lock.try_bits, static_cast<InodeBits>(waiter.bits | waiter.try_bits));
    waiter.try_bits = without(waiter.try_bits, lock.bits);
  }
}

void InodeResource::grant_waiting(std::vector<InodeLock>& granted) {
  InodeBits waited_for = 0; // by the locks passed so far
  for (std::size_t i = 0; i < waiting().size();) {
    InodeLock lock = waiting()[i];
    const bool first = without(lock.bits, waited_for) != 0;
    if (!first || conflicts(lock, i)) {
      waited_for |= lock.bits;
      ++i;
      continue;
    }
    lock.bits |= std::exchange(lock.try_bits, InodeBits{0});
    locks_.grant_waiting(i, lock);
    granted.push_back(lock);
  }
}

} // namespace lustrum::lustre
