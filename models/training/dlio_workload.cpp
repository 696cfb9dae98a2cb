#include "models/training/dlio_workload.hpp"

#include "models/training/sampler.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum {

std::uint64_t DlioWorkload::steps_per_epoch(std::uint32_t ranks) const {
  assert(ranks > 0 && batch_size > 0);
  return training::steps_per_epoch(num_files_train * num_samples_per_file, batch_size, ranks);
}

std::uint32_t DlioWorkload::prefetch_factor() const {
  const std::uint32_t workers = std::max(read_threads, 1U);
  return std::max((prefetch_size + workers - 1) / workers, 1U);
}

} // namespace lustrum
