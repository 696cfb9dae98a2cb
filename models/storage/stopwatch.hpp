// Puts the simulated time between laps down to causes of a TimeAccount or RpcTime.
#pragma once

#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"

namespace lustrum {

template <typename Account> class Stopwatch {
public:
  Stopwatch(const kernel::World& world, Account& account)
      : world_(world), account_(account), last_s_(world.now().count()) {}
  void lap(Cause cause) {
    const double now_s = world_.now().count();
    account_[cause] += now_s - last_s_;
    last_s_ = now_s;
  }
  // Splits the time since the last lap as `other` is split.
  template <typename Other> void lap_as(const Other& other, Cause fallback) {
    const double now_s = world_.now().count();
    account_.add_split_as(other, now_s - last_s_, fallback);
    last_s_ = now_s;
  }
  // Leaves out the time since the last lap: somebody else has accounted for it.
  void skip() { last_s_ = world_.now().count(); }

private:
  const kernel::World& world_;
  Account& account_;
  double last_s_;
};

} // namespace lustrum
