// The client's side of extent locks: one PR or PW lock on the whole object per client and object, as
// the server grants it when nobody conflicts ([0, EOF]). Cached until the run ends.
//
// Conflicting modes (a writer beside readers of one object) are not modelled yet: see README.md.
#pragma once

#include "sim/kernel/world.hpp"

#include <cstdint>
#include <vector>

namespace lustrum::lustre {

class LockCache {
public:
  enum class State : std::uint8_t { none, enqueued, granted };

  explicit LockCache(kernel::World& world) : changed_(world) {}

  State state(std::uint32_t object) const {
    return object < states_.size() ? states_[object] : State::none;
  }
  void set(std::uint32_t object, State state) {
    if (object >= states_.size()) states_.resize(object + 1, State::none);
    states_[object] = state;
    if (state == State::granted) changed_.notify();
  }
  // Waits until some lock has been granted.
  kernel::Signal::Awaiter change() { return changed_.wait(); }

private:
  std::vector<State> states_;
  kernel::Signal changed_;
};

} // namespace lustrum::lustre
