// A metadata server with one MDT: services with their threads, CPU cores with a service time per
// operation, the transactions of the MDT's device and, where metadata IOPS are provisioned (FSx), a
// token bucket that operations draw from.
//
// What an operation does to the namespace and to locks happens between serve() and the reply, while
// its thread is held: see client/metadata.hpp.
#pragma once

#include "models/lustre/policy/counters.hpp"
#include "models/lustre/server/mds_settings.hpp"
#include "models/lustre/server/target.hpp"
#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"

#include <optional>

namespace lustrum::lustre {

struct MetadataRequest {
  MetadataOperation operation = MetadataOperation::getattr;
  double work = 1;         // times what the operation costs
  std::uint32_t count = 1; // operations of this kind in it: entries of a batch
  Bytes to_client{};       // payload: directory pages, file data
  Bytes to_server{};
  ClientIndex client{UINT32_MAX}; // who asks, set by Mdc; none: a server or an HSM agent
};

class Mds {
public:
  Mds(kernel::World& world, MdtIndex index, const MdsSettings& settings, std::uint32_t clients = 1);

  MdtIndex index() const { return index_; }
  Target& target() { return target_; }
  const Target& target() const { return target_; }
  const MdsSettings& settings() const { return settings_; }
  // The server that runs the MDT: its own, or after a failover another one, whose threads, cores
  // and network card the MDT then shares. Counts stay with the MDT.
  const Mds& host() const { return *host_; }
  void move_to(Mds& host) { host_ = &host; }

  // Serves one request that has arrived. Keeps its service thread in `thread`, until the caller has
  // sent the reply.
  kernel::Task serve(const MetadataRequest& request, std::optional<kernel::SlotHold>& thread,
                     TimeAccount& account);

  // Requests served, of each kind; entries of batches are counted, not batches.
  const PerOperation<std::uint64_t>& counts() const { return counts_; }
  // Directory pages and file data that went over the wire.
  Bytes payload_to_clients() const { return to_clients_; }
  Bytes payload_to_server() const { return to_server_; }
  // Time with a thread, in microseconds; one sample per entry of a batch.
  const std::vector<PerOperation<SampleCounter>>& times() const { return times_; }
  const ServiceCounters& service(MdsPortal portal) const {
    return services_[static_cast<std::size_t>(portal)];
  }
  void count_payload(Bytes to_client, Bytes to_server) {
    to_clients_ += to_client;
    to_server_ += to_server;
  }

private:
  kernel::World& world_;
  MdtIndex index_;
  MdsSettings settings_;
  Target target_;
  Mds* host_ = this;
  std::array<kernel::SlotsStation*, kMdsPortals> threads_{}; // none for mdt_out
  kernel::FifoStation& cpu_;
  kernel::FifoStation* device_ = nullptr;
  kernel::BucketStation* iops_ = nullptr;
  PerOperation<std::uint64_t> counts_{};
  Bytes to_clients_{};
  Bytes to_server_{};
  std::vector<PerOperation<SampleCounter>> times_; // [client]; the last is of all others
  std::array<ServiceCounters, kMdsPortals> services_{};
};

} // namespace lustrum::lustre
