// The writing half of ObjectCache: dirty pages, and how they get to the servers.
#include "models/lustre/client/object_cache.hpp"
#include "models/storage/stopwatch.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

namespace {

Bytes whole_pages(const Extent& extent) { return kPageSize * page_count(extent); }

} // namespace

Task ObjectCache::write(DataUser user, std::uint32_t object, Extent extent, Bytes known_end,
                        Outcome& outcome) {
  const JobIndex job = user.job;
  Osc& osc = osc_of(object);
  const LockExtent pages = page_extent(extent.begin, extent.length());
  std::optional<ClientLocks::Handle> lock = held_lock(osc, object, LockMode::pw, pages, user);
  if (!lock && may_ask(osc, object, user, outcome))
    co_await osc.lock(object, LockMode::pw, pages, lock, outcome);
  if (!lock) co_return;
  const std::uint32_t evictions_before = osc.evictions();
  // Its first and last page may hold bytes of others: read, then modified.
  const Bytes last = pages.end - kPageSize;
  const bool leaves_front = pages.begin < std::min(extent.begin, known_end);
  const bool leaves_back = extent.end < std::min(pages.end, known_end);
  if (leaves_front || (leaves_back && last == pages.begin))
    co_await read_page(job, osc, object, pages.begin, outcome);
  if (leaves_back && last != pages.begin) co_await read_page(job, osc, object, last, outcome);
  // Nearly always there is room.
  if (outcome.ok() && osc.evictions() == evictions_before &&
      osc.try_claim(whole_pages(extent), free_space(osc)))
    make_dirty(job, osc, object, extent);
  else if (outcome.ok())
    co_await write_locked(job, osc, object, extent, outcome);
  if (osc.evictions() != evictions_before) outcome.fail(StorageError::io);
  release(osc, *lock);
}

Task ObjectCache::write_locked(JobIndex job, Osc& osc, std::uint32_t object, Extent extent,
                               Outcome& outcome) {
  const std::uint32_t evictions_before = osc.evictions();
  while (!extent.empty() && outcome.ok()) {
    Bytes claimed{};
    co_await reserve(osc, whole_pages(extent), claimed, outcome);
    // Without its lock the data could not be written back.
    if (osc.evictions() != evictions_before) {
      osc.unclaim(claimed);
      outcome.fail(StorageError::io);
      co_return;
    }
    const Bytes first_page = extent.begin - extent.begin % kPageSize;
    const Bytes end = claimed > Bytes{} ? std::min(extent.end, first_page + claimed) : extent.end;
    if (claimed > Bytes{})
      make_dirty(job, osc, object, {extent.begin, end});
    else
      co_await write_through(job, osc, object, {extent.begin, end}, outcome);
    extent.begin = end;
  }
}

Task ObjectCache::read_page(JobIndex job, Osc& osc, std::uint32_t object, Bytes page,
                            Outcome& outcome) {
  const PageState state = cache_.state(object, page);
  if (state != PageState::absent && state != PageState::fetching) co_return;
  // Not through fetch(), and not by waiting for one under way: that may wait for a lock which waits
  // for the one that this writer holds.
  const BulkRequest request{.client = client_,
                            .job = job,
                            .object = object,
                            .offset = page,
                            .length = kPageSize,
                            .operation = device::Operation::read};
  co_await osc.bulk(request, outcome);
  if (outcome.ok()) totals_[job.value()].read_fetched += kPageSize;
}

Task ObjectCache::reserve(Osc& osc, Bytes bytes, Bytes& claimed, Outcome& outcome) {
  using Verdict = DirtyAccount::Verdict;
  Stopwatch watch(world_, outcome.time);
  const Seconds start = world_.now();
  for (;;) {
    const Verdict verdict = osc.dirty().verdict(bytes, world_.now() - start);
    if (verdict == Verdict::wait) {
      // Full chunks are on their way already; a writer that waits sends the others too.
      while (send_oldest(osc.ost().index())) {
      }
      co_await osc.room_change();
      continue;
    }
    claimed = std::min(bytes, osc.dirty().room());
    if (osc.try_claim(claimed, free_space(osc))) break; // else an eviction took the grant
  }
  watch.lap(Cause::write_back);
}

Task ObjectCache::write_through(JobIndex job, Osc& osc, std::uint32_t object, Extent extent,
                                Outcome& outcome) {
  const LockExtent pages = page_extent(extent.begin, extent.length());
  const BulkRequest request{.client = client_,
                            .job = job,
                            .object = object,
                            .offset = pages.begin,
                            .length = pages.end - pages.begin,
                            .operation = device::Operation::write};
  co_await direct_rpc(osc, request, outcome);
  if (!outcome.ok()) co_return;
  // The pages stay in the cache, clean.
  const std::uint32_t id = new_fetch();
  const Extent there{pages.begin, pages.end};
  discarded_unread_pages_ += cache_.fetching(object, there, id, false).unread_pages;
  cache_.fetched(object, there, id);
  forget_fetch(id);
}

void ObjectCache::make_dirty(JobIndex job, Osc& osc, std::uint32_t object, Extent extent) {
  const OstIndex ost = osc.ost().index();
  const PageCache::Written written =
      cache_.write(object, extent, static_cast<std::uint16_t>(ost.value()));
  dirtied_bytes_ += written.newly_dirty.as_double();
  osc.unclaim(whole_pages(extent) - written.newly_dirty); // what was dirty before
  ObjectWrites& writes = writes_[object];
  writes.begin = std::min(writes.begin, extent.begin);
  writes.end = std::max(writes.end, extent.end);
  writes.job = job;
  while (const auto chunk = cache_.oldest_dirty(static_cast<std::uint16_t>(ost.value()), true))
    send(chunk->object, chunk->extent, false);
  if (written.newly_dirty == Bytes{}) return;
  const Bytes chunk = chunk_begin(extent.begin);
  const double now_s = world_.now().count();
  if (dirty_marks_.empty() || dirty_marks_.back().object != object ||
      dirty_marks_.back().chunk != chunk ||
      now_s - dirty_marks_.back().since_s > settings_.flusher_period.count())
    dirty_marks_.push({now_s, object, chunk});
  if (!flusher_runs_) {
    flusher_runs_ = true;
    world_.spawn(flush_old_pages(), {"client flusher", client_.value()});
  }
}

bool ObjectCache::send(std::uint32_t object, Extent extent, bool high_priority) {
  std::uint32_t id = 0;
  if (free_write_backs_.empty()) {
    id = static_cast<std::uint32_t>(write_backs_.size());
    write_backs_.emplace_back();
  } else {
    id = free_write_backs_.back();
    free_write_backs_.pop_back();
  }
  WriteBack& write = write_backs_[id];
  cache_.take_dirty(object, extent, id, settings_.rpc_size, write.rpc);
  if (write.rpc.extents.empty()) {
    free_write_backs_.push_back(id);
    return false;
  }
  ObjectWrites& writes = writes_[object];
  ++writes.in_flight;
  write.object = object;
  write.job = writes.job;
  write.evictions = osc_of(object).evictions();
  write.high_priority = high_priority;
  world_.spawn(write_back(id), {"client writing back", client_.value()});
  return true;
}

bool ObjectCache::send_oldest(OstIndex ost) {
  const auto chunk = cache_.oldest_dirty(static_cast<std::uint16_t>(ost.value()), false);
  return chunk && send(chunk->object, chunk->extent, false);
}

Task ObjectCache::write_back(std::uint32_t id) {
  WriteBack& write = write_backs_[id];
  const BulkRequest request{.client = client_,
                            .job = write.job,
                            .object = write.object,
                            .offset = write.rpc.extents.front().begin,
                            .length = write.rpc.bytes,
                            .operation = device::Operation::write,
                            .high_priority = write.high_priority};
  Outcome outcome;
  Osc& osc = osc_of(write.object);
  if (settings_.checksum_rate.count() > 0) co_await sum_up(request.length, outcome);
  if (osc.evictions() != write.evictions) outcome.fail(StorageError::io);
  if (outcome.ok()) co_await osc.bulk(request, outcome);
  const std::uint32_t object = write.object;
  cache_.written(object, write.rpc, id);
  ObjectWrites& writes = writes_[object];
  if (outcome.ok()) {
    totals_[write.job.value()].write_stored += write.rpc.bytes;
  } else {
    ++writes.losses;
    note_lost(write.rpc.bytes, write.job);
  }
  last_write_back_ = outcome.time;
  const bool answered = outcome.ok();
  if (--writes.in_flight == 0) written_.notify();
  const Bytes bytes = write.rpc.bytes;
  free_write_backs_.push_back(id);
  osc.clean(bytes);
  if (answered) osc.renew_grant(free_space(osc));
}

void ObjectCache::note_lost(Bytes bytes, JobIndex job) {
  lost_bytes_ += bytes.as_double();
  totals_[job.value()].write_lost += bytes;
}

Task ObjectCache::flush(std::uint32_t object, bool high_priority, Outcome& outcome) {
  if (!writes_.contains(object)) co_return;
  const double start_s = world_.now().count();
  const Bytes begin = chunk_begin(writes_[object].begin);
  const Bytes end = writes_[object].end;
  writes_[object].begin = kToEnd; // from here on, what is written is the next flush's
  writes_[object].end = Bytes{};
  for (Bytes at = begin; at < end; at += settings_.rpc_size)
    while (send(object, {at, at + settings_.rpc_size}, high_priority)) {
    }
  while (writes_[object].in_flight > 0) co_await written_.wait();
  outcome.time.add_split_as(last_write_back_, world_.now().count() - start_s, Cause::write_back);
  const ObjectWrites& writes = writes_[object];
  if (writes.begin >= writes.end && writes.losses == 0) writes_.erase(object);
}

std::uint32_t ObjectCache::losses(std::uint32_t object) const {
  const auto writes = writes_.find(object);
  return writes == writes_.end() ? 0 : writes->second.losses;
}

Task ObjectCache::flush_old_pages() {
  while (!dirty_marks_.empty()) {
    co_await world_.delay(timer_, settings_.flusher_period);
    const double expired_s = (world_.now() - settings_.dirty_expire).count();
    while (!dirty_marks_.empty() && dirty_marks_.front().since_s <= expired_s) {
      const DirtyMark mark = dirty_marks_.pop();
      send(mark.object, {mark.chunk, mark.chunk + settings_.rpc_size}, false);
    }
    // Marks whose pages have gone long since need no waiting for.
    if (cache_.dirty() == Bytes{})
      while (!dirty_marks_.empty()) dirty_marks_.pop();
  }
  flusher_runs_ = false;
}

Bytes ObjectCache::unstored_bytes() const {
  Bytes sum{};
  for (const auto& osc : oscs_)
    if (osc) sum += osc->dirty().dirty();
  return sum;
}

} // namespace lustrum::lustre
