#include "models/fabric/fabric.hpp"

namespace lustrum::fabric {

// Bounds of all readers together. Where there are routers, one transfer's way through them is not
// known beforehand: the caps of its flow count as a sum per client and per server there, which
// bounds the flow from above.
std::vector<kernel::Topology::Node> Fabric::describe(kernel::Topology& topology,
                                                     kernel::Topology::Node sink) const {
  using Node = kernel::Topology::Node;
  const auto limited = [&](Node from, BytesPerSecond capacity, std::string_view part) {
    if (!(capacity.count() > 0)) return from;
    const Node to = topology.add_node();
    topology.add_edge(from, to, capacity, part);
    return to;
  };
  const BytesPerSecond flow = settings_.flow_ceiling;
  const double crossings =
      memory_crossings(settings_.lnd, Direction::to_client, settings_.host_path);
  const std::uint32_t job_clients = settings_.clients - settings_.inner_clients;
  std::vector<Node> clients;
  for (std::uint32_t c = 0; c < job_clients; ++c) {
    const Node host = topology.add_node();
    clients.push_back(host);
    Node at = limited(host, settings_.client_nic * settings_.nics_per_client, "client_nic");
    at = limited(at, settings_.client_ceiling, "client_ceiling");
    at = limited(at, settings_.receive_ceiling, "client_receive");
    at = limited(at, settings_.host.pcie, "pcie");
    if (crossings > 0) at = limited(at, settings_.host.memory_bus / crossings, "memory_bus");
    topology.add_unlimited_edge(at, sink);
  }
  Node routed_from = 0;
  if (routers() > 0) {
    routed_from = topology.add_node();
    const Node routed_to = limited(routed_from, settings_.routers.bandwidth * routers(), "router");
    for (const Node client : clients)
      topology.add_unlimited_edge(limited(routed_to, flow * settings_.servers, "flow"), client);
  }
  std::vector<Node> servers;
  for (std::uint32_t s = 0; s < settings_.servers; ++s) {
    const Node before_nic = topology.add_node();
    servers.push_back(before_nic);
    const Node after_nic = limited(before_nic, settings_.server_nic, "oss_nic");
    if (routers() > 0) {
      topology.add_unlimited_edge(limited(after_nic, flow * job_clients, "flow"), routed_from);
      continue;
    }
    for (const Node client : clients) {
      if (flow.count() > 0)
        topology.add_edge(after_nic, client, flow, "flow");
      else
        topology.add_unlimited_edge(after_nic, client);
    }
  }
  return servers;
}

} // namespace lustrum::fabric
