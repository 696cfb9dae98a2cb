#include "models/training/sampler.hpp"

#include "sim/base/random.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lustrum::training {

std::uint32_t steps_per_epoch(std::uint64_t samples, std::uint32_t batch, std::uint32_t ranks) {
  return static_cast<std::uint32_t>(samples / batch / ranks);
}

namespace {

std::vector<std::uint32_t> numbers(std::uint32_t count) {
  std::vector<std::uint32_t> all(count);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

// Shards in random order; the samples of so many consecutive ones mixed.
// \source mosaicml/streaming, shuffle algorithms py1s and py1b: shards are permuted, then samples
// within a bounded range
std::vector<std::uint32_t> shard_wise_order(const SamplerSettings& settings, std::uint32_t turn) {
  const std::uint32_t per_shard = std::max(1U, settings.samples_per_shard);
  std::vector<std::uint32_t> shards = numbers((settings.samples + per_shard - 1) / per_shard);
  random::shuffle(shards, settings.seed, random::component("training.shards", turn));
  std::vector<std::uint32_t> order;
  order.reserve(settings.samples);
  std::vector<std::uint32_t> block;
  const std::size_t together = std::max(1U, settings.shuffled_shards);
  for (std::size_t first = 0; first < shards.size(); first += together) {
    block.clear();
    for (std::size_t i = first; i < std::min(shards.size(), first + together); ++i)
      for (std::uint32_t s = 0; s < per_shard; ++s)
        if (const std::uint32_t sample = shards[i] * per_shard + s; sample < settings.samples)
          block.push_back(sample);
    const std::uint64_t key = (std::uint64_t{turn} << 32U) + first;
    random::shuffle(block, settings.seed, random::component("training.shard_block", key));
    order.insert(order.end(), block.begin(), block.end());
  }
  return order;
}

} // namespace

Sampler::Sampler(const SamplerSettings& settings) : settings_(settings) {
  if (settings.parts <= 1) return;
  const std::uint32_t files = settings.samples / settings.samples_per_file;
  settings_.samples = files / settings.parts * settings.samples_per_file;
  settings_.ranks = settings.ranks / settings.parts;
}

std::vector<std::uint32_t> Sampler::in_data_set(std::vector<std::uint32_t> own,
                                                std::uint32_t rank) const {
  if (settings_.parts <= 1) return own;
  const std::uint32_t per_file = settings_.samples_per_file;
  for (std::uint32_t& number : own) {
    const std::uint32_t file = number / per_file * settings_.parts + rank / settings_.ranks;
    number = file * per_file + number % per_file;
  }
  return own;
}

const std::vector<std::uint32_t>& Sampler::order_of(std::uint32_t epoch) {
  const std::uint32_t turn = settings_.new_order_each_epoch && settings_.shuffle ? epoch : 0;
  if (turn == epoch_) return order_;
  epoch_ = turn;
  if (settings_.shuffle && settings_.sharding == Sharding::shards)
    return order_ = shard_wise_order(settings_, turn);
  order_ = numbers(settings_.samples);
  if (settings_.shuffle)
    random::shuffle(order_, settings_.seed, random::component("training.order", turn));
  return order_;
}

std::uint32_t Sampler::samples_per_rank() const {
  const std::uint32_t n = settings_.samples;
  const std::uint32_t r = settings_.ranks;
  if (settings_.sharding != Sharding::distributed || settings_.drop_last || n % r == 0)
    return n / r; // ceil((n - r) / r) is floor(n / r) where r does not divide n
  return n / r + 1;
}

std::vector<std::uint32_t> Sampler::samples_of(std::uint32_t epoch, std::uint32_t rank) {
  const std::vector<std::uint32_t>& order = order_of(epoch);
  const std::uint32_t share = samples_per_rank();
  const std::uint32_t place = rank % settings_.ranks; // among those of its part
  if (settings_.sharding != Sharding::distributed) {
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(place) * share;
    return in_data_set({begin, begin + share}, rank);
  }
  std::vector<std::uint32_t> own;
  own.reserve(share);
  for (std::uint32_t i = 0; i < share; ++i)
    own.push_back(order[(place + std::size_t{i} * settings_.ranks) % order.size()]);
  return in_data_set(std::move(own), rank);
}

std::vector<std::uint32_t> Sampler::files_of(std::uint32_t epoch, std::uint32_t rank) {
  const std::vector<std::uint32_t>& order = order_of(epoch);
  std::vector<std::uint32_t> shard;
  const std::uint32_t place = rank % settings_.ranks;
  for (std::size_t i = place; i < order.size(); i += settings_.ranks) shard.push_back(order[i]);
  if (shard.empty()) shard.push_back(order[place % order.size()]);
  return in_data_set(std::move(shard), rank);
}

} // namespace lustrum::training
