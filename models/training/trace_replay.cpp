#include "models/training/trace_replay.hpp"

#include "models/training/trace_cache.hpp"

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
  std::uint32_t copy = 0;
  Caller caller{};
  std::vector<const Record*> calls;
  std::vector<double> done_at_s; // of the calls replayed so far
  std::map<std::uint32_t, std::vector<std::unique_ptr<OpenFile>>> open; // a file may be open twice
  std::map<std::uint32_t, std::uint32_t> opened;                        // how often so far
  Outcome outcome;
  Rank* rank = nullptr;
  std::size_t starts_in = kNone; // span of its rank after whose beginning it starts
  double starts_after_s = 0;
  kernel::Signal rank_moved;
};

// A training process: its main thread's waits and steps.
struct TraceReplay::Rank {
  explicit Rank(kernel::Engine& engine) : gate(engine) {}
  struct Span : LoopSpan {
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
      traced_(traced_ranks(trace, options_.max_ranks)), groups_(replay_groups(trace, traced_)),
      files_(storage, trace, options_, groups_,
             (ranks_asked() + groups_.count - 1) / std::max(1U, groups_.count)),
      cached_(split_by_cache(trace, options_).cached),
      all_done_(std::make_unique<kernel::Gate>(engine)),
      pause_(&engine.world().add_delay({"think_time", "think_time"})) {
  collect_threads();
  if (options_.mode == ReplayMode::ops) collect_ranks();
  start();
}

TraceReplay::~TraceReplay() = default;

std::uint32_t TraceReplay::ranks_asked() const {
  return options_.scale.ranks > 0 ? options_.scale.ranks : groups_.count;
}

bool TraceReplay::is_replayed(const Record& record) const {
  if (!trace_.is_storage(record) || record.failed) return false;
  if (!files_.has(record.file)) return false;
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
  if (cached_[static_cast<std::size_t>(&record - trace_.records.data())]) return true;
  if (!(options_.cache_rate.count() > 0)) return false;
  const Seconds server = Bytes{record.bytes_moved()} / options_.cache_rate + options_.cache_latency;
  return record.duration_s < server.count();
}

void TraceReplay::collect_threads() {
  std::map<std::string, std::uint32_t> hosts;
  for (const trace::ThreadEntry& thread : trace_.threads)
    hosts.try_emplace(trace_.processes[thread.process].host,
                      static_cast<std::uint32_t>(hosts.size()));
  for (std::uint32_t copy = 0; copy * groups_.count < ranks_asked(); ++copy)
    for (std::uint32_t t = 0; t < trace_.threads.size(); ++t) {
      const std::uint32_t process = trace_.threads[t].process;
      if (copy * groups_.count + groups_.of_process[process] >= ranks_asked()) continue;
      const trace::ProcessEntry& entry = trace_.processes[process];
      if (options_.max_ranks > 0 &&
          (entry.rank < 0 || static_cast<std::uint32_t>(entry.rank) >= options_.max_ranks))
        continue;
      add_thread(t, copy, hosts.at(entry.host), static_cast<std::uint32_t>(hosts.size()));
    }
}

// Copies run on hosts of their own as far as there are clients.
void TraceReplay::add_thread(std::uint32_t number, std::uint32_t copy, std::uint32_t host,
                             std::uint32_t hosts) {
  auto thread = std::make_unique<Thread>(number, engine_.world());
  thread->copy = copy;
  const std::uint32_t client = (copy * hosts + host) % options_.clients;
  thread->caller = {ClientIndex{options_.first_client.value() + client}, options_.job,
                    static_cast<std::uint32_t>(threads_.size())};
  for (const Record& record : trace_.records_of(number))
    if (is_replayed(record)) thread->calls.push_back(&record);
  threads_.push_back(std::move(thread));
}

void TraceReplay::collect_ranks() {
  for (std::uint32_t copy = 0; copy * groups_.count < ranks_asked(); ++copy)
    for (std::uint32_t r = 0; r < traced_.size(); ++r)
      if (copy * groups_.count + r < ranks_asked()) add_rank(traced_[r], copy);
  for (const auto& rank : ranks_) find_dependencies(*rank);
}

void TraceReplay::add_rank(const TracedRank& traced, std::uint32_t copy) {
  auto rank = std::make_unique<Rank>(engine_);
  rank->process = traced.process;
  for (const LoopSpan& span : traced.spans) rank->spans.push_back({span});
  for (const auto& thread : threads_) {
    if (thread->copy != copy || trace_.threads[thread->number].process != rank->process) continue;
    if (thread->number == traced.main) {
      thread->calls.clear(); // an actor now; its own few calls stay as recorded
      continue;
    }
    if (thread->calls.empty()) continue;
    thread->rank = rank.get();
    rank->threads.push_back(thread.get());
    const double first_s = thread->calls.front()->start_s;
    for (std::size_t s = 0; s < rank->spans.size() && rank->spans[s].start_s <= first_s; ++s)
      thread->starts_in = s;
    if (thread->starts_in != kNone)
      thread->starts_after_s = first_s - rank->spans[thread->starts_in].start_s;
  }
  ranks_.push_back(std::move(rank));
}

// Of each wait: the last call that ended during it.
void TraceReplay::find_dependencies(Rank& rank) {
  for (Rank::Span& wait : rank.spans) {
    if (wait.step) continue;
    for (Thread* thread : rank.threads) {
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
    const bool timed = options_.mode == ReplayMode::timed;
    engine_.spawn(timed ? run_timed(*thread) : run_thread(*thread),
                  {"traced thread", thread->number});
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
  co_await close_all(thread);
}

Task TraceReplay::run_timed(Thread& thread) {
  kernel::World& world = engine_.world();
  for (const Record* record : thread.calls) {
    const double early_s = record->start_s - world.now().count();
    outcome_.late_s = std::max(outcome_.late_s, -early_s);
    if (early_s > 0) {
      co_await world.delay(*pause_, Seconds{early_s});
      thread.outcome.time[Cause::other] += early_s;
    }
    co_await call(thread, *record);
  }
  co_await close_all(thread);
}

Task TraceReplay::close_all(Thread& thread) {
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
  if (was_cached(record)) {
    ++outcome_.cached_reads;
    outcome_.cached_bytes += Bytes{record.bytes_moved()};
    co_await engine_.world().delay(*pause_, Seconds{record.duration_s});
    thread.outcome.time[Cause::client_cpu] += record.duration_s;
    co_return;
  }
  ++outcome_.calls;
  outcome_.measured_io_s += record.duration_s;
  const double start_s = engine_.world().now().count();
  co_await send(thread, record);
  outcome_.replayed_io_s += engine_.world().now().count() - start_s;
}

Task TraceReplay::send(Thread& thread, const Record& record) {
  if (record.kind == OperationKind::stat) {
    co_await storage_.stat(thread.caller, files_.file(record.file, thread.copy, 0), thread.outcome);
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
    const FileIndex file = files_.file(record.file, thread.copy, thread.opened[record.file]++);
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
    for (const LoopSpan& span : rank->spans)
      (span.step ? outcome.measured_step_s : outcome.measured_wait_s) += span.duration_s();
  }
  if (ranks_.empty())
    for (const auto& thread : threads_) outcome.time += thread->outcome.time;
  return outcome;
}

} // namespace lustrum::training
