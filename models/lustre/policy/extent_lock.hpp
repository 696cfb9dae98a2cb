// Extent locks: who may read or write which bytes of one object on an OST. The server's side; what
// a client holds is in lock_cache.hpp. No clock: the OST sends the callbacks, waits for the cancels
// and evicts who does not answer.
//
//   ExtentResource object;
//   std::vector<ExtentLock> callbacks;           // one for all objects, cleared before each call
//   ExtentDecision d = object.enqueue({.client = reader, .mode = LockMode::pr,
//                                      .extent = page_extent(offset, length)}, callbacks);
//   if (d.answer == LockAnswer::granted) ...     // d.lock.extent, here the whole object
//   for (const ExtentLock& held : callbacks) ... // ask held.client to flush and cancel held.id
//
//   std::vector<ExtentLock> granted;             // later, when the holder's cancel arrives
//   object.cancel(held.id, granted);             // tell each lock's client; with called_back, that
//                                                // it must give the lock up after its first use
#pragma once

#include "models/lustre/policy/layout.hpp"
#include "models/lustre/policy/lock_mode.hpp"
#include "models/lustre/policy/lock_store.hpp"

namespace lustrum::lustre {

// Bytes [begin, end) of an object; kToEnd as the end means all that will ever be there.
struct LockExtent {
  Bytes begin{};
  Bytes end = kToEnd;

  friend constexpr bool operator==(const LockExtent&, const LockExtent&) = default;
  constexpr bool overlaps(const LockExtent& other) const {
    return begin < other.end && other.begin < end;
  }
  constexpr bool covers(const LockExtent& other) const {
    return begin <= other.begin && other.end <= end;
  }
};

// Pages (4 KiB) that hold these bytes: clients lock whole pages, so writers whose records end
// inside one page meet on it. \pre length > 0
LockExtent page_extent(Bytes offset, Bytes length);

enum class LockKind : std::uint8_t {
  normal,
  no_growth, // exactly what was asked for (LU_LADVISE_LOCKNOEXPAND)
  lockahead, // as no_growth, and refused rather than waiting or calling anybody back
  glimpse    // for the size: a lock if nobody is in the way, else refused; glimpse_holders()
};

struct ExtentRequest {
  ClientIndex client{};
  LockMode mode = LockMode::pr;
  LockExtent extent{};
  std::uint32_t group = 0; // who shares a group lock
  LockKind kind = LockKind::normal;
};

// A lock as the server knows it.
struct ExtentLock {
  LockExtent extent{}; // as granted; as asked for while it waits
  LockId id{};
  ClientIndex client{};
  std::uint32_t group = 0;
  LockMode mode = LockMode::pr;
  LockKind kind = LockKind::normal;
  bool called_back = false; // its holder has been told, or will be with the grant, to give it up
};

struct ExtentDecision {
  LockAnswer answer = LockAnswer::refused;
  ExtentLock lock{}; // without meaning when refused
};

// The lock resource of one object. \source Lustre 2.15 lustre/ldlm/ldlm_extent.c, ldlm_lock.c
//
// Conflicts. Two locks conflict when their modes do and their extents overlap; a group lock covers
// the object and conflicts with whoever is not of its group. Whose locks they are does not matter:
// a client that holds PR and asks for PW is called back itself (clients match their own locks
// before they ask).
//
// Growth. A lock is granted on the largest extent around what was asked that meets no conflicting
// mode: [0, EOF] on an empty object; down to what was asked as soon as any lock of a conflicting
// mode is granted anywhere, otherwise down to the nearest waiter; up to the next conflicting lock,
// granted or waiting, at most to begin + 32 MiB for a writer of a smaller extent among more than 32
// conflicting ones. More than four conflicting waiters stop growth downwards. A waiter that wants
// some of the same bytes does not limit: one of the two must lose anyhow. A waiter of the same
// client limits in every mode. Ends that growth moved are rounded inwards to the alignment of what
// was asked.
//
// Turn. A request that conflicts with a granted or a waiting lock waits behind it; each granted one
// in its way is called back once, each waiting one will learn of it with its grant. Every cancel
// grants from the head of the queue and stops at the first that still conflicts, even if others
// behind it could be granted: so does Lustre. Group locks queue before all others, and one whose
// group already holds the object passes the queue; their holders are never called back.
class ExtentResource {
public:
  // Decides a request. Appends granted locks to call back to `callbacks`, none of them ever twice.
  // \pre the extent is not empty
  ExtentDecision enqueue(const ExtentRequest& request, std::vector<ExtentLock>& callbacks);

  // Takes a lock back, granted or waiting, and appends what can be granted now to `granted`. False
  // if it is not here any more (the cancel crossed an eviction).
  bool cancel(LockId id, std::vector<ExtentLock>& granted);

  // Takes back all locks of a client, granted or waiting; how many.
  std::size_t evict(ClientIndex client, std::vector<ExtentLock>& granted);

  // After a glimpse was refused: whom to ask for the size, as data that a client has not yet
  // flushed may lie behind `size`. Appends the highest PW lock that reaches further, and above it
  // the lockahead ones, which may have been taken without being used. Nobody: `size` is right.
  void glimpse_holders(Bytes size, std::vector<ExtentLock>& holders) const;

  std::span<const ExtentLock> granted() const { return locks_.granted(); }
  std::span<const ExtentLock> waiting() const { return locks_.waiting(); }
  bool empty() const { return locks_.empty(); }

private:
  bool conflicts(const ExtentLock& lock, std::size_t waiters_before) const;
  std::size_t queue_place(const ExtentLock& lock) const;
  LockExtent grown(const ExtentLock& lock) const;
  LockExtent grown_beside_granted(const ExtentLock& lock) const;
  LockExtent grown_beside_waiting(const ExtentLock& lock, LockExtent extent) const;
  void grant_waiting(std::vector<ExtentLock>& granted);

  LockStore<ExtentLock> locks_;
};

static_assert(sizeof(ExtentResource) <= 64, "there are millions");

} // namespace lustrum::lustre
