// The part of a result that tells of failures.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/lustre/faults.hpp"
#include "models/storage.hpp"
#include "sim/result/run_result.hpp"

namespace lustrum {

void describe_faults(const Scenario& scenario, const lustre::Faults& faults, const IoTotals& totals,
                     RunResult& result);

} // namespace lustrum
