// DLIO's checkpoints: MLPerf Storage's own workloads as they stand, their sizes, files and writers.
#include "models/assembly/dlio_loader.hpp"
#include "models/training/dlio_checkpoint.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <string>

using namespace lustrum;
using namespace lustrum::training;

namespace {

DlioWorkload parse(const std::string& text, std::string& messages) {
  Diagnostics diagnostics;
  const YamlDocument file = YamlDocument::parse(text, "job.yaml", diagnostics);
  DlioWorkload workload = read_dlio(file.root(), {}, diagnostics);
  messages = diagnostics.render();
  return workload;
}

struct Model {
  std::string name;
  std::uint32_t layers, hidden, ffn, heads, kv_heads, tensor, pipeline, zero;
  std::string data; // as the benchmark's file says it
};

// In the form of the benchmark's checkpoint workloads.
std::string text_of(const Model& m) {
  return fmt::format(
      "model:\n  name: {}\n  type: transformer\n  num_layers: {}\n  model_datatype: fp16\n"
      "  optimizer_datatype: fp32\n  parallelism:\n    tensor: {}\n    pipeline: {}\n"
      "    zero_stage: {}\n    data: {}\n  transformer:\n    vocab_size: 128256\n"
      "    hidden_size: {}\n    ffn_hidden_size: {}\n    num_attention_heads: {}\n"
      "    num_kv_heads: {}\n\nframework: pytorch\n\nworkflow:\n  generate_data: False\n"
      "  train: False\n  checkpoint: True\n\ncheckpoint:\n  checkpoint_folder: checkpoints/{}\n"
      "  time_between_checkpoints: 5\n  num_checkpoints_write: 10\n  num_checkpoints_read: 10\n"
      "  fsync: True\n",
      m.name, m.layers, m.tensor, m.pipeline, m.zero, m.data, m.hidden, m.ffn, m.heads, m.kv_heads,
      m.name);
}

const Model kLlama8b{"llama_8b", 32, 4'096, 14'336, 32, 8, 1, 1, 3, "1"};
const Model kLlama70b{"llama_70b", 80, 8'192, 28'672, 128, 8, 8, 1, 3, "8"};
const Model kLlama405b{"llama_405b", 126, 16'384, 53'248, 128, 8, 8, 32, 1, "2"};
const Model kLlama1t{"llama_1t", 128, 25'872, 98'304, 192, 32, 8, 64, 1, "2"};

DlioWorkload load(const Model& model) {
  std::string messages;
  DlioWorkload workload = parse(text_of(model), messages);
  CHECK(messages == "");
  return workload;
}

double gib(Bytes bytes) { return bytes.as_double() / static_cast<double>(kGib); }

Bytes written_by(const CheckpointPlan& plan, std::uint32_t rank) {
  Bytes sum{};
  for (const CheckpointExtent& extent : plan.writes[rank]) sum += extent.length;
  return sum;
}

} // namespace

TEST_CASE("MLPerf's checkpoint workloads load unchanged and have its sizes, files and writers") {
  struct Row {
    Model model;
    std::uint32_t ranks;
    double total_gib, half_digit; // as the result logs print it
    std::uint32_t files;
  };
  // Files: ZeRO 3, two for each rank; ZeRO 1 with pipelines, one for each layer (embedding, head
  // and last norm too) and tensor rank, and one for each rank's optimizer.
  const Row rows[] = {{kLlama8b, 8, 104.7045, 5.1e-5, 2 * 8},
                      {kLlama70b, 64, 911.21, 5.1e-3, 2 * 64},
                      {kLlama405b, 512, 5'292.25, 5.1e-3, (126 + 3) * 8 + 512},
                      {kLlama1t, 1024, 15'426.59, 5.1e-3, (128 + 3) * 8 + 1024}};
  for (const Row& row : rows) {
    CAPTURE(row.model.name);
    const DlioWorkload workload = load(row.model);
    CHECK(workload.checkpoint_only());
    CHECK(workload.checkpoint_fsync);
    CHECK(workload.num_checkpoints_write == 10);
    CHECK(workload.num_checkpoints_read == 10);
    CHECK(workload.time_between_checkpoints_s == 5);
    const CheckpointPlan plan = workload.checkpoint_plan(row.ranks);
    CHECK(std::abs(gib(plan.written()) - row.total_gib) <= row.half_digit);
    CHECK(plan.files == row.files);
    CHECK(plan.reads.size() == row.ranks);
    for (std::uint32_t rank = 0; rank < row.ranks; ++rank)
      for (std::size_t i = 0; i < plan.writes[rank].size(); ++i)
        REQUIRE(plan.reads[rank][i].file == plan.writes[rank][i].file);
  }
}

TEST_CASE("ZeRO 1: the first copy writes the parameters, every rank its optimizer") {
  const CheckpointPlan plan = load(kLlama405b).checkpoint_plan(512);
  // 126 layers over 32 stages: 30 stages have 4, the last two 3; embedding, head and norm beside.
  CHECK(plan.writes[0].size() == 1 + 4 + 1);
  CHECK(plan.writes[8].size() == 4 + 1); // second stage
  CHECK(plan.writes[30 * 8].size() == 3 + 1);
  CHECK(plan.writes[31 * 8].size() == 3 + 2 + 1);
  CHECK(plan.writes[256].size() == 1);
  CHECK(plan.writes[511].size() == 1);
  // 3 fp32 groups of the 512th part of the parameters, and of 5 times the width.
  const std::uint64_t optimizer = 3 * 4 * (405'853'388'800ULL / 512 + 5 * 16'384);
  CHECK(written_by(plan, 511) == Bytes{optimizer});
}

TEST_CASE("a subset of the ranks writes its own shares of the whole model") {
  const DlioWorkload workload = load(kLlama405b);
  const CheckpointPlan whole = workload.checkpoint_plan(512);
  const CheckpointPlan subset = workload.checkpoint_plan(8);
  REQUIRE(subset.writes.size() == 8);
  for (std::uint32_t rank = 0; rank < 8; ++rank)
    CHECK(written_by(subset, rank) == written_by(whole, rank));
  CHECK(subset.files == 8 * (1 + 4 + 1));
}

TEST_CASE("ZeRO 0: the first copy writes all; a model of which only the size is known") {
  Model model = kLlama8b;
  model.zero = 0;
  model.data = "-1";
  const CheckpointPlan plan = load(model).checkpoint_plan(4);
  CHECK(plan.files == 2);
  CHECK(gib(plan.written()) == doctest::Approx(104.7045).epsilon(1e-4));
  CHECK(written_by(plan, 0) == plan.written());
  std::string messages;
  const DlioWorkload unet3d = parse("workflow: {checkpoint: True}\nframework: pytorch\n"
                                    "reader: {data_loader: pytorch}\ndataset: {format: npz}\n"
                                    "model: {name: unet3d, type: cnn, model_size: 499153191}\n",
                                    messages);
  CHECK(messages == "");
  const CheckpointPlan small = unet3d.checkpoint_plan(8);
  CHECK(small.files == 1);
  CHECK(written_by(small, 0) == Bytes{499'153'191});
}

TEST_CASE("a shift lets each rank read what the same rank of the next node wrote") {
  CheckpointPlan plan = load(kLlama70b).checkpoint_plan(64);
  shift_reads(plan, 8);
  CHECK(plan.reads[0][0].file == plan.writes[8][0].file);
  CHECK(plan.reads[63][1].file == plan.writes[7][1].file);
}
