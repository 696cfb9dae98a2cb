// IOR and mdtest over a storage of constant latencies: every rate has a closed form.
#include "models/loadgen/ior.hpp"
#include "models/loadgen/mdtest.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/memory_storage.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::loadgen;
using namespace lustrum::test;
using doctest::Approx;

namespace {

constexpr double kMibPerS = static_cast<double>(kMib);

IorSettings ior_defaults() { return with_defaults<IorSettings>(IorSettings::parameters()); }
MdtestSettings mdtest_defaults() {
  return with_defaults<MdtestSettings>(MdtestSettings::parameters());
}

double rate(const PhaseRun& run, bool bytes) {
  return (bytes ? run.bytes.as_double() : static_cast<double>(run.operations)) / run.time().count();
}

} // namespace

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
    Ior ior(engine, storage, place, settings);
    engine.run();
    const LoadOutcome outcome = ior.outcome();
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

TEST_CASE("IOR: what a full storage refuses is counted, and not as bytes") {
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.write = BytesPerSecond{100 * kMibPerS}});
    storage.writes_that_succeed = 5;
    IorSettings settings = ior_defaults();
    settings.block_size = Bytes{8 * kMib};
    settings.transfer_size = Bytes{kMib};
    Ior ior(engine, storage, {}, settings);
    engine.run();
    const LoadOutcome outcome = ior.outcome();
    const PhaseRun& write = outcome.phases.at(0).runs.at(0);
    const PhaseRun& read = outcome.phases.at(1).runs.at(0);
    return std::vector<double>{write.bytes.as_double() / kMibPerS,
                               static_cast<double>(write.errors), read.bytes.as_double() / kMibPerS,
                               static_cast<double>(read.errors),
                               static_cast<double>(outcome.errors)};
  });
  CHECK(n == std::vector<double>{5, 3, 5, 3, 6});
}

TEST_CASE("mdtest: the rate of each phase is items / time") {
  // 3 clients x 2 ranks, 50 items. Create: open 2 + create 3 + close 1 = 6 ms an item; stat 4 ms;
  // read 2 + 1 = 3 ms; remove 5 ms; a directory 7 ms, outside the phases.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.open = Seconds{0.002},
                                           .close = Seconds{0.001},
                                           .create = Seconds{0.003},
                                           .stat = Seconds{0.004},
                                           .remove = Seconds{0.005},
                                           .directory = Seconds{0.007}});
    MdtestSettings settings = mdtest_defaults();
    settings.items = 50;
    settings.unique_dir_per_task = true;
    Mdtest mdtest(engine, storage, {.clients = 3, .ranks_per_client = 2}, settings);
    engine.run();
    const LoadOutcome outcome = mdtest.outcome();
    std::vector<double> numbers;
    for (const PhaseOutcome& phase : outcome.phases)
      numbers.push_back(rate(phase.runs.at(0), false));
    numbers.push_back(outcome.makespan.count());
    numbers.push_back(outcome.time.total());
    numbers.push_back(static_cast<double>(outcome.errors));
    numbers.push_back(static_cast<double>(storage.files_that_exist()));
    return numbers;
  });
  CHECK(n.at(0) == Approx(6 / 0.006));
  CHECK(n.at(1) == Approx(6 / 0.004));
  CHECK(n.at(2) == Approx(6 / 0.003));
  CHECK(n.at(3) == Approx(6 / 0.005));
  CHECK(n.at(4) == Approx(50 * 0.018 + 2 * 0.007));
  CHECK(n.at(5) == Approx(6 * n.at(4)));
  CHECK(n.at(6) == 0); // own directories were empty when they were removed
  CHECK(n.at(7) == 0);
}

TEST_CASE("mdtest: with -S all ranks work on the items of rank 0") {
  // 2 clients x 2 ranks, 10 items of rank 0: create 2 + 3 + 1 ms by it alone, stat 4 ms and read
  // 2 + 1 ms by all, remove 5 ms by it alone.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.open = Seconds{0.002},
                                           .close = Seconds{0.001},
                                           .create = Seconds{0.003},
                                           .stat = Seconds{0.004},
                                           .remove = Seconds{0.005}});
    MdtestSettings settings = mdtest_defaults();
    settings.items = 10;
    settings.shared_file = true;
    Mdtest mdtest(engine, storage, {.clients = 2, .ranks_per_client = 2}, settings);
    engine.run();
    const LoadOutcome outcome = mdtest.outcome();
    std::vector<double> numbers{static_cast<double>(storage.stats.size()),
                                static_cast<double>(storage.files_that_exist()),
                                static_cast<double>(outcome.errors)};
    for (const PhaseOutcome& phase : outcome.phases) {
      numbers.push_back(static_cast<double>(phase.runs.at(0).operations));
      numbers.push_back(phase.runs.at(0).time().count());
    }
    return numbers;
  });
  CHECK(n.at(0) == 4 * 10);
  CHECK(n.at(1) == 0);
  CHECK(n.at(2) == 0);
  CHECK(n.at(3) == 10);
  CHECK(n.at(4) == Approx(10 * 0.006));
  CHECK(n.at(5) == 4 * 10);
  CHECK(n.at(6) == Approx(10 * 0.004));
  CHECK(n.at(7) == 4 * 10);
  CHECK(n.at(8) == Approx(10 * 0.003));
  CHECK(n.at(9) == 10);
  CHECK(n.at(10) == Approx(10 * 0.005));
}

TEST_CASE("mdtest: a stride shifts stat by one, read by two, remove by three ranks") {
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.open = Seconds{0.001}});
    MdtestSettings settings = mdtest_defaults();
    settings.apply_preset("mdtest-hard");
    settings.items = 10;
    settings.stonewall = Seconds{};
    Mdtest mdtest(engine, storage, {.clients = 5}, settings);
    engine.run();
    std::map<std::uint32_t, std::uint32_t> writer;
    std::set<std::uint32_t> directories;
    for (const auto& w : storage.writes) {
      writer[w.file.value()] = w.caller.client.value();
      directories.insert(storage.directory_of(w.file).value());
    }
    const auto shifted = [&](const Caller& caller, FileIndex file, std::uint32_t by) {
      return writer.at(file.value()) == (caller.client.value() + by) % 5 ? 1.0 : 0.0;
    };
    double stats = 0;
    double reads = 0;
    double removes = 0;
    double bytes = 0;
    for (const auto& [caller, file] : storage.stats) stats += shifted(caller, file, 1);
    for (const auto& r : storage.reads) {
      reads += shifted(r.caller, r.file, 2);
      bytes += static_cast<double>(r.length);
    }
    for (const auto& [caller, file] : storage.removes) removes += shifted(caller, file, 3);
    return std::vector<double>{stats, reads, removes, bytes,
                               static_cast<double>(directories.size())};
  });
  CHECK(n == std::vector<double>{50, 50, 50, 50 * 3901, 1});
}

TEST_CASE("mdtest: a listing asks about every entry of another rank's directory once") {
  // Three ranks with 20 files each; the names take no time here, a stat 4 ms: 80 ms for 60 entries.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.stat = Seconds{0.004}});
    MdtestSettings settings = mdtest_defaults();
    settings.items = 20;
    settings.unique_dir_per_task = true;
    settings.nstride = 1;
    settings.stat = false;
    settings.list = true;
    settings.read = false;
    settings.remove = false;
    Mdtest mdtest(engine, storage, {.clients = 3}, settings);
    engine.run();
    std::set<std::uint32_t> files;
    std::map<std::uint32_t, std::set<std::uint32_t>> directories; // of each client
    for (const auto& [caller, file] : storage.stats) {
      files.insert(file.value());
      directories[caller.client.value()].insert(storage.directory_of(file).value());
    }
    std::set<std::uint32_t> all;
    for (const auto& [client, seen] : directories) all.insert(seen.begin(), seen.end());
    const LoadOutcome outcome = mdtest.outcome();
    const PhaseRun& list = outcome.phases.at(1).runs.at(0);
    return std::vector<double>{static_cast<double>(files.size()),
                               static_cast<double>(storage.stats.size()),
                               static_cast<double>(all.size()),
                               static_cast<double>(directories.at(0).size()),
                               static_cast<double>(list.operations),
                               list.time().count(),
                               outcome.phases.at(1).name == "list" ? 1.0 : 0.0};
  });
  CHECK(n.at(0) == 60);
  CHECK(n.at(1) == 60);
  CHECK(n.at(2) == 3);
  CHECK(n.at(3) == 1);
  CHECK(n.at(4) == 60);
  CHECK(n.at(5) == Approx(0.080));
  CHECK(n.at(6) == 1);
}

TEST_CASE("mdtest: at the stonewall all ranks go on to the count of the fastest") {
  // 10 ms an item, on client 0 20 ms; the wall at 95 ms: 10 and 5, then 5 more.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.create = Seconds{0.010}});
    storage.slowdown_of_client_0 = 2;
    MdtestSettings settings = mdtest_defaults();
    settings.items = 1'000'000;
    settings.stonewall = Seconds{0.095};
    Mdtest mdtest(engine, storage, {.clients = 2}, settings);
    engine.run();
    const LoadOutcome outcome = mdtest.outcome();
    const PhaseRun& create = outcome.phases.at(0).runs.at(0);
    return std::vector<double>{static_cast<double>(create.operations), create.time().count(),
                               static_cast<double>(storage.removes.size())};
  });
  CHECK(n.at(0) == 20);
  CHECK(n.at(1) == Approx(0.200));
  CHECK(n.at(2) == 20);
}

TEST_CASE("mdtest: directories are created and removed") {
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.directory = Seconds{0.004}});
    MdtestSettings settings = mdtest_defaults();
    settings.items = 25;
    settings.dirs_only = true;
    Mdtest mdtest(engine, storage, {.clients = 2}, settings);
    engine.run();
    const LoadOutcome outcome = mdtest.outcome();
    std::vector<double> numbers;
    for (const PhaseOutcome& phase : outcome.phases)
      numbers.push_back(rate(phase.runs.at(0), false));
    return numbers;
  });
  REQUIRE(n.size() == 2);
  CHECK(n.at(0) == Approx(2 / 0.004));
  CHECK(n.at(1) == Approx(2 / 0.004));
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
