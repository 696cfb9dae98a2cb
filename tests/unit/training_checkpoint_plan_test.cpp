// Sizes of checkpoints against MLPerf Storage's table, and who writes what.
#include "models/training/checkpoint_plan.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>
#include <string>

using namespace lustrum;
using namespace lustrum::training;

namespace {

// As the table prints it: half of the last digit.
void check_gib(Bytes bytes, double printed, double half_digit) {
  const double gib = bytes.as_double() / static_cast<double>(kGib);
  CAPTURE(printed);
  CHECK(std::abs(gib - printed) <= half_digit);
}

} // namespace

TEST_CASE("checkpoint sizes of MLPerf's Llama 3 models come out to the printed GiB") {
  struct Row {
    const char* name;
    std::uint64_t parameters;
    double model, optimizer, total, half_digit;
    std::uint32_t ranks;
  };
  // MLPerf Storage v2.0: sizes in GiB as the result logs print them.
  const Row rows[] = {
      {"llama3_8b", 8'030'261'248, 14.9575, 89.7470, 104.7045, 5.1e-5, 8},
      {"llama3_70b", 69'882'617'856, 130.18, 781.03, 911.21, 5.1e-3, 64},
      {"llama3_405b", 405'853'388'800, 756.01, 4'536.23, 5'292.25, 5.1e-3, 512},
      {"llama3_1t", 1'183'035'102'480, 2'203.66, 13'222.93, 15'426.59, 5.1e-3, 1024},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const ModelShape* model = find_model(row.name);
    REQUIRE(model);
    CHECK(model->parameters() == row.parameters);
    CHECK(model->parallel.ranks() == row.ranks);
    const CheckpointSizes sizes = sizes_of(*model, model->parallel);
    check_gib(sizes.model, row.model, row.half_digit);
    check_gib(sizes.optimizer, row.optimizer, row.half_digit);
    check_gib(sizes.total(), row.total, row.half_digit);
  }
  CHECK(find_model("llama3_2b") == nullptr);
}

TEST_CASE("a checkpoint by parameter count: 14 bytes each with fp16 and an fp32 optimizer") {
  const CheckpointSizes sizes = sizes_of(1'000'000, {});
  CHECK(sizes.model == Bytes{2'000'000});
  CHECK(sizes.optimizer == Bytes{12'000'000});
}

TEST_CASE("property: a checkpoint's extents cover its bytes exactly once, in every layout") {
  CHECK(rc::check("extents", [] {
    const auto of = [](int below) {
      return static_cast<std::uint32_t>(*rc::gen::inRange(1, below));
    };
    const Parallelism parallel{of(5), of(4), of(6), 1};
    const CheckpointSizes sizes{Bytes{of(1'000'000)}, Bytes{of(1'000'000)}};
    for (const CheckpointLayout layout :
         {CheckpointLayout::rank_zero, CheckpointLayout::file_per_rank,
          CheckpointLayout::shared_file, CheckpointLayout::model_and_optimizer}) {
      const CheckpointPlan plan = plan_checkpoint(sizes, layout, parallel);
      RC_ASSERT(plan.writes.size() == parallel.ranks());
      RC_ASSERT(plan.reads.size() == parallel.ranks());
      RC_ASSERT(plan.written() == sizes.total());
      std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> by_place;
      for (const auto& rank : plan.writes)
        for (const CheckpointExtent& extent : rank) {
          RC_ASSERT(extent.file < plan.files);
          if (extent.length > Bytes{})
            by_place[{extent.file, extent.offset.count()}] = extent.length.count();
        }
      std::uint64_t sum = 0;
      std::map<std::uint32_t, std::uint64_t> end_of_file;
      for (const auto& [place, length] : by_place) {
        RC_ASSERT(place.second == end_of_file[place.first]); // no gap, no overlap
        end_of_file[place.first] += length;
        sum += length;
      }
      RC_ASSERT(sum == sizes.total().count());
      // What is read back was written.
      for (const auto& rank : plan.reads)
        for (const CheckpointExtent& extent : rank)
          RC_ASSERT((extent.offset + extent.length).count() <= end_of_file[extent.file]);
    }
  }));
}

TEST_CASE(
    "model and optimizer: the first copy writes the model, everybody reads its share of both") {
  const Parallelism parallel{2, 2, 2, 1};
  const CheckpointPlan plan =
      plan_checkpoint({Bytes{400}, Bytes{800}}, CheckpointLayout::model_and_optimizer, parallel);
  CHECK(plan.files == 4 + 8);
  CHECK(plan.writes[0].size() == 2);
  CHECK(plan.writes[3].size() == 2);
  CHECK(plan.writes[4].size() == 1); // the second copy: its optimizer share only
  CHECK(plan.writes[4][0].length == Bytes{100});
  CHECK(plan.reads[5].size() == 2);
  CHECK(plan.reads[5][0].file == 1); // the same model share as rank 1
}
