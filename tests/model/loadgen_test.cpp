// IOR over a storage of constant latencies, and several jobs at once: every rate has a closed form.
#include "tests/model/loadgen_fixture.hpp"

#include <algorithm>

using namespace lustrum;
using namespace lustrum::loadgen;
using namespace lustrum::test;
using doctest::Approx;

TEST_CASE("IOR: bandwidth is bytes / (last close - first open)") {
  // 2 clients x 2 ranks, 8 transfers of 1 MiB at 100 MiB/s per rank; open 10 ms (creating one 5 ms
  // more), sync 20 ms, close 3 ms. Write: 10 + 5 + 80 + 20 + 3 = 118 ms for 32 MiB. Read: 10 + 80 +
  // 3 = 93 ms. Rank 0 alone removes the shared file, 1 ms outside the phases.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.open = Seconds{0.010},
                                           .close = Seconds{0.003},
                                           .create = Seconds{0.005},
                                           .remove = Seconds{0.001},
                                           .sync = Seconds{0.020},
                                           .read = BytesPerSecond{100 * kMibPerS},
                                           .write = BytesPerSecond{100 * kMibPerS}});
    IorSettings settings = ior_defaults();
    settings.block_size = Bytes{8 * kMib};
    settings.transfer_size = Bytes{kMib};
    settings.fsync = true;
    const LoadPlace place{.clients = 2, .ranks_per_client = 2};
    const LoadOutcome outcome = run_alone<Ior>(engine, storage, place, settings);
    return std::vector<double>{rate(outcome.phases.at(0).runs.at(0), true) / kMibPerS,
                               rate(outcome.phases.at(1).runs.at(0), true) / kMibPerS,
                               outcome.makespan.count(),
                               outcome.time.total(),
                               outcome.time[Cause::barrier],
                               static_cast<double>(storage.syncs),
                               static_cast<double>(storage.files_that_exist()),
                               static_cast<double>(outcome.errors)};
  });
  CHECK(n.at(0) == Approx(32 / 0.118));
  CHECK(n.at(1) == Approx(32 / 0.093));
  CHECK(n.at(2) == Approx(0.118 + 0.093 + 0.001));
  CHECK(n.at(3) == Approx(4 * 0.212)); // every second of every rank
  CHECK(n.at(4) == Approx(3 * 0.001)); // three wait while rank 0 removes
  CHECK(n.at(5) == 4);
  CHECK(n.at(6) == 0);
  CHECK(n.at(7) == 0);
}

TEST_CASE("IOR: -a MMAP maps what is read, and writes as POSIX does") {
  const auto mapped = [](const char* api) {
    return numbers_from_child([=] {
             kernel::Engine engine({});
             MemoryStorage storage(engine.world(), {});
             IorSettings settings = ior_defaults();
             settings.api = api;
             Ior ior(engine, storage, {.clients = 2, .ranks_per_client = 2}, settings);
             engine.run();
             return std::vector<double>{static_cast<double>(storage.mapped)};
           })
        .at(0);
  };
  CHECK(mapped("MMAP") == 4); // four ranks open for writing, and again for reading
  CHECK(mapped("POSIX") == 0);
}

TEST_CASE("IOR: lock_ahead asks for the lock of each transfer once, so many ahead of its write") {
  // Two ranks of 8 transfers, 3 ahead: before the first write 3 are asked for, with each further
  // one, as long as there are any, one more. Each write takes a second.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.write = BytesPerSecond{1.0 * kMib}});
    IorSettings settings = ior_defaults();
    settings.transfer_size = settings.block_size = Bytes{kMib};
    settings.segments = 8;
    settings.read = false;
    settings.lock_ahead = 3;
    settings.group_lock = true;
    Ior ior(engine, storage, {.clients = 2}, settings);
    engine.run();
    const auto offset = [](const auto& a, const auto& b) { return a.offset < b.offset; };
    const double first = static_cast<double>(storage.locks.at(0).offset) / kMib;
    const double third = static_cast<double>(storage.locks.at(2).offset) / kMib;
    std::sort(storage.locks.begin(), storage.locks.end(), offset);
    double in_order = 0;
    for (std::size_t i = 0; i < storage.locks.size(); ++i)
      in_order += storage.locks[i].offset == i * kMib ? 1 : 0;
    return std::vector<double>{static_cast<double>(storage.locks.size()), in_order, first, third,
                               static_cast<double>(storage.group_locked)};
  });
  CHECK(n.at(0) == 16);
  CHECK(n.at(1) == 16);
  CHECK(n.at(3) == n.at(2) + 4); // the third transfer of the same rank, before any of the other
  CHECK(n.at(4) == 2);
}

TEST_CASE("IOR: with -C every transfer is read once, and never by the client that wrote it") {
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {});
    IorSettings settings = ior_defaults();
    settings.transfer_size = settings.block_size = Bytes{47'008};
    settings.segments = 5;
    settings.reorder_tasks = true;
    Ior ior(engine, storage, {.first_client = ClientIndex{7}, .clients = 3, .ranks_per_client = 2},
            settings);
    engine.run();
    const auto by_offset = [](const auto& a, const auto& b) { return a.offset < b.offset; };
    std::sort(storage.writes.begin(), storage.writes.end(), by_offset);
    std::sort(storage.reads.begin(), storage.reads.end(), by_offset);
    double same_client = 0;
    double mismatches = 0;
    for (std::size_t i = 0; i < storage.writes.size(); ++i) {
      const auto& w = storage.writes[i];
      const auto& r = storage.reads.at(i);
      same_client += w.caller.client == r.caller.client ? 1 : 0;
      mismatches += w.offset != r.offset || w.offset != i * 47'008 || w.file != r.file ? 1 : 0;
    }
    const auto clients = std::minmax_element(
        storage.writes.begin(), storage.writes.end(),
        [](const auto& a, const auto& b) { return a.caller.client < b.caller.client; });
    return std::vector<double>{static_cast<double>(storage.writes.size()),
                               static_cast<double>(storage.reads.size()),
                               same_client,
                               mismatches,
                               static_cast<double>(clients.first->caller.client.value()),
                               static_cast<double>(clients.second->caller.client.value())};
  });
  CHECK(n == std::vector<double>{30, 30, 0, 0, 7, 9});
}

TEST_CASE("IOR: stonewalling, and wearing out to the count of the fastest rank") {
  // Transfers of 1 MiB at 100 MiB/s: 10 ms, on client 0 25 ms. The wall at 95 ms is looked at after
  // a transfer: rank 1 does 10 (100 ms), rank 0 does 4 (100 ms). Wearing out, rank 0 does 6 more:
  // 150 ms more.
  for (const bool wear_out : {false, true}) {
    const auto n = numbers_from_child([&] {
      kernel::Engine engine({});
      MemoryStorage storage(engine.world(), {.write = BytesPerSecond{100 * kMibPerS}});
      storage.slowdown_of_client_0 = 2.5;
      IorSettings settings = ior_defaults();
      settings.transfer_size = Bytes{kMib};
      settings.block_size = Bytes{1000 * kMib};
      settings.file_per_process = true;
      settings.reorder_tasks = true;
      settings.stonewall = Seconds{0.095};
      settings.stonewall_wear_out = wear_out;
      Ior ior(engine, storage, {.clients = 2}, settings);
      engine.run();
      const LoadOutcome outcome = ior.outcome();
      return std::vector<double>{
          static_cast<double>(storage.writes.size()), static_cast<double>(storage.reads.size()),
          outcome.phases.at(0).runs.at(0).time().count(), static_cast<double>(outcome.errors)};
    });
    CHECK(n.at(0) == (wear_out ? 20 : 14));
    CHECK(n.at(1) == n.at(0)); // what was written, no more
    CHECK(n.at(2) == Approx(wear_out ? 0.250 : 0.100));
    CHECK(n.at(3) == 0);
  }
}

TEST_CASE("IOR: repetitions write to new files; caches are dropped on every client") {
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.write = BytesPerSecond{100 * kMibPerS}});
    IorSettings settings = ior_defaults();
    settings.iterations = 3;
    settings.drop_caches = true;
    Ior ior(engine, storage, {.clients = 4, .ranks_per_client = 2}, settings);
    engine.run();
    std::set<std::uint32_t> files;
    for (const auto& write : storage.writes) files.insert(write.file.value());
    return std::vector<double>{static_cast<double>(files.size()),
                               static_cast<double>(storage.dropped.size()),
                               static_cast<double>(ior.outcome().phases.at(0).runs.size()),
                               static_cast<double>(storage.files_that_exist())};
  });
  CHECK(n == std::vector<double>{3, 3 * 2 * 4, 3, 0});
}

TEST_CASE("IOR: the first write that fails aborts the job, as MPI_Abort does") {
  // Two ranks of 8 transfers of 10 ms each. Six succeed, so that both fail with their fourth, at
  // 40 ms: rank 0's is the reason, rank 1's was under way. Both close (1 ms); no read phase, no
  // second repetition.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(),
                          {.close = Seconds{0.001}, .write = BytesPerSecond{100 * kMibPerS}});
    storage.writes_that_succeed = 6;
    IorSettings settings = ior_defaults();
    settings.block_size = Bytes{8 * kMib};
    settings.transfer_size = Bytes{kMib};
    settings.intra_test_barriers = true;
    settings.iterations = 2;
    const LoadOutcome outcome = run_alone<Ior>(engine, storage, {.clients = 2}, settings);
    const PhaseOutcome& write = outcome.phases.at(0);
    return std::vector<double>{write.runs.at(0).bytes.as_double() / kMibPerS,
                               static_cast<double>(outcome.phases.size()),
                               static_cast<double>(write.runs.size()),
                               write.complete ? 1.0 : 0.0,
                               static_cast<double>(outcome.errors),
                               outcome.abort && outcome.abort->error == StorageError::no_space &&
                                       outcome.abort->phase == "write"
                                   ? outcome.abort->at.count()
                                   : -1,
                               outcome.makespan.count(),
                               outcome.time.total(),
                               static_cast<double>(storage.reads.size())};
  });
  CHECK(n.at(0) == 6);
  CHECK(n.at(1) == 1); // no read phase
  CHECK(n.at(2) == 1); // cut short
  CHECK(n.at(3) == 0);
  CHECK(n.at(4) == 2);
  CHECK(n.at(5) == Approx(0.040));
  CHECK(n.at(6) == Approx(0.041));
  CHECK(n.at(7) == Approx(2 * 0.041));
  CHECK(n.at(8) == 0);
}

TEST_CASE("IOR: ranks at a barrier leave it when another aborts, later repetitions do not count") {
  // One transfer a repetition, 10 ms of rank 1, 100 ms of rank 0, which fails with its second, at
  // 200 ms. Rank 1 waits 90 ms at the barrier in each repetition.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.write = BytesPerSecond{100 * kMibPerS}});
    storage.slowdown_of_client_0 = 10;
    storage.writes_that_succeed = 3;
    IorSettings settings = ior_defaults();
    settings.block_size = settings.transfer_size = Bytes{kMib};
    settings.read = false;
    settings.iterations = 5;
    const LoadOutcome outcome = run_alone<Ior>(engine, storage, {.clients = 2}, settings);
    return std::vector<double>{static_cast<double>(outcome.phases.at(0).runs.size()),
                               outcome.phases.at(0).complete ? 1.0 : 0.0,
                               outcome.abort ? outcome.abort->at.count() : -1,
                               outcome.makespan.count(), outcome.time[Cause::barrier]};
  });
  CHECK(n.at(0) == 1);
  CHECK(n.at(1) == 1);
  CHECK(n.at(2) == Approx(0.2));
  CHECK(n.at(3) == Approx(0.2));
  CHECK(n.at(4) == Approx(2 * 0.09));
}

TEST_CASE("several jobs: one starts later, one in the background ends with the others") {
  // Foreground: 10 transfers of 100 ms, begun at 0.25 s: ends at 1.25 s. Background: write phases
  // of 0.2 s without a read phase: 6 whole ones by then.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.write = BytesPerSecond{10 * kMibPerS}});
    IorSettings settings = ior_defaults();
    settings.transfer_size = Bytes{kMib};
    settings.block_size = Bytes{10 * kMib};
    settings.read = false;
    Ior job(engine, storage, {.start = Seconds{0.25}}, settings);
    settings.block_size = Bytes{2 * kMib};
    Ior noise(engine, storage,
              {.name = "noise", .first_client = ClientIndex{1}, .background = true}, settings);
    engine.run();
    const LoadOutcome a = job.outcome();
    const LoadOutcome b = noise.outcome();
    return std::vector<double>{engine.clock().count(),
                               a.makespan.count(),
                               b.makespan.count(),
                               static_cast<double>(b.phases.at(0).runs.size()),
                               rate(b.phases.at(0).runs.at(0), true) / kMibPerS,
                               b.time.total()};
  });
  CHECK(n.at(0) == Approx(1.25));
  CHECK(n.at(1) == Approx(1.0));
  CHECK(n.at(2) == Approx(1.25));
  CHECK(n.at(3) == 6);
  CHECK(n.at(4) == Approx(10));
  CHECK(n.at(5) == Approx(1.25));
}
