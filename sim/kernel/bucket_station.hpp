// `bucket`: a token bucket. Tokens flow in at `rate` up to `burst`; a request takes its amount and
// waits in order until it is there. Burst credits, provisioned IOPS, request-rate limits.
//
// A request larger than the bucket passes when the bucket is full and leaves it in debt, so that a
// small bucket delays large requests but never blocks them for good.
#pragma once

#include "sim/kernel/station.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::kernel {

class BucketStation : public Station {
public:
  // rate in tokens per second, burst and initial level in tokens.
  struct Level {
    double rate = 0;
    double burst = 0;
    double initial = 0;
  };

  BucketStation(const StationLabel& label, Timeline& timeline, Level level)
      : Station(Discipline::bucket, label, timeline), level_(level), tokens_(level.initial) {
    assert(level_.rate > 0 && level_.burst > 0 && level_.initial <= level_.burst);
  }

  const Level& level() const { return level_; }
  double taken() const { return taken_; }
  double tokens(double now_s) const {
    return std::min(level_.burst, tokens_ + (now_s - updated_s_) * level_.rate);
  }
  // Tokens taken beyond what there ever was; a request larger than the bucket may leave this much
  // debt.
  double overdrawn(double now_s) const { return taken_ - level_.initial - level_.rate * now_s; }
  double largest_request() const { return largest_; }
  // Share of all the tokens that could have been used: the first fill and what flowed in since.
  double utilization(double now_s) const {
    const double offered = level_.initial + level_.rate * now_s;
    return offered > 0 ? std::min(1.0, taken_ / offered) : 0;
  }

  // True when the tokens are there and nobody waits; they are then taken.
  bool try_take(double amount) {
    catch_up();
    if (!waiting_.empty() || tokens_ < needed(amount)) return false;
    enter();
    take(amount);
    leave(now_s());
    return true;
  }
  void arrive(Task::Handle task, double amount) {
    enter();
    waiting_.push({amount, now_s(), task});
    if (waiting_.size() == 1) reschedule();
  }
  Task::Handle depart() {
    catch_up();
    const Waiting next = waiting_.pop();
    // The event stands at the moment when the tokens suffice; rounding may miss it by a hair.
    tokens_ = std::max(tokens_, needed(next.amount));
    take(next.amount);
    leave(next.arrived_s);
    reschedule();
    return next.task;
  }
  Population population() const {
    Population found;
    waiting_.for_each([&](const Waiting& request) { found.add(request.arrived_s); });
    return found;
  }
  std::size_t waiting() const { return waiting_.size(); }
  Task::Handle first_waiting() const { return waiting_.front().task; }

private:
  struct Waiting {
    double amount;
    double arrived_s;
    Task::Handle task;
  };

  double needed(double amount) const { return std::min(amount, level_.burst); }
  void catch_up() {
    tokens_ = tokens(now_s());
    updated_s_ = now_s();
  }
  void take(double amount) {
    tokens_ -= amount;
    taken_ += amount;
    largest_ = std::max(largest_, amount);
  }
  void reschedule() {
    if (waiting_.empty()) return schedule(kNever);
    const double missing = needed(waiting_.front().amount) - tokens_;
    schedule(missing > 0 ? now_s() + missing / level_.rate : now_s());
  }

  Level level_;
  double tokens_;
  double updated_s_ = 0;
  double taken_ = 0;
  double largest_ = 0;
  Ring<Waiting> waiting_;
};

} // namespace lustrum::kernel
