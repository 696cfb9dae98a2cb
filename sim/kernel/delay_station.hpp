// `delay`: no queue; everyone waits on his own. Propagation, software overhead, think time.
#pragma once

#include "sim/base/units.hpp"
#include "sim/kernel/station.hpp"

namespace lustrum::kernel {

class DelayStation : public Station {
public:
  DelayStation(const StationLabel& label, Timeline& timeline)
      : Station(Discipline::delay, label, timeline) {}

  void arrive(Task::Handle task, double delay_s) {
    enter();
    const double end_s = now_s() + delay_s;
    const bool first = pending_.empty() || end_s < pending_.front().key;
    pending_.push({end_s, now_s(), task});
    if (first) schedule(end_s);
  }
  Task::Handle depart() {
    const Job done = pending_.pop();
    // With many tasks their frames are out of the cache when their turn comes.
    if (const Job* soon = pending_.soon()) __builtin_prefetch(soon->task.address());
    leave(done.arrived_s);
    schedule(pending_.empty() ? kNever : pending_.front().key);
    return done.task;
  }

  Population population() const {
    Population found;
    pending_.for_each([&](const Job& job) { found.add(job.arrived_s); });
    return found;
  }

private:
  struct Job {
    double key; // end of the delay
    double arrived_s;
    Task::Handle task;
  };
  OrderedQueue<Job> pending_;
};

} // namespace lustrum::kernel
