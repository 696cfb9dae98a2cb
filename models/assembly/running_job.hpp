// A job of a run, whatever its kind: its actors are in the engine, and when the run is over it
// tells what it came to.
#pragma once

#include "models/assembly/observe.hpp"
#include "models/assembly/scenario.hpp"
#include "models/storage.hpp"
#include "models/storage/data_ready.hpp"
#include "sim/kernel/engine.hpp"
#include "sim/result/run_result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lustrum {

struct JobReport {
  RunMetrics metrics; // as if the job were alone
  TimeAccount time;   // of its ranks; sums to ranks * makespan
  double ranks = 0;   // 0: its time is not that of ranks, and has no such sum
  bool uses_gpus = true;
  Seconds compute{}; // GPU seconds that were not waiting
  std::size_t epochs = 0;
  std::uint64_t samples = 0;
  std::uint64_t errors = 0;
  RooflineInputs roofline;
  std::vector<PhaseRow> phases; // without the job's name
  std::optional<CheckpointRow> checkpoints;
  double gradient_bytes = 0; // on the cards that the storage uses, each way
  std::vector<ReplayCheckRow> replay_check;
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

class RunningJob {
public:
  RunningJob() = default;
  virtual ~RunningJob() = default;
  RunningJob(const RunningJob&) = delete;
  RunningJob& operator=(const RunningJob&) = delete;

  // After the engine has run. Throws InputError when the run shows that the job was none.
  virtual JobReport report() const = 0;
};

// What a job needs besides its own settings. All must outlive it.
struct JobContext {
  const Scenario& scenario;
  const ScenarioJob& job;
  JobIndex index{};
  kernel::Engine& engine;
  Storage& storage;
  const DataReady* data_ready = nullptr; // what it waits for first; nullptr: nothing
};

std::unique_ptr<RunningJob> start_training(const JobContext& context);
std::unique_ptr<RunningJob> start_replay(const JobContext& context);
std::unique_ptr<RunningJob> start_load(const JobContext& context);
std::unique_ptr<RunningJob> start_job(const JobContext& context); // of any kind

} // namespace lustrum
