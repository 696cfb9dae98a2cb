// Closed forms of what clients keep and must share: page caches, locks of one object, checkpoints,
// and IOR easy against hard.
#include "models/loadgen/ior.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

kernel::Task read_all(Storage& storage, FileIndex first, std::uint32_t files) {
  for (std::uint32_t f = 0; f < files; ++f) {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    const FileIndex file{first.value() + f};
    co_await storage.open({}, file, {}, open, outcome);
    co_await storage.read(*open, Bytes{}, storage.file_size(file), outcome);
    co_await storage.close(std::move(open), outcome);
  }
}

// Writers of one file, each of every n-th MiB, in the order of the file.
struct Turns {
  explicit Turns(kernel::World& w) : world(w), changed(w) {}
  kernel::World& world;
  kernel::Signal changed;
  std::uint32_t next = 0;
  Seconds end{};
};

kernel::Task write_strided(Storage& storage, ClientIndex client, std::uint32_t writers,
                           std::uint32_t pieces, FileIndex file, Turns& turns) {
  Outcome outcome;
  std::unique_ptr<OpenFile> open;
  co_await storage.open({client, {}, 0}, file, {.write = true}, open, outcome);
  for (std::uint32_t i = 0; i < pieces; ++i) {
    const std::uint32_t mine = i * writers + client.value();
    while (turns.next != mine) co_await turns.changed.wait();
    co_await storage.write(*open, Bytes{mine * kMib}, Bytes{kMib}, outcome);
    ++turns.next;
    turns.changed.notify();
  }
  co_await storage.sync(*open, outcome);
  turns.end = std::max(turns.end, turns.world.now());
  co_await storage.close(std::move(open), outcome);
  CHECK(outcome.ok());
}

// MiB/s of writers that take turns on one object.
double strided_rate(std::uint32_t writers) {
  constexpr std::uint32_t kPieces = 100;
  auto settings = ideal_filesystem();
  settings.fabric.clients = writers;
  // Flush: 1 MiB at 250 MiB/s = 4 ms and a round trip. Lock exchange: request, callback, cancel and
  // grant, one way each. Six ways of 1/12 ms = 0.5 ms.
  settings.oss.nvme().write_bandwidth = BytesPerSecond{250.0 * kMib};
  settings.fabric.latency = Seconds{0.5e-3 / 6};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex file = fs.place_file(kRootDirectory, Bytes{kMib * writers * kPieces});
  Turns turns(world);
  for (std::uint32_t w = 0; w < writers; ++w)
    world.spawn(write_strided(fs, ClientIndex{w}, writers, kPieces, file, turns), {"writer", w});
  world.run_all();
  CHECK(world.check_laws().empty());
  CHECK(fs.check_laws().empty());
  // Not the world's end: a flusher looks for dirty pages once more.
  return mib_per_s(Bytes{kMib * writers * kPieces}, turns.end);
}

struct Epoch {
  Bytes fetched;
  std::uint64_t enqueues;
};

// What the second reading of 16 files of 4 MiB asks of the servers.
Epoch second_epoch(std::uint32_t max_cached_mb) {
  constexpr std::uint32_t kFiles = 16;
  auto settings = ideal_filesystem();
  settings.tunables.llite_max_cached_mb = max_cached_mb;
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex first = fs.place_file(kRootDirectory, Bytes{4 * kMib});
  for (std::uint32_t f = 1; f < kFiles; ++f) fs.place_file(kRootDirectory, Bytes{4 * kMib});
  world.spawn(read_all(fs, first, kFiles), {"epoch", 0});
  world.run_all();
  const Bytes fetched = fs.totals().read_fetched;
  const std::uint64_t enqueues = fs.extent_locks().enqueues();
  CHECK(fetched == Bytes{kFiles * 4 * kMib});
  CHECK(enqueues == kFiles);
  world.spawn(read_all(fs, first, kFiles), {"epoch", 1});
  world.run_all();
  return {fs.totals().read_fetched - fetched, fs.extent_locks().enqueues() - enqueues};
}

} // namespace

TEST_CASE("L14: writers of one object take the lock from each other, 1 MiB / (flush + exchange)") {
  // In the order of the file, so that the lock changes hands with each MiB: 1 MiB / 4.5 ms = 222
  // MiB/s in all, however many they are. (Writers that need not wait for one another write several
  // MiB under a lock before it is called back, and lose less.)
  CHECK(strided_rate(2) == Approx(222.2).epsilon(0.02));
  CHECK(strided_rate(4) == Approx(222.2).epsilon(0.02));
}

TEST_CASE("L14: one writer asks for one lock, readers take nothing from each other") {
  auto settings = ideal_filesystem();
  settings.fabric.clients = 4;
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex file = fs.place_file(kRootDirectory, Bytes{100 * kMib});
  Turns turns(world);
  world.spawn(write_strided(fs, ClientIndex{0}, 1, 100, file, turns), {"writer", 0});
  world.run_all();
  CHECK(fs.extent_locks().enqueues() == 1);
  CHECK(fs.extent_locks().callbacks_sent() == 0);
  for (std::uint32_t c = 1; c < 4; ++c)
    world.spawn(read_whole(fs, ClientIndex{c}, file), {"reader", c});
  world.run_all();
  CHECK(fs.extent_locks().enqueues() == 4);
  CHECK(fs.extent_locks().callbacks_sent() == 1); // of the writer's lock, by the first reader
}

TEST_CASE("L23: a page cache that holds the data set serves the next epoch alone; a smaller one "
          "nothing") {
  // Least recently used goes first: of a loop over more than fits, each piece is gone when it comes
  // round again. The locks stay either way.
  const Epoch fits = second_epoch(64);
  CHECK(fits.fetched == Bytes{});
  CHECK(fits.enqueues == 0);
  const Epoch does_not = second_epoch(60);
  CHECK(does_not.fetched == Bytes{64 * kMib});
  CHECK(does_not.enqueues == 0);
}

TEST_CASE("L25: a synchronous checkpoint stalls for bytes / the narrowest part") {
  // 140 GB at 2.33 GB/s of the file system: 60 s; clients of 1 GB/s, eight of them, are wider.
  constexpr std::uint32_t kClients = 8;
  const auto n = numbers_from_child([] {
    auto settings = ideal_filesystem();
    settings.fabric.clients = kClients;
    settings.fabric.servers = kClients;
    settings.fabric.client_nic = BytesPerSecond{1e9};
    settings.oss.nvme().write_bandwidth = BytesPerSecond{2.33e9 / kClients};
    kernel::Engine engine({});
    lustre::Filesystem fs(engine.world(), settings);
    auto ior = with_defaults<loadgen::IorSettings>(loadgen::IorSettings::parameters());
    ior.file_per_process = ior.fsync = true;
    ior.read = false;
    ior.block_size = Bytes{140'000'000'000 / kClients};
    ior.transfer_size = Bytes{17'500'000};
    loadgen::Ior job(engine, fs, {.clients = kClients, .ranks_per_client = 1}, ior);
    engine.run();
    return std::vector<double>{job.outcome().phases.at(0).runs.at(0).time().count()};
  });
  CHECK(n.at(0) == Approx(60.09).epsilon(0.01));
}

TEST_CASE("IOR: hard is several times slower than easy, from locks and RPCs alone") {
  // IO500 rows of Lustre lie between 5 and 30. Eight clients of four ranks, eight OSTs of 2 GB/s.
  // Easy: a file for each rank, 1 MiB transfers. Hard: one file, 47,008 bytes, rank after rank.
  const auto rate = [](bool hard) {
    return numbers_from_child([hard] {
             constexpr std::uint32_t kClients = 8;
             constexpr std::uint32_t kRanks = 4;
             auto settings = ideal_filesystem();
             settings.tunables = lustre::LustreTunables::defaults();
             settings.layout = hard ? striped(8) : striped(1);
             settings.fabric.clients = kClients;
             settings.fabric.servers = 8;
             settings.fabric.client_nic = BytesPerSecond{12.5e9};
             settings.fabric.server_nic = BytesPerSecond{12.5e9};
             settings.fabric.latency = settings.fabric.metadata_latency = Seconds{20e-6};
             settings.oss.threads = 512;
             settings.oss.cores = 32;
             settings.oss.rpc_service = Seconds{20e-6};
             settings.oss.disk = device::NvmeModel{.latency = Seconds{60e-6},
                                                   .read_bandwidth = BytesPerSecond{2e9},
                                                   .write_bandwidth = BytesPerSecond{2e9},
                                                   .iops = PerSecond{100e3}};
             kernel::Engine engine({});
             lustre::Filesystem fs(engine.world(), settings);
             auto ior = with_defaults<loadgen::IorSettings>(loadgen::IorSettings::parameters());
             ior.apply_preset(hard ? "ior-hard" : "ior-easy");
             ior.read = false;
             ior.stonewall = {};
             ior.fsync = true;
             if (hard) {
               ior.segments = 100;
             } else {
               ior.transfer_size = Bytes{kMib};
               ior.block_size = Bytes{256 * kMib};
             }
             loadgen::Ior job(engine, fs, {.clients = kClients, .ranks_per_client = kRanks}, ior);
             engine.run();
             const loadgen::PhaseRun run = job.outcome().phases.at(0).runs.at(0);
             return std::vector<double>{run.bytes.as_double() / run.time().count()};
           })
        .at(0);
  };
  const double easy = rate(false);
  const double hard = rate(true);
  MESSAGE("easy ", easy / 1e6, " MB/s, hard ", hard / 1e6, " MB/s, ratio ", easy / hard);
  CHECK(easy / hard > 5);
  CHECK(easy / hard < 30);
}
