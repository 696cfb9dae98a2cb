// Closed forms of the data path: slots, links, striping. Symbols: R slots, S RPC size, T the time
// of an unloaded RPC without the bottleneck's own service, s = S/B the service at bottleneck B.
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

// One client reads one file of `size` in one call; the mean throughput.
double read_rate_mib_s(const lustre::FilesystemSettings& settings, Bytes size) {
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex file = fs.place_file(kRootDirectory, size);
  world.spawn(read_whole(fs, ClientIndex{0}, file), {"reader", 0});
  world.run_all();
  CHECK(world.check_laws().empty());
  CHECK(fs.check_laws().empty());
  return mib_per_s(size, world.now());
}

} // namespace

TEST_CASE("L1: slots over pure delay give X = R S / T") {
  // T = 20 ms (10 ms each way), R = 8, S = 4 MiB: 8 * 4 MiB / 20 ms = 1600 MiB/s. Open, lock and
  // close add three round trips to the 2,048 of the data: 0.15 %.
  auto settings = ideal_filesystem();
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{0.010};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const Bytes size{64 * kGib};
  world.spawn(read_whole(fs, ClientIndex{0}, fs.place_file(kRootDirectory, size)), {"reader", 0});
  world.run_all();
  CHECK(mib_per_s(size, world.now()) == Approx(1600).epsilon(0.002));
  // "RPCs in flight" stands at 8 nearly all the time.
  const auto& slots =
      static_cast<const kernel::SlotsStation&>(station(world, "client0.osc0.rpc_slots"));
  CHECK(slots.held_area_s(world.now().count()) / world.now().count() == Approx(8).epsilon(0.005));
}

TEST_CASE("L2: a link as bottleneck gives X = min(B, R S / (T + s)) and response R s - T") {
  // B = 1024 MiB/s, T = 1 ms: s = 4 MiB / B = 3.906 ms. R = 8: the link is always busy, X = B, and
  // the RPC spends R s - T = 30.25 ms at it. R = 1: 4 MiB / (1 ms + 3.906 ms) = 815.3 MiB/s.
  auto settings = ideal_filesystem();
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{0.0005};
  settings.fabric.client_nic = BytesPerSecond{1024.0 * kMib};
  const Bytes size{16 * kGib};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  world.spawn(read_whole(fs, ClientIndex{0}, fs.place_file(kRootDirectory, size)), {"reader", 0});
  world.run_all();
  CHECK(mib_per_s(size, world.now()) == Approx(1024).epsilon(0.002));
  const kernel::StationCounts& nic = station(world, "client0.nic0.rx").counts();
  const double response_s = nic.response_sum_s / static_cast<double>(nic.departures);
  CHECK(response_s == Approx(0.03025).epsilon(0.005));

  settings.tunables.osc_max_rpcs_in_flight = 1;
  CHECK(read_rate_mib_s(settings, size) == Approx(815.3).epsilon(0.002));
}

TEST_CASE("L7: striping over FSx with TCP is limited by the flow cap of each OSS") {
  // One flow client-OSS carries 5 Gbit/s = 625 MB/s; the NIC 100 Gbit/s = 12.5 GB/s. Eight stripes
  // on eight OSSs: 8 * 0.625 = 5 GB/s; on four OSSs (two OSTs each): 2.5 GB/s; 20 OSSs:
  // min(12.5, 12.5).
  auto settings = ideal_filesystem();
  settings.fabric.client_nic = BytesPerSecond{12.5e9};
  settings.fabric.flow_ceiling = BytesPerSecond{0.625e9};
  settings.tunables.osc_max_rpcs_in_flight = 32;
  const auto rate_gb_s = [&](std::uint32_t stripes, std::uint32_t servers, std::uint32_t osts) {
    settings.fabric.servers = servers;
    settings.oss.osts = osts;
    settings.layout = striped(stripes);
    return read_rate_mib_s(settings, Bytes{40 * kGib}) * static_cast<double>(kMib) / 1e9;
  };
  CHECK(rate_gb_s(8, 8, 1) == Approx(5.0).epsilon(0.005));
  CHECK(rate_gb_s(8, 4, 2) == Approx(2.5).epsilon(0.005));
  CHECK(rate_gb_s(20, 20, 1) == Approx(12.5).epsilon(0.005));
}

TEST_CASE("several EFA NICs add up, and the client ceiling binds") {
  // Eight NICs of 12.5 GB/s are 100 GB/s; with the ceiling of 700 Gbit/s = 87.5 GB/s.
  auto settings = ideal_filesystem();
  settings.fabric.client_nic = BytesPerSecond{12.5e9};
  settings.fabric.nics_per_client = 8;
  settings.fabric.servers = 16;
  settings.layout = striped(16);
  settings.tunables.osc_max_rpcs_in_flight = 32;
  constexpr double kGb = 1e9 / static_cast<double>(kMib);
  CHECK(read_rate_mib_s(settings, Bytes{64 * kGib}) == Approx(100 * kGb).epsilon(0.01));
  settings.fabric.client_ceiling = BytesPerSecond{87.5e9};
  CHECK(read_rate_mib_s(settings, Bytes{64 * kGib}) == Approx(87.5 * kGb).epsilon(0.01));
}

TEST_CASE("a transfer pays serialisation once and every station is charged all its bytes") {
  // Client NIC 1 GB/s, server NIC 2 GB/s: 1 GB takes 1 s, not 1.5 s; the server was busy half of
  // it.
  kernel::World world;
  auto& server = world.add_shared({"oss_nic", "oss"}, BytesPerSecond{2e9});
  auto& client = world.add_shared({"client_nic", "client"}, BytesPerSecond{1e9});
  kernel::Path path;
  path.add(server);
  path.add(client);
  world.spawn(
      [](kernel::World& w, const kernel::Path& p) -> kernel::Task {
        const kernel::Station* slowest = co_await w.transfer(p, Bytes{1'000'000'000});
        CHECK(slowest == p.stations[1]);
      }(world, path),
      {"transfer", 0});
  world.run_all();
  CHECK(world.now().count() == Approx(1));
  CHECK(server.served_bytes() == 1e9);
  CHECK(client.served_bytes() == 1e9);
  CHECK(world.utilization(server) == Approx(0.5));
}

TEST_CASE("a write crosses the same stations and rests on the device when it returns") {
  // Disk 500 MiB/s behind a fast network, one slot pool: 5 GiB take 10.24 s.
  auto settings = ideal_filesystem();
  settings.oss.nvme().write_bandwidth = BytesPerSecond{500.0 * kMib};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex file = fs.place_file(kRootDirectory, Bytes{5 * kGib});
  world.spawn(
      [](Storage& storage, FileIndex f) -> kernel::Task {
        Outcome outcome;
        std::unique_ptr<OpenFile> open;
        co_await storage.open({}, f, {.write = true, .direct = true}, open, outcome);
        co_await storage.write(*open, Bytes{}, storage.file_size(f), outcome);
        co_await storage.close(std::move(open), outcome);
      }(fs, file),
      {"writer", 0});
  world.run_all();
  CHECK(world.now().count() == Approx(10.24).epsilon(0.001));
  CHECK(fs.check_laws().empty());
}
