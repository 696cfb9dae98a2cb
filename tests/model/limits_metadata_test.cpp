// Closed forms of metadata: serial RPCs of small files, mod slots, provisioned IOPS.
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

kernel::Task read_files(Storage& storage, FileIndex first, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i)
    co_await read_whole(storage, ClientIndex{0}, FileIndex{first.value() + i});
}

kernel::Task open_and_close(Storage& storage, FileIndex file, std::uint32_t times) {
  Outcome outcome;
  for (std::uint32_t i = 0; i < times; ++i) {
    std::unique_ptr<OpenFile> open;
    co_await storage.open({}, file, {}, open, outcome);
    co_await storage.close(std::move(open), outcome);
  }
}

// Open and close pairs per second of one client with many threads.
double pairs_per_s(const lustre::FilesystemSettings& settings) {
  constexpr std::uint32_t kThreads = 512;
  constexpr std::uint32_t kPairs = 200;
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex file = fs.place_file(kRootDirectory, Bytes{kMib});
  for (std::uint32_t t = 0; t < kThreads; ++t)
    world.spawn(open_and_close(fs, file, kPairs), {"thread", t});
  world.run_all();
  CHECK(world.check_laws().empty());
  return kThreads * kPairs / world.now().count();
}

} // namespace

TEST_CASE("L9: one thread reading small files pays four serial RPCs each") {
  // Open, lock, read, close at t = 0.23 ms: 1/(4 t) = 1087 files/s (1067 were measured on FSx).
  auto settings = ideal_filesystem();
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{0.000115};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  constexpr std::uint32_t kFiles = 10'000;
  const FileIndex first = fs.place_file(kRootDirectory, Bytes{4 * kKib});
  for (std::uint32_t i = 1; i < kFiles; ++i) fs.place_file(kRootDirectory, Bytes{4 * kKib});
  world.spawn(read_files(fs, first, kFiles), {"reader", 0});
  world.run_all();
  CHECK(kFiles / world.now().count() == Approx(1087).epsilon(0.001));
  CHECK(fs.totals().opens == kFiles);
}

TEST_CASE("L9: a second pass over the same files comes out of the page cache, two RPCs remain") {
  // Open and close: 1/(2 t) = 2174 files/s.
  auto settings = ideal_filesystem();
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{0.000115};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex first = fs.place_file(kRootDirectory, Bytes{4 * kKib});
  world.spawn(read_files(fs, first, 1), {"first pass", 0});
  world.run_all();
  const Seconds after_first = world.now();
  world.spawn(read_files(fs, first, 1), {"second pass", 0});
  world.run_all();
  CHECK(1 / (world.now() - after_first).count() == Approx(2174).epsilon(0.001));
}

TEST_CASE("L10: mod slots bound one client's opens and closes") {
  // t_open = t_close = 0.25 ms, m = 7 slots and one close more: between m/(t_o+t_c) = 14,000 and
  // (m+1)/(t_o+t_c) = 16,000 pairs/s. With m = 50: at least 100,000.
  auto settings = ideal_filesystem();
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{0.000125};
  const double with_7 = pairs_per_s(settings);
  CHECK(with_7 >= 14'000);
  CHECK(with_7 <= 16'000);
  settings.tunables.mdc_max_mod_rpcs_in_flight = 50;
  CHECK(pairs_per_s(settings) >= 100'000 * 0.999);
}

TEST_CASE("provisioned metadata IOPS grant two opens or closes each") {
  // 12,000 IOPS: 24,000 operations/s, 12,000 open+close pairs/s; the initial tenth of a second of
  // credit adds 0.1/8.5 to the 102,400 pairs.
  auto settings = ideal_filesystem();
  settings.tunables.mdc_max_mod_rpcs_in_flight = 500;
  settings.mds.provisioned_iops = PerSecond{12'000};
  settings.mds.iops_per_operation.fill(0.5);
  CHECK(pairs_per_s(settings) == Approx(12'000).epsilon(0.015));
}

TEST_CASE("directories are dealt out to metadata servers") {
  // Two MDTs with provisioned IOPS each: files of two directories reach twice the rate of one.
  auto settings = ideal_filesystem();
  settings.tunables.mdc_max_mod_rpcs_in_flight = 500;
  settings.mds.provisioned_iops = PerSecond{12'000};
  settings.mds.iops_per_operation.fill(0.5);
  settings.mdts = 2;
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex here = fs.place_file(fs.place_directory(kRootDirectory), Bytes{kMib});
  const FileIndex there = fs.place_file(fs.place_directory(kRootDirectory), Bytes{kMib});
  for (std::uint32_t t = 0; t < 256; ++t) {
    world.spawn(open_and_close(fs, here, 200), {"thread", t});
    world.spawn(open_and_close(fs, there, 200), {"thread", t});
  }
  world.run_all();
  CHECK(2 * 256 * 200 / world.now().count() == Approx(24'000).epsilon(0.03));
}
