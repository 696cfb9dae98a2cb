#include "models/fabric/fabric.hpp"

#include <string_view>

namespace lustrum::fabric {

namespace {

constexpr std::array<Direction, 2> kBothWays{Direction::to_client, Direction::to_server};

constexpr std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }

constexpr std::array<std::string_view, 2> kClientNic{"client{}.nic{}.rx", "client{}.nic{}.tx"};
constexpr std::array<std::string_view, 2> kCeiling{"client{}.ceiling.rx", "client{}.ceiling.tx"};
constexpr std::array<std::string_view, 2> kFlow{"client{}.oss{}.flow.rx", "client{}.oss{}.flow.tx"};
constexpr std::array<std::string_view, 2> kServerNic{"oss{}.nic.tx", "oss{}.nic.rx"};

} // namespace

Fabric::Fabric(kernel::World& world, const FabricSettings& settings)
    : world_(world), settings_(settings), wire_(world.add_delay({"wire", "wire"})),
      clients_(settings.clients), servers_(settings.servers),
      flows_(static_cast<std::size_t>(settings.clients) * settings.servers) {
  for (std::uint32_t c = 0; c < settings_.clients; ++c) {
    Client& client = clients_[c];
    client.nics.resize(settings_.nics_per_client);
    for (Direction way : kBothWays) {
      for (std::uint32_t n = 0; n < settings_.nics_per_client; ++n)
        client.nics[n][index(way)] =
            &world_.add_shared({"client_nic", kClientNic[index(way)], c, n}, settings_.client_nic);
      if (settings_.client_ceiling.count() > 0)
        client.ceiling[index(way)] = &world_.add_shared({"client_ceiling", kCeiling[index(way)], c},
                                                        settings_.client_ceiling);
    }
  }
  for (std::uint32_t s = 0; s < settings_.servers; ++s)
    for (Direction way : kBothWays)
      servers_[s][index(way)] =
          &world_.add_shared({"oss_nic", kServerNic[index(way)], s}, settings_.server_nic);
  declare_all_paths();
}

std::uint32_t Fabric::choose_nic(Client& client, Direction direction) {
  const auto n = static_cast<std::uint32_t>(client.nics.size());
  if (n == 1) return 0;
  std::uint32_t best = (client.last_nic + 1) % n;
  for (std::uint32_t step = 2; step <= n; ++step) {
    const std::uint32_t candidate = (client.last_nic + step) % n;
    if (client.nics[candidate][index(direction)]->counts().present <
        client.nics[best][index(direction)]->counts().present)
      best = candidate;
  }
  return client.last_nic = best;
}

kernel::SharedStation& Fabric::flow(std::uint32_t client, std::uint32_t server,
                                    Direction direction) {
  kernel::SharedStation*& station =
      flows_[static_cast<std::size_t>(client) * settings_.servers + server][index(direction)];
  if (!station)
    station = &world_.add_shared({"flow", kFlow[index(direction)], client, server},
                                 settings_.flow_ceiling);
  return *station;
}

kernel::Path Fabric::make_path(std::uint32_t client, std::uint32_t nic, std::uint32_t server,
                               Direction direction) {
  kernel::Path path;
  path.add(*servers_[server][index(direction)]);
  if (settings_.flow_ceiling.count() > 0) path.add(flow(client, server, direction));
  if (auto* ceiling = clients_[client].ceiling[index(direction)]) path.add(*ceiling);
  path.add(*clients_[client].nics[nic][index(direction)]);
  return path;
}

std::size_t Fabric::route_number(std::uint32_t client, std::uint32_t nic, std::uint32_t server,
                                 Direction direction) const {
  return ((static_cast<std::size_t>(client) * settings_.nics_per_client + nic) * settings_.servers +
          server) *
             kBothWays.size() +
         index(direction);
}

void Fabric::declare_all_paths() {
  if (!world_.has_reference()) return;
  for (std::uint32_t c = 0; c < settings_.clients; ++c)
    for (std::uint32_t n = 0; n < settings_.nics_per_client; ++n)
      for (std::uint32_t s = 0; s < settings_.servers; ++s)
        for (Direction way : kBothWays) {
          kernel::Path path = make_path(c, n, s, way);
          world_.declare(path);
          declared_.push_back(path.route);
        }
}

kernel::Path Fabric::path(ClientIndex client, OssIndex server, Direction direction) {
  const std::uint32_t nic = choose_nic(clients_[client.value()], direction);
  kernel::Path path = make_path(client.value(), nic, server.value(), direction);
  if (!declared_.empty())
    path.route = declared_[route_number(client.value(), nic, server.value(), direction)];
  return path;
}

Cause Fabric::cause_of(const kernel::Station& station) {
  const std::string_view station_class = station.label().station_class;
  if (station_class == "client_nic") return Cause::client_nic;
  if (station_class == "oss_nic") return Cause::oss_nic;
  return Cause::network; // flow cap, client ceiling
}

std::vector<kernel::Topology::Node> Fabric::describe(kernel::Topology& topology,
                                                     kernel::Topology::Node sink) const {
  std::vector<kernel::Topology::Node> clients;
  for (std::uint32_t c = 0; c < settings_.clients; ++c) {
    const auto host = topology.add_node();
    const auto behind_nics = topology.add_node();
    topology.add_edge(host, behind_nics, settings_.client_nic * settings_.nics_per_client,
                      "client_nic");
    if (settings_.client_ceiling.count() > 0)
      topology.add_edge(behind_nics, sink, settings_.client_ceiling, "client_ceiling");
    else
      topology.add_unlimited_edge(behind_nics, sink);
    clients.push_back(host);
  }
  std::vector<kernel::Topology::Node> servers;
  for (std::uint32_t s = 0; s < settings_.servers; ++s) {
    const auto before_nic = topology.add_node();
    const auto after_nic = topology.add_node();
    topology.add_edge(before_nic, after_nic, settings_.server_nic, "oss_nic");
    for (const auto client : clients) {
      if (settings_.flow_ceiling.count() > 0)
        topology.add_edge(after_nic, client, settings_.flow_ceiling, "flow");
      else
        topology.add_unlimited_edge(after_nic, client);
    }
    servers.push_back(before_nic);
  }
  return servers;
}

} // namespace lustrum::fabric
