// In which order a rank reads samples and files, as DLIO does it. Pure functions of the seed.
#pragma once

#include <cstdint>
#include <vector>

namespace lustrum::training {

struct SamplerSettings {
  std::uint32_t samples = 0;
  std::uint32_t ranks = 1;
  bool shuffle = false;
  bool new_order_each_epoch = true;
  std::uint64_t seed = 0;
};

// Steps per epoch: floor(samples / batch / ranks); a rest is dropped. Source: DLIO main.py.
std::uint32_t steps_per_epoch(std::uint64_t samples, std::uint32_t batch, std::uint32_t ranks);

// PyTorch: one permutation of all samples per epoch, of which each rank takes a contiguous block.
std::vector<std::uint32_t> block_of_rank(const SamplerSettings& settings, std::uint32_t epoch,
                                         std::uint32_t rank);

// TensorFlow: files are dealt out to ranks in turn (file i to rank i mod ranks), after shuffling.
// With fewer files than ranks several ranks get the same one. Pre: there is a file.
std::vector<std::uint32_t> shard_of_rank(const SamplerSettings& settings, std::uint32_t epoch,
                                         std::uint32_t rank);

} // namespace lustrum::training
