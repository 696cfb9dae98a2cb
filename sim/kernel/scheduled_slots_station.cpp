#include "sim/kernel/scheduled_slots_station.hpp"

#include <algorithm>

namespace lustrum::kernel {

Task::Handle ScheduledSlotsStation::first_waiting() const {
  if (!high_.empty()) return high_.front().task;
  if (!regular_.empty()) return regular_.front().task;
  const auto first = std::find_if(parked_.begin(), parked_.end(),
                                  [](const Waiting& request) { return request.task != nullptr; });
  return first == parked_.end() ? nullptr : first->task;
}

Population ScheduledSlotsStation::population() const {
  Population found = holders_;
  const auto add = [&](const Waiting& request) {
    if (request.task) found.add(request.arrived_s);
  };
  high_.for_each(add);
  regular_.for_each(add);
  std::for_each(parked_.begin(), parked_.end(), add);
  return found;
}

void ScheduledSlotsStation::arrive(const RequestTag& tag, Task::Handle task) {
  enter();
  const Waiting request{now_s(), task};
  if (is_high(tag)) return high_.push(request);
  if (!scheduler_) return regular_.push(request);
  if (unparked_.empty()) {
    unparked_.push_back(static_cast<std::uint32_t>(parked_.size()));
    parked_.emplace_back();
  }
  const std::uint32_t number = unparked_.back();
  unparked_.pop_back();
  parked_[number] = request;
  scheduler_->add(number, tag, Seconds{now_s()});
  grant_free_slots();
}

void ScheduledSlotsStation::release(double arrived_s, bool high) {
  assert(held_ > 0);
  leave(arrived_s);
  --holders_.requests;
  holders_.arrived_sum_s -= arrived_s;
  if (high) --high_held_;
  set_held(held_ - 1);
  grant_free_slots();
}

bool ScheduledSlotsStation::regular_may_go() const {
  if (!scheduler_) return !regular_.empty();
  const Seconds now{now_s()};
  return scheduler_->queued() > 0 && scheduler_->eligible_at(now) <= now;
}

ScheduledSlotsStation::Waiting ScheduledSlotsStation::take_regular() {
  if (!scheduler_) return regular_.pop();
  const std::uint32_t number = scheduler_->take(Seconds{now_s()});
  assert(number != RequestScheduler::kNone);
  unparked_.push_back(number);
  return std::exchange(parked_[number], Waiting{});
}

void ScheduledSlotsStation::grant(const Waiting& request, bool high) {
  take_slot(request.arrived_s, high);
  make_ready(request.task);
}

void ScheduledSlotsStation::grant_free_slots() {
  while (held_ < settings_.count) {
    const bool regular = regular_may_go();
    if (!high_.empty() && (high_held_ == 0 || high_in_a_row_ < kHighInARow || !regular))
      grant(high_.pop(), true);
    else if (regular && regular_has_slot())
      grant(take_regular(), false);
    else
      break;
  }
  if (scheduler_) reschedule();
}

void ScheduledSlotsStation::reschedule() {
  const Seconds now{now_s()};
  const double next_s = scheduler_->queued() > 0 && regular_has_slot()
                            ? scheduler_->eligible_at(now).count()
                            : kNever;
  assert(next_s > now_s());
  if (next_s == event_s_) return;
  event_s_ = next_s;
  schedule(next_s);
}

} // namespace lustrum::kernel
