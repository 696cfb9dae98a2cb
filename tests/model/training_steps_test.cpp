// Steps: gradients, copies to the GPU, evaluation, Python's start.
#include "tests/model/training_fixture.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::test;
using namespace lustrum::training;
using doctest::Approx;

namespace {

constexpr Bytes kSample{kMib};
constexpr Bytes kGradient{1'000'000'000};

} // namespace

TEST_CASE("all-reduce: 2 (n - 1) / n of the gradients over each host's cards, each way") {
  CHECK(ring_bytes(kGradient, 4, 2) == Bytes{1'500'000'000});
  CHECK(ring_bytes(kGradient, 2, 2) == kGradient);
  CHECK(ring_bytes(kGradient, 8, 1) == Bytes{}); // within one host
}

TEST_CASE("all-reduce takes its bytes over the cards' rate, less what hides behind computing") {
  // 4 ranks on 2 hosts, 1.5 GB over 10 GB/s: 150 ms beside 100 ms of computing. Half of the
  // computing time may hide it: 50 ms.
  for (const double overlap : {0.0, 0.5}) {
    const double time_s = first_of(train_small(
        {},
        [&](JobRun& run) {
          run.job.ranks = 4;
          run.job.ranks_per_client = 2;
          run.job.step.gradient = kGradient;
          run.job.step.overlap = overlap;
          run.job.host.gradient_cards = BytesPerSecond{10e9};
          place_samples(run, run.job.dataset, 160, 1, kSample);
        },
        makespan));
    CHECK(time_s == Approx(10 * (0.25 - 0.1 * overlap)).epsilon(1e-4));
  }
}

TEST_CASE("gradients on given cards: the bytes are on them, and they share them with others") {
  // Two hosts with two cards of 5 GB/s each: 1.5 GB as before, half on each card.
  const std::vector<double> numbers = train_small(
      {},
      [](JobRun& run) {
        run.job.ranks = 4;
        run.job.ranks_per_client = 2;
        run.job.step.gradient = kGradient;
        for (std::uint32_t host = 0; host < 2; ++host) {
          std::vector<Card>& cards = run.job.host.cards.emplace_back();
          for (std::uint32_t card = 0; card < 2; ++card) {
            const auto add = [&](std::string_view pattern) {
              return &run.engine.world().add_shared({"test_nic", pattern, host, card},
                                                    BytesPerSecond{5e9});
            };
            cards.push_back({add("host{}.card{}.rx"), add("host{}.card{}.tx")});
          }
        }
        place_samples(run, run.job.dataset, 160, 1, kSample);
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        const Card& card = run.job.host.cards[1][1];
        return std::vector<double>{outcome.makespan.count(), card.receive->served_bytes(),
                                   card.send->served_bytes()};
      });
  CHECK(first_of(numbers) == Approx(10 * 0.25).epsilon(1e-4));
  CHECK(numbers.at(1) == Approx(10 * 0.75e9));
  CHECK(numbers.at(2) == Approx(10 * 0.75e9));
}

TEST_CASE("accumulation: gradients are exchanged and ranks meet after so many steps only") {
  // 10 steps of 100 ms, an exchange of 150 ms after every fourth and after the last.
  const double time_s = first_of(train_small(
      {},
      [](JobRun& run) {
        run.job.ranks = 4;
        run.job.ranks_per_client = 2;
        run.job.step.gradient = kGradient;
        run.job.step.accumulate = 4;
        run.job.host.gradient_cards = BytesPerSecond{10e9};
        place_samples(run, run.job.dataset, 160, 1, kSample);
      },
      makespan));
  CHECK(time_s == Approx(10 * 0.1 + 3 * 0.15).epsilon(1e-4));
}

TEST_CASE("batches are copied to the GPUs over their links, and those share the host's") {
  // 4 MiB a batch over 100 MiB/s: 40 ms; two GPUs behind one link of the same rate: 80 ms; from
  // memory that is not pinned at half the rate: twice that.
  struct Row {
    double shared_mib_per_s;
    bool pinned;
    double copy_s;
  };
  for (const Row row : {Row{0, true, 0.04}, Row{100, true, 0.08}, Row{0, false, 0.08}}) {
    const double time_s = first_of(train_small(
        {},
        [&](JobRun& run) {
          run.job.ranks = run.job.ranks_per_client = 2;
          run.job.host.gpu_link = BytesPerSecond{100.0 * kMib};
          run.job.host.gpu_links = BytesPerSecond{row.shared_mib_per_s * kMib};
          run.job.host.pageable = 0.5;
          run.job.loader.pin_memory = row.pinned;
          place_samples(run, run.job.dataset, 80, 1, kSample);
        },
        makespan));
    CHECK(time_s == Approx(10 * (kComputeSeconds + row.copy_s)).epsilon(1e-4));
  }
}

TEST_CASE("compute times out of a list are taken in turn") {
  const double time_s = first_of(train_small(
      {},
      [](JobRun& run) {
        run.job.step.compute_s = {0.1, 0.2, 0.6};
        place_samples(run, run.job.dataset, 40, 1, kSample);
      },
      makespan));
  CHECK(time_s == Approx(3 * 0.9 + 0.1).epsilon(1e-6));
}

TEST_CASE("evaluation: its own data set after every so many epochs") {
  // 4 epochs of 10 steps; after the 2nd and 4th, 5 steps of 50 ms on 10 samples.
  const std::vector<double> numbers = train_small(
      {},
      [](JobRun& run) {
        run.job.epochs = 4;
        run.job.evaluation.every_epochs = 2;
        run.job.evaluation.batch_size = 2;
        run.job.evaluation.compute.mean = Seconds{0.05};
        place_samples(run, run.job.dataset, 40, 1, kSample);
        place_samples(run, run.job.evaluation.dataset, 10, 1, kSample);
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        return std::vector<double>{outcome.makespan.count(),
                                   static_cast<double>(run.storage.reads.size())};
      });
  CHECK(first_of(numbers) == Approx(40 * kComputeSeconds + 2 * 5 * 0.05).epsilon(1e-6));
  CHECK(numbers.at(1) == 4 * 40 + 2 * 10);
}

TEST_CASE("Python's start: so many stats and opens by every rank before it does anything") {
  // 3 ranks with 200 stats of 1 ms and 30 opens of 2 ms: 0.26 s before the first step.
  MemoryLatencies latencies;
  latencies.stat = Seconds{0.001};
  latencies.open = Seconds{0.002};
  const std::vector<double> numbers = train_small(
      latencies,
      [](JobRun& run) {
        run.job.ranks = run.job.ranks_per_client = 3;
        run.job.interpreter.opens = 30;
        run.job.interpreter.stats = 200;
        run.job.loader.pipeline = Pipeline::synthetic;
        for (std::uint32_t f = 0; f < 50; ++f)
          run.job.interpreter.modules.push_back(
              run.storage.place_file(kRootDirectory, Bytes{12'000}));
        place_samples(run, run.job.dataset, 120, 1, kSample);
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        return std::vector<double>{outcome.makespan.count(),
                                   static_cast<double>(run.storage.stats.size()),
                                   static_cast<double>(run.storage.reads.size())};
      });
  CHECK(first_of(numbers) == Approx(0.26 + 10 * kComputeSeconds).epsilon(1e-6));
  CHECK(numbers.at(1) == 3 * 200);
  CHECK(numbers.at(2) == 3 * 30);
}
