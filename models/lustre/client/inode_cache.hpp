// The inode locks that one client holds, and what it remembers under them: names (LOOKUP),
// attributes and directory pages (UPDATE), layouts, open handles (OPEN), file data (DOM). One lock
// per inode: a new one takes the old one's bits over.
//
// An LRU in the order of last use, bounded in number (ldlm.lru_size) and age (lru_max_age). Lustre
// sends the cancels of such locks in batches, off the path of any call: they cost nothing here.
#pragma once

#include "models/lustre/policy/open_cache.hpp"
#include "models/lustre/server/inode_lock_service.hpp"
#include "sim/base/hash_index.hpp"

#include <vector>

namespace lustrum::lustre {

struct InodeCacheLimits {
  std::uint32_t max_locks = 0; // 0: without end
  Seconds max_age{3900};       // 600 s from Lustre 2.16 on
};

struct HeldInode {
  std::uint32_t key = 0; // Inode::key()
  LockId lock{};
  InodeBits bits = 0;
  bool pages = false; // all pages of a directory
  bool data = false;  // all data of a file on the MDT
  Seconds used{};
  OpenHistory opens{};

  bool has(InodeBits wanted) const { return (bits & wanted) == wanted; }
};

class InodeCache {
public:
  explicit InodeCache(const InodeCacheLimits& limits) : limits_(limits) {}

  // What the client holds of an inode, or nullptr; counts as a use. Valid until the next change.
  HeldInode* use(Inode inode, Seconds now);
  // The same without using it.
  const HeldInode* peek(Inode inode) const;

  // A lock just granted. The inode must not be held.
  HeldInode& add(Inode inode, const InodeLock& lock, Seconds now);
  // Forgets an inode and returns what was held; nothing was held if its bits are 0.
  HeldInode remove(Inode inode);
  // Forgets what is too old or one too many, at most `most`; appends it to `out`.
  void take_unneeded(Seconds now, std::size_t most, std::vector<HeldInode>& out);
  // Forgets all for which `gone` is true; appends it to `out`.
  template <class Filter> void take_if(const Filter& gone, std::vector<HeldInode>& out) {
    for (std::uint32_t i = oldest_; i != kNone;) {
      const std::uint32_t next = entries_[i].newer;
      if (gone(Inode::from_key(entries_[i].held.key))) {
        out.push_back(entries_[i].held);
        erase(i);
      }
      i = next;
    }
  }
  std::size_t size() const { return places_.size(); }
  // Calls `f` with the inode of each lock held.
  template <class F> void for_each(const F& f) const {
    for (std::uint32_t i = oldest_; i != kNone; i = entries_[i].newer)
      f(Inode::from_key(entries_[i].held.key));
  }

private:
  static constexpr std::uint32_t kNone = NumberIndex::kNone;
  struct Entry {
    HeldInode held{};
    std::uint32_t older = kNone; // in a free entry the next free one
    std::uint32_t newer = kNone;
  };
  void append(std::uint32_t entry);
  void unlink(std::uint32_t entry);
  void erase(std::uint32_t entry);

  InodeCacheLimits limits_;
  NumberIndex places_;
  std::vector<Entry> entries_;
  std::uint32_t free_ = kNone;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
};

} // namespace lustrum::lustre
