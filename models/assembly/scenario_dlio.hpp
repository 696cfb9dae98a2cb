// Checks of a scenario's DLIO workload that concern several keys, or the cluster under it.
#pragma once

#include "models/assembly/scenario.hpp"

namespace lustrum {

// Bytes that are there before the run: data sets, and checkpoints that are only read.
// \pre job.dlio is there; job.workload.ranks is the real number
double bytes_of_dlio(const ScenarioJob& job);

// `where`: the file's name in the scenario. \pre job.dlio is there and was read without errors;
// job.workload.ranks is the real number
void check_dlio(const SourceSpan& where, const ScenarioJob& job, Diagnostics& diagnostics);

} // namespace lustrum
