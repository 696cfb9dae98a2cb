#include "models/lustre/server/inode_lock_service.hpp"

#include "models/storage/stopwatch.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

const InodeResource* InodeLockService::resource(Inode inode) const {
  if (inode == Inode::directory(kRoot)) return &root_;
  const auto& pages = pages_[inode.is_directory() ? 1 : 0];
  const std::size_t page = inode.index() / kPage;
  return page < pages.size() && pages[page] ? &(*pages[page])[inode.index() % kPage] : nullptr;
}

InodeResource& InodeLockService::resource_of(Inode inode) {
  if (inode == Inode::directory(kRoot)) return root_;
  auto& pages = pages_[inode.is_directory() ? 1 : 0];
  const std::size_t page = inode.index() / kPage;
  if (page >= pages.size()) pages.resize(page + 1);
  if (!pages[page]) pages[page] = std::make_unique<Page>();
  return (*pages[page])[inode.index() % kPage];
}

InodeDecision InodeLockService::enqueue(Inode inode, const InodeRequest& request) {
  ++enqueues_;
  callbacks_.clear();
  const InodeDecision decision = resource_of(inode).enqueue(request, callbacks_);
  for (const InodeLock& held : callbacks_)
    world_.spawn(call_back(inode, held, request.bits),
                 {"inode lock callback", held.client.value()});
  return decision;
}

Task InodeLockService::wait(Inode inode, InodeDecision& decision, TimeAccount& account) {
  Stopwatch watch(world_, account);
  Waiter waiter{inode, decision.lock};
  waiters_.push_back(&waiter);
  co_await GrantAwaiter{waiter};
  decision = {waiter.refused ? LockAnswer::refused : LockAnswer::granted, waiter.lock};
  watch.lap(Cause::lock);
}

Task InodeLockService::call_back(Inode inode, InodeLock held, InodeBits wanted) {
  ++callbacks_sent_;
  co_await fabric_.metadata_latency();
  InodeLockHolder& holder = *holders_[held.client.value()];
  if (!holder.responds()) {
    co_await time_out({inode, held, wanted});
    co_return;
  }
  holder.inode_called_back(inode, held.id, wanted);
  co_await fabric_.metadata_latency();
  cancel(inode, held.id);
}

Task InodeLockService::time_out(Unheard callback) {
  unheard_.push_back(callback);
  co_await world_.delay(timer_, callback_timeout_);
  // Not evicted if its MDT is away just then: the client may still wake and answer.
  if (is_unheard(callback) && has(callback.inode, callback.held.id))
    evict_(callback.held.client, callback.inode); // with all that it holds on that target
}

bool InodeLockService::is_unheard(const Unheard& callback) const {
  return std::ranges::any_of(unheard_, [&](const Unheard& other) {
    return other.inode == callback.inode && other.held.id == callback.held.id;
  });
}

void InodeLockService::forget_unheard(ClientIndex client) {
  std::erase_if(unheard_, [&](const Unheard& callback) {
    return callback.held.client == client && !has(callback.inode, callback.held.id);
  });
}

void InodeLockService::client_back(ClientIndex client) {
  std::erase_if(unheard_, [&](const Unheard& callback) {
    if (callback.held.client != client) return false;
    world_.spawn(answer(callback), {"inode lock callback", client.value()});
    return true;
  });
}

Task InodeLockService::answer(Unheard callback) {
  holders_[callback.held.client.value()]->inode_called_back(callback.inode, callback.held.id,
                                                            callback.wanted);
  co_await fabric_.metadata_latency();
  cancel(callback.inode, callback.held.id);
}

bool InodeLockService::has(Inode inode, LockId lock) const {
  const InodeResource* locks = resource(inode);
  return locks &&
         std::ranges::find(locks->granted(), lock, &InodeLock::id) != locks->granted().end();
}

bool InodeLockService::is_free(Inode inode) const {
  const InodeResource* locks = resource(inode);
  return !locks || locks->empty();
}

Task InodeLockService::revoke(Inode inode, LockMode mode, InodeBits bits, TimeAccount& account) {
  if (is_free(inode)) co_return;
  InodeDecision decision =
      enqueue(inode, {.client = kServerItself, .mode = mode, .bits = bits, .try_bits = 0});
  if (decision.answer == LockAnswer::waits) co_await wait(inode, decision, account);
  cancel(inode, decision.lock.id);
}

void InodeLockService::cancel(Inode inode, LockId lock) {
  if (is_free(inode)) return;
  granted_.clear();
  resource_of(inode).cancel(lock, granted_);
  wake(inode);
}

InodeBits InodeLockService::wanted_against(Inode inode, const InodeLock& lock) const {
  InodeBits wanted = 0;
  for (const InodeLock& waiter : resource(inode)->waiting())
    if (!compatible(waiter.mode, lock.mode)) wanted |= waiter.bits;
  return wanted;
}

void InodeLockService::evict_from(Inode inode, ClientIndex client) {
  granted_.clear();
  resource_of(inode).evict(client, granted_);
  std::erase_if(waiters_, [&](Waiter* waiter) {
    if (!(waiter->inode == inode) || waiter->lock.client != client) return false;
    waiter->refused = true;
    world_.make_ready(waiter->task);
    return true;
  });
  wake(inode);
}

void InodeLockService::wake(Inode inode) {
  for (const InodeLock& lock : granted_) {
    const auto waits = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter* waiter) {
      return waiter->inode == inode && waiter->lock.id == lock.id;
    });
    assert(waits != waiters_.end());
    (*waits)->lock = lock;
    world_.make_ready((*waits)->task);
    waiters_.erase(waits);
    if (lock.called_back && lock.client != kServerItself) // somebody behind it waits already
      world_.spawn(call_back(inode, lock, wanted_against(inode, lock)),
                   {"inode lock callback", lock.client.value()});
  }
}

} // namespace lustrum::lustre
