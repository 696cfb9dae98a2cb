// In which order a rank reads samples and files, as its framework does it. Pure functions of the
// seed; the order of an epoch is made once for all ranks.
//
//   Sampler sampler({.samples = 1000, .ranks = 8, .shuffle = true, .seed = 42});
//   for (std::uint32_t sample : sampler.samples_of(epoch, rank)) ...
#pragma once

#include <cstdint>
#include <vector>

namespace lustrum::training {

enum class Sharding : std::uint8_t {
  block,       // DLIO: rank r takes the r-th contiguous block; a rest is dropped
  distributed, // PyTorch's DistributedSampler: every R-th sample from the r-th on
  shards,      // streaming: as `block`, but shards keep together, samples are shuffled within some
};

struct SamplerSettings {
  std::uint32_t samples = 0;
  std::uint32_t ranks = 1; // that read different samples
  bool shuffle = false;
  bool new_order_each_epoch = true;
  std::uint64_t seed = 0;
  Sharding sharding = Sharding::block;
  // `distributed`: what does not fill a round of all ranks is left out; else the first samples of
  // the order are taken again to fill it.
  bool drop_last = true;
  std::uint32_t samples_per_shard = 1; // `shards`
  std::uint32_t shuffled_shards = 1;   // whose samples are mixed
  // Hosts that have different files: of n the p-th has files p, p + n, ..., and its ranks read
  // those alone. A rest of files is dropped. \pre divides `ranks` \source SageMaker developer
  // guide, S3DataDistributionType: ShardedByS3Key
  std::uint32_t parts = 1;
  std::uint32_t samples_per_file = 1; // 1 for streams of files
};

// Steps per epoch: floor(samples / batch / ranks); a rest is dropped. Source: DLIO main.py.
std::uint32_t steps_per_epoch(std::uint64_t samples, std::uint32_t batch, std::uint32_t ranks);

class Sampler {
public:
  explicit Sampler(const SamplerSettings& settings);

  // Each rank has as many.
  // \source PyTorch torch/utils/data/distributed.py: ceil(n / R); with drop_last
  // ceil((n - R) / R) unless R divides n
  std::uint32_t samples_per_rank() const;

  // Samples of a rank in their order.
  std::vector<std::uint32_t> samples_of(std::uint32_t epoch, std::uint32_t rank);

  // The same for streams of files: dealt out to ranks in turn (file i to rank i mod ranks). With
  // fewer files than ranks several ranks get the same one. \pre there is a file
  // \source DLIO reader/tf_reader.py; WebDataset's split_by_node deals the same way
  std::vector<std::uint32_t> files_of(std::uint32_t epoch, std::uint32_t rank);

private:
  const std::vector<std::uint32_t>& order_of(std::uint32_t epoch);
  // Numbers within the part of the rank as numbers of the data set.
  std::vector<std::uint32_t> in_data_set(std::vector<std::uint32_t> own, std::uint32_t rank) const;

  SamplerSettings settings_;         // of one part
  std::vector<std::uint32_t> order_; // of the epoch asked for last
  std::uint32_t epoch_ = UINT32_MAX;
};

} // namespace lustrum::training
