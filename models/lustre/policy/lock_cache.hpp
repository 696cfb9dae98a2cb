// The extent locks that one client holds on the objects of one OST (in Lustre's words a client's
// ldlm namespace): a read or write that a held lock covers asks the server for nothing.
//
//   ClientLocks locks({.lru_size = 0, .lru_max_age = Seconds{3900}});
//   locks.set_server_limit(n);                            // what lru_size 0 means
//   auto lock = locks.match(object, LockMode::pr, extent);
//   if (lock) locks.use(*lock);                           // a hit: no enqueue
//   else lock = locks.add(object, granted);               // after the enqueue; in use once
//   ...                                                   // the I/O
//   if (locks.release(*lock, now)) { flush and cancel; locks.remove(*lock); }
//
//   // A blocking callback: nobody matches the lock any more.
//   if (auto lock = locks.find(object, id); lock && locks.call_back(*lock)) { as above }
//   // Before an enqueue or now and then: what lies unused too long, or is one too many.
//   locks.take_unneeded(now, 16, out);                    // flush, cancel and remove() each
#pragma once

#include "models/lustre/policy/extent_lock.hpp"

#include <optional>

namespace lustrum::lustre {

struct LruLimits {
  std::uint32_t lru_size = 0; // unused locks kept; 0: as many as the server lets the client have
  Seconds lru_max_age{3900};  // unused for longer than this: cancelled. 600 s from Lustre 2.16
};

// Which locks are held, used by whom, and which should go. \source Lustre 2.15
// lustre/ldlm/ldlm_request.c, ldlm_lock.c
//
// Only unused locks are in the LRU, in the order in which their last users let go; a lock in use is
// never picked. With lru_size 0 Lustre weighs age times number against a value from the server;
// here the server's limit is a number of locks.
class ClientLocks {
public:
  // Names a held lock until remove().
  using Handle = Index<struct HeldLockTag>;

  explicit ClientLocks(const LruLimits& limits = {}) : limits_(limits) {}

  // Unused locks that this client may keep when lru_size is 0.
  void set_server_limit(std::uint32_t locks) { server_limit_ = locks; }

  // A lock that covers the extent and may be used for this mode (PW serves readers as well, a group
  // lock those who name its group) and that nobody has called back. The oldest, if several.
  std::optional<Handle> match(std::uint32_t object, LockMode mode, const LockExtent& extent,
                              std::uint32_t group = 0) const;

  // The lock that the server calls `id`, whatever its state.
  std::optional<Handle> find(std::uint32_t object, LockId id) const;

  // A lock just granted, in use once. If it came already called back, release() will say so.
  Handle add(std::uint32_t object, const ExtentLock& granted);

  // One more user. \pre from match(), so not called back
  void use(Handle lock);

  // One user less. True if that was the last user of a lock to give up: flush, cancel, remove().
  // \pre `now` never goes back
  bool release(Handle lock, Seconds now);

  // The server, or the client itself, wants the lock gone: it matches no more. True if nobody uses
  // it, so that the caller must give it up now; false also when that is under way already.
  bool call_back(Handle lock);

  // An eviction: all locks are called back. Appends to `out` those that nobody uses, to be removed;
  // a lock in use, or one whose giving up is under way, goes with whoever has it.
  void call_back_all(std::vector<Handle>& out);

  // \pre nobody uses the lock
  void remove(Handle lock);

  // Calls back unused locks, longest unused first, while there are more than the limit or the first
  // is older than lru_max_age, but not more than `most`. Appends each to `out`: as call_back().
  void take_unneeded(Seconds now, std::size_t most, std::vector<Handle>& out);

  const ExtentLock& lock(Handle lock) const { return at(lock).lock; }
  std::uint32_t object(Handle lock) const { return at(lock).object; }
  std::uint32_t users(Handle lock) const { return at(lock).users; }

  std::size_t size() const { return held_; }
  std::size_t unused() const { return unused_; } // and not called back: those in the LRU
  std::uint32_t limit() const { return limits_.lru_size > 0 ? limits_.lru_size : server_limit_; }

private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Held {
    ExtentLock lock{};
    Seconds last_used{};
    std::uint32_t object = 0;
    std::uint32_t users = 0;
    std::uint32_t next = kNone;  // the object's next lock; in a free entry the next free one
    std::uint32_t older = kNone; // neighbours in the LRU
    std::uint32_t newer = kNone;
  };

  Held& at(Handle lock) { return pool_[lock.value()]; }
  const Held& at(Handle lock) const { return pool_[lock.value()]; }

  std::uint32_t first_of(std::uint32_t object) const;
  std::size_t bucket_of(std::uint32_t object) const;
  void grow_table();
  void erase_bucket(std::size_t bucket);
  void append_to_lru(std::uint32_t entry);
  void leave_lru(std::uint32_t entry);

  std::vector<Held> pool_;
  std::vector<std::uint32_t> table_; // open addressing: the first lock of an object, or kNone
  std::size_t objects_ = 0;          // buckets in use
  std::uint32_t free_ = kNone;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
  std::uint32_t held_ = 0;
  std::uint32_t unused_ = 0;
  std::uint32_t server_limit_ = UINT32_MAX;
  LruLimits limits_;
};

} // namespace lustrum::lustre
