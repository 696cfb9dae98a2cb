#include "models/fabric/fabric.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

namespace lustrum::fabric {

namespace {

constexpr std::array<Direction, 2> kBothWays{Direction::to_client, Direction::to_server};

constexpr std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }

constexpr std::array<std::string_view, 2> kCeiling{"client{}.ceiling.rx", "client{}.ceiling.tx"};
constexpr std::array<std::string_view, 2> kPcie{"client{}.pcie.rx", "client{}.pcie.tx"};
constexpr std::array<std::string_view, 2> kOssFlow{"client{}.oss{}.flow.rx",
                                                   "client{}.oss{}.flow.tx"};
constexpr std::array<std::string_view, 2> kMdsFlow{"client{}.mds{}.flow.rx",
                                                   "client{}.mds{}.flow.tx"};

} // namespace

// The card writes received bytes to memory once and reads sent ones once; a buffered call copies
// between page cache and caller (one read, one write); TCP copies what it receives (the same).
double memory_crossings(Lnd lnd, Direction direction, HostPath host) {
  if (host == HostPath::gpu) return 0;
  constexpr double kCopy = 2;
  double crossings = 1;
  if (host == HostPath::buffered) crossings += kCopy;
  if (lnd == Lnd::tcp && direction == Direction::to_client) crossings += kCopy;
  return crossings;
}

Fabric::Fabric(kernel::World& world, const FabricSettings& settings)
    : world_(world), settings_(settings), wire_(world.add_delay({"wire", "wire"})),
      latency_(settings.latency), metadata_latency_(settings.metadata_latency),
      clients_(settings.clients), servers_(std::size_t{settings.servers} + settings.mdss),
      routers_(settings.routers.count), router_credits_(settings.routers.count) {
  if (routers() > 0) {
    latency_ += settings_.routers.latency;
    metadata_latency_ += settings_.routers.latency;
  }
  for (std::uint32_t c = 0; c < settings_.clients; ++c) add_client(c);
  add_servers_and_routers();
  declare_all_paths();
}

void Fabric::add_link(Link& link, const kernel::StationLabel& to_client,
                      const kernel::StationLabel& to_server, BytesPerSecond capacity) {
  link.nominal = capacity;
  link.stations = {&world_.add_shared(to_client, capacity),
                   &world_.add_shared(to_server, capacity)};
}

void Fabric::add_client(std::uint32_t client) {
  Client& c = clients_[client];
  c.nics.resize(settings_.nics_per_client);
  const BytesPerSecond to_card =
      std::min(settings_.client_nic, settings_.server_nic * settings_.servers);
  for (std::uint32_t n = 0; n < settings_.nics_per_client; ++n) {
    add_link(c.nics[n], {"client_nic", "client{}.nic{}.rx", client, n},
             {"client_nic", "client{}.nic{}.tx", client, n}, settings_.client_nic);
    c.nics[n].credits =
        interface_credits({"lnet_credits", "client{}.nic{}.credits", client, n}, to_card);
  }
  if (has_metadata_nic())
    add_link(c.metadata_nic, {"client_nic", "client{}.metadata_nic.rx", client},
             {"client_nic", "client{}.metadata_nic.tx", client}, settings_.metadata_nic);
  if (settings_.client_ceiling.count() > 0)
    for (const Direction way : kBothWays)
      c.ceiling[index(way)] = &world_.add_shared({"client_ceiling", kCeiling[index(way)], client},
                                                 settings_.client_ceiling);
  if (settings_.receive_ceiling.count() > 0)
    c.receive = &world_.add_shared({"client_receive", "client{}.socknal", client},
                                   settings_.receive_ceiling);
  add_host(c, client);
}

// A bus that is not slower than all cards together can never be what a transfer waits for, so it
// gets no station: the cards bound what is on it.
void Fabric::add_host(Client& client, std::uint32_t number) {
  if (world_.has_reference()) return; // it compares the network alone
  const HostSettings& host = settings_.host;
  const BytesPerSecond cards = settings_.client_bandwidth() + settings_.metadata_nic;
  if (host.pcie.count() > 0 && host.pcie < cards)
    for (const Direction way : kBothWays)
      client.pcie[index(way)] = &world_.add_shared({"pcie", kPcie[index(way)], number}, host.pcie);
  const double crossings =
      memory_crossings(settings_.lnd, Direction::to_client, HostPath::buffered) +
      memory_crossings(settings_.lnd, Direction::to_server, HostPath::buffered);
  if (host.memory_bus.count() > 0 && host.memory_bus < cards * crossings) {
    client.memory_bus =
        &world_.add_shared({"memory_bus", "client{}.memory", number}, host.memory_bus);
    client.memory_bus->count_crossings();
  }
}

// What an interface sends needs its credits. `capacity`: what it can send at most, the other ends
// considered.
Fabric::Credits* Fabric::interface_credits(const kernel::StationLabel& label,
                                           BytesPerSecond capacity) {
  const CreditSettings& credits = settings_.credits;
  if (!credits_bind(credits.credits, credits.round, capacity)) return nullptr;
  return &credits_.emplace_back(world_.add_slots(label, credits.credits));
}

void Fabric::add_servers_and_routers() {
  const BytesPerSecond to_card =
      std::min(settings_.server_nic, settings_.client_bandwidth() * settings_.clients);
  for (std::uint32_t s = 0; s < settings_.servers; ++s) {
    add_link(servers_[s], {"oss_nic", "oss{}.nic.tx", s}, {"oss_nic", "oss{}.nic.rx", s},
             settings_.server_nic);
    servers_[s].credits = interface_credits({"lnet_credits", "oss{}.nic.credits", s}, to_card);
  }
  if (settings_.mds_nic.count() > 0)
    for (std::uint32_t m = 0; m < settings_.mdss; ++m)
      add_link(servers_[settings_.servers + m], {"mds_nic", "mds{}.nic.tx", m},
               {"mds_nic", "mds{}.nic.rx", m}, settings_.mds_nic);
  const RouterSettings& router = settings_.routers;
  // What is received on one side of a router is sent on the other, by a card of the same rate: one
  // station stands for both.
  for (std::uint32_t r = 0; r < router.count; ++r) {
    add_link(routers_[r], {"router", "router{}.rx", r}, {"router", "router{}.tx", r},
             router.bandwidth);
    if (credits_bind(router.credits, settings_.credits.round, router.bandwidth))
      router_credits_[r] = &credits_.emplace_back(
          world_.add_slots({"lnet_credits", "router{}.buffers", r}, router.credits));
  }
}

// The reference wants its routes before the run.
void Fabric::declare_all_paths() {
  if (!world_.has_reference()) return;
  assert(routers() == 0);
  for (std::uint32_t c = 0; c < settings_.clients; ++c)
    for (std::uint32_t n = 0; n < settings_.nics_per_client; ++n)
      for (std::uint32_t s = 0; s < settings_.servers; ++s)
        for (const Direction way : kBothWays)
          route({ClientIndex{c}, OssIndex{s}, way, settings_.host_path}, n, 0);
}

// The healthiest links, of them the least loaded, of those the next after the last chosen.
std::uint32_t Fabric::choose(const std::vector<Link>& links, std::size_t way, std::uint32_t& last) {
  const auto n = static_cast<std::uint32_t>(links.size());
  if (n <= 1) return 0;
  std::uint32_t best = last + 1 < n ? last + 1 : 0;
  std::uint32_t candidate = best;
  for (std::uint32_t step = 1; step < n; ++step) {
    candidate = candidate + 1 < n ? candidate + 1 : 0;
    const Link& one = links[candidate];
    const Link& other = links[best];
    if (one.healthier_than(other) ||
        (!other.healthier_than(one) && one.load(way) < other.load(way)))
      best = candidate;
  }
  return last = best;
}

Fabric::Route& Fabric::choose_route(const Request& request) {
  Client& client = clients_[request.client.value()];
  const std::size_t way = index(request.direction);
  const bool apart = request.server.is_mds() && has_metadata_nic();
  const std::uint32_t nic = apart ? 0 : choose(client.nics, way, client.last_nic);
  return route(request, nic, choose(routers_, way, last_router_));
}

Fabric::Route& Fabric::route(const Request& request, std::uint32_t nic, std::uint32_t router) {
  Client& client = clients_[request.client.value()];
  if (client.pairs.empty()) client.pairs.resize(servers_.size());
  Pair*& made = client.pairs[number_of(request.server)];
  if (!made) made = &pairs_.emplace_back();
  Pair& pair = *made;
  // Without a memory bus all ways through the client are the same. The reference tells paths apart
  // by their ends only, and has no buses.
  const std::uint32_t host_paths = client.memory_bus ? kHostPaths : 1;
  const std::size_t host = client.memory_bus ? static_cast<std::size_t>(request.host) : 0;
  const std::uint32_t hops = std::max(1U, routers());
  if (pair.routes.empty())
    pair.routes.resize(std::size_t{settings_.nics_per_client} * hops * kBothWays.size() *
                       host_paths);
  const std::size_t at =
      ((std::size_t{nic} * hops + router) * kBothWays.size() + index(request.direction)) *
          host_paths +
      host;
  if (!pair.routes[at]) pair.routes[at] = &add_route(client, pair, request, nic, router);
  return *pair.routes[at];
}

Fabric::Route& Fabric::add_route(Client& client, Pair& pair, const Request& request,
                                 std::uint32_t nic, std::uint32_t router) {
  Route& route = routes_.emplace_back(request, nic, router);
  const std::size_t way = index(request.direction);
  const auto add = [&](kernel::SharedStation* station) {
    if (station) route.add(*station);
  };
  const bool data_card = !(request.server.is_mds() && has_metadata_nic());
  add(servers_[number_of(request.server)].stations[way]);
  if (routers() > 0) add(routers_[router].stations[way]);
  add(flow(pair, request));
  if (data_card) add(client.ceiling[way]);
  if (request.direction == Direction::to_client) add(client.receive);
  add(client.pcie[way]);
  if (request.host != HostPath::gpu) add(client.memory_bus);
  route.crossings = memory_crossings(settings_.lnd, request.direction, request.host);
  add(client_link(route).stations[way]);
  if (world_.has_reference() && !request.server.is_mds())
    world_.declare(route);
  else if (!world_.has_reference())
    add_credits(route);
  return route;
}

kernel::SharedStation* Fabric::flow(Pair& pair, const Request& request) {
  const bool mds = request.server.is_mds();
  const BytesPerSecond ceiling = mds ? settings_.metadata_flow_ceiling : settings_.flow_ceiling;
  const std::size_t way = index(request.direction);
  if (ceiling.count() > 0 && !pair.flow[way])
    pair.flow[way] = &world_.add_shared(
        {"flow", (mds ? kMdsFlow : kOssFlow)[way], request.client.value(), request.server.index()},
        ceiling);
  return pair.flow[way];
}

// Metadata payloads are a few messages: LNet's credits count for data only.
void Fabric::add_credits(Route& route) {
  if (route.request.server.is_mds()) return;
  const bool to_client = route.request.direction == Direction::to_client;
  route.interface_credits =
      to_client ? servers_[number_of(route.request.server)].credits : client_link(route).credits;
  if (routers() > 0) route.router_credits = router_credits_[route.router];
  double capacity = std::numeric_limits<double>::infinity();
  for (std::uint32_t i = 0; i < route.count; ++i) {
    const kernel::SharedStation& station = *route.stations[i];
    const bool bus = &station == clients_[route.request.client.value()].memory_bus;
    capacity = std::min(capacity, station.capacity().count() / (bus ? route.crossings : 1));
  }
  if (credits_bind(settings_.credits.peer_credits, settings_.credits.round,
                   BytesPerSecond{capacity}))
    route.peer_credits = &peer_credits(route);
  if (route.by_message()) route.line = &line(route);
}

// A client's interface and a server in one direction, whatever router is between them.
kernel::SlotsStation& Fabric::line(const Route& route) {
  const std::uint32_t client = route.request.client.value();
  const std::uint64_t interface = std::uint64_t{client} * settings_.nics_per_client + route.nic;
  const std::uint32_t server = number_of(route.request.server);
  const bool to_client = route.request.direction == Direction::to_client;
  kernel::SlotsStation*& slots = lines_[{to_client, interface, server}];
  if (!slots)
    slots = &world_.add_slots({"lnet_line",
                               to_client ? "client{}.oss{}.line.rx" : "client{}.oss{}.line.tx",
                               client, server},
                              1);
  return *slots;
}

// A sender's credits at its next hop: the other end's interface, or the router.
Fabric::Credits& Fabric::peer_credits(const Route& route) {
  const std::uint64_t client = route.request.client.value();
  const std::uint64_t interface = client * settings_.nics_per_client + route.nic;
  const std::uint64_t server = number_of(route.request.server);
  const bool to_client = route.request.direction == Direction::to_client;
  const std::uint64_t sender = to_client ? server : interface;
  std::uint64_t hop = to_client ? interface : server;
  if (routers() > 0) hop = route.router;
  Credits*& found = peer_credits_[{to_client, sender, hop}];
  if (!found) {
    const std::string_view pattern =
        to_client ? (routers() > 0 ? "oss{}.router{}.peer_credits" : "oss{}.peer{}.peer_credits")
                  : (routers() > 0 ? "client_nic{}.router{}.peer_credits"
                                   : "client_nic{}.oss{}.peer_credits");
    found = &credits_.emplace_back(
        world_.add_slots({"lnet_peer_credits", pattern, static_cast<std::uint32_t>(sender),
                          static_cast<std::uint32_t>(hop)},
                         settings_.credits.peer_credits));
  }
  return *found;
}

Fabric::Link& Fabric::client_link(const Route& route) {
  Client& client = clients_[route.request.client.value()];
  const bool apart = route.request.server.is_mds() && has_metadata_nic();
  return apart ? client.metadata_nic : client.nics[route.nic];
}

void Fabric::send_messages(kernel::Transfer& whole) {
  const Request request = static_cast<const Route&>(*whole.path).request;
  const double size = kLnetMessage.as_double();
  // Here the count of messages still to be delivered.
  whole.stations_left = static_cast<std::uint32_t>(std::max(1.0, std::ceil(whole.bytes / size)));
  double left = whole.bytes;
  for (std::uint32_t i = 0, n = whole.stations_left; i < n; ++i, left -= size)
    world_.spawn(send_message(request, std::min(left, size), whole), {"LNet message", i});
}

kernel::Task Fabric::send_message(Request request, double bytes, kernel::Transfer& whole) {
  const Route& route = choose_route(request);
  const std::size_t way = index(request.direction);
  Link& link = client_link(route);
  ++link.queued[way];
  const double asked_s = world_.now().count();
  // In LNet's order: the peer first, so that a slow peer does not hold the interface's credits.
  std::optional<kernel::SlotHold> peer;
  std::optional<kernel::SlotHold> interface;
  std::optional<kernel::SlotHold> buffer;
  if (route.peer_credits) peer.emplace(co_await route.peer_credits->take());
  if (route.interface_credits) interface.emplace(co_await route.interface_credits->take());
  if (route.router_credits) buffer.emplace(co_await route.router_credits->take());
  const double begun_s = world_.now().count();
  const auto size = static_cast<std::uint64_t>(bytes);
  const kernel::Station* slowest = nullptr;
  {
    // In step, n messages that share a link would all end at once, and the link would stand idle
    // until their credits are back. On a connection one follows the other.
    const kernel::SlotHold line = co_await route.line->acquire();
    --link.queued[way];
    slowest = co_await world_.transfer(route, Bytes{size});
  }
  if (--whole.stations_left == 0) {
    const bool short_of_credits = begun_s - asked_s > world_.now().count() - begun_s;
    whole.slowest = short_of_credits && route.peer_credits ? &route.peer_credits->slots : slowest;
    world_.make_ready(whole.task);
  }
  // The data is there; the credits are back only when the sender knows.
  co_await world_.delay(wire_, settings_.credits.round);
}

Cause Fabric::cause_of(const kernel::Station& station) {
  const std::string_view station_class = station.label().station_class;
  if (station_class == "client_nic") return Cause::client_nic;
  if (station_class == "oss_nic") return Cause::oss_nic;
  if (station_class == "pcie" || station_class == "memory_bus") return Cause::host_bus;
  if (station_class == "client_receive") return Cause::client_cpu;
  if (station_class == "mds_nic") return Cause::metadata;
  return Cause::network; // flow cap, client ceiling, router
}

} // namespace lustrum::fabric
