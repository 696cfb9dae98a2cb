// That the data of a run is where its jobs look for it: opened once, by what copies it there.
#pragma once

#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"

namespace lustrum {

class DataReady {
public:
  explicit DataReady(kernel::World& world) : opened_(world) {}

  bool is_open() const { return open_; }
  // What it took, by cause, as the sum over all that worked on it. Empty before open().
  const TimeAccount& time() const { return time_; }
  // Returns at once when it is open.
  kernel::Task wait() const {
    if (!open_) co_await opened_.wait();
  }
  void open(const TimeAccount& time) {
    open_ = true;
    time_ = time;
    opened_.notify();
  }

private:
  mutable kernel::Signal opened_; // who waits is no part of what it says
  bool open_ = false;
  TimeAccount time_;
};

} // namespace lustrum
