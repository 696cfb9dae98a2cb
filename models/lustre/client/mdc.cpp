#include "models/lustre/client/mdc.hpp"

#include "models/storage/stopwatch.hpp"

namespace lustrum::lustre {

using kernel::Task;

namespace {

// Of a payload: none of the stations may have a limit.
Cause cause_of(const kernel::Station* slowest) {
  return slowest ? fabric::Fabric::cause_of(*slowest) : Cause::metadata;
}

} // namespace

Mdc::Mdc(kernel::World& world, fabric::Fabric& fabric, Mds& mds, ClientIndex client,
         ClientState& state, const LustreTunables& tunables)
    : world_(world), fabric_(fabric), mds_(mds), client_(client), state_(state),
      rpc_slots_(world.add_slots(
          {"mdc_slots", "client{}.mdc{}.rpc_slots", client.value(), mds.index().value()},
          tunables.mdc_max_rpcs_in_flight)),
      mod_slots_(world,
                 world.add_slots(
                     {"mod_slots", "client{}.mdc{}.mod_slots", client.value(), mds.index().value()},
                     tunables.mdc_max_mod_rpcs_in_flight),
                 world.add_slots({"mod_slots", "client{}.mdc{}.extra_close", client.value(),
                                  mds.index().value()},
                                 1)) {}

Task Mdc::begin(Call& call, Outcome& outcome) {
  const MetadataOperationRow& row = row_of(call.request.operation);
  call.request.client = client_;
  Stopwatch watch(world_, outcome.time);
  if (row.mod_slot) {
    co_await mod_slots_.claim(call.request.operation == MetadataOperation::close);
    call.slot_.emplace(co_await mod_slots_.station().acquire());
    call.mod_slots_ = &mod_slots_;
  } else {
    call.slot_.emplace(co_await rpc_slots_.acquire());
  }
  watch.lap(Cause::metadata);
  ++rpcs_[number(call.request.operation)];
  call.evictions_ = evictions();
  co_await send(call, outcome);
}

Task Mdc::until_connected(Call& call, Outcome& outcome) {
  Outcome waited;
  Target& target = mds_.target();
  while (waited.ok() && !(target.available() && state_.runs())) {
    if (!state_.runs()) {
      co_await state_.until_it_runs(waited);
    } else if (target.fails_out()) {
      waited.fail(StorageError::io);
    } else {
      Stopwatch watch(world_, waited.time);
      co_await target.change();
      watch.lap(Cause::failure);
    }
  }
  call.error_ = waited.error;
  outcome += waited;
}

Task Mdc::send(Call& call, Outcome& outcome) {
  Target& target = mds_.target();
  if (!target.available() || !state_.runs()) [[unlikely]] {
    co_await until_connected(call, outcome);
    if (!call.ok()) co_return;
  }
  Stopwatch watch(world_, outcome.time);
  call.boot_ = target.boot();
  co_await fabric_.metadata_latency();
  watch.lap(Cause::metadata);
  if (call.request.to_server > Bytes{}) {
    const kernel::Station* slowest = co_await fabric_.transfer(
        client_, mds_.host().index(), fabric::Direction::to_server, call.request.to_server);
    mds_.count_payload({}, call.request.to_server);
    watch.lap(cause_of(slowest));
  }
  co_await mds_.serve(call.request, call.thread_, outcome.time);
}

Task Mdc::end(Call& call, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  while (true) {
    if (call.request.to_client > Bytes{}) {
      const kernel::Station* slowest = co_await fabric_.transfer(
          client_, mds_.host().index(), fabric::Direction::to_client, call.request.to_client);
      mds_.count_payload(call.request.to_client, {});
      watch.lap(cause_of(slowest));
    }
    call.thread_.reset();
    co_await fabric_.metadata_latency();
    watch.lap(Cause::metadata);
    if (!state_.runs()) [[unlikely]] {
      co_await until_connected(call, outcome);
      watch.skip();
      if (!call.ok()) co_return;
    }
    if (mds_.target().boot() == call.boot_) [[likely]]
      break;
    // The reply is lost. The MDT knows the request when it comes again, and does not do it twice.
    co_await send(call, outcome);
    watch.skip();
    if (!call.ok()) co_return;
  }
  if (evictions() != call.evictions_) {
    call.error_ = StorageError::io;
    outcome.fail(call.error_);
  }
  call.give_back();
}

Task Mdc::call(MetadataRequest request, Outcome& outcome) {
  Call call(request);
  co_await begin(call, outcome);
  if (call.ok()) co_await end(call, outcome);
}

} // namespace lustrum::lustre
