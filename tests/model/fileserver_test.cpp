// File servers over NFS, against closed forms.
#include "models/fileserver/file_server.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace lustrum;
using namespace lustrum::fileserver;
using namespace lustrum::test;
using doctest::Approx;

namespace {

const Caller kCaller{ClientIndex{0}, JobIndex{0}, 0};
constexpr double kMb = 1e6;

// 1 GB/s, nothing else takes time.
FileServerSettings round_server() {
  FileServerSettings s;
  s.server = with_defaults<ServerSettings>(ServerSettings::parameters());
  s.server.read = s.server.write = BytesPerSecond{1e9};
  s.server.flow = {};
  s.server.read_latency = s.server.write_latency = s.server.metadata_latency = {};
  s.mount = with_defaults<MountSettings>(MountSettings::parameters());
  s.mount.copy_rate = {};
  return s;
}

struct ServerRun {
  explicit ServerRun(const FileServerSettings& settings, std::uint32_t clients = 1,
                     BytesPerSecond nic = BytesPerSecond{12.5e9})
      : links(world, {.clients = clients, .nic = nic}), storage(world, links, settings) {}

  double finish() {
    world.run_all();
    if (world.failure()) std::rethrow_exception(world.failure());
    const std::vector<std::string> broken = world.check_laws();
    CHECK_MESSAGE(broken.empty(), (broken.empty() ? "" : broken.front()));
    const std::vector<std::string> laws = storage.check_laws();
    CHECK_MESSAGE(laws.empty(), (laws.empty() ? "" : laws.front()));
    return world.now().count();
  }
  kernel::Task read_files(Caller caller, std::vector<FileIndex> files, Bytes call, Outcome& sum) {
    for (const FileIndex file : files) {
      std::unique_ptr<OpenFile> open;
      co_await storage.open(caller, file, {}, open, sum);
      const Bytes size = storage.file_size(file);
      for (Bytes at{}; at < size; at += std::min(call, size - at))
        co_await storage.read(*open, at, std::min(call, size - at), sum);
      co_await storage.close(std::move(open), sum);
    }
  }
  Outcome& start_reading(Caller caller, std::vector<FileIndex> files, Bytes call = 8_MiB) {
    Outcome& sum = outcomes.emplace_back();
    world.spawn(read_files(caller, std::move(files), call, sum), {"reader", caller.process});
    return sum;
  }
  std::vector<FileIndex> place(std::uint32_t count, Bytes size) {
    std::vector<FileIndex> files;
    for (std::uint32_t f = 0; f < count; ++f)
      files.push_back(storage.place_file(kRootDirectory, size));
    return files;
  }

  kernel::World world;
  fabric::HostLinks links;
  FileServer storage;
  std::deque<Outcome> outcomes;
};

// Bytes per second that n clients with four readers each get in all.
double aggregate(const FileServerSettings& settings, std::uint32_t clients, Bytes each) {
  constexpr std::uint32_t kReaders = 4;
  ServerRun run(settings, clients);
  for (std::uint32_t c = 0; c < clients; ++c)
    for (std::uint32_t p = 0; p < kReaders; ++p)
      run.start_reading({ClientIndex{c}, JobIndex{0}, p}, run.place(1, each));
  const Bytes total = each * (kReaders * clients);
  const double rate = total.as_double() / run.finish();
  const auto bound = run.storage.read_bound(total, {});
  CHECK(rate <= bound.capacity.count() * (1 + 1e-9));
  return rate;
}

} // namespace

TEST_CASE("file server: n clients get n times the cap of one, up to the ceiling") {
  // EFS Elastic: 1,500 MiB/s per client, 20 GiB/s in all: 13.65 clients; with the older client 500
  // MiB/s and 41 of them (004-3: at least 13, or 38 for 20 GB/s). Equal readers go in step: each
  // asks for the next 8 MiB when the last have come, all at once, so that 250 us pass between two
  // rounds in which nothing moves (beside what is read ahead, which comes with the round before).
  constexpr auto kMibS = static_cast<double>(kMib);
  for (const bool new_client : {true, false}) {
    const double cap = new_client ? 1500 : 500;
    for (const std::uint32_t n : {1U, 4U, 13U, 14U, 20U}) {
      FileServerSettings settings = round_server();
      settings.server = ServerSettings::efs_elastic(new_client);
      const double rate = aggregate(settings, n, 512_MiB) / kMibS;
      const double most = std::min(n * cap, 20.0 * 1024);
      const double round_mib = n * 4 * 8;
      CHECK(rate == Approx(round_mib / (round_mib / most + 250e-6)).epsilon(0.003));
      CHECK(rate == Approx(most).epsilon(0.013));
    }
  }
}

TEST_CASE("file server: HA pairs add up") {
  // 004-4: 12 pairs x 6,144 MB/s = 73.7 GB/s. Files are spread by a hash, and a reader of one file
  // is at one pair: N readers on M equal queues keep N/(N + M - 1) of them busy, here 96/107: 66.1
  // GB/s. Opening a file takes 1.5 ms of about 45 that it is read.
  FileServerSettings settings = round_server();
  settings.server = ServerSettings::ontap(12);
  settings.server.flow = {};
  ServerRun run(settings, 24);
  for (std::uint32_t c = 0; c < 24; ++c)
    for (std::uint32_t p = 0; p < 4; ++p)
      run.start_reading({ClientIndex{c}, JobIndex{0}, p}, run.place(40, 32_MiB));
  const Bytes total = 32_MiB * (24 * 4 * 40);
  const double rate = total.as_double() / run.finish();
  CHECK(run.storage.read_bound(total, {}).capacity.count() == Approx(12 * 6144e6));
  CHECK(rate <= 12 * 6144e6);
  CHECK(rate == Approx(12 * 6144e6 * 96 / 107).epsilon(0.1));
}

TEST_CASE("file server: what Filestore gives per TiB") {
  // 100 TiB: 26,000 and 8,800 MiB/s, 920,000 and 260,000 operations.
  const ServerSettings s = ServerSettings::filestore_zonal(Bytes{100 * kTib});
  CHECK(s.read.count() / static_cast<double>(kMib) == Approx(26'000));
  CHECK(s.write.count() / static_cast<double>(kMib) == Approx(8'800));
  CHECK(s.read_iops.count() == Approx(920'000));
  CHECK(s.write_iops.count() == Approx(260'000));
}

TEST_CASE("file server: a reader without read-ahead waits for each call") {
  // 1 MiB calls, 2 ms and 1.0486 ms on the wire: one after the other. With read-ahead the 2 ms
  // overlap and the server is the limit, but for the window's growth.
  for (const bool ahead : {false, true}) {
    FileServerSettings settings = round_server();
    settings.server.read_latency = {Seconds{0.002}, Seconds{0.002}};
    if (!ahead) settings.mount.read_ahead = {};
    ServerRun run(settings);
    run.start_reading(kCaller, run.place(1, 256_MiB), 1_MiB);
    const double seconds = run.finish();
    if (ahead)
      CHECK(seconds == Approx(256 * 1.048576e-3).epsilon(0.05));
    else
      CHECK(seconds == Approx(256 * (0.002 + 1.048576e-3)));
  }
}

TEST_CASE("file server: calls under way limit a client") {
  // 4 calls of 1 MiB under way, 10 ms each and no other limit: 4 MiB per 10 ms.
  FileServerSettings settings = round_server();
  settings.server.read = BytesPerSecond{kBoundless};
  settings.server.read_latency = {Seconds{0.010}, Seconds{0.010}};
  settings.mount.in_flight = 4;
  ServerRun run(settings, 1, BytesPerSecond{kBoundless});
  const Outcome& outcome = run.start_reading(kCaller, run.place(1, 256_MiB), 256_MiB);
  CHECK(run.finish() == Approx(64 * 0.010).epsilon(1e-6));
  CHECK(outcome.time[Cause::rpc_slots] > 0.5);
}

TEST_CASE("file server: one connection carries 5 Gbit/s, and nconnect that many more") {
  for (const std::uint32_t connections : {1U, 4U}) {
    FileServerSettings settings = round_server();
    settings.server.read = BytesPerSecond{10e9};
    settings.server.flow = BytesPerSecond{625e6};
    settings.mount.connections = connections;
    CHECK(aggregate(settings, 1, 256_MiB) == Approx(625e6 * connections).epsilon(0.01));
  }
}

TEST_CASE("file server: operations per second") {
  // 10,000 stats of different files at 1000/s, a tenth of a second's worth saved up; attributes are
  // then known for a minute, so that asking for a hundred of them again asks nobody.
  FileServerSettings settings = round_server();
  settings.server.read_iops = PerSecond{1000};
  settings.mount.attribute_life = Seconds{60};
  ServerRun run(settings);
  const auto files = run.place(10'000, 4_KiB);
  const auto stats = [](ServerRun& r, std::vector<FileIndex> f, Outcome& o) -> kernel::Task {
    for (const FileIndex file : f) co_await r.storage.stat(kCaller, file, o);
    f.resize(100);
    for (const FileIndex file : f) co_await r.storage.stat(kCaller, file, o);
  };
  Outcome outcome;
  run.world.spawn(stats(run, files, outcome), {"stats", 0});
  CHECK(run.finish() == Approx(9.9).epsilon(1e-3));
  CHECK(run.storage.usage().metadata == 10'000);
  CHECK(outcome.time[Cause::throttle] == Approx(9.9).epsilon(1e-3));
}

TEST_CASE("file server: burst credit is spent by metered bytes") {
  // Reads count a third: 3 GB/s of reads spend 1 GB/s; baseline 0.1 GB/s; credit 9 GB: it lasts 9 /
  // (1 - 0.1) = 10 s, 30 GB; then 0.3 GB/s. 36 GB take 10 + 20 s.
  FileServerSettings settings = round_server();
  settings.server.read = BytesPerSecond{3e9};
  settings.server.baseline = BytesPerSecond{0.1e9};
  settings.server.credit = settings.server.initial_credit = Bytes{9'000'000'000};
  settings.server.read_metering = 1.0 / 3;
  CHECK(36e9 / aggregate(settings, 1, Bytes{9'000'000'000}) == Approx(30).epsilon(0.01));
}

TEST_CASE("file server: a small call is metered as 4 KB") {
  FileServerSettings settings = round_server();
  settings.server.least_metered = 4_KiB;
  settings.server.read_metering = 1.0 / 3;
  ServerRun run(settings);
  run.start_reading(kCaller, run.place(10, 100_B));
  run.finish();
  // Ten reads, and ten opens and closes.
  CHECK(run.storage.usage().metered_bytes == Approx(30 * 4096));
}

TEST_CASE("file server: a working set in its memory is read from disk once, a larger one always") {
  // 64 files of 1 MiB in turn, five times. Memory for all: the disk gives 64 MiB. Memory for 63:
  // LRU evicts each just before its turn, and the disk's 100 MB/s are the limit.
  for (const std::uint64_t mib : {64U, 63U}) {
    FileServerSettings settings = round_server();
    settings.server.disk_read = settings.server.disk_write = BytesPerSecond{100 * kMb};
    settings.server.cache = Bytes{mib * kMib};
    ServerRun run(settings);
    const auto files = run.place(64, 1_MiB);
    std::vector<FileIndex> epochs;
    for (int epoch = 0; epoch < 5; ++epoch) epochs.insert(epochs.end(), files.begin(), files.end());
    run.start_reading(kCaller, epochs);
    const double seconds = run.finish();
    const double from_disk = mib == 64 ? 64 : 320;
    CHECK(run.storage.usage().read_from_disk ==
          Bytes{static_cast<std::uint64_t>(from_disk) * kMib});
    CHECK(seconds == Approx((from_disk / 100 + (320 - from_disk) / 1000) * 1.048576).epsilon(1e-6));
    const auto bound = run.storage.read_bound(Bytes{320 * kMib}, {});
    CHECK(320 * kMib / seconds <= bound.capacity.count() * (1 + 1e-9));
  }
}

TEST_CASE("file server: a client's page cache asks nobody") {
  FileServerSettings settings = round_server();
  settings.mount.page_cache = 64_MiB;
  ServerRun run(settings);
  const auto files = run.place(8, 1_MiB);
  std::vector<FileIndex> twice = files;
  twice.insert(twice.end(), files.begin(), files.end());
  run.start_reading(kCaller, twice);
  run.finish();
  CHECK(run.storage.totals().read_cached == 8_MiB);
  CHECK(run.storage.usage().read == 8_MiB);
}

TEST_CASE("file server: writes go out behind the writer, and close waits for them") {
  // 1 GB written at once into 256 MB that may be dirty: the call returns when 744 MB are written,
  // close after 1 s.
  FileServerSettings settings = round_server();
  settings.mount.dirty_limit = Bytes{256'000'000};
  settings.mount.write_size = Bytes{1'000'000};
  ServerRun run(settings);
  const FileIndex file = run.storage.reserve_file(kRootDirectory);
  double accepted_s = 0;
  Outcome outcome;
  const auto writes = [](ServerRun& r, FileIndex f, double& at_s, Outcome& o) -> kernel::Task {
    std::unique_ptr<OpenFile> open;
    co_await r.storage.open(kCaller, f, {.write = true, .create = true}, open, o);
    co_await r.storage.write(*open, 0_B, Bytes{1'000'000'000}, o);
    at_s = r.world.now().count();
    co_await r.storage.close(std::move(open), o);
  };
  run.world.spawn(writes(run, file, accepted_s, outcome), {"writer", 0});
  CHECK(run.finish() == Approx(1));
  CHECK(accepted_s > 0.7);
  CHECK(accepted_s < 0.95);
  CHECK(run.storage.totals().write_stored == Bytes{1'000'000'000});
  CHECK(run.storage.stored() == Bytes{1'000'000'000});
  CHECK(outcome.time[Cause::write_back] == Approx(1));
}

TEST_CASE("file server: files used rarely answer later, until they are read") {
  // Every file cold: 20 ms more for the first read; they then move back.
  for (const bool warm : {false, true}) {
    FileServerSettings settings = round_server();
    settings.server.cold_share = 1;
    settings.server.cold_latency = {Seconds{0.020}, Seconds{0.020}};
    settings.server.warm_after_read = warm;
    ServerRun run(settings);
    const auto files = run.place(10, 1_MiB);
    std::vector<FileIndex> twice = files;
    twice.insert(twice.end(), files.begin(), files.end());
    run.start_reading(kCaller, twice);
    CHECK(run.finish() == Approx(20 * 1.048576e-3 + (warm ? 10 : 20) * 0.020));
    CHECK(run.storage.usage().read_cold == (warm ? 10_MiB : 20_MiB));
  }
}

TEST_CASE("file server: names") {
  FileServerSettings settings = round_server();
  settings.server.metadata_latency = {Seconds{0.001}, Seconds{0.001}};
  settings.server.write_latency = {Seconds{0.003}, Seconds{0.003}};
  ServerRun run(settings);
  run.place(2500, 1_KiB);
  const auto names = [](ServerRun& r) -> kernel::Task {
    FileServer& s = r.storage;
    const DirectoryIndex directory = s.reserve_directory(kRootDirectory);
    const FileIndex file = s.reserve_file(directory);
    Outcome o;
    std::unique_ptr<OpenFile> open;
    co_await s.make_directory(kCaller, directory, o);                         // 3 ms
    co_await s.open(kCaller, file, {.write = true, .create = true}, open, o); // 3
    co_await s.close(std::move(open), o);                                     // 1
    co_await s.stat(kCaller, file, o);                                        // known
    Outcome full;
    co_await s.remove_directory(kCaller, directory, full); // 3
    CHECK(full.error == StorageError::not_empty);
    co_await s.remove(kCaller, file, o);                // 3
    co_await s.remove_directory(kCaller, directory, o); // 3
    Outcome gone;
    co_await s.open(kCaller, file, {}, open, gone); // 1
    CHECK(gone.error == StorageError::no_entry);
    std::vector<FileIndex> found;
    co_await s.list(kCaller, kRootDirectory, found, o); // 3 pages
    CHECK(found.size() == 2500);
    CHECK(o.ok());
  };
  run.world.spawn(names(run), {"names", 0});
  CHECK(run.finish() == Approx(0.020));
  CHECK(run.storage.totals().errors == 2);
  CHECK(run.storage.totals().creates == 1);
}

TEST_CASE("file server: close-to-open gives up pages that another host has changed") {
  // Client 0 reads 100 MB, reads them again from its page cache, and once more after client 1 has
  // written: that open finds another version, and fetches. What it has open meanwhile stays old.
  FileServerSettings settings = round_server();
  settings.mount.page_cache = 1_GiB;
  ServerRun run(settings, 2);
  const Bytes size{100'000'000};
  const FileIndex file = run.storage.place_file(kRootDirectory, size);
  const auto write = [](ServerRun& at, FileIndex changed, Caller caller) -> kernel::Task {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await at.storage.open(caller, changed, {.write = true}, open, outcome);
    co_await at.storage.write(*open, Bytes{}, 4_KiB, outcome);
    co_await at.storage.close(std::move(open), outcome);
    CHECK(outcome.ok());
  };
  const auto all = [&](const Caller& caller, bool keep_open) -> kernel::Task {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await run.storage.open(caller, file, {}, open, outcome);
    co_await run.storage.read(*open, Bytes{}, size, outcome);
    CHECK(run.storage.totals().read_fetched == size);
    co_await run.storage.read(*open, Bytes{}, size, outcome);
    CHECK(run.storage.totals().read_cached == size);
    const Caller other{ClientIndex{1}, JobIndex{0}, 1};
    co_await write(run, file, other);
    if (keep_open) {
      co_await run.storage.read(*open, Bytes{}, size, outcome);
      CHECK(run.storage.totals().read_cached == size * 2);
    }
    co_await run.storage.close(std::move(open), outcome);
    co_await run.storage.open(caller, file, {}, open, outcome);
    co_await run.storage.read(*open, Bytes{}, size, outcome);
    co_await run.storage.close(std::move(open), outcome);
    CHECK(run.storage.totals().read_fetched == size * 2);
    // One's own writes leave one's own pages good.
    co_await write(run, file, caller);
    co_await run.storage.open(caller, file, {}, open, outcome);
    co_await run.storage.read(*open, Bytes{}, size, outcome);
    co_await run.storage.close(std::move(open), outcome);
    CHECK(run.storage.totals().read_fetched == size * 2);
    CHECK(outcome.ok());
  };
  run.world.spawn(all(kCaller, true), {"reader", 0});
  run.finish();
}
