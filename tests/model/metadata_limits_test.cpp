// Closed forms of metadata alone: serial RPCs, mod slots, MDTs, provisioned IOPS, statahead,
// objects created ahead. Small files with their data: limits_metadata_test.cpp.
#include "tests/model/metadata_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;
using lustre::kRoot;
using lustre::MetadataClient;
using lustre::MetadataOperation;

namespace {

constexpr OpenMode kCreate{.write = true, .create = true};

struct Storm {
  std::uint32_t threads = 256; // per client
  std::uint32_t files = 200;   // of each thread
  OpenMode mode{};
  // Directory of a thread; by default the root.
  std::vector<std::uint32_t> directories{kRoot};
};

kernel::Task open_and_close(MetadataClient& client, Caller caller, std::vector<FileIndex> files,
                            OpenMode mode) {
  for (const FileIndex file : files) {
    Outcome outcome;
    co_await client.open(caller, file, mode, outcome);
    co_await client.close(caller, file, outcome);
    CHECK(outcome.ok());
  }
}

// Open and close pairs per second of all clients together, each file opened once.
double pairs_per_s(MetadataSystem& system, const Storm& storm) {
  const auto clients = static_cast<std::uint32_t>(system.clients.size());
  const Seconds start = system.world.now();
  for (std::uint32_t t = 0; t < clients * storm.threads; ++t) {
    std::vector<FileIndex> files;
    const std::uint32_t directory = storm.directories[t % storm.directories.size()];
    for (std::uint32_t i = 0; i < storm.files; ++i)
      files.push_back(storm.mode.create ? system.files.plan_file(directory)
                                        : system.files.add(directory, Bytes{}));
    const Caller caller{ClientIndex{t % clients}, {}, t};
    system.world.spawn(
        open_and_close(system.clients[t % clients], caller, std::move(files), storm.mode),
        {"thread", t});
  }
  system.world.run_all();
  CHECK(system.world.check_laws().empty());
  return clients * storm.threads * storm.files / (system.world.now() - start).count();
}

// An MDT whose CPU does `rate` opens and as many closes a second, one after the other.
MetadataSystemSettings with_rate(double rate, std::uint32_t mdts) {
  MetadataSystemSettings s;
  s.mdts = mdts;
  s.mds.cores = 1;
  for (const MetadataOperation op :
       {MetadataOperation::open, MetadataOperation::create, MetadataOperation::close})
    s.mds.service[number(op)] = Seconds{1 / rate};
  s.tunables.mdc_max_mod_rpcs_in_flight = 100;
  return s;
}

} // namespace

TEST_CASE("L9: with data on the MDT one thread opens and closes 1/(2 t) small files a second") {
  // t = 0.23 ms, the data comes with the open: 2174 files/s.
  MetadataSystemSettings s;
  s.latency = Seconds{0.000115};
  s.layout = std::get<lustre::Layout>(lustre::parse_layout("-E 64K -L mdt -E -1 -c 1"));
  MetadataSystem system(s);
  std::vector<FileIndex> files;
  for (int i = 0; i < 10'000; ++i) files.push_back(system.files.add(kRoot, Bytes{4 * kKib}));
  const double took_s = system.run(open_and_close(system.clients[0], {}, files, {})).count();
  CHECK(10'000 / took_s == Approx(1 / (2 * 0.00023)).epsilon(0.001));
  CHECK(system.clients[0].has_data(files.front()));
  CHECK(system.mds[0].payload_to_clients() == Bytes{10'000 * 4 * kKib});
}

TEST_CASE("L10: mod slots bound one client's opens and closes") {
  // t_open = t_close = 0.25 ms, m = 7 slots and one close more: between m/(t_o+t_c) = 14,000 and
  // (m+1)/(t_o+t_c) = 16,000 pairs/s. With m = 50 at least 100,000, unless the MDT is slower: a
  // core that takes 1/120,000 s for each does 60,000 pairs/s.
  MetadataSystemSettings s;
  s.latency = Seconds{0.000125};
  const auto rate = [&s] {
    MetadataSystem system(s);
    return pairs_per_s(system, {.threads = 512});
  };
  const double with_7 = rate();
  CHECK(with_7 >= 14'000 * 0.999);
  CHECK(with_7 <= 16'000);
  s.tunables.mdc_max_mod_rpcs_in_flight = 50;
  CHECK(rate() >= 100'000 * 0.999);
  s.mds.cores = 1;
  s.mds.service[number(MetadataOperation::open)] = Seconds{1.0 / 120'000};
  s.mds.service[number(MetadataOperation::close)] = Seconds{1.0 / 120'000};
  CHECK(rate() == Approx(60'000).epsilon(0.005));
}

TEST_CASE("L11: more MDTs serve more directories, but no directory faster unless it is striped") {
  // x = 1/(t_open + t_close) = 10,000 pairs/s of one MDT. Distinct directories on M MDTs: M x. One
  // directory: x. One striped over 4 MDTs: less than 4 x only by the uneven share of names, of
  // which the largest of 4 among 51,200 has 1/4 + 2 % at 4 sigma (sigma = sqrt(51200 * 3/16) = 98).
  for (const OpenMode mode : {OpenMode{}, kCreate}) {
    CAPTURE(mode.create);
    for (const std::uint32_t mdts : {1U, 2U, 4U}) {
      MetadataSystem system(with_rate(20'000, mdts));
      Storm storm{.mode = mode, .directories = {}};
      for (std::uint32_t m = 0; m < mdts; ++m)
        storm.directories.push_back(
            system.files.tree().make_directory({.parent = kRoot, .mdt = MdtIndex{m}}));
      CHECK(pairs_per_s(system, storm) == Approx(mdts * 10'000).epsilon(0.01));
    }
    MetadataSystem one(with_rate(20'000, 4));
    const std::uint32_t plain = one.files.tree().make_directory({.parent = kRoot});
    CHECK(pairs_per_s(one, {.mode = mode, .directories = {plain}}) == Approx(10'000).epsilon(0.01));
    MetadataSystem several(with_rate(20'000, 4));
    const std::uint32_t striped =
        several.files.tree().make_directory({.parent = kRoot, .stripes = 4});
    const double rate = pairs_per_s(several, {.mode = mode, .directories = {striped}});
    CHECK(rate < 40'000);
    CHECK(rate > 40'000 * 0.95);
  }
}

TEST_CASE("L12: provisioned metadata IOPS") {
  // 12,000 IOPS, two operations for each: open and close of 12,000 files/s if each of them counts
  // (of 24,000 if a close is free). Creates are priced as opens, deletes take one each: 12,000/s;
  // mkdirs ten: 1,200/s. The initial tenth of a second of credit adds 0.1 s of work.
  MetadataSystemSettings s;
  s.tunables.mdc_max_mod_rpcs_in_flight = 500;
  s.mds.provisioned_iops = PerSecond{12'000};
  s.mds.iops_per_operation[number(MetadataOperation::open)] = 0.5;
  s.mds.iops_per_operation[number(MetadataOperation::create)] = 0.5;
  s.mds.iops_per_operation[number(MetadataOperation::close)] = 0.5;
  s.mds.iops_per_operation[number(MetadataOperation::unlink)] = 1;
  s.mds.iops_per_operation[number(MetadataOperation::mkdir)] = 10;
  const auto files_per_s = [&s](OpenMode mode) {
    MetadataSystem system(s);
    return pairs_per_s(system, {.threads = 512, .mode = mode});
  };
  constexpr double kFiles = 512 * 200;
  CHECK(files_per_s({}) == Approx(kFiles / (kFiles / 12'000 - 0.1)).epsilon(1e-3));
  CHECK(files_per_s(kCreate) == Approx(kFiles / (kFiles / 12'000 - 0.1)).epsilon(1e-3));

  MetadataSystem system(s);
  std::deque<Outcome> outcomes;
  std::vector<FileIndex> files;
  for (std::uint32_t i = 0; i < 24'000; ++i) files.push_back(system.files.add(kRoot, Bytes{}));
  for (std::uint32_t i = 0; i < 24'000; ++i)
    system.world.spawn(system.clients[0].unlink({}, files[i], outcomes.emplace_back()),
                       {"unlink", i});
  system.world.run_all();
  CHECK(system.world.now().count() == Approx(2 - 0.1).epsilon(1e-3));
  const double from_s = system.world.now().count();
  system.world.advance_to(from_s + 1);
  for (std::uint32_t i = 0; i < 2'400; ++i)
    system.world.spawn(
        system.clients[0].make_directory({}, system.files.tree().plan_directory({.parent = kRoot}),
                                         outcomes.emplace_back()),
        {"mkdir", i});
  system.world.run_all();
  CHECK(system.world.now().count() - from_s - 1 == Approx(2 - 0.1).epsilon(1e-3));

  s.mds.iops_per_operation[number(MetadataOperation::close)] = 0;
  CHECK(files_per_s({}) == Approx(kFiles / (kFiles / 24'000 - 0.1)).epsilon(1e-3));
}

namespace {

kernel::Task list_and_stat(MetadataClient& client, Seconds& listed, const kernel::World& world) {
  std::vector<FileIndex> files;
  Outcome outcome;
  co_await client.list({}, kRoot, files, outcome);
  listed = world.now();
  for (const FileIndex file : files) co_await client.stat({}, file, outcome);
  CHECK(outcome.ok());
}

// `ls -l` of 10,000 files: seconds for the stats.
double ls_l(MetadataSystem& system) {
  for (int i = 0; i < 10'000; ++i) system.files.add(kRoot, Bytes{kMib});
  Seconds listed{};
  const Seconds took = system.run(list_and_stat(system.clients[0], listed, system.world));
  return (took - listed).count();
}

} // namespace

TEST_CASE("L15: ls -l of 10,000 files") {
  // t = 185 us per file: a getattr and a glimpse of 92.5 us each. Without statahead n t = 1.85 s.
  MetadataSystemSettings s;
  s.latency = Seconds{0.0000925 / 2};
  s.osts = 4;
  s.metadata.statahead.max = 0;
  {
    MetadataSystem system(s);
    CHECK(ls_l(system) == Approx(1.85).epsilon(0.001));
    CHECK(system.clients[0].rpcs(MetadataOperation::getattr) == 10'000);
    CHECK(system.clients[0].glimpses() == 10'000);
  }
  SUBCASE("statahead of 2.15: a getattr each, 8 slots at once") {
    // At best n t_getattr / 8 = 0.116 s, the glimpses hidden; it loses where it starts.
    s.metadata.statahead = {.max = 32, .start = 2, .batch = 1};
    MetadataSystem system(s);
    const double took_s = ls_l(system);
    CHECK(took_s >= 10'000 * 0.0000925 / 8);
    CHECK(took_s < 10'000 * 0.0000925 / 8 * 1.1);
    CHECK(system.clients[0].rpcs(MetadataOperation::getattr) == 10'000);
    CHECK(system.clients[0].statahead_stats().hit_total == 9'999);
  }
  SUBCASE("batches of 64 in 2.16: 157 RPCs, and a few at the start while the window grows") {
    s.metadata.statahead = {.max = 128, .start = 8, .batch = 64};
    MetadataSystem system(s);
    CHECK(ls_l(system) < 1.85 / 40);
    CHECK(system.clients[0].rpcs(MetadataOperation::getattr) == 1); // the first file
    const std::uint64_t batches = system.clients[0].rpcs(MetadataOperation::getattr_batch);
    CHECK(batches >= 157);
    CHECK(batches <= 157 + 5);
    CHECK(system.mds[0].counts()[number(MetadataOperation::getattr_batch)] == 9'999);
    CHECK(system.clients[0].glimpses() == 10'000);
  }
}

TEST_CASE("a create storm goes as fast as the OSTs make objects") {
  // Two OSTs that take 50 ms for 128 objects: 2 x 2560 a second. The first 32 of each are there at
  // the start. More than the least: requests of at most 256 objects are answered whole, one may be
  // left over and one be short of a few objects; and the first two fill no transaction.
  constexpr double kPerOst = 2560;
  MetadataSystemSettings s;
  s.osts = 2;
  s.tunables.mdc_max_mod_rpcs_in_flight = 500;
  s.supply.precreate.max_create_count = 512;
  s.supply.transaction = Seconds{0.05};
  MetadataSystem system(s);
  const double rate = pairs_per_s(system, {.threads = 100, .files = 200, .mode = kCreate});
  const double took_s = 20'000 / rate;
  CHECK(took_s >= (10'000 - 32) / kPerOst - 1e-6);
  CHECK(took_s <= (10'000 - 32 + 2 * 256 + 2 * 128) / kPerOst);
  CHECK(system.supply->waits_for_objects() > 0);
  CHECK(system.files.space().is_slow(OstIndex{0}) == false);
}

TEST_CASE("creates do not wait for objects when the OSTs are faster") {
  // 10,000 creates and closes in a row, 0.2 ms each: 4 s. The pool starts at 32 and keeps ahead, as
  // an OST answers within 0.2 ms too.
  MetadataSystemSettings s;
  s.latency = Seconds{0.0001};
  MetadataSystem system(s);
  std::vector<FileIndex> files;
  for (int i = 0; i < 10'000; ++i) files.push_back(system.files.plan_file(kRoot));
  CHECK(system.run(open_and_close(system.clients[0], {}, files, kCreate)).count() ==
        Approx(10'000 * 0.0004).epsilon(1e-6));
  CHECK(system.supply->waits_for_objects() == 0);
  CHECK(system.supply->create_rpcs() > 0);
}

TEST_CASE("ENOSPC: a create when every OST is full, until something is removed") {
  MetadataSystemSettings s;
  s.osts = 2;
  s.ost_capacity = Bytes{kGib};
  MetadataSystem system(s);
  std::vector<FileIndex> large;
  for (int i = 0; i < 2; ++i) large.push_back(system.files.add(kRoot, Bytes{kGib}));
  MetadataClient& client = system.clients[0];
  const FileIndex file = system.files.plan_file(kRoot);
  Outcome full;
  system.run(client.open({}, file, kCreate, full));
  CHECK(full.error == StorageError::no_space);
  CHECK(!system.files.exists(file));
  Outcome outcome;
  system.run(client.unlink({}, large[0], outcome));
  system.run(client.open({}, file, kCreate, outcome));
  CHECK(outcome.ok());
}

TEST_CASE("unlink is quick; the space comes back when the objects are destroyed") {
  // 100 files of 1 MiB on one OST, 1 ms to and 1 ms from it, 8 requests in flight: 13 rounds of 2
  // ms from the first unlink on. The unlinks themselves are sent at once and are back after 2 ms.
  MetadataSystemSettings s;
  s.latency = Seconds{0.001};
  s.ost_capacity = Bytes{kGib};
  s.tunables.mdc_max_mod_rpcs_in_flight = 100;
  MetadataSystem system(s);
  std::vector<FileIndex> files;
  for (int i = 0; i < 100; ++i) files.push_back(system.files.add(kRoot, Bytes{kMib}));
  const Bytes full = system.files.space().used(OstIndex{0});
  CHECK(full == Bytes{100 * kMib});
  std::deque<Outcome> outcomes;
  for (std::uint32_t i = 0; i < 100; ++i)
    system.world.spawn(system.clients[0].unlink({}, files[i], outcomes.emplace_back()),
                       {"unlink", i});
  while (system.world.next_time() <= 0.0015) system.world.run_one();
  CHECK(system.files.tree().entries(kRoot) == 0);
  CHECK(system.files.space().used(OstIndex{0}) == full);
  // The first eight arrive at 2 ms, the next when these are back.
  while (system.world.next_time() <= 0.0025) system.world.run_one();
  CHECK(system.files.space().used(OstIndex{0}) == Bytes{92 * kMib});
  system.world.run_all();
  CHECK(system.files.space().used(OstIndex{0}) == Bytes{});
  CHECK(system.world.now().count() == Approx(0.001 + 13 * 0.002));
  CHECK(system.supply->destroy_rpcs() == 100);
}
