// PCC-RO: closed forms of copying and reading back, and what makes copies invalid.
#include "tests/model/hsm_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::lustre;
using namespace lustrum::test;
using doctest::Approx;

namespace {

// The servers give a client 1 GiB/s, its own disk takes 2 and gives 4 GiB/s. Its page cache holds
// next to nothing, so that what is read again must be fetched again.
lustre::FilesystemSettings with_pcc() {
  auto settings = ideal_filesystem();
  settings.fabric.clients = 2;
  settings.fabric.client_nic = BytesPerSecond{1.0 * kGib};
  settings.tunables.llite_max_cached_mb = 16;
  settings.tunables.llite_max_read_ahead_mb = 0;
  settings.pcc = PccSettings{.capacity = Bytes{kGib},
                             .disk = {.latency = {},
                                      .read_bandwidth = BytesPerSecond{4.0 * kGib},
                                      .write_bandwidth = BytesPerSecond{2.0 * kGib},
                                      .iops = PerSecond{kBoundless}}};
  // The fixture asks HSM for nothing here.
  settings.hsm.emplace();
  settings.hsm->placement = HsmPlacement::resident;
  return settings;
}

PccCache::Stats stats(const HsmFixture& f, std::size_t client = 0) {
  return f.fs.pcc_stats().at(client);
}

constexpr double kMibS = 1.0 / 1024; // a MiB at 1 GiB/s

} // namespace

TEST_CASE("an open for reading waits for the copy, and reads come from it") {
  // 64 MiB come at 1 GiB/s while what came before is written. The first two pieces of 4 MiB come
  // side by side, so the network idles while the first is written, and after the last one its own
  // writing is left: 64/1024 + 2 x 4/2048 s. A read of all of it: 64/4096 s.
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{64 * kMib});
  const auto& first = f.read_at(0, file, Bytes{64 * kMib});
  const auto& second = f.read_at(10, file, Bytes{64 * kMib});
  const auto& other = f.read_at(20, file, Bytes{4096}, ClientIndex{1});
  CHECK(f.finish().empty());
  const double copy_s = 64 * kMibS + 2 * 4 * kMibS / 2;
  CHECK(first.end_s == Approx(copy_s + 64 * kMibS / 4));
  CHECK(second.end_s == Approx(10 + 64 * kMibS / 4));
  CHECK(other.end_s == Approx(20 + copy_s).epsilon(1e-4)); // its own copy
  CHECK(stats(f).attach == 1);
  CHECK(stats(f).hit_bytes == Bytes{128 * kMib});
  CHECK(stats(f, 1).attach_bytes == Bytes{64 * kMib});
  CHECK(f.fs.totals().read_fetched == Bytes{128 * kMib}); // once for each client
}

TEST_CASE("processes of a client that open a file at once share its copy") {
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{64 * kMib});
  for (int i = 0; i < 4; ++i) f.read_at(0.001 * i, file, Bytes{4 * kMib});
  CHECK(f.finish().empty());
  CHECK(stats(f).attach == 1);
  CHECK(f.fs.totals().read_fetched == Bytes{64 * kMib});
}

TEST_CASE("a large file is copied while its reader uses the servers") {
  // 512 MiB are more than the 256 MiB that an open waits for. The first piece is there at once.
  HsmFixture f(with_pcc());
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{512 * kMib});
  const auto& first = f.read_at(0, file, Bytes{4 * kMib});
  const auto& later = f.read_at(10, file, Bytes{512 * kMib});
  CHECK(f.finish().empty());
  CHECK(first.end_s < 0.02);
  CHECK(later.end_s == Approx(10 + 512 * kMibS / 4));
  CHECK(stats(f).hit_bytes == Bytes{512 * kMib});
}

TEST_CASE("a write by anybody makes all copies invalid") {
  auto settings = with_pcc();
  settings.fabric.metadata_latency = Seconds{1e-4};
  HsmFixture f(settings);
  const FileIndex file = f.fs.place_file(kRootDirectory, Bytes{64 * kMib});
  f.read_at(0, file, Bytes{64 * kMib});
  f.read_at(0, file, Bytes{64 * kMib}, ClientIndex{1});
  f.access_at(5, file, Bytes{4096}, ClientIndex{1}, {.write = true});
  f.read_at(10, file, Bytes{4096});
  CHECK(f.finish().empty());
  for (const auto& access : f.accesses) CHECK(access.outcome.ok());
  CHECK(stats(f).attach == 2); // copied anew by the last read's open
  CHECK(stats(f).detach == 1);
  CHECK(stats(f, 1).attach == 1);
  CHECK(stats(f, 1).detach == 1);
}

TEST_CASE("files make room for one another, least recently used first") {
  // Room for 16 of 64 MiB. Cyclic reads of 20 hit nothing; of 16, all after the first round.
  const auto hits = [](std::uint32_t count) {
    HsmFixture f(with_pcc());
    const auto files = f.place(count, Bytes{64 * kMib});
    for (std::uint32_t i = 0; i < 3 * count; ++i) f.read_at(i, files[i % count], Bytes{4096});
    CHECK(f.finish().empty());
    return stats(f).attach;
  };
  CHECK(hits(16) == 16);
  CHECK(hits(20) == 60);
}
