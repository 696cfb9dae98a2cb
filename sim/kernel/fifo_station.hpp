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
      start({service_s, now_s(), task});
    else
      waiting_.push({service_s, now_s(), task});
  }

  // The next completion; returns the task that has been served.
  Task::Handle depart() {
    const Job done = in_service_.pop();
    served_s_ += done.request.service_s;
    leave(done.request.arrived_s);
    if (!waiting_.empty()) {
      start(waiting_.pop());
    } else {
      schedule(in_service_.empty() ? kNever : in_service_.front().key);
    }
    return done.request.task;
  }

  // Set when the reference engine does the serving; only the counts are kept then.
  bool outside() const { return outside_; }
  void set_outside() { outside_ = true; }
  void account_arrival() {
    enter();
    outside_population_.add(now_s());
  }
  void account_departure(double service_s, double arrived_s) {
    served_s_ += service_s;
    leave(arrived_s);
    --outside_population_.requests;
    outside_population_.arrived_sum_s -= arrived_s;
  }
  Population population() const {
    Population found = outside_population_;
    in_service_.for_each([&](const Job& job) { found.add(job.request.arrived_s); });
    waiting_.for_each([&](const Request& request) { found.add(request.arrived_s); });
    return found;
  }

private:
  struct Request {
    double service_s;
    double arrived_s;
    Task::Handle task;
  };
  struct Job {
    double key; // end of service
    Request request;
  };

  void start(const Request& request) {
    in_service_.push({now_s() + request.service_s, request});
    schedule(in_service_.front().key);
  }

  std::uint32_t servers_;
  bool outside_ = false;
  double served_s_ = 0;
  OrderedQueue<Job> in_service_;
  Ring<Request> waiting_;
  Population outside_population_; // served by the reference engine
};

} // namespace lustrum::kernel
