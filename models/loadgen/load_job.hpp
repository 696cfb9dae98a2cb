// What IOR and mdtest have in common: ranks that are processes on clients, barriers between them,
// phases with a rate, and where the processes' time went.
//
// Ranks are tasks of the world: a call wakes no actor. One actor stands for the whole job and ends
// with it. A background job begins anew for ever; the run then ends with the other jobs.
#pragma once

#include "models/storage.hpp"
#include "sim/kernel/engine.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::loadgen {

// A job's part of the run.
struct LoadPlace {
  std::string name = "load";
  JobIndex job{};
  ClientIndex first_client{};
  std::uint32_t clients = 1;
  std::uint32_t ranks_per_client = 1;
  Seconds start{};
  bool background = false;
  std::uint64_t seed = 0;

  std::uint32_t ranks() const { return clients * ranks_per_client; }
};

// One repetition of a phase: from the first rank's begin to the last one's end.
struct PhaseRun {
  Seconds begin{};
  Seconds end{};
  std::uint64_t operations = 0;
  Bytes bytes{};
  std::uint64_t errors = 0;

  Seconds time() const { return end - begin; }
};

struct PhaseOutcome {
  std::string_view name;
  bool counts_bytes = false; // its rate is bytes per second, else operations per second
  // Repetitions that ended. When the job was cut short before one did: that one, and `complete` is
  // false.
  std::vector<PhaseRun> runs;
  bool complete = true;
};

// The call that ended a job before its time.
struct LoadAbort {
  std::uint32_t rank = 0;
  std::string_view phase;
  StorageError error = StorageError::none;
  Seconds at{};
};

struct LoadOutcome {
  std::uint32_t ranks = 0;
  Seconds start{};
  Seconds makespan{};               // from the job's start
  std::vector<PhaseOutcome> phases; // those that began
  std::uint64_t errors = 0;         // calls that failed, in phases or between them
  std::optional<LoadAbort> abort;
  TimeAccount time; // of all ranks; sums to ranks * makespan
};

class LoadJob {
public:
  // Adds the actor to the engine. The job must outlive the run.
  LoadJob(kernel::Engine& engine, Storage& storage, LoadPlace place);
  virtual ~LoadJob() = default;
  LoadJob(const LoadJob&) = delete;
  LoadJob& operator=(const LoadJob&) = delete;

  // After the engine has run.
  LoadOutcome outcome() const;

protected:
  static constexpr std::size_t kMostPhases = 6;
  using PhaseIndex = std::size_t;

  // A rank's part, once: called again for each repetition.
  virtual kernel::Task run_once(std::uint32_t rank) = 0;
  virtual std::uint32_t repetitions() const = 0;

  void name_phase(PhaseIndex phase, std::string_view name, bool counts_bytes);
  std::uint32_t rank_count() const { return place_.ranks(); }
  Caller caller(std::uint32_t rank) const;
  Seconds now() const { return engine_.world().now(); }

  // All ranks pass together, or leave when the job is aborted. MPI's own time is left out.
  kernel::Task barrier(std::uint32_t rank);
  // A phase begins with its first rank and ends with its last one; one that is aborted does not.
  void begin(PhaseIndex phase);
  void end(PhaseIndex phase);

  // What a call took is put down to the rank, by cause; returns whether it went well. A failure is
  // counted, in the phase too when there is one.
  static constexpr PhaseIndex kNoPhase = std::numeric_limits<PhaseIndex>::max();
  bool note(std::uint32_t rank, Seconds before, const Outcome& outcome, PhaseIndex phase);
  void count(PhaseIndex phase, Bytes bytes);
  void count_error(PhaseIndex phase);
  // MPI_Abort: ranks at a barrier leave, the others have to when their call returns (a process in
  // the kernel is not killed before), and no repetition follows. The first one says why.
  void abort(std::uint32_t rank, PhaseIndex phase, StorageError error);
  bool aborted() const { return abort_.has_value(); }
  // Empties the page cache of the rank's client; one rank of each client does it.
  void drop_caches(std::uint32_t rank);

  kernel::Engine& engine_;
  Storage& storage_;
  LoadPlace place_;

private:
  struct Phase {
    std::string_view name;
    bool counts_bytes = false;
    std::uint32_t ranks_inside = 0; // that began and have not ended
    std::uint32_t ranks_ended = 0;
    PhaseRun current;
    std::vector<PhaseRun> runs;
  };

  void run();
  kernel::Task run_rank(std::uint32_t rank);

  std::vector<TimeAccount> time_; // of each rank
  std::array<Phase, kMostPhases> phases_;
  std::size_t phase_count_ = 0;
  std::uint64_t errors_ = 0;
  std::optional<LoadAbort> abort_;
  std::uint32_t waiting_ = 0; // at the barrier
  std::uint64_t barriers_passed_ = 0;
  kernel::Signal passed_;
  kernel::Gate done_;
  std::uint32_t running_;
  bool ended_ = false;
  Seconds end_{};
};

} // namespace lustrum::loadgen
