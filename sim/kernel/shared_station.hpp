// `shared`: processor sharing. n requests in service each get capacity/n: NICs, switch uplinks,
// PCIe, memory buses.
//
// Kept in virtual time: a request that arrives at virtual time v with b bytes departs at v + b,
// whatever arrives later, and virtual time runs at capacity/n. That makes an arrival or departure
// O(log n) at worst and O(1) when requests are of one size.
#pragma once

#include "sim/base/units.hpp"
#include "sim/kernel/station.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace lustrum::kernel {

class SharedStation;

// The shared stations that a bulk transfer crosses, from server to client, whichever way it goes.
// With the reference engine a path is a pair of SimGrid hosts: `route` is its number there.
// A path outlives the transfers on it: those who make transfers keep their paths.
struct Path {
  static constexpr std::uint32_t kMaxStations = 8;
  static constexpr std::uint32_t kNoRoute = UINT32_MAX;

  std::array<SharedStation*, kMaxStations> stations{};
  std::uint32_t count = 0;
  std::uint32_t route = kNoRoute;
  // How often each byte crosses those stations of the path that count crossings (a memory bus).
  double crossings = 1;

  void add(SharedStation& station) {
    assert(count < kMaxStations);
    stations[count++] = &station;
  }
};

// One transfer occupies all stations of its path at once and ends when the slowest has served it
// (cut-through): each is charged the full bytes, the caller pays serialisation once.
struct Transfer {
  double bytes = 0;
  Task::Handle task = nullptr;
  const Path* path = nullptr;
  const Station* slowest = nullptr; // the station that served it last: what its time is put down to
  std::uint32_t stations_left = 0;
};

class SharedStation : public Station {
public:
  SharedStation(const StationLabel& label, Timeline& timeline, BytesPerSecond capacity)
      : Station(Discipline::shared, label, timeline), capacity_(capacity.count()) {
    assert(capacity_ > 0);
  }

  BytesPerSecond capacity() const { return BytesPerSecond{capacity_}; }
  double served_bytes() const { return served_bytes_; }
  double utilization(double at_s) const {
    const double offered = offered_until(at_s);
    return offered > 0 ? served_bytes_ / offered : 0;
  }

  // Changes the capacity from now on; what is in service goes on at the new rate. 0: the station is
  // down, and everything in it waits until it gets a capacity again.
  void set_capacity(BytesPerSecond capacity) {
    assert(capacity.count() >= 0);
    catch_up();
    offered_bytes_ = offered_until(now_s());
    capacity_since_s_ = now_s();
    capacity_ = capacity.count();
    reschedule();
  }
  // Charges a transfer Path::crossings times its bytes: a memory bus. Before the first transfer.
  void count_crossings() { counts_crossings_ = true; }

  void arrive(Transfer& transfer) {
    catch_up();
    enter();
    jobs_.push({virtual_time_ + charged_bytes(transfer), now_s(), &transfer});
    reschedule();
  }

  // The next departure; returns the transfer that this station has now fully served.
  Transfer& depart() {
    const Job job = jobs_.pop();
    virtual_time_ = job.key;
    updated_s_ = now_s();
    served_bytes_ += charged_bytes(*job.transfer);
    leave(job.arrived_s);
    if (jobs_.empty())
      virtual_time_ = 0; // keeps its precision on long runs
    else
      __builtin_prefetch(jobs_.front().transfer,
                         1); // cold by now, and needed at the next departure
    reschedule();
    return *job.transfer;
  }

  // Takes a transfer out before its time; false when it is not here (any more). What was served of
  // it stays served. O(n).
  bool withdraw(const Transfer& transfer) {
    catch_up();
    Job job{};
    const bool found = jobs_.remove_first([&](const Job& candidate) {
      if (candidate.transfer == &transfer) job = candidate;
      return candidate.transfer == &transfer;
    });
    if (!found) return false;
    const double left = std::max(0.0, job.key - virtual_time_);
    served_bytes_ += std::max(0.0, charged_bytes(transfer) - left);
    leave(job.arrived_s);
    if (jobs_.empty()) virtual_time_ = 0;
    reschedule();
    return true;
  }
  template <class F> void for_each_transfer(F f) const {
    jobs_.for_each([&](const Job& job) { f(*job.transfer); });
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

  double charged_bytes(const Transfer& transfer) const {
    return counts_crossings_ ? transfer.bytes * transfer.path->crossings : transfer.bytes;
  }
  double offered_until(double at_s) const {
    return offered_bytes_ + capacity_ * (at_s - capacity_since_s_);
  }
  void catch_up() {
    if (!jobs_.empty())
      virtual_time_ += (now_s() - updated_s_) * capacity_ / static_cast<double>(jobs_.size());
    updated_s_ = now_s();
  }
  void reschedule() {
    if (jobs_.empty()) return schedule(kNever);
    const double left = jobs_.front().key - virtual_time_;
    // A capacity of 0 gives never; what has nothing left to be served leaves all the same.
    const double wait_s = left > 0 ? left * static_cast<double>(jobs_.size()) / capacity_ : 0;
    schedule(wait_s > 0 ? now_s() + wait_s : now_s());
  }

  double capacity_;
  double virtual_time_ = 0;
  double updated_s_ = 0;
  double served_bytes_ = 0;
  OrderedQueue<Job> jobs_;
  double offered_bytes_ = 0; // what it could have served before the last change of capacity
  double capacity_since_s_ = 0;
  bool counts_crossings_ = false;
  Population outside_; // served by the reference engine
};

} // namespace lustrum::kernel
