// From a scenario's `workload.training` to a training job on a storage: places the files.
#pragma once

#include "models/assembly/running_job.hpp"
#include "models/storage.hpp"
#include "models/training/job.hpp"

namespace lustrum {

// What a training job has in common whatever describes it: its place, seed, step overhead, formula.
training::JobSettings common_settings(const JobContext& context);

// Places the data set in the storage. \pre context.job.training is there
training::JobSettings build_training(const JobContext& context, Storage& storage);

} // namespace lustrum
