// From a DLIO workload to a training job on a storage: places the files and chooses the pipeline.
#pragma once

#include "models/assembly/running_job.hpp"
#include "models/storage.hpp"
#include "models/training/job.hpp"

namespace lustrum {

// Places the data set in the storage. \pre context.job.dlio is there
training::JobSettings build_job(const JobContext& context, Storage& storage);

} // namespace lustrum
