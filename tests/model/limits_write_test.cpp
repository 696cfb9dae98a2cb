// Closed forms of buffered writing.
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

TEST_CASE("L13: a buffered write blocks when max_dirty_mb is dirty, and goes on as data drains") {
  // The application copies a = 4 GiB/s, one OST takes d = 1 GiB/s, D = 2000 MiB may be dirty:
  // blocks at D/(a - d) = 0.651 s, write() returns (10 GiB - D)/d = 8.047 s, fsync at 10 s.
  lustre::FilesystemSettings settings = ideal_filesystem();
  settings.oss.nvme().write_bandwidth = BytesPerSecond{static_cast<double>(kGib)};
  settings.tunables.client_copy_bandwidth_write = BytesPerSecond{4.0 * static_cast<double>(kGib)};
  settings.tunables.osc_max_dirty_mb = 2000;
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  const FileIndex file = fs.place_file(kRootDirectory, Bytes{});
  double blocked_s = 0;
  double written_s = 0;
  double synced_s = 0;
  const auto run = [&]() -> kernel::Task {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await fs.open({ClientIndex{0}, {}, 0}, file, {.write = true}, open, outcome);
    // In pieces, to see the first that takes longer than its copy.
    constexpr Bytes kPiece{4 * kMib};
    const double copy_s = 1.0 / 1024;
    for (Bytes at{}; at < Bytes{10 * kGib}; at += kPiece) {
      const double start_s = world.now().count();
      co_await fs.write(*open, at, kPiece, outcome);
      if (blocked_s == 0 && world.now().count() - start_s > 1.5 * copy_s) blocked_s = start_s;
    }
    written_s = world.now().count();
    co_await fs.sync(*open, outcome);
    synced_s = world.now().count();
    co_await fs.close(std::move(open), outcome);
    CHECK(outcome.ok());
  };
  world.spawn(run(), {"writer", 0});
  world.run_all();
  CHECK(blocked_s == Approx(0.651).epsilon(0.01));
  CHECK(written_s == Approx(8.047).epsilon(0.005));
  CHECK(synced_s == Approx(10.0).epsilon(0.005));
  CHECK(fs.check_laws().empty());
}

namespace {

// What `writers` processes of one client get who rewrite files of their own, 64 MiB each, in calls
// of `piece`; and when their first call returned.
struct Rewritten {
  double mib_per_s = 0;
  double first_call_s = 0;
  Bytes grant{};
};

// One OST with so much free space beside the files, and RPCs of 4 MiB that take T = 20 ms.
Rewritten rewrite(Bytes free, std::uint32_t writers, Bytes piece) {
  constexpr Bytes kFile{64 * kMib};
  lustre::FilesystemSettings settings = ideal_filesystem();
  settings.fabric.latency = Seconds{0.010};
  settings.tunables.osc_max_rpcs_in_flight = 8;
  settings.tunables.osc_max_dirty_mb = 2000;
  settings.ost_capacity = kFile * std::uint64_t{writers} + free;
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  Rewritten result;
  std::vector<FileIndex> files;
  for (std::uint32_t w = 0; w < writers; ++w) files.push_back(fs.place_file(kRootDirectory, kFile));
  constexpr double kBegin = 10; // seconds: all have their locks by then
  kernel::DelayStation& clock = world.add_delay({"test", "test"});
  double end_s = 0;
  const auto run = [&](std::uint32_t w) -> kernel::Task {
    Outcome outcome;
    std::unique_ptr<OpenFile> open;
    co_await fs.open({ClientIndex{0}, {}, w}, files[w], {.write = true}, open, outcome);
    // Takes the lock on the object, which is not what is measured.
    co_await fs.write(*open, Bytes{}, Bytes{4 * kMib}, outcome);
    co_await fs.sync(*open, outcome);
    co_await world.delay(clock, Seconds{kBegin} - world.now());
    for (Bytes at{4 * kMib}; at < kFile; at += piece) {
      co_await fs.write(*open, at, piece, outcome);
      if (result.first_call_s == 0) result.first_call_s = world.now().count() - kBegin;
    }
    end_s = world.now().count();
    co_await fs.close(std::move(open), outcome);
    CHECK(outcome.ok());
  };
  for (std::uint32_t w = 0; w < writers; ++w) world.spawn(run(w), {"writer", w});
  world.run_all();
  CHECK(fs.check_laws() == std::vector<std::string>{});
  result.mib_per_s =
      mib_per_s((kFile - Bytes{4 * kMib}) * std::uint64_t{writers}, Seconds{end_s - kBegin});
  result.grant = fs.all_clients()[0].objects().osc(OstIndex{0})->dirty().grant();
  return result;
}

} // namespace

TEST_CASE("a full OST has nothing to grant: each buffered write waits for its RPC") {
  // Each of n processes has one RPC at a time under way, S = 4 MiB, T = 20 ms: n S/T, and no more
  // than the R = 8 slots, R S/T.
  const Bytes piece{4 * kMib};
  for (const std::uint32_t writers : {1U, 3U, 8U, 16U}) {
    const Rewritten full = rewrite(Bytes{}, writers, piece);
    CHECK(full.mib_per_s == Approx(4.0 * std::min(writers, 8U) / 0.020).epsilon(0.01));
    CHECK(full.first_call_s == Approx(0.020).epsilon(0.001));
    CHECK(full.grant == Bytes{});
  }
  // Small calls make small RPCs: 1 MiB each T.
  CHECK(rewrite(Bytes{}, 1, Bytes{kMib}).mib_per_s == Approx(1.0 / 0.020).epsilon(0.01));
  // With room, what the same calls leave dirty is 60 MiB: they return at once.
  CHECK(rewrite(Bytes{kTib}, 1, piece).first_call_s < 1e-6);
}

TEST_CASE("grant of a nearly full OST: cached as far as it reaches, more with each reply") {
  // 64 MiB are free; a lone client gets an eighth of them. It rewrites, so nothing of them is used.
  // Pieces of 4 MiB go out at once and come back T later, each with an eighth of what is left then.
  constexpr double kFree = 64;
  double grant = kFree / 8;
  const auto write = [&](int pieces) { grant -= 4 * pieces; };
  const auto reply = [&] { grant += std::min((kFree - grant) / 8, 8.0); };
  write(1); // the one that takes the lock, with its sync
  reply();
  int rounds = 0;
  for (int left = 15; left > 0;) {
    const int pieces = std::min(left, static_cast<int>(grant / 4));
    write(pieces);
    left -= pieces;
    if (left == 0) break;
    ++rounds;
    for (int i = 0; i < pieces; ++i) reply();
  }
  REQUIRE(rounds == 3);
  const Rewritten some = rewrite(Bytes{64 * kMib}, 1, Bytes{4 * kMib});
  CHECK(some.first_call_s < 1e-6);
  CHECK(some.mib_per_s == Approx(60 / (rounds * 0.020)).epsilon(0.01));
  CHECK(some.grant > Bytes{});
  CHECK(some.grant <= Bytes{64 * kMib});
}
