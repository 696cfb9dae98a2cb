// Jobs whose data comes through pipes: SageMaker's Pipe mode, WebDataset's `pipe:`.
#include "models/training/trainer.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/object_fixture.hpp"

using namespace lustrum;
using namespace lustrum::object;
using namespace lustrum::test;
using doctest::Approx;

namespace {

const Caller kCaller{ClientIndex{0}, JobIndex{0}, 0};

// Makespan, GETs, failed calls, samples. Eight shards of four samples of 1 MB, two epochs of eight
// steps of 10 ms, one rank with two workers.
std::vector<double> train(const ClientSettings& client, training::Pipeline pipeline) {
  return numbers_from_child([&] {
    kernel::Engine engine({});
    const fabric::HostLinks links(engine.world(), {.nic = BytesPerSecond{kBoundless}});
    ObjectService service(engine.world(), round_service(), 1);
    ObjectStorage storage(engine.world(), links, service, with_client(client));
    training::JobSettings job;
    job.loader.pipeline = pipeline;
    job.loader.batch_size = 4;
    job.loader.workers = 2;
    job.loader.prefetch_batches = job.loader.prefetch_factor = 8;
    job.loader.shuffle = true;
    job.dataset.samples_per_file = 4;
    job.dataset.record = Bytes{1'000'000};
    job.epochs = 2;
    job.step.compute.mean = Seconds{0.01};
    for (int f = 0; f < 8; ++f)
      job.dataset.files.push_back(storage.place_file(kRootDirectory, Bytes{4'000'000}));
    training::Trainer trainer(engine, storage, job);
    engine.run();
    const training::JobOutcome outcome = trainer.outcome();
    return std::vector<double>{
        outcome.makespan.count(), static_cast<double>(service.usage().count(RequestClass::get)),
        static_cast<double>(outcome.failed_calls), static_cast<double>(outcome.samples)};
  });
}

} // namespace

TEST_CASE("a pipe brings all objects ahead at once, whoever reads them from end to end") {
  // An object takes 15 ms + 4 MB / 100 MB/s = 55 ms, and ten connections bring all eight at the
  // same time: each epoch 55 ms until its first batch is there, then 8 x 10 ms. Fast File reads a
  // file at a time: four for each worker, with 1 MiB first, so that it takes longer.
  for (const auto pipeline : {training::Pipeline::torch_iterable, training::Pipeline::tf_data}) {
    CAPTURE(static_cast<int>(pipeline));
    const std::vector<double> pipe = train(ClientSettings::sagemaker_pipe(), pipeline);
    CHECK(pipe[0] == Approx(2 * (0.055 + 0.08)).epsilon(0.001));
    CHECK(pipe[1] == 16);
    CHECK(pipe[2] == 0);
    CHECK(pipe[3] == 64);
    CHECK(train(ClientSettings::sagemaker_fast_file(), pipeline)[0] > 1.2 * pipe[0]);
  }
}

TEST_CASE("samples by their index do not come through a pipe") {
  const std::vector<double> numbers =
      train(ClientSettings::webdataset(), training::Pipeline::torch_dataloader);
  CHECK(numbers[2] > 0);
  CHECK(numbers[3] < 64);
}

TEST_CASE("WebDataset's pipes: a process and a connection for each shard, and no way back") {
  // Two objects of 1 MB: 10 ms to start curl, 5 ms to connect, 15 ms to the first byte and 10 ms of
  // data each make 80 ms. One connection that stays takes 5 + 2 x 25 = 55 ms.
  ServiceSettings service = round_service();
  service.connect = Seconds{0.005};
  const auto seconds = [&](const ClientSettings& client) {
    ObjectRun run(service, with_client(client));
    const Outcome& outcome =
        run.start_reading(kCaller, {run.storage.place_file(kRootDirectory, Bytes{1'000'000}),
                                    run.storage.place_file(kRootDirectory, Bytes{1'000'000})});
    const double time_s = run.finish();
    CHECK(outcome.ok());
    return time_s;
  };
  CHECK(seconds(ClientSettings::webdataset()) == Approx(0.08));
  CHECK(seconds(ClientSettings::naive()) == Approx(0.055));
  ObjectRun run(service, with_client(ClientSettings::webdataset()));
  const FileIndex file = run.storage.place_file(kRootDirectory, Bytes{1'000'000});
  const auto jump = [&](Outcome& outcome) -> kernel::Task {
    std::unique_ptr<OpenFile> open;
    co_await run.storage.open(kCaller, file, {}, open, outcome);
    co_await run.storage.read(*open, Bytes{1000}, Bytes{1000}, outcome);
    co_await run.storage.close(std::move(open), outcome);
  };
  Outcome outcome;
  run.world.spawn(jump(outcome), {"jump", 0});
  run.finish();
  CHECK(outcome.error == StorageError::io);
}
