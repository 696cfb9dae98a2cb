// Checks of a scenario's `workload.training` that concern several keys.
#pragma once

#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_document.hpp"

namespace lustrum {

// Bytes that the data sets take in the file system, those of the evaluation included.
double bytes_of(const TrainingWorkload& training);

// \pre job.training is there and was read without errors; job.workload.ranks is the real number.
// `storage_known`: the scenario's storage and network were read without errors.
void check_training(const YamlNode& section, const ScenarioJob& job, const Scenario& scenario,
                    bool storage_known, Diagnostics& diagnostics);

} // namespace lustrum
