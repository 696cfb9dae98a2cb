// Inode locks: what of a file or directory a client may keep in mind (its name, its attributes, its
// layout ...). The MDT's side, of the shape of extent_lock.hpp.
//
//   InodeResource inode;
//   std::vector<InodeLock> callbacks;
//   inode.enqueue({.client = c, .mode = LockMode::pr, .bits = kLookupBit | kUpdateBit,
//                  .try_bits = kDomBit}, callbacks);     // open of a Data-on-MDT file
//   inode.enqueue({.client = kServerItself, .mode = LockMode::pw, .bits = kUpdateBit},
//                 callbacks);                            // a create in this directory
#pragma once

#include "models/lustre/policy/lock_mode.hpp"
#include "models/lustre/policy/lock_store.hpp"

namespace lustrum::lustre {

// Lustre's MDS_INODELOCK_*, a set of them as a sum.
using InodeBits = std::uint8_t;
inline constexpr InodeBits kLookupBit = 0x01; // the name is there, and who may look it up
inline constexpr InodeBits kUpdateBit = 0x02; // attributes; the entries of a directory
inline constexpr InodeBits kOpenBit = 0x04;   // keeping the file open in the client
inline constexpr InodeBits kLayoutBit = 0x08;
inline constexpr InodeBits kPermBit = 0x10;
inline constexpr InodeBits kXattrBit = 0x20;
inline constexpr InodeBits kDomBit = 0x40; // data on the MDT

struct InodeRequest {
  ClientIndex client{};
  LockMode mode = LockMode::pr;
  InodeBits bits = 0;
  InodeBits try_bits = 0; // welcome too, but not worth waiting or calling anybody back for
};

struct InodeLock {
  LockId id{};
  ClientIndex client{};
  LockMode mode = LockMode::pr;
  InodeBits bits = 0;     // as granted; as asked for while it waits
  InodeBits try_bits = 0; // while it waits: what may still be granted with it
  bool called_back = false;
};

struct InodeDecision {
  LockAnswer answer = LockAnswer::refused;
  InodeLock lock{}; // without meaning when refused
};

// The lock resource of one inode. \source Lustre 2.15 lustre/ldlm/ldlm_inodebits.c
//
// Two locks conflict when their modes do and they share a bit, whoever holds them. Callbacks and
// called_back as in ExtentResource. Every cancel looks at each waiting lock that is the first to
// wait for one of its bits, and grants it if it conflicts with nothing granted and with no earlier
// waiter.
//
// try_bits lose what any other lock of a conflicting mode has, waits for or tries; a later request
// for such bits takes them from those who wait and only try. A request that has only try_bits, and
// loses all, is refused.
class InodeResource {
public:
  // Decides a request. Appends granted locks to call back to `callbacks`, none of them ever twice.
  // \pre some bit is asked for or tried; not in group mode, which is for data
  InodeDecision enqueue(const InodeRequest& request, std::vector<InodeLock>& callbacks);

  // Takes a lock back, granted or waiting, and appends what can be granted now to `granted`. False
  // if it is not here any more.
  bool cancel(LockId id, std::vector<InodeLock>& granted);

  // Takes back all locks of a client, granted or waiting; how many.
  std::size_t evict(ClientIndex client, std::vector<InodeLock>& granted);

  std::span<const InodeLock> granted() const { return locks_.granted(); }
  std::span<const InodeLock> waiting() const { return locks_.waiting(); }
  bool empty() const { return locks_.empty(); }

private:
  bool conflicts(const InodeLock& lock, std::size_t waiters_before) const;
  void settle_try_bits(InodeLock& lock);
  void grant_waiting(std::vector<InodeLock>& granted);

  LockStore<InodeLock> locks_;
};

static_assert(sizeof(InodeResource) <= 64, "there are millions");

} // namespace lustrum::lustre
