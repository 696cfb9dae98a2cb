// Where IOR's ranks write and read: pure functions from (rank, i-th transfer) to a place in a file.
//
// A shared file is a row of segments; a segment holds one block of each rank, in the order of
// ranks; a block is a row of transfers. With a file per process a segment holds one block.
//
//   block_size = transfer_size, many segments     ranks interleave, transfer by transfer (ior-hard)
//   one segment                                   each rank has one contiguous piece
//
// Source: hpc/ior, doc/sphinx/userDoc/tutorial.rst and options.rst.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>

namespace lustrum::loadgen {

struct IorPattern {
  std::uint32_t ranks = 1;
  Bytes block_size{kMib};
  Bytes transfer_size{256 * kKib};
  std::uint64_t segments = 1;
  bool file_per_process = false;
  bool random_offset = false;
  std::uint64_t seed = 0; // of random_offset

  // Pre (all below): block_size is a multiple of transfer_size, none of them is 0.
  std::uint64_t transfers_per_block() const { return block_size / transfer_size; }
  std::uint64_t transfers_per_rank() const { return segments * transfers_per_block(); }
  std::uint32_t files() const { return file_per_process ? ranks : 1; }
  Bytes file_size() const { return block_size * segments * (file_per_process ? 1 : ranks); }
};

struct IorTransfer {
  std::uint32_t file = 0; // the rank whose file it is, or 0 for the shared one
  Bytes offset{};
  Bytes length{};
};

// Over all ranks and all i every byte of every file is covered once. With random_offset the
// transfers of a file are dealt out in a random order: IOR draws the owner of each, so that counts
// differ a little between ranks; here they are equal. Pre: rank < ranks, i < transfers_per_rank
IorTransfer transfer_of(const IorPattern& pattern, std::uint32_t rank, std::uint64_t i);

// Whose data a rank reads back with IOR's -C: that of the rank `clients` further on in the order of
// clients, so that no page cache of its own has it. Ranks fill clients in blocks.
std::uint32_t reordered(std::uint32_t rank, std::uint32_t ranks, std::uint32_t ranks_per_client,
                        std::uint32_t clients);

// A random order of 0 .. n-1 without storing it: the place of `i`. Four rounds of a Feistel network
// over the next power of four, walked until the value is below n. Pre: i < n
std::uint64_t shuffled(std::uint64_t i, std::uint64_t n, std::uint64_t seed,
                       std::uint64_t component);

} // namespace lustrum::loadgen
