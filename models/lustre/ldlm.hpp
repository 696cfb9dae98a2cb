// The client's side of extent locks: one lock on the whole object per client and object, as the
// server grants it when nobody conflicts ([0, EOF]). Cached until the run ends; reading and writing
// are not told apart.
//
// Conflicting modes (a writer beside readers of one object) are not modelled yet: see README.md.
#pragma once

#include "sim/kernel/world.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace lustrum::lustre {

class LockCache {
public:
  enum class State : std::uint8_t { none, enqueued, granted };

  explicit LockCache(kernel::World& world) : changed_(world) {}

  State state(std::uint32_t object) const {
    const std::size_t page = object / kPage;
    return page < pages_.size() && pages_[page] ? (*pages_[page])[object % kPage] : State::none;
  }
  void set(std::uint32_t object, State state) {
    const std::size_t page = object / kPage;
    if (page >= pages_.size()) pages_.resize(page + 1);
    if (!pages_[page]) pages_[page] = std::make_unique<Page>();
    (*pages_[page])[object % kPage] = state;
    if (state == State::granted) changed_.notify();
  }
  // Waits until some lock has been granted.
  kernel::Signal::Awaiter change() { return changed_.wait(); }

private:
  // A client touches few of all objects: pages of them, made at first use.
  static constexpr std::size_t kPage = 512;
  using Page = std::array<State, kPage>;

  std::vector<std::unique_ptr<Page>> pages_;
  kernel::Signal changed_;
};

} // namespace lustrum::lustre
