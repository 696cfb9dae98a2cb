// Locks that several writers of one file arrange among themselves: group locks and lockahead.
#include "models/lustre/client/client.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

// --- ObjectCache ------------------------------------------------------------------------------

std::optional<ClientLocks::Handle> ObjectCache::held_lock(Osc& osc, std::uint32_t object,
                                                          LockMode mode, const LockExtent& extent,
                                                          DataUser user) {
  const GroupLock* group = user.group != 0 ? group_lock(object, user.group) : nullptr;
  if (!group) return osc.try_lock(object, mode, extent);
  if (!group->lock || osc.locks().lock(*group->lock).called_back) return std::nullopt; // lost
  osc.locks().use(*group->lock);
  return group->lock;
}

bool ObjectCache::may_ask(Osc& osc, std::uint32_t object, DataUser user, Outcome& outcome) {
  if (user.group != 0 && group_lock(object, user.group)) {
    outcome.fail(StorageError::io);
    return false;
  }
  cancel_unneeded(osc);
  return true;
}

bool ObjectCache::must_read_past(DataUser user, std::uint32_t object) {
  return group_lock(object, user.group) &&
         std::ranges::any_of(lookup_.fetches, [&](std::uint32_t id) {
           return !fetches_[id].done && !fetches_[id].locked;
         });
}

Task ObjectCache::read_past(DataUser user, std::uint32_t object, Extent extent, Outcome& outcome) {
  Osc& osc = osc_of(object);
  const LockExtent pages = page_extent(extent.begin, extent.length());
  const auto lock = held_lock(osc, object, LockMode::pr, pages, user);
  if (!lock) {
    outcome.fail(StorageError::io);
    co_return;
  }
  for (Bytes at = extent.begin; at < extent.end && outcome.ok();) {
    const Bytes next = std::min(extent.end, chunk_begin(at) + settings_.rpc_size);
    const BulkRequest request{.client = client_,
                              .job = user.job,
                              .object = object,
                              .offset = at,
                              .length = next - at,
                              .operation = device::Operation::read};
    co_await osc.bulk(request, outcome);
    if (settings_.checksum_rate.count() > 0) co_await sum_up(request.length, outcome);
    if (outcome.ok()) totals_[user.job.value()].read_fetched += request.length;
    at = next;
  }
  release(osc, *lock);
}

ObjectCache::GroupLock* ObjectCache::group_lock(std::uint32_t object, std::uint32_t group) {
  const auto groups = group_locks_.find(object);
  if (groups == group_locks_.end()) return nullptr;
  const auto found = std::ranges::find(groups->second, group, &GroupLock::group);
  return found == groups->second.end() ? nullptr : &*found;
}

Task ObjectCache::lock_group(std::uint32_t object, std::uint32_t group, Outcome& outcome) {
  if (GroupLock* held = group_lock(object, group))
    ++held->holders;
  else
    group_locks_[object].push_back({.group = group, .holders = 1});
  Osc& osc = osc_of(object);
  std::optional<ClientLocks::Handle> lock;
  co_await osc.request(object, {.mode = LockMode::group, .group = group}, lock, outcome);
  if (!lock) {
    outcome.fail(StorageError::io);
    co_return;
  }
  GroupLock* held = group_lock(object, group);
  const bool lost = held && held->lock && osc.locks().lock(*held->lock).called_back;
  if (!held || (held->lock && !lost)) { // nobody wants it any more, or another here was faster
    release_unshared(osc, *lock);
    co_return;
  }
  if (lost) release_unshared(osc, *held->lock);
  held->lock = lock;
}

void ObjectCache::unlock_group(std::uint32_t object, std::uint32_t group) {
  GroupLock* held = group_lock(object, group);
  assert(held && held->holders > 0);
  if (--held->holders > 0) return;
  const std::optional<ClientLocks::Handle> lock = held->lock;
  std::vector<GroupLock>& groups = group_locks_[object];
  groups.erase(groups.begin() + (held - groups.data()));
  if (groups.empty()) group_locks_.erase(object);
  if (lock) release_unshared(osc_of(object), *lock);
}

// Not kept for later, as other locks are.
void ObjectCache::release_unshared(Osc& osc, ClientLocks::Handle lock) {
  osc.locks().call_back(lock);
  release(osc, lock);
}

Task ObjectCache::lock_ahead(DataUser user, std::uint32_t object, Extent extent) {
  Osc& osc = osc_of(object);
  const LockExtent pages = page_extent(extent.begin, extent.length());
  std::optional<ClientLocks::Handle> lock = held_lock(osc, object, LockMode::pw, pages, user);
  Outcome nobody_waits;
  if (!lock && may_ask(osc, object, user, nobody_waits))
    co_await osc.request(object,
                         {.mode = LockMode::pw, .extent = pages, .kind = LockKind::lockahead}, lock,
                         nobody_waits);
  if (lock) release(osc, *lock);
}

// --- Client -----------------------------------------------------------------------------------

Task Client::lock_ahead(OpenFile& open_file, Bytes offset, Bytes length, Outcome& outcome) {
  File& file = static_cast<File&>(open_file);
  if (!state_.runs()) co_await go_on(outcome);
  if (!outcome.ok() || length == Bytes{} || is_released(file.file())) co_return;
  co_await instantiate(file, {offset, offset + length}, outcome);
  if (!outcome.ok()) co_return;
  std::vector<ObjectExtent> parts;
  map(file.file(), {offset, offset + length}, parts);
  for (const ObjectExtent& part : parts)
    parts_.world.spawn(objects_.lock_ahead(file.user(),
                                           parts_.files.object_number(file.file(), part.object),
                                           {part.offset, part.offset + part.length}),
                       {"client lockahead", index_.value()});
}

Task Client::lock_group(File& file, Outcome& outcome) {
  const FileTable& files = parts_.files;
  const FileIndex index = file.file();
  if (is_released(index)) co_await parts_.hsm->restore(index, outcome);
  const std::size_t components = files.layout(index).components().size();
  for (std::size_t c = 0; c < components && outcome.ok(); ++c)
    if (!files.instantiated(index, c))
      co_await metadata_.instantiate(file.caller(), index, c, outcome);
  if (!outcome.ok()) co_return;
  const std::uint32_t group = file.user().group;
  std::vector<std::uint32_t> objects;
  metadata_.for_each_object(index, [&](std::uint32_t object) { objects.push_back(object); });
  // One after the other: two groups that had each a part of a file would wait for ever.
  for (const std::uint32_t object : objects) {
    if (!outcome.ok()) co_return;
    file.group_locked.push_back(object);
    co_await objects_.lock_group(object, group, outcome);
  }
}

} // namespace lustrum::lustre
