// Replay of a recorded job: every thread repeats its storage calls in order, with its own pauses.
//
// A process with step spans is a rank: its main thread becomes an actor that repeats the steps as
// compute and waits for its loader. What a recorded wait depended on is found in the trace: the
// last call that any other thread of the process ended during the wait. The replayed wait ends when
// that call has been replayed, plus what had passed since in the recording (hand-over). A wait
// without such a call is kept as recorded. A thread starts its first call as long after its rank's
// current span began as it did in the recording, which keeps the start-up of loader workers.
//
// Reads faster than any server answers came from the page cache of the recorded machine; they are
// kept as recorded and not sent (`detect_cached`).
#pragma once

#include "models/storage.hpp"
#include "sim/kernel/engine.hpp"
#include "sim/trace/record.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lustrum::training {

struct ReplayOptions {
  bool keep_think_time = true;
  double think_time_scale = 1;
  std::string path_prefix = {}; // only files below it; empty: all
  std::uint32_t max_ranks = 0;  // 0: all
  JobIndex job{};
  ClientIndex first_client{};
  std::uint32_t clients = 1; // hosts of the trace are dealt out to these, from the first one on
  bool detect_cached = true;
  BytesPerSecond cache_rate{}; // a read was cached if faster than size/cache_rate + cache_latency
  Seconds cache_latency{};
};

// Seconds are summed over ranks.
struct ReplayOutcome {
  Seconds makespan{};
  std::uint32_t ranks = 0; // processes with steps; 0: the trace shows no training loop
  TimeAccount time;        // of all ranks; without ranks, of all threads
  double measured_step_s = 0;
  double measured_wait_s = 0;
  double replayed_wait_s = 0;
  std::uint64_t calls = 0; // sent to the storage
  std::uint64_t cached_reads = 0;
  Bytes cached_bytes{};
};

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

  void place_files();
  void collect_threads();
  void collect_ranks();
  void start();
  bool is_replayed(const trace::Record& record) const;
  bool was_cached(const trace::Record& record) const;
  void run_rank(Rank& rank);
  void wait_for_loader(Rank& rank, std::size_t span);
  kernel::Task run_thread(Thread& thread);
  kernel::Task call(Thread& thread, const trace::Record& record);
  void note_done(Thread& thread);

  kernel::Engine& engine_;
  Storage& storage_;
  const trace::Trace& trace_;
  ReplayOptions options_;
  std::vector<FileIndex> files_; // of the trace's files
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<std::unique_ptr<Rank>> ranks_;
  std::uint32_t running_threads_ = 0;
  std::unique_ptr<kernel::Gate> all_done_;
  kernel::DelayStation* pause_ = nullptr;
  Seconds end_{}; // of the last thread
  ReplayOutcome outcome_;
};

} // namespace lustrum::training
