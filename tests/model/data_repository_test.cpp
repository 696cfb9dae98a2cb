// A bucket behind a file system: automatic export and import, release tasks. Symbols: d the delay
// before an export or import, t the archive's time for one file, m actions at a time.
#include "sim/base/random.hpp"
#include "tests/model/hsm_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;
using doctest::Approx;

namespace {

constexpr Bytes kOne{kMib};

// One MiB takes one second from the archive and to it.
FilesystemSettings linked(HsmPlacement placement) {
  auto settings = hsm_filesystem();
  settings.hsm->placement = placement;
  settings.hsm->service.archive.connection_rate = BytesPerSecond{1.0 * kMib};
  settings.hsm->service.archive.part = kOne;
  settings.hsm->service.coordinator.max_requests = 1000;
  return settings;
}

FilesystemSettings exporting(double delay_s) {
  auto settings = linked(HsmPlacement::resident);
  settings.hsm->service.repository.exports = true;
  settings.hsm->service.repository.export_delay = Seconds{delay_s};
  return settings;
}

const DataRepository::Counts& counts(HsmFixture& f) { return f.hsm().repository().counts(); }

} // namespace

TEST_CASE("requests for a file: a range or a part each, two more for an upload in parts") {
  using enum ArchiveRequest;
  CHECK(requests_for(get, Bytes{}, kOne) == 1);
  CHECK(requests_for(get, kOne, kOne) == 1);
  CHECK(requests_for(get, kOne + Bytes{1}, kOne) == 2);
  CHECK(requests_for(put, kOne, kOne) == 1);
  CHECK(requests_for(put, kOne * 4, kOne) == 6);
  CHECK(requests_for(put, kOne * 4, Bytes{}) == 1);
  CHECK(requests_for(remove, kOne * 4, kOne) == 1);
}

TEST_CASE("automatic export: d + t after the close, in rounds of m, and six PUTs for four parts") {
  // Ten files of 4 MiB, t = 4 s, m = 4, d = 3 s: lags of 7, 11 and 15 s, the sum 4 x 7 + 4 x 11 +
  // 2 x 15 = 102 s. What was only read is not exported.
  auto settings = exporting(3);
  settings.hsm->service.coordinator.max_requests = 4;
  HsmFixture f(settings);
  const auto files = f.place(11, kOne * 4);
  for (std::uint32_t i = 0; i < 10; ++i) f.write_at(0, files[i], kOne * 4);
  f.read_at(0, files[10]);
  CHECK(f.finish().empty());
  CHECK(counts(f).exported == 10);
  CHECK(counts(f).exports_left == 0);
  CHECK(counts(f).longest_export_lag.count() == Approx(15));
  CHECK(counts(f).export_lag.count() == Approx(102));
  CHECK(f.hsm().archive().usage().puts == 60);
  CHECK(f.hsm().archive().usage().gets == 0);
  CHECK(f.hsm().versions().held() == kOne * 40);
  CHECK(f.state(files[0]) == "exists archived");
  CHECK(f.state(files[10]).empty());
}

TEST_CASE("what is written during its export is exported again") {
  // Close at 0, export from 1 s to 9 s; a write at 5 s makes it stale, so that it begins again at
  // 10 s and ends at 18 s.
  HsmFixture f(exporting(1));
  const FileIndex file = f.fs.place_file(kRootDirectory, kOne * 8);
  f.write_at(0, file);
  f.write_at(5, file);
  f.at(9.5, [&] { CHECK(counts(f).exports_left == 1); });
  CHECK(f.finish().empty());
  CHECK(f.world.now().count() == Approx(18));
  CHECK(counts(f).exported == 1);
  CHECK(f.hsm().actions().failed == 1);
  CHECK(counts(f).longest_export_lag.count() == Approx(18));
  CHECK(f.hsm().versions().is_newest(file));
  CHECK(f.state(file) == "exists archived");
}

TEST_CASE("an unlink deletes the object of a file that was exported, and of no other") {
  HsmFixture f(exporting(1));
  const FileIndex exported = f.fs.place_file(kRootDirectory, kOne);
  const FileIndex never = f.fs.place_file(kRootDirectory, kOne);
  f.write_at(0, exported);
  Outcome outcome;
  f.at(10, [&] {
    f.world.spawn(f.fs.remove({}, exported, outcome), {"rm", 0});
    f.world.spawn(f.fs.remove({}, never, outcome), {"rm", 1});
  });
  CHECK(f.finish().empty());
  CHECK(outcome.ok());
  CHECK(f.hsm().archive().usage().deletes == 1);
  CHECK(f.hsm().versions().held() == Bytes{});
  CHECK(f.world.now().count() == Approx(11));
}

TEST_CASE("automatic import: a changed object is read anew once its notification is read") {
  // The only change comes at 10 s and is known at 15 s: a read at 12 s finds the old content here,
  // one at 20 s waits a second for the new.
  auto settings = linked(HsmPlacement::archived);
  settings.hsm->service.repository.changes = {.changed = PerSecond{0.1}};
  settings.hsm->service.repository.import_delay = Seconds{5};
  settings.hsm->service.repository.end = Seconds{10};
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, kOne);
  f.hsm().start_repository();
  const auto& before = f.read_at(5, file);
  const auto& stale = f.read_at(12, file);
  f.at(16, [&] {
    CHECK(f.state(file) == "released exists archived");
    CHECK(f.used() == Bytes{});
  });
  const auto& fresh = f.read_at(20, file);
  CHECK(f.finish().empty());
  CHECK(before.end_s == Approx(5));
  CHECK(stale.end_s == Approx(12));
  CHECK(fresh.end_s == Approx(21));
  CHECK(counts(f).imported == 1);
  CHECK(counts(f).longest_import_lag.count() == Approx(5));
  CHECK(counts(f).stale_opens == 1);
}

TEST_CASE("notifications come faster than they are worked through: the lag grows") {
  // Ten changes, 0.1 s apart, of which one a second is worked through, after d = 2 s: the k-th is
  // done at 0.1 + d + k, its lag d + 0.1 + 0.9 k: at most 11.1 s, 7.05 s in the mean.
  auto settings = linked(HsmPlacement::released);
  settings.hsm->service.repository.changes = {.created = PerSecond{10}, .object_size = kOne};
  settings.hsm->service.repository.import_delay = Seconds{2};
  settings.hsm->service.repository.import_rate = PerSecond{1};
  settings.hsm->service.repository.end = Seconds{1.01};
  HsmFixture f(settings);
  f.place(3, kOne);
  f.hsm().start_repository();
  CHECK(f.finish().empty());
  CHECK(counts(f).imported == 10);
  CHECK(counts(f).longest_import_lag.count() == Approx(11.1));
  CHECK(counts(f).import_lag.count() / 10 == Approx(7.05));
  CHECK(f.fs.files().files() == 13);
  CHECK(f.fs.files().size(FileIndex{12}) == kOne);
  CHECK(f.hsm().states().front().state == "released exists archived");
}

TEST_CASE("a deleted object's file is gone, and one that was changed here stays") {
  auto settings = linked(HsmPlacement::archived);
  settings.hsm->service.repository.changes = {.removed = PerSecond{0.1}};
  settings.hsm->service.repository.end = Seconds{10};
  for (const bool changed_here : {false, true}) {
    CAPTURE(changed_here);
    HsmFixture f(settings);
    const FileIndex file = f.fs.place_file(kRootDirectory, kOne);
    f.hsm().start_repository();
    if (changed_here) f.write_at(1, file);
    CHECK(f.finish().empty());
    CHECK(f.fs.files().exists(file) == changed_here);
    CHECK(counts(f).conflicts == (changed_here ? 1 : 0));
    CHECK(f.hsm().archive().usage().deletes == 0); // it was the bucket that had it deleted
  }
}

TEST_CASE("a deleted object's file is not released any more, and a released one cannot be read") {
  // The importer's host, client 0, has died: nobody removes the file. If it is on the OSTs it is
  // archived anew after its next close; until then no task releases it.
  for (const bool resident : {false, true}) {
    CAPTURE(resident);
    auto settings = linked(resident ? HsmPlacement::archived : HsmPlacement::released);
    settings.fabric.clients = 2;
    settings.hsm->agents = 2;
    settings.hsm->agents_on_clients = true;
    settings.hsm->service.repository.changes = {.removed = PerSecond{0.1}};
    settings.hsm->service.repository.end = Seconds{10};
    HsmFixture f(settings);
    const FileIndex file = f.fs.place_file(kRootDirectory, kOne);
    f.hsm().start_repository();
    f.at(1, [&f] { f.fs.kill(ClientIndex{0}); });
    const auto& refused = f.request_at(200, HsmAction::release, file);
    const auto& read = f.read_at(201, file, Bytes{4096}, ClientIndex{1});
    f.at(202, [&] {
      CHECK(f.state(file) == (resident ? "exists archived lost_from_hsm"
                                       : "released exists archived lost_from_hsm"));
    });
    const auto& again = f.request_at(203, HsmAction::archive, file);
    CHECK(f.finish().empty());
    REQUIRE(f.fs.files().exists(file));
    CHECK(refused == (resident ? HsmAnswer::not_permitted : HsmAnswer::nothing_to_do));
    CHECK(read.outcome.error == (resident ? StorageError::none : StorageError::no_data));
    CHECK(again == (resident ? HsmAnswer::allowed : HsmAnswer::nothing_to_do));
  }
}

TEST_CASE("a release task gives up what was not used for its age, unless it was changed") {
  // Tasks every 10 s, age 25 s. Last opened at 0, 7 and 20 s: released by the tasks at 30, 40 and
  // 50 s. A file changed at 1 s has no newest copy in the archive, and stays.
  auto settings = linked(HsmPlacement::archived);
  settings.hsm->service.release.min_age = Seconds{25};
  settings.hsm->service.repository.release_interval = Seconds{10};
  settings.hsm->service.repository.end = Seconds{100};
  HsmFixture f(settings);
  const auto files = f.place(4, kOne);
  f.hsm().start_repository();
  f.read_at(0, files[0]);
  f.read_at(7, files[1]);
  f.read_at(20, files[2]);
  f.write_at(1, files[3]);
  const auto released_at = [&](double at_s, std::uint32_t expected) {
    f.at(at_s, [&f, expected] { CHECK(f.hsm().counts().released == expected); });
  };
  released_at(29, 0);
  released_at(31, 1);
  released_at(41, 2);
  released_at(51, 3);
  CHECK(f.finish().empty());
  CHECK(f.hsm().counts().released == 3);
  CHECK(f.state(files[3]) == "exists dirty archived");
}

TEST_CASE("a restored file is as good as used: the next task leaves it") {
  // Restored by `lfs hsm_restore` at 8 s, of age 12 s at 20 s and 22 s at 30 s.
  auto settings = linked(HsmPlacement::released);
  settings.hsm->service.release.min_age = Seconds{15};
  settings.hsm->service.repository.release_interval = Seconds{10};
  settings.hsm->service.repository.end = Seconds{40};
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, kOne);
  f.hsm().start_repository();
  f.request_at(8, HsmAction::restore, file);
  f.at(21, [&] { CHECK(f.state(file) == "exists archived"); });
  f.at(31, [&] { CHECK(f.state(file) == "released exists archived"); });
  CHECK(f.finish().empty());
}

TEST_CASE("export, import and releases at once lose nothing and leave nothing behind") {
  // Random reads, writes and removals on 30 files where about ten fit, while others change the
  // bucket. Laws: what is released has its newest content in the archive (Filesystem::check_laws);
  // in the end all that was written is in the bucket.
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    auto settings = exporting(1);
    settings.hsm->placement = HsmPlacement::released;
    settings.fabric.clients = 3;
    settings.fabric.latency = settings.fabric.metadata_latency = Seconds{1e-3};
    settings.oss.osts = 3;
    settings.layout = striped(2);
    settings.ost_capacity = Bytes{8 * kMib};
    settings.hsm->agents = 2;
    settings.hsm->service.release = {
        .high_watermark = 0.7, .low_watermark = 0.4, .min_age = Seconds{3}};
    settings.hsm->service.repository.release_interval = Seconds{20};
    settings.hsm->service.repository.changes = {
        .created = PerSecond{0.1}, .changed = PerSecond{0.2}, .removed = PerSecond{0.02}};
    settings.hsm->service.repository.import_delay = Seconds{2};
    settings.hsm->service.repository.end = Seconds{300};
    settings.hsm->service.repository.seed = seed;
    HsmFixture f(settings);
    const auto files = f.place(30, kOne * 2);
    f.hsm().start_repository();
    const auto draw = [&](std::uint64_t i, std::uint64_t below) {
      return random::below(below, seed, random::component("data_repository_test"), i);
    };
    for (std::uint64_t i = 0; i < 300; ++i) {
      // The first ten are only read, so that some are never removed under their readers' hands.
      const bool writes = draw(4 * i + 3, 4) == 0;
      const FileIndex file = files[writes ? 10 + draw(4 * i, 20) : draw(4 * i, 30)];
      const auto at_s = static_cast<double>(draw(4 * i + 1, 300));
      const ClientIndex client{static_cast<std::uint32_t>(draw(4 * i + 2, 3))};
      f.at(at_s, [&f, file, client, writes] {
        if (!f.fs.files().exists(file)) return;
        f.access_at(0, file, writes ? Bytes{100} : f.fs.file_size(file), client, {.write = writes});
      });
    }
    for (const std::string& problem : f.finish()) FAIL_CHECK(problem);
    Bytes resident{};
    for (std::uint32_t i = 0; i < f.fs.files().files(); ++i) {
      const FileIndex file{i};
      if (!f.fs.files().exists(file)) continue;
      CHECK_FALSE(f.hsm().versions().is_changed(file));
      if (!f.hsm().is_released(file)) resident += f.fs.file_size(file);
    }
    CHECK(f.used() == resident);
    CHECK(counts(f).exports_left == 0);
    CHECK(counts(f).imports_left == 0);
    CHECK(counts(f).exported > 10);
    CHECK(counts(f).imported > 50);
    CHECK(f.hsm().counts().released > 10);
  }
}
