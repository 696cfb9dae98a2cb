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

TEST_CASE("L9: small files with their data on the MDT cost open and close alone") {
  // 1/(2 t) = 2174 files/s: the data comes with the open, no lock and no OST is asked.
  auto settings = ideal_filesystem();
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{0.000115};
  settings.layout = std::get<lustre::Layout>(lustre::parse_layout("-E 64K -L mdt -E -1 -c 1"));
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  constexpr std::uint32_t kFiles = 10'000;
  const FileIndex first = fs.place_file(kRootDirectory, Bytes{4 * kKib});
  for (std::uint32_t i = 1; i < kFiles; ++i) fs.place_file(kRootDirectory, Bytes{4 * kKib});
  world.spawn(read_files(fs, first, kFiles), {"reader", 0});
  world.run_all();
  CHECK(kFiles / world.now().count() == Approx(2174).epsilon(0.001));
  CHECK(fs.totals().read_delivered == Bytes{kFiles * 4 * kKib});
  CHECK(fs.check_laws().empty());
}

namespace {

kernel::Task make_and_remove_tree(Storage& storage, Outcome& outcome) {
  const Caller caller{};
  const DirectoryIndex directory = storage.reserve_directory(kRootDirectory);
  co_await storage.make_directory(caller, directory, outcome);
  for (int i = 0; i < 3; ++i) {
    std::unique_ptr<OpenFile> open;
    const FileIndex file = storage.reserve_file(directory);
    co_await storage.open(caller, file, {.write = true, .create = true}, open, outcome);
    co_await storage.write(*open, Bytes{}, Bytes{3 * kMib}, outcome);
    co_await storage.sync(*open, outcome);
    co_await storage.close(std::move(open), outcome);
  }
  std::vector<FileIndex> files;
  co_await storage.list(caller, directory, files, outcome);
  CHECK(files.size() == 3);
  for (const FileIndex file : files) {
    co_await storage.stat(caller, file, outcome);
    CHECK(storage.file_size(file) == Bytes{3 * kMib});
    co_await storage.truncate(caller, file, Bytes{kMib}, outcome);
    CHECK(storage.file_size(file) == Bytes{kMib});
    co_await storage.remove(caller, file, outcome);
  }
  co_await storage.remove_directory(caller, directory, outcome);
}

} // namespace

TEST_CASE("a tree that a job makes, writes, lists, cuts off and removes leaves nothing behind") {
  auto settings = ideal_filesystem();
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{0.000115};
  settings.fabric.servers = 2;
  settings.mdts = 2;
  settings.layout = std::get<lustre::Layout>(lustre::parse_layout("-E 1M -c 1 -E -1 -c 2"));
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  Outcome outcome;
  world.spawn(make_and_remove_tree(fs, outcome), {"job", 0});
  world.run_all();
  CHECK(outcome.ok());
  CHECK(fs.totals().creates == 3);
  CHECK(fs.totals().removes == 3);
  CHECK(fs.totals().write_stored == Bytes{9 * kMib});
  CHECK(fs.check_laws().empty());
  CHECK(world.check_laws().empty());
}
