// How many RPCs each metadata call costs its caller: on a client that knows nothing, and again.
#include "tests/model/metadata_fixture.hpp"

#include <doctest/doctest.h>

#include <functional>

using namespace lustrum;
using namespace lustrum::test;
using lustre::kRoot;
using lustre::MetadataOperation;

namespace {

struct Counts {
  std::uint64_t mdt = 0;
  std::uint64_t ost = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

doctest::String toString(const Counts& counts) {
  return (std::to_string(counts.mdt) + " MDT + " + std::to_string(counts.ost) + " OST").c_str();
}

Counts counts(const MetadataSystem& system) { return {system.mdt_rpcs(), system.ost_rpcs()}; }

// What a call costs, and that it ends well.
template <class Call> Counts cost(MetadataSystem& system, const Call& call) {
  const Counts before = counts(system);
  Outcome outcome;
  system.run(call(outcome));
  CHECK(outcome.ok());
  const Counts after = counts(system);
  return {after.mdt - before.mdt, after.ost - before.ost};
}

MetadataSystemSettings with_stripes(std::uint32_t stripes) {
  MetadataSystemSettings s;
  s.osts = 8;
  s.layout = striped(stripes);
  s.latency = Seconds{0.0001};
  s.metadata.statahead.max = 0;
  return s;
}

constexpr Caller kCaller{};

} // namespace

TEST_CASE("RPC counts: one lookup per directory of the path, once") {
  MetadataSystem system(with_stripes(1));
  lustre::Namespace& tree = system.files.tree();
  const std::uint32_t outer = tree.make_directory({.parent = kRoot});
  const std::uint32_t inner = tree.make_directory({.parent = outer});
  const FileIndex file = system.files.add(inner, Bytes{kMib});
  const FileIndex sibling = system.files.add(outer, Bytes{kMib});
  lustre::MetadataClient& client = system.clients[0];
  const auto open = [&](FileIndex which) {
    return cost(system, [&](Outcome& o) { return client.open(kCaller, which, {}, o); });
  };
  CHECK(open(file) == Counts{3, 0}); // outer, inner, IT_OPEN
  CHECK(open(file) == Counts{1, 0}); // IT_OPEN
  CHECK(open(sibling) == Counts{1, 0});
}

TEST_CASE("RPC counts: processes that look up the same directory at once share the RPC") {
  MetadataSystem system(with_stripes(1));
  const std::uint32_t directory = system.files.tree().make_directory({.parent = kRoot});
  std::vector<FileIndex> files;
  for (int i = 0; i < 16; ++i) files.push_back(system.files.add(directory, Bytes{kMib}));
  std::deque<Outcome> outcomes(files.size());
  for (std::uint32_t i = 0; i < files.size(); ++i)
    system.world.spawn(system.clients[0].open({{}, {}, i}, files[i], {}, outcomes[i]), {"open", i});
  system.world.run_all();
  CHECK(system.clients[0].rpcs(MetadataOperation::lookup) == 1);
  CHECK(system.clients[0].rpcs(MetadataOperation::open) == 16);
}

TEST_CASE("RPC counts: the table of calls, cold and warm") {
  // c = objects of the file. Each row: what a call costs a client that knows nothing, and what the
  // same call costs again. The directory is the root, so no lookups.
  struct Row {
    const char* what;
    Counts cold;
    Counts warm;
    std::function<kernel::Task(lustre::MetadataClient&, FileIndex, Outcome&)> call;
  };
  using Client = lustre::MetadataClient;
  std::vector<FileIndex> listed;
  for (const std::uint32_t c : {1U, 4U}) {
    const std::vector<Row> table{
        {"open",
         {1, 0},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) { return client.open(kCaller, f, {}, o); }},
        {"open for writing",
         {1, 0},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) {
           return client.open(kCaller, f, {.write = true, .create = true}, o);
         }},
        {"open with O_TRUNC: then nothing is left to cut off",
         {2, c},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) {
           return client.open(kCaller, f, {.write = true, .truncate = true}, o);
         }},
        {"close",
         {1, 0},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) { return client.close(kCaller, f, o); }},
        {"stat: a getattr and a glimpse per object",
         {1, c},
         {0, 0},
         [](Client& client, FileIndex f, Outcome& o) { return client.stat(kCaller, f, o); }},
        {"readdir: the lock and one page",
         {2, 0},
         {0, 0},
         [&](Client& client, FileIndex, Outcome& o) {
           return client.list(kCaller, kRoot, listed, o);
         }},
        {"setattr",
         {1, 0},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) {
           return client.set_attributes(kCaller, f, o);
         }},
        {"truncate: a punch per object",
         {1, c},
         {1, c},
         [](Client& client, FileIndex f, Outcome& o) {
           return client.truncate(kCaller, f, Bytes{kMib}, o);
         }},
        {"rename",
         {1, 0},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) {
           return client.rename(kCaller, f, kRoot, o);
         }},
        {"fsync's part for the MDT",
         {1, 0},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) { return client.sync(kCaller, f, o); }},
        {"layout",
         {1, 0},
         {1, 0},
         [](Client& client, FileIndex f, Outcome& o) {
           return client.fetch_layout(kCaller, f, o);
         }},
    };
    for (const Row& row : table) {
      CAPTURE(row.what);
      CAPTURE(c);
      MetadataSystem system(with_stripes(c));
      const FileIndex file = system.files.add(kRoot, Bytes{8 * kMib});
      const auto call = [&](Outcome& o) { return row.call(system.clients[0], file, o); };
      CHECK(cost(system, call) == row.cold);
      CHECK(cost(system, call) == row.warm);
    }
  }
}

TEST_CASE("RPC counts: create, unlink, mkdir and rmdir are one each") {
  MetadataSystem system(with_stripes(4));
  lustre::MetadataClient& client = system.clients[0];
  const FileIndex file = system.files.plan_file(kRoot);
  const std::uint32_t directory = system.files.tree().plan_directory({.parent = kRoot});
  const auto open = [&](Outcome& o) {
    return client.open(kCaller, file, {.write = true, .create = true}, o);
  };
  CHECK(cost(system, open) == Counts{1, 0});
  CHECK(client.rpcs(MetadataOperation::create) == 1);
  CHECK(cost(system, open) == Counts{1, 0});
  CHECK(client.rpcs(MetadataOperation::open) == 1); // it was there
  CHECK(cost(system, [&](Outcome& o) { return client.unlink(kCaller, file, o); }) == Counts{1, 0});
  CHECK(system.supply->destroy_rpcs() == 4); // later, by the MDT
  CHECK(cost(system, [&](Outcome& o) { return client.make_directory(kCaller, directory, o); }) ==
        Counts{1, 0});
  CHECK(cost(system, [&](Outcome& o) { return client.remove_directory(kCaller, directory, o); }) ==
        Counts{1, 0});
}

TEST_CASE("RPC counts: after an open its lock answers for the MDT: stat only glimpses") {
  MetadataSystem system(with_stripes(4));
  lustre::MetadataClient& client = system.clients[0];
  const FileIndex file = system.files.add(kRoot, Bytes{8 * kMib});
  const auto stat = [&](Outcome& o) { return client.stat(kCaller, file, o); };
  CHECK(cost(system, [&](Outcome& o) { return client.open(kCaller, file, {}, o); }) ==
        Counts{1, 0});
  CHECK(client.has_layout(file));
  CHECK(cost(system, stat) == Counts{0, 4});
  CHECK(cost(system, stat) == Counts{0, 0});
}

TEST_CASE("RPC counts: data on the MDT comes with the open, and needs no glimpse") {
  // Up to 8 KiB fit the reply; more is read from the mdt_io service.
  MetadataSystemSettings s = with_stripes(1);
  s.layout = std::get<lustre::Layout>(lustre::parse_layout("-E 64K -L mdt -E -1 -c 1"));
  MetadataSystem system(s);
  lustre::MetadataClient& client = system.clients[0];
  const FileIndex small = system.files.add(kRoot, Bytes{4 * kKib});
  const FileIndex larger = system.files.add(kRoot, Bytes{32 * kKib});
  const auto open = [&](FileIndex f) {
    return cost(system, [&](Outcome& o) { return client.open(kCaller, f, {}, o); });
  };
  CHECK(open(small) == Counts{1, 0});
  CHECK(client.has_data(small));
  CHECK(system.mds[0].payload_to_clients() == Bytes{4 * kKib});
  CHECK(cost(system, [&](Outcome& o) { return client.stat(kCaller, small, o); }) == Counts{0, 0});
  CHECK(open(larger) == Counts{1, 0});
  CHECK(!client.has_data(larger));
  const auto read = [&](Outcome& o) {
    return client.read_on_mdt(kCaller, larger, Bytes{32 * kKib}, o);
  };
  CHECK(cost(system, read) == Counts{1, 0}); // the lock of its data came with the open
  CHECK(client.has_data(larger));
  CHECK(client.rpcs(MetadataOperation::read) == 1);
}

TEST_CASE("RPC counts: statfs is remembered for a second") {
  MetadataSystem system(with_stripes(1));
  lustre::MetadataClient& client = system.clients[0];
  const auto statfs = [&] {
    return cost(system, [&](Outcome& o) { return client.statfs(kCaller, o); });
  };
  CHECK(statfs() == Counts{1, 0});
  CHECK(statfs() == Counts{0, 0});
  system.world.advance_to(1.5);
  CHECK(statfs() == Counts{1, 0});
}

TEST_CASE("RPC counts: a directory's pages hold 1 MiB each") {
  // 64 bytes per entry (namespace.hpp): 40,000 entries are 2.44 MiB, three pages, and the lock.
  MetadataSystem system(with_stripes(1));
  for (int i = 0; i < 40'000; ++i) system.files.add(kRoot, Bytes{});
  std::vector<FileIndex> files;
  CHECK(cost(system, [&](Outcome& o) {
          return system.clients[0].list(kCaller, kRoot, files, o);
        }) == Counts{4, 0});
  CHECK(files.size() == 40'000);
  CHECK(system.mds[0].payload_to_clients() == Bytes{40'000 * 64});
}

TEST_CASE("RPC counts: the fifth open within 100 ms of the others keeps the file open") {
  // Each open takes 0.2 ms. Opens 1 to 5 cost one RPC each and closes 1 to 4 too; from the close of
  // the fifth on everything is free.
  MetadataSystem system(with_stripes(1));
  lustre::MetadataClient& client = system.clients[0];
  const FileIndex file = system.files.add(kRoot, Bytes{kMib});
  std::vector<std::uint64_t> costs;
  const auto again = [&] {
    costs.push_back(
        cost(system, [&](Outcome& o) { return client.open(kCaller, file, {}, o); }).mdt);
    costs.push_back(cost(system, [&](Outcome& o) { return client.close(kCaller, file, o); }).mdt);
  };
  for (int i = 0; i < 7; ++i) again();
  CHECK(costs == std::vector<std::uint64_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("RPC counts: opens further apart are never kept") {
  MetadataSystem system(with_stripes(1));
  lustre::MetadataClient& client = system.clients[0];
  const FileIndex file = system.files.add(kRoot, Bytes{kMib});
  for (int i = 0; i < 10; ++i) {
    CHECK(cost(system, [&](Outcome& o) { return client.open(kCaller, file, {}, o); }) ==
          Counts{1, 0});
    CHECK(cost(system, [&](Outcome& o) { return client.close(kCaller, file, o); }) == Counts{1, 0});
    system.world.advance_to(system.world.now().count() + 0.2);
  }
}

TEST_CASE("RPC counts: mkdir on another MDT, and a lookup of it, cost an RPC more") {
  // The name lies on MDT 0, the directory on MDT 1: MDT 1 makes it and has MDT 0 add the name with
  // an OUT_UPDATE. A client that looks it up asks MDT 0, then MDT 1.
  MetadataSystemSettings s = with_stripes(1);
  s.mdts = 2;
  MetadataSystem system(s);
  lustre::MetadataClient& client = system.clients[0];
  const std::uint32_t remote =
      system.files.tree().plan_directory({.parent = kRoot, .mdt = MdtIndex{1}});
  Outcome outcome;
  // There and back to the client and, within, to the other MDT.
  CHECK(system.run(client.make_directory(kCaller, remote, outcome)).count() ==
        doctest::Approx(4 * s.latency.count()));
  CHECK(system.mds[1].counts()[number(MetadataOperation::mkdir)] == 1);
  CHECK(system.mds[0].counts()[number(MetadataOperation::update)] == 1);
  const FileIndex file = system.files.add(remote, Bytes{kMib});
  CHECK(cost(system, [&](Outcome& o) { return client.open(kCaller, file, {}, o); }) ==
        Counts{3, 0});
  CHECK(client.rpcs(MdtIndex{0})[number(MetadataOperation::lookup)] == 1);
  CHECK(client.rpcs(MdtIndex{1})[number(MetadataOperation::lookup)] == 1);
}
