#include "models/lustre/client/mdc.hpp"

#include "models/lustre/server/stopwatch.hpp"

namespace lustrum::lustre {

Mdc::Mdc(kernel::World& world, fabric::Fabric& fabric, Mds& mds, ClientIndex client, MdtIndex mdt,
         const LustreTunables& tunables)
    : world_(world), fabric_(fabric), mds_(mds),
      mod_slots_(
          world.add_slots({"mod_slots", "client{}.mdc{}.mod_slots", client.value(), mdt.value()},
                          tunables.mdc_max_mod_rpcs_in_flight)),
      extra_close_(world.add_slots(
          {"mod_slots", "client{}.mdc{}.extra_close", client.value(), mdt.value()}, 1)),
      rpc_slots_(
          world.add_slots({"mdc_slots", "client{}.mdc{}.rpc_slots", client.value(), mdt.value()},
                          tunables.mdc_max_rpcs_in_flight)) {}

kernel::SlotsStation& Mdc::slots_for(MetadataOperation operation) {
  if (operation == MetadataOperation::getattr) return rpc_slots_;
  const bool full = mod_slots_.held() == mod_slots_.count();
  if (operation == MetadataOperation::close && full && extra_close_.held() == 0)
    return extra_close_;
  return mod_slots_;
}

kernel::Task Mdc::call(MetadataOperation operation, TimeAccount& account) {
  Stopwatch watch(world_, account);
  kernel::SlotHold slot = co_await slots_for(operation).acquire();
  co_await fabric_.metadata_latency();
  watch.lap(Cause::metadata);
  co_await mds_.serve(operation, account);
  watch.skip();
  co_await fabric_.metadata_latency();
  watch.lap(Cause::metadata);
}

} // namespace lustrum::lustre
