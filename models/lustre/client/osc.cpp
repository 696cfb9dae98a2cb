#include "models/lustre/client/osc.hpp"

#include "models/storage/stopwatch.hpp"

#include <algorithm>
#include <limits>

namespace lustrum::lustre {

using kernel::Task;

Osc::Osc(kernel::World& world, fabric::Fabric& fabric, Ost& ost, LockService& lock_service,
         ClientIndex client, ClientState& state, const LustreTunables& tunables, bool counts)
    : world_(world), fabric_(fabric), ost_(ost), lock_service_(lock_service), client_(client),
      bulk_setup_(tunables.client_bulk_setup), short_io_(tunables.osc_short_io_bytes),
      state_(state),
      locks_({.lru_size = tunables.ldlm_lru_size, .lru_max_age = tunables.ldlm_lru_max_age}),
      granted_(world), slots_(world.add_slots({"rpc_slots", "client{}.osc{}.rpc_slots",
                                               client.value(), ost.index().value()},
                                              tunables.osc_max_rpcs_in_flight)),
      high_priority_slot_(world.add_slots(
          {"rpc_slots", "client{}.osc{}.hp_slot", client.value(), ost.index().value()}, 1)),
      counters_(counts ? std::make_unique<RpcCounters>() : nullptr),
      dirty_({.max_dirty = Bytes{tunables.osc_max_dirty_mb * kMib},
              .rpc_size = tunables.rpc_size(),
              .rpcs_in_flight = tunables.osc_max_rpcs_in_flight,
              .patience = tunables.ldlm_enqueue_min / 2}),
      room_(world) {
  // The server's value falls as all clients' locks near its limit: here each has an equal share.
  if (const std::uint64_t limit = ost.oss().settings().lock_limit; limit > 0)
    locks_.set_server_limit(static_cast<std::uint32_t>(std::clamp<std::uint64_t>(
        limit / fabric.settings().clients, 1, std::numeric_limits<std::uint32_t>::max())));
}

namespace {

// Counts one bulk RPC for as long as it lives, if anything is counted.
class InFlight {
public:
  InFlight(const kernel::World& world, RpcCounters* counters, const BulkRequest& request)
      : world_(world), way_(!counters           ? nullptr
                            : request.is_read() ? &counters->read
                                                : &counters->write),
        length_(request.length), begin_(world.now()) {
    if (way_) RpcCounters::begin(*way_, request.offset, request.length);
  }
  ~InFlight() {
    if (way_) RpcCounters::end(*way_, length_, world_.now() - begin_);
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

private:
  const kernel::World& world_;
  RpcCounters::Way* way_;
  Bytes length_;
  Seconds begin_;
};

} // namespace

bool Osc::is_pending(std::uint32_t object, LockMode mode, const LockExtent& extent) const {
  return std::any_of(pending_.begin(), pending_.end(), [&](const Pending& p) {
    return p.object == object && (p.mode == mode || p.mode == LockMode::pw) &&
           p.extent.overlaps(extent);
  });
}

void Osc::forget_pending(const Pending& pending) {
  pending_.erase(std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) {
    return p.object == pending.object && p.mode == pending.mode && p.extent == pending.extent;
  }));
  granted_.notify();
}

std::optional<ClientLocks::Handle> Osc::try_lock(std::uint32_t object, LockMode mode,
                                                 const LockExtent& extent) {
  const auto held = locks_.match(object, mode, extent);
  if (held) locks_.use(*held);
  return held;
}

Task Osc::lock(std::uint32_t object, LockMode mode, LockExtent extent,
               std::optional<ClientLocks::Handle>& held, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  while (is_pending(object, mode, extent)) {
    co_await granted_.wait();
    watch.lap(Cause::lock);
    if ((held = try_lock(object, mode, extent))) co_return;
  }
  const Pending mine{object, mode, LockExtent{}}; // it may grow to all of the object
  pending_.push_back(mine);
  const ExtentRequest request{.client = client_, .mode = mode, .extent = extent};
  co_await enqueue(object, request, held, outcome);
  forget_pending(mine);
  if (!held) outcome.fail(StorageError::io);
}

Task Osc::request(std::uint32_t object, ExtentRequest request,
                  std::optional<ClientLocks::Handle>& held, Outcome& outcome) {
  request.client = client_;
  const Pending mine{object, request.mode, request.extent};
  pending_.push_back(mine);
  co_await enqueue(object, request, held, outcome);
  forget_pending(mine);
}

Task Osc::enqueue(std::uint32_t object, const ExtentRequest& request,
                  std::optional<ClientLocks::Handle>& held, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  const std::uint32_t evictions_before = evictions();
  if (!connected()) co_await until_connected(outcome);
  watch.skip();
  if (!outcome.ok()) co_return;
  co_await fabric_.latency();
  watch.lap(Cause::lock);
  co_await ost_.oss().serve_small(outcome.time, Cause::lock);
  watch.skip();
  ExtentDecision decision;
  co_await lock_service_.enqueue(object, request, decision);
  co_await fabric_.latency();
  watch.lap(Cause::lock);
  if (!connected()) [[unlikely]] {
    co_await until_connected(outcome);
    watch.skip();
    // It may have been called back or taken away meanwhile, which nobody heard.
    const ExtentLock* lock = lock_service_.find(object, decision.lock.id);
    decision = {lock ? LockAnswer::granted : LockAnswer::refused, lock ? *lock : ExtentLock{}};
  }
  const bool granted = decision.answer == LockAnswer::granted;
  if (evictions() != evictions_before) outcome.fail(StorageError::io);
  if (granted && outcome.ok())
    held = locks_.add(object, decision.lock);
  else if (granted && (!state_.dead() || evictions() != evictions_before))
    // What a dead client holds goes with its eviction, unless it came after that.
    lock_service_.cancel(object, decision.lock.id);
}

Task Osc::until_connected(Outcome& outcome) {
  Target& target = ost_.target();
  while (outcome.ok() && !connected()) {
    if (!state_.runs()) {
      co_await state_.until_it_runs(outcome);
    } else if (target.fails_out()) {
      outcome.fail(StorageError::io);
    } else {
      Stopwatch watch(world_, outcome.time);
      co_await target.change();
      watch.lap(Cause::failure);
    }
  }
}

Task Osc::bulk(const BulkRequest& request, Outcome& outcome) {
  const double asked_s = world_.now().count();
  const std::uint32_t evictions_before = evictions();
  const bool extra =
      request.high_priority && slots_.held() == slots_.count() && high_priority_slot_.held() == 0;
  kernel::SlotHold slot = co_await (extra ? high_priority_slot_ : slots_).acquire();
  if (const double waited_s = world_.now().count() - asked_s; waited_s > 0) {
    // While the target was down, so were the RPCs that have the slots.
    const double down_s = ost_.target().silent_since(asked_s);
    if (down_s > 0) [[unlikely]]
      outcome.time[Cause::failure] += down_s;
    outcome.time.add_split_as(behind_slots_, waited_s - down_s, Cause::rpc_slots);
  }
  const InFlight in_flight(world_, counters_.get(), request);
  for (bool answered = false; !answered && outcome.ok();) {
    if (!connected()) [[unlikely]]
      co_await until_connected(outcome);
    if (evictions() != evictions_before) outcome.fail(StorageError::io);
    if (!outcome.ok()) co_return;
    const std::uint32_t boot = ost_.target().boot();
    RpcTime served;
    const double sent_s = world_.now().count();
    co_await fabric_.latency(request.length > short_io_ ? bulk_setup_ : Seconds{});
    const double arrived_s = world_.now().count();
    co_await ost_.oss().bulk(ost_, request, served);
    const double left_s = world_.now().count();
    co_await fabric_.latency();
    const double wire_s = arrived_s - sent_s + world_.now().count() - left_s;
    outcome.time += served;
    outcome.time[Cause::network] += wire_s;
    behind_slots_ += served;
    behind_slots_[Cause::rpc_slots] += wire_s;
    if (!state_.runs()) [[unlikely]]
      co_await state_.until_it_runs(outcome);
    answered = ost_.target().boot() == boot;
    if (!answered) resent_bytes_ += request.length.as_double();
  }
  if (evictions() != evictions_before) outcome.fail(StorageError::io);
}

Task Osc::call(RpcOpcode opcode, Cause cause, Outcome& outcome) {
  const std::uint32_t evictions_before = evictions();
  for (bool answered = false; !answered && outcome.ok();) {
    if (!connected()) co_await until_connected(outcome);
    if (!outcome.ok()) co_return;
    const std::uint32_t boot = ost_.target().boot();
    Stopwatch watch(world_, outcome.time);
    co_await fabric_.latency();
    watch.lap(cause);
    const Seconds arrived = world_.now();
    co_await ost_.oss().serve_small(outcome.time, cause);
    watch.skip();
    ost_.count(opcode, world_.now() - arrived);
    co_await fabric_.latency();
    watch.lap(cause);
    if (!state_.runs()) co_await state_.until_it_runs(outcome);
    answered = ost_.target().boot() == boot;
  }
  if (evictions() != evictions_before) outcome.fail(StorageError::io);
}

Task Osc::cancel(std::uint32_t object, LockId lock) {
  Outcome outcome;
  if (!connected()) co_await until_connected(outcome);
  if (state_.dead()) co_return; // whoever waits for the lock gets it with the eviction
  co_await fabric_.latency();
  co_await ost_.oss().serve_small(outcome.time, Cause::lock);
  lock_service_.cancel(object, lock);
}

} // namespace lustrum::lustre
