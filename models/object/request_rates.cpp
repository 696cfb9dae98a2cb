#include "models/object/request_rates.hpp"

#include "sim/base/random.hpp"

#include <algorithm>

namespace lustrum::object {

RequestRates::RequestRates(kernel::World& world, const ServiceSettings& settings)
    : world_(world), settings_(settings) {}

kernel::BucketStation* RequestRates::add_rate(std::string_view pattern, std::uint32_t group,
                                              std::uint32_t partition, PerSecond rate) {
  if (!(rate.count() > 0)) return nullptr;
  const double burst = std::max(1.0, rate.count() * settings_.rate_burst.count());
  return &world_.add_bucket({"object_requests", pattern, group, partition},
                            {.rate = rate.count(), .burst = burst, .initial = burst});
}

void RequestRates::add_partitions(std::uint32_t number, Group& group, std::uint32_t count) {
  for (std::uint32_t n = 0; n < count; ++n) {
    const auto p = static_cast<std::uint32_t>(group.partitions.size());
    group.partitions.push_back(
        {add_rate("object.prefix{}.partition{}.reads", number, p, settings_.reads),
         add_rate("object.prefix{}.partition{}.writes", number, p, settings_.writes)});
  }
}

RequestRates::Group& RequestRates::group(std::uint32_t number) {
  const auto [found, is_new] =
      numbers_.try_emplace(number, static_cast<std::uint32_t>(groups_.size()));
  if (is_new) {
    groups_.push_back({.partitions = {}, .clock = SplitClock(settings_.split_after)});
    add_partitions(number, groups_.back(), settings_.partitions);
  }
  return groups_[found->second];
}

bool RequestRates::admit(std::uint32_t group_number, std::uint64_t key, bool read) {
  if (!limited()) return true;
  Group& group = this->group(group_number);
  // Which partition holds a key is a hash of it, so that a split halves what each one holds.
  const std::uint64_t n = random::mix_bits(key) % group.partitions.size();
  const Partition& partition = group.partitions[n];
  kernel::BucketStation* rate = read ? partition.read : partition.write;
  if (!rate || rate->try_take(1)) return true;
  ++refused_;
  const auto have = static_cast<std::uint32_t>(group.partitions.size());
  if (have < settings_.max_partitions && group.clock.refused(world_.now()))
    add_partitions(group_number, group, std::min(have, settings_.max_partitions - have));
  return false;
}

std::uint32_t RequestRates::partitions() const {
  std::uint32_t sum = 0;
  for (const Group& group : groups_) sum += static_cast<std::uint32_t>(group.partitions.size());
  return std::max(sum, settings_.partitions);
}

} // namespace lustrum::object
