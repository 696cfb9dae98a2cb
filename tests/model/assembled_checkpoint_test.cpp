// A training job's checkpoints in a file system whose data set lies in an archive.
#include "models/assembly/simulate.hpp"
#include "tests/model/assembled_fixture.hpp"
#include "tests/model/child_numbers.hpp"

using namespace lustrum;
using namespace lustrum::test;

TEST_CASE("the checkpoint of a job is a file that the job makes: nothing is restored for it") {
  // One file for each of 8 ranks comes from the archive. After each of two epochs a checkpoint is
  // created, in a file of its own as DLIO does: 2 x 1 MiB, and no ninth restore.
  const auto n = numbers_from_child([] {
    Diagnostics diagnostics;
    const Scenario scenario = scenario_of(
        {.storage = "system: fsx_persistent_2_1000, capacity: 1.2 TiB, hsm: {}",
         .jobs = "[{name: a, nodes: 1, workload: {dlio: workloads/resnet50_h100.yaml, set: "
                 "{dataset.num_files_train: 8, workflow.checkpoint: true, train.epochs: 2, "
                 "model.model_size_bytes: 1048576}}}]"},
        diagnostics);
    REQUIRE(!diagnostics.has_errors());
    const RunResult result = simulate(scenario, "test");
    REQUIRE(result.hsm);
    return std::vector<double>{static_cast<double>(result.hsm->restores),
                               static_cast<double>(result.hsm->resident_files),
                               static_cast<double>(result.metrics.write_bytes),
                               static_cast<double>(result.metrics.errors)};
  });
  CHECK(n.at(0) == 8);
  CHECK(n.at(1) == 8 + 2);
  CHECK(n.at(2) == 2 * 1048576);
  CHECK(n.at(3) == 0);
}
