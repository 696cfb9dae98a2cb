// From a DLIO workload to a training job on a storage: places the files and chooses the pipeline.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/storage.hpp"
#include "models/training/job.hpp"

namespace lustrum {

// Places the data set in the storage. \pre scenario.dlio is there
training::JobSettings build_job(const Scenario& scenario, Storage& storage);

} // namespace lustrum
