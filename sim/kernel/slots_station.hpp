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
  SlotHold(SlotsStation& slots, double arrived_s) : slots_(&slots), arrived_s_(arrived_s) {}
  SlotHold(SlotHold&& other) noexcept
      : slots_(std::exchange(other.slots_, nullptr)), arrived_s_(other.arrived_s_) {}
  SlotHold(const SlotHold&) = delete;
  SlotHold& operator=(const SlotHold&) = delete;
  SlotHold& operator=(SlotHold&&) = delete;
  ~SlotHold() { release(); }
  void release();

private:
  SlotsStation* slots_;
  double arrived_s_; // when the slot was asked for
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
  Task::Handle first_waiting() const { return waiting_.front().task; }
  Population population() const {
    Population found = holders_;
    waiting_.for_each([&](const Waiting& request) { found.add(request.arrived_s); });
    return found;
  }
  double held_area_s(double at_s) const {
    return held_area_s_ + static_cast<double>(held_) * (at_s - held_changed_s_);
  }
  double utilization(double at_s) const {
    return at_s > 0 ? held_area_s(at_s) / (static_cast<double>(count_) * at_s) : 0;
  }

  struct Awaiter {
    SlotsStation& slots;
    double arrived_s;
    bool await_ready() const noexcept { return slots.try_acquire(); }
    void await_suspend(Task::Handle task) const {
      slots.enter();
      slots.waiting_.push({arrived_s, task});
    }
    SlotHold await_resume() const noexcept { return SlotHold{slots, arrived_s}; }
  };
  Awaiter acquire() { return {*this, now_s()}; }

private:
  friend class SlotHold;
  struct Waiting {
    double arrived_s;
    Task::Handle task;
  };

  bool try_acquire() {
    if (held_ == count_) return false;
    enter();
    holders_.add(now_s());
    set_held(held_ + 1);
    return true;
  }
  void release(double arrived_s) {
    assert(held_ > 0);
    leave(arrived_s);
    --holders_.requests;
    holders_.arrived_sum_s -= arrived_s;
    if (waiting_.empty()) {
      set_held(held_ - 1);
    } else { // the slot passes on
      const Waiting next = waiting_.pop();
      holders_.add(next.arrived_s);
      make_ready(next.task);
    }
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
  Ring<Waiting> waiting_;
  Population holders_; // their arrival times travel in the SlotHold
};

inline void SlotHold::release() {
  if (slots_) std::exchange(slots_, nullptr)->release(arrived_s_);
}

} // namespace lustrum::kernel
