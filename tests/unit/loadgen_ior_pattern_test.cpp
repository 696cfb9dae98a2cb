#include "models/loadgen/ior_pattern.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <vector>

using namespace lustrum;
using namespace lustrum::loadgen;

namespace {

IorPattern some_pattern() {
  const auto transfer = *rc::gen::inRange<std::uint64_t>(1, 100'000);
  return {.ranks = *rc::gen::inRange<std::uint32_t>(1, 20),
          .block_size = Bytes{transfer * *rc::gen::inRange<std::uint64_t>(1, 8)},
          .transfer_size = Bytes{transfer},
          .segments = *rc::gen::inRange<std::uint64_t>(1, 12),
          .file_per_process = *rc::gen::arbitrary<bool>(),
          .random_offset = *rc::gen::arbitrary<bool>(),
          .seed = *rc::gen::arbitrary<std::uint64_t>()};
}

} // namespace

TEST_CASE("IOR: the transfers of all ranks cover every file exactly once") {
  CHECK(rc::check([] {
    const IorPattern pattern = some_pattern();
    std::vector<std::tuple<std::uint32_t, std::uint64_t, std::uint64_t>> pieces;
    for (std::uint32_t rank = 0; rank < pattern.ranks; ++rank)
      for (std::uint64_t i = 0; i < pattern.transfers_per_rank(); ++i) {
        const IorTransfer t = transfer_of(pattern, rank, i);
        RC_ASSERT(t.length == pattern.transfer_size);
        pieces.emplace_back(t.file, t.offset.count(), t.length.count());
      }
    std::sort(pieces.begin(), pieces.end());
    // Sorted by file and offset, each piece begins where the one before ends.
    std::uint32_t files = 0;
    std::uint64_t end = pattern.file_size().count();
    for (const auto& [file, offset, length] : pieces) {
      if (offset == 0) {
        RC_ASSERT(end == pattern.file_size().count()); // the file before is whole
        RC_ASSERT(file == files++);
        end = 0;
      }
      RC_ASSERT(offset == end);
      end += length;
    }
    RC_ASSERT(files == pattern.files());
    RC_ASSERT(end == pattern.file_size().count());
  }));
}

TEST_CASE("IOR: segments interleave the ranks' blocks in a shared file") {
  // 3 ranks, blocks of 2 transfers of 10 bytes, 2 segments: 60 bytes a segment.
  const IorPattern pattern{
      .ranks = 3, .block_size = Bytes{20}, .transfer_size = Bytes{10}, .segments = 2};
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t i = 0; i < pattern.transfers_per_rank(); ++i)
    offsets.push_back(transfer_of(pattern, 1, i).offset.count());
  CHECK(offsets == std::vector<std::uint64_t>{20, 30, 80, 90});
}

TEST_CASE("IOR: a file per process is written from its start to its end") {
  const IorPattern pattern{.ranks = 3,
                           .block_size = Bytes{20},
                           .transfer_size = Bytes{10},
                           .segments = 2,
                           .file_per_process = true};
  for (std::uint64_t i = 0; i < 4; ++i) {
    const IorTransfer t = transfer_of(pattern, 2, i);
    CHECK(t.file == 2);
    CHECK(t.offset == Bytes{10 * i});
  }
}

TEST_CASE("IOR: a random order is one, and another for another seed") {
  constexpr std::uint64_t kCount = 1000;
  std::set<std::uint64_t> seen;
  std::uint64_t in_place = 0;
  std::uint64_t same = 0;
  double steps = 0; // mean distance of neighbours: a third of the range when independent
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const std::uint64_t at = shuffled(i, kCount, 1, 2);
    seen.insert(at);
    if (at == i) ++in_place;
    if (at == shuffled(i, kCount, 2, 2)) ++same;
    const auto previous = static_cast<double>(shuffled(i == 0 ? kCount - 1 : i - 1, kCount, 1, 2));
    steps += std::abs(static_cast<double>(at) - previous) / kCount;
  }
  CHECK(seen.size() == kCount);
  CHECK(*seen.rbegin() == kCount - 1);
  CHECK(in_place < 8); // Poisson with mean 1
  CHECK(same < 8);
  CHECK(steps / kCount == doctest::Approx(1.0 / 3).epsilon(0.1));
}

TEST_CASE("IOR: -C reads what a rank of another client wrote, and all of it once") {
  CHECK(rc::check([] {
    const auto clients = *rc::gen::inRange<std::uint32_t>(2, 20);
    const auto per_client = *rc::gen::inRange<std::uint32_t>(1, 10);
    const auto offset = *rc::gen::inRange<std::uint32_t>(1, clients);
    std::set<std::uint32_t> owners;
    for (std::uint32_t rank = 0; rank < clients * per_client; ++rank) {
      const std::uint32_t owner = reordered(rank, clients * per_client, per_client, offset);
      RC_ASSERT(owner / per_client != rank / per_client);
      owners.insert(owner);
    }
    RC_ASSERT(owners.size() == std::size_t{clients} * per_client);
  }));
}
