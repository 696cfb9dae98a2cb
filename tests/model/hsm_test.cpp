// HSM's rules in a running file system: space, releases, archives, what fails and how.
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
