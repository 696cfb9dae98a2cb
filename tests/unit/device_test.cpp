// Devices against closed forms: how long a request keeps them busy.
#include "models/device/device.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace lustrum;
using namespace lustrum::device;
using doctest::Approx;

namespace {

constexpr Operation kRead = Operation::read;
constexpr Operation kWrite = Operation::write;

// Round numbers: positioning alone 8 + 4 = 12 ms, 1 MiB in 8 ms.
constexpr HddModel kDisk{.seek = Seconds{8e-3},
                         .settle = Seconds{1e-3},
                         .revolution = Seconds{8e-3},
                         .bandwidth = BytesPerSecond{125.0 * kMib}};

// Eight data disks, stripes of 1 MiB; a chunk passes in 1 ms.
constexpr Raid6Model kRaid{.disk = kDisk, .data_disks = 8, .chunk = 128_KiB};

double raid_ms(const Raid6Model& raid, Operation operation, Bytes offset, Bytes bytes,
               bool sequential, std::uint32_t depth) {
  return raid.busy_time(operation, offset, bytes, sequential, depth).count() * 1e3;
}

} // namespace

TEST_CASE("nvme: bandwidth for large requests, operations per second for small ones") {
  Device flash(NvmeModel{.latency = Seconds{100e-6},
                         .read_bandwidth = BytesPerSecond{1024.0 * kMib},
                         .write_bandwidth = BytesPerSecond{512.0 * kMib},
                         .iops = PerSecond{10'000}});
  CHECK(flash.busy_time({kRead, 1, 0_B, 4_MiB, 1}).count() == Approx(4.0 / 1024));
  CHECK(flash.busy_time({kWrite, 1, 0_B, 4_MiB, 1}).count() == Approx(4.0 / 512));
  // 4 KiB would take 3.8 us at the bandwidth; 10,000 operations a second take 100 us each, wherever
  // they are and however many wait.
  CHECK(flash.busy_time({kRead, 7, 12_KiB, 4_KiB, 64}).count() == Approx(1e-4));
  CHECK(flash.latency().count() == Approx(1e-4));
}

TEST_CASE("hdd: a stream gets the bandwidth, random requests 1/(seek + half a turn + b/B)") {
  Device disk(kDisk);
  // 1024 requests of 1 MiB in a row: one positioning of 12 ms, then 8 ms each.
  double busy_s = 0;
  for (std::uint64_t i = 0; i < 1024; ++i)
    busy_s += disk.busy_time({kRead, 5, 1_MiB * i, 1_MiB, 1}).count();
  CHECK(busy_s == Approx(12e-3 + 1024 * 8e-3));
  // 4 KiB here and there: 1/(8 + 4 + 0.03125 ms) = 83.1 a second.
  const double random_s = disk.busy_time({kRead, 5, 3_GiB, 4_KiB, 1}).count();
  CHECK(1 / random_s == Approx(83.117).epsilon(1e-4));
  // The same offset of another object is somewhere else.
  CHECK(disk.busy_time({kRead, 6, 3_GiB + 4_KiB, 4_KiB, 1}).count() == Approx(random_s));
  CHECK(disk.busy_time({kWrite, 6, 3_GiB + 8_KiB, 1_MiB, 1}).count() == Approx(8e-3));
}

TEST_CASE("hdd: the elevator makes seeks shorter, never shorter than settling") {
  // Depth 10: the nearest of ten lies 1/12 of the stroke away instead of 1/3, half the root:
  // 1 + 7/2 + 4 = 8.5 ms.
  CHECK(kDisk.positioning(1).count() == Approx(12e-3));
  CHECK(kDisk.positioning(10).count() == Approx(8.5e-3));
  CHECK(kDisk.positioning(1e9).count() == Approx(5e-3).epsilon(1e-3));
  for (std::uint32_t depth = 1; depth < 256; ++depth)
    CHECK(kDisk.positioning(depth + 1) < kDisk.positioning(depth));
}

TEST_CASE("raid-6: whole stripes in a row move n disks' bandwidth") {
  // 4 MiB, four chunks of 1 ms on each disk: 4 ms, 1000 MiB/s = 8 * 125. As long with any queue.
  CHECK(raid_ms(kRaid, kWrite, 0_B, 4_MiB, true, 1) == Approx(4));
  CHECK(raid_ms(kRaid, kWrite, 0_B, 4_MiB, true, 16) == Approx(4));
  // Not in a row: one positioning of 12 ms besides, which all disks do at once.
  CHECK(raid_ms(kRaid, kWrite, 0_B, 4_MiB, false, 1) == Approx(16));
  CHECK(raid_ms(kRaid, kRead, 0_B, 4_MiB, true, 1) == Approx(4));
  // Reading needs no parity, so that two of ten disks are free for others: 8 * 4 ms / 10.
  CHECK(raid_ms(kRaid, kRead, 0_B, 4_MiB, true, 16) == Approx(3.2));
}

TEST_CASE("raid-6: a small write takes six operations, in two phases") {
  const Raid6Model::Cost small = kRaid.cost(kWrite, 64_KiB, 4_KiB);
  CHECK(small.operations == 6);
  CHECK(small.moved_bytes == 6.0 * 4 * kKib);
  CHECK(small.phases == 2);
  // Alone: twice (12 ms + 4 KiB at 125 MiB/s = 0.03125 ms).
  CHECK(raid_ms(kRaid, kWrite, 64_KiB, 4_KiB, false, 1) == Approx(2 * 12.03125));
  // Many at once keep all disks busy: with six disks, one operation on each. Of 1000 requests each
  // disk then has 1000 operations to choose from: 1 + 7 sqrt(3/1002) + 4 = 5.383 ms.
  const double each_ms = 5 + 7 * std::sqrt(3.0 / 1002);
  Raid6Model six = kRaid;
  six.data_disks = 4;
  CHECK(raid_ms(six, kWrite, 64_KiB, 4_KiB, false, 1000) == Approx(each_ms + 0.03125));
}

TEST_CASE("raid-6: partial stripes are read and written, the cheaper way") {
  // k chunks of 8: 2 (k + 2) operations up to k = 3, then n + 2 = 10.
  const double expected[] = {6, 8, 10, 10, 10, 10, 10};
  for (std::uint64_t k = 1; k <= 7; ++k)
    CHECK(kRaid.cost(kWrite, 0_B, 128_KiB * k).operations == expected[k - 1]);
  // 2.5 MiB from 0.75 MiB on: a head of two chunks, two whole stripes, a tail of two chunks.
  const Raid6Model::Cost both = kRaid.cost(kWrite, 768_KiB, 2_MiB + 512_KiB);
  CHECK(both.operations == 8 + 10 + 8);
  CHECK(both.moved_bytes == (8.0 + 10 * 2 + 8) * 128 * kKib);
  // Aligned, the same bytes cost less.
  CHECK(raid_ms(kRaid, kWrite, 0_B, 2_MiB, false, 1) <
        raid_ms(kRaid, kWrite, 64_KiB, 2_MiB, false, 1));
  // In a row or not, what was read must come round again to be written.
  CHECK(raid_ms(kRaid, kWrite, 0_B, 128_KiB, true, 1) ==
        raid_ms(kRaid, kWrite, 0_B, 128_KiB, false, 1));
}

TEST_CASE("raid-6: degraded and rebuilding") {
  Raid6Model degraded = kRaid;
  degraded.failed_disks = 1;
  // One chunk in ten is on the lost disk and takes eight operations: 0.9 + 0.1 * 8 = 1.7.
  CHECK(degraded.cost(kRead, 0_B, 4_KiB).operations == Approx(1.7));
  // A whole stripe reads a parity chunk instead: eight as before, on nine disks.
  CHECK(degraded.cost(kRead, 0_B, 1_MiB).operations == Approx(8));
  CHECK(raid_ms(degraded, kRead, 0_B, 4_MiB, true, 16) == Approx(32.0 / 9));
  Raid6Model rebuilding = degraded;
  rebuilding.rebuild_share = 0.25;
  CHECK(raid_ms(rebuilding, kRead, 0_B, 4_MiB, true, 16) == Approx(32.0 / 9 / 0.75));
}

TEST_CASE("raid-6: never faster than its disks, never helped by a failure or a shorter queue") {
  CHECK(rc::check("bounds", [] {
    const auto operation = *rc::gen::element(kRead, kWrite);
    const Bytes offset{*rc::gen::inRange<std::uint64_t>(0, 64 * kMib)};
    const Bytes bytes{*rc::gen::inRange<std::uint64_t>(1, 16 * kMib)};
    const auto sequential = *rc::gen::arbitrary<bool>();
    const auto depth = *rc::gen::inRange<std::uint32_t>(1, 64);
    const Seconds busy = kRaid.busy_time(operation, offset, bytes, sequential, depth);
    const double disks = operation == kRead ? 10 : 8; // the parity of a write is no data
    RC_ASSERT(busy.count() >= bytes.as_double() / (disks * 125.0 * kMib) * (1 - 1e-9));
    RC_ASSERT(kRaid.busy_time(operation, offset, bytes, sequential, depth + 1) <= busy);
    Raid6Model degraded = kRaid;
    degraded.failed_disks = 1;
    RC_ASSERT(degraded.busy_time(operation, offset, bytes, sequential, depth) * (1 + 1e-9) >= busy);
  }));
}
