// What failures of clients and targets cost, in closed form: L19 and L20 of the limit tests, and
// what is lost.
#include "tests/model/failure_fixture.hpp"

#include <rapidcheck.h>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;
using doctest::Approx;

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
    const std::optional<RecoveryReport>& status = machine.fs.last_recovery(OstIndex{0});
    REQUIRE(status);
    CHECK(status->mounted == Seconds{130});
    CHECK((status->mounted + status->duration).count() == Approx(failover.recovered->count()));
    CHECK(status->clients == 3);
    CHECK(status->completed == (one_dead ? 2 : 3));
    CHECK_FALSE(machine.fs.last_recovery(MdtIndex{0}));
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
