// One client's connection to one MDT: slots, wire, and what happens when the MDT fails.
//
//   Mdc::Call call({.operation = MetadataOperation::unlink});
//   co_await mdc.begin(call, outcome);       // slot, way there, thread, CPU, journal
//   if (!call.ok()) co_return;
//   ...                                      // what the MDT does: namespace, locks
//   co_await mdc.end(call, outcome);         // payload, way back; sent again if the MDT failed
#pragma once

#include "models/fabric/fabric.hpp"
#include "models/lustre/client/client_state.hpp"
#include "models/lustre/client/mod_slots.hpp"
#include "models/lustre/policy/tunables.hpp"
#include "models/lustre/server/mds.hpp"

namespace lustrum::lustre {

class Mdc {
public:
  // One RPC. Holds its slot and the server's thread until end() or its own end.
  class Call {
  public:
    explicit Call(const MetadataRequest& what) : request(what) {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() { give_back(); }

    bool ok() const { return error_ == StorageError::none; }
    StorageError error() const { return error_; }

    MetadataRequest request;

  private:
    friend class Mdc;
    void give_back() {
      thread_.reset();
      slot_.reset();
      if (ModSlots* slots = std::exchange(mod_slots_, nullptr))
        slots->release(request.operation == MetadataOperation::close);
    }
    std::optional<kernel::SlotHold> slot_{};
    std::optional<kernel::SlotHold> thread_{};
    ModSlots* mod_slots_ = nullptr;
    std::uint32_t boot_ = 0;
    std::uint32_t evictions_ = 0;
    StorageError error_ = StorageError::none;
  };

  Mdc(kernel::World& world, fabric::Fabric& fabric, Mds& mds, ClientIndex client,
      ClientState& state, const LustreTunables& tunables);

  Mds& mds() const { return mds_; }

  // Returns when the MDT has done its work, except what the caller then does in its place. Waits
  // for an MDT that is down; fails with EIO in failout mode.
  kernel::Task begin(Call& call, Outcome& outcome);
  // Fails with EIO if the client was evicted meanwhile: what the MDT granted is void then.
  kernel::Task end(Call& call, Outcome& outcome);
  // Both, for what changes nothing.
  kernel::Task call(MetadataRequest request, Outcome& outcome);

  // RPCs sent, of each kind: a batch is one.
  const PerOperation<std::uint64_t>& rpcs() const { return rpcs_; }
  const ModSlots& mod_slots() const { return mod_slots_; }

private:
  kernel::Task send(Call& call, Outcome& outcome);
  // Until client and MDT are there, or never will be.
  kernel::Task until_connected(Call& call, Outcome& outcome);
  std::uint32_t evictions() const { return mds_.target().evictions(client_); }

  kernel::World& world_;
  fabric::Fabric& fabric_;
  Mds& mds_;
  ClientIndex client_;
  ClientState& state_;
  kernel::SlotsStation& rpc_slots_;
  ModSlots mod_slots_;
  PerOperation<std::uint64_t> rpcs_{};
};

} // namespace lustrum::lustre
