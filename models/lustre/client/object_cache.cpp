#include "models/lustre/client/object_cache.hpp"

#include "models/storage/stopwatch.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

namespace {
constexpr Extent kWholeObject{Bytes{}, kToEnd};
constexpr std::size_t kCancelsAtOnce = 16;
} // namespace

ObjectCache::ObjectCache(kernel::World& world, fabric::Fabric& fabric, FileTable& files,
                         std::deque<Ost>& osts, LockService& lock_service, ClientIndex client,
                         ClientState& state, const LustreTunables& tunables,
                         const ObjectCacheSettings& settings, kernel::DelayStation& timer,
                         kernel::DelayStation& cpu, JobTotals& totals)
    : world_(world), fabric_(fabric), files_(files), osts_(osts), lock_service_(lock_service),
      client_(client), state_(state), tunables_(tunables), settings_(settings), totals_(totals),
      cache_({.chunk = settings.rpc_size, .max_cached = settings.max_cached}), oscs_(osts.size()),
      written_(world), timer_(timer), cpu_(cpu) {}

Osc& ObjectCache::osc_of(std::uint32_t object) {
  const OstIndex ost = files_.ost_of(object);
  std::unique_ptr<Osc>& osc = oscs_[ost.value()];
  if (!osc)
    osc = std::make_unique<Osc>(world_, fabric_, osts_[ost.value()], lock_service_, client_, state_,
                                tunables_, settings_.rpc_counters);
  return *osc;
}

// --- Reading ----------------------------------------------------------------------------------

void ObjectCache::look_up(std::uint32_t object, Extent extent, Present& found) {
  cache_.read(object, extent, lookup_);
  found.hit_pages += lookup_.hit_pages;
  found.missing_pages += lookup_.missing_pages;
  found.all = found.all && lookup_.all_present();
}

std::uint32_t ObjectCache::new_fetch() {
  if (free_fetches_.empty()) {
    fetches_.emplace_back();
    return static_cast<std::uint32_t>(fetches_.size() - 1);
  }
  const std::uint32_t id = free_fetches_.back();
  free_fetches_.pop_back();
  return id;
}

void ObjectCache::start(DataUser user, std::uint32_t object, Extent extent, Extent demand) {
  cache_.probe(object, extent, lookup_);
  for (const Extent& found : lookup_.missing) {
    const Extent missing{found.begin, std::min(found.end, extent.end)};
    for (Bytes at = missing.begin; at < missing.end;) {
      // RPCs are aligned to their size within the object.
      const Bytes next = std::min(missing.end, chunk_begin(at) + settings_.rpc_size);
      fetch(user, object, {at, next}, demand);
      at = next;
    }
  }
}

void ObjectCache::fetch(DataUser user, std::uint32_t object, Extent piece, Extent demand) {
  const std::uint32_t id = new_fetch();
  fetches_[id].done = false;
  const Extent wanted{std::max(piece.begin, demand.begin), std::min(piece.end, demand.end)};
  fetches_[id].ahead = piece.length() - wanted.length();
  ahead_in_flight_ += fetches_[id].ahead;
  if (!wanted.empty())
    discarded_unread_pages_ += cache_.fetching(object, wanted, id, false).unread_pages;
  // What else the RPC brings is read ahead.
  if (wanted != piece)
    discarded_unread_pages_ += cache_.fetching(object, piece, id, true).unread_pages;
  const auto lock = held_lock(osc_of(object), object, LockMode::pr,
                              page_extent(piece.begin, piece.length()), user);
  fetches_[id].locked = lock.has_value();
  world_.spawn(fetch_piece(user, object, piece, id, lock), {"client fetching", client_.value()});
}

Task ObjectCache::fetch_piece(DataUser user, std::uint32_t object, Extent piece, std::uint32_t id,
                              std::optional<ClientLocks::Handle> lock) {
  Outcome& outcome = fetches_[id].outcome;
  Osc& osc = osc_of(object);
  const LockExtent pages = page_extent(piece.begin, piece.length());
  if (!lock) lock = held_lock(osc, object, LockMode::pr, pages, user);
  if (!lock && may_ask(osc, object, user, outcome))
    co_await osc.lock(object, LockMode::pr, pages, lock, outcome);
  fetches_[id].locked = lock.has_value();
  if (lock) {
    const BulkRequest request{.client = client_,
                              .job = user.job,
                              .object = object,
                              .offset = piece.begin,
                              .length = piece.length(),
                              .operation = device::Operation::read};
    co_await osc.bulk(request, outcome);
    if (settings_.checksum_rate.count() > 0) co_await sum_up(piece.length(), outcome);
    if (outcome.ok()) totals_[user.job.value()].read_fetched += piece.length();
    release(osc, *lock);
  }
  finish_fetch(object, piece, id);
}

void ObjectCache::finish_fetch(std::uint32_t object, Extent piece, std::uint32_t id) {
  cache_.fetched(object, piece, id);
  Fetch& fetch = fetches_[id];
  // Nothing came: the pages must not look as if it had.
  if (!fetch.outcome.ok()) cache_.drop(object, piece, PageCache::DirtyPages::keep);
  fetch.done = true;
  ahead_in_flight_ -= fetch.ahead;
  for (const Task::Handle reader : fetch.waiting) world_.make_ready(reader);
  fetch.waiting.clear();
  if (fetch.readers == 0) forget_fetch(id);
}

void ObjectCache::forget_fetch(std::uint32_t id) {
  fetches_[id].outcome = {};
  free_fetches_.push_back(id);
}

void ObjectCache::leave(std::uint32_t id) {
  if (--fetches_[id].readers == 0) forget_fetch(id);
}

void ObjectCache::note_fetched(const Outcome& fetched, double since_s, Outcome& outcome) const {
  outcome.time.add_split_as(fetched.time, world_.now().count() - since_s, Cause::network);
  outcome.fail(fetched.error);
}

Task ObjectCache::wait(DataUser user, std::uint32_t object, Extent extent, Outcome& outcome) {
  if (!outcome.ok()) co_return;
  // Not as a reader: who wants to read has said so to look_up(), and a worker that only reads
  // ahead never does.
  cache_.probe(object, extent, lookup_);
  if (!lookup_.missing.empty()) { // dropped since it was sent for
    start(user, object, extent, extent);
    cache_.probe(object, extent, lookup_);
  }
  if (lookup_.fetches.empty()) co_return;
  if (user.group != 0 && must_read_past(user, object)) {
    co_await read_past(user, object, extent, outcome);
    co_return;
  }
  // All that are under way now hold what the reader wants, even if their pages are soon dropped.
  const std::uint32_t first = lookup_.fetches.front();
  const std::vector<std::uint32_t> others(lookup_.fetches.begin() + 1, lookup_.fetches.end());
  ++fetches_[first].readers;
  for (const std::uint32_t id : others) ++fetches_[id].readers;
  const double start_s = world_.now().count();
  if (!fetches_[first].done) co_await FetchAwaiter{fetches_[first]};
  if (others.empty()) { // as nearly always: without a sum of its own
    note_fetched(fetches_[first].outcome, start_s, outcome);
    leave(first);
    co_return;
  }
  Outcome fetched = fetches_[first].outcome;
  leave(first);
  for (const std::uint32_t id : others) {
    if (!fetches_[id].done) co_await FetchAwaiter{fetches_[id]};
    fetched += fetches_[id].outcome;
    leave(id);
  }
  note_fetched(fetched, start_s, outcome);
}

// --- Direct I/O -------------------------------------------------------------------------------

Task ObjectCache::transfer_direct(DataUser user, std::uint32_t object, Extent extent,
                                  device::Operation operation, bool gpu, Outcome& outcome) {
  co_await flush(object, false, outcome);
  Osc& osc = osc_of(object);
  const bool reads = operation == device::Operation::read;
  const LockMode mode = reads ? LockMode::pr : LockMode::pw;
  const LockExtent pages = page_extent(extent.begin, extent.length());
  std::optional<ClientLocks::Handle> lock = held_lock(osc, object, mode, pages, user);
  if (!lock && may_ask(osc, object, user, outcome))
    co_await osc.lock(object, mode, pages, lock, outcome);
  if (!lock) co_return;
  if (!reads) cache_.drop(object, extent, PageCache::DirtyPages::keep);
  kernel::TaskGroup rpcs = world_.group();
  std::deque<Outcome> each;
  const double start_s = world_.now().count();
  for (Bytes at = extent.begin; at < extent.end;) {
    const Bytes next = std::min(extent.end, chunk_begin(at) + settings_.rpc_size);
    const BulkRequest request{.client = client_,
                              .job = user.job,
                              .object = object,
                              .offset = at,
                              .length = next - at,
                              .operation = operation,
                              .host = gpu ? fabric::HostPath::gpu : fabric::HostPath::direct};
    rpcs.add(direct_rpc(osc, request, each.emplace_back()), {"client rpc", client_.value()});
    at = next;
  }
  co_await rpcs.all();
  Outcome all;
  for (const Outcome& one : each) all += one;
  outcome.time.add_split_as(all.time, world_.now().count() - start_s, Cause::network);
  outcome.fail(all.error);
  release(osc, *lock);
}

Task ObjectCache::sum_up(Bytes bytes, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(cpu_, bytes / settings_.checksum_rate);
  watch.lap(Cause::client_cpu);
}

Task ObjectCache::direct_rpc(Osc& osc, BulkRequest request, Outcome& outcome) {
  const bool sums = settings_.checksum_rate.count() > 0 && request.host != fabric::HostPath::gpu;
  if (sums && !request.is_read()) co_await sum_up(request.length, outcome);
  co_await osc.bulk(request, outcome);
  if (sums && request.is_read()) co_await sum_up(request.length, outcome);
  if (!outcome.ok()) co_return;
  IoTotals& totals = totals_[request.job.value()];
  (request.is_read() ? totals.read_fetched : totals.write_stored) += request.length;
  if (request.is_read()) co_return;
  direct_written_bytes_ += request.length.as_double();
  osc.renew_grant(free_space(osc));
}

// --- Locks ------------------------------------------------------------------------------------

void ObjectCache::release(Osc& osc, ClientLocks::Handle lock) {
  if (osc.locks().release(lock, world_.now())) give_up(osc, lock);
}

void ObjectCache::give_up(Osc& osc, ClientLocks::Handle lock) {
  world_.spawn(give_up_task(osc, lock), {"lock cancel", client_.value()});
}

Task ObjectCache::give_up_task(Osc& osc, ClientLocks::Handle handle) {
  const std::uint32_t object = osc.locks().object(handle);
  const ExtentLock lock = osc.locks().lock(handle);
  Outcome outcome;
  if (lock.mode != LockMode::pr) co_await flush(object, true, outcome);
  cache_.drop(object, {lock.extent.begin, lock.extent.end}, PageCache::DirtyPages::keep);
  osc.locks().remove(handle);
  co_await osc.cancel(object, lock.id);
}

void ObjectCache::called_back(std::uint32_t object, LockId id) {
  Osc& osc = osc_of(object);
  const auto held = osc.locks().find(object, id);
  if (held && osc.locks().call_back(*held)) give_up(osc, *held);
}

void ObjectCache::cancel_unneeded(Osc& osc) {
  unneeded_.clear();
  osc.locks().take_unneeded(world_.now(), kCancelsAtOnce, unneeded_);
  for (const ClientLocks::Handle lock : unneeded_) give_up(osc, lock);
}

void ObjectCache::discard(std::uint32_t object, Bytes from) {
  const PageCache::Dropped dropped =
      cache_.drop(object, {from, kToEnd}, PageCache::DirtyPages::drop);
  discarded_bytes_ += (kPageSize * dropped.dirty_pages).as_double();
  if (dropped.dirty_pages > 0) osc_of(object).clean(kPageSize * dropped.dirty_pages);
}

void ObjectCache::evicted_by(OstIndex ost) {
  unneeded_.clear();
  if (Osc* osc = oscs_[ost.value()].get()) {
    osc->locks().call_back_all(unneeded_);
    osc->forget_grant();
  }
  for (const ClientLocks::Handle lock : unneeded_) oscs_[ost.value()]->locks().remove(lock);
  const std::uint32_t objects = files_.objects();
  for (std::uint32_t object = 0; object < objects; ++object) {
    if (files_.ost_of(object) != ost) continue;
    const PageCache::Dropped dropped =
        cache_.drop(object, kWholeObject, PageCache::DirtyPages::drop);
    if (dropped.dirty_pages == 0) continue;
    ObjectWrites& writes = writes_[object];
    ++writes.losses;
    note_lost(kPageSize * dropped.dirty_pages, writes.job);
    osc_of(object).clean(kPageSize * dropped.dirty_pages);
  }
}

void ObjectCache::drop_clean() {
  const std::uint32_t objects = files_.objects();
  for (std::uint32_t object = 0; object < objects; ++object)
    cache_.drop(object, kWholeObject, PageCache::DirtyPages::keep);
}

double ObjectCache::resent_bytes() const {
  double sum = 0;
  for (const auto& osc : oscs_)
    if (osc) sum += osc->resent_bytes();
  return sum;
}

} // namespace lustrum::lustre
