// Closed forms that the catalog's entries must meet when they are assembled.
#include "models/assembly/build_filesystem.hpp"
#include "sim/scenario/yaml_document.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

const std::string kRoot = LUSTRUM_SOURCE_DIR;

lustre::FilesystemSettings filesystem_of(const std::string& text) {
  Diagnostics diagnostics;
  const Catalog catalog = Catalog::load(kRoot + "/models/catalog", diagnostics);
  const YamlDocument document =
      YamlDocument::parse(text, kRoot + "/configs/test.yaml", diagnostics);
  const Scenario scenario = read_scenario(document, catalog, diagnostics);
  INFO(diagnostics.render(false));
  REQUIRE(!diagnostics.has_errors());
  return build_filesystem(scenario);
}

std::string scenario_text(const std::string& storage, const std::string& network,
                          std::uint32_t nodes) {
  return fmt::format("schema_version: 1\n"
                     "name: limit\n"
                     "workload: {{dlio: workloads/resnet50_h100.yaml}}\n"
                     "cluster: {{instance: p5.48xlarge, nodes: {}}}\n"
                     "storage: {{{}}}\n"
                     "network: {{{}}}\n"
                     "lustre: {{osc: {{max_rpcs_in_flight: 32}}}}\n",
                     nodes, storage, network);
}

// All clients read `streams` files each; MiB/s in all.
double read_rate(lustre::FilesystemSettings settings, std::uint32_t streams, Bytes size) {
  settings.tunables.client_copy_bandwidth = BytesPerSecond{kBoundless};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const std::uint32_t clients = settings.fabric.clients;
  for (std::uint32_t s = 0; s < clients * streams; ++s)
    world.spawn(read_whole(fs, ClientIndex{s % clients}, fs.place_file(kRootDirectory, size)),
                {"reader", s});
  world.run_all();
  CHECK(world.check_laws().empty());
  return mib_per_s(size * clients * streams, world.now());
}

} // namespace

TEST_CASE("L8: FSx Persistent 2 with 1000 MB/s per TiB delivers capacity x tier") {
  // 96 TiB x 1000 = 96,000 MiB/s = 93.75 GiB/s over EFA, by the disks of 20 OSSs (about 94 GiB/s
  // were measured). One client alone reaches its ceiling of 700 Gbit/s = 83,447 MiB/s.
  const std::string storage =
      "system: fsx_persistent_2_1000, capacity: 96 TiB, layout: -c -1 -S 4M";
  const auto many = filesystem_of(scenario_text(storage, "lnd: efa", 8));
  CHECK(many.fabric.servers * many.oss.osts == 20);
  CHECK(read_rate(many, 8, Bytes{32 * kGib}) == Approx(96'000).epsilon(0.01));
  const auto one = filesystem_of(scenario_text(storage, "lnd: efa", 1));
  CHECK(read_rate(one, 64, Bytes{4 * kGib}) == Approx(83'447).epsilon(0.01));
}

TEST_CASE("one client with GPUDirect Storage gets 1,200 Gbit/s, 16 cards carry it") {
  // 192 TiB x 1000 = 192,000 MiB/s on the disks of 40 OSSs; 16 cards of 100 Gbit/s; FSx's ceiling
  // is 150 GB/s = 143,051 MiB/s.
  const auto settings = filesystem_of(
      scenario_text("system: fsx_persistent_2_1000, capacity: 192 TiB, layout: -c -1 -S 4M",
                    "lnd: efa, gds: true", 1));
  CHECK(settings.fabric.nics_per_client == 16);
  CHECK(settings.fabric.host_path == fabric::HostPath::gpu);
  CHECK(settings.fabric.credits.peer_credits == 32);
  CHECK(read_rate(settings, 64, Bytes{4 * kGib}) == Approx(143'051).epsilon(0.01));
}

TEST_CASE("routers of a scenario bound all its clients together") {
  // Two routers of 25 Gbit/s before 96,000 MiB/s of disks: 50 Gbit/s = 5960 MiB/s.
  const auto settings = filesystem_of(
      scenario_text("system: fsx_persistent_2_1000, capacity: 96 TiB, layout: -c -1 -S 4M",
                    "lnd: efa, routers: {count: 2, bandwidth: 25 Gbit/s}", 8));
  CHECK(read_rate(settings, 2, Bytes{2 * kGib}) == Approx(5960).epsilon(0.01));
  kernel::World world;
  const lustre::Filesystem fs(world, settings);
  CHECK(fs.read_bound(Bytes{kTib}, Seconds{}).name == "router");
}

TEST_CASE("Lustre over TCP on premises: four sockets to each server, each with a copying thread") {
  // 4 x 2.5 GB/s = 10 GB/s from one server; two servers: the card of 100 Gbit/s = 12.5 GB/s.
  auto settings = filesystem_of("schema_version: 1\n"
                                "workload: {dlio: workloads/resnet50_h100.yaml}\n"
                                "cluster: {instance: hgx_h100, nodes: 1}\n"
                                "storage: {system: onprem_nvme_lustre, capacity: 120 TiB}\n"
                                "network: {lnd: tcp}\n"
                                "lustre: {osc: {max_rpcs_in_flight: 64}}\n");
  constexpr double kGb = 1e9 / static_cast<double>(kMib);
  CHECK(settings.fabric.flow_ceiling.count() == Approx(10e9));
  CHECK(settings.fabric.receive_ceiling.count() == 0); // 12 threads: faster than the card
  settings.layout = striped(4);
  CHECK(read_rate(settings, 16, Bytes{2 * kGib}) == Approx(12.5 * kGb).epsilon(0.01));
}

TEST_CASE("FSx over TCP: one client gets 5 Gbit/s per OSS, 620 MB/s were measured on one OSS") {
  const auto settings = filesystem_of(
      scenario_text("system: fsx_persistent_2_1000, capacity: 2.4 TiB", "lnd: tcp", 1));
  CHECK(settings.fabric.servers == 1);
  constexpr double kMbit = 1e6 / static_cast<double>(kMib);
  CHECK(read_rate(settings, 8, Bytes{4 * kGib}) == Approx(625 * kMbit).epsilon(0.01));
}

TEST_CASE("FSx Scratch 2 has no disk burst, Persistent 2 of 125 MB/s per TiB bursts to 500") {
  const auto scratch =
      filesystem_of(scenario_text("system: fsx_scratch_2, capacity: 4.8 TiB", "lnd: tcp", 8));
  CHECK(read_rate(scratch, 4, Bytes{4 * kGib}) == Approx(4.8 * 200).epsilon(0.01));
  const std::string p2 = "system: fsx_persistent_2_125, capacity: 4.8 TiB, layout: -c -1";
  const auto full = filesystem_of(scenario_text(p2, "lnd: tcp", 8));
  CHECK(read_rate(full, 4, Bytes{4 * kGib}) == Approx(4.8 * 500).epsilon(0.01));
  const auto empty = filesystem_of(scenario_text(p2 + ", burst_credit: 0 %", "lnd: tcp", 8));
  CHECK(read_rate(empty, 4, Bytes{4 * kGib}) == Approx(4.8 * 125).epsilon(0.02));
}

TEST_CASE("the roofline of a design is what its parts multiply to") {
  const auto settings = filesystem_of(
      scenario_text("system: fsx_persistent_2_1000, capacity: 96 TiB", "lnd: efa", 8));
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const kernel::Topology::Cut cut = fs.read_bound(Bytes{kTib}, Seconds{});
  CHECK(cut.capacity.count() / static_cast<double>(kMib) == Approx(96'000));
  CHECK(cut.name == "ost_disk");
  // 48,000 metadata IOPS on four MDTs: 96,000 opens or closes per second, if the files lie in four
  // directories; files of one directory have only one MDT.
  fs.place_file(kRootDirectory, Bytes{kMib});
  CHECK(fs.open_close_bound(1'000'000'000).count() == Approx(12'000).epsilon(0.001));
  for (std::uint32_t directory = 0; directory < 4; ++directory)
    fs.place_file(fs.place_directory(kRootDirectory), Bytes{kMib});
  CHECK(fs.open_close_bound(1'000'000'000).count() == Approx(48'000).epsilon(0.001));
}
