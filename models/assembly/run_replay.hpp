// Runs a recorded trace against the scenario's storage.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/lustre/filesystem.hpp"
#include "sim/kernel/engine.hpp"
#include "sim/result/run_result.hpp"

namespace lustrum {

// Fills metrics, stalls, cost, notes, warnings and the comparison with the recording. `gpu_time`
// and `ranks` are for the check that no time is lost.
struct ReplayRun {
  RunResult result;
  TimeAccount gpu_time;
  double ranks = 0;
};

// Throws InputError when the trace cannot be read or holds nothing to replay.
ReplayRun run_replay(const Scenario& scenario, kernel::Engine& engine,
                     lustre::Filesystem& filesystem);

} // namespace lustrum
