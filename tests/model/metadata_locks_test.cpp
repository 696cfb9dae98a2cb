// What one client does to what another has cached; slots; failures of an MDT.
#include "tests/model/metadata_fixture.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;
using lustre::kRoot;
using lustre::MetadataClient;
using lustre::MetadataOperation;

namespace {

constexpr double kOneWay = 0.0001;
constexpr Caller kFirst{ClientIndex{0}, {}, 0};
constexpr Caller kSecond{ClientIndex{1}, {}, 0};

MetadataSystemSettings two_clients() {
  MetadataSystemSettings s;
  s.clients = 2;
  s.osts = 2;
  s.latency = Seconds{kOneWay};
  s.metadata.statahead.max = 0;
  return s;
}

Outcome run(MetadataSystem& system, auto call) {
  Outcome outcome;
  system.run(call(outcome));
  return outcome;
}

constexpr OpenMode kCreate{.write = true, .create = true};

} // namespace

TEST_CASE("a create in a listed directory calls the listing back, and waits for that") {
  // Request, callback, its answer, reply: four times the wire. The listing then costs two RPCs
  // again, but the directory's own name is still known.
  MetadataSystem system(two_clients());
  const std::uint32_t directory = system.files.tree().make_directory({.parent = kRoot});
  system.files.add(directory, Bytes{});
  MetadataClient& a = system.clients[0];
  MetadataClient& b = system.clients[1];
  std::vector<FileIndex> files;
  run(system, [&](Outcome& o) { return a.list(kFirst, directory, files, o); });
  const FileIndex first = system.files.plan_file(directory);
  const FileIndex second = system.files.plan_file(directory);
  run(system, [&](Outcome& o) { return b.open(kSecond, first, kCreate, o); });
  CHECK(system.inode_locks.callbacks_sent() == 1);
  Outcome outcome;
  CHECK(system.run(b.open(kSecond, second, kCreate, outcome)).count() == Approx(2 * kOneWay));
  CHECK(outcome.time[Cause::lock] == 0);

  const std::uint64_t before = system.mdt_rpcs();
  files.clear();
  run(system, [&](Outcome& o) { return a.list(kFirst, directory, files, o); });
  CHECK(files.size() == 3);
  CHECK(system.mdt_rpcs() - before == 2);

  const FileIndex third = system.files.plan_file(directory);
  CHECK(system.run(b.open(kSecond, third, kCreate, outcome)).count() == Approx(4 * kOneWay));
  CHECK(outcome.time[Cause::lock] == Approx(2 * kOneWay));
}

TEST_CASE("a lock that others want by the time it is granted is called back with the grant") {
  // Client 0 has the listing. With o a way over the wire: 1 creates a file at 0, 2 lists at o/2, 3
  // creates one at 3o/4; their requests are there a way later, and wait in this order. 0's cancel
  // is there at 3o, which grants 1's lock (free at once) and 2's; 2 is called back, its cancel is
  // there at 5o, and 3 has its reply at 6o.
  auto s = two_clients();
  s.clients = 4;
  MetadataSystem system(s);
  std::vector<FileIndex> files;
  run(system, [&](Outcome& o) { return system.clients[0].list(kFirst, kRoot, files, o); });
  const double start_s = system.world.now().count();
  kernel::DelayStation& clock = system.world.add_delay({"test", "test"});
  static constexpr std::array kStart{0.0, 0.0, 0.5, 0.75}; // in ways, by client
  std::array<double, 4> end_s{};
  for (std::uint32_t c = 1; c < 4; ++c)
    system.world.spawn(
        [](MetadataSystem& m, kernel::DelayStation& timer, std::uint32_t client,
           double& ended_s) -> kernel::Task {
          const Caller caller{ClientIndex{client}, {}, 0};
          Outcome outcome;
          std::vector<FileIndex> listed;
          co_await m.world.delay(timer, Seconds{kOneWay * kStart[client]});
          if (client == 2)
            co_await m.clients[client].list(caller, kRoot, listed, outcome);
          else
            co_await m.clients[client].open(caller, m.files.plan_file(kRoot), kCreate, outcome);
          CHECK(outcome.ok());
          ended_s = m.world.now().count();
        }(system, clock, c, end_s[c]),
        {"client", c});
  system.world.run_all();
  CHECK(end_s[1] - start_s == Approx(4 * kOneWay));
  CHECK(end_s[3] - start_s == Approx(6 * kOneWay));
  CHECK(end_s[2] > start_s);
  // Client 2 may not believe that it still knows the directory.
  const std::uint64_t before = system.mdt_rpcs();
  files.clear();
  run(system, [&](Outcome& o) {
    return system.clients[2].list({ClientIndex{2}, {}, 0}, kRoot, files, o);
  });
  CHECK(files.size() == 2);
  CHECK(system.mdt_rpcs() > before);
}

TEST_CASE("a client does not call itself back") {
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  std::vector<FileIndex> files;
  run(system, [&](Outcome& o) { return a.list(kFirst, kRoot, files, o); });
  const FileIndex file = system.files.plan_file(kRoot);
  CHECK(run(system, [&](Outcome& o) { return a.open(kFirst, file, kCreate, o); }).ok());
  CHECK(run(system, [&](Outcome& o) { return a.stat(kFirst, file, o); }).ok());
  CHECK(run(system, [&](Outcome& o) { return a.unlink(kFirst, file, o); }).ok());
  CHECK(system.inode_locks.callbacks_sent() == 0);
}

TEST_CASE("what another client removed is not there any more") {
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  MetadataClient& b = system.clients[1];
  const FileIndex file = system.files.add(kRoot, Bytes{kMib});
  CHECK(run(system, [&](Outcome& o) { return a.stat(kFirst, file, o); }).ok());
  CHECK(run(system, [&](Outcome& o) { return b.unlink(kSecond, file, o); }).ok());
  const auto no_entry = [&](auto call) {
    CHECK(run(system, call).error == StorageError::no_entry);
  };
  no_entry([&](Outcome& o) { return a.stat(kFirst, file, o); });
  no_entry([&](Outcome& o) { return a.open(kFirst, file, {}, o); });
  no_entry([&](Outcome& o) { return a.unlink(kFirst, file, o); });
  // It can be made anew.
  CHECK(run(system, [&](Outcome& o) { return a.open(kFirst, file, kCreate, o); }).ok());
  CHECK(run(system, [&](Outcome& o) { return b.stat(kSecond, file, o); }).ok());
}

TEST_CASE("directories: EEXIST, ENOTEMPTY, ENOENT") {
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  MetadataClient& b = system.clients[1];
  const std::uint32_t outer = system.files.tree().plan_directory({.parent = kRoot});
  const std::uint32_t inner = system.files.tree().plan_directory({.parent = outer});
  const auto error = [&](auto call) { return run(system, call).error; };
  const auto make = [&](std::uint32_t d) {
    return error([&](Outcome& o) { return a.make_directory(kFirst, d, o); });
  };
  const auto remove = [&](std::uint32_t d) {
    return error([&](Outcome& o) { return b.remove_directory(kSecond, d, o); });
  };
  CHECK(make(inner) == StorageError::no_entry); // its parent is not there
  CHECK(make(outer) == StorageError::none);
  CHECK(make(outer) == StorageError::exists);
  CHECK(make(inner) == StorageError::none);
  CHECK(remove(outer) == StorageError::not_empty);
  CHECK(remove(inner) == StorageError::none);
  CHECK(remove(inner) == StorageError::no_entry);
  CHECK(remove(outer) == StorageError::none);
  const FileIndex file = system.files.plan_file(outer);
  CHECK(error([&](Outcome& o) { return a.open(kFirst, file, kCreate, o); }) ==
        StorageError::no_entry);
}

TEST_CASE("an open that was kept is closed when somebody removes the file") {
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  MetadataClient& b = system.clients[1];
  const FileIndex file = system.files.add(kRoot, Bytes{kMib});
  for (int i = 0; i < 6; ++i) {
    run(system, [&](Outcome& o) { return a.open(kFirst, file, {}, o); });
    run(system, [&](Outcome& o) { return a.close(kFirst, file, o); });
  }
  CHECK(a.rpcs(MetadataOperation::open) == 5);
  CHECK(a.rpcs(MetadataOperation::close) == 4);
  run(system, [&](Outcome& o) { return b.unlink(kSecond, file, o); });
  CHECK(a.rpcs(MetadataOperation::close) == 5);
}

TEST_CASE("a new component takes everybody's layout away") {
  auto s = two_clients();
  s.layout = std::get<lustre::Layout>(lustre::parse_layout("-E 1M -c 1 -E -1 -c 2"));
  MetadataSystem system(s);
  MetadataClient& a = system.clients[0];
  MetadataClient& b = system.clients[1];
  const FileIndex file = system.files.add(kRoot, Bytes{kMib});
  run(system, [&](Outcome& o) { return a.open(kFirst, file, {}, o); });
  run(system, [&](Outcome& o) { return b.open(kSecond, file, {.write = true}, o); });
  CHECK(a.has_layout(file));
  Outcome outcome;
  CHECK(system.run(b.instantiate(kSecond, file, 1, outcome)).count() == Approx(4 * kOneWay));
  CHECK(outcome.ok());
  CHECK(system.files.instantiated(file, 1));
  CHECK(!a.has_layout(file));
  CHECK(b.has_layout(file));
  run(system, [&](Outcome& o) { return a.fetch_layout(kFirst, file, o); });
  CHECK(a.has_layout(file));
}

TEST_CASE("an open goes on while a file's layout is held for a restore; its layout waits") {
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  const FileIndex file = system.files.add(kRoot, Bytes{kMib});
  const lustre::Inode inode = lustre::Inode::file(file);
  const auto restore = system.inode_locks.enqueue(
      inode, {lustre::kServerItself, lustre::LockMode::ex, lustre::kLayoutBit});
  CHECK(restore.answer == lustre::LockAnswer::granted);
  CHECK(run(system, [&](Outcome& o) { return a.open(kFirst, file, {}, o); }).ok());
  CHECK(!a.has_layout(file));
  Outcome outcome;
  system.world.spawn(a.fetch_layout(kFirst, file, outcome), {"reader", 0});
  system.world.run_all();
  CHECK(!a.has_layout(file));
  system.inode_locks.cancel(inode, restore.lock.id);
  system.world.run_all();
  CHECK(a.has_layout(file));
}

TEST_CASE("a client that does not answer its callback is evicted after the timeout") {
  // 100 s after the callback arrived.
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  MetadataClient& b = system.clients[1];
  std::vector<FileIndex> files;
  const FileIndex here = system.files.add(kRoot, Bytes{});
  run(system, [&](Outcome& o) { return a.list(kFirst, kRoot, files, o); });
  run(system, [&](Outcome& o) { return a.stat(kFirst, here, o); });
  CHECK(a.locks_held() == 2);
  system.states[0].hang();
  const FileIndex file = system.files.plan_file(kRoot);
  Outcome outcome;
  const double took_s = system.run(b.open(kSecond, file, kCreate, outcome)).count();
  CHECK(outcome.ok());
  CHECK(took_s == Approx(100 + 3 * kOneWay).epsilon(1e-9));
  CHECK(system.mds[0].target().evictions(ClientIndex{0}) == 1);
  CHECK(a.locks_held() == 0);
  CHECK(system.inode_locks.is_free(lustre::Inode::file(here)));
}

TEST_CASE("locks beyond lru_size are given up, the longest unused first") {
  auto s = two_clients();
  s.metadata.locks.max_locks = 10;
  MetadataSystem system(s);
  MetadataClient& a = system.clients[0];
  std::vector<FileIndex> files;
  for (int i = 0; i < 30; ++i) files.push_back(system.files.add(kRoot, Bytes{}));
  for (const FileIndex file : files)
    run(system, [&](Outcome& o) { return a.stat(kFirst, file, o); });
  CHECK(a.locks_held() <= 11);
  CHECK(system.inode_locks.is_free(lustre::Inode::file(files.front())));
  const std::uint64_t before = system.mdt_rpcs();
  run(system, [&](Outcome& o) { return a.stat(kFirst, files.back(), o); });
  CHECK(system.mdt_rpcs() == before);
  run(system, [&](Outcome& o) { return a.stat(kFirst, files.front(), o); });
  CHECK(system.mdt_rpcs() == before + 1);
}

TEST_CASE("locks unused for longer than lru_max_age are given up") {
  auto s = two_clients();
  s.metadata.locks.max_age = Seconds{600};
  MetadataSystem system(s);
  MetadataClient& a = system.clients[0];
  const FileIndex file = system.files.add(kRoot, Bytes{});
  const auto rpcs_after = [&](double pause_s) {
    system.world.advance_to(system.world.now().count() + pause_s);
    const std::uint64_t before = system.mdt_rpcs();
    run(system, [&](Outcome& o) { return a.stat(kFirst, file, o); });
    return system.mdt_rpcs() - before;
  };
  CHECK(rpcs_after(0) == 1);
  CHECK(rpcs_after(599) == 0);
  CHECK(rpcs_after(599) == 0); // used meanwhile
  CHECK(rpcs_after(601) == 1);
}

TEST_CASE("one close more than the slots passes, as often as a close waits") {
  // One slot, held by an open for 10 ms. Two closes of 1 ms each pass it one after the other; only
  // one at a time.
  MetadataSystemSettings s;
  s.tunables.mdc_max_mod_rpcs_in_flight = 1;
  s.mds.service[number(MetadataOperation::open)] = Seconds{0.010};
  s.mds.service[number(MetadataOperation::close)] = Seconds{0.001};
  MetadataSystem system(s);
  MetadataClient& a = system.clients[0];
  const FileIndex file = system.files.add(kRoot, Bytes{});
  std::array<Outcome, 4> outcomes;
  system.world.spawn(a.open(kFirst, file, {}, outcomes[0]), {"open", 0});
  system.world.spawn(a.open(kFirst, file, {}, outcomes[1]), {"open", 1});
  system.world.spawn(a.close(kFirst, file, outcomes[2]), {"close", 0});
  system.world.spawn(a.close(kFirst, file, outcomes[3]), {"close", 1});
  system.world.run_all();
  CHECK(outcomes[0].time.total() == Approx(0.010));
  CHECK(outcomes[1].time.total() == Approx(0.020));
  CHECK(outcomes[2].time.total() == Approx(0.001));
  CHECK(outcomes[3].time.total() == Approx(0.002));
  CHECK(system.world.check_laws().empty());
}

namespace {

kernel::Task fail_for(kernel::World& world, lustre::Target& target, Seconds from, Seconds length) {
  kernel::DelayStation& timer = world.add_delay({"timer", "timer"});
  co_await world.delay(timer, from);
  target.fail();
  co_await world.delay(timer, length);
  target.recover();
}

} // namespace

TEST_CASE("an MDT that fails: calls wait for it and are sent again, but done once") {
  // The create is at the MDT when it fails at 50 us after arrival of nothing; the reply is lost.
  // Down for 30 s; then there and back again.
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  const FileIndex file = system.files.plan_file(kRoot);
  system.world.spawn(
      fail_for(system.world, system.mds[0].target(), Seconds{1.5 * kOneWay}, Seconds{30}),
      {"failure", 0});
  Outcome outcome;
  const double took_s = system.run(a.open(kFirst, file, kCreate, outcome)).count();
  CHECK(outcome.ok());
  CHECK(took_s == Approx(1.5 * kOneWay + 30 + 2 * kOneWay).epsilon(1e-9));
  CHECK(outcome.time[Cause::failure] == Approx(30 - 0.5 * kOneWay).epsilon(1e-9));
  CHECK(system.files.exists(file));
  CHECK(system.files.tree().entries(kRoot) == 1);
}

TEST_CASE("an MDT in failout mode answers EIO") {
  MetadataSystem system(two_clients());
  MetadataClient& a = system.clients[0];
  const FileIndex file = system.files.add(kRoot, Bytes{});
  system.mds[0].target().set_failout(true);
  system.mds[0].target().fail();
  CHECK(run(system, [&](Outcome& o) { return a.open(kFirst, file, {}, o); }).error ==
        StorageError::io);
  system.mds[0].target().recover();
  CHECK(run(system, [&](Outcome& o) { return a.open(kFirst, file, {}, o); }).ok());
}
