// What the sections `storage` and `lustre` of a scenario make of the object storage servers.
#include "models/lustre/policy/service_threads.hpp"
#include "tests/model/assembled_fixture.hpp"

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

constexpr std::string_view kFsx = "system: fsx_persistent_2_1000, capacity: 4.8 TiB";

constexpr std::uint32_t kReaders = 16;

// MiB/s at which 16 clients of 5 Gbit/s each (9537 MiB/s) read 1 GiB each in four files, and at
// which they read it again after they have forgotten it.
std::pair<double, double> rates_of_two_passes(lustre::FilesystemSettings settings) {
  constexpr std::uint32_t kFiles = 4; // of each client
  settings.tunables.client_copy_bandwidth = BytesPerSecond{kBoundless};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  std::vector<FileIndex> files;
  for (std::uint32_t f = 0; f < kReaders * kFiles; ++f)
    files.push_back(fs.place_file(kRootDirectory, Bytes{kGib / kFiles}));
  const auto read_all = [&] {
    const double start_s = world.now().count();
    for (std::uint32_t c = 0; c < kReaders; ++c) fs.drop_caches(ClientIndex{c});
    for (std::uint32_t f = 0; f < files.size(); ++f)
      world.spawn(read_whole(fs, ClientIndex{f % kReaders}, files[f]), {"reader", f});
    world.run_all();
    return kReaders * 1024 / (world.now().count() - start_s);
  };
  const double first = read_all();
  const double second = read_all();
  CHECK(fs.check_laws().empty());
  const double bound = fs.read_bound(Bytes{2 * kReaders * kGib}, Seconds{}).capacity.count();
  CHECK(2 / (1 / first + 1 / second) <= bound / static_cast<double>(kMib));
  return {first, second};
}

} // namespace

TEST_CASE("ost_io threads: Lustre's formula, the catalog's figure, the administrator's") {
  // 16 cores in two partitions: 64 + 4 x 8 + 4 x 7 = 124 in each.
  CHECK(assembled({.storage = kFsx}).oss.threads == 248);
  CHECK(assembled({.storage = "system: fsx_persistent_2_1000, capacity: 4.8 TiB, "
                              "set: {oss.threads: 100}"})
            .oss.threads == 100);
  CHECK(assembled({.storage = kFsx, .lustre = "ost.ost_io.threads_max: 32"}).oss.threads == 32);
  // One partition: the base of 64 is raised by 32 + 16 + 8, then 4 x (8 + 7 + 6 + 5).
  CHECK(assembled({.storage = kFsx, .lustre = "libcfs.cpu_npartitions: 1"}).oss.threads == 224);
}

TEST_CASE("servers compute checksums when clients do") {
  const auto on = assembled({.storage = kFsx, .lustre = "osc.checksums: true"});
  CHECK(on.oss.checksum_rate == on.tunables.checksum_rate());
  const auto off = assembled({.storage = kFsx, .lustre = "osc.checksums: false"});
  CHECK(off.oss.checksum_rate.count() == 0);
}

TEST_CASE("a server's cache: so much memory per TiB, switched by osd's tunables") {
  // 27.3 GiB per TiB, 2.4 TiB behind one server.
  const double bytes = 27.3 * 2.4 * static_cast<double>(kGib);
  const auto usual = assembled({.storage = kFsx}).oss.cache;
  CHECK(usual.capacity.as_double() == Approx(bytes));
  CHECK(usual.read_cache_enable);
  CHECK(usual.writethrough_cache_enable);
  CHECK(usual.readcache_max_io == Bytes{8 * kMib});
  const auto writes_only =
      assembled(
          {.storage = kFsx, .lustre = "osd: {read_cache_enable: 0, writethrough_max_io_mb: 16}"})
          .oss.cache;
  CHECK(!writes_only.read_cache_enable);
  CHECK(writes_only.writethrough_max_io == Bytes{16 * kMib});
  CHECK(usual.readcache_max_filesize == lustre::ServerCacheSettings{}.readcache_max_filesize);
  const auto limited = [](const char* size) {
    return assembled(
               {.storage = kFsx, .lustre = fmt::format("osd.readcache_max_filesize: {}", size)})
        .oss.cache.readcache_max_filesize;
  };
  CHECK(limited("10 MiB") == Bytes{10 * kMib});
  CHECK(limited("0 B") == usual.readcache_max_filesize); // no limit
  const auto none = assembled({.storage = kFsx,
                               .lustre = "osd: {read_cache_enable: 0, "
                                         "writethrough_cache_enable: 0}"});
  CHECK(none.oss.cache.capacity == Bytes{});
}

TEST_CASE("what is read again comes out of the servers' memory") {
  // 2.4 TiB of the tier of 1000: disks 2400 MiB/s, network 6240 MiB/s, memory for 65 GiB.
  AssembledText text{.storage = "system: fsx_persistent_2_1000, capacity: 2.4 TiB, layout: -c -1",
                     .nodes = kReaders};
  const auto [cold, warm] = rates_of_two_passes(assembled(text));
  CHECK(cold == Approx(2400).epsilon(0.03));
  CHECK(warm == Approx(6240).epsilon(0.05));
  text.lustre = "osd.read_cache_enable: 0";
  const auto [once, again] = rates_of_two_passes(assembled(text));
  CHECK(once == Approx(2400).epsilon(0.03));
  CHECK(again == Approx(2400).epsilon(0.03));
}

TEST_CASE("hard disks with an SSD cache: what is read again comes at the network's rate") {
  // 1.8 TiB at 40 MiB/s per TiB, credit spent: 72 MiB/s. While 16 GiB are read so, the network
  // (270 MiB/s that last) saves 198 MiB/s, more than the second pass draws at its full 2340 MiB/s.
  const auto passes = [](const std::string& cache) {
    const std::string storage = "system: fsx_persistent_1_hdd_40, capacity: 1.8 TiB, "
                                "burst_credit: 0 %, " +
                                cache;
    return rates_of_two_passes(
        assembled({.storage = storage, .lustre = "osd.read_cache_enable: 0", .nodes = kReaders}));
  };
  const auto [cold, warm] = passes("ssd_cache: true");
  CHECK(cold == Approx(72).epsilon(0.03));
  CHECK(warm == Approx(2340).epsilon(0.05));
  // Read from front to back, a data set of four times the cache pushes itself out.
  const auto [large, again] = passes("ssd_cache: true, set: {ssd_cache.per_tib: 2.2 GiB}");
  CHECK(large == Approx(72).epsilon(0.03));
  CHECK(again == Approx(72).epsilon(0.05));
  const auto [none, neither] = passes("ssd_cache: false");
  CHECK(none == Approx(72).epsilon(0.03));
  CHECK(neither == Approx(72).epsilon(0.03));
}

TEST_CASE("hard disks: a RAID-6 set gives the rate of its data disks, an MDT commits so often") {
  const auto settings = assembled({.storage = "system: hdd_lustre, capacity: 1600 TiB",
                                   .network = "lnd: o2ib",
                                   .instance = "hgx_h100"});
  CHECK(settings.fabric.servers * settings.oss.osts == 20);
  // Eight disks of 180 MB/s.
  CHECK(device::sequential_rate(settings.oss.disk, device::Operation::read).count() ==
        Approx(8 * 180e6).epsilon(0.02));
  CHECK(settings.mds.transaction.count() == Approx(1.0 / 14'000));
  CHECK(settings.oss.cache.capacity == Bytes{200 * kGib});
}

TEST_CASE("whether closes take metadata IOPS is a switch") {
  // 12,000 IOPS, two opens or closes for each: 12,000 files a second, or 24,000 when closes are
  // free.
  constexpr std::string_view kFree =
      "system: fsx_persistent_2_1000, capacity: 24 TiB, set: {metadata.close_counts: false}";
  const auto rate = [](const lustre::FilesystemSettings& settings) {
    kernel::World world;
    lustre::Filesystem fs(world, settings);
    fs.place_file(kRootDirectory, Bytes{kMib});
    return fs.open_close_bound(1'000'000'000).count();
  };
  CHECK(rate(assembled({.storage = "system: fsx_persistent_2_1000, capacity: 24 TiB"})) ==
        Approx(12'000).epsilon(0.001));
  CHECK(rate(assembled({.storage = kFree})) == Approx(24'000).epsilon(0.001));
}

TEST_CASE("the journal of an OST is waited for if obdfilter.sync_journal says so") {
  CHECK_FALSE(assembled({.storage = kFsx}).oss.sync_journal);
  CHECK(assembled({.storage = kFsx, .lustre = "obdfilter.sync_journal: true"}).oss.sync_journal);
}
