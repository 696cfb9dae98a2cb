// `scheduled`: slots whose waiters a policy may put in order, with a queue of high priority beside.
// Service threads of a server: a request brings a tag, and when a slot is free the scheduler says
// which request gets it, or when the next one may go (a rate limit), for which the station stands
// in the calendar.
//
//   ScheduledHold thread = co_await oss.threads.acquire(tag);
//
// Without a scheduler waiters go in order of arrival, and nothing is called that is virtual.
#pragma once

#include "sim/base/request_scheduler.hpp"
#include "sim/kernel/station.hpp"

#include <cassert>
#include <utility>
#include <vector>

namespace lustrum::kernel {

class ScheduledSlotsStation;

// One slot held; gives it back when destroyed.
class [[nodiscard]] ScheduledHold {
public:
  ScheduledHold(ScheduledSlotsStation& slots, double arrived_s, bool high)
      : slots_(&slots), arrived_s_(arrived_s), high_(high) {}
  ScheduledHold(ScheduledHold&& other) noexcept
      : slots_(std::exchange(other.slots_, nullptr)), arrived_s_(other.arrived_s_),
        high_(other.high_) {}
  ScheduledHold(const ScheduledHold&) = delete;
  ScheduledHold& operator=(const ScheduledHold&) = delete;
  ScheduledHold& operator=(ScheduledHold&&) = delete;
  ~ScheduledHold() { release(); }
  void release();

private:
  ScheduledSlotsStation* slots_;
  double arrived_s_; // when the slot was asked for
  bool high_;        // taken from the queue of high priority
};

// `high_priority`: whether there is a queue of high priority (Lustre: lock-flush writes, requests
// of locks that somebody waits for). It goes first, under Lustre's rules for the threads of a
// service partition:
//   - a regular request leaves one slot free, unless a request of high priority is being served (of
//     a single slot nothing can be left);
//   - after kHighInARow requests of high priority a regular one goes that waits and may go.
// Without it the flag of a tag has no meaning. Lustre keeps one thread more back, which takes
// requests off the wire: it is not counted here.
// \source Lustre 2.15 lustre/ptlrpc/service.c: ptlrpc_server_allow_high(), _allow_normal()
struct ScheduledSlotsSettings {
  std::uint32_t count = 1;
  bool high_priority = false;
};

class ScheduledSlotsStation : public Station {
public:
  static constexpr std::uint32_t kHighInARow = 10; // PTLRPC_SVC_HP_RATIO

  ScheduledSlotsStation(const StationLabel& label, Timeline& timeline,
                        const ScheduledSlotsSettings& settings)
      : Station(Discipline::scheduled, label, timeline), settings_(settings) {
    assert(settings_.count > 0);
  }

  // Who orders the regular requests from now on; it must outlive the run. \pre nobody waits
  void use(RequestScheduler& scheduler) {
    assert(waiting() == 0 && scheduler.queued() == 0);
    scheduler_ = &scheduler;
  }

  std::uint32_t count() const { return settings_.count; }
  std::uint32_t held() const { return held_; }
  std::size_t waiting() const {
    return high_.size() + regular_.size() + (parked_.size() - unparked_.size());
  }
  Task::Handle first_waiting() const;
  Population population() const;
  double held_area_s(double at_s) const {
    return held_area_s_ + static_cast<double>(held_) * (at_s - held_changed_s_);
  }
  double utilization(double at_s) const {
    return at_s > 0 ? held_area_s(at_s) / (static_cast<double>(settings_.count) * at_s) : 0;
  }

  struct Awaiter {
    ScheduledSlotsStation& slots;
    const RequestTag& tag;
    double arrived_s;
    bool await_ready() const noexcept { return slots.try_acquire(tag); }
    void await_suspend(Task::Handle task) const { slots.arrive(tag, task); }
    ScheduledHold await_resume() const noexcept {
      return ScheduledHold{slots, arrived_s, slots.is_high(tag)};
    }
  };
  // The tag must outlive the await.
  Awaiter acquire(const RequestTag& tag) { return {*this, tag, now_s()}; }

  // The event in the calendar: a request may go that might not go before.
  void wake() {
    event_s_ = kNever;
    schedule(kNever);
    grant_free_slots();
  }

private:
  friend class ScheduledHold;
  struct Waiting {
    double arrived_s = 0;
    Task::Handle task = nullptr; // none: this place in parked_ is free
  };

  bool is_high(const RequestTag& tag) const { return settings_.high_priority && tag.high_priority; }
  // A regular request may take a slot now.
  bool regular_has_slot() const {
    return held_ + 1 < settings_.count ||
           (held_ < settings_.count &&
            (!settings_.high_priority || high_held_ > 0 || settings_.count == 1));
  }
  // At once, without waiting. With a free slot nobody of high priority waits.
  bool try_acquire(const RequestTag& tag) {
    const bool high = is_high(tag);
    if (high ? held_ == settings_.count : scheduler_ || !regular_.empty() || !regular_has_slot())
      return false;
    enter();
    take_slot(now_s(), high);
    return true;
  }
  void take_slot(double arrived_s, bool high) {
    holders_.add(arrived_s);
    high_in_a_row_ = high ? high_in_a_row_ + 1 : 0;
    if (high) ++high_held_;
    set_held(held_ + 1);
  }
  void set_held(std::uint32_t held) {
    held_area_s_ = held_area_s(now_s());
    held_changed_s_ = now_s();
    held_ = held;
  }
  void arrive(const RequestTag& tag, Task::Handle task);
  void release(double arrived_s, bool high);
  bool regular_may_go() const;
  Waiting take_regular();
  void grant_free_slots();
  void grant(const Waiting& request, bool high);
  void reschedule();

  ScheduledSlotsSettings settings_;
  std::uint32_t held_ = 0;
  std::uint32_t high_held_ = 0;
  std::uint32_t high_in_a_row_ = 0;
  double held_area_s_ = 0;
  double held_changed_s_ = 0;
  double event_s_ = kNever; // what the calendar has
  RequestScheduler* scheduler_ = nullptr;
  Ring<Waiting> high_;
  Ring<Waiting> regular_;               // without a scheduler
  std::vector<Waiting> parked_;         // with one, by its number there
  std::vector<std::uint32_t> unparked_; // free places in parked_
  Population holders_;                  // their arrival times travel in the hold
};

inline void ScheduledHold::release() {
  if (slots_) std::exchange(slots_, nullptr)->release(arrived_s_, high_);
}

} // namespace lustrum::kernel
