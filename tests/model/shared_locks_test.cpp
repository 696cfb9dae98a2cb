// Writers of one object that arrange their locks: lockahead and group locks, the counterpart of
// L14.
#include "models/loadgen/ior.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/hsm_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

constexpr std::uint32_t kPieces = 100; // of 1 MiB, of each of two writers

// One OST that writes 250 MiB/s; a way over the wire takes 1 ms.
lustre::FilesystemSettings one_slow_ost() {
  auto settings = ideal_filesystem();
  settings.fabric.clients = 3;
  settings.fabric.latency = Seconds{1e-3};
  settings.oss.nvme().write_bandwidth = BytesPerSecond{250.0 * kMib};
  return settings;
}

// Two writers of every second MiB of a file, who take turns in the order of the file.
struct Turns {
  explicit Turns(const lustre::FilesystemSettings& settings)
      : fs(world, settings), changed(world),
        file(fs.place_file(kRootDirectory, Bytes{2 * kPieces * kMib})) {}

  kernel::World world;
  lustre::Filesystem fs;
  kernel::Signal changed;
  FileIndex file;
  std::uint32_t next = 0;
  double end_s = 0;

  kernel::Task write(std::uint32_t writer, OpenMode mode, std::uint32_t ahead) {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await fs.open({ClientIndex{writer}, {}, 0}, file, mode, open, outcome);
    std::uint32_t asked = 0;
    for (std::uint32_t i = 0; i < kPieces; ++i) {
      for (; asked < std::min(kPieces, i + ahead); ++asked)
        co_await fs.lock_ahead(*open, Bytes{(2 * asked + writer) * kMib}, Bytes{kMib}, outcome);
      while (next != 2 * i + writer) co_await changed.wait();
      co_await fs.write(*open, Bytes{next * kMib}, Bytes{kMib}, outcome);
      ++next;
      changed.notify();
    }
    co_await fs.sync(*open, outcome);
    end_s = std::max(end_s, world.now().count());
    co_await fs.close(std::move(open), outcome);
    CHECK(outcome.ok());
  }
  // MiB/s of both, as far as the disk.
  double run(OpenMode mode, std::uint32_t ahead) {
    mode.write = true;
    for (std::uint32_t w = 0; w < 2; ++w) world.spawn(write(w, mode, ahead), {"writer", w});
    world.run_all();
    CHECK(world.check_laws().empty());
    CHECK(fs.check_laws().empty());
    return 2 * kPieces / end_s;
  }
};

// A process that opens a file, moves its first MiB once and closes it at a given time.
struct Visit {
  double at_s = 0;
  double close_s = 0; // or when it is done, if that is later
  Caller caller;
  OpenMode mode;
  double opened_s = 0;
  double done_s = 0;
  StorageError error{};
};

struct Visits {
  Visits() : fs(world, three_jobs()), file(fs.place_file(kRootDirectory, Bytes{kMib})) {}

  static lustre::FilesystemSettings three_jobs() {
    auto settings = one_slow_ost();
    settings.jobs = 3;
    return settings;
  }
  kernel::Task visit(Visit& v) {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await world.delay(fs.timer(), Seconds{v.at_s});
    co_await fs.open(v.caller, file, v.mode, open, outcome);
    v.opened_s = world.now().count();
    if (v.mode.write)
      co_await fs.write(*open, Bytes{}, Bytes{kMib}, outcome);
    else
      co_await fs.read(*open, Bytes{}, Bytes{kMib}, outcome);
    v.done_s = world.now().count();
    v.error = outcome.error;
    if (v.close_s > v.done_s) co_await world.delay(fs.timer(), Seconds{v.close_s - v.done_s});
    co_await fs.close(std::move(open), outcome);
  }
  void run(std::vector<Visit>& visits) {
    for (Visit& v : visits) world.spawn(visit(v), {"visit", v.caller.job.value()});
    world.run_all();
    CHECK(world.check_laws().empty());
    CHECK(fs.check_laws().empty());
  }

  kernel::World world;
  lustre::Filesystem fs;
  FileIndex file;
};

Caller caller(std::uint32_t client, std::uint32_t job) {
  return {ClientIndex{client}, JobIndex{job}, job};
}

} // namespace

TEST_CASE("L14's counterpart: writers that lock ahead reach the disk's rate without a callback") {
  // Without: a flush of 1 MiB takes 4 ms, the lock's way from one to the other six times 1 ms: 1
  // MiB / 10 ms in all. With: each lock is asked for once and meets none in its way, so 200 MiB go
  // at 250 MiB/s, after the first lock (2 ms) and before the sync (a bulk RPC's and OST_SYNC's
  // ways).
  Turns alone(one_slow_ost());
  CHECK(alone.run({}, 0) == Approx(100).epsilon(0.02));
  CHECK(alone.fs.extent_locks().callbacks_sent() > kPieces);
  for (const std::uint32_t ahead : {1U, 16U, kPieces}) {
    CAPTURE(ahead);
    Turns turns(one_slow_ost());
    CHECK(turns.run({}, ahead) == Approx(250).epsilon(ahead > 1 ? 0.03 : 0.5));
    CHECK(turns.fs.extent_locks().callbacks_sent() == 0);
    CHECK(turns.fs.extent_locks().enqueues() == 2 * kPieces);
  }
}

TEST_CASE("locks asked ahead are refused while somebody uses the whole object, and cost no more") {
  // Writer 1 writes alone under [0, EOF] first; what 0 then asks ahead is refused, and its write
  // calls that lock back as any other does.
  HsmFixture f(one_slow_ost());
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{16 * kMib});
  f.access_at(0, file, Bytes{kMib}, ClientIndex{1}, {.write = true});
  f.world.spawn(
      [](HsmFixture& x, FileIndex index) -> kernel::Task {
        co_await x.world.delay(x.clock, Seconds{1});
        Outcome outcome;
        std::unique_ptr<OpenFile> open;
        co_await x.fs.open({}, index, {.write = true}, open, outcome);
        co_await x.fs.lock_ahead(*open, Bytes{4 * kMib}, Bytes{kMib}, outcome);
        co_await x.world.delay(x.clock, Seconds{1});
        CHECK(x.fs.extent_locks().callbacks_sent() == 0);
        co_await x.fs.write(*open, Bytes{4 * kMib}, Bytes{kMib}, outcome);
        CHECK(outcome.ok());
        co_await x.fs.close(std::move(open), outcome);
      }(f, file),
      {"writer", 0});
  CHECK(f.finish().empty());
  CHECK(f.fs.extent_locks().callbacks_sent() == 1);
  CHECK(f.fs.extent_locks().enqueues() == 3);
}

TEST_CASE(
    "a group lock is one enqueue per object and client, and keeps others out until the close") {
  Turns turns(one_slow_ost());
  double other_s = 0;
  turns.world.spawn(
      [](Turns& t, double& end_s) -> kernel::Task {
        co_await t.world.delay(t.fs.timer(), Seconds{0.05});
        Outcome outcome;
        std::unique_ptr<OpenFile> open;
        co_await t.fs.open({ClientIndex{2}, {}, 0}, t.file, {.write = true}, open, outcome);
        co_await t.fs.write(*open, Bytes{}, Bytes{kMib}, outcome);
        end_s = t.world.now().count();
        CHECK(outcome.ok());
        co_await t.fs.close(std::move(open), outcome);
      }(turns, other_s),
      {"other", 2});
  CHECK(turns.run({.group_lock = true}, 0) == Approx(250).epsilon(0.03));
  CHECK(turns.fs.extent_locks().callbacks_sent() == 0);
  CHECK(turns.fs.extent_locks().enqueues() == 3); // two of the group, one of the other
  // Both have closed; the last lock's cancel and the grant take a way each.
  CHECK(other_s == Approx(turns.end_s + 2e-3));
}

TEST_CASE(
    "a client's processes wait for its group lock as others do, if they are not of the group") {
  // A group writes until 5 s; the second group asks at 1 s, who asks at 2 s is in none. Groups go
  // first. The second opens after the first's flush (4 ms of disk, two ways) and its cancel and the
  // grant (a way each); the third's write ends after the same again.
  Visits fs;
  std::vector<Visit> v{
      {.close_s = 5, .caller = caller(0, 0), .mode = {.write = true, .group_lock = true}},
      {.at_s = 1,
       .close_s = 8,
       .caller = caller(0, 1),
       .mode = {.write = true, .group_lock = true}},
      {.at_s = 2, .caller = caller(0, 2), .mode = {.write = true}}};
  fs.run(v);
  CHECK(v[1].opened_s == Approx(5.008).epsilon(1e-5));
  CHECK(v[2].done_s == Approx(8.008).epsilon(1e-5));
  for (const Visit& visit : v) CHECK(visit.error == StorageError::none);
  CHECK(fs.fs.extent_locks().callbacks_sent() == 0);
}

TEST_CASE("a reader under a group lock does not wait for pages that wait for its lock") {
  // Client 1 has the group lock until 10 s. On client 0 a reader of no group asks at 1 s, and waits
  // with pages under way. At 2 s one of the group reads the same pages: an open and an RPC later
  // (two ways each) it has them. The first reader's lock comes with two ways, its RPC takes two.
  Visits fs;
  std::vector<Visit> v{
      {.close_s = 10, .caller = caller(1, 0), .mode = {.group_lock = true}},
      {.at_s = 1, .caller = caller(0, 1), .mode = {}},
      {.at_s = 2, .close_s = 3, .caller = caller(0, 0), .mode = {.group_lock = true}}};
  fs.run(v);
  CHECK(v[2].opened_s == Approx(2.002).epsilon(1e-5));
  CHECK(v[2].done_s == Approx(2.004).epsilon(1e-5));
  CHECK(v[1].done_s == Approx(10.004).epsilon(1e-5));
  for (const Visit& visit : v) CHECK(visit.error == StorageError::none);
}

TEST_CASE("a group lock lost with an eviction is missed until the file is opened again") {
  Visits fs;
  std::vector<StorageError> errors;
  fs.world.spawn(
      [](Visits& f, std::vector<StorageError>& out) -> kernel::Task {
        for (const bool evicted : {true, false}) {
          Outcome opening;
          std::unique_ptr<OpenFile> open;
          co_await f.fs.open(caller(0, 0), f.file, {.write = true, .group_lock = true}, open,
                             opening);
          if (evicted) f.fs.evict(ClientIndex{0});
          for (int i = 0; i < 2; ++i) {
            Outcome outcome;
            co_await f.fs.write(*open, Bytes{}, Bytes{kMib}, outcome);
            out.push_back(outcome.error);
          }
          co_await f.fs.close(std::move(open), opening);
        }
      }(fs, errors),
      {"writer", 0});
  std::vector<Visit> no_others;
  fs.run(no_others);
  using enum StorageError;
  CHECK(errors == std::vector{io, io, StorageError::none, StorageError::none});
}

TEST_CASE("a group lock makes all objects that the file may have, and its pages go with it") {
  auto settings = one_slow_ost();
  settings.fabric.servers = 2;
  settings.layout = lustre::Layout(
      {{.end = Bytes{kMib}, .stripe_count = 1}, {.end = lustre::kToEnd, .stripe_count = 2}});
  HsmFixture f(settings);
  const FileIndex file = f.fs.reserve_file(kRootDirectory);
  f.access_at(0, file, Bytes{kMib}, {}, {.write = true, .create = true, .group_lock = true});
  CHECK(f.finish().empty());
  CHECK(f.accesses.front().outcome.ok());
  CHECK(f.fs.files().objects() == 3);
  CHECK(f.fs.extent_locks().enqueues() == 3);
  CHECK(f.fs.totals().write_stored == Bytes{kMib}); // by the unlock: nobody synced
  CHECK(f.fs.all_clients().front().objects().pages().used() == Bytes{});
}

TEST_CASE("IOR hard with lock_ahead and with group_lock: no conflicts, the same bytes") {
  const auto conflicts = [](std::uint32_t ahead, bool group) {
    return numbers_from_child([=] {
      kernel::Engine engine({});
      lustre::Filesystem fs(engine.world(), one_slow_ost());
      auto settings = with_defaults<loadgen::IorSettings>(loadgen::IorSettings::parameters());
      settings.block_size = settings.transfer_size = Bytes{kMib};
      settings.segments = 50;
      settings.fsync = true;
      settings.read = false;
      settings.keep_file = true;
      settings.lock_ahead = ahead;
      settings.group_lock = group;
      loadgen::Ior ior(engine, fs, {.clients = 2}, settings);
      engine.run();
      return std::vector<double>{static_cast<double>(fs.extent_locks().callbacks_sent()),
                                 fs.totals().write_stored.as_double() / kMib,
                                 static_cast<double>(ior.outcome().errors)};
    });
  };
  for (const auto& [ahead, group] : {std::pair{64U, false}, std::pair{0U, true}}) {
    const auto n = conflicts(ahead, group);
    CHECK(n.at(0) == 0);
    CHECK(n.at(1) == 100);
    CHECK(n.at(2) == 0);
  }
  CHECK(conflicts(0, false).at(0) > 0);
}

TEST_CASE("with lru_size 0 clients keep their share of the locks that the server has room for") {
  // 20 locks for two clients: of 50 files read once a client keeps the locks of the last 10, and
  // the one in use beside them.
  auto settings = ideal_filesystem();
  settings.fabric.clients = 2;
  settings.oss.lock_limit = 20;
  settings.tunables.ldlm_lru_size = 0;
  const auto kept = [](const lustre::FilesystemSettings& with) {
    HsmFixture f(with);
    const auto files = f.place(50, Bytes{4096});
    for (std::size_t i = 0; i < files.size(); ++i)
      f.read_at(static_cast<double>(i), files[i], Bytes{4096});
    CHECK(f.finish().empty());
    return f.fs.all_clients().front().objects().osc(OstIndex{0})->locks().size();
  };
  CHECK(kept(settings) == 11);
  settings.oss.lock_limit = 0;
  CHECK(kept(settings) == 50);
}
