// The simple device that `lustrum trace calibrate` fits to a recording, as a kind of storage: a job
// on the system that the recording was made on. What is behind its latencies is not known.
#pragma once

#include "models/assembly/storage_kind.hpp"
#include "models/training/fitted_storage.hpp"

namespace lustrum {

const StorageKind& recorded_kind();

} // namespace lustrum
