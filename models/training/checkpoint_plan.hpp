// How large a checkpoint is and which rank writes which part of it. Pure.
//
//   const ModelShape* shape = find_model("llama3_70b");
//   const CheckpointPlan plan = plan_checkpoint(sizes_of(*shape, shape->parallel), ...);
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace lustrum::training {

// How the ranks share a model: ranks = tensor * pipeline * data.
struct Parallelism {
  std::uint32_t tensor = 1;
  std::uint32_t pipeline = 1;
  std::uint32_t data = 1;
  std::uint32_t zero_stage = 0; // 3: parameters are split over the data-parallel ranks as well

  std::uint32_t model_ranks() const { return tensor * pipeline; }
  std::uint32_t ranks() const { return tensor * pipeline * data; }
};

// A decoder-only transformer with grouped keys and values and a gated feed-forward layer.
struct ModelShape {
  std::string_view name;
  std::uint32_t layers = 0;
  std::uint64_t hidden = 0;
  std::uint64_t ffn_hidden = 0;
  std::uint64_t heads = 1;
  std::uint64_t kv_heads = 1;
  std::uint64_t vocabulary = 0;
  Parallelism parallel; // in MLPerf Storage

  std::uint64_t parameters() const;
  std::uint64_t norm_parameters() const; // held by every tensor-parallel rank
};

// MLPerf Storage's Llama 3 models; nullptr: no such name.
// \source mlcommons/storage v2.0, configs/dlio/workload/llama3_*.yaml
const ModelShape* find_model(std::string_view name);
std::vector<std::string_view> model_names();

// Bytes of one checkpoint.
struct CheckpointSizes {
  Bytes model{};
  Bytes optimizer{};
  Bytes total() const { return model + optimizer; }
};

struct Precision {
  double parameter_bytes = 2;  // fp16 or bf16
  double optimizer_bytes = 12; // per parameter: fp32 master copy and two moments
};

CheckpointSizes sizes_of(std::uint64_t parameters, const Precision& precision);
// As MLPerf Storage counts: norms once per tensor-parallel rank, and with each rank's optimizer
// state three fp32 groups of 5 * hidden.
CheckpointSizes sizes_of(const ModelShape& shape, const Parallelism& parallel,
                         const Precision& precision = {});

enum class CheckpointLayout : std::uint8_t {
  rank_zero,     // one file, written by rank 0
  file_per_rank, // each rank its share (PyTorch's distributed checkpoint, DeepSpeed ZeRO 3)
  shared_file,   // the same shares in one file
  // The first copy of the model (data-parallel rank 0) writes the model, each its model-parallel
  // share; every rank its own share of the optimizer (Megatron, DeepSpeed ZeRO 1 with pipelines).
  model_and_optimizer,
};

// A stretch of one of a checkpoint's files.
struct CheckpointExtent {
  std::uint32_t file = 0;
  Bytes offset{};
  Bytes length{};
};

struct CheckpointPlan {
  std::uint32_t files = 0;
  std::vector<std::vector<CheckpointExtent>> writes; // [rank], in their order
  std::vector<std::vector<CheckpointExtent>> reads;  // [rank], on restoring

  Bytes written() const;
};

// \pre ranks > 0 and parallel.ranks() == ranks, or parallel is {1, 1, ranks}
CheckpointPlan plan_checkpoint(const CheckpointSizes& sizes, CheckpointLayout layout,
                               const Parallelism& parallel);

} // namespace lustrum::training
