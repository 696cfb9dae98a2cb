// LDLM on the servers: extent locks of all objects, blocking callbacks to the clients that hold
// conflicting ones, and the eviction of those that do not answer.
#pragma once

#include "models/fabric/fabric.hpp"
#include "models/lustre/policy/extent_lock.hpp"
#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace lustrum::lustre {

// What the lock service asks of a client. One virtual call per callback, none per RPC.
class LockHolder {
public:
  virtual ~LockHolder() = default;
  // LDLM_BL_CALLBACK: stop using the lock, write back what it covers, then send its cancel.
  virtual void called_back(std::uint32_t object, LockId lock) = 0;
  // LDLM_GL_CALLBACK: the end of the object as far as this client has written it.
  virtual Bytes written_end(std::uint32_t object) const = 0;
  // False while the client is hung or dead: its callbacks time out.
  virtual bool responds() const = 0;
};

class LockService {
public:
  // `callback_timeout`: how long a callback may stay unanswered: lock_callback_timeout().
  LockService(kernel::World& world, fabric::Fabric& fabric, Seconds callback_timeout)
      : world_(world), fabric_(fabric), callback_timeout_(callback_timeout),
        timer_(world.add_delay({"lock_timeout", "lock_timeout"})) {}

  // `evict` is called for a client that left a callback on an object unanswered.
  using Evict = std::function<void(ClientIndex, std::uint32_t object)>;
  void connect(std::vector<LockHolder*> holders, Evict evict) {
    holders_ = std::move(holders);
    evict_ = std::move(evict);
  }

  // The server's part of an LDLM_ENQUEUE that has arrived: ends when the lock is granted, or
  // refused. The caller pays for the way back.
  kernel::Task enqueue(std::uint32_t object, const ExtentRequest& request,
                       ExtentDecision& decision);
  // An LDLM_CANCEL has arrived.
  void cancel(std::uint32_t object, LockId lock);
  // Takes back all that the client holds on objects for which `on_target` is true.
  template <class Filter> void evict(ClientIndex client, const Filter& on_target) {
    for_each_resource([&](std::uint32_t object, const ExtentResource&) {
      if (on_target(object)) evict_from(object, client);
    });
  }
  // The client has fallen silent: the callbacks that it has not answered with a cancel time out.
  void client_silent(ClientIndex client);
  // It runs again, and hears the callbacks that came meanwhile.
  void client_back(ClientIndex client);

  // Locks of an object, for tests and counters; nullptr: never had any.
  const ExtentResource* resource(std::uint32_t object) const {
    const std::size_t page = object / kPage;
    return page < pages_.size() && pages_[page] ? &(*pages_[page])[object % kPage] : nullptr;
  }
  // A granted lock; nullptr: taken back.
  const ExtentLock* find(std::uint32_t object, LockId lock) const;
  // Who may have written behind `size`: LDLM_GL_CALLBACKs to send.
  void glimpse_holders(std::uint32_t object, Bytes size, std::vector<ExtentLock>& holders) const {
    if (const ExtentResource* locks = resource(object)) locks->glimpse_holders(size, holders);
  }
  Bytes written_end(ClientIndex client, std::uint32_t object) const {
    return holders_[client.value()]->written_end(object);
  }

  std::uint64_t callbacks_sent() const { return callbacks_sent_; }
  std::uint64_t enqueues() const { return enqueues_; }

private:
  // A request that waits for its lock; lives in the frame of enqueue().
  struct Waiter {
    std::uint32_t object = 0;
    ExtentLock lock{};
    bool refused = false; // its client was evicted meanwhile
    kernel::Task::Handle task = nullptr;
  };
  struct GrantAwaiter {
    Waiter& waiter;
    bool await_ready() const noexcept { return false; }
    void await_suspend(kernel::Task::Handle task) const { waiter.task = task; }
    void await_resume() const noexcept {}
  };
  // Objects are many and locked ones few: pages of resources, made at first use.
  static constexpr std::size_t kPage = 512;
  using Page = std::array<ExtentResource, kPage>;

  template <class Visit> void for_each_resource(const Visit& visit) const {
    for (std::size_t page = 0; page < pages_.size(); ++page)
      for (std::size_t i = 0; pages_[page] && i < kPage; ++i)
        if (!(*pages_[page])[i].empty())
          visit(static_cast<std::uint32_t>(page * kPage + i), (*pages_[page])[i]);
  }
  ExtentResource& resource_of(std::uint32_t object);
  std::vector<std::pair<std::uint32_t, ExtentLock>> called_back_of(ClientIndex client) const;
  kernel::Task call_back(std::uint32_t object, ExtentLock held);
  // Evicts the holder if it is still silent when the callback times out.
  kernel::Task time_out(std::uint32_t object, ExtentLock held);
  void evict_from(std::uint32_t object, ClientIndex client);
  void wake(std::uint32_t object, const std::vector<ExtentLock>& granted);

  kernel::World& world_;
  fabric::Fabric& fabric_;
  Seconds callback_timeout_;
  kernel::DelayStation& timer_;
  std::vector<LockHolder*> holders_; // [client]
  Evict evict_;
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<Waiter*> waiters_;
  std::vector<ExtentLock> callbacks_; // scratch of enqueue()
  std::uint64_t callbacks_sent_ = 0;
  std::uint64_t enqueues_ = 0;
};

} // namespace lustrum::lustre
