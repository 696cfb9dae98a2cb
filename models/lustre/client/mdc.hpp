// One client's connection to one MDT. Open and close share the slots of max_mod_rpcs_in_flight, and
// one close more may pass, so that closes never wait for opens for good; getattr has its own slots.
#pragma once

#include "models/fabric/fabric.hpp"
#include "models/lustre/policy/tunables.hpp"
#include "models/lustre/server/mds.hpp"

namespace lustrum::lustre {

class Mdc {
public:
  Mdc(kernel::World& world, fabric::Fabric& fabric, Mds& mds, ClientIndex client, MdtIndex mdt,
      const LustreTunables& tunables);

  // One metadata RPC there and back: LDLM_ENQUEUE(IT_OPEN), MDS_CLOSE or IT_GETATTR.
  kernel::Task call(MetadataOperation operation, TimeAccount& account);

private:
  kernel::SlotsStation& slots_for(MetadataOperation operation);

  kernel::World& world_;
  fabric::Fabric& fabric_;
  Mds& mds_;
  kernel::SlotsStation& mod_slots_;
  kernel::SlotsStation& extra_close_;
  kernel::SlotsStation& rpc_slots_;
};

} // namespace lustrum::lustre
