// LDLM on the metadata servers: locks of files and directories, blocking callbacks to the clients
// that hold conflicting ones, and the eviction of those that do not answer.
//
// A plain open or stat is one InodeResource kept in place: nothing is allocated but pages of them.
#pragma once

#include "models/fabric/fabric.hpp"
#include "models/lustre/policy/inode_bits.hpp"
#include "models/lustre/policy/namespace.hpp"
#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"

#include <array>
#include <functional>
#include <memory>
#include <vector>

namespace lustrum::lustre {

// A file or a directory.
class Inode {
public:
  static Inode file(FileIndex file) { return Inode{file.value()}; }
  // By the number of `policy/namespace.hpp`; kRoot is one.
  static Inode directory(std::uint32_t directory) { return Inode{directory | kDirectory}; }
  static Inode from_key(std::uint32_t key) { return Inode{key}; }

  std::uint32_t key() const { return key_; }
  bool is_directory() const { return (key_ & kDirectory) != 0; }
  // The number of the file or directory. \pre not the root
  std::uint32_t index() const { return key_ & ~kDirectory; }
  friend bool operator==(Inode, Inode) = default;

private:
  static constexpr std::uint32_t kDirectory = 1U << 31U;
  explicit Inode(std::uint32_t key) : key_(key) {}
  std::uint32_t key_;
};

// What the service asks of a client. One virtual call per callback, none per RPC.
class InodeLockHolder {
public:
  virtual ~InodeLockHolder() = default;
  // LDLM_BL_CALLBACK: somebody wants these bits, so forget what they protect. The lock's cancel is
  // on its way at once; the holder may have taken a lock with its other bits instead. May come
  // before the reply with the lock.
  virtual void inode_called_back(Inode inode, LockId lock, InodeBits wanted) = 0;
  // False while the client is hung or dead: its callbacks time out.
  virtual bool responds() const = 0;
};

class InodeLockService {
public:
  // `callback_timeout`: how long a callback may stay unanswered: lock_callback_timeout().
  InodeLockService(kernel::World& world, fabric::Fabric& fabric, Seconds callback_timeout)
      : world_(world), fabric_(fabric), callback_timeout_(callback_timeout),
        timer_(world.add_delay({"lock_timeout", "inode_lock_timeout"})) {}

  // `evict` is called for a client that left a callback on an inode unanswered.
  using Evict = std::function<void(ClientIndex, Inode)>;
  void connect(std::vector<InodeLockHolder*> holders, Evict evict) {
    holders_ = std::move(holders);
    evict_ = std::move(evict);
  }

  // The server's part of a request: sends callbacks to whoever is in its way. An answer `waits` is
  // to be followed by wait() at once.
  InodeDecision enqueue(Inode inode, const InodeRequest& request);
  // Until the lock is granted, or refused because its client was evicted.
  kernel::Task wait(Inode inode, InodeDecision& decision, TimeAccount& account);
  // An LDLM_CANCEL has arrived; one that is not here any more is ignored.
  void cancel(Inode inode, LockId lock);

  // For a change by the server itself: calls back what others hold of these bits and waits until
  // they have given it up. `mode`: cw for a change of one entry of a directory (such changes run
  // side by side), else ex.
  bool is_free(Inode inode) const;
  kernel::Task revoke(Inode inode, LockMode mode, InodeBits bits, TimeAccount& account);

  // Takes back all that the client holds on inodes for which `on_target` is true.
  template <class Filter> void evict(ClientIndex client, const Filter& on_target) {
    if (!root_.empty() && on_target(Inode::directory(kRoot)))
      evict_from(Inode::directory(kRoot), client);
    for (std::uint32_t d = 0; d < 2; ++d)
      for (std::size_t page = 0; page < pages_[d].size(); ++page)
        for (std::size_t i = 0; pages_[d][page] && i < kPage; ++i) {
          const auto index = static_cast<std::uint32_t>(page * kPage + i);
          const Inode inode = d == 0 ? Inode::file(FileIndex{index}) : Inode::directory(index);
          if (!(*pages_[d][page])[i].empty() && on_target(inode)) evict_from(inode, client);
        }
  }

  // The client runs again, and hears the callbacks that came meanwhile.
  void client_back(ClientIndex client);
  // Is this lock granted?
  bool has(Inode inode, LockId lock) const;

  // For tests and counters; nullptr: never had any lock.
  const InodeResource* resource(Inode inode) const;
  std::uint64_t callbacks_sent() const { return callbacks_sent_; }
  std::uint64_t enqueues() const { return enqueues_; }

private:
  // A request that waits for its lock; lives in the frame of wait().
  struct Waiter {
    Inode inode;
    InodeLock lock{};
    bool refused = false; // its client was evicted meanwhile
    kernel::Task::Handle task = nullptr;
  };
  struct GrantAwaiter {
    Waiter& waiter;
    bool await_ready() const noexcept { return false; }
    void await_suspend(kernel::Task::Handle task) const { waiter.task = task; }
    void await_resume() const noexcept {}
  };
  // A callback to a client that is silent.
  struct Unheard {
    Inode inode;
    InodeLock held{};
    InodeBits wanted{};
  };
  static constexpr std::size_t kPage = 512;
  using Page = std::array<InodeResource, kPage>;

  InodeResource& resource_of(Inode inode);
  kernel::Task call_back(Inode inode, InodeLock held, InodeBits wanted);
  kernel::Task time_out(Unheard callback);
  kernel::Task answer(Unheard callback);
  bool is_unheard(const Unheard& callback) const;
  // Those whose locks are gone.
  void forget_unheard(ClientIndex client);
  void evict_from(Inode inode, ClientIndex client);
  void wake(Inode inode);
  // Bits that those who wait want in modes in which this lock is in their way.
  InodeBits wanted_against(Inode inode, const InodeLock& lock) const;

  kernel::World& world_;
  fabric::Fabric& fabric_;
  Seconds callback_timeout_;
  kernel::DelayStation& timer_;
  std::vector<InodeLockHolder*> holders_; // [client]
  Evict evict_;
  std::array<std::vector<std::unique_ptr<Page>>, 2> pages_; // of files, of directories
  InodeResource root_;
  std::vector<Waiter*> waiters_;
  std::vector<Unheard> unheard_;
  std::vector<InodeLock> callbacks_; // scratch of enqueue()
  std::vector<InodeLock> granted_;   // scratch of cancel() and evict_from()
  std::uint64_t callbacks_sent_ = 0;
  std::uint64_t enqueues_ = 0;
};

} // namespace lustrum::lustre
