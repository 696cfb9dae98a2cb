#include "models/lustre/osc.hpp"

#include "models/lustre/stopwatch.hpp"

namespace lustrum::lustre {

Osc::Osc(kernel::World& world, fabric::Fabric& fabric, Ost& ost, ClientIndex client, OstIndex index,
         const LustreTunables& tunables)
    : world_(world), fabric_(fabric), ost_(ost), client_(client),
      slots_(
          world.add_slots({"rpc_slots", "client{}.osc{}.rpc_slots", client.value(), index.value()},
                          tunables.osc_max_rpcs_in_flight)) {}

kernel::Task Osc::lock(LockCache& locks, std::uint32_t object, TimeAccount& account) {
  Stopwatch watch(world_, account);
  if (locks.state(object) == LockCache::State::none) {
    locks.set(object, LockCache::State::enqueued);
    co_await fabric_.latency();
    watch.lap(Cause::lock);
    co_await ost_.oss().enqueue(account);
    watch.skip();
    co_await fabric_.latency();
    locks.set(object, LockCache::State::granted);
  }
  while (locks.state(object) != LockCache::State::granted) co_await locks.change();
  watch.lap(Cause::lock);
}

kernel::Task Osc::bulk(device::Operation operation, Bytes bytes, TimeAccount& account) {
  const double asked_s = world_.now().count();
  kernel::SlotHold slot = co_await slots_.acquire();
  account.add_split_as(behind_slots_, world_.now().count() - asked_s, Cause::rpc_slots);
  TimeAccount wire;
  Stopwatch watch(world_, wire);
  co_await fabric_.latency();
  watch.lap(Cause::network);
  TimeAccount served;
  co_await ost_.oss().bulk(ost_, client_, operation, bytes, served);
  watch.skip();
  co_await fabric_.latency();
  watch.lap(Cause::network);
  account += wire;
  account += served;
  behind_slots_ += served;
  behind_slots_[Cause::rpc_slots] += wire.total();
}

} // namespace lustrum::lustre
