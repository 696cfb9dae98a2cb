// Samples that never arrive: the job goes on without them, and says how many they were.
#include "tests/model/training_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::training;
using namespace lustrum::test;

TEST_CASE("samples of files that are not there are no samples, with every loader") {
  // Ten files of four samples, of which three are missing: 28 samples arrive, 12 do not. One epoch
  // of ten batches of four; each of the two workers of the iterable loader reads five files.
  for (const Pipeline pipeline :
       {Pipeline::torch_dataloader, Pipeline::torch_iterable, Pipeline::tf_data}) {
    CAPTURE(static_cast<int>(pipeline));
    const std::vector<double> numbers = train_small(
        {.open = Seconds{0.001}},
        [&](JobRun& run) {
          run.job.loader.pipeline = pipeline;
          place_samples(run, run.job.dataset, 10, 4, Bytes{1000});
          for (const std::size_t gone : {1U, 5U, 8U})
            run.job.dataset.files[gone] = run.storage.reserve_file(kRootDirectory);
        },
        [](const JobOutcome& outcome, const JobRun&) {
          return std::vector<double>{static_cast<double>(outcome.samples),
                                     static_cast<double>(outcome.failed_samples),
                                     static_cast<double>(outcome.failed_calls),
                                     static_cast<double>(outcome.epoch_time_s.size())};
        });
    REQUIRE(numbers.size() == 5);
    CHECK(numbers[0] == 28);
    CHECK(numbers[1] == 12);
    CHECK(numbers[2] >= 3);
    CHECK(numbers[3] == 1);
    CHECK(numbers[4] == 1);
  }
}
