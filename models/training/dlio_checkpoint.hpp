// Which files DLIO's ranks write for one checkpoint, in which order. Pure.
//
//   const CheckpointPlan plan = plan_dlio_checkpoint(shape, shape.parallel, {}, 512);
#pragma once

#include "models/training/checkpoint_plan.hpp"

namespace lustrum::training {

// A transformer. Each writing rank has a file of its share of the parameters and then one of its
// share of the optimizer's state:
//   ZeRO 3     every rank, both
//   ZeRO 1, 2  every rank its optimizer; the first copy of the model its parameters, with pipelines
//              in a file for each layer
//   ZeRO 0     the first copy, both
// Embedding and head belong to the first and last stage of the pipeline. Fewer ranks than the
// model's are a subset, which writes its own shares. What a rank reads is what it wrote. \source
// argonne-lcf/dlio_benchmark, checkpointing/base_checkpointing.py, as of MLPerf Storage v2.0 \pre
// ranks > 0 and ranks <= parallel.ranks(); shape.heads > 0
CheckpointPlan plan_dlio_checkpoint(const ModelShape& shape, const Parallelism& parallel,
                                    const Precision& precision, std::uint32_t ranks);

// A model of which only the size is known: one file of each rank that writes, with ZeRO 0 those of
// the first copy.
CheckpointPlan plan_dlio_checkpoint(Bytes model_size, const Parallelism& parallel,
                                    std::uint32_t ranks);

// Each rank reads what the rank so many further on wrote, round and round: DLIO's
// `recovery_rank_shift`, with the ranks of a node.
void shift_reads(CheckpointPlan& plan, std::uint32_t by);

} // namespace lustrum::training
