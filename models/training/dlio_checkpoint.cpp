#include "models/training/dlio_checkpoint.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lustrum::training {

namespace {

Bytes in_bytes(double parameters, double each) {
  return Bytes{static_cast<std::uint64_t>(std::llround(parameters * each))};
}

// First and last of the layers of a stage: 0 the embedding, 1 to L the model's, then head and norm.
struct LayerRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

LayerRange layers_of(const ModelShape& shape, const Parallelism& parallel, std::uint32_t stage) {
  const std::uint32_t each = shape.layers / parallel.pipeline;
  const std::uint32_t more = shape.layers % parallel.pipeline; // stages that have one more
  LayerRange range;
  range.first = stage * each + std::min(stage, more) + 1;
  range.last = range.first + each - (stage < more ? 0 : 1);
  if (stage == 0) range.first = 0;
  if (stage + 1 == parallel.pipeline) range.last = shape.layers + 2;
  return range;
}

// Parameters of a rank's share of a layer. DLIO divides each tensor, and drops the rest.
std::uint64_t parameters_of(const ModelShape& shape, std::uint32_t layer, std::uint32_t tensor,
                            std::uint32_t shards) {
  const std::uint64_t h = shape.hidden;
  const auto share = [&](std::uint64_t tensor_size) { return tensor_size / tensor / shards; };
  if (layer == 0 || layer == shape.layers + 1) return share(h * shape.vocabulary);
  if (layer == shape.layers + 2) return h / shards;
  const std::uint64_t kv = h / shape.heads * shape.kv_heads;
  return 2 * (h / shards) + share(h * (h + 2 * kv)) + share(h * h) +
         share(h * 2 * shape.ffn_hidden) + share(h * shape.ffn_hidden);
}

class Writer {
public:
  explicit Writer(std::uint32_t ranks) {
    plan_.writes.resize(ranks);
    plan_.reads.resize(ranks);
  }
  void file(std::uint32_t rank, Bytes size) {
    plan_.writes[rank].push_back({plan_.files++, Bytes{}, size});
  }
  CheckpointPlan finish() {
    plan_.reads = plan_.writes;
    return std::move(plan_);
  }

private:
  CheckpointPlan plan_;
};

} // namespace

CheckpointPlan plan_dlio_checkpoint(const ModelShape& shape, const Parallelism& parallel,
                                    const Precision& precision, std::uint32_t ranks) {
  assert(ranks > 0 && ranks <= parallel.ranks() && shape.heads > 0);
  const std::uint32_t zero = parallel.zero_stage;
  const std::uint32_t shards = zero >= 3 ? parallel.data : 1;
  constexpr std::uint64_t kGroups = 3;
  constexpr std::uint64_t kWidths = 5; // of each group, beside the parameters
  const std::uint64_t state =
      shape.parameters() / (zero > 0 ? parallel.ranks() : parallel.model_ranks());
  const Bytes optimizer = in_bytes(static_cast<double>(kGroups * (state + kWidths * shape.hidden)),
                                   precision.optimizer_bytes / kGroups);
  Writer writer(ranks);
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    const bool first_copy = rank < parallel.model_ranks();
    if (zero == 0 && !first_copy) continue;
    if (zero >= 3 || first_copy) {
      const LayerRange layers =
          layers_of(shape, parallel, rank / parallel.tensor % parallel.pipeline);
      const bool by_layer = (zero == 1 || zero == 2) && parallel.pipeline > 1;
      Bytes together{};
      for (std::uint32_t layer = layers.first; layer <= layers.last; ++layer) {
        const Bytes size =
            in_bytes(static_cast<double>(parameters_of(shape, layer, parallel.tensor, shards)),
                     precision.parameter_bytes);
        if (by_layer)
          writer.file(rank, size);
        else
          together += size;
      }
      if (!by_layer) writer.file(rank, together);
    }
    writer.file(rank, optimizer);
  }
  return writer.finish();
}

CheckpointPlan plan_dlio_checkpoint(Bytes model_size, const Parallelism& parallel,
                                    std::uint32_t ranks) {
  Writer writer(ranks);
  for (std::uint32_t rank = 0; rank < ranks; ++rank)
    if (parallel.zero_stage > 0 || rank < parallel.model_ranks()) writer.file(rank, model_size);
  return writer.finish();
}

void shift_reads(CheckpointPlan& plan, std::uint32_t by) {
  if (plan.reads.empty()) return;
  const auto middle = static_cast<std::ptrdiff_t>(by % plan.reads.size());
  std::rotate(plan.reads.begin(), plan.reads.begin() + middle, plan.reads.end());
}

} // namespace lustrum::training
