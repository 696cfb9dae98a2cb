// One client's connection to one OST: the slot pool of max_rpcs_in_flight, which reads and writes
// share, and the extent lock of each object.
#pragma once

#include "models/fabric/fabric.hpp"
#include "models/lustre/ldlm.hpp"
#include "models/lustre/oss.hpp"
#include "models/lustre/tunables.hpp"

namespace lustrum::lustre {

class Osc {
public:
  Osc(kernel::World& world, fabric::Fabric& fabric, Ost& ost, ClientIndex client, OstIndex index,
      const LustreTunables& tunables);

  // Takes the object's extent lock unless the client has it: one LDLM_ENQUEUE. Several tasks that
  // want it at once wait for the one RPC.
  kernel::Task lock(LockCache& locks, std::uint32_t object, TimeAccount& account);

  // One bulk RPC (OST_READ or OST_WRITE). Pre: bytes <= max_pages_per_rpc.
  kernel::Task bulk(device::Operation operation, Bytes bytes, TimeAccount& account);

private:
  kernel::World& world_;
  fabric::Fabric& fabric_;
  Ost& ost_;
  ClientIndex client_;
  kernel::SlotsStation& slots_;
  // What RPCs in flight spend their time on. An RPC that waits for a slot waits for that; what is
  // wire latency only stands for the slots themselves, since more of them would hide it.
  TimeAccount behind_slots_;
};

} // namespace lustrum::lustre
