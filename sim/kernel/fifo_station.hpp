// `fifo(c)`: c servers, one queue in order of arrival; the caller brings the service time from its
// device model. Service threads' CPU, disks, decoders.
#pragma once

#include "sim/base/units.hpp"
#include "sim/kernel/station.hpp"

#include <cassert>

namespace lustrum::kernel {

class FifoStation : public Station {
public:
  FifoStation(const StationLabel& label, Timeline& timeline, std::uint32_t servers)
      : Station(Discipline::fifo, label, timeline), servers_(servers) {
    assert(servers_ > 0);
  }

  std::uint32_t servers() const { return servers_; }
  double served_s() const { return served_s_; }
  double utilization(double now_s) const {
    return now_s > 0 ? served_s_ / (static_cast<double>(servers_) * now_s) : 0;
  }

  void arrive(Task::Handle task, double service_s) {
    enter();
    if (in_service_.size() < servers_)
      start(task, service_s);
    else
      waiting_.push({service_s, task});
  }

  // The next completion; returns the task that has been served.
  Task::Handle depart() {
    const Job done = in_service_.pop();
    served_s_ += done.service_s;
    leave();
    if (!waiting_.empty()) {
      const Waiting next = waiting_.pop();
      start(next.task, next.service_s);
    } else {
      schedule(in_service_.empty() ? kNever : in_service_.front().key);
    }
    return done.task;
  }

  // Set when the reference engine does the serving; only the counts are kept then.
  bool outside() const { return outside_; }
  void set_outside() { outside_ = true; }
  void account_arrival() { enter(); }
  void account_departure(double service_s) {
    served_s_ += service_s;
    leave();
  }

private:
  struct Job {
    double key; // end of service
    double service_s;
    Task::Handle task;
  };
  struct Waiting {
    double service_s;
    Task::Handle task;
  };

  void start(Task::Handle task, double service_s) {
    in_service_.push({now_s() + service_s, service_s, task});
    schedule(in_service_.front().key);
  }

  std::uint32_t servers_;
  bool outside_ = false;
  double served_s_ = 0;
  OrderedQueue<Job> in_service_;
  Ring<Waiting> waiting_;
};

} // namespace lustrum::kernel
