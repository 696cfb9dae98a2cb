#include "models/loadgen/ior_pattern.hpp"

#include "sim/base/random.hpp"

#include <bit>

namespace lustrum::loadgen {

std::uint64_t shuffled(std::uint64_t i, std::uint64_t n, std::uint64_t seed,
                       std::uint64_t component) {
  if (n < 2) return i;
  constexpr std::uint64_t kRounds = 4;
  const auto half_bits = (static_cast<unsigned>(std::bit_width(n - 1)) + 1) / 2;
  const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
  std::uint64_t at = i;
  do {
    std::uint64_t left = at >> half_bits;
    std::uint64_t right = at & mask;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      // Round and half fit into one index: a half has 32 bits at most.
      const std::uint64_t mixed = random::draw(seed, component, right * kRounds + round) & mask;
      const std::uint64_t next = left ^ mixed;
      left = right;
      right = next;
    }
    at = left << half_bits | right;
  } while (at >= n);
  return at;
}

IorTransfer transfer_of(const IorPattern& pattern, std::uint32_t rank, std::uint64_t i) {
  const std::uint64_t per_block = pattern.transfers_per_block();
  const std::uint64_t per_rank = pattern.transfers_per_rank();
  if (pattern.file_per_process) {
    const std::uint64_t at =
        pattern.random_offset
            ? shuffled(i, per_rank, pattern.seed, random::component("ior.offset", rank + 1ULL))
            : i;
    return {.file = rank, .offset = pattern.transfer_size * at, .length = pattern.transfer_size};
  }
  if (pattern.random_offset) {
    const std::uint64_t at = shuffled(rank * per_rank + i, per_rank * pattern.ranks, pattern.seed,
                                      random::component("ior.offset"));
    return {.file = 0, .offset = pattern.transfer_size * at, .length = pattern.transfer_size};
  }
  const std::uint64_t segment = i / per_block;
  const std::uint64_t block = segment * pattern.ranks + rank;
  return {.file = 0,
          .offset = pattern.block_size * block + pattern.transfer_size * (i % per_block),
          .length = pattern.transfer_size};
}

std::uint32_t reordered(std::uint32_t rank, std::uint32_t ranks, std::uint32_t ranks_per_client,
                        std::uint32_t clients) {
  const std::uint64_t shift = std::uint64_t{ranks_per_client} * clients;
  return static_cast<std::uint32_t>((rank + shift) % ranks);
}

} // namespace lustrum::loadgen
