#include "sim/kernel/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>

namespace lustrum::kernel {

std::string to_string(const StationLabel& label) {
  return fmt::format(fmt::runtime(label.pattern), label.a, label.b);
}

std::string_view to_string(Discipline discipline) {
  switch (discipline) {
  case Discipline::shared:
    return "shared";
  case Discipline::fifo:
    return "fifo";
  case Discipline::delay:
    return "delay";
  case Discipline::bucket:
    return "bucket";
  case Discipline::slots:
    return "slots";
  case Discipline::scheduled:
    return "scheduled";
  }
  return "?";
}

EventLimitError::EventLimitError(std::uint64_t limit)
    : message_(fmt::format("the event limit of {} was reached", limit)) {}

World::~World() {
  // Tasks that have not ended are left where they are: their frames hold slots and groups of one
  // another, which only running to the end takes apart in order. The process ends with the run;
  // until then the list keeps them reachable, or the leak sanitizer would call them lost.
  static TaskLink left_behind;
  while (roots_.next != &roots_) {
    TaskLink* task = roots_.next;
    task->unlink();
    task->insert_before(left_behind);
  }
}

SharedStation& World::add_shared(const StationLabel& label, BytesPerSecond capacity) {
  return add(shared_, label, capacity);
}
FifoStation& World::add_fifo(const StationLabel& label, std::uint32_t servers) {
  return add(fifo_, label, servers);
}
DelayStation& World::add_delay(const StationLabel& label) { return add(delay_, label); }
BucketStation& World::add_bucket(const StationLabel& label, BucketStation::Level level) {
  return add(bucket_, label, level);
}
SlotsStation& World::add_slots(const StationLabel& label, std::uint32_t count) {
  return add(slots_, label, count);
}
ScheduledSlotsStation& World::add_scheduled_slots(const StationLabel& label,
                                                  const ScheduledSlotsSettings& settings) {
  return add(scheduled_, label, settings);
}

void World::spawn(Task task, TaskName name) {
  Task::Handle handle = task.release();
  handle.promise().name = name;
  handle.promise().failure_sink = &failure_;
  handle.promise().insert_before(roots_);
  timeline_.ready.push(handle);
}

void World::run_ready() {
  while (!timeline_.ready.empty() && !failure_) {
    // A task that readies itself for ever must meet the limit too.
    if (++events_ > event_limit_)
      return fail(std::make_exception_ptr(EventLimitError(event_limit_)));
    timeline_.ready.pop().resume();
  }
}

void World::run_one() {
  // What becomes ready must not drag the next event along: it may lie beyond what the caller
  // allows.
  if (has_ready()) return run_ready();
  if (failure_ || timeline_.calendar.empty()) return;
  if (++events_ > event_limit_) return fail(std::make_exception_ptr(EventLimitError(event_limit_)));
  advance_to(timeline_.calendar.next_time());
  depart(*stations_[timeline_.calendar.next_station()]);
}

void World::depart(Station& station) {
  switch (station.discipline()) {
  case Discipline::shared: {
    Transfer& transfer = static_cast<SharedStation&>(station).depart();
    if (--transfer.stations_left > 0) return;
    transfer.slowest = &station;
    return transfer.task.resume();
  }
  case Discipline::fifo:
    return static_cast<FifoStation&>(station).depart().resume();
  case Discipline::delay:
    return static_cast<DelayStation&>(station).depart().resume();
  case Discipline::bucket:
    return static_cast<BucketStation&>(station).depart().resume();
  case Discipline::scheduled:
    return static_cast<ScheduledSlotsStation&>(station).wake();
  case Discipline::slots:
    return; // never in the calendar
  }
}

void World::restart(Transfer& transfer, const Path& path) {
  assert(transfer.stations_left > 0 && transfer.path->route == Path::kNoRoute);
  for (std::uint32_t i = 0; i < transfer.path->count; ++i)
    transfer.path->stations[i]->withdraw(transfer);
  transfer.path = &path;
  start(transfer);
}

void World::run_all() {
  while (!failure_ && (has_ready() || !timeline_.calendar.empty())) run_one();
  if (failure_) std::rethrow_exception(failure_);
}

void World::start_outside(const Path& path, double bytes, Transfer& transfer) {
  for (std::uint32_t i = 0; i < path.count; ++i) path.stations[i]->account_arrival();
  reference_->start_transfer(path, bytes, transfer);
}

void World::start_outside(FifoStation& disk, double service_s, Task::Handle task) {
  disk.account_arrival();
  reference_->start_service(disk, service_s, task);
}

void World::finish_service(FifoStation& disk, double service_s, double arrived_s,
                           Task::Handle task) {
  disk.account_departure(service_s, arrived_s);
  make_ready(task);
}

void World::finish_transfer(const Path& path, double bytes, double arrived_s, Transfer& transfer) {
  SharedStation* slowest = nullptr;
  for (std::uint32_t i = 0; i < path.count; ++i) {
    path.stations[i]->account_departure(bytes, arrived_s);
    if (!slowest || path.stations[i]->capacity() < slowest->capacity()) slowest = path.stations[i];
  }
  transfer.slowest = slowest;
  make_ready(transfer.task);
}

double World::utilization(const Station& station) const {
  const double now = timeline_.now_s;
  switch (station.discipline()) {
  case Discipline::shared:
    return static_cast<const SharedStation&>(station).utilization(now);
  case Discipline::fifo:
    return static_cast<const FifoStation&>(station).utilization(now);
  case Discipline::bucket:
    return static_cast<const BucketStation&>(station).utilization(now);
  case Discipline::slots:
    return static_cast<const SlotsStation&>(station).utilization(now);
  case Discipline::scheduled:
    return static_cast<const ScheduledSlotsStation&>(station).utilization(now);
  case Discipline::delay:
    return 0; // has no servers that could be busy
  }
  return 0;
}

namespace {

constexpr std::size_t kNamedPerKind = 4;
constexpr std::size_t kStationsListed = 8;

template <class Slots> std::string describe_slots(const Slots& slots) {
  if (slots.waiting() == 0) return {};
  const TaskName& first = root_of(slots.first_waiting()).name;
  return fmt::format("{}: {} wait for one of {} slots, first `{} {}`", to_string(slots.label()),
                     slots.waiting(), slots.count(), first.what, first.index);
}

std::string describe_queue(const Station& station) {
  if (station.discipline() == Discipline::slots)
    return describe_slots(static_cast<const SlotsStation&>(station));
  if (station.discipline() == Discipline::scheduled)
    return describe_slots(static_cast<const ScheduledSlotsStation&>(station));
  if (station.discipline() == Discipline::bucket) {
    const auto& bucket = static_cast<const BucketStation&>(station);
    if (bucket.waiting() == 0) return {};
    const TaskName& first = root_of(bucket.first_waiting()).name;
    return fmt::format("{}: {} wait for tokens, first `{} {}`", to_string(station.label()),
                       bucket.waiting(), first.what, first.index);
  }
  if (station.discipline() == Discipline::shared) {
    const auto& shared = static_cast<const SharedStation&>(station);
    if (shared.capacity().count() > 0 || shared.counts().present == 0) return {};
    return fmt::format("{}: down, {} transfer(s) wait for it", to_string(station.label()),
                       shared.counts().present);
  }
  return {};
}

} // namespace

std::string World::describe_waiting() const {
  std::map<std::string, std::vector<std::uint32_t>> by_name;
  for (const TaskLink* link = roots_.next; link != &roots_; link = link->next) {
    const TaskName& name = static_cast<const Task::promise_type*>(link)->name;
    by_name[name.what].push_back(name.index);
  }
  std::string text;
  for (const auto& [what, indices] : by_name) {
    const std::size_t shown = std::min(indices.size(), kNamedPerKind);
    text += fmt::format(
        "  {} task(s) `{}`: {}", indices.size(), what,
        fmt::join(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    text += indices.size() > shown ? ", ...\n" : "\n";
  }
  std::size_t listed = 0;
  for (const Station* station : stations_) {
    const std::string queue = describe_queue(*station);
    if (queue.empty()) continue;
    if (++listed > kStationsListed) return text + "  (more stations with waiting tasks)\n";
    text += "  at " + queue + "\n";
  }
  return text;
}

namespace {

Population population_of(const Station& station) {
  switch (station.discipline()) {
  case Discipline::shared:
    return static_cast<const SharedStation&>(station).population();
  case Discipline::fifo:
    return static_cast<const FifoStation&>(station).population();
  case Discipline::delay:
    return static_cast<const DelayStation&>(station).population();
  case Discipline::bucket:
    return static_cast<const BucketStation&>(station).population();
  case Discipline::slots:
    return static_cast<const SlotsStation&>(station).population();
  case Discipline::scheduled:
    return static_cast<const ScheduledSlotsStation&>(station).population();
  }
  return {};
}

// Little's law, L = X W, written without division: the integral of the number present equals the
// sum of all response times, those of requests still present counted up to now. The left side comes
// from the counter, the right side from the times that the requests carry. Returns the relative
// difference.
double littles_law_error(const Station& station, const Population& present, double now_s) {
  const double area = station.area_until(now_s);
  const double waited = static_cast<double>(present.requests) * now_s - present.arrived_sum_s;
  const double responses = station.counts().response_sum_s + waited;
  constexpr double kRoundingSeconds = 1e-9; // what a request's time may be off by
  const double floor = kRoundingSeconds * static_cast<double>(station.counts().arrivals + 1);
  return std::abs(area - responses) / std::max({area, responses, floor});
}

} // namespace

std::vector<std::string> World::check_laws() const {
  constexpr double kTolerance = 1e-6;
  std::vector<std::string> problems;
  for (const Station* station : stations_) {
    const StationCounts& counts = station->counts();
    const Population present = population_of(*station);
    if (counts.arrivals != counts.departures + present.requests ||
        present.requests != counts.present)
      problems.push_back(fmt::format("{}: {} requests in, {} out, {} found, {} counted",
                                     to_string(station->label()), counts.arrivals,
                                     counts.departures, present.requests, counts.present));
    const double error = littles_law_error(*station, present, timeline_.now_s);
    if (!(error < kTolerance))
      problems.push_back(
          fmt::format("{}: Little's law is off by {:.2e}", to_string(station->label()), error));
    if (const double used = utilization(*station); !(used < 1 + kTolerance))
      problems.push_back(
          fmt::format("{}: utilization {:.6f} is above 1", to_string(station->label()), used));
    if (station->discipline() == Discipline::bucket) {
      const auto& bucket = static_cast<const BucketStation&>(*station);
      if (bucket.overdrawn(timeline_.now_s) >
          bucket.largest_request() + kTolerance * bucket.taken())
        problems.push_back(
            fmt::format("{}: gave more tokens than it had", to_string(station->label())));
    }
  }
  return problems;
}

} // namespace lustrum::kernel
