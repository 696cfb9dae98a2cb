// What a fabric is made of: hosts, servers, their links, and the drivers' limits.
#pragma once

#include "models/fabric/lnd.hpp"
#include "sim/base/units.hpp"

#include <cstdint>

namespace lustrum::fabric {

enum class Direction : std::uint8_t { to_client, to_server };

// Where the bytes of a transfer go within the client.
enum class HostPath : std::uint8_t {
  buffered, // through the page cache
  direct,   // O_DIRECT: into the caller's memory
  gpu,      // GPUDirect Storage: past the memory, over the PCIe switch
};
inline constexpr std::uint32_t kHostPaths = 3;

// LNet routers between clients and servers. All of them reach all.
struct RouterSettings {
  std::uint32_t count = 0;
  BytesPerSecond bandwidth{}; // of one router, each way
  Seconds latency{};          // that a router adds, one way
  // Messages that a router holds: large_router_buffers. Source: Lustre lnet/lnet/router.c
  std::uint32_t credits = 1024;
};

// Parts of a client that all its transfers share. 0: not modelled.
struct HostSettings {
  BytesPerSecond pcie{};       // each way
  BytesPerSecond memory_bus{}; // both ways together
};

// How often a byte crosses the client's memory bus: the network card's own access, the copy
// between page cache and the caller (one read, one write), and the copy that TCP makes on receipt.
double memory_crossings(Lnd lnd, Direction direction, HostPath host);

struct FabricSettings {
  std::uint32_t clients = 1;
  std::uint32_t inner_clients = 0; // the last of them, which run no job: HSM agents
  std::uint32_t nics_per_client = 1;
  BytesPerSecond client_nic{};
  BytesPerSecond client_ceiling{};  // of all NICs of a client together; 0: none
  BytesPerSecond flow_ceiling{};    // one client and one server, each way; 0: none
  BytesPerSecond receive_ceiling{}; // of a client's receiving threads together; 0: none
  std::uint32_t servers = 1;
  BytesPerSecond server_nic{};
  Seconds latency{};          // one way, of data and lock RPCs
  Seconds metadata_latency{}; // one way, of metadata RPCs: they stay on TCP when data rides EFA

  // Metadata traffic with a payload: directory pages, data on the MDT.
  std::uint32_t mdss = 1;
  BytesPerSecond mds_nic{};      // 0: no limit
  BytesPerSecond metadata_nic{}; // the client's TCP card where data has others; 0: the data cards
  BytesPerSecond metadata_flow_ceiling{}; // one client and one MDS, each way; 0: none

  Lnd lnd = Lnd::tcp;
  CreditSettings credits{};
  RouterSettings routers{};
  HostSettings host{};
  HostPath host_path = HostPath::buffered; // of transfers that do not say

  // What one client's cards can carry, each way.
  BytesPerSecond client_bandwidth() const {
    const BytesPerSecond cards = client_nic * nics_per_client;
    return client_ceiling.count() > 0 && client_ceiling < cards ? client_ceiling : cards;
  }
};

} // namespace lustrum::fabric
