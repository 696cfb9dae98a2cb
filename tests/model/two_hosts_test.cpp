// What two hosts, or several writers of one, do with the same file on file servers and local disks.
#include "models/block/local_storage.hpp"
#include "models/fileserver/file_server.hpp"
#include "tests/model/object_fixture.hpp"

#include <algorithm>
#include <vector>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

constexpr double kBandwidth = 1e9; // of a server, and of each host's disks

// Writes take time, nothing else does. The page cache takes data at `copy_rate`, 0: at once.
fileserver::FileServerSettings one_server(Bytes dirty_limit, double copy_rate = 0) {
  fileserver::FileServerSettings s;
  s.server = with_defaults<fileserver::ServerSettings>(fileserver::ServerSettings::parameters());
  s.server.read = s.server.write = BytesPerSecond{kBandwidth};
  s.server.flow = {};
  s.server.read_latency = s.server.write_latency = s.server.metadata_latency = {};
  s.mount = with_defaults<fileserver::MountSettings>(fileserver::MountSettings::parameters());
  s.mount.write_size = 1_MiB;
  s.mount.dirty_limit = dirty_limit;
  s.mount.copy_rate = BytesPerSecond{copy_rate};
  return s;
}

block::LocalSettings own_disks(Bytes dirty_limit, double copy_rate = 0) {
  auto s = with_defaults<block::LocalSettings>(block::LocalSettings::parameters());
  s.volumes = with_defaults<block::VolumeSettings>(block::VolumeSettings::parameters());
  s.volumes.volumes = 1;
  s.volumes.read = s.volumes.write = BytesPerSecond{kBandwidth};
  s.volumes.read_iops = s.volumes.write_iops = {};
  s.volumes.latency = {};
  s.metadata_latency = {};
  s.changes = {};
  s.write_back = 1_MiB;
  s.dirty_limit = dirty_limit;
  s.copy_rate = BytesPerSecond{copy_rate};
  return s;
}

struct Writer {
  ClientIndex client{};
  Bytes offset{};
  Bytes length{};
  double accepted_s = -1;
  double synced_s = -1;
  Outcome outcome{};
};

kernel::Task write_and_sync(kernel::World& world, Storage& storage, FileIndex file,
                            std::uint32_t process, Writer& writer) {
  std::unique_ptr<OpenFile> open;
  const Caller caller{writer.client, JobIndex{0}, process};
  co_await storage.open(caller, file, {.write = true, .create = true}, open, writer.outcome);
  co_await storage.write(*open, writer.offset, writer.length, writer.outcome);
  writer.accepted_s = world.now().count();
  co_await storage.sync(*open, writer.outcome);
  writer.synced_s = world.now().count();
  co_await storage.close(std::move(open), writer.outcome);
}

template <class S> struct Run {
  template <class Make>
  explicit Run(Make make)
      : links(world, {.clients = 2, .nic = BytesPerSecond{kBoundless}}),
        storage(make(world, links)) {}

  double finish() {
    world.run_all();
    if (world.failure()) std::rethrow_exception(world.failure());
    const std::vector<std::string> laws = storage->check_laws();
    CHECK_MESSAGE(laws.empty(), (laws.empty() ? "" : laws.front()));
    return world.now().count();
  }
  // All to one file.
  void write(std::vector<Writer>& writers) {
    const FileIndex file = storage->reserve_file(kRootDirectory);
    for (std::uint32_t w = 0; w < writers.size(); ++w)
      world.spawn(write_and_sync(world, *storage, file, w, writers[w]), {"writer", w});
    finish();
  }

  kernel::World world;
  fabric::HostLinks links;
  std::unique_ptr<S> storage;
};

struct ServerRun : Run<fileserver::FileServer> {
  explicit ServerRun(const fileserver::FileServerSettings& settings)
      : Run([&](kernel::World& w, const fabric::HostLinks& l) {
          return std::make_unique<fileserver::FileServer>(w, l, settings);
        }) {}
};

struct LocalRun : Run<block::LocalStorage> {
  explicit LocalRun(const block::LocalSettings& settings)
      : Run([&](kernel::World& w, const fabric::HostLinks& l) {
          return std::make_unique<block::LocalStorage>(w, l, settings, 1);
        }) {}
};

} // namespace

TEST_CASE("two hosts, one file: an fsync waits for its own host's pages, and ends") {
  // 1 MiB from one host and 1024 from the other, that share 1 GB/s on a server: the small one ends
  // in the first half, the other when all is written. On disks of their own each ends by itself.
  const Bytes much = 1_GiB;
  const double all_s = (much + 1_MiB).as_double() / kBandwidth;
  std::vector<Writer> writers(2);
  writers[0] = {.client = ClientIndex{0}, .length = 1_MiB};
  writers[1] = {.client = ClientIndex{1}, .offset = 1_MiB, .length = much};
  const std::vector<Writer> fresh = writers;
  ServerRun(one_server(2_GiB)).write(writers);
  CHECK(writers[0].synced_s > 0);
  CHECK(writers[0].synced_s < all_s / 2);
  CHECK(writers[1].synced_s == Approx(all_s).epsilon(1e-6));

  writers = fresh;
  LocalRun(own_disks(2_GiB)).write(writers);
  CHECK(writers[0].synced_s == Approx(Bytes{1_MiB}.as_double() / kBandwidth).epsilon(1e-6));
  CHECK(writers[1].synced_s == Approx(much.as_double() / kBandwidth).epsilon(1e-6));
}

TEST_CASE("several writers of a host keep to its dirty limit together") {
  // 8 writers of 1 MiB each, of which 2 MiB may be dirty: two are copied in u = 1 MiB / (1 GB/s)
  // and written in 2u, then the next two: the last are accepted after 3 rounds of 3u, and u.
  const double u = Bytes{1_MiB}.as_double() / kBandwidth;
  const auto last_accepted = [](const std::vector<Writer>& writers) {
    double last_s = 0;
    for (const Writer& w : writers) last_s = std::max(last_s, w.accepted_s);
    return last_s;
  };
  std::vector<Writer> writers(8);
  for (std::size_t w = 0; w < writers.size(); ++w) {
    writers[w].offset = 1_MiB * w;
    writers[w].length = 1_MiB;
  }
  const std::vector<Writer> fresh = writers;
  ServerRun(one_server(2_MiB, kBandwidth)).write(writers);
  CHECK(last_accepted(writers) == Approx(10 * u).epsilon(1e-3));

  writers = fresh;
  LocalRun(own_disks(2_MiB, kBandwidth)).write(writers);
  CHECK(last_accepted(writers) == Approx(10 * u).epsilon(1e-3));
}

namespace {

// Reads of a file of 10 bytes: the last 3 when 8 are asked for, and nothing beyond the end.
kernel::Task read_beyond(Storage& storage, FileIndex file, std::vector<Bytes>& delivered,
                         Outcome& outcome) {
  const Caller caller{ClientIndex{0}, JobIndex{0}, 0};
  std::unique_ptr<OpenFile> open;
  co_await storage.open(caller, file, {}, open, outcome);
  for (const Bytes offset : {Bytes{7}, Bytes{10}, Bytes{50}}) {
    co_await storage.read(*open, offset, Bytes{8}, outcome);
    delivered.push_back(storage.totals().read_delivered);
  }
  co_await storage.close(std::move(open), outcome);
}

template <class R> void check_short_reads(R& run, Storage& storage) {
  std::vector<Bytes> delivered;
  Outcome outcome{};
  const FileIndex file = storage.place_file(kRootDirectory, Bytes{10});
  run.world.spawn(read_beyond(storage, file, delivered, outcome), {"reader", 0});
  run.finish();
  CHECK(outcome.ok());
  CHECK(delivered == std::vector<Bytes>(3, Bytes{3}));
}

} // namespace

TEST_CASE("a read beyond the end of a file is short, on every storage") {
  ServerRun server(one_server(2_MiB));
  check_short_reads(server, *server.storage);
  LocalRun local(own_disks(2_MiB));
  check_short_reads(local, *local.storage);
  ObjectRun objects(round_service(), {});
  check_short_reads(objects, objects.storage);
}

TEST_CASE("local disks: each host has its own file, and its own room for it") {
  // 4 MiB on each host. Both write 3 MiB of a name, which leaves room for 1 MiB more; a hole of
  // 10 MiB takes none.
  block::LocalSettings settings = own_disks(64_MiB);
  settings.volumes.capacity = 4_MiB;
  LocalRun run(settings);
  Storage& storage = *run.storage;
  const FileIndex same = storage.reserve_file(kRootDirectory);
  const FileIndex more = storage.reserve_file(kRootDirectory);
  const auto attempt = [&](std::uint32_t client, FileIndex file, Bytes offset, Bytes length) {
    Writer writer{.client = ClientIndex{client}, .offset = offset, .length = length};
    run.world.spawn(write_and_sync(run.world, storage, file, 0, writer), {"writer", client});
    run.finish();
    return writer.outcome.error;
  };
  const auto remove = [&](std::uint32_t client, FileIndex file) {
    Outcome outcome;
    run.world.spawn(storage.remove({ClientIndex{client}, JobIndex{0}, 0}, file, outcome),
                    {"remove", client});
    run.finish();
    return outcome.error;
  };
  for (const std::uint32_t client : {0U, 1U}) {
    CHECK(attempt(client, same, {}, 3_MiB) == StorageError::none);
    CHECK(attempt(client, same, {}, 3_MiB) == StorageError::none); // over it
    CHECK(attempt(client, more, {}, 2_MiB) == StorageError::no_space);
  }
  CHECK(attempt(1, same, 10_MiB, 1_MiB) == StorageError::none);
  CHECK(storage.file_size(same) == 11_MiB);
  CHECK(attempt(0, more, {}, 2_MiB) == StorageError::no_space); // what host 1 did is not its own
  CHECK(run.storage->usage().held_peak == 4_MiB);
  for (const std::uint32_t client : {0U, 1U}) {
    CHECK(remove(client, same) == StorageError::none);
    CHECK(attempt(client, more, {}, 4_MiB) == StorageError::none);
    CHECK(attempt(client, more, 4_MiB, 1_MiB) == StorageError::no_space);
  }
  CHECK(run.storage->usage().held_peak == 4_MiB);
}
