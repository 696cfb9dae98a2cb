#include "models/training/checkpoint_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lustrum::training {

namespace {

constexpr std::uint64_t kLlamaVocabulary = 128'256;

constexpr std::array<ModelShape, 4> kModels{{
    {"llama3_8b", 32, 4'096, 14'336, 32, 8, kLlamaVocabulary, {1, 1, 8, 3}},
    {"llama3_70b", 80, 8'192, 28'672, 128, 8, kLlamaVocabulary, {8, 1, 8, 3}},
    {"llama3_405b", 126, 16'384, 53'248, 128, 8, kLlamaVocabulary, {8, 32, 2, 1}},
    {"llama3_1t", 128, 25'872, 98'304, 192, 32, kLlamaVocabulary, {8, 64, 2, 1}},
}};

Bytes rounded(double bytes) { return Bytes{static_cast<std::uint64_t>(std::llround(bytes))}; }

// Part i of n of equal parts that add up to the whole.
Bytes part(Bytes whole, std::uint64_t i, std::uint64_t n) {
  return whole * (i + 1) / n - whole * i / n;
}

void plan_model_and_optimizer(const CheckpointSizes& sizes, const Parallelism& parallel,
                              CheckpointPlan& plan) {
  const std::uint32_t model_ranks = parallel.model_ranks();
  const std::uint32_t ranks = parallel.ranks();
  plan.files = model_ranks + ranks;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    const std::uint32_t share = rank % model_ranks;
    const CheckpointExtent model{share, Bytes{}, part(sizes.model, share, model_ranks)};
    const CheckpointExtent optimizer{model_ranks + rank, Bytes{},
                                     part(sizes.optimizer, rank, ranks)};
    if (rank < model_ranks) plan.writes[rank].push_back(model);
    plan.writes[rank].push_back(optimizer);
    plan.reads[rank] = {model, optimizer};
  }
}

} // namespace

std::uint64_t ModelShape::parameters() const {
  const std::uint64_t kv = hidden / heads * kv_heads; // a head has a whole number of columns
  const std::uint64_t attention = 2 * hidden * hidden + 2 * hidden * kv;
  const std::uint64_t feed_forward = 3 * hidden * ffn_hidden;
  const std::uint64_t embedding = 2 * vocabulary * hidden; // input, and output not tied to it
  return layers * (attention + feed_forward) + norm_parameters() + embedding;
}

std::uint64_t ModelShape::norm_parameters() const {
  return (2 * std::uint64_t{layers} + 1) * hidden;
}

const ModelShape* find_model(std::string_view name) {
  const auto* const found = std::find_if(kModels.begin(), kModels.end(),
                                         [&](const ModelShape& m) { return m.name == name; });
  return found == kModels.end() ? nullptr : found;
}

std::vector<std::string_view> model_names() {
  std::vector<std::string_view> names;
  names.reserve(kModels.size());
  for (const ModelShape& model : kModels) names.push_back(model.name);
  return names;
}

CheckpointSizes sizes_of(std::uint64_t parameters, const Precision& precision) {
  const auto count = static_cast<double>(parameters);
  return {rounded(count * precision.parameter_bytes), rounded(count * precision.optimizer_bytes)};
}

CheckpointSizes sizes_of(const ModelShape& shape, const Parallelism& parallel,
                         const Precision& precision) {
  CheckpointSizes sizes = sizes_of(shape.parameters(), precision);
  const auto copies = static_cast<double>(parallel.tensor - 1);
  sizes.model +=
      rounded(copies * static_cast<double>(shape.norm_parameters()) * precision.parameter_bytes);
  constexpr std::uint64_t kGroups = 3;
  constexpr std::uint64_t kPerGroup = 5; // times the width
  constexpr std::uint64_t kFp32 = 4;
  sizes.optimizer += Bytes{kGroups * kPerGroup * kFp32 * shape.hidden * parallel.ranks()};
  return sizes;
}

Bytes CheckpointPlan::written() const {
  Bytes sum{};
  for (const std::vector<CheckpointExtent>& rank : writes)
    for (const CheckpointExtent& extent : rank) sum += extent.length;
  return sum;
}

CheckpointPlan plan_checkpoint(const CheckpointSizes& sizes, CheckpointLayout layout,
                               const Parallelism& parallel) {
  CheckpointPlan plan;
  const std::uint32_t ranks = parallel.ranks();
  plan.writes.resize(ranks);
  plan.reads.resize(ranks);
  const Bytes total = sizes.total();
  switch (layout) {
  case CheckpointLayout::rank_zero:
    plan.files = 1;
    plan.writes[0].push_back({0, Bytes{}, total});
    for (auto& reads : plan.reads) reads.push_back({0, Bytes{}, total});
    break;
  case CheckpointLayout::file_per_rank:
    plan.files = ranks;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
      plan.writes[rank].push_back({rank, Bytes{}, part(total, rank, ranks)});
    plan.reads = plan.writes;
    break;
  case CheckpointLayout::shared_file:
    plan.files = 1;
    for (std::uint32_t rank = 0; rank < ranks; ++rank)
      plan.writes[rank].push_back({0, total * rank / ranks, part(total, rank, ranks)});
    plan.reads = plan.writes;
    break;
  case CheckpointLayout::model_and_optimizer:
    plan_model_and_optimizer(sizes, parallel, plan);
    break;
  }
  return plan;
}

} // namespace lustrum::training
