// `shared`: processor sharing. n requests in service each get capacity/n: NICs, switch uplinks,
// PCIe, memory buses.
//
// Kept in virtual time: a request that arrives at virtual time v with b bytes departs at v + b,
// whatever arrives later, and virtual time runs at capacity/n. That makes an arrival or departure
// O(log n) at worst and O(1) when requests are of one size.
#pragma once

#include "sim/base/units.hpp"
#include "sim/kernel/station.hpp"

#include <array>
#include <cassert>

namespace lustrum::kernel {

// One transfer occupies all stations of its path at once and ends when the slowest has served it
// (cut-through): each is charged the full bytes, the caller pays serialisation once.
struct Transfer {
  double bytes = 0;
  Task::Handle task = nullptr;
  std::uint32_t stations_left = 0;
  const Station* slowest = nullptr; // the station that served it last: what its time is put down to
};

class SharedStation : public Station {
public:
  SharedStation(const StationLabel& label, Timeline& timeline, BytesPerSecond capacity)
      : Station(Discipline::shared, label, timeline), capacity_(capacity.count()) {
    assert(capacity_ > 0);
  }

  BytesPerSecond capacity() const { return BytesPerSecond{capacity_}; }
  double served_bytes() const { return served_bytes_; }
  double utilization(double now_s) const {
    return now_s > 0 ? served_bytes_ / (capacity_ * now_s) : 0;
  }

  void arrive(Transfer& transfer) {
    catch_up();
    enter();
    jobs_.push({virtual_time_ + transfer.bytes, now_s(), &transfer});
    reschedule();
  }

  // The next departure; returns the transfer that this station has now fully served.
  Transfer& depart() {
    const Job job = jobs_.pop();
    virtual_time_ = job.key;
    updated_s_ = now_s();
    served_bytes_ += job.transfer->bytes;
    leave(job.arrived_s);
    if (jobs_.empty())
      virtual_time_ = 0; // keeps its precision on long runs
    else
      __builtin_prefetch(jobs_.front().transfer,
                         1); // cold by now, and needed at the next departure
    reschedule();
    return *job.transfer;
  }

  // When the reference engine does the serving (--data-path=simgrid), only the counts are kept.
  void account_arrival() {
    enter();
    outside_.add(now_s());
  }
  void account_departure(double bytes, double arrived_s) {
    served_bytes_ += bytes;
    leave(arrived_s);
    --outside_.requests;
    outside_.arrived_sum_s -= arrived_s;
  }
  Population population() const {
    Population found = outside_;
    jobs_.for_each([&](const Job& job) { found.add(job.arrived_s); });
    return found;
  }

private:
  struct Job {
    double key; // virtual time of departure, bytes
    double arrived_s;
    Transfer* transfer;
  };

  void catch_up() {
    if (!jobs_.empty())
      virtual_time_ += (now_s() - updated_s_) * capacity_ / static_cast<double>(jobs_.size());
    updated_s_ = now_s();
  }
  void reschedule() {
    if (jobs_.empty()) return schedule(kNever);
    const double left = jobs_.front().key - virtual_time_;
    const double wait_s = left * static_cast<double>(jobs_.size()) / capacity_;
    schedule(wait_s > 0 ? now_s() + wait_s : now_s());
  }

  double capacity_;
  double virtual_time_ = 0;
  double updated_s_ = 0;
  double served_bytes_ = 0;
  OrderedQueue<Job> jobs_;
  Population outside_; // served by the reference engine
};

// The shared stations that a bulk transfer crosses, from server to client, whichever way it goes.
// With the reference engine a path is a pair of SimGrid hosts: `route` is its number there.
struct Path {
  static constexpr std::uint32_t kMaxStations = 4;
  static constexpr std::uint32_t kNoRoute = UINT32_MAX;

  std::array<SharedStation*, kMaxStations> stations{};
  std::uint32_t count = 0;
  std::uint32_t route = kNoRoute;

  void add(SharedStation& station) {
    assert(count < kMaxStations);
    stations[count++] = &station;
  }
};

} // namespace lustrum::kernel
