// What all stations share: a label, a number in the calendar, and the counts from which
// utilization, mean queue length and Little's law are computed.
#pragma once

#include "sim/kernel/calendar.hpp"
#include "sim/kernel/ring.hpp"
#include "sim/kernel/task.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace lustrum::kernel {

// Name of a station without a string per station: "client{}.osc{}.rpc_slots" with two numbers.
// Both texts are literals. The class groups stations in results ("oss_nic", "ost_disk").
struct StationLabel {
  std::string_view station_class;
  std::string_view pattern;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};

std::string to_string(const StationLabel& label);

enum class Discipline : std::uint8_t { shared, fifo, delay, bucket, slots, scheduled };

std::string_view to_string(Discipline discipline);

// Where the world stands in time: the clock, the events to come, and the tasks that may go on now.
struct Timeline {
  double now_s = 0;
  Calendar calendar;
  Ring<Task::Handle> ready; // resumed in order, before the clock moves on
};

// The requests that a station's queues hold, as they are found there.
struct Population {
  std::uint64_t requests = 0;
  double arrived_sum_s = 0;
  void add(double arrived_s) {
    ++requests;
    arrived_sum_s += arrived_s;
  }
};

// Counts since the start of the run. `present` are the requests waiting or in service.
struct StationCounts {
  std::uint64_t arrivals = 0;
  std::uint64_t departures = 0;
  std::uint32_t present = 0;
  double last_change_s = 0;
  double present_area_s = 0; // integral of `present` over time
  double response_sum_s = 0; // of requests that have left: departure less arrival
};

class Station {
public:
  const StationLabel& label() const { return *label_; }
  Discipline discipline() const { return discipline_; }
  const StationCounts& counts() const { return counts_; }

  // Time average of the requests present (waiting and in service) up to `now_s`.
  double mean_present(double now_s) const { return now_s > 0 ? area_until(now_s) / now_s : 0; }

protected:
  Station(Discipline discipline, const StationLabel& label, Timeline& timeline)
      : timeline_(timeline), label_(&label),
        number_(discipline == Discipline::delay ? timeline.calendar.add_lane_station()
                                                : timeline.calendar.add_station()),
        discipline_(discipline) {}

  double now_s() const { return timeline_.now_s; }
  void enter() {
    advance();
    ++counts_.present;
    ++counts_.arrivals;
  }
  // `arrived_s` is the time that the leaving request brought with it.
  void leave(double arrived_s) {
    advance();
    --counts_.present;
    ++counts_.departures;
    counts_.response_sum_s += now_s() - arrived_s;
  }
  void schedule(double time_s) { timeline_.calendar.schedule(number_, time_s); }
  void make_ready(Task::Handle task) { timeline_.ready.push(task); }

public:
  // Integral of the number present over time, requests times seconds.
  double area_until(double now_s) const {
    return counts_.present_area_s +
           static_cast<double>(counts_.present) * (now_s - counts_.last_change_s);
  }

private:
  void advance() {
    counts_.present_area_s = area_until(now_s());
    counts_.last_change_s = now_s();
  }

  StationCounts counts_;
  Timeline& timeline_;
  const StationLabel* label_; // kept by the world, away from what every event touches
  Calendar::StationNumber number_;
  Discipline discipline_;
};

} // namespace lustrum::kernel
