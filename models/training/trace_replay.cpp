#include "models/training/trace_replay.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::training {

using kernel::Task;
using trace::OperationKind;
using trace::Record;

namespace {
constexpr std::size_t kNone = SIZE_MAX;
} // namespace

// A thread's calls, in order.
struct TraceReplay::Thread {
  Thread(std::uint32_t n, kernel::World& world) : number(n), rank_moved(world) {}
  std::uint32_t number;
  Caller caller{};
  std::vector<const Record*> calls;
  std::vector<double> done_at_s; // of the calls replayed so far
  std::map<std::uint32_t, std::vector<std::unique_ptr<OpenFile>>> open; // a file may be open twice
  Outcome outcome;
  Rank* rank = nullptr;
  std::size_t starts_in = kNone; // span of its rank after whose beginning it starts
  double starts_after_s = 0;
  kernel::Signal rank_moved;
};

// A training process: its main thread's waits and steps.
struct TraceReplay::Rank {
  explicit Rank(kernel::Engine& engine) : gate(engine) {}
  struct Span {
    double start_s;
    double end_s;
    bool step;                    // else a wait
    Thread* depends_on = nullptr; // of a wait: the thread whose call ended it
    std::size_t call = 0;
    double after_call_s = 0;
  };
  std::uint32_t process = 0;
  std::vector<Span> spans;
  std::vector<Thread*> threads;
  std::size_t current = kNone; // span being replayed
  const Thread* waiting_for = nullptr;
  std::size_t waiting_for_call = 0;
  kernel::Gate gate;
  TimeAccount time;
  double replayed_wait_s = 0;
  Seconds end{};
};

TraceReplay::TraceReplay(kernel::Engine& engine, Storage& storage, const trace::Trace& trace,
                         ReplayOptions options)
    : engine_(engine), storage_(storage), trace_(trace), options_(std::move(options)),
      all_done_(std::make_unique<kernel::Gate>(engine)),
      pause_(&engine.world().add_delay({"think_time", "think_time"})) {
  place_files();
  collect_threads();
  collect_ranks();
  start();
}

TraceReplay::~TraceReplay() = default;

void TraceReplay::place_files() {
  std::map<std::string, DirectoryIndex> directories;
  for (const trace::FileEntry& file : trace_.files) {
    const std::string parent = file.path.substr(0, file.path.rfind('/') + 1);
    const auto [place, fresh] = directories.try_emplace(parent, kRootDirectory);
    if (fresh) place->second = storage_.place_directory(kRootDirectory);
    const DirectoryIndex directory = place->second;
    // Files never read or written still open and close.
    const Bytes size{std::max<std::uint64_t>(1, file.extent)};
    files_.push_back(file.is_storage ? storage_.place_file(directory, size) : FileIndex{});
  }
}

bool TraceReplay::is_replayed(const Record& record) const {
  if (!trace_.is_storage(record) || record.failed) return false;
  if (!trace_.files[record.file].path.starts_with(options_.path_prefix)) return false;
  switch (record.kind) {
  case OperationKind::open:
  case OperationKind::close:
  case OperationKind::stat:
    return true;
  case OperationKind::read:
  case OperationKind::write:
    return record.bytes_moved() > 0 && record.offset != trace::kUnknownOffset;
  default:
    return false; // its time stays as a pause
  }
}

bool TraceReplay::was_cached(const Record& record) const {
  if (!options_.detect_cached || record.kind != OperationKind::read) return false;
  const Seconds server = Bytes{record.bytes_moved()} / options_.cache_rate + options_.cache_latency;
  return record.duration_s < server.count();
}

void TraceReplay::collect_threads() {
  std::map<std::string, std::uint32_t> hosts;
  for (std::uint32_t t = 0; t < trace_.threads.size(); ++t) {
    const trace::ProcessEntry& process = trace_.processes[trace_.threads[t].process];
    const auto host =
        hosts.try_emplace(process.host, static_cast<std::uint32_t>(hosts.size())).first;
    if (options_.max_ranks > 0 &&
        (process.rank < 0 || static_cast<std::uint32_t>(process.rank) >= options_.max_ranks))
      continue;
    auto thread = std::make_unique<Thread>(t, engine_.world());
    const std::uint32_t client = host->second % options_.clients;
    thread->caller = {ClientIndex{options_.first_client.value() + client}, options_.job,
                      static_cast<std::uint32_t>(threads_.size())};
    for (const Record& record : trace_.records_of(t))
      if (is_replayed(record)) thread->calls.push_back(&record);
    threads_.push_back(std::move(thread));
  }
}

namespace {

// The main thread's waits and steps in time order. Without recorded waits, the time before each
// step counts as one.
template <class Span> std::vector<Span> spans_of(std::span<const Record> records) {
  std::vector<Span> spans;
  bool has_waits = false;
  for (const Record& record : records) {
    const bool step = record.kind == OperationKind::span_step;
    if (!step && record.kind != OperationKind::span_wait) continue;
    // A span inside the one before it says the same once more.
    if (!spans.empty() && record.start_s < spans.back().end_s) continue;
    has_waits = has_waits || !step;
    spans.push_back({.start_s = record.start_s, .end_s = record.end_s(), .step = step});
  }
  if (has_waits || spans.empty()) return spans;
  std::vector<Span> with_waits;
  double last_s = records.front().start_s;
  for (const Span& step : spans) {
    with_waits.push_back({.start_s = last_s, .end_s = step.start_s, .step = false});
    with_waits.push_back(step);
    last_s = step.end_s;
  }
  return with_waits;
}

std::size_t count_steps(std::span<const Record> records) {
  return static_cast<std::size_t>(
      std::count_if(records.begin(), records.end(),
                    [](const Record& record) { return record.kind == OperationKind::span_step; }));
}

} // namespace

void TraceReplay::collect_ranks() {
  // A process is one rank: of several threads with steps the one with most is its training loop.
  std::map<std::uint32_t, Thread*> mains;
  for (const auto& thread : threads_) {
    const std::size_t steps = count_steps(trace_.records_of(thread->number));
    Thread*& main = mains[trace_.threads[thread->number].process];
    if (steps > (main ? count_steps(trace_.records_of(main->number)) : 0)) main = thread.get();
  }
  for (const auto& [process, main] : mains) {
    if (!main) continue;
    const std::span<const Record> records = trace_.records_of(main->number);
    auto rank = std::make_unique<Rank>(engine_);
    rank->process = process;
    rank->spans = spans_of<Rank::Span>(records);
    for (const auto& thread : threads_) {
      if (thread.get() == main || trace_.threads[thread->number].process != rank->process) continue;
      if (thread->calls.empty()) continue;
      thread->rank = rank.get();
      rank->threads.push_back(thread.get());
      const double first_s = thread->calls.front()->start_s;
      for (std::size_t s = 0; s < rank->spans.size() && rank->spans[s].start_s <= first_s; ++s)
        thread->starts_in = s;
      if (thread->starts_in != kNone)
        thread->starts_after_s = first_s - rank->spans[thread->starts_in].start_s;
    }
    main->calls.clear(); // an actor now; its own few calls stay as recorded
    ranks_.push_back(std::move(rank));
  }
  for (const auto& rank : ranks_)
    for (Rank::Span& wait : rank->spans) {
      if (wait.step) continue;
      for (Thread* thread : rank->threads) {
        // The last call that ended by the end of the wait.
        const auto behind =
            std::partition_point(thread->calls.begin(), thread->calls.end(),
                                 [&](const Record* call) { return call->end_s() <= wait.end_s; });
        if (behind == thread->calls.begin()) continue;
        const double ended_s = (*(behind - 1))->end_s();
        if (ended_s < wait.start_s) continue;
        if (wait.depends_on && ended_s <= wait.end_s - wait.after_call_s) continue;
        wait.depends_on = thread;
        wait.call = static_cast<std::size_t>(behind - thread->calls.begin()) - 1;
        wait.after_call_s = wait.end_s - ended_s;
      }
    }
}

void TraceReplay::start() {
  for (const auto& thread : threads_) {
    if (thread->calls.empty()) continue;
    ++running_threads_;
    engine_.spawn(run_thread(*thread), {"traced thread", thread->number});
  }
  for (const auto& rank : ranks_)
    engine_.add_actor(fmt::format("rank of process {}", rank->process),
                      [this, r = rank.get()] { run_rank(*r); });
  // SimGrid ends with its last actor: this one stays until the last call is done.
  engine_.add_actor("replay", [this] {
    if (running_threads_ > 0) all_done_->wait("the traced threads");
    end_ = engine_.clock();
  });
}

Task TraceReplay::run_thread(Thread& thread) {
  kernel::World& world = engine_.world();
  const double scale = options_.keep_think_time ? options_.think_time_scale : 0;
  double previous_end_s = thread.calls.front()->start_s;
  if (thread.rank && thread.starts_in != kNone) {
    while (thread.rank->current == kNone || thread.rank->current < thread.starts_in)
      co_await thread.rank_moved.wait();
    co_await world.delay(*pause_, Seconds{thread.starts_after_s * scale});
  } else {
    co_await world.delay(*pause_, Seconds{previous_end_s * scale});
  }
  for (const Record* record : thread.calls) {
    const double pause_s = std::max(0.0, record->start_s - previous_end_s) * scale;
    co_await world.delay(*pause_, Seconds{pause_s});
    thread.outcome.time[Cause::other] += pause_s;
    co_await call(thread, *record);
    previous_end_s = record->end_s();
    note_done(thread);
  }
  for (auto& [file, opens] : thread.open)
    for (auto& open : opens) co_await storage_.close(std::move(open), thread.outcome);
  if (--running_threads_ == 0) all_done_->open();
}

void TraceReplay::note_done(Thread& thread) {
  thread.done_at_s.push_back(engine_.world().now().count());
  Rank* rank = thread.rank;
  if (!rank || rank->waiting_for != &thread) return;
  if (thread.done_at_s.size() <= rank->waiting_for_call) return;
  rank->waiting_for = nullptr;
  rank->gate.open();
}

Task TraceReplay::call(Thread& thread, const Record& record) {
  const FileIndex file = files_[record.file];
  if (was_cached(record)) {
    ++outcome_.cached_reads;
    outcome_.cached_bytes += Bytes{record.bytes_moved()};
    co_await engine_.world().delay(*pause_, Seconds{record.duration_s});
    thread.outcome.time[Cause::client_cpu] += record.duration_s;
    co_return;
  }
  ++outcome_.calls;
  if (record.kind == OperationKind::stat) {
    co_await storage_.stat(thread.caller, file, thread.outcome);
    co_return;
  }
  std::vector<std::unique_ptr<OpenFile>>& opens = thread.open[record.file];
  if (record.kind == OperationKind::close) {
    if (opens.empty()) co_return; // opened by another thread, which closes it at its end
    std::unique_ptr<OpenFile> last = std::move(opens.back());
    opens.pop_back();
    co_await storage_.close(std::move(last), thread.outcome);
    co_return;
  }
  // Opened before the recording or by another thread: opened here, at its first use.
  if (opens.empty() || record.kind == OperationKind::open) {
    std::unique_ptr<OpenFile> fresh;
    co_await storage_.open(thread.caller, file, {}, fresh, thread.outcome);
    if (!fresh) co_return; // the storage refused: the calls on this file are lost
    opens.push_back(std::move(fresh));
  }
  const Bytes offset{record.offset};
  const Bytes bytes{record.bytes_moved()};
  if (record.kind == OperationKind::read)
    co_await storage_.read(*opens.back(), offset, bytes, thread.outcome);
  else if (record.kind == OperationKind::write)
    co_await storage_.write(*opens.back(), offset, bytes, thread.outcome);
}

void TraceReplay::wait_for_loader(Rank& rank, std::size_t number) {
  const Rank::Span& wait = rank.spans[number];
  const double start_s = engine_.clock().count();
  TimeAccount by_cause;
  if (Thread* thread = wait.depends_on) {
    if (thread->done_at_s.size() <= wait.call) {
      const TimeAccount before = thread->outcome.time;
      rank.waiting_for = thread;
      rank.waiting_for_call = wait.call;
      rank.gate.wait("a call of its loader");
      by_cause = thread->outcome.time;
      by_cause -= before;
    }
    const double end_s = thread->done_at_s[wait.call] + wait.after_call_s;
    rank.time.add_split_as(by_cause, engine_.clock().count() - start_s, Cause::loader);
    const Seconds rest{end_s - engine_.clock().count()};
    const double rest_from_s = engine_.clock().count();
    engine_.sleep(rest);
    rank.time[Cause::loader] += engine_.clock().count() - rest_from_s;
  } else {
    engine_.sleep(Seconds{wait.end_s - wait.start_s});
    rank.time[Cause::loader] += engine_.clock().count() - start_s;
  }
  rank.replayed_wait_s += engine_.clock().count() - start_s;
}

void TraceReplay::run_rank(Rank& rank) {
  double previous_end_s = 0;
  for (std::size_t s = 0; s < rank.spans.size(); ++s) {
    const Rank::Span& span = rank.spans[s];
    const double gap_from_s = engine_.clock().count();
    engine_.sleep(Seconds{std::max(0.0, span.start_s - previous_end_s)});
    rank.time[Cause::other] += engine_.clock().count() - gap_from_s;
    previous_end_s = span.end_s;
    rank.current = s;
    for (Thread* thread : rank.threads) thread->rank_moved.notify();
    if (!span.step) {
      wait_for_loader(rank, s);
      continue;
    }
    const double step_from_s = engine_.clock().count();
    engine_.sleep(Seconds{span.end_s - span.start_s});
    rank.time[Cause::compute] += engine_.clock().count() - step_from_s;
  }
  // Threads that begin after the last span begin now.
  rank.current = rank.spans.size();
  for (Thread* thread : rank.threads) thread->rank_moved.notify();
  rank.end = engine_.clock();
}

ReplayOutcome TraceReplay::outcome() const {
  ReplayOutcome outcome = outcome_;
  outcome.makespan = end_;
  for (const auto& rank : ranks_) outcome.makespan = std::max(outcome.makespan, rank->end);
  outcome.ranks = static_cast<std::uint32_t>(ranks_.size());
  for (const auto& rank : ranks_) {
    outcome.time += rank->time;
    outcome.time[Cause::other] += (outcome.makespan - rank->end).count();
    outcome.replayed_wait_s += rank->replayed_wait_s;
    for (const Rank::Span& span : rank->spans)
      (span.step ? outcome.measured_step_s : outcome.measured_wait_s) += span.end_s - span.start_s;
  }
  if (ranks_.empty())
    for (const auto& thread : threads_) outcome.time += thread->outcome.time;
  return outcome;
}

} // namespace lustrum::training
