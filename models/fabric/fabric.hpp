// The network between clients and servers: LNet over TCP (one NIC per client, a cap per
// client-server flow) or over EFA or InfiniBand (several NICs, the least loaded carries the next
// RPC), the servers' NICs, routers where there are any, and the buses of the clients.
//
// Every NIC has two stations, one per direction. A bulk transfer crosses all stations of its path
// at once (cut-through). Requests and replies without payload are small: they cost latency.
//
//   const kernel::Station* slowest = co_await fabric.transfer(client, oss, direction, bytes);
//
// Links can be slowed, marked as unhealthy and taken down while transfers are on them: see
// set_link_factor(), set_health(), set_down().
#pragma once

#include "models/fabric/fabric_settings.hpp"
#include "sim/base/cause.hpp"
#include "sim/kernel/topology.hpp"
#include "sim/kernel/world.hpp"

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace lustrum::fabric {

// An OSS or an MDS.
class ServerNode {
public:
  ServerNode(OssIndex oss) : index_(oss.value()) {}             // NOLINT: meant to convert
  ServerNode(MdtIndex mds) : index_(mds.value()), mds_(true) {} // NOLINT
  bool is_mds() const { return mds_; }
  std::uint32_t index() const { return index_; }

private:
  std::uint32_t index_;
  bool mds_ = false;
};

// A link that can fail.
struct LinkId {
  enum class Kind : std::uint8_t { client_nic, server_nic, router };
  Kind kind;
  ServerNode node; // client_nic: the client's number
  std::uint32_t nic = 0;

  static LinkId client_nic(ClientIndex client, std::uint32_t nic = 0) {
    return {Kind::client_nic, OssIndex{client.value()}, nic};
  }
  static LinkId server(ServerNode server) { return {Kind::server_nic, server}; }
  static LinkId router(std::uint32_t router) { return {Kind::router, OssIndex{router}}; }
};

class Fabric {
public:
  Fabric(kernel::World& world, const FabricSettings& settings);

  const FabricSettings& settings() const { return settings_; }

  // One way over the wire, software included; through a router where there are any.
  auto latency() { return world_.delay(wire_, latency_); }
  auto latency(Seconds extra) { return world_.delay(wire_, latency_ + extra); }
  auto metadata_latency() { return world_.delay(wire_, metadata_latency_); }

  // The path of the next transfer between a client and a server. Chooses among the healthiest
  // client NICs (and routers) the one with the fewest transfers present; on ties the one after the
  // last chosen. Paths are kept: the reference stays good.
  const kernel::Path& path(ClientIndex client, ServerNode server, Direction direction,
                           HostPath host) {
    return choose_route({client, server, direction, host});
  }
  const kernel::Path& path(ClientIndex client, ServerNode server, Direction direction) {
    return path(client, server, direction, settings_.host_path);
  }

  // co_await: moves bytes on such a path, message by message where LNet's credits can be what
  // limits it. Gives the station that served it last.
  struct TransferAwaiter {
    Fabric& fabric;
    kernel::Transfer transfer;
    bool await_ready() const noexcept { return false; }
    void await_suspend(kernel::Task::Handle task);
    const kernel::Station* await_resume() const noexcept { return transfer.slowest; }
  };
  TransferAwaiter transfer(ClientIndex client, ServerNode server, Direction direction, Bytes bytes,
                           HostPath host) {
    return {*this, {.bytes = bytes.as_double(), .path = &path(client, server, direction, host)}};
  }
  TransferAwaiter transfer(ClientIndex client, ServerNode server, Direction direction,
                           Bytes bytes) {
    return transfer(client, server, direction, bytes, settings_.host_path);
  }

  // --- links at run time (not with a reference engine) -------------------------------------------
  static constexpr std::uint32_t kFullHealth = 1000; // as LNet counts it

  // LNet's health value of a client NIC or router: one of lower health carries only what finds no
  // healthier one. It does not change the link's rate. Pre: health <= kFullHealth.
  void set_health(const LinkId& id, std::uint32_t health);
  // The link runs at this share of its rate. Pre: 0 < factor <= 1.
  void set_link_factor(const LinkId& id, double factor);
  // Takes a link down or brings it back. What is on a link that goes down is sent anew over
  // another NIC or router; where there is none it waits until one is up again. No RPC is lost.
  void set_down(const LinkId& id, bool down);

  // What a transfer's time is put down to, from the station that served it last.
  static Cause cause_of(const kernel::Station& station);

  // Credits of one sender (lnetctl peer show -v), or of one of its interfaces.
  struct CreditsRow {
    ServerNode node; // who sends: a client's number, or a server
    bool by_client = false;
    std::uint32_t nic = 0; // of the client: who sends, or where it is sent
    // Where it is sent: a server's or client's number, or a router; none for an interface's own.
    std::optional<std::uint32_t> peer{};
    std::uint32_t count = 0;
    std::uint32_t available = 0;
    std::int64_t least = 0; // ever; below 0 so many messages have waited
  };
  // As far as messages were sent where credits can bind: elsewhere nobody counts them.
  std::vector<CreditsRow> credits() const;

  // Adds clients with their buses and ceilings, routers, flow caps and server NICs to the graph for
  // reads: from each server's node to the sink. Returns the nodes of the OSSs.
  std::vector<kernel::Topology::Node> describe(kernel::Topology& topology,
                                               kernel::Topology::Node sink) const;

private:
  using Duplex = std::array<kernel::SharedStation*, 2>; // by direction

  struct Credits {
    explicit Credits(kernel::SlotsStation& station) : slots(station), least(station.count()) {}
    kernel::SlotsStation& slots;
    std::int64_t least; // ever left: negative counts who waits
    kernel::SlotsStation::Awaiter take() {
      const auto taken = static_cast<std::int64_t>(slots.held() + slots.waiting() + 1);
      least = std::min(least, static_cast<std::int64_t>(slots.count()) - taken);
      return slots.acquire();
    }
  };
  struct Link {
    Duplex stations{};
    std::array<std::uint32_t, 2> queued{}; // messages that wait for credits to be sent over it
    Credits* credits = nullptr;            // of the interface, for what it sends
    BytesPerSecond nominal{};
    double factor = 1;
    std::uint32_t health = kFullHealth;
    bool down = false;

    std::uint32_t load(std::size_t way) const {
      return stations[way]->counts().present + queued[way];
    }
    bool healthier_than(const Link& other) const {
      return down == other.down ? health > other.health : !down;
    }
  };

  struct Request {
    ClientIndex client;
    ServerNode server;
    Direction direction;
    HostPath host;
  };

  // A path with what it is for.
  struct Route : kernel::Path {
    Route(const Request& r, std::uint32_t n, std::uint32_t g) : request(r), nic(n), router(g) {}
    Request request;
    std::uint32_t nic;
    std::uint32_t router;
    // What a message needs; none where it cannot bind.
    Credits* peer_credits = nullptr;
    Credits* interface_credits = nullptr;
    Credits* router_credits = nullptr;
    kernel::SlotsStation* line = nullptr; // messages of a pair leave in order, one after the other
    bool by_message() const { return peer_credits || interface_credits || router_credits; }
  };

  // A client and a server.
  struct Pair {
    Duplex flow{};
    std::vector<Route*> routes; // [nic][router][direction][host path]
  };

  struct Client {
    std::vector<Link> nics;
    Link metadata_nic; // where it is a card of its own
    Duplex ceiling{};
    Duplex pcie{};
    kernel::SharedStation* receive = nullptr;
    kernel::SharedStation* memory_bus = nullptr;
    std::vector<Pair*> pairs; // by server number, made at first use
    std::uint32_t last_nic = 0;
  };

  void add_client(std::uint32_t client);
  void add_host(Client& client, std::uint32_t number);
  void add_link(Link& link, const kernel::StationLabel& to_client,
                const kernel::StationLabel& to_server, BytesPerSecond capacity);
  void add_servers_and_routers();
  Credits* interface_credits(const kernel::StationLabel& label, BytesPerSecond capacity);
  static CreditsRow row_of(const Credits& credits, ServerNode node, bool by_client);
  void declare_all_paths();

  bool has_metadata_nic() const { return settings_.metadata_nic.count() > 0; }
  std::uint32_t routers() const { return static_cast<std::uint32_t>(routers_.size()); }
  // OSSs first, then MDSs.
  std::uint32_t number_of(const ServerNode& server) const {
    return server.is_mds() ? settings_.servers + server.index() : server.index();
  }
  static std::uint32_t choose(const std::vector<Link>& links, std::size_t way, std::uint32_t& last);
  Route& choose_route(const Request& request);
  Route& route(const Request& request, std::uint32_t nic, std::uint32_t router);
  Route& add_route(Client& client, Pair& pair, const Request& request, std::uint32_t nic,
                   std::uint32_t router);
  kernel::SharedStation* flow(Pair& pair, const Request& request);
  void add_credits(Route& route);
  Credits& peer_credits(const Route& route);
  kernel::SlotsStation& line(const Route& route);

  Link& client_link(const Route& route);
  const Link& client_link(const Route& route) const {
    return const_cast<Fabric*>(this)->client_link(route);
  }
  void send_messages(kernel::Transfer& whole);
  kernel::Task send_message(Request request, double bytes, kernel::Transfer& whole);

  Link& link(const LinkId& id);
  void apply(Link& link);
  bool is_up(const Route& route) const;
  void reroute();

  kernel::World& world_;
  FabricSettings settings_;
  kernel::DelayStation& wire_;
  Seconds latency_;
  Seconds metadata_latency_;
  std::vector<Client> clients_;
  std::vector<Link> servers_; // by number; without stations where an MDS has no limit
  std::vector<Link> routers_;
  std::deque<Credits> credits_;
  std::vector<Credits*> router_credits_; // by router; none where they cannot bind
  std::uint32_t last_router_ = 0;
  std::deque<Pair> pairs_;
  std::deque<Route> routes_;
  // Looked up when a route is built, not afterwards.
  using Between = std::array<std::uint64_t, 3>;
  std::map<Between, Credits*> peer_credits_;       // [direction, sender, next hop]
  std::map<Between, kernel::SlotsStation*> lines_; // [direction, client's interface, server]
  std::vector<LinkId> down_;
};

inline void Fabric::TransferAwaiter::await_suspend(kernel::Task::Handle task) {
  transfer.task = task;
  if (static_cast<const Route&>(*transfer.path).by_message()) [[unlikely]]
    fabric.send_messages(transfer);
  else
    fabric.world_.start(transfer);
}

} // namespace lustrum::fabric
