// Servers that fail and are taken over, links that go down, and failures by rate.
#include "tests/model/failure_fixture.hpp"

#include <set>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;
using doctest::Approx;
using kernel::Task;

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
      files.reserve(1000);
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

TEST_CASE("while a target is down, waiting for one of its RPC slots is waiting for the target") {
  // One slot, reads of 8 RPCs. The OST is down from 10 s to 40.041 s: the RPC that has the slot
  // waits for it, and the seven behind wait for that RPC. All that is the failure's.
  FilesystemSettings settings = of_clients(1);
  settings.tunables.osc_max_rpcs_in_flight = 1;
  settings.tunables.osc_max_pages_per_rpc = 256;
  Machine machine(settings);
  const FileIndex file = machine.fs.place_file(kRootDirectory, Bytes{64 * kMib});
  Outcome outcome;
  machine.world.spawn(
      [](Machine& m, FileIndex f, Outcome& read) -> Task {
        Outcome opening;
        std::unique_ptr<OpenFile> open;
        co_await m.fs.open({}, f, {}, open, opening);
        co_await m.fs.read(*open, Bytes{}, Bytes{8 * kMib},
                           opening); // RPCs before that cost 0.2 ms
        co_await m.world.delay(m.clock, Seconds{11} - m.world.now());
        co_await m.fs.read(*open, Bytes{16 * kMib}, Bytes{8 * kMib}, read);
        co_await m.fs.close(std::move(open), opening);
      }(machine, file, outcome),
      {"reader", 0});
  run_with(machine, {fault(FaultKind::ost_failover, 10, 0)});
  CHECK(outcome.ok());
  CHECK(outcome.time[Cause::failure] == Approx(29.041).epsilon(1e-3));
  CHECK(outcome.time.total() == Approx(29.041 + 8 * 2e-4).epsilon(1e-4));
}
