// How many requests a second an object store takes, and how that grows: each prefix (or bucket) has
// partitions, each with a rate for reads and one for writes. A request beyond it is answered with
// 503. Partitions double when that has gone on for long enough, as keys are spread over more
// servers.
#pragma once

#include "models/object/service_settings.hpp"
#include "sim/kernel/world.hpp"

#include <map>
#include <vector>

namespace lustrum::object {

// When a prefix is split: 503s that have gone on for `after`, without a pause as long as that.
class SplitClock {
public:
  explicit SplitClock(Seconds after) : after_(after) {}
  // A request was refused now; true when it is time to split.
  bool refused(Seconds now) {
    if (!pressed_ || now - last_ >= after_) since_ = now;
    pressed_ = true;
    last_ = now;
    if (now - since_ < after_) return false;
    pressed_ = false;
    return true;
  }

private:
  Seconds after_;
  bool pressed_ = false;
  Seconds since_{};
  Seconds last_{};
};

class RequestRates {
public:
  // The settings must live as long.
  RequestRates(kernel::World& world, const ServiceSettings& settings);

  // Takes the request or refuses it. `group`: its prefix or bucket; `key`: its object.
  bool admit(std::uint32_t group, std::uint64_t key, bool read);

  bool limited() const { return settings_.reads.count() > 0 || settings_.writes.count() > 0; }
  // Of all groups that were used; a group not used yet has the initial number.
  std::uint32_t partitions() const;
  std::uint32_t groups() const { return static_cast<std::uint32_t>(groups_.size()); }
  std::uint64_t refused() const { return refused_; }

private:
  struct Partition {
    kernel::BucketStation* read = nullptr;
    kernel::BucketStation* write = nullptr;
  };
  struct Group {
    std::vector<Partition> partitions;
    SplitClock clock;
  };
  Group& group(std::uint32_t number);
  void add_partitions(std::uint32_t number, Group& group, std::uint32_t count);
  kernel::BucketStation* add_rate(std::string_view pattern, std::uint32_t group,
                                  std::uint32_t partition, PerSecond rate);

  kernel::World& world_;
  const ServiceSettings& settings_;
  std::map<std::uint32_t, std::uint32_t> numbers_; // group -> place, in order of the first use
  std::vector<Group> groups_;
  std::uint64_t refused_ = 0;
};

} // namespace lustrum::object
