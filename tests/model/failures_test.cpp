// What failures cost, in closed form: L19 and L20 of the limit tests, and what is lost.
#include "models/lustre/faults.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>
#include <utility>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;
using doctest::Approx;
using kernel::Task;

namespace {

// When the calls of a process ended, and what came of them.
struct Journal {
  std::vector<double> end_s;
  std::vector<StorageError> errors;
  bool all_ok() const {
    return std::ranges::all_of(errors, [](StorageError e) { return e == StorageError::none; });
  }
};

// A world with a file system whose data paths take no time besides what a test asks for.
struct Machine {
  kernel::World world;
  Filesystem fs;
  kernel::DelayStation& clock;
  explicit Machine(const FilesystemSettings& settings)
      : fs(world, settings), clock(world.add_delay({"test", "test"})) {}

  void finish() {
    world.run_all();
    for (const std::string& problem : fs.check_laws()) FAIL_CHECK(problem);
    for (const std::string& problem : world.check_laws()) FAIL_CHECK(problem);
  }
};

struct Step {
  Seconds at{};    // not before
  char what = 'r'; // read, write, sync
  Bytes offset{};
  Bytes length{};
};

Task play(Machine& machine, ClientIndex client, FileIndex file, OpenMode mode,
          std::vector<Step> steps, Journal& journal) {
  Outcome opening;
  std::unique_ptr<OpenFile> open;
  co_await machine.fs.open({client, {}, 0}, file, mode, open, opening);
  for (const Step& step : steps) {
    if (step.at > machine.world.now())
      co_await machine.world.delay(machine.clock, step.at - machine.world.now());
    Outcome outcome;
    if (step.what == 'w') co_await machine.fs.write(*open, step.offset, step.length, outcome);
    if (step.what == 'r') co_await machine.fs.read(*open, step.offset, step.length, outcome);
    if (step.what == 's') co_await machine.fs.sync(*open, outcome);
    journal.end_s.push_back(machine.world.now().count());
    journal.errors.push_back(outcome.error);
  }
  co_await machine.fs.close(std::move(open), opening);
}

void run(Machine& machine, std::uint32_t client, FileIndex file, std::vector<Step> steps,
         Journal& journal) {
  machine.world.spawn(
      play(machine, ClientIndex{client}, file, {.write = true}, std::move(steps), journal),
      {"process", client});
}

std::vector<FaultEvent> run_with(Machine& machine, std::vector<Fault> faults) {
  Faults all(machine.world, machine.fs, std::move(faults), 1);
  all.start();
  machine.finish();
  return all.events();
}

FilesystemSettings of_clients(std::uint32_t clients) {
  FilesystemSettings settings = ideal_filesystem();
  settings.fabric.clients = clients;
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{1e-4};
  return settings;
}

Fault fault(FaultKind kind, double at_s, std::uint32_t component, double duration_s = 0) {
  return {
      .kind = kind, .at = Seconds{at_s}, .component = component, .duration = Seconds{duration_s}};
}

} // namespace

TEST_CASE("L19: an OST failover costs takeover and reconnection; a dead client the whole window") {
  // The OST fails at 100 s, takeover H = 30 s. A read that meets it waits until it has recovered:
  // all clients alive, H + 41 ms of notification; client 1 dead since 99 s, H + 150 s with
  // imperative recovery and H + 300 s without.
  const auto resumes_s = [](bool imperative, bool one_dead) {
    FilesystemSettings settings = of_clients(3);
    settings.recovery.imperative = imperative;
    Machine machine(settings);
    const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{8 * kMib});
    Journal journal;
    run(machine, 0, file, {{Seconds{101}, 'r', Bytes{}, Bytes{kMib}}}, journal);
    std::vector<Fault> faults{fault(FaultKind::ost_failover, 100, 0)};
    if (one_dead) faults.push_back(fault(FaultKind::client_dead, 99, 1));
    const auto events = run_with(machine, faults);
    CHECK(journal.all_ok());
    const FaultEvent& failover = events.back();
    CHECK(failover.detected == Seconds{130});
    CHECK(failover.clients_evicted == (one_dead ? 1 : 0));
    CHECK(failover.recovered->count() == Approx(journal.end_s[0]).epsilon(1e-4));
    return journal.end_s[0] - 100;
  };
  CHECK(resumes_s(true, false) == Approx(30.041).epsilon(1e-4));
  CHECK(resumes_s(true, true) == Approx(180).epsilon(1e-4));
  CHECK(resumes_s(false, true) == Approx(330).epsilon(1e-4));
  const double by_retries_s = resumes_s(false, false);
  CHECK(by_retries_s > 30);
  CHECK(by_retries_s < 80);
}

TEST_CASE("L20: who waits for a hung client's lock goes on after 100 s") {
  // Client 0 holds PW with dirty data and hangs at 10 s for 1,000 s. Client 1 reads the same bytes
  // at 20 s: its request calls the lock back, nobody answers, client 0 is evicted 100 s later. Its
  // megabyte, never synced, is lost, and its next sync says so.
  Machine machine(of_clients(2));
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{8 * kMib});
  Journal hung;
  Journal reader;
  run(machine, 0, file,
      {{Seconds{9}, 'w', Bytes{}, Bytes{kMib}}, {Seconds{11}, 's'}, {Seconds{}, 's'}}, hung);
  run(machine, 1, file, {{Seconds{20}, 'r', Bytes{}, Bytes{kMib}}}, reader);
  const auto events = run_with(machine, {fault(FaultKind::client_hang, 10, 0, 1000)});
  CHECK(reader.all_ok());
  CHECK(reader.end_s[0] == Approx(120).epsilon(1e-4));
  CHECK(hung.errors == std::vector{StorageError::none, StorageError::io, StorageError::none});
  CHECK(hung.end_s[1] == Approx(1010).epsilon(1e-4));
  REQUIRE(events.size() == 1);
  CHECK(events[0].lost == Bytes{kMib});
  CHECK(machine.fs.totals().write_lost == Bytes{kMib});
}

TEST_CASE("L20: a client that is silent for 150 s is evicted though nobody wants its locks") {
  Machine machine(of_clients(2));
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{8 * kMib});
  Journal dead;
  Journal reader;
  run(machine, 0, file, {{Seconds{9}, 'w', Bytes{}, Bytes{kMib}}, {Seconds{11}, 's'}}, dead);
  // After the eviction the lock is free: no wait.
  run(machine, 1, file, {{Seconds{161}, 'r', Bytes{}, Bytes{kMib}}}, reader);
  const auto events = run_with(machine, {fault(FaultKind::client_dead, 10, 0)});
  REQUIRE(events.size() == 1);
  CHECK(events[0].detected->count() == Approx(160));
  CHECK_FALSE(events[0].recovered);
  CHECK(events[0].clients_evicted == 1);
  CHECK(events[0].lost == Bytes{kMib});
  CHECK(dead.errors[1] == StorageError::io);
  CHECK(reader.end_s[0] == Approx(161).epsilon(1e-4));
}

TEST_CASE("a hung client that wakes answers its callback at once and keeps its data") {
  // As in L20, but awake again at 50 s: the reader goes on then, and nothing is lost.
  Machine machine(of_clients(2));
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{8 * kMib});
  Journal hung;
  Journal reader;
  run(machine, 0, file, {{Seconds{9}, 'w', Bytes{}, Bytes{kMib}}, {Seconds{11}, 's'}}, hung);
  run(machine, 1, file, {{Seconds{20}, 'r', Bytes{}, Bytes{kMib}}}, reader);
  const auto events = run_with(machine, {fault(FaultKind::client_hang, 10, 0, 40)});
  CHECK(hung.all_ok());
  CHECK(reader.all_ok());
  CHECK(reader.end_s[0] == Approx(50).epsilon(1e-4));
  CHECK(events[0].clients_evicted == 0);
  CHECK(machine.fs.totals().write_lost == Bytes{});
  CHECK(machine.fs.totals().write_stored == Bytes{kMib});
}

TEST_CASE("what is synced survives an eviction, what is not is lost and counted") {
  // 3 MiB synced, 2 MiB not, evicted at 10 s: 2 MiB lost, reported by the next sync of this open
  // file, and by no other after that.
  Machine machine(of_clients(1));
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{});
  Journal journal;
  run(machine, 0, file,
      {{Seconds{1}, 'w', Bytes{}, Bytes{3 * kMib}},
       {Seconds{2}, 's'},
       {Seconds{3}, 'w', Bytes{3 * kMib}, Bytes{2 * kMib}},
       {Seconds{11}, 's'},
       {Seconds{12}, 'w', Bytes{3 * kMib}, Bytes{2 * kMib}},
       {Seconds{13}, 's'}},
      journal);
  const auto events = run_with(machine, {fault(FaultKind::client_evict, 10, 0)});
  using enum StorageError;
  CHECK(journal.errors == std::vector{none, none, none, io, none, none});
  CHECK(machine.fs.totals().write_lost == Bytes{2 * kMib});
  CHECK(machine.fs.totals().write_stored == Bytes{5 * kMib});
  CHECK(events[0].lost == Bytes{2 * kMib});
}

TEST_CASE("property: a page is lost if an eviction comes before its sync, and only then") {
  // One step every 0.1 s: a page of its own is written, or a sync, or an eviction. 60 steps end
  // long before anything is written back for its age (30 s) or for a full RPC (1,024 pages).
  CHECK(rc::check("evictions between writes and syncs", [] {
    enum class What : std::uint8_t { write, sync, evict };
    const auto whats =
        *rc::gen::resize(60, rc::gen::container<std::vector<What>>(rc::gen::weightedElement<What>(
                                 {{6, What::write}, {2, What::sync}, {1, What::evict}})));
    constexpr std::uint64_t kPageBytes = 4096;
    std::vector<Step> steps;
    std::vector<Fault> faults;
    std::vector<StorageError> expected;
    std::uint64_t pages = 0;
    std::uint64_t unsynced = 0;
    std::uint64_t lost = 0;
    bool loss_unreported = false;
    for (std::size_t i = 0; i < whats.size(); ++i) {
      const double at_s = 1 + 0.1 * static_cast<double>(i);
      if (whats[i] == What::evict) {
        faults.push_back(fault(FaultKind::client_evict, at_s, 0));
        loss_unreported = loss_unreported || unsynced > 0;
        lost += std::exchange(unsynced, 0);
      } else if (whats[i] == What::write) {
        steps.push_back({Seconds{at_s}, 'w', Bytes{kPageBytes * pages++}, Bytes{kPageBytes}});
        expected.push_back(StorageError::none);
        ++unsynced;
      } else {
        steps.push_back({Seconds{at_s}, 's'});
        expected.push_back(std::exchange(loss_unreported, false) ? StorageError::io
                                                                 : StorageError::none);
        unsynced = 0;
      }
    }
    steps.push_back({Seconds{20}, 's'});
    expected.push_back(loss_unreported ? StorageError::io : StorageError::none);
    FilesystemSettings settings = of_clients(1);
    settings.layout = striped(1);
    Machine machine(settings);
    Journal journal;
    run(machine, 0, machine.fs.place_file(kRootDirectory, Bytes{}), steps, journal);
    run_with(machine, faults);
    RC_ASSERT(journal.errors == expected);
    RC_ASSERT(machine.fs.totals().write_lost == Bytes{kPageBytes * lost});
    RC_ASSERT(machine.fs.totals().write_stored == Bytes{kPageBytes * (pages - lost)});
  }));
}

TEST_CASE("the partner of a failed OSS serves both shares of OSTs") {
  // Two OSSs with a NIC of 1 GiB/s, one OST each, one client reading from each. 60 GiB a client
  // take 60 s. OSS 0 fails at 20 s with a takeover of 10 s and is not back in this run. Until 30 s
  // only OSS 1 works, 30 GiB; then it serves both at 0.5 GiB/s each: client 1 has 30 GiB left and
  // needs until 90 s, client 0 has 40 GiB left, 10 of them after client 1 is done: 100 s.
  FilesystemSettings settings = of_clients(2);
  settings.fabric.servers = 2;
  settings.fabric.server_nic = BytesPerSecond{static_cast<double>(kGib)};
  settings.recovery.notification = {};
  settings.layout = striped(1);
  Machine machine(settings);
  std::vector<Journal> journals(2);
  for (std::uint32_t c = 0; c < 2; ++c)
    run(machine, c, machine.fs.place_file(kRootDirectory, Bytes{60 * kGib}),
        {{Seconds{}, 'r', Bytes{}, Bytes{60 * kGib}}}, journals[c]);
  Fault failover = fault(FaultKind::oss_failover, 20, 0);
  failover.takeover = Seconds{10};
  run_with(machine, {failover});
  const double first_s = journals[0].end_s[0];
  const double second_s = journals[1].end_s[0];
  CHECK(std::min(first_s, second_s) == Approx(90).epsilon(0.005));
  CHECK(std::max(first_s, second_s) == Approx(100).epsilon(0.005));
}

TEST_CASE("an MDT failover holds opens and spares what is open") {
  // The MDT is away from 10 s to 40.041 s: a stat at 11 s waits for it, a read at 12 s does not.
  Machine machine(of_clients(2));
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{8 * kMib});
  Journal reads;
  Journal opens;
  run(machine, 0, file, {{Seconds{12}, 'r', Bytes{}, Bytes{kMib}}}, reads);
  machine.world.spawn(
      [](Machine& m, FileIndex f, Journal& journal) -> Task {
        co_await m.world.delay(m.clock, Seconds{11});
        Outcome outcome;
        co_await m.fs.stat({ClientIndex{1}, {}, 0}, f, outcome);
        journal.end_s.push_back(m.world.now().count());
        CHECK(outcome.time[Cause::failure] == Approx(29.041));
      }(machine, file, opens),
      {"stat", 0});
  run_with(machine, {fault(FaultKind::mdt_failover, 10, 0)});
  CHECK(reads.end_s[0] == Approx(12).epsilon(1e-4));
  CHECK(opens.end_s[0] == Approx(40.041).epsilon(1e-4));
}

TEST_CASE("a callback that timed out while its MDT was away is heard by the client that wakes") {
  // Client 0 has the attributes in mind and hangs from 10 s to 130 s. Client 1 truncates at 20 s:
  // the callback would time out at 120 s, but the MDT is away from 110 s to 170.041 s and evicts
  // nobody. Client 0 answers when it wakes, so the truncate waits for the MDT's reply only.
  Machine machine(of_clients(2));
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{8 * kMib});
  double end_s = 0;
  machine.world.spawn(
      [](Machine& m, FileIndex f, double& truncated_s) -> Task {
        Outcome outcome;
        co_await m.fs.stat({ClientIndex{0}, {}, 0}, f, outcome);
        co_await m.world.delay(m.clock, Seconds{20});
        co_await m.fs.truncate({ClientIndex{1}, {}, 0}, f, Bytes{kMib}, outcome);
        CHECK(outcome.ok());
        truncated_s = m.world.now().count();
      }(machine, file, end_s),
      {"truncate", 0});
  Fault failover = fault(FaultKind::mdt_failover, 110, 0);
  failover.takeover = Seconds{60};
  run_with(machine, {fault(FaultKind::client_hang, 10, 0, 120), failover});
  CHECK(end_s == Approx(170.041).epsilon(1e-4));
  CHECK(machine.fs.evictions() == 0);
}

TEST_CASE("an OSS that is repaired takes its OSTs back") {
  // Takeover 10 s, repaired 40 s after the failure at 20 s: a second takeover from 60 to 70 s.
  FilesystemSettings settings = of_clients(1);
  settings.fabric.servers = 2;
  settings.layout = striped(1);
  settings.recovery.notification = {};
  Machine machine(settings);
  Fault failover = fault(FaultKind::oss_failover, 20, 0, 40);
  failover.takeover = Seconds{10};
  const auto events = run_with(machine, {failover});
  CHECK(events[0].detected == Seconds{30});
  CHECK(events[0].recovered == Seconds{70});
  CHECK(machine.fs.ost(OstIndex{0}).oss().index() == OssIndex{0});
}

TEST_CASE("an MDS that fails leaves its MDT to its partner, until it is repaired") {
  // As with an OSS: the second takeover is from 60 to 70 s. Between them both MDTs share one core:
  // 1,000 stats of 1 ms on each take 2 s instead of 1.
  const auto stats_s = [](double at_s, bool both) {
    FilesystemSettings settings = of_clients(2);
    settings.mdts = 2;
    settings.fabric.mdss = 2;
    settings.fabric.latency = settings.fabric.metadata_latency = {};
    settings.mds.cores = 1;
    settings.mds.service[static_cast<std::size_t>(MetadataOperation::getattr)] = Seconds{1e-3};
    settings.recovery.notification = {};
    Machine machine(settings);
    double end_s = 0;
    std::set<std::uint32_t> mdts;
    for (std::uint32_t c = 0; c < (both ? 2U : 1U); ++c) {
      const DirectoryIndex directory = machine.fs.place_directory(kRootDirectory);
      std::vector<FileIndex> files;
      for (int f = 0; f < 1000; ++f) files.push_back(machine.fs.place_file(directory, Bytes{}));
      mdts.insert(machine.fs.files().mdt_of(files.front()).value());
      machine.world.spawn(
          [](Machine& m, std::uint32_t client, std::vector<FileIndex> all, double start_s,
             double& last_s) -> Task {
            co_await m.world.delay(m.clock, Seconds{start_s});
            Outcome outcome;
            for (const FileIndex file : all)
              co_await m.fs.stat({ClientIndex{client}, {}, 0}, file, outcome);
            CHECK(outcome.ok());
            last_s = std::max(last_s, m.world.now().count());
          }(machine, c, files, at_s, end_s),
          {"stats", c});
    }
    CHECK(mdts.size() == (both ? 2 : 1));
    Fault failover = fault(FaultKind::mds_failover, 20, 0, 40);
    failover.takeover = Seconds{10};
    const auto events = run_with(machine, {failover});
    CHECK(events[0].detected == Seconds{30});
    CHECK(events[0].recovered == Seconds{70});
    CHECK(&machine.fs.mds(MdtIndex{0}).host() == &machine.fs.mds(MdtIndex{0}));
    return end_s - at_s;
  };
  CHECK(stats_s(1, true) == Approx(1).epsilon(0.02));
  CHECK(stats_s(40, true) == Approx(2).epsilon(0.02));
  CHECK(stats_s(40, false) == Approx(1).epsilon(0.02));
  CHECK(stats_s(80, true) == Approx(1).epsilon(0.02));
}

TEST_CASE("a RAID rebuild leaves a share of the rate") {
  // 1 GiB/s, one half of it from 10 s to 30 s: 40 GiB are read at 10 + 20 + 20 = 50 s.
  FilesystemSettings settings = of_clients(1);
  settings.oss.nvme().read_bandwidth = BytesPerSecond{static_cast<double>(kGib)};
  Machine machine(settings);
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{40 * kGib});
  Journal journal;
  run(machine, 0, file, {{Seconds{}, 'r', Bytes{}, Bytes{40 * kGib}}}, journal);
  Fault rebuild = fault(FaultKind::raid_rebuild, 10, 0, 20);
  rebuild.factor = 0.5;
  run_with(machine, {rebuild});
  CHECK(journal.end_s[0] == Approx(50).epsilon(0.001));
}

TEST_CASE("a lost scratch OST fails the calls that need it and no others") {
  FilesystemSettings settings = of_clients(1);
  settings.fabric.servers = 2;
  settings.layout = striped(1);
  Machine machine(settings);
  Journal lost;
  Journal other;
  const std::vector<Step> steps{{Seconds{1}, 'w', Bytes{}, Bytes{kMib}},
                                {Seconds{2}, 's'},
                                {Seconds{20}, 'r', Bytes{}, Bytes{kMib}},
                                {Seconds{21}, 'w', Bytes{kMib}, Bytes{kMib}}};
  run(machine, 0, machine.fs.place_file(kRootDirectory, Bytes{kMib}), steps, lost);
  run(machine, 0, machine.fs.place_file(kRootDirectory, Bytes{kMib}), steps, other);
  const std::uint32_t gone = machine.fs.files().ost_of(0).value();
  const auto events = run_with(machine, {fault(FaultKind::scratch_loss, 10, gone)});
  using enum StorageError;
  CHECK(lost.errors == std::vector{none, none, io, io});
  CHECK(other.all_ok());
  CHECK(events[0].lost == Bytes{kMib});
  CHECK(events[0].failed_calls == 2);
}

TEST_CASE("a link that goes down holds its traffic, one that is slow delays it") {
  // NIC of 1 GiB/s, 30 GiB: down from 10 to 20 s, 40 s; at a tenth from 10 to 20 s, 39 s.
  const auto read_s = [](FaultKind kind) {
    FilesystemSettings settings = of_clients(1);
    settings.fabric.client_nic = BytesPerSecond{static_cast<double>(kGib)};
    Machine machine(settings);
    const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{30 * kGib});
    Journal journal;
    run(machine, 0, file, {{Seconds{}, 'r', Bytes{}, Bytes{30 * kGib}}}, journal);
    Fault link = fault(kind, 10, 0, 10);
    if (kind == FaultKind::link_slow) link.factor = 0.1;
    run_with(machine, {link});
    return journal.end_s[0];
  };
  CHECK(read_s(FaultKind::link_down) == Approx(40).epsilon(0.002));
  CHECK(read_s(FaultKind::link_slow) == Approx(39).epsilon(0.002));
}

TEST_CASE("mean time between failures: as often as it says, the same for the same seed") {
  // 50 OSTs, one failure of each in 1,000 s in the mean, takeover and recovery 30.041 s: in 20,000
  // s 50 * 20,000 / 1,030.041 = 970.8 failures, with a deviation near sqrt(971) = 31.
  const auto failures = [](std::uint64_t seed) {
    FilesystemSettings settings = of_clients(1);
    settings.fabric.servers = 50;
    Machine machine(settings);
    Faults faults(machine.world, machine.fs,
                  {{.kind = FaultKind::ost_failover, .mtbf = Seconds{1000}}}, seed);
    faults.start();
    while (machine.world.next_time() < 20'000) machine.world.run_one();
    return faults.events();
  };
  const auto events = failures(1);
  CHECK(events.size() > 971 - 4 * 31);
  CHECK(events.size() < 971 + 4 * 31);
  const auto again = failures(1);
  REQUIRE(again.size() == events.size());
  CHECK(again.back().at == events.back().at);
  CHECK(failures(2).front().at != events.front().at);
}
