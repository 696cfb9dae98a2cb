#include "models/lustre/server/lock_service.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

ExtentResource& LockService::resource_of(std::uint32_t object) {
  const std::size_t page = object / kPage;
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (!pages_[page]) pages_[page] = std::make_unique<Page>();
  return (*pages_[page])[object % kPage];
}

Task LockService::enqueue(std::uint32_t object, const ExtentRequest& request,
                          ExtentDecision& decision) {
  ++enqueues_;
  callbacks_.clear();
  decision = resource_of(object).enqueue(request, callbacks_);
  for (const ExtentLock& held : callbacks_)
    world_.spawn(call_back(object, held), {"lock callback", held.client.value()});
  if (decision.answer != LockAnswer::waits) co_return;
  Waiter waiter{object, decision.lock};
  waiters_.push_back(&waiter);
  co_await GrantAwaiter{waiter};
  decision = {waiter.refused ? LockAnswer::refused : LockAnswer::granted, waiter.lock};
}

Task LockService::call_back(std::uint32_t object, ExtentLock held) {
  ++callbacks_sent_;
  co_await fabric_.latency();
  LockHolder& holder = *holders_[held.client.value()];
  if (holder.responds())
    holder.called_back(object, held.id);
  else
    co_await time_out(object, held);
}

Task LockService::time_out(std::uint32_t object, ExtentLock held) {
  co_await world_.delay(timer_, callback_timeout_);
  if (!holders_[held.client.value()]->responds() && find(object, held.id))
    evict_(held.client, object); // with all that it holds on that target
}

const ExtentLock* LockService::find(std::uint32_t object, LockId lock) const {
  const ExtentResource* locks = resource(object);
  if (!locks) return nullptr;
  const auto found = std::ranges::find(locks->granted(), lock, &ExtentLock::id);
  return found == locks->granted().end() ? nullptr : &*found;
}

std::vector<std::pair<std::uint32_t, ExtentLock>>
LockService::called_back_of(ClientIndex client) const {
  std::vector<std::pair<std::uint32_t, ExtentLock>> found;
  for_each_resource([&](std::uint32_t object, const ExtentResource& locks) {
    for (const ExtentLock& held : locks.granted())
      if (held.client == client && held.called_back) found.emplace_back(object, held);
  });
  return found;
}

void LockService::client_silent(ClientIndex client) {
  for (const auto& [object, held] : called_back_of(client))
    world_.spawn(time_out(object, held), {"lock timeout", client.value()});
}

void LockService::client_back(ClientIndex client) {
  for (const auto& [object, held] : called_back_of(client))
    holders_[client.value()]->called_back(object, held.id);
}

void LockService::cancel(std::uint32_t object, LockId lock) {
  std::vector<ExtentLock> granted;
  resource_of(object).cancel(lock, granted);
  wake(object, granted);
}

void LockService::evict_from(std::uint32_t object, ClientIndex client) {
  std::vector<ExtentLock> granted;
  resource_of(object).evict(client, granted);
  std::erase_if(waiters_, [&](Waiter* waiter) {
    if (waiter->object != object || waiter->lock.client != client) return false;
    waiter->refused = true;
    world_.make_ready(waiter->task);
    return true;
  });
  wake(object, granted);
}

void LockService::wake(std::uint32_t object, const std::vector<ExtentLock>& granted) {
  for (const ExtentLock& lock : granted) {
    const auto waits = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter* waiter) {
      return waiter->object == object && waiter->lock.id == lock.id;
    });
    assert(waits != waiters_.end());
    (*waits)->lock = lock;
    world_.make_ready((*waits)->task);
    waiters_.erase(waits);
  }
}

} // namespace lustrum::lustre
