#include "models/training/job.hpp"

#include <algorithm>

namespace lustrum::training {

SamplerSettings JobSettings::sampler() const {
  const bool streams =
      loader.pipeline == Pipeline::tf_data || loader.pipeline == Pipeline::torch_iterable;
  const auto files = static_cast<std::uint32_t>(dataset.files.size());
  return {.samples = streams ? files : files * dataset.samples_per_file,
          .ranks = copies(),
          .shuffle = loader.shuffle,
          .new_order_each_epoch = loader.new_order_each_epoch,
          .seed = seed,
          .sharding = loader.sharding,
          .drop_last = loader.drop_last,
          .samples_per_shard = dataset.samples_per_file,
          .shuffled_shards = loader.shuffled_shards,
          .parts = data_parts,
          .samples_per_file = streams ? 1 : dataset.samples_per_file};
}

std::uint32_t JobSettings::steps_per_epoch() const {
  const std::uint32_t steps = steps_of_data_set();
  return epoch_steps > 0 ? std::min(epoch_steps, steps) : steps;
}

std::uint32_t JobSettings::steps_of_data_set() const {
  const std::uint64_t files = dataset.files.size() / data_parts * data_parts;
  const std::uint64_t samples = files * dataset.samples_per_file;
  if (loader.drop_last || loader.pipeline != Pipeline::torch_dataloader)
    return training::steps_per_epoch(samples, loader.batch_size, copies());
  // The last batch may be smaller.
  return (Sampler(sampler()).samples_per_rank() + loader.batch_size - 1) / loader.batch_size;
}

} // namespace lustrum::training
