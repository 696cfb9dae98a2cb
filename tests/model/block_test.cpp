// Local disks and network volumes: striping, limits, burst credit, copying in, checkpoints.
#include "models/block/copy_in.hpp"
#include "tests/model/object_fixture.hpp"

using namespace lustrum;
using namespace lustrum::block;
using namespace lustrum::test;
using doctest::Approx;

namespace {

const Caller kCaller{ClientIndex{0}, JobIndex{0}, 0};
constexpr Bytes kGigabyte{1'000'000'000};

// Volumes of 1 GB/s for reads, half of that for writes, without any other cost.
LocalSettings round_disks(std::uint32_t volumes = 1) {
  auto s = with_defaults<LocalSettings>(LocalSettings::parameters());
  s.volumes = with_defaults<VolumeSettings>(VolumeSettings::parameters());
  s.volumes.volumes = volumes;
  s.volumes.read = BytesPerSecond{1e9};
  s.volumes.write = BytesPerSecond{0.5e9};
  s.volumes.read_iops = s.volumes.write_iops = {};
  s.volumes.latency = {};
  s.metadata_latency = {};
  s.copy_rate = {};
  return s;
}

struct LocalRun {
  explicit LocalRun(
      const LocalSettings& settings,
      const fabric::HostLinkSettings& link_settings = {.nic = BytesPerSecond{kBoundless}})
      : links(world, link_settings), storage(world, links, settings, 1) {}

  double finish() {
    world.run_all();
    if (world.failure()) std::rethrow_exception(world.failure());
    const std::vector<std::string> broken = world.check_laws();
    CHECK_MESSAGE(broken.empty(), (broken.empty() ? "" : broken.front()));
    const std::vector<std::string> laws = storage.check_laws();
    CHECK_MESSAGE(laws.empty(), (laws.empty() ? "" : laws.front()));
    return world.now().count();
  }
  kernel::Task read(Caller caller, FileIndex file, Bytes call, Outcome& outcome) {
    std::unique_ptr<OpenFile> open;
    co_await storage.open(caller, file, {}, open, outcome);
    const Bytes size = storage.file_size(file);
    for (Bytes at{}; open && at < size; at += std::min(call, size - at))
      co_await storage.read(*open, at, std::min(call, size - at), outcome);
    if (open) co_await storage.close(std::move(open), outcome);
  }
  kernel::Task write(Caller caller, FileIndex file, Bytes size, Bytes call, double& accepted_s,
                     Outcome& outcome) {
    std::unique_ptr<OpenFile> open;
    co_await storage.open(caller, file, {.write = true, .create = true}, open, outcome);
    for (Bytes at{}; at < size && outcome.ok(); at += std::min(call, size - at))
      co_await storage.write(*open, at, std::min(call, size - at), outcome);
    accepted_s = world.now().count();
    co_await storage.sync(*open, outcome);
    co_await storage.close(std::move(open), outcome);
  }

  kernel::World world;
  fabric::HostLinks links;
  LocalStorage storage;
};

} // namespace

TEST_CASE("block: large accesses run on all volumes, up to the instance's limit") {
  // 003-16: four volumes of 1.2 GB/s make 4.8 GB/s, or what the instance lets through. 8 GiB are
  // 4096 chunks of 512 KiB on each of four volumes.
  for (const double limit : {0.0, 3e9}) {
    LocalSettings settings = round_disks(4);
    settings.volumes.read = BytesPerSecond{1.2e9};
    settings.volumes.set_rate = BytesPerSecond{limit};
    LocalRun run(settings);
    const FileIndex file = run.storage.place_file(kRootDirectory, 8_GiB);
    Outcome outcome;
    run.world.spawn(run.read(kCaller, file, 8_GiB, outcome), {"reader", 0});
    const double rate = Bytes{8_GiB}.as_double() / run.finish();
    CHECK(rate == Approx(limit > 0 ? 3e9 : 4.8e9).epsilon(1e-6));
    CHECK(rate <= run.storage.read_bound(8_GiB).capacity.count() * (1 + 1e-9));
    CHECK(outcome.time[Cause::disk] > 0);
  }
}

TEST_CASE("block: a small access runs on one volume") {
  LocalRun run(round_disks(4));
  const FileIndex file = run.storage.place_file(kRootDirectory, 512_KiB);
  Outcome outcome;
  run.world.spawn(run.read(kCaller, file, 512_KiB, outcome), {"reader", 0});
  CHECK(run.finish() == Approx(524'288 / 1e9));
}

TEST_CASE("block: pieces that do not begin or end with a chunk lose nothing") {
  // Every stretch of a file, at any alignment, is moved once: the volumes' stations say so.
  for (const std::uint64_t call : {100'000ULL, 524'288ULL, 700'001ULL, 5'000'000ULL}) {
    LocalRun run(round_disks(3));
    const FileIndex file = run.storage.place_file(kRootDirectory, Bytes{12'345'678});
    Outcome outcome;
    run.world.spawn(run.read(kCaller, file, Bytes{call}, outcome), {"reader", 0});
    run.finish();
    CHECK(run.storage.volume_usage().read == Bytes{12'345'678});
  }
}

TEST_CASE("block: operations per second") {
  // 3000 IOPS, operations of up to 256 KiB: 10,000 reads of 4 KiB take (10,000 - 300)/3000 s with a
  // tenth of a second saved up; reads of 1 MiB count as four.
  for (const Bytes call : {4_KiB, 1_MiB}) {
    LocalSettings settings = round_disks();
    settings.volumes.read = BytesPerSecond{kBoundless};
    settings.volumes.read_iops = PerSecond{3000};
    settings.volumes.chunk = 1_MiB;
    LocalRun run(settings);
    const FileIndex file = run.storage.place_file(kRootDirectory, call * 10'000);
    Outcome outcome;
    run.world.spawn(run.read(kCaller, file, call, outcome), {"reader", 0});
    const double operations = call == 4_KiB ? 10'000 : 40'000;
    CHECK(run.finish() == Approx((operations - 300) / 3000).epsilon(1e-3));
    CHECK(run.storage.volume_usage().reads == static_cast<std::uint64_t>(operations));
    CHECK(outcome.time[Cause::throttle] > 0);
  }
}

TEST_CASE("block: burst credit lasts C/(b - r), then the baseline") {
  // L16: baseline 150, burst 600 MB/s, credit 450 GB: 1000 s at 600, then 150. 750 GB take 1000 s
  // for 600 GB and 1000 s for the rest.
  LocalSettings settings = round_disks();
  settings.volumes.set_rate = BytesPerSecond{600e6};
  settings.volumes.baseline = BytesPerSecond{150e6};
  settings.volumes.credit = settings.volumes.initial_credit = kGigabyte * 450;
  LocalRun run(settings);
  const FileIndex file = run.storage.place_file(kRootDirectory, kGigabyte * 750);
  Outcome outcome;
  run.world.spawn(run.read(kCaller, file, Bytes{10'000'000}, outcome), {"reader", 0});
  CHECK(run.finish() == Approx(2000).epsilon(1e-3));
}

TEST_CASE("block: a working set in memory is read once from disk, a larger one every time") {
  for (const std::uint64_t files : {8U, 9U}) {
    LocalSettings settings = round_disks();
    settings.page_cache = 8_MiB;
    LocalRun run(settings);
    std::vector<FileIndex> placed;
    for (std::uint64_t f = 0; f < files; ++f)
      placed.push_back(run.storage.place_file(kRootDirectory, 1_MiB));
    Outcome outcome;
    const auto epochs = [](LocalRun& r, std::vector<FileIndex> set, Outcome& o) -> kernel::Task {
      for (int epoch = 0; epoch < 5; ++epoch)
        for (const FileIndex file : set) co_await r.read(kCaller, file, 1_MiB, o);
    };
    run.world.spawn(epochs(run, placed, outcome), {"epochs", 0});
    run.finish();
    CHECK(run.storage.totals().read_cached == (files == 8 ? 32_MiB : 0_B));
    CHECK(run.storage.totals().read_fetched == (files == 8 ? 8_MiB : 45_MiB));
  }
}

TEST_CASE("block: writers run ahead of the disks by the dirty limit") {
  // 10 GB at once into memory of which 1 GB may be dirty, disks of 0.5 GB/s for writes: accepted
  // when 9 GB are on disk (18 s), synced after 20 s.
  LocalSettings settings = round_disks();
  settings.dirty_limit = kGigabyte;
  settings.write_back = Bytes{10'000'000};
  LocalRun run(settings);
  const FileIndex file = run.storage.reserve_file(kRootDirectory);
  Outcome outcome;
  double accepted_s = 0;
  run.world.spawn(run.write(kCaller, file, kGigabyte * 10, Bytes{10'000'000}, accepted_s, outcome),
                  {"writer", 0});
  CHECK(run.finish() == Approx(20).epsilon(1e-6));
  CHECK(accepted_s == Approx(18).epsilon(0.002));
  CHECK(outcome.time[Cause::write_back] == Approx(20).epsilon(1e-6));
  CHECK(run.storage.totals().write_stored == kGigabyte * 10);
}

TEST_CASE("block: a disk that is full") {
  LocalSettings settings = round_disks();
  settings.volumes.capacity = 10_MiB;
  LocalRun run(settings);
  Outcome outcome;
  double accepted_s = 0;
  run.world.spawn(run.write(kCaller, run.storage.reserve_file(kRootDirectory), 16_MiB, 1_MiB,
                            accepted_s, outcome),
                  {"writer", 0});
  run.finish();
  CHECK(outcome.error == StorageError::no_space);
  CHECK(run.storage.totals().write_accepted == 10_MiB);
}

namespace {

// An object store, local disks on the same hosts, and a copy from one to the other.
struct CopyRun : ObjectRun {
  CopyRun(const object::ClientSettings& client, const LocalSettings& disks,
          const fabric::HostLinkSettings& link_settings)
      : ObjectRun(round_service(), in_parts_of_8_mib(client), link_settings),
        local(world, links, disks, 1) {}

  static object::ObjectStorageSettings in_parts_of_8_mib(const object::ClientSettings& client) {
    object::ObjectStorageSettings s = with_client(client);
    s.stored_part = 8_MiB;
    return s;
  }
  double copy(std::uint32_t count, Bytes size, CopyInSettings settings) {
    for (std::uint32_t f = 0; f < count; ++f)
      files.push_back(
          {storage.place_file(kRootDirectory, size), local.place_file(kRootDirectory, size)});
    world.spawn(copy_in(world, storage, local, files, ClientIndex{0}, links.settings().clients,
                        settings, JobIndex{0}, result),
                {"copy in", 0});
    finish();
    const std::vector<std::string> laws = local.check_laws();
    CHECK_MESSAGE(laws.empty(), (laws.empty() ? "" : laws.front()));
    return result.longest.count();
  }

  LocalStorage local;
  std::vector<CopyFile> files;
  CopyInResult result;
};

LocalSettings empty_disks(double write_rate) {
  LocalSettings s = round_disks();
  s.placed_is_absent = true;
  s.volumes.write = BytesPerSecond{write_rate};
  return s;
}

} // namespace

TEST_CASE("block: copying in takes as long as the slower of download and disk") {
  // 100 files of 100 MB, eight at once over the Common Runtime's 25 connections of 100 MB/s: 2.5
  // GB/s less first bytes; a disk of 0.5 GB/s makes it 20 s, and one of 10 GB/s leaves the
  // download.
  for (const double disk : {0.5e9, 10e9}) {
    CopyRun run(object::ClientSettings::crt(BytesPerSecond{10e9 / 8}), empty_disks(disk),
                {.nic = BytesPerSecond{10e9}});
    const double seconds = run.copy(100, Bytes{100'000'000}, {.files_at_once = 8, .piece = 8_MiB});
    const double download_s = 10e9 / 2.5e9 * 0.0989 / 0.0839;
    if (disk < 1e9)
      CHECK(seconds == Approx(20).epsilon(0.03));
    else
      CHECK(seconds == Approx(download_s).epsilon(0.05));
    CHECK(run.result.copied == Bytes{10'000'000'000});
    CHECK(run.local.has(ClientIndex{0}, run.files[99].local));
  }
}

TEST_CASE("block: small files are copied at overhead, not at rate") {
  // 1000 files of 39 KB, one connection: 15 ms + 0.39 ms each, whatever disk and NIC can do.
  CopyRun run(object::ClientSettings::naive(), empty_disks(1e9), {.nic = BytesPerSecond{10e9}});
  CHECK(run.copy(1000, Bytes{39'000}, {.files_at_once = 1, .piece = 8_MiB}) ==
        Approx(1000 * 0.01539).epsilon(0.01));
}

TEST_CASE("block: every client gets all files, or its shard") {
  for (const bool shards : {false, true}) {
    CopyRun run(object::ClientSettings::naive(), empty_disks(1e9),
                {.clients = 4, .nic = BytesPerSecond{10e9}});
    run.copy(8, 1_MiB, {.files_at_once = 2, .piece = 1_MiB, .shards = shards});
    CHECK(run.result.copied == (shards ? 8_MiB : 32_MiB));
    CHECK(run.local.has(ClientIndex{1}, run.files[5].local));
    CHECK(run.local.has(ClientIndex{1}, run.files[4].local) == !shards);
  }
}

TEST_CASE("block: what does not fit is not copied") {
  LocalSettings disks = empty_disks(1e9);
  disks.volumes.capacity = 5_MiB;
  CopyRun run(object::ClientSettings::naive(), disks, {.nic = BytesPerSecond{10e9}});
  run.copy(8, 1_MiB, {.files_at_once = 1, .piece = 1_MiB});
  CHECK(run.result.failed == 3);
  CHECK(run.local.usage().held_peak == 5_MiB);
}

TEST_CASE("block: disk and NIC share the bus") {
  // Reads of the disk and bodies that arrive both go up: a bus of 1.5 GB/s under a NIC of 1 GB/s
  // and a disk of 1 GB/s. 1 GB each: 3/4 GB/s for either until both are through.
  const BytesPerSecond gigabyte{1e9};
  CopyRun run(object::ClientSettings::crt(BytesPerSecond{100e9 / 8}), round_disks(),
              {.nic = gigabyte, .pcie = BytesPerSecond{1.5e9}});
  const FileIndex file = run.local.place_file(kRootDirectory, kGigabyte);
  const auto read_local = [](CopyRun& r, FileIndex f) -> kernel::Task {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await r.local.open(kCaller, f, {}, open, outcome);
    co_await r.local.read(*open, {}, kGigabyte, outcome);
    co_await r.local.close(std::move(open), outcome);
  };
  run.world.spawn(read_local(run, file), {"local", 0});
  run.start_reading(kCaller, run.place(1, kGigabyte));
  CHECK(run.finish() == Approx(2e9 / 1.5e9).epsilon(0.02));
}

TEST_CASE("block: a checkpoint is faster to S3 than to one SSD of few lanes") {
  // 004-1: one local SSD of 1.6 GB/s (PCIe lanes or its own writes) against a NIC of 100 Gbit/s and
  // 25 connections of 100 MB/s: t_ssd = size/1.6, t_s3 = size/min(12.5, 2.5): 36 % less time for
  // 50 GB, and about that once overheads are counted. With all eight SSDs it is the other way
  // round.
  constexpr std::uint64_t kSize = 50;
  const auto to_disks = [](std::uint32_t disks) {
    LocalSettings settings = round_disks(disks);
    settings.volumes.write = BytesPerSecond{1.6e9};
    settings.dirty_limit = kGigabyte;
    LocalRun run(settings);
    Outcome outcome;
    double accepted_s = 0;
    run.world.spawn(run.write(kCaller, run.storage.reserve_file(kRootDirectory), kGigabyte * kSize,
                              32_MiB, accepted_s, outcome),
                    {"writer", 0});
    return run.finish();
  };
  ObjectRun store(round_service(),
                  with_client(object::ClientSettings::crt(BytesPerSecond{10e9 / 8})),
                  {.nic = BytesPerSecond{12.5e9}});
  const Outcome& outcome = store.start_writing(kCaller, store.storage.reserve_file(kRootDirectory),
                                               kGigabyte * kSize, 32_MiB);
  const double s3_s = store.finish();
  CHECK(outcome.ok());
  CHECK(to_disks(1) == Approx(kSize / 1.6).epsilon(0.01));
  // A part: 83.9 ms on the wire and 20 ms for its answer.
  CHECK(s3_s == Approx(kSize / 2.5 * (0.0839 + 0.020) / 0.0839).epsilon(0.01));
  CHECK(s3_s < to_disks(1));
  CHECK(s3_s > to_disks(8));
}

TEST_CASE("block: the journal of a host takes so many changes a second, and reads none") {
  // 16 processes create 100 files each where a journal takes 1,000 changes a second: 1.6 s. Two
  // hosts have a journal each. Opening them again takes nothing.
  LocalSettings settings = round_disks();
  settings.changes = PerSecond{1000};
  LocalRun run(settings, {.clients = 2, .nic = BytesPerSecond{kBoundless}});
  std::vector<FileIndex> files;
  files.reserve(1600);
  for (int f = 0; f < 1600; ++f) files.push_back(run.storage.reserve_file(kRootDirectory));
  const auto open_all = [&](Caller caller, std::uint32_t first) -> kernel::Task {
    Outcome outcome;
    for (std::uint32_t f = first; f < first + 100; ++f) {
      std::unique_ptr<OpenFile> open;
      co_await run.storage.open(caller, files[f], {.write = true, .create = true}, open, outcome);
      co_await run.storage.close(std::move(open), outcome);
    }
    CHECK(outcome.ok());
  };
  for (const double seconds : {1.6, 1.6}) {
    for (std::uint32_t c = 0; c < 2; ++c)
      for (std::uint32_t p = 0; p < 16; ++p)
        run.world.spawn(open_all({ClientIndex{c}, JobIndex{0}, p}, 100 * p), {"creator", p});
    CHECK(run.finish() == Approx(seconds));
  }
}
