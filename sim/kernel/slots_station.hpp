// `slots`: a counting semaphore with waiters in order of arrival. max_rpcs_in_flight, mod slots,
// LNet credits, service threads, connections.
//
//   SlotHold slot = co_await osc.slots.acquire(); // given back when `slot` leaves its scope
#pragma once

#include "sim/kernel/station.hpp"

#include <cassert>
#include <utility>

namespace lustrum::kernel {

class SlotsStation;

// One slot held; gives it back when destroyed.
class [[nodiscard]] SlotHold {
public:
  explicit SlotHold(SlotsStation& slots) : slots_(&slots) {}
  SlotHold(SlotHold&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
  SlotHold(const SlotHold&) = delete;
  SlotHold& operator=(const SlotHold&) = delete;
  SlotHold& operator=(SlotHold&&) = delete;
  ~SlotHold() { release(); }
  void release();

private:
  SlotsStation* slots_;
};

class SlotsStation : public Station {
public:
  SlotsStation(const StationLabel& label, Timeline& timeline, std::uint32_t count)
      : Station(Discipline::slots, label, timeline), count_(count) {
    assert(count_ > 0);
  }

  std::uint32_t count() const { return count_; }
  std::uint32_t held() const { return held_; }
  std::size_t waiting() const { return waiting_.size(); }
  Task::Handle first_waiting() const { return waiting_.front(); }
  double held_area_s(double at_s) const {
    return held_area_s_ + static_cast<double>(held_) * (at_s - held_changed_s_);
  }
  double utilization(double at_s) const {
    return at_s > 0 ? held_area_s(at_s) / (static_cast<double>(count_) * at_s) : 0;
  }

  struct Awaiter {
    SlotsStation& slots;
    bool await_ready() const noexcept { return slots.try_acquire(); }
    void await_suspend(Task::Handle task) const {
      slots.enter();
      slots.waiting_.push(task);
    }
    SlotHold await_resume() const noexcept { return SlotHold{slots}; }
  };
  Awaiter acquire() { return {*this}; }

private:
  friend class SlotHold;

  bool try_acquire() {
    if (held_ == count_) return false;
    enter();
    set_held(held_ + 1);
    return true;
  }
  void release() {
    assert(held_ > 0);
    leave();
    if (waiting_.empty())
      set_held(held_ - 1);
    else
      make_ready(waiting_.pop()); // the slot passes on
  }
  void set_held(std::uint32_t held) {
    held_area_s_ = held_area_s(now_s());
    held_changed_s_ = now_s();
    held_ = held;
  }

  std::uint32_t count_;
  std::uint32_t held_ = 0;
  double held_area_s_ = 0;
  double held_changed_s_ = 0;
  Ring<Task::Handle> waiting_;
};

inline void SlotHold::release() {
  if (slots_) std::exchange(slots_, nullptr)->release();
}

} // namespace lustrum::kernel
