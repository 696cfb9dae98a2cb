// Jobs beside each other on one storage: when each begins and ends, and on whose clients it runs.
#include "models/training/trainer.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/memory_storage.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

// One rank, batches of one file of 1 MiB, 0.1 s of compute a step; storage takes 1 ms a file.
training::JobSettings small_job(Storage& storage, std::uint32_t files) {
  training::JobSettings job;
  job.dataset.record = Bytes{kMib};
  job.dataset.read_call = Bytes{kMib};
  for (std::uint32_t f = 0; f < files; ++f)
    job.dataset.files.push_back(storage.place_file(kRootDirectory, Bytes{kMib}));
  job.step.compute.mean = Seconds{0.1};
  return job;
}

} // namespace

TEST_CASE("a training job may start later, on clients of its own") {
  // 10 steps: the first waits 1 ms, the others' files come during compute: 1.001 s.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.open = Seconds{0.001}});
    const training::JobSettings first = small_job(storage, 10);
    training::JobSettings second = small_job(storage, 10);
    second.job = JobIndex{1};
    second.first_client = ClientIndex{5};
    second.start = Seconds{0.5};
    training::Trainer a(engine, storage, first);
    training::Trainer b(engine, storage, second);
    engine.run();
    double on_client_5 = 0;
    for (const auto& read : storage.reads)
      on_client_5 += read.caller.client == ClientIndex{5} && read.caller.job == JobIndex{1} ? 1 : 0;
    return std::vector<double>{a.outcome().makespan.count(),   b.outcome().makespan.count(),
                               engine.clock().count(),         on_client_5,
                               b.outcome().epoch_time_s.at(0), b.outcome().gpu_time.total()};
  });
  CHECK(n.at(0) == Approx(1.001));
  CHECK(n.at(1) == Approx(1.001));
  CHECK(n.at(2) == Approx(1.501));
  CHECK(n.at(3) == 10);
  CHECK(n.at(4) == Approx(1.001));
  CHECK(n.at(5) == Approx(1.001));
}

TEST_CASE("a background training job goes on until the others have ended") {
  // Its epochs of 3 steps take 0.301 s: 3 whole ones within 1.001 s, and the rest is cut short.
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    MemoryStorage storage(engine.world(), {.open = Seconds{0.001}});
    const training::JobSettings first = small_job(storage, 10);
    training::JobSettings second = small_job(storage, 3);
    second.background = true;
    training::Trainer a(engine, storage, first);
    training::Trainer b(engine, storage, second);
    engine.run();
    const training::JobOutcome outcome = b.outcome();
    return std::vector<double>{engine.clock().count(),
                               outcome.makespan.count(),
                               static_cast<double>(outcome.epoch_time_s.size()),
                               static_cast<double>(outcome.samples),
                               outcome.gpu_time.total(),
                               outcome.gpu_time[Cause::compute]};
  });
  CHECK(n.at(0) == Approx(1.001));
  CHECK(n.at(1) == Approx(1.001));
  CHECK(n.at(2) == 3);
  CHECK(n.at(3) == 9);
  CHECK(n.at(4) == Approx(1.001));
  CHECK(n.at(5) == Approx(0.9)); // what was under way at the end is `other`
}

TEST_CASE("an engine ends with its last regular actor") {
  const auto n = numbers_from_child([] {
    kernel::Engine engine({});
    double ticks = 0;
    engine.add_actor(
        "daemon",
        [&] {
          for (;;) {
            engine.sleep(Seconds{1});
            ++ticks;
          }
        },
        kernel::ActorKind::background);
    engine.add_actor("short", [&] { engine.sleep(Seconds{2.5}); });
    engine.add_actor("long", [&] { engine.sleep(Seconds{4.5}); });
    engine.run();
    return std::vector<double>{engine.clock().count(), ticks};
  });
  CHECK(n.at(0) == Approx(4.5));
  CHECK(n.at(1) == 4);
}
