// Renames: which entry goes where, whose locks are called back, which MDTs have a part in it.
#include "tests/model/metadata_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;

namespace {

const Caller kCaller{};
const Caller kOther{.client = ClientIndex{1}};

std::vector<FileIndex> listing(MetadataSystem& system, std::uint32_t client,
                               std::uint32_t directory) {
  std::vector<FileIndex> files;
  Outcome outcome;
  const Caller caller{.client = ClientIndex{client}};
  system.run(system.clients[client].list(caller, directory, files, outcome));
  CHECK(outcome.ok());
  return files;
}

void rename(MetadataSystem& system, FileIndex file, std::uint32_t directory,
            StorageError error = StorageError::none) {
  Outcome outcome;
  system.run(system.clients[0].rename(kCaller, file, directory, outcome));
  CHECK(outcome.error == error);
}

MetadataSystemSettings two_mdts_with_statahead() {
  MetadataSystemSettings settings;
  settings.mdts = 2;
  settings.metadata.statahead = {.max = 128, .start = 8, .batch = 64};
  return settings;
}

struct TwoDirectories {
  std::uint32_t here = 0;
  std::uint32_t there = 0;
};

TwoDirectories directory_on_each(MetadataSystem& system) {
  Namespace& tree = system.files.tree();
  return {.here = tree.make_directory({.parent = kRoot, .mdt = MdtIndex{0}}),
          .there = tree.make_directory({.parent = kRoot, .mdt = MdtIndex{1}})};
}

} // namespace

TEST_CASE("a rename within a directory gives the file a new entry, and others list it anew") {
  MetadataSystem system({.clients = 2});
  const FileIndex a = system.files.add(kRoot, Bytes{kMib});
  const FileIndex b = system.files.add(kRoot, Bytes{kMib});
  CHECK(listing(system, 1, kRoot) == std::vector{a, b});
  CHECK(listing(system, 1, kRoot) == std::vector{a, b}); // from its cache
  const std::uint64_t before = system.clients[1].rpcs(MetadataOperation::readdir);
  rename(system, a, kRoot);
  CHECK(system.clients[0].rpcs(MetadataOperation::rename) == 1);
  CHECK(listing(system, 1, kRoot) == std::vector{b, a});
  CHECK(system.clients[1].rpcs(MetadataOperation::readdir) == before + 1); // was called back
  CHECK(system.files.size(a) == Bytes{kMib});
}

TEST_CASE("a rename to another directory moves the entry") {
  MetadataSystem system({.clients = 2});
  const std::uint32_t from = system.files.tree().make_directory({.parent = kRoot});
  const std::uint32_t to = system.files.tree().make_directory({.parent = kRoot});
  const FileIndex file = system.files.add(from, Bytes{kMib});
  CHECK(listing(system, 1, from) == std::vector{file});
  CHECK(listing(system, 1, to).empty());
  rename(system, file, to);
  CHECK(system.clients[0].rpcs(MetadataOperation::rename_across) == 1);
  CHECK(listing(system, 1, from).empty());
  CHECK(listing(system, 1, to) == std::vector{file});
  CHECK(system.files.directory(file) == to);

  Outcome outcome; // an empty directory may go, the other may not
  system.run(system.clients[0].remove_directory(kCaller, from, outcome));
  CHECK(outcome.ok());
  system.run(system.clients[0].remove_directory(kCaller, to, outcome));
  CHECK(outcome.error == StorageError::not_empty);
  rename(system, file, from, StorageError::no_entry);
  CHECK(system.files.directory(file) == to);
}

TEST_CASE("a rename to a directory of another MDT leaves the inode where it is") {
  // 1 ms each way: the request, 2 ms, and meanwhile the other MDT's OUT_UPDATE, 2 ms. Afterwards
  // the file is opened and removed on the MDT with its inode.
  MetadataSystem system({.clients = 2, .mdts = 2, .latency = Seconds{1e-3}});
  const std::uint32_t here =
      system.files.tree().make_directory({.parent = kRoot, .mdt = MdtIndex{0}});
  const std::uint32_t there =
      system.files.tree().make_directory({.parent = kRoot, .mdt = MdtIndex{1}});
  const FileIndex file = system.files.add(here, Bytes{kMib});
  CHECK(system.files.mdt_of(file) == MdtIndex{0});
  Outcome known; // the path to both directories
  std::vector<FileIndex> none;
  system.run(system.clients[0].list(kCaller, here, none, known));
  system.run(system.clients[0].list(kCaller, there, none, known));
  Outcome outcome;
  const Seconds time = system.run(system.clients[0].rename(kCaller, file, there, outcome));
  CHECK(outcome.ok());
  CHECK(time.count() == doctest::Approx(4e-3));
  CHECK(system.files.directory(file) == there);
  CHECK(system.files.mdt_of(file) == MdtIndex{0});
  CHECK(system.clients[0].rpcs(MdtIndex{0})[number(MetadataOperation::rename_across)] == 1);

  const std::uint64_t opens = system.clients[1].rpcs(MdtIndex{0})[number(MetadataOperation::open)];
  system.run(system.clients[1].open(kOther, file, {}, outcome));
  CHECK(system.clients[1].rpcs(MdtIndex{0})[number(MetadataOperation::open)] == opens + 1);
  // Back again: then it is an ordinary file.
  system.run(system.clients[0].rename(kCaller, file, here, outcome));
  CHECK(system.files.mdt_of(file) == MdtIndex{0});
  system.run(system.clients[0].rename(kCaller, file, there, outcome));
  system.run(system.clients[0].unlink(kCaller, file, outcome));
  CHECK(outcome.ok());
  CHECK(system.files.tree().entries(there) == 0);
  // A file that is made there under this name lies there.
  REQUIRE(system.files.create(file, Seconds{}));
  CHECK(system.files.mdt_of(file) == MdtIndex{1});
}

TEST_CASE("a listing with a file whose inode lies on another MDT is run ahead of as any") {
  MetadataSystem system(two_mdts_with_statahead());
  const auto [here, there] = directory_on_each(system);
  for (int i = 0; i < 20; ++i) system.files.add(here, Bytes{});
  system.files.move(system.files.add(there, Bytes{}), here);
  for (int i = 0; i < 20; ++i) system.files.add(here, Bytes{});
  const std::vector<FileIndex> files = listing(system, 0, here);
  REQUIRE(files.size() == 41);
  Outcome outcome;
  for (const FileIndex file : files) system.run(system.clients[0].stat(kCaller, file, outcome));
  CHECK(outcome.ok());
  CHECK(system.clients[0].rpcs(MdtIndex{1})[number(MetadataOperation::getattr_batch)] == 1);
  CHECK(system.clients[0].rpcs(MetadataOperation::getattr) == 1);
}

// It is the first of what is sent ahead, and the only one whose MDT is another.
TEST_CASE("a listed file that is moved to another MDT and removed stops no stat of the others") {
  MetadataSystem system(two_mdts_with_statahead());
  const auto [here, there] = directory_on_each(system);
  for (int i = 0; i < 20; ++i) system.files.add(here, Bytes{});
  const std::vector<FileIndex> files = listing(system, 0, here);
  system.files.move(files[1], there);
  std::vector<std::uint32_t> objects;
  system.files.unlink(files[1], objects);
  for (const FileIndex file : files) {
    Outcome outcome;
    system.run(system.clients[0].stat(kCaller, file, outcome));
    REQUIRE(system.world.describe_waiting().empty());
    CHECK(outcome.ok() == (file != files[1]));
  }
}

TEST_CASE("statahead by names: stats in the order of names without a listing") {
  // 1,000 files. Five stats in a row start it, with the fifth; the rest comes in batches.
  const auto stats = [](bool by_names, std::uint32_t step) {
    MetadataSystemSettings settings;
    settings.metadata.statahead = {.max = 128, .start = 8, .batch = 64};
    settings.metadata.statahead_fname = by_names;
    settings.latency = Seconds{1e-4};
    MetadataSystem system(settings);
    constexpr std::uint32_t kFiles = 1000;
    for (std::uint32_t i = 0; i < kFiles; ++i) system.files.add(kRoot, Bytes{});
    Outcome outcome;
    for (std::uint32_t i = 0; i < kFiles; ++i)
      system.run(system.clients[0].stat(kCaller, FileIndex{i * step % kFiles}, outcome));
    CHECK(outcome.ok());
    const MetadataClient& client = system.clients[0];
    return std::vector<std::uint64_t>{client.rpcs(MetadataOperation::getattr),
                                      client.rpcs(MetadataOperation::getattr_batch),
                                      client.statahead_stats().fname_total};
  };
  const auto foreseen = stats(true, 1);
  CHECK(foreseen[0] == 5);
  CHECK(foreseen[1] >= 16); // 995 / 64
  CHECK(foreseen[1] <= 24); // and those of the growing window
  CHECK(foreseen[2] == 1);
  CHECK(stats(false, 1) == std::vector<std::uint64_t>{1000, 0, 0});
  CHECK(stats(true, 7) == std::vector<std::uint64_t>{1000, 0, 0}); // every seventh name
}
