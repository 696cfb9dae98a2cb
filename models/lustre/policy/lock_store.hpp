// Where a lock resource keeps its locks. Most resources have one: it lies inside, and only a second
// one allocates.
#pragma once

#include "models/lustre/policy/lock_mode.hpp"

#include <array>
#include <cassert>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace lustrum::lustre {

// Granted locks in the order of their grants and waiting ones in the order of their turn. `Lock` is
// a small struct with a `mode` and an `id`. No rules in here.
template <class Lock> class LockStore {
public:
  std::span<Lock> granted() {
    return crowd_ ? std::span(crowd_->granted) : std::span(&one_, held_);
  }
  std::span<const Lock> granted() const {
    return crowd_ ? std::span<const Lock>(crowd_->granted) : std::span(&one_, held_);
  }
  std::span<Lock> waiting() { return crowd_ ? std::span(crowd_->waiting) : std::span<Lock>(); }
  std::span<const Lock> waiting() const {
    return crowd_ ? std::span<const Lock>(crowd_->waiting) : std::span<const Lock>();
  }
  bool empty() const { return granted().empty() && waiting().empty(); }

  // Granted locks, wherever they lie, whose mode is not compatible with this one.
  std::uint32_t granted_against(LockMode mode) const {
    if (!crowd_) return held_ == 1 && !compatible(one_.mode, mode) ? 1 : 0;
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < kLockModes; ++i)
      if (!compatible(static_cast<LockMode>(i), mode)) count += crowd_->of_mode[i];
    return count;
  }

  LockId new_id() { return LockId{next_id_++}; }

  void add_granted(const Lock& lock) {
    if (!crowd_ && held_ == 0) {
      one_ = lock;
      held_ = 1;
      return;
    }
    crowd().granted.push_back(lock);
    ++crowd_->count_of(lock.mode);
  }
  void insert_waiting(std::size_t place, const Lock& lock) {
    std::vector<Lock>& queue = crowd().waiting;
    queue.insert(queue.begin() + static_cast<std::ptrdiff_t>(place), lock);
  }

  // The waiting lock at this place becomes the last of the granted.
  void grant_waiting(std::size_t place, const Lock& as_granted) {
    erase_waiting(place);
    add_granted(as_granted);
  }

  // Takes away the lock of this id, granted or waiting. False if there is none.
  bool erase(LockId id) {
    return erase_if([id](const Lock& lock) { return lock.id == id; }, 1) > 0;
  }

  // Takes away up to `most` locks that the predicate names; how many it took.
  template <class Predicate> std::size_t erase_if(Predicate unwanted, std::size_t most = SIZE_MAX) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < granted().size() && taken < most;) {
      if (unwanted(std::as_const(granted()[i]))) {
        erase_granted(i);
        ++taken;
      } else {
        ++i;
      }
    }
    for (std::size_t i = 0; i < waiting().size() && taken < most;) {
      if (unwanted(std::as_const(waiting()[i]))) {
        erase_waiting(i);
        ++taken;
      } else {
        ++i;
      }
    }
    if (crowd_ && empty()) crowd_.reset();
    return taken;
  }

private:
  struct Crowd {
    std::vector<Lock> granted;
    std::vector<Lock> waiting;
    std::array<std::uint32_t, kLockModes> of_mode{}; // granted locks of each mode

    std::uint32_t& count_of(LockMode mode) { return of_mode[static_cast<std::size_t>(mode)]; }
  };

  Crowd& crowd() {
    if (!crowd_) {
      crowd_ = std::make_unique<Crowd>();
      if (held_ == 1) {
        crowd_->granted.push_back(one_);
        ++crowd_->count_of(one_.mode);
        held_ = 0;
      }
    }
    return *crowd_;
  }
  void erase_granted(std::size_t i) {
    if (!crowd_) {
      held_ = 0;
      return;
    }
    --crowd_->count_of(crowd_->granted[i].mode);
    crowd_->granted.erase(crowd_->granted.begin() + static_cast<std::ptrdiff_t>(i));
  }
  void erase_waiting(std::size_t i) {
    crowd_->waiting.erase(crowd_->waiting.begin() + static_cast<std::ptrdiff_t>(i));
  }

  Lock one_{};                   // the only lock, granted, while there is no crowd
  std::unique_ptr<Crowd> crowd_; // goes when its last lock goes
  std::uint32_t next_id_ = 0;
  std::uint32_t held_ = 0; // 1 when `one_` is a lock
};

} // namespace lustrum::lustre
