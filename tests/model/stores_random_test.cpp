// Random jobs on every kind of storage but Lustre: whatever they do, nothing is lost, the laws
// hold, and the same seed does the same.
#include "models/block/local_storage.hpp"
#include "models/fileserver/file_server.hpp"
#include "tests/model/object_fixture.hpp"

#include <functional>

using namespace lustrum;
using namespace lustrum::test;

namespace {

constexpr std::uint32_t kFiles = 40;
constexpr std::uint32_t kProcesses = 6;
constexpr std::uint32_t kClients = 2;

// Draws of one run.
struct Dice {
  std::uint64_t seed;
  std::uint64_t drawn = 0;
  std::uint64_t below(std::uint64_t n) {
    return random::below(n, seed, random::component("test.stores"), drawn++);
  }
};

struct Files {
  std::vector<FileIndex> placed;   // read, looked up, sometimes removed
  std::vector<FileIndex> reserved; // of each process: written
};

// Reads stretches of a file, in order or not.
kernel::Task read_some(Storage& storage, OpenFile& file, Dice& dice, Outcome& sum) {
  const bool in_order = dice.below(2) == 0;
  Bytes at{};
  for (std::uint64_t n = 1 + dice.below(6); n > 0; --n) {
    const Bytes size = storage.file_size(file.file());
    if (size == Bytes{}) co_return;
    if (!in_order || at >= size) at = Bytes{dice.below(size.count())};
    const Bytes length = std::min(size - at, Bytes{1 + dice.below(4 * kMib)});
    Outcome outcome;
    co_await storage.read(file, at, length, outcome);
    sum += outcome;
    at += length;
  }
}

kernel::Task write_some(Storage& storage, Caller caller, FileIndex file, Dice& dice, Outcome& sum) {
  std::unique_ptr<OpenFile> open;
  Outcome outcome;
  co_await storage.open(caller, file, {.write = true, .create = true, .truncate = true}, open,
                        outcome);
  Bytes at{};
  for (std::uint64_t n = dice.below(8); open && n > 0; --n) {
    const Bytes length{1 + dice.below(12 * kMib)};
    co_await storage.write(*open, at, length, outcome);
    at += length;
    if (dice.below(10) == 0) co_await storage.sync(*open, outcome);
  }
  if (open) co_await storage.close(std::move(open), outcome);
  sum += outcome;
}

// `sum.time` accounts for all the time until its end, `end_s`.
kernel::Task process(kernel::World& world, Storage& storage, Caller caller, const Files& files,
                     Dice& dice, Outcome& sum, double& end_s) {
  for (int call = 0; call < 30; ++call) {
    const FileIndex file = files.placed[dice.below(kFiles)];
    Outcome outcome;
    switch (dice.below(8)) {
    case 0:
      co_await storage.stat(caller, file, outcome);
      break;
    case 1:
      co_await write_some(storage, caller, files.reserved[caller.process], dice, outcome);
      break;
    case 2: {
      std::vector<FileIndex> found;
      co_await storage.list(caller, kRootDirectory, found, outcome);
      break;
    }
    case 3:
      if (dice.below(4) == 0)
        co_await storage.remove(caller, files.reserved[caller.process], outcome);
      break;
    default: {
      std::unique_ptr<OpenFile> open;
      co_await storage.open(caller, file, {}, open, outcome);
      if (open) co_await read_some(storage, *open, dice, outcome);
      if (open) co_await storage.close(std::move(open), outcome);
    }
    }
    sum += outcome;
  }
  end_s = world.now().count();
}

// Runs it, and returns the time of the end and the number of events.
template <class S>
std::pair<double, std::uint64_t> run_random(kernel::World& world, S& storage, std::uint64_t seed) {
  Dice sizes{seed};
  Files files;
  for (std::uint32_t f = 0; f < kFiles; ++f)
    files.placed.push_back(storage.place_file(kRootDirectory, Bytes{sizes.below(24 * kMib)}));
  for (std::uint32_t p = 0; p < kProcesses; ++p)
    files.reserved.push_back(storage.reserve_file(kRootDirectory));
  std::deque<Dice> dice;
  std::deque<Outcome> sums;
  std::deque<double> ends_s;
  for (std::uint32_t p = 0; p < kProcesses; ++p)
    world.spawn(process(world, storage, {ClientIndex{p % kClients}, JobIndex{0}, p}, files,
                        dice.emplace_back(Dice{random::mix_bits(seed + p + 1)}),
                        sums.emplace_back(), ends_s.emplace_back()),
                {"process", p});
  world.set_event_limit(5'000'000);
  world.run_all();
  if (world.failure()) std::rethrow_exception(world.failure());
  CAPTURE(seed);
  CHECK_MESSAGE(world.describe_waiting().find("process") == std::string::npos,
                world.describe_waiting());
  for (const std::string& problem : world.check_laws()) FAIL_CHECK(problem);
  for (const std::string& problem : storage.check_laws()) FAIL_CHECK(problem);
  const IoTotals t = storage.totals();
  CHECK(t.read_asked == t.read_delivered + t.read_failed);
  CHECK(t.write_asked == t.write_accepted + t.write_failed);
  CHECK(t.opens >= t.closes);
  // Every second of a process without pauses is put down to some cause.
  for (std::size_t p = 0; p < kProcesses; ++p)
    CHECK(sums[p].time.total() == doctest::Approx(ends_s[p]).epsilon(1e-9));
  return {world.now().count(), world.events()};
}

void same_twice(const std::function<std::pair<double, std::uint64_t>(std::uint64_t)>& run,
                std::uint64_t runs) {
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    const auto first = run(seed);
    if (seed % 5 == 0) CHECK(run(seed) == first);
  }
}

fabric::HostLinkSettings two_hosts(Dice& dice) {
  return {.clients = kClients,
          .nics = static_cast<std::uint32_t>(1 + dice.below(2)),
          .nic = BytesPerSecond{1e9},
          .ceiling = BytesPerSecond{dice.below(2) == 0 ? 0 : 1.5e9},
          .pcie = BytesPerSecond{dice.below(2) == 0 ? 0 : 1.2e9}};
}

std::pair<double, std::uint64_t> random_object_run(std::uint64_t seed) {
  using object::ClientSettings;
  Dice dice{seed * 7919};
  const fabric::HostLinkSettings hosts = two_hosts(dice);
  const BytesPerSecond target{1.25e9};
  std::vector<ClientSettings> clients{
      ClientSettings::naive(),
      ClientSettings::crt(target, hosts.nics),
      ClientSettings::mountpoint(target, hosts.nics),
      ClientSettings::s3_connector(dice.below(2) == 0),
      ClientSettings::sagemaker_fast_file(),
      ClientSettings::gcsfuse(dice.below(2) == 0 ? Bytes{} : 100_MiB)};
  ClientSettings client = clients[dice.below(clients.size())];
  if (dice.below(3) == 0) client.local_cache = Bytes{dice.below(200 * kMib)};
  if (dice.below(3) == 0) client.page_cache = Bytes{dice.below(200 * kMib)};
  if (dice.below(3) == 0) client.connections = 1 + static_cast<std::uint32_t>(dice.below(3));
  if (dice.below(3) == 0) client.in_flight = 1;
  object::ServiceSettings service = dice.below(2) == 0 ? object::ServiceSettings::s3_standard()
                                                       : object::ServiceSettings::s3_express();
  if (dice.below(2) == 0) {
    service.reads = service.writes = PerSecond{static_cast<double>(1 + dice.below(50))};
    service.split_after = Seconds{1};
  }
  ObjectRun run(service, with_client(client), hosts);
  return run_random(run.world, run.storage, seed);
}

} // namespace

TEST_CASE("random jobs: object stores") { same_twice(random_object_run, 60); }

TEST_CASE("random jobs: file servers") {
  using namespace fileserver;
  same_twice(
      [](std::uint64_t seed) {
        Dice dice{seed * 104'729};
        FileServerSettings settings;
        const std::vector<ServerSettings> servers{
            ServerSettings::efs_elastic(), ServerSettings::efs_bursting(1_GiB),
            ServerSettings::ontap(3), ServerSettings::openzfs(),
            ServerSettings::filestore_zonal(Bytes{kTib})};
        settings.server = servers[dice.below(servers.size())];
        settings.mount = with_defaults<MountSettings>(MountSettings::parameters());
        settings.mount.in_flight = 1 + static_cast<std::uint32_t>(dice.below(8));
        settings.mount.connections = 1 + static_cast<std::uint32_t>(dice.below(4));
        settings.mount.dirty_limit = Bytes{4096 + dice.below(32 * kMib)};
        if (dice.below(2) == 0) settings.mount.page_cache = Bytes{dice.below(300 * kMib)};
        if (dice.below(2) == 0) settings.mount.read_ahead = Bytes{};
        kernel::World world;
        const fabric::HostLinks links(world, two_hosts(dice));
        FileServer storage(world, links, settings);
        return run_random(world, storage, seed);
      },
      40);
}

TEST_CASE("random jobs: local disks") {
  using namespace block;
  same_twice(
      [](std::uint64_t seed) {
        Dice dice{seed * 1'299'709};
        auto settings = with_defaults<LocalSettings>(LocalSettings::parameters());
        settings.volumes = with_defaults<VolumeSettings>(VolumeSettings::parameters());
        settings.volumes.volumes = 1 + static_cast<std::uint32_t>(dice.below(5));
        settings.volumes.read = BytesPerSecond{1e8 * static_cast<double>(1 + dice.below(10))};
        if (dice.below(2) == 0) settings.volumes.set_rate = BytesPerSecond{3e8};
        if (dice.below(2) == 0) settings.volumes.capacity = 300_MiB;
        if (dice.below(2) == 0) settings.page_cache = Bytes{dice.below(300 * kMib)};
        settings.dirty_limit = Bytes{dice.below(32 * kMib)};
        kernel::World world;
        const fabric::HostLinks links(world, two_hosts(dice));
        LocalStorage storage(world, links, settings, 1);
        return run_random(world, storage, seed);
      },
      40);
}

namespace {

// The time of one fixed job: six processes read their files in calls of 1 MiB, twice.
double fixed_object_job(const object::ServiceSettings& service,
                        const object::ClientSettings& client, const fabric::HostLinkSettings& hosts,
                        std::uint64_t seed) {
  ObjectRun run(service, with_client(client), hosts);
  Dice sizes{seed};
  for (std::uint32_t p = 0; p < kProcesses; ++p) {
    std::vector<FileIndex> files;
    files.reserve(16);
    for (int f = 0; f < 8; ++f)
      files.push_back(run.storage.place_file(kRootDirectory, Bytes{1 + sizes.below(32 * kMib)}));
    files.insert(files.end(), files.begin(), files.end());
    run.start_reading({ClientIndex{p % kClients}, JobIndex{0}, p}, files, 1_MiB);
  }
  return run.finish();
}

} // namespace

TEST_CASE("faster parts never make an object store's job slower") {
  // Latencies are constants here: a draw belongs to the n-th request, whichever that is. 3 %:
  // shares of a rate are handed out as requests come, and an order that is lucky for one job need
  // not be for another.
  using object::ClientSettings;
  constexpr double kTolerance = 1.03;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Dice dice{seed * 31'337};
    const BytesPerSecond target{1.25e9};
    const ClientSettings client =
        dice.below(2) == 0 ? ClientSettings::mountpoint(target) : ClientSettings::crt(target);
    const object::ServiceSettings service = round_service();
    const fabric::HostLinkSettings hosts{.clients = kClients, .nic = BytesPerSecond{1e9}};
    const double before_s = fixed_object_job(service, client, hosts, seed);
    fabric::HostLinkSettings faster_nic = hosts;
    faster_nic.nic = BytesPerSecond{2e9};
    ClientSettings more_connections = client;
    more_connections.connections = 2 * client.connections;
    object::ServiceSettings sooner = service;
    sooner.get = {Seconds{0.005}, Seconds{0.005}};
    object::ServiceSettings faster = service;
    faster.connection_rate = BytesPerSecond{200e6};
    CAPTURE(seed);
    CHECK(fixed_object_job(service, client, faster_nic, seed) <= before_s * kTolerance);
    CHECK(fixed_object_job(service, more_connections, hosts, seed) <= before_s * kTolerance);
    CHECK(fixed_object_job(sooner, client, hosts, seed) <= before_s * kTolerance);
    CHECK(fixed_object_job(faster, client, hosts, seed) <= before_s * kTolerance);
  }
}
