// The event calendar: one entry per station (its next departure), moved in place when the station
// changes, so there are never stale events. A four-ary heap: shallow, and four children share a
// cache line. The few stations whose next event changes at every arrival and departure (delays)
// stand beside it in lanes, which are cheaper to change than a heap.
//
// The clock is a double in seconds. Events of equal time run in the order in which they were last
// scheduled (a running sequence number), so a run is a pure function of its inputs.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace lustrum::kernel {

inline constexpr double kNever = std::numeric_limits<double>::infinity();

class Calendar {
public:
  using StationNumber = std::uint32_t;

  // Gives a new station its number; it is not scheduled until schedule() is called.
  StationNumber add_station() {
    place_.push_back(kNowhere);
    return static_cast<StationNumber>(place_.size() - 1);
  }

  // The same for a station that gets a lane as long as there are any left.
  StationNumber add_lane_station() {
    const StationNumber station = add_station();
    if (lanes_.size() < kMaxLanes) {
      place_[station] = kLane + static_cast<std::uint32_t>(lanes_.size());
      lanes_.push_back({kNever, 0, station});
    }
    return station;
  }

  bool empty() const { return next_time() == kNever; }
  double next_time() const {
    const double lane = lanes_.empty() ? kNever : lanes_[first_lane_].time;
    return heap_.empty() || lane < heap_.front().time ? lane : heap_.front().time;
  }
  // Pre: not empty().
  StationNumber next_station() const {
    if (heap_.empty()) return lanes_[first_lane_].station;
    if (lanes_.empty() || heap_.front() < lanes_[first_lane_]) return heap_.front().station;
    return lanes_[first_lane_].station;
  }
  // Sets the time of the station's next event; kNever when it has none.
  void schedule(StationNumber station, double time) {
    std::uint32_t place = place_[station];
    if (place >= kLane && place != kNowhere) return schedule_lane(place - kLane, time);
    if (time == kNever) {
      if (place != kNowhere) remove(place);
      return;
    }
    if (place == kNowhere) {
      place = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back({kNever, 0, station});
    }
    move(place, {time, sequence_++, station});
  }

private:
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  static constexpr std::uint32_t kMaxLanes = 8;
  static constexpr std::uint32_t kLane = UINT32_MAX - kMaxLanes; // places from here on are lanes
  static constexpr std::uint32_t kArity = 4;

  struct Entry {
    double time;
    std::uint32_t sequence; // wraps: compared by distance
    StationNumber station;
    bool operator<(const Entry& other) const {
      if (time != other.time) return time < other.time;
      return static_cast<std::int32_t>(sequence - other.sequence) < 0;
    }
  };

  void schedule_lane(std::uint32_t lane, double time) {
    lanes_[lane].time = time;
    lanes_[lane].sequence = sequence_++;
    first_lane_ = 0;
    for (std::uint32_t i = 1; i < lanes_.size(); ++i)
      if (lanes_[i] < lanes_[first_lane_]) first_lane_ = i;
  }
  // Idle stations leave the heap: it is as deep as the busy ones make it.
  void remove(std::uint32_t place) {
    place_[heap_[place].station] = kNowhere;
    const Entry last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size()) move(place, last);
  }
  // Overwrites what is in `place`, and puts the entry where it belongs from there.
  void move(std::uint32_t place, const Entry& entry) {
    if (place > 0 && entry < heap_[(place - 1) / kArity])
      rise(place, entry);
    else
      sink(place, entry);
  }
  void put(std::uint32_t place, const Entry& entry) {
    heap_[place] = entry;
    place_[entry.station] = place;
  }
  void rise(std::uint32_t place, const Entry& entry) {
    while (place > 0) {
      const std::uint32_t parent = (place - 1) / kArity;
      if (!(entry < heap_[parent])) break;
      put(place, heap_[parent]);
      place = parent;
    }
    put(place, entry);
  }
  void sink(std::uint32_t place, const Entry& entry) {
    const auto n = static_cast<std::uint32_t>(heap_.size());
    for (std::uint32_t child = kArity * place + 1; child < n; child = kArity * place + 1) {
      const std::uint32_t end = child + kArity < n ? child + kArity : n;
      for (std::uint32_t k = child + 1; k < end; ++k)
        if (heap_[k] < heap_[child]) child = k;
      if (!(heap_[child] < entry)) break;
      put(place, heap_[child]);
      place = child;
    }
    put(place, entry);
  }

  std::vector<Entry> lanes_;
  std::uint32_t first_lane_ = 0; // the soonest
  std::vector<Entry> heap_;
  std::vector<std::uint32_t> place_; // of each station in the heap
  std::uint32_t sequence_ = 0;
};

} // namespace lustrum::kernel
