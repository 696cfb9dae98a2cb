#include "models/training/dlio_workload.hpp"

#include "models/training/dlio_checkpoint.hpp"
#include "models/training/sampler.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum {

namespace {

// \source DLIO utils/utility.py, get_datatype_size
double bytes_of(std::string_view datatype) {
  if (datatype == "fp64") return 8;
  if (datatype == "fp32") return 4;
  return datatype == "int8" || datatype == "uint8" || datatype == "fp8" ? 1 : 2;
}

} // namespace

training::Parallelism DlioWorkload::parallelism(std::uint32_t ranks) const {
  training::Parallelism parallel{
      .tensor = model.tensor, .pipeline = model.pipeline, .zero_stage = model.zero_stage};
  const std::uint32_t given = model.data > 0 ? static_cast<std::uint32_t>(model.data) : 0;
  parallel.data = std::max({1U, given, ranks / parallel.model_ranks()});
  return parallel;
}

training::CheckpointPlan DlioWorkload::checkpoint_plan(std::uint32_t ranks) const {
  const training::Parallelism parallel = parallelism(ranks);
  if (!(model.num_layers > 0))
    return training::plan_dlio_checkpoint(Bytes{static_cast<std::uint64_t>(model_size_bytes)},
                                          parallel, ranks);
  constexpr double kGroups = 3; // master copy and two moments
  return training::plan_dlio_checkpoint(
      {.name = {},
       .layers = static_cast<std::uint32_t>(model.num_layers),
       .hidden = model.hidden_size,
       .ffn_hidden = model.ffn_hidden_size,
       .heads = model.heads,
       .kv_heads = model.kv_heads,
       .vocabulary = model.vocab_size,
       .parallel = parallel},
      parallel,
      {.parameter_bytes = bytes_of(model.datatype),
       .optimizer_bytes = kGroups * bytes_of(model.optimizer_datatype)},
      ranks);
}

std::uint64_t DlioWorkload::steps_per_epoch(std::uint32_t ranks) const {
  assert(ranks > 0 && batch_size > 0);
  return training::steps_per_epoch(num_files_train * num_samples_per_file, batch_size, ranks);
}

std::uint32_t DlioWorkload::prefetch_factor() const {
  const std::uint32_t workers = std::max(read_threads, 1U);
  return std::max((prefetch_size + workers - 1) / workers, 1U);
}

} // namespace lustrum
