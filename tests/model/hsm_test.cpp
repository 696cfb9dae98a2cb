// HSM's rules in a running file system: space, releases, archives, what fails and how.
#include "sim/base/random.hpp"
#include "tests/model/hsm_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;
using doctest::Approx;

namespace {

// One MiB takes one second from the archive and to it.
lustre::FilesystemSettings slow_archive() {
  auto settings = hsm_filesystem();
  settings.hsm->service.archive.connection_rate = BytesPerSecond{1.0 * kMib};
  return settings;
}

constexpr Bytes kOne{kMib};

} // namespace

TEST_CASE("a release gives its space back and a restore takes new objects") {
  auto settings = slow_archive();
  settings.oss.osts = 4;
  settings.layout = striped(4);
  settings.hsm->placement = HsmPlacement::archived;
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{10 * kMib});
  CHECK(f.used() == Bytes{10 * kMib});
  const std::uint32_t object = f.fs.files().object_number(file, 0);
  f.read_at(0, file, Bytes{10 * kMib});
  const HsmAnswer& released = f.request_at(1, HsmAction::release, file);
  f.at(2, [&] {
    CHECK(f.state(file) == "released exists archived");
    CHECK(f.used() == Bytes{});
    CHECK_FALSE(f.fs.files().instantiated(file, 0));
  });
  const auto& read = f.read_at(5, file, Bytes{10 * kMib});
  CHECK(f.finish().empty());
  CHECK(released == HsmAnswer::allowed);
  CHECK(read.end_s == Approx(15));
  CHECK(f.used() == Bytes{10 * kMib});
  CHECK(f.fs.files().object_number(file, 0) != object);
}

TEST_CASE("what is open, dirty or not archived is not released") {
  auto settings = slow_archive();
  settings.hsm->placement = HsmPlacement::archived;
  settings.oss.disk = device::NvmeModel{.latency = Seconds{4},
                                        .read_bandwidth = BytesPerSecond{kBoundless},
                                        .write_bandwidth = BytesPerSecond{kBoundless},
                                        .iops = PerSecond{kBoundless}};
  HsmFixture f(settings);
  const FileIndex open = f.fs.place_file(kRootDirectory, kOne);
  const FileIndex dirty = f.fs.place_file(kRootDirectory, kOne);
  f.read_at(0, open); // until 4 s
  f.write_at(0, dirty);
  const HsmAnswer& while_open = f.request_at(1, HsmAction::release, open);
  const HsmAnswer& after_close = f.request_at(5, HsmAction::release, open);
  const HsmAnswer& while_dirty = f.request_at(50, HsmAction::release, dirty);
  CHECK(f.finish().empty());
  CHECK(while_open == HsmAnswer::busy);
  CHECK(after_close == HsmAnswer::allowed);
  CHECK(while_dirty == HsmAnswer::not_permitted);
}

TEST_CASE("an archive takes the file's time at the archive, and a write in between makes it fail") {
  auto settings = slow_archive();
  settings.hsm->placement = HsmPlacement::resident;
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{8 * kMib});
  const FileIndex changed = f.fs.place_file(kRootDirectory, Bytes{8 * kMib});
  f.request_at(0, HsmAction::archive, file);
  f.request_at(0, HsmAction::archive, changed);
  f.write_at(3, changed);
  f.at(1, [&] { CHECK(f.state(file) == "exists"); });
  f.at(8.1, [&] {
    CHECK(f.state(file) == "exists archived");
    CHECK(f.state(changed) == "exists dirty");
  });
  const HsmAnswer& again = f.request_at(10, HsmAction::archive, changed);
  const HsmAnswer& needless = f.request_at(10, HsmAction::archive, file);
  CHECK(f.finish().empty());
  CHECK(again == HsmAnswer::allowed);
  CHECK(needless == HsmAnswer::nothing_to_do);
  CHECK(f.state(changed) == "exists archived");
  CHECK(f.hsm().actions().archived == 2);
  CHECK(f.hsm().actions().failed == 1);
  CHECK(f.world.now().count() == Approx(18));
}

TEST_CASE("under the policy NBR a read of a released file fails, and the file is restored") {
  auto settings = slow_archive();
  settings.hsm->service.non_blocking_restore = true;
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, kOne);
  const auto& first = f.read_at(0, file);
  const auto& second = f.read_at(2, file);
  CHECK(f.finish().empty());
  CHECK(first.outcome.error == StorageError::no_data);
  CHECK(first.end_s == 0);
  CHECK(second.outcome.ok());
  CHECK(second.end_s == Approx(2));
}

TEST_CASE("a data set that does not fit ends in ENOSPC unless files are released") {
  // Twelve files of 1 MiB where ten fit; 0.1 % of an OST is kept from new objects.
  auto settings = slow_archive();
  settings.ost_capacity = Bytes{10 * kMib + 100 * kKib};
  const auto errors = [&](double watermark) {
    settings.hsm->service.release = {.high_watermark = watermark, .low_watermark = watermark / 2};
    HsmFixture f(settings);
    const auto files = f.place(12, kOne);
    for (std::uint32_t i = 0; i < files.size(); ++i) f.read_at(2.0 * i, files[i]);
    CHECK(f.finish().empty());
    std::uint32_t failed = 0;
    for (const auto& access : f.accesses)
      if (access.outcome.error == StorageError::no_space) ++failed;
    CHECK(f.hsm().counts().no_room == failed);
    CHECK(f.used() <= Bytes{10 * kMib});
    return failed;
  };
  CHECK(errors(0) == 2);
  CHECK(errors(0.8) == 0);
}

TEST_CASE("a cyclic scan over more than fits restores everything in every round") {
  // Least recently used goes first, so what comes next has always just gone: the file system is as
  // slow in round 3 as in round 1. With room for all, only the first round waits.
  const auto restores = [](Bytes capacity) {
    auto settings = slow_archive();
    settings.ost_capacity = capacity;
    settings.hsm->service.release = {.high_watermark = 0.8, .low_watermark = 0.6};
    HsmFixture f(settings);
    const auto files = f.place(20, kOne);
    for (std::uint32_t round = 0; round < 3; ++round)
      for (std::uint32_t i = 0; i < files.size(); ++i) f.read_at(100.0 * round + 2.0 * i, files[i]);
    CHECK(f.finish().empty());
    for (const auto& access : f.accesses) CHECK(access.outcome.ok());
    return f.hsm().actions().restored;
  };
  CHECK(restores(Bytes{15 * kMib}) == 60);
  CHECK(restores(Bytes{40 * kMib}) == 20);
}

TEST_CASE("an agent that dies is given up after active_request_timeout") {
  // 3,600 s after its last sign of life (here: 4 s), seen at the next look of the loop, every 10 s.
  // Then the other agent gets its turn: 4 s more.
  auto settings = slow_archive();
  settings.hsm->agents = 2;
  settings.hsm->service.coordinator.max_requests = 1;
  settings.hsm->agent.file_overhead = {};
  HsmFixture f(settings);
  const auto files = f.place(2, Bytes{4 * kMib});
  const auto& lost = f.read_at(0, files[0]);
  const auto& next = f.read_at(1, files[1]);
  f.at(2, [&] { f.fs.stop_agent(0); });
  CHECK(f.finish().empty());
  CHECK(lost.outcome.error == StorageError::io);
  CHECK(lost.end_s == Approx(3610));
  CHECK(next.outcome.ok());
  CHECK(next.end_s == Approx(3614));
  CHECK(f.state(files[0]) == "released exists archived");
  CHECK(f.used() == Bytes{4 * kMib});
  CHECK(f.hsm().actions().cancelled == 1);
}

TEST_CASE("actions are cancelled while they wait and while an agent is at them") {
  auto settings = slow_archive();
  settings.hsm->service.coordinator.max_requests = 1;
  HsmFixture f(settings);
  const auto files = f.place(3, Bytes{12 * kMib});
  const auto& started = f.read_at(0, files[0]);
  const auto& waiting = f.read_at(1, files[1]);
  const auto& last = f.read_at(1, files[2]);
  f.at(2, [&] {
    CHECK(f.hsm().coordinator(files[0]).active() == 1);
    CHECK(f.hsm().coordinator(files[0]).waiting() == 2);
    CHECK(f.hsm().coordinator(files[1]).cancel(files[1]));
    CHECK(f.hsm().coordinator(files[0]).cancel(files[0]));
    CHECK_FALSE(f.hsm().coordinator(files[1]).cancel(files[1]));
  });
  f.at(60, [&] {
    const auto rows = f.hsm().coordinator(files[0]).actions();
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].status == HsmStatus::cancelled);
    CHECK(rows[1].status == HsmStatus::cancelled);
    CHECK(rows[2].status == HsmStatus::succeed);
  });
  // grace_delay, 60 s: those cancelled at 2 and 4 s are gone, the one done at 16 s is not.
  f.at(70, [&] { CHECK(f.hsm().coordinator(files[0]).actions().size() == 1); });
  CHECK(f.finish().empty());
  CHECK(waiting.outcome.error == StorageError::io);
  CHECK(waiting.end_s == Approx(2));
  // The agent moves 4 MiB at a time and looks in between.
  CHECK(started.outcome.error == StorageError::io);
  CHECK(started.end_s == Approx(4));
  CHECK(last.end_s == Approx(16));
  CHECK(f.used() == Bytes{12 * kMib});
}

TEST_CASE("a waiting restore gets the last place before archives that came first") {
  // Two places and four archives of 4 s in line, then a restore. At 5 s both places come free: the
  // next archive takes one, the restore the other; in line it would end at 13 s.
  auto settings = slow_archive();
  settings.hsm->service.coordinator.max_requests = 2;
  settings.hsm->placement = HsmPlacement::archived;
  HsmFixture f(settings);
  const auto files = f.place(5, Bytes{4 * kMib});
  f.request_at(0, HsmAction::release, files[4]);
  for (std::uint32_t i = 0; i < 4; ++i) {
    f.write_at(0, files[i]); // dirty: to be archived anew
    f.request_at(1, HsmAction::archive, files[i]);
  }
  const auto& read = f.read_at(2, files[4]);
  CHECK(f.finish().empty());
  CHECK(read.end_s == Approx(9));
  CHECK(f.hsm().actions().archived == 4);
  CHECK(f.world.now().count() >= 13);
}

TEST_CASE("agents on the jobs' clients share their network cards") {
  // The client's card carries 100 MB/s to the servers: a restore of 1 GB takes 10 s there; an
  // agent on a host of its own has a card of its own.
  auto settings = hsm_filesystem();
  settings.fabric.client_nic = BytesPerSecond{1e8};
  settings.hsm->agents_on_clients = true;
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{1'000'000'000});
  f.preload({file});
  CHECK(f.finish().empty());
  CHECK(f.world.now().count() == Approx(10).epsilon(0.001));
  CHECK(station(f.world, "client0.nic0.tx").counts().departures > 200);
}

TEST_CASE("a preload in a world of its own makes the same files resident") {
  auto settings = slow_archive();
  HsmFixture f(settings);
  const DirectoryIndex folder = f.fs.place_directory(kRootDirectory);
  const FileIndex file = f.fs.place_file(folder, kOne);
  const FileIndex reserved = f.fs.reserve_file(folder);
  HsmFixture other(settings);
  other.fs.place_as(f.fs);
  CHECK(other.fs.file_size(file) == kOne);
  CHECK(other.fs.files().directory(file) == f.fs.files().directory(file));
  CHECK_FALSE(other.fs.files().exists(reserved));
  const HsmService::Preload& loaded = other.preload({file});
  CHECK(other.finish().empty());
  CHECK(loaded.done.count() == Approx(1));
  f.fs.make_resident(file);
  const auto& read = f.read_at(0, file);
  CHECK(f.finish().empty());
  CHECK(read.end_s < 1e-9);
  CHECK(f.state(file) == "exists archived");
}

TEST_CASE("what a restore costs in messages") {
  // One way l = 1 ms, nothing else takes time. Open 2 l. Read: request l; the layout lock, which
  // the reader has since its open, called back and cancelled 2 l; to the agent l; its opens of file
  // and volatile file 4 l; its report l; the reader's new layout 2 l.
  auto settings = hsm_filesystem();
  settings.fabric.metadata_latency = Seconds{1e-3};
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, kOne);
  const auto& first = f.read_at(1, file);
  const auto& again = f.read_at(2, file);
  CHECK(f.finish().empty());
  CHECK(first.end_s == Approx(1.013));
  CHECK(first.outcome.time[Cause::restore] == Approx(0.009));
  CHECK(again.end_s == Approx(2.002));
}

TEST_CASE("an unlink waits for a restore, whose layout lock it needs") {
  auto settings = slow_archive();
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{4 * kMib});
  f.preload({file});
  Outcome removed;
  double end_s = 0;
  f.at(1, [&] {
    const auto remove = [](HsmFixture& fixture, FileIndex doomed, Outcome& outcome,
                           double& done_s) -> kernel::Task {
      co_await fixture.fs.remove({}, doomed, outcome);
      done_s = fixture.world.now().count();
    };
    f.world.spawn(remove(f, file, removed, end_s), {"rm", 0});
  });
  CHECK(f.finish().empty());
  CHECK(removed.ok());
  CHECK(end_s == Approx(4));
  CHECK_FALSE(f.fs.files().exists(file));
  CHECK(f.used() == Bytes{});
  CHECK(f.hsm().actions().restored == 1);
}

TEST_CASE("an archive of a file that is removed fails") {
  auto settings = slow_archive();
  settings.hsm->placement = HsmPlacement::resident;
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{12 * kMib});
  f.request_at(0, HsmAction::archive, file);
  Outcome removed;
  f.at(1, [&] { f.world.spawn(f.fs.remove({}, file, removed), {"rm", 0}); });
  CHECK(f.finish().empty());
  CHECK(removed.ok());
  CHECK(f.hsm().actions().failed == 1);
  CHECK(f.fs.files().hsm_flags(file) == 0);
  CHECK(f.used() == Bytes{});
}

TEST_CASE("a truncate restores the file first") {
  auto settings = slow_archive();
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{4 * kMib});
  Outcome outcome;
  f.world.spawn(f.fs.truncate({}, file, kOne, outcome), {"truncate", 0});
  CHECK(f.finish().empty());
  CHECK(outcome.time[Cause::restore] == Approx(4));
  CHECK(f.state(file) == "exists dirty archived");
  CHECK(f.used() == kOne);
}

TEST_CASE("many readers, releases and archives at once keep space and states in order") {
  // Random accesses to 30 files where about ten fit, over three OSTs; whatever happens, what the
  // OSTs hold in the end is what the resident files take, and all that was asked was delivered.
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    auto settings = slow_archive();
    settings.fabric.clients = 3;
    settings.fabric.latency = settings.fabric.metadata_latency = Seconds{1e-3};
    settings.oss.osts = 3;
    settings.layout = striped(2);
    settings.ost_capacity = Bytes{8 * kMib};
    settings.hsm->agents = 2;
    settings.hsm->service.release = {.high_watermark = 0.7, .low_watermark = 0.4};
    HsmFixture f(settings);
    const auto files = f.place(30, Bytes{2 * kMib});
    const auto draw = [&](std::uint64_t i, std::uint64_t below) {
      return random::below(below, seed, random::component("hsm_test"), i);
    };
    for (std::uint64_t i = 0; i < 300; ++i) {
      const FileIndex file = files[draw(4 * i, files.size())];
      const double at_s = 0.5 * static_cast<double>(draw(4 * i + 1, 600));
      const ClientIndex client{static_cast<std::uint32_t>(draw(4 * i + 2, 3))};
      switch (draw(4 * i + 3, 8)) {
      case 0:
        f.access_at(at_s, file, Bytes{100}, client, {.write = true});
        break;
      case 1:
        f.request_at(at_s, HsmAction::archive, file);
        break;
      case 2:
        f.request_at(at_s, HsmAction::release, file);
        break;
      default:
        f.read_at(at_s, file, Bytes{2 * kMib}, client);
      }
    }
    // What is dirty cannot be released: archived in the end, so that there is always room.
    for (std::uint32_t i = 0; i < 1200; ++i)
      f.request_at(0.25 * i, HsmAction::archive, files[i % files.size()]);
    for (const std::string& problem : f.finish()) FAIL_CHECK(problem);
    Bytes resident{};
    for (const FileIndex file : files)
      if (!f.hsm().is_released(file)) resident += f.fs.file_size(file);
    CHECK(f.used() == resident);
    CHECK(f.hsm().coordinator(files[0]).active() == 0);
    CHECK(f.hsm().coordinator(files[0]).waiting() == 0);
    for (const auto& access : f.accesses) {
      const bool fine = access.outcome.ok() || access.outcome.error == StorageError::no_space;
      CHECK(fine);
    }
    CHECK(f.hsm().counts().released > 10);
  }
}
