// The world of RPCs: the clock, all stations, all tasks. It knows nothing of SimGrid; Engine
// (engine.hpp) runs it inside SimGrid's loop, and tests may run it alone with run_all().
//
//   World world;
//   FifoStation& disk = world.add_fifo({"ost_disk", "ost{}.disk", 0}, 1);
//   world.spawn(reader(world, disk), {"reader", 0});
//   world.run_all();
#pragma once

#include "sim/kernel/bucket_station.hpp"
#include "sim/kernel/delay_station.hpp"
#include "sim/kernel/fifo_station.hpp"
#include "sim/kernel/scheduled_slots_station.hpp"
#include "sim/kernel/shared_station.hpp"
#include "sim/kernel/slots_station.hpp"

#include <cstdint>
#include <deque>
#include <exception>
#include <string>
#include <vector>

namespace lustrum::kernel {

// An independent engine that serves transfers and disks instead of our stations
// (--data-path=simgrid). It calls World::finish_transfer or finish_service when one is done.
class ReferenceEngine {
public:
  virtual ~ReferenceEngine() = default;
  // Declares a path or a disk before the run; gives it its number there.
  virtual void add_route(Path& path) = 0;
  virtual void add_disk(FifoStation& disk) = 0;
  virtual void start_transfer(const Path& path, double bytes, Transfer& transfer) = 0;
  virtual void start_service(FifoStation& disk, double service_s, Task::Handle task) = 0;
};

class World {
public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  Seconds now() const { return Seconds{timeline_.now_s}; }

  // Stations live as long as the world and stay where they are.
  SharedStation& add_shared(const StationLabel& label, BytesPerSecond capacity);
  FifoStation& add_fifo(const StationLabel& label, std::uint32_t servers);
  DelayStation& add_delay(const StationLabel& label);
  BucketStation& add_bucket(const StationLabel& label, BucketStation::Level level);
  SlotsStation& add_slots(const StationLabel& label, std::uint32_t count);
  ScheduledSlotsStation& add_scheduled_slots(const StationLabel& label,
                                             const ScheduledSlotsSettings& settings);

  // Starts a root task at the present time, as soon as the world runs on.
  void spawn(Task task, TaskName name);
  TaskGroup group() { return TaskGroup{roots_, failure_}; }
  // Lets a suspended task go on at the present time.
  void make_ready(Task::Handle task) { timeline_.ready.push(task); }

  // --- what tasks await -------------------------------------------------------------------------
  // How a task comes back: its awaiter puts it into the station (arrive), the station puts its next
  // departure into the calendar; when that is the earliest event, run_one() calls depart(), which
  // takes the task out of the station and resumes it.
  struct ServeAwaiter {
    World& world;
    FifoStation& station;
    double service_s;
    bool await_ready() const noexcept { return false; }
    void await_suspend(Task::Handle task) const {
      if (station.outside()) [[unlikely]]
        return world.start_outside(station, service_s, task);
      station.arrive(task, service_s);
    }
    void await_resume() const noexcept {}
  };
  // Waits for a server and keeps it for the service time.
  ServeAwaiter serve(FifoStation& station, Seconds service) {
    return {*this, station, service.count()};
  }

  struct DelayAwaiter {
    DelayStation& station;
    double delay_s;
    bool await_ready() const noexcept { return delay_s <= 0; }
    void await_suspend(Task::Handle task) const { station.arrive(task, delay_s); }
    void await_resume() const noexcept {}
  };
  DelayAwaiter delay(DelayStation& station, Seconds delay) { return {station, delay.count()}; }

  struct TakeAwaiter {
    BucketStation& station;
    double amount;
    bool await_ready() const noexcept { return station.try_take(amount); }
    void await_suspend(Task::Handle task) const { station.arrive(task, amount); }
    void await_resume() const noexcept {}
  };
  // Takes tokens from the bucket, in its own unit (bytes or operations).
  TakeAwaiter take(BucketStation& station, double amount) { return {station, amount}; }

  struct TransferAwaiter {
    World& world;
    Transfer transfer;
    bool await_ready() const noexcept { return transfer.path->count == 0; }
    void await_suspend(Task::Handle task) {
      transfer.task = task;
      world.start(transfer);
    }
    // The station that served it last: what the transfer's time is put down to.
    const Station* await_resume() const noexcept { return transfer.slowest; }
  };
  // Moves bytes over all stations of the path at once. The path must outlive the await.
  TransferAwaiter transfer(const Path& path, Bytes bytes) {
    return {*this, {.bytes = bytes.as_double(), .path = &path}};
  }
  // Puts a transfer with its bytes, task and path into all stations of the path; the task goes on
  // when the last has served it. Pre: the path has stations.
  void start(Transfer& transfer) {
    const Path& path = *transfer.path;
    transfer.stations_left = path.count;
    if (path.route != Path::kNoRoute) [[unlikely]]
      return start_outside(path, transfer.bytes, transfer);
    for (std::uint32_t i = 0; i < path.count; ++i) path.stations[i]->arrive(transfer);
  }
  // Takes a transfer that is under way off its path and starts it anew, with all its bytes, on
  // another: what was sent is lost. Not with a reference engine.
  void restart(Transfer& transfer, const Path& path);

  // --- how it is run ----------------------------------------------------------------------------
  bool has_ready() const { return !timeline_.ready.empty(); }
  // Nothing will ever happen again without somebody from outside.
  bool is_idle() const { return !has_ready() && timeline_.calendar.empty(); }
  double next_time() const {
    return has_ready() ? timeline_.now_s : timeline_.calendar.next_time();
  }
  // Moves the clock forward to a time at which nothing happens in between.
  void advance_to(double time_s) {
    if (time_s > timeline_.now_s) timeline_.now_s = time_s;
  }
  // Runs all that is ready, or else the next event.
  void run_one();
  // Runs until nothing is left to do.
  void run_all();
  void set_event_limit(std::uint64_t limit) { event_limit_ = limit; }
  std::uint64_t events() const { return events_; }
  // Set when a task ended by an exception; the world then does not go on.
  std::exception_ptr failure() const { return failure_; }
  bool stopped() const { return failure_ != nullptr; }
  void fail(const std::exception_ptr& failure) {
    if (!failure_) failure_ = failure;
  }

  // With a reference engine set, paths and disks declared to it are served there.
  void set_reference(ReferenceEngine* reference) { reference_ = reference; }
  bool has_reference() const { return reference_ != nullptr; }
  void declare(Path& path) {
    if (reference_) reference_->add_route(path);
  }
  void declare_disk(FifoStation& disk) {
    if (reference_) reference_->add_disk(disk);
  }
  // `arrived_s`: when start_*() was called.
  void finish_transfer(const Path& path, double bytes, double arrived_s, Transfer& transfer);
  void finish_service(FifoStation& disk, double service_s, double arrived_s, Task::Handle task);

  // --- what is reported -------------------------------------------------------------------------
  // Every station, in the order in which they were added.
  const std::vector<Station*>& stations() const { return stations_; }
  double utilization(const Station& station) const;
  // Running root tasks by name and the stations where tasks queue, for messages.
  std::string describe_waiting() const;
  // Problems found at the end of a run (empty: none). Little's law and conservation at every
  // station: a failure is a bug of ours.
  std::vector<std::string> check_laws() const;

private:
  void start_outside(const Path& path, double bytes, Transfer& transfer);
  void start_outside(FifoStation& disk, double service_s, Task::Handle task);
  void run_ready();
  void depart(Station& station);
  template <class S, class... Args>
  S& add(std::deque<S>& pool, const StationLabel& label, Args&&... args) {
    S& station =
        pool.emplace_back(labels_.emplace_back(label), timeline_, std::forward<Args>(args)...);
    stations_.push_back(&station);
    return station;
  }

  Timeline timeline_;
  std::deque<StationLabel> labels_;
  std::deque<SharedStation> shared_;
  std::deque<FifoStation> fifo_;
  std::deque<DelayStation> delay_;
  std::deque<BucketStation> bucket_;
  std::deque<SlotsStation> slots_;
  std::deque<ScheduledSlotsStation> scheduled_;
  std::vector<Station*> stations_;
  TaskLink roots_;
  std::exception_ptr failure_;
  std::uint64_t events_ = 0;
  std::uint64_t event_limit_ = UINT64_MAX;
  ReferenceEngine* reference_ = nullptr;
};

// Raised when a run needs more events than it may.
class EventLimitError : public std::exception {
public:
  explicit EventLimitError(std::uint64_t limit);
  const char* what() const noexcept override { return message_.c_str(); }

private:
  std::string message_;
};

// Tasks that wait for something to become true; notify() lets all of them look again.
class Signal {
public:
  explicit Signal(World& world) : world_(world) {}
  struct Awaiter {
    Signal& signal;
    bool await_ready() const noexcept { return false; }
    void await_suspend(Task::Handle task) const { signal.waiting_.push(task); }
    void await_resume() const noexcept {}
  };
  Awaiter wait() { return {*this}; }
  void notify() {
    while (!waiting_.empty()) world_.make_ready(waiting_.pop());
  }

private:
  World& world_;
  Ring<Task::Handle> waiting_;
};

} // namespace lustrum::kernel
