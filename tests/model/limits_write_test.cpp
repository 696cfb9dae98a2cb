// Closed forms of buffered writing.
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

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
