// Replay of a recorded job: every thread repeats its storage calls in order, with its own pauses.
//
// A process with step spans is a rank: its main thread becomes an actor that repeats the steps as
// compute and waits for its loader. What a recorded wait depended on is found in the trace: the
// last call that any other thread of the process ended during the wait. The replayed wait ends when
// that call has been replayed, plus what had passed since in the recording (hand-over). A wait
// without such a call is kept as recorded. A thread starts its first call as long after its rank's
// current span began as it did in the recording, which keeps the start-up of loader workers.
//
// `timed` knows no ranks: it makes each call at its recorded time.
//
// Reads faster than any server answers came from the page cache of the recorded machine, and so did
// those of files that were cached when they were opened (trace_cache.hpp); they are kept as
// recorded and not sent (`detect_cached`).
#pragma once

#include "models/training/replay_files.hpp"
#include "models/training/replay_options.hpp"
#include "models/training/replay_ranks.hpp"
#include "sim/kernel/engine.hpp"
#include "sim/trace/record.hpp"

#include <map>
#include <memory>
#include <vector>

namespace lustrum::training {

class TraceReplay {
public:
  // Places the trace's files and adds actors and tasks. The trace must outlive it.
  TraceReplay(kernel::Engine& engine, Storage& storage, const trace::Trace& trace,
              ReplayOptions options);
  ~TraceReplay();

  // After the engine has run.
  ReplayOutcome outcome() const;

private:
  struct Thread;
  struct Rank;

  void collect_threads();
  void add_thread(std::uint32_t number, std::uint32_t copy, std::uint32_t host,
                  std::uint32_t hosts);
  void collect_ranks();
  void add_rank(const TracedRank& traced, std::uint32_t copy);
  static void find_dependencies(Rank& rank);
  std::uint32_t ranks_asked() const;
  void start();
  bool is_replayed(const trace::Record& record) const;
  bool was_cached(const trace::Record& record) const;
  void run_rank(Rank& rank);
  void wait_for_loader(Rank& rank, std::size_t span);
  kernel::Task run_thread(Thread& thread);
  kernel::Task run_timed(Thread& thread);
  kernel::Task close_all(Thread& thread);
  kernel::Task call(Thread& thread, const trace::Record& record);
  kernel::Task send(Thread& thread, const trace::Record& record);
  void note_done(Thread& thread);

  kernel::Engine& engine_;
  Storage& storage_;
  const trace::Trace& trace_;
  ReplayOptions options_;
  std::vector<TracedRank> traced_;
  ReplayGroups groups_;
  ReplayFiles files_;
  std::vector<bool> cached_; // [record]: its file was cached when it was opened
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<std::unique_ptr<Rank>> ranks_;
  std::uint32_t running_threads_ = 0;
  std::unique_ptr<kernel::Gate> all_done_;
  kernel::DelayStation* pause_ = nullptr;
  Seconds end_{}; // of the last thread
  ReplayOutcome outcome_;
};

} // namespace lustrum::training
