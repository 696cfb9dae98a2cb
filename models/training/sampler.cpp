#include "models/training/sampler.hpp"

#include "sim/base/random.hpp"

#include <numeric>

namespace lustrum::training {

std::uint32_t steps_per_epoch(std::uint64_t samples, std::uint32_t batch, std::uint32_t ranks) {
  return static_cast<std::uint32_t>(samples / batch / ranks);
}

namespace {

std::vector<std::uint32_t> order_of_epoch(const SamplerSettings& settings, std::uint32_t epoch) {
  std::vector<std::uint32_t> order(settings.samples);
  std::iota(order.begin(), order.end(), 0U);
  if (settings.shuffle) {
    const std::uint32_t turn = settings.new_order_each_epoch ? epoch : 0;
    random::shuffle(order, settings.seed, random::component("training.order", turn));
  }
  return order;
}

} // namespace

std::vector<std::uint32_t> block_of_rank(const SamplerSettings& settings, std::uint32_t epoch,
                                         std::uint32_t rank) {
  const std::vector<std::uint32_t> order = order_of_epoch(settings, epoch);
  const std::uint32_t share = settings.samples / settings.ranks;
  const auto begin = order.begin() + static_cast<std::ptrdiff_t>(rank) * share;
  return {begin, begin + share};
}

std::vector<std::uint32_t> shard_of_rank(const SamplerSettings& settings, std::uint32_t epoch,
                                         std::uint32_t rank) {
  const std::vector<std::uint32_t> order = order_of_epoch(settings, epoch);
  std::vector<std::uint32_t> shard;
  for (std::size_t i = rank; i < order.size(); i += settings.ranks) shard.push_back(order[i]);
  if (shard.empty()) shard.push_back(order[rank % order.size()]);
  return shard;
}

} // namespace lustrum::training
