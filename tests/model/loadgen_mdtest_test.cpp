// mdtest over a storage of constant latencies: every rate has a closed form.
#include "tests/model/loadgen_fixture.hpp"

using namespace lustrum;
using namespace lustrum::loadgen;
using namespace lustrum::test;
using doctest::Approx;

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
    const LoadOutcome outcome =
        run_alone<Mdtest>(engine, storage, {.clients = 3, .ranks_per_client = 2}, settings);
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
    const LoadOutcome outcome =
        run_alone<Mdtest>(engine, storage, {.clients = 2, .ranks_per_client = 2}, settings);
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
    const LoadOutcome outcome = run_alone<Mdtest>(engine, storage, {.clients = 3}, settings);
    std::set<std::uint32_t> files;
    std::map<std::uint32_t, std::set<std::uint32_t>> directories; // of each client
    for (const auto& [caller, file] : storage.stats) {
      files.insert(file.value());
      directories[caller.client.value()].insert(storage.directory_of(file).value());
    }
    std::set<std::uint32_t> all;
    for (const auto& [client, seen] : directories) all.insert(seen.begin(), seen.end());
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
    const LoadOutcome outcome = run_alone<Mdtest>(engine, storage, {.clients = 2}, settings);
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
    const LoadOutcome outcome = run_alone<Mdtest>(engine, storage, {.clients = 2}, settings);
    std::vector<double> numbers;
    for (const PhaseOutcome& phase : outcome.phases)
      numbers.push_back(rate(phase.runs.at(0), false));
    return numbers;
  });
  REQUIRE(n.size() == 2);
  CHECK(n.at(0) == Approx(2 / 0.004));
  CHECK(n.at(1) == Approx(2 / 0.004));
}
