// The fabric by itself: endpoints, credits, routers, buses. L21 is here.
#include "models/fabric/fabric.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lustrum;
using namespace lustrum::fabric;
using namespace lustrum::test;
using doctest::Approx;

namespace {

FabricSettings boundless(std::uint32_t clients = 1, std::uint32_t servers = 1) {
  FabricSettings s;
  s.clients = clients;
  s.servers = servers;
  s.client_nic = BytesPerSecond{kBoundless};
  s.server_nic = BytesPerSecond{kBoundless};
  return s;
}

// Transfers one after the other.
kernel::Task move(Fabric& fabric, ClientIndex client, ServerNode server, Direction way, Bytes each,
                  std::uint32_t count, HostPath host) {
  for (std::uint32_t i = 0; i < count; ++i)
    co_await fabric.transfer(client, server, way, each, host);
}

struct Streams {
  std::uint32_t count = 32; // at once
  std::uint32_t transfers = 64;
  Bytes each{4 * kMib};
  Direction way = Direction::to_client;
  HostPath host = HostPath::buffered;
};

// Every stream of every client goes to the servers in turn. The mean rate of all, MiB/s.
double rate_mib_s(kernel::World& world, Fabric& fabric, const Streams& streams) {
  const FabricSettings& s = fabric.settings();
  for (std::uint32_t i = 0; i < streams.count; ++i)
    world.spawn(move(fabric, ClientIndex{i % s.clients}, OssIndex{i / s.clients % s.servers},
                     streams.way, streams.each, streams.transfers, streams.host),
                {"stream", i});
  world.run_all();
  CHECK(world.check_laws().empty());
  return mib_per_s(streams.each * streams.transfers * streams.count, world.now());
}

double rate_mib_s(const FabricSettings& settings, const Streams& streams) {
  kernel::World world;
  Fabric fabric(world, settings);
  return rate_mib_s(world, fabric, streams);
}

std::size_t stations_of(const kernel::World& world, std::string_view station_class) {
  std::size_t found = 0;
  for (const kernel::Station* s : world.stations())
    found += s->label().station_class == station_class;
  return found;
}

} // namespace

TEST_CASE("L21: peer credits give k messages per round") {
  // 8 credits, 1 MiB each, back after 2 ms: 8 MiB / 2 ms = 4000 MiB/s between a client and a
  // server, whichever way; 32: 16,000. The links take no time. Two servers: twice that.
  FabricSettings settings = boundless();
  settings.credits.round = Seconds{0.002};
  CHECK(rate_mib_s(settings, {}) == Approx(4000).epsilon(0.005));
  CHECK(rate_mib_s(settings, {.way = Direction::to_server}) == Approx(4000).epsilon(0.005));
  settings.credits.peer_credits = 32;
  CHECK(rate_mib_s(settings, {.count = 64}) == Approx(16'000).epsilon(0.005));
  settings.credits.peer_credits = 8;
  settings.servers = 2;
  CHECK(rate_mib_s(settings, {}) == Approx(8000).epsilon(0.005));
}

TEST_CASE("L21: a credit is held while its message is on the way, too") {
  // One message of 1 MiB at 1000 MiB/s takes 1 ms alone, the credit is back after 2 ms more: with
  // one credit 1 MiB / 3 ms = 333.3 MiB/s; with two, 666.7; with four, 4 > 3 keep the link busy.
  FabricSettings settings = boundless();
  settings.client_nic = BytesPerSecond{1000.0 * kMib};
  settings.credits.round = Seconds{0.002};
  settings.credits.peer_credits = 1;
  CHECK(rate_mib_s(settings, {}) == Approx(333.3).epsilon(0.005));
  settings.credits.peer_credits = 4;
  CHECK(rate_mib_s(settings, {}) == Approx(1000).epsilon(0.005));
}

TEST_CASE("a server's own credits are shared by all its clients") {
  // 16 clients with 8 credits each would have 128 messages under way, but the server's interface
  // has 64: 64 MiB / 2 ms = 32,000 MiB/s. Writes need the clients' credits: 16 x 4000 = 64,000.
  FabricSettings settings = boundless(16);
  settings.credits.round = Seconds{0.002};
  settings.credits.credits = 64;
  const Streams streams{.count = 64, .transfers = 256};
  CHECK(rate_mib_s(settings, streams) == Approx(32'000).epsilon(0.01));
  Streams writes = streams;
  writes.way = Direction::to_server;
  CHECK(rate_mib_s(settings, writes) == Approx(64'000).epsilon(0.01));
}

TEST_CASE("credits that cannot bind cost nothing and change nothing") {
  // (k - 1) m / r = 7 MiB / 0.5 ms = 14,000 MiB/s is more than the client's 12,000.
  FabricSettings settings = boundless();
  settings.client_nic = BytesPerSecond{12'000.0 * kMib};
  settings.credits.round = Seconds{0.0005};
  kernel::World world;
  Fabric fabric(world, settings);
  CHECK(rate_mib_s(world, fabric, {}) == Approx(12'000).epsilon(0.005));
  CHECK(stations_of(world, "lnet_peer_credits") == 0);
  CHECK(stations_of(world, "lnet_credits") == 0);
  // Message by message the same rate comes out, just above the bound.
  settings.credits.round = Seconds{0.0006};
  kernel::World exact;
  Fabric by_message(exact, settings);
  CHECK(rate_mib_s(exact, by_message, {}) == Approx(8 / (0.0006 + 1.0 / 12'000)).epsilon(0.005));
  CHECK(stations_of(exact, "lnet_peer_credits") == 1);
}

TEST_CASE("metadata with a payload crosses the card of the MDS and the client's TCP card") {
  // 8 clients read directory pages of 1 MiB from one MDS of 2 GB/s: 2 GB/s in all. The data cards
  // see nothing of it where the client has a TCP card beside them.
  FabricSettings settings = boundless(8);
  settings.mds_nic = BytesPerSecond{2e9};
  settings.metadata_nic = BytesPerSecond{1e9};
  kernel::World world;
  Fabric fabric(world, settings);
  for (std::uint32_t c = 0; c < 8; ++c)
    world.spawn(move(fabric, ClientIndex{c}, MdtIndex{0}, Direction::to_client, Bytes{kMib}, 100,
                     HostPath::buffered),
                {"reader", c});
  world.run_all();
  CHECK(world.now().count() == Approx(800.0 * kMib / 2e9));
  CHECK(station(world, "client3.metadata_nic.rx").counts().departures == 100);
  CHECK(station(world, "client3.nic0.rx").counts().arrivals == 0);
  CHECK(station(world, "mds0.nic.tx").counts().departures == 800);
  CHECK(world.check_laws().empty());
  // One client alone is bound by its own card; without one apart, by the data card.
  settings.clients = 1;
  for (const double own : {1e9, 0.0}) {
    settings.metadata_nic = BytesPerSecond{own};
    settings.client_nic = BytesPerSecond{0.5e9};
    kernel::World small;
    Fabric alone(small, settings);
    small.spawn(move(alone, ClientIndex{0}, MdtIndex{0}, Direction::to_client, Bytes{kMib}, 10,
                     HostPath::buffered),
                {"reader", 0});
    small.run_all();
    CHECK(small.now().count() == Approx(10.0 * kMib / (own > 0 ? own : 0.5e9)));
  }
}

TEST_CASE("routers are shared evenly and bound what crosses them") {
  // Four routers of 1000 MiB/s between 8 clients and 8 servers: 4000 MiB/s each way.
  FabricSettings settings = boundless(8, 8);
  settings.routers = {.count = 4, .bandwidth = BytesPerSecond{1000.0 * kMib}};
  kernel::World world;
  Fabric fabric(world, settings);
  CHECK(rate_mib_s(world, fabric, {.count = 64}) == Approx(4000).epsilon(0.01));
  for (std::uint32_t r = 0; r < 4; ++r)
    CHECK(world.utilization(station(world, "router" + std::to_string(r) + ".rx")) > 0.98);
  CHECK(station(world, "router0.tx").counts().arrivals == 0);
  // The roofline knows them, too.
  kernel::Topology topology;
  const auto source = topology.add_node();
  const auto sink = topology.add_node();
  for (const auto server : fabric.describe(topology, sink))
    topology.add_unlimited_edge(source, server);
  const kernel::Topology::Cut cut = topology.min_cut(source, sink);
  CHECK(cut.capacity.count() == Approx(4000.0 * kMib));
  CHECK(cut.name == "router");
}

TEST_CASE("a router's buffers bound the messages that cross it") {
  // 16 buffers of 1 MiB that come back after 2 ms: 8000 MiB/s through one router of 20,000.
  FabricSettings settings = boundless(8, 8);
  settings.credits.round = Seconds{0.002};
  settings.credits.peer_credits = 1000;
  settings.routers = {
      .count = 1, .bandwidth = BytesPerSecond{kBoundless}, .latency = {}, .credits = 16};
  CHECK(rate_mib_s(settings, {.count = 64}) == Approx(8000).epsilon(0.01));
}

TEST_CASE("routers add their latency to every way") {
  FabricSettings settings = boundless();
  settings.latency = Seconds{10e-6};
  settings.metadata_latency = Seconds{20e-6};
  settings.routers = {
      .count = 2, .bandwidth = BytesPerSecond{kBoundless}, .latency = Seconds{5e-6}};
  kernel::World world;
  Fabric fabric(world, settings);
  world.spawn(
      [](Fabric& f) -> kernel::Task {
        co_await f.latency();
        co_await f.metadata_latency();
      }(fabric),
      {"call", 0});
  world.run_all();
  CHECK(world.now().count() == Approx(40e-6));
}

TEST_CASE("receiving over TCP is bound by the copying threads before sending is") {
  // Four threads of 1000 MiB/s receive 4000 MiB/s from all servers together; what the client sends
  // is copied by nobody here: the card's 12,000.
  FabricSettings settings = boundless(1, 16);
  settings.client_nic = BytesPerSecond{12'000.0 * kMib};
  settings.receive_ceiling = socklnd_receive_ceiling(
      {.conns_per_peer = 2, .copy = BytesPerSecond{1000.0 * kMib}, .threads = 4});
  CHECK(rate_mib_s(settings, {.count = 64}) == Approx(4000).epsilon(0.005));
  CHECK(rate_mib_s(settings, {.count = 64, .way = Direction::to_server}) ==
        Approx(12'000).epsilon(0.005));
}

TEST_CASE("the memory bus carries each byte as often as it is copied, GPUDirect avoids it") {
  // Cards of 20 GB/s, memory of 24 GB/s. Buffered: three crossings, 8 GB/s. O_DIRECT: one, and the
  // cards bind. Over TCP buffered reads cross five times: 4.8 GB/s; writes three times.
  constexpr double kGb = 1e9 / static_cast<double>(kMib);
  FabricSettings settings = boundless();
  settings.lnd = Lnd::efa;
  settings.nics_per_client = 2;
  settings.client_nic = BytesPerSecond{10e9};
  settings.host.memory_bus = BytesPerSecond{24e9};
  const auto rate = [&](HostPath host, Direction way = Direction::to_client) {
    return rate_mib_s(settings, {.way = way, .host = host});
  };
  CHECK(rate(HostPath::buffered) == Approx(8 * kGb).epsilon(0.005));
  CHECK(rate(HostPath::direct) == Approx(20 * kGb).epsilon(0.005));
  CHECK(rate(HostPath::gpu) == Approx(20 * kGb).epsilon(0.005));
  settings.lnd = Lnd::tcp;
  CHECK(rate(HostPath::buffered) == Approx(4.8 * kGb).epsilon(0.005));
  CHECK(rate(HostPath::buffered, Direction::to_server) == Approx(8 * kGb).epsilon(0.005));
  // The PCIe switch is on every way, the GPU's too.
  settings.host.pcie = BytesPerSecond{6e9};
  CHECK(rate(HostPath::gpu) == Approx(6 * kGb).epsilon(0.005));
  CHECK(rate(HostPath::gpu, Direction::to_server) == Approx(6 * kGb).epsilon(0.005));
}

TEST_CASE("a bus that no set of cards can fill has no station") {
  FabricSettings settings = boundless();
  settings.lnd = Lnd::efa;
  settings.client_nic = BytesPerSecond{10e9};
  settings.host = {.pcie = BytesPerSecond{10e9}, .memory_bus = BytesPerSecond{60e9}};
  kernel::World world;
  const Fabric fabric(world, settings);
  CHECK(stations_of(world, "pcie") == 0);
  CHECK(stations_of(world, "memory_bus") == 0); // 3 x 10 GB/s each way
  settings.host = {.pcie = BytesPerSecond{9.9e9}, .memory_bus = BytesPerSecond{59e9}};
  kernel::World slow;
  const Fabric bound(slow, settings);
  CHECK(stations_of(slow, "pcie") == 2);
  CHECK(stations_of(slow, "memory_bus") == 1);
}

TEST_CASE("the bound names the part of the host that sets it") {
  const auto cut_of = [](const FabricSettings& settings) {
    kernel::World world;
    const Fabric fabric(world, settings);
    kernel::Topology topology;
    const auto source = topology.add_node();
    const auto sink = topology.add_node();
    for (const auto server : fabric.describe(topology, sink))
      topology.add_unlimited_edge(source, server);
    return topology.min_cut(source, sink);
  };
  FabricSettings settings = boundless(2, 2);
  settings.lnd = Lnd::efa;
  settings.client_nic = BytesPerSecond{10e9};
  settings.server_nic = BytesPerSecond{50e9};
  CHECK(cut_of(settings).name == "client_nic");
  settings.host.memory_bus = BytesPerSecond{24e9}; // 8 GB/s of buffered reads
  CHECK(cut_of(settings).name == "memory_bus");
  CHECK(cut_of(settings).capacity.count() == Approx(16e9));
  settings.host.pcie = BytesPerSecond{7e9};
  CHECK(cut_of(settings).name == "pcie");
  CHECK(cut_of(settings).capacity.count() == Approx(14e9));
  settings.host_path = HostPath::gpu;
  settings.host.pcie = {};
  CHECK(cut_of(settings).name == "client_nic");
  settings.receive_ceiling = BytesPerSecond{3e9};
  CHECK(cut_of(settings).name == "client_receive");
}
