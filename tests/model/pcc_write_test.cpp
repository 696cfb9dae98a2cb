// PCC-RW: closed forms of writing to the client's own disk, of what others wait for, and of a disk
// that is full.
#include "models/lustre/faults.hpp"
#include "tests/model/hsm_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;
using doctest::Approx;

namespace {

// A client's own disk takes 2 GiB/s and gives 1 GiB/s; nothing else takes time, but the coordinator
// looks for restores once a second, as Lustre's does.
lustre::FilesystemSettings with_pcc(Bytes capacity = Bytes{kGib}) {
  auto settings = ideal_filesystem();
  settings.fabric.clients = 2;
  settings.pcc = PccSettings{.mode = PccMode::read_write,
                             .capacity = capacity,
                             .disk = {.latency = {},
                                      .read_bandwidth = BytesPerSecond{1.0 * kGib},
                                      .write_bandwidth = BytesPerSecond{2.0 * kGib},
                                      .iops = PerSecond{kBoundless}}};
  return settings;
}

constexpr OpenMode kCreate{.write = true, .create = true};
constexpr double kMibS = 1.0 / 1024; // a MiB at 1 GiB/s
constexpr Bytes kSize{64 * kMib};

const PccCache& disk_of(const HsmFixture& f, std::size_t client = 0) {
  return *f.fs.all_clients()[client].pcc();
}

} // namespace

TEST_CASE("a file that a client creates is written and read at the rates of its own disk") {
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.reserve_file(kRootDirectory);
  const auto& written = f.access_at(0, file, kSize, {}, kCreate);
  const auto& read = f.read_at(1, file, kSize);
  CHECK(f.finish().empty());
  CHECK(written.end_s == Approx(64 * kMibS / 2));
  CHECK(read.end_s == Approx(1 + 64 * kMibS));
  CHECK(f.state(file) == "released exists archived");
  CHECK(f.fs.files().objects() == 0);
  CHECK(f.used() == Bytes{});
  CHECK(f.fs.file_size(file) == kSize);
  CHECK(disk_of(f).used() == kSize);
  CHECK(disk_of(f).stats().hit_bytes == kSize);
  CHECK(f.hsm().actions().added == 0);
}

TEST_CASE("another client that reads the file waits until it is on the OSTs, size / rate") {
  // Asked for at 10.5 s, found at 11 s, moved at the 1 GiB/s that the disk gives. From then on it
  // is a file like any other, and the disk has room again.
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, file, kSize, {}, kCreate);
  const auto& first = f.read_at(10.5, file, Bytes{4096}, ClientIndex{1});
  const auto& owner = f.read_at(20, file, kSize);
  CHECK(f.finish().empty());
  CHECK(first.end_s == Approx(11 + 64 * kMibS));
  CHECK(first.outcome.time[Cause::restore] == Approx(0.5 + 64 * kMibS));
  CHECK(owner.end_s == Approx(20));
  CHECK(f.state(file).empty());
  CHECK(f.used() == kSize);
  CHECK(disk_of(f).used() == Bytes{});
  CHECK(disk_of(f).stats().detach == 1);
  CHECK(f.hsm().actions().restored == 1);
}

TEST_CASE("a write by another client comes after all that the owner has written") {
  // The owner's write of 512 MiB takes from 0.9 to 1.15 s. The restore that is asked for at 0.95 s
  // and found at 1 s begins when it is done: 1.15 + 0.5 s. The owner's second write waits too.
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, file, Bytes{4096}, {}, kCreate);
  const auto& owner = f.write_at(0.9, file, Bytes{512 * kMib});
  const auto& other = f.access_at(0.95, file, Bytes{4096}, ClientIndex{1}, {.write = true});
  const auto& later = f.write_at(1.3, file, Bytes{4096});
  CHECK(f.finish().empty());
  for (const auto& access : f.accesses) CHECK(access.outcome.ok());
  CHECK(owner.end_s == Approx(1.15));
  CHECK(other.end_s == Approx(1.65));
  CHECK(later.end_s == Approx(1.65));
  CHECK(f.fs.file_size(file) == Bytes{512 * kMib});
}

TEST_CASE("what outgrows the disk is restored and goes on to the OSTs") {
  // 100 MiB hold the first file of 64 MiB. The second write of the other file does not fit beside
  // it: its first 32 MiB come back at 1 GiB/s once the coordinator has looked.
  HsmFixture f(with_pcc(Bytes{100 * kMib}));
  const FileIndex first = f.fs.reserve_file(kRootDirectory);
  const FileIndex second = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, first, kSize, {}, kCreate);
  f.access_at(1.1, second, Bytes{32 * kMib}, {}, kCreate);
  const auto& large = f.write_at(2.5, second, kSize);
  CHECK(f.finish().empty());
  CHECK(large.outcome.ok());
  CHECK(large.end_s == Approx(3 + 32 * kMibS));
  CHECK(f.state(first) == "released exists archived");
  CHECK(f.state(second).empty());
  CHECK(disk_of(f).used() == kSize);
  CHECK(f.fs.file_size(second) == kSize);
  CHECK(f.used() == kSize);
}

TEST_CASE("when the disk is full new files go to the OSTs from the beginning") {
  HsmFixture f(with_pcc(kSize));
  const FileIndex first = f.fs.reserve_file(kRootDirectory);
  const FileIndex second = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, first, kSize, {}, kCreate);
  const auto& other = f.access_at(1, second, kSize, {}, kCreate);
  CHECK(f.finish().empty());
  CHECK(other.end_s == Approx(1));
  CHECK(f.state(second).empty());
  CHECK(f.hsm().actions().added == 0);
  CHECK(f.fs.totals().write_stored == kSize);
}

TEST_CASE("an unlink frees the owner's disk, a truncate a part of it") {
  HsmFixture f(with_pcc());
  const FileIndex kept = f.fs.reserve_file(kRootDirectory);
  const FileIndex gone = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, kept, kSize, {}, kCreate);
  f.access_at(0, gone, kSize, {}, kCreate);
  f.world.spawn(
      [](HsmFixture& x, FileIndex cut, FileIndex removed) -> kernel::Task {
        co_await x.world.delay(x.clock, Seconds{1});
        Outcome outcome;
        co_await x.fs.truncate({}, cut, Bytes{kMib}, outcome);
        co_await x.fs.remove({ClientIndex{1}, {}, 0}, removed, outcome);
        CHECK(outcome.ok());
      }(f, kept, gone),
      {"remover", 0});
  CHECK(f.finish().empty());
  CHECK(disk_of(f).used() == Bytes{kMib});
  CHECK(f.hsm().actions().added == 0);
}

TEST_CASE("what waits for a copytool does not keep the client that has a file from restoring it") {
  // There is no copytool: the archive that is asked for at 0.5 s waits for ever.
  HsmFixture f(with_pcc());
  const FileIndex plain = f.fs.place_file(kRootDirectory, kSize);
  const FileIndex kept = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, kept, kSize, {}, kCreate);
  f.request_at(0.5, HsmAction::archive, plain);
  const auto& reader = f.read_at(1.5, kept, Bytes{4096}, ClientIndex{1});
  CHECK(f.finish().empty());
  CHECK(reader.end_s == Approx(2 + 64 * kMibS));
  CHECK(f.hsm().coordinator(plain).waiting() == 1);
}

TEST_CASE("a restore that waits for an unlink to end fails with it, and needs no agent") {
  // A message takes 1 ms. The unlink of 2 s is on the MDT at 2.001 s and calls the reader's lock
  // back until 2.003 s; the read of 2.0005 s asks for the restore at 2.0015 s and waits for the
  // same inode. The only agent that had the file has forgotten it when the coordinator looks, at 3
  // s.
  auto settings = with_pcc();
  settings.fabric.metadata_latency = Seconds{1e-3};
  HsmFixture f(settings);
  const FileIndex file = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, file, kSize, {}, kCreate);
  Outcome read;
  f.world.spawn(
      [](HsmFixture& x, FileIndex removed, Outcome& outcome) -> kernel::Task {
        std::unique_ptr<OpenFile> open;
        Outcome opened;
        co_await x.world.delay(x.clock, Seconds{1});
        co_await x.fs.open({ClientIndex{1}, {}, 0}, removed, {}, open, opened);
        co_await x.world.delay(x.clock, Seconds{2.0005} - x.world.now());
        co_await x.fs.read(*open, Bytes{}, Bytes{4096}, outcome);
        CHECK(x.world.now().count() == Approx(3));
        co_await x.fs.close(std::move(open), opened);
      }(f, file, read),
      {"reader", 0});
  Outcome unlinked;
  f.world.spawn(
      [](HsmFixture& x, FileIndex removed, Outcome& outcome) -> kernel::Task {
        co_await x.world.delay(x.clock, Seconds{2});
        co_await x.fs.remove({}, removed, outcome);
      }(f, file, unlinked),
      {"remover", 0});
  CHECK(f.finish().empty());
  CHECK(unlinked.ok());
  CHECK(read.error == StorageError::no_entry);
}

TEST_CASE("a file whose owner has died cannot be had any more") {
  // Its layout lock is called back at 10.5 s and taken away 100 s later; the restore is found at
  // 111 s, by nobody, and given up after active_request_timeout, when the coordinator looks (every
  // 10 s).
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, file, kSize, {}, kCreate);
  f.at(5, [&f] { f.fs.kill(ClientIndex{0}); });
  const auto& reader = f.read_at(10.5, file, Bytes{4096}, ClientIndex{1});
  CHECK(f.finish().empty());
  CHECK(reader.outcome.error == StorageError::io);
  CHECK(reader.end_s == Approx(3720));
}

TEST_CASE("a reader waits until an owner that hangs goes on") {
  // The owner hangs from 10 to 40 s, then it answers the callback of its layout lock.
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, file, kSize, {}, kCreate);
  f.at(10, [&f] { f.fs.hang(ClientIndex{0}); });
  f.at(40, [&f] { f.fs.wake(ClientIndex{0}); });
  const auto& reader = f.read_at(10.5, file, Bytes{4096}, ClientIndex{1});
  CHECK(f.finish().empty());
  CHECK(reader.outcome.ok());
  CHECK(reader.end_s == Approx(41 + 64 * kMibS));
}

TEST_CASE("with an archive beside it each file comes from where it is") {
  auto settings = with_pcc();
  settings.hsm.emplace();
  settings.hsm->placement = HsmPlacement::released;
  settings.hsm->service.coordinator.scan_interval = {};
  settings.hsm->service.archive.connection_rate = BytesPerSecond{0.5 * kGib};
  HsmFixture f(settings);
  const FileIndex imported = f.fs.place_file(kRootDirectory, kSize);
  const FileIndex local = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, local, kSize, {}, kCreate);
  const auto& from_archive = f.read_at(1, imported, Bytes{4096}, ClientIndex{1});
  const auto& from_disk = f.read_at(2, local, Bytes{4096}, ClientIndex{1});
  CHECK(f.finish().empty());
  const double first_byte_s = settings.hsm->service.archive.first_byte.count();
  CHECK(from_archive.end_s == Approx(1 + first_byte_s + 64 * kMibS * 2));
  CHECK(from_disk.end_s == Approx(2 + 64 * kMibS));
  CHECK(f.state(imported) == "exists archived");
  CHECK(f.state(local).empty());
}
