// One client's connection to one OST: the slot pool of max_rpcs_in_flight, which reads and writes
// share, and the extent locks that the client holds there.
#pragma once

#include "models/fabric/fabric.hpp"
#include "models/lustre/client/client_state.hpp"
#include "models/lustre/policy/counters.hpp"
#include "models/lustre/policy/dirty_account.hpp"
#include "models/lustre/policy/lock_cache.hpp"
#include "models/lustre/policy/rpc_opcode.hpp"
#include "models/lustre/policy/tunables.hpp"
#include "models/lustre/server/lock_service.hpp"
#include "models/lustre/server/oss.hpp"

#include <memory>
#include <vector>

namespace lustrum::lustre {

class Osc {
public:
  Osc(kernel::World& world, fabric::Fabric& fabric, Ost& ost, LockService& lock_service,
      ClientIndex client, ClientState& state, const LustreTunables& tunables, bool counts);

  Ost& ost() const { return ost_; }
  ClientLocks& locks() { return locks_; }
  const ClientLocks& locks() const { return locks_; }
  // Pre: it counts.
  const RpcCounters& counters() const { return *counters_; }

  // A lock that the client has already, in use once more; or none.
  std::optional<ClientLocks::Handle> try_lock(std::uint32_t object, LockMode mode,
                                              const LockExtent& extent);
  // The same, asking the server if need be: one LDLM_ENQUEUE, which several tasks that want the
  // same share. Without a lock only if the outcome has an error.
  kernel::Task lock(std::uint32_t object, LockMode mode, LockExtent extent,
                    std::optional<ClientLocks::Handle>& held, Outcome& outcome);

  // A lock of another kind: group locks, lockahead. Asks whatever is held; without a lock when it
  // was refused or the outcome has an error.
  kernel::Task request(std::uint32_t object, ExtentRequest request,
                       std::optional<ClientLocks::Handle>& held, Outcome& outcome);

  // One bulk RPC. Waits out a target that is down and sends again what a failing one lost.
  // Pre: length <= max_pages_per_rpc, and the request outlives the call.
  kernel::Task bulk(const BulkRequest& request, Outcome& outcome);
  // An RPC without data: OST_SYNC, OST_PUNCH.
  kernel::Task call(RpcOpcode opcode, Cause cause, Outcome& outcome);
  // LDLM_CANCEL of a lock that is not among the held ones any more.
  kernel::Task cancel(std::uint32_t object, LockId lock);

  // Whether an RPC can be sent now, or a reply be heard.
  bool connected() const { return ost_.target().available() && state_.runs(); }
  // Waits until it is so, or fails: a dead client, a target that is down and fails out.
  kernel::Task until_connected(Outcome& outcome);

  // How often the OST has evicted this client; what was held before is gone.
  std::uint32_t evictions() const { return ost_.target().evictions(client_); }

  // Dirty pages on this OST, and grant for more: osc_grant.cpp.
  const DirtyAccount& dirty() const { return dirty_; }
  // Claims room for so many bytes more; false, with nothing claimed, when there is too little.
  // `free`: the OST's free space.
  bool try_claim(Bytes bytes, Bytes free);
  kernel::Signal::Awaiter room_change() { return room_.wait(); }
  // Of what was claimed, so much had been dirty before or has not become it.
  void unclaim(Bytes bytes);
  // So many bytes are not dirty any more: written, or thrown away.
  void clean(Bytes bytes);
  // A write has been answered, which brings grant.
  void renew_grant(Bytes free);
  // The OST has forgotten this client.
  void forget_grant() { ost_.grants().forget(client_); }

  // RPCs sent again because their target failed: the OST has moved their bytes twice.
  double resent_bytes() const { return resent_bytes_; }

private:
  struct Pending {
    std::uint32_t object;
    LockMode mode;
    LockExtent extent; // that it will have at most
  };
  bool is_pending(std::uint32_t object, LockMode mode, const LockExtent& extent) const;
  void forget_pending(const Pending& pending);
  // LDLM_ENQUEUE and what comes back.
  kernel::Task enqueue(std::uint32_t object, const ExtentRequest& request,
                       std::optional<ClientLocks::Handle>& held, Outcome& outcome);

  kernel::World& world_;
  fabric::Fabric& fabric_;
  Ost& ost_;
  LockService& lock_service_;
  ClientIndex client_;
  Seconds bulk_setup_;
  Bytes short_io_;
  ClientState& state_;
  ClientLocks locks_;
  std::vector<Pending> pending_;
  kernel::Signal granted_;
  kernel::SlotsStation& slots_;
  // One more RPC may pass when a lock callback waits for its write.
  kernel::SlotsStation& high_priority_slot_;
  // What RPCs in flight spend their time on. An RPC that waits for a slot waits for that; what is
  // wire latency only stands for the slots themselves, since more of them would hide it.
  RpcTime behind_slots_;
  double resent_bytes_ = 0;
  std::unique_ptr<RpcCounters> counters_; // seven cache lines an RPC: only where asked for
  DirtyAccount dirty_;
  kernel::Signal room_; // there may be more room for dirty pages
};

} // namespace lustrum::lustre
