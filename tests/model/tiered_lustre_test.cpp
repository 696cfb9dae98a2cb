// Lustre on FSx Intelligent-Tiering: OSTs on flash before a tiered store.
#include "tests/model/assembled_fixture.hpp"

#include <vector>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

constexpr double kFirstByteSeconds = 0.050;
constexpr double kBlockMb = 4 * 1.048576; // 4 MiB in units of 10^6 bytes
constexpr Bytes kBlock{4 * kMib};

// Blocks of 4 MiB; a miss takes 50 ms and 100 MB/s, 64 at once; flash of 500 MB/s. One OST, objects
// of one stripe, no memory on the server.
lustre::FilesystemSettings round_tiers(Bytes ssd_cache) {
  using tiering::TieredStoreSettings;
  lustre::FilesystemSettings s = ideal_filesystem();
  s.oss.nvme().read_bandwidth = BytesPerSecond{500e6};
  TieredStoreSettings& t =
      s.oss.tiered.emplace(with_defaults<TieredStoreSettings>(TieredStoreSettings::parameters()));
  t.miss = {Seconds{kFirstByteSeconds}, Seconds{kFirstByteSeconds}};
  t.miss_rate = BytesPerSecond{100e6};
  t.store_rate = {};
  t.ssd_cache = ssd_cache;
  return s;
}

struct TieredRun {
  explicit TieredRun(const lustre::FilesystemSettings& settings) : fs(world, settings) {}

  std::vector<FileIndex> place(std::uint32_t files, Bytes size) {
    std::vector<FileIndex> placed;
    for (std::uint32_t f = 0; f < files; ++f) placed.push_back(fs.place_file(kRootDirectory, size));
    return placed;
  }
  // One client reads them one after the other, so often, and forgets each time what it has read.
  kernel::Task epochs(std::vector<FileIndex> files, int times) {
    for (int e = 0; e < times; ++e) {
      for (const FileIndex file : files) co_await read_whole(fs, ClientIndex{0}, file);
      fs.drop_caches(ClientIndex{0});
    }
  }
  double finish() {
    world.run_all();
    for (const std::string& problem : fs.check_laws()) FAIL_CHECK(problem);
    for (const std::string& problem : world.check_laws()) FAIL_CHECK(problem);
    return world.now().count();
  }

  kernel::World world;
  lustre::Filesystem fs;
};

} // namespace

// 16 files of one block, three times over. An SSD cache for all of them: 16 misses, then hits at
// the rate of flash. One for 8, or none: in the same order again and again, LRU misses all 48.
TEST_CASE("Intelligent-Tiering: misses cost latency, a request and its rate, hits that of flash") {
  for (const std::uint64_t cache_blocks : {16U, 8U, 0U}) {
    CAPTURE(cache_blocks);
    TieredRun run(round_tiers(kBlock * cache_blocks));
    run.world.spawn(run.epochs(run.place(16, kBlock), 3), {"reader", 0});
    const double seconds = run.finish();
    const double misses = cache_blocks == 16 ? 16 : 48;
    const tiering::TieredUsage u = run.fs.tiered_usage();
    CHECK(static_cast<double>(u.read_requests) == misses);
    CHECK(u.from_ssd == kBlock * static_cast<std::uint64_t>(48 - misses));
    CHECK(u.missed == kBlock * static_cast<std::uint64_t>(misses));
    CHECK(u.from_store == u.missed);
    CHECK(seconds ==
          Approx(misses * (kFirstByteSeconds + kBlockMb / 100) + (48 - misses) * kBlockMb / 500)
              .epsilon(1e-6));
  }
}

// Memory of the server holds what the store sends: the second and third epoch take no time.
TEST_CASE("Intelligent-Tiering: what memory holds is asked for once") {
  lustre::FilesystemSettings settings = round_tiers(Bytes{});
  settings.oss.cache.capacity = kBlock * std::uint64_t{16};
  TieredRun run(settings);
  run.world.spawn(run.epochs(run.place(16, kBlock), 3), {"reader", 0});
  CHECK(run.finish() == Approx(16 * (kFirstByteSeconds + kBlockMb / 100)).epsilon(1e-6));
  CHECK(run.fs.tiered_usage().read_requests == 16);
}

// Two clients ask for one block at the same time, in RPCs of 1 MiB: one request, for which all
// eight wait. Without any cache the second is not billed either.
TEST_CASE("Intelligent-Tiering: RPCs for a block that is on its way share its request") {
  lustre::FilesystemSettings settings = round_tiers(Bytes{});
  settings.fabric.clients = 2;
  settings.tunables.osc_max_pages_per_rpc = 256;
  TieredRun run(settings);
  const FileIndex file = run.place(1, kBlock).front();
  for (std::uint32_t c = 0; c < 2; ++c)
    run.world.spawn(read_whole(run.fs, ClientIndex{c}, file), {"reader", c});
  CHECK(run.finish() == Approx(kFirstByteSeconds + kBlockMb / 100).epsilon(1e-6));
  CHECK(run.fs.tiered_usage().read_requests == 1);
  CHECK(run.fs.tiered_usage().missed == kBlock * std::uint64_t{2});
  CHECK(run.fs.tiered_usage().from_store == kBlock);
}

// 32 clients miss one block each. What a step buys, 200 MB/s here, lets one block go after the
// other: the last waits for 32 blocks at that rate. Eight requests at a time: four rounds.
TEST_CASE("Intelligent-Tiering: the throughput bought, and requests under way, are ceilings") {
  for (const bool slots : {false, true}) {
    CAPTURE(slots);
    lustre::FilesystemSettings settings = round_tiers(Bytes{});
    settings.fabric.clients = 32;
    if (slots)
      settings.oss.tiered->misses = 8;
    else
      settings.oss.tiered->store_rate = BytesPerSecond{200e6};
    TieredRun run(settings);
    const auto files = run.place(32, kBlock);
    for (std::uint32_t c = 0; c < 32; ++c)
      run.world.spawn(read_whole(run.fs, ClientIndex{c}, files[c]), {"reader", c});
    const double miss_s = kFirstByteSeconds + kBlockMb / 100;
    const double seconds = run.finish();
    CHECK(seconds == Approx(slots ? 4 * miss_s : 32 * kBlockMb / 200 + miss_s).epsilon(1e-6));
    // And the bound says so: 200 MB/s, or 8 x 100.
    const Bytes all = kBlock * std::uint64_t{32};
    const kernel::Topology::Cut bound = run.fs.read_bound(all, Seconds{});
    CHECK(bound.capacity.count() == Approx(slots ? 800e6 : 200e6));
    CHECK(all.as_double() / seconds < bound.capacity.count());
  }
}

// Four files unused for so many days; one is read, and is frequently used from then on.
TEST_CASE("Intelligent-Tiering: the class follows the last access") {
  constexpr double kDay = 86'400;
  for (const double days : {1.0, 31.0, 100.0}) {
    CAPTURE(days);
    lustre::FilesystemSettings settings = round_tiers(Bytes{});
    settings.oss.tiered->unused_for = Seconds{days * kDay};
    TieredRun run(settings);
    const auto files = run.place(4, Bytes{kMib});
    const std::size_t tier = days < 30 ? 0 : days < 90 ? 1 : 2;
    CHECK(run.fs.stored_by_class().at(tier) == Bytes{4 * kMib});
    run.world.spawn(read_whole(run.fs, ClientIndex{0}, files[1]), {"reader", 0});
    run.finish();
    const auto stored = run.fs.stored_by_class();
    CHECK(stored.at(tier) == Bytes{(tier == 0 ? 4 : 3) * kMib});
    CHECK(stored[0] == Bytes{(tier == 0 ? 4 : 1) * kMib});
  }
}

// 10 MiB written in RPCs of 1 MiB, in whatever order these arrive: three blocks of 4 MiB, three
// requests. Once the file is gone nothing is stored.
TEST_CASE("Intelligent-Tiering: writes are billed by the block, and what is removed is not held") {
  lustre::FilesystemSettings settings = round_tiers(kBlock * std::uint64_t{16});
  settings.tunables.osc_max_pages_per_rpc = 256;
  TieredRun run(settings);
  const FileIndex file = run.fs.reserve_file(kRootDirectory);
  const auto work = [&]() -> kernel::Task {
    const Caller caller{};
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await run.fs.open(caller, file, {.write = true, .create = true}, open, outcome);
    for (std::uint64_t m = 0; m < 10; ++m)
      co_await run.fs.write(*open, Bytes{m * kMib}, Bytes{kMib}, outcome);
    co_await run.fs.sync(*open, outcome);
    co_await run.fs.close(std::move(open), outcome);
    CHECK(run.fs.tiered_usage().write_requests == 3);
    CHECK(run.fs.stored_by_class()[0] == Bytes{10 * kMib});
    co_await run.fs.remove(caller, file, outcome);
    CHECK(outcome.ok());
  };
  run.world.spawn(work(), {"writer", 0});
  run.finish();
  CHECK(run.fs.stored_by_class()[0] == Bytes{});
  CHECK(run.fs.tiered_usage().read_requests == 0);
}

TEST_CASE("Intelligent-Tiering: each step of throughput is a server") {
  constexpr std::string_view kStorage =
      "system: fsx_intelligent_tiering, capacity: 10 TiB, throughput: 12000 MB/s, "
      "metadata_iops: 12000, tiered: {ssd_cache: 6 TiB}";
  const auto tcp = assembled({.storage = kStorage});
  CHECK(tcp.fabric.servers == 3);
  CHECK(tcp.fabric.server_nic.count() == Approx(12'500e6));
  CHECK(tcp.fabric.flow_ceiling.count() == Approx(5e9 / 8));
  CHECK(tcp.oss.osts == 1);
  CHECK(tcp.oss.cache.capacity == Bytes{76'800'000'000});
  CHECK(tcp.ost_capacity == Bytes{512 * kTib});
  REQUIRE(tcp.oss.tiered);
  CHECK(tcp.oss.tiered->ssd_cache == Bytes{2 * kTib});
  CHECK(tcp.oss.tiered->misses == 64);
  CHECK(device::sequential_rate(tcp.oss.disk, device::Operation::read).count() == Approx(4000e6));
  CHECK(device::sequential_rate(tcp.oss.disk, device::Operation::write).count() == Approx(4000e6));
  CHECK(tcp.mdts == 1);
  CHECK(tcp.mds.provisioned_iops.count() == Approx(12'000));
  const auto gds = assembled({.storage = kStorage, .network = "lnd: efa, gds: true"});
  CHECK(gds.fabric.servers == 3);
  CHECK(gds.fabric.client_ceiling.count() == Approx(1200e9 / 8));
  CHECK_FALSE(
      assembled({.storage = "system: fsx_persistent_2_1000, capacity: 4.8 TiB"}).oss.tiered);
}
