// The network between clients and servers: LNet over TCP (one NIC per client, a cap per
// client-server flow) or over EFA (several NICs, the least loaded carries the next RPC), and the
// servers' NICs.
//
// Every NIC has two stations, one per direction. A bulk transfer crosses client NIC, client
// ceiling, flow cap and server NIC at once (cut-through). Requests and replies are small: they cost
// latency.
#pragma once

#include "sim/base/cause.hpp"
#include "sim/kernel/topology.hpp"
#include "sim/kernel/world.hpp"

#include <array>
#include <deque>
#include <vector>

namespace lustrum::fabric {

enum class Direction : std::uint8_t { to_client, to_server };

struct FabricSettings {
  std::uint32_t clients = 1;
  std::uint32_t nics_per_client = 1;
  BytesPerSecond client_nic{};
  BytesPerSecond client_ceiling{}; // of all NICs of a client together; 0: none
  BytesPerSecond flow_ceiling{};   // one client to one server; 0: none
  std::uint32_t servers = 1;
  BytesPerSecond server_nic{};
  Seconds latency{};          // one way, of data and lock RPCs
  Seconds metadata_latency{}; // one way, of metadata RPCs: they stay on TCP when data rides EFA
};

class Fabric {
public:
  Fabric(kernel::World& world, const FabricSettings& settings);

  const FabricSettings& settings() const { return settings_; }

  // One way over the wire, software included.
  auto latency() { return world_.delay(wire_, settings_.latency); }
  auto metadata_latency() { return world_.delay(wire_, settings_.metadata_latency); }

  // The path of the next transfer between a client and a server. Chooses the client NIC with the
  // fewest transfers present; on ties the one after the last chosen.
  kernel::Path path(ClientIndex client, OssIndex server, Direction direction);

  // What a transfer's time is put down to, from the station that served it last.
  static Cause cause_of(const kernel::Station& station);

  // Adds clients, ceilings, flow caps and server NICs to the graph for reads: from each server's
  // node to the sink. Returns the server nodes.
  std::vector<kernel::Topology::Node> describe(kernel::Topology& topology,
                                               kernel::Topology::Node sink) const;

private:
  using Duplex = std::array<kernel::SharedStation*, 2>; // by direction

  struct Client {
    std::vector<Duplex> nics;
    Duplex ceiling{};
    std::uint32_t last_nic = 0;
  };

  std::uint32_t choose_nic(Client& client, Direction direction);
  kernel::Path make_path(std::uint32_t client, std::uint32_t nic, std::uint32_t server,
                         Direction direction);
  kernel::SharedStation& flow(std::uint32_t client, std::uint32_t server, Direction direction);
  void declare_all_paths();
  std::size_t route_number(std::uint32_t client, std::uint32_t nic, std::uint32_t server,
                           Direction direction) const;

  kernel::World& world_;
  FabricSettings settings_;
  kernel::DelayStation& wire_;
  std::vector<Client> clients_;
  std::vector<Duplex> servers_;
  std::vector<Duplex> flows_;           // [client][server], made at first use
  std::vector<std::uint32_t> declared_; // route of every path, with a reference engine only
};

} // namespace lustrum::fabric
