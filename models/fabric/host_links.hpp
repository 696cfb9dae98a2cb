// The cards of client hosts for storages behind the cloud's own network (object stores, file
// servers): their NICs, a ceiling of all of them, and the PCIe bus, which local disks share. Lustre
// has its Fabric instead.
#pragma once

#include "models/fabric/fabric_settings.hpp"
#include "sim/kernel/topology.hpp"
#include "sim/kernel/world.hpp"

#include <array>
#include <vector>

namespace lustrum::fabric {

struct HostLinkSettings {
  std::uint32_t clients = 1;
  std::uint32_t nics = 1; // per client
  BytesPerSecond nic{};   // of one, each way
  // What a client's software moves over all NICs, each way; 0: no such limit.
  BytesPerSecond ceiling{};
  BytesPerSecond pcie{}; // each way, shared with local disks; 0: not modelled

  BytesPerSecond bandwidth() const {
    BytesPerSecond rate = nic * nics;
    if (ceiling.count() > 0 && ceiling < rate) rate = ceiling;
    if (pcie.count() > 0 && pcie < rate) rate = pcie;
    return rate;
  }
};

class HostLinks {
public:
  HostLinks(kernel::World& world, const HostLinkSettings& settings);

  const HostLinkSettings& settings() const { return settings_; }
  // Puts the stations between the network and the client's memory into a path.
  void add_to(kernel::Path& path, ClientIndex client, std::uint32_t nic, Direction direction) const;
  // Of a client's bus, or nullptr.
  kernel::SharedStation* pcie(ClientIndex client, Direction direction) const {
    return clients_[client.value()].pcie[way(direction)];
  }
  // The NIC with the fewest transfers in that direction; of equal ones the first.
  std::uint32_t least_loaded(ClientIndex client, Direction direction) const;

private:
  using Duplex = std::array<kernel::SharedStation*, 2>; // by direction
  struct Client {
    std::vector<Duplex> nics;
    Duplex ceiling{};
    Duplex pcie{};
  };
  static std::size_t way(Direction direction) { return static_cast<std::size_t>(direction); }

  HostLinkSettings settings_;
  std::vector<Client> clients_;
};

} // namespace lustrum::fabric
