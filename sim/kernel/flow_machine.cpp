#include "sim/kernel/flow_machine.hpp"

#include "sim/kernel/engine_simgrid.hpp"

#include <fmt/format.h>

namespace lustrum::kernel {

namespace sg = simgrid::s4u;

struct FlowMachine::Hosts {
  std::vector<sg::Host*> servers;
  std::vector<sg::Host*> clients;
};

namespace {

struct Side {
  std::vector<sg::Host*> hosts;
  std::vector<sg::Link*> links;
};

Side add_side(sg::NetZone& zone, const char* name, std::uint32_t count, BytesPerSecond nic,
              Seconds latency) {
  constexpr double kHostSpeed = 1e9;
  Side side;
  for (std::uint32_t i = 0; i < count; ++i) {
    side.hosts.push_back(zone.create_host(fmt::format("{}{}", name, i), kHostSpeed));
    sg::Link* link = zone.create_link(fmt::format("{}{}.nic", name, i), nic.count());
    side.links.push_back(link->set_latency(latency.count()));
  }
  return side;
}

} // namespace

FlowMachine::FlowMachine(Engine& engine, const Shape& shape) : hosts_(std::make_unique<Hosts>()) {
  sg::NetZone& zone = *engine.simgrid_->zone;
  const Seconds half = shape.latency / 2;
  Side servers = add_side(zone, "server", shape.servers, shape.server_nic, half);
  Side clients = add_side(zone, "client", shape.clients, shape.client_nic, half);
  for (std::size_t s = 0; s < servers.hosts.size(); ++s)
    for (std::size_t c = 0; c < clients.hosts.size(); ++c) {
      const std::vector<sg::LinkInRoute> route{sg::LinkInRoute(servers.links[s]),
                                               sg::LinkInRoute(clients.links[c])};
      zone.add_route(servers.hosts[s]->get_netpoint(), clients.hosts[c]->get_netpoint(), nullptr,
                     nullptr, route, false);
    }
  hosts_->servers = std::move(servers.hosts);
  hosts_->clients = std::move(clients.hosts);
}

FlowMachine::~FlowMachine() = default;

void FlowMachine::send(std::uint32_t server, std::uint32_t client, Bytes bytes) {
  sg::Comm::sendto(hosts_->servers[server], hosts_->clients[client], bytes.count());
}

} // namespace lustrum::kernel
