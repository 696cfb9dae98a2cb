// Input pipelines and formats against closed forms, on a storage of constant latencies.
#include "tests/model/training_fixture.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace lustrum;
using namespace lustrum::test;
using namespace lustrum::training;
using doctest::Approx;

namespace {

constexpr Bytes kSample{kMib};

std::function<std::vector<double>(const JobOutcome&, const JobRun&)> reads_and_bytes() {
  return [](const JobOutcome& outcome, const JobRun& run) {
    double bytes = 0;
    for (const MemoryStorage::Access& read : run.storage.reads)
      bytes += static_cast<double>(read.length);
    return std::vector<double>{outcome.makespan.count(),
                               static_cast<double>(run.storage.reads.size()), bytes};
  };
}

} // namespace

TEST_CASE("infinitely fast storage: AU 100 % for every pipeline and format, less the first batch") {
  // Decoding a sample takes 1 ms, and so nothing once it is hidden behind 100 ms steps. The first
  // batch of 4 is waited for: torch, one worker makes it: 4 ms; iterable the same; tf.data, two
  // readers share it: 2 ms; nothing is read: 0.
  struct Row {
    Pipeline pipeline;
    double fill_s;
  };
  for (const Row row :
       {Row{Pipeline::torch_dataloader, 0.004}, Row{Pipeline::torch_iterable, 0.004},
        Row{Pipeline::tf_data, 0.002}, Row{Pipeline::synthetic, 0}})
    for (std::uint32_t kind = 0; kind < 8; ++kind) {
      CAPTURE(static_cast<int>(row.pipeline));
      CAPTURE(kind);
      const std::vector<double> numbers = train_small(
          {},
          [&](JobRun& run) {
            run.job.loader.pipeline = row.pipeline;
            run.job.loader.preprocess.mean = Seconds{0.001};
            run.job.dataset.format = format_defaults(static_cast<Format>(kind));
            run.job.dataset.read_call = kSample; // streams: one sample at a time
            place_samples(run, run.job.dataset, 20, 4, kSample);
          },
          [](const JobOutcome& outcome, const JobRun&) {
            return std::vector<double>{outcome.makespan.count(), outcome.epoch_au.at(0)};
          });
      const bool one_call = kind == static_cast<std::uint32_t>(Format::direct);
      // A direct stream reads a file of 4 samples whole: two readers decode 4 ms each.
      const double fill_s = row.pipeline == Pipeline::tf_data && one_call ? 0.004 : row.fill_s;
      CHECK(first_of(numbers) == Approx(fill_s + 20 * kComputeSeconds).epsilon(1e-6));
      CHECK(numbers.at(1) == Approx(1).epsilon(1e-6)); // AU leaves the first step out
    }
}

TEST_CASE("shuffle buffers are filled before the first sample comes out") {
  // tf.data: (4 + 6) samples by two readers of 1 ms each; iterable: each worker fills its own, so
  // the first batch takes 10 ms.
  struct Row {
    Pipeline pipeline;
    double fill_s;
  };
  for (const Row row : {Row{Pipeline::tf_data, 0.005}, Row{Pipeline::torch_iterable, 0.010}}) {
    const double time_s = first_of(train_small(
        {},
        [&](JobRun& run) {
          run.job.loader.pipeline = row.pipeline;
          run.job.loader.shuffle_buffer = 6;
          run.job.loader.preprocess.mean = Seconds{0.001};
          place_samples(run, run.job.dataset, 40, 1, kSample);
        },
        makespan));
    CHECK(time_s == Approx(row.fill_s + 10 * kComputeSeconds).epsilon(1e-6));
  }
}

TEST_CASE("tf.data: map calls decode in parallel, apart from reading") {
  // One reader, no time to read; 4 map calls decode the batch of 4 in 1 ms, 2 calls in 2 ms.
  for (const std::uint32_t calls : {2U, 4U}) {
    const double time_s = first_of(train_small(
        {},
        [&](JobRun& run) {
          run.job.loader.pipeline = Pipeline::tf_data;
          run.job.loader.workers = 1;
          run.job.loader.map_calls = calls;
          run.job.loader.preprocess.mean = Seconds{0.001};
          place_samples(run, run.job.dataset, 40, 1, kSample);
        },
        makespan));
    CHECK(time_s == Approx(0.004 / calls + 10 * kComputeSeconds).epsilon(1e-6));
  }
}

TEST_CASE(
    "no prefetch: utilization is t_c / (t_c + t_io), for every pipeline that can do without") {
  // A sample: 1 ms to open, 10 ms to read, 1 ms to close, 3 ms to decode; t_io = 4 x 15 ms.
  MemoryLatencies latencies;
  latencies.open = latencies.close = Seconds{0.001};
  latencies.read = BytesPerSecond{100.0 * kMib};
  for (const Pipeline pipeline : {Pipeline::torch_dataloader, Pipeline::tf_data}) {
    const double utilization = first_of(train_small(
        latencies,
        [&](JobRun& run) {
          run.job.loader.pipeline = pipeline;
          run.job.loader.workers = 0;
          run.job.loader.preprocess.mean = Seconds{0.003};
          place_samples(run, run.job.dataset, 80, 1, kSample);
        },
        [](const JobOutcome& outcome, const JobRun&) {
          return std::vector<double>{outcome.gpu_time[Cause::compute] / outcome.makespan.count()};
        }));
    // tf.data closes the last file of a batch and opens the first of the next while the rank
    // computes: 2 ms of each batch but the first, of which it is 1 ms.
    const bool tf_data = pipeline == Pipeline::tf_data;
    const double t_io_s = tf_data ? 0.059 + 19 * 0.058 : 20 * 0.060;
    CHECK(utilization == Approx(2 / (2 + t_io_s)).epsilon(1e-6));
  }
}

TEST_CASE(
    "exercise 5 (003-35): utilization over latency has its knee at workers x batch / demand") {
  // A worker is at one batch at a time, whatever the prefetch factor: W workers deliver
  // W x batch / latency samples a second, the GPU takes batch / t_c. So utilization is
  // min(1, W t_c / latency): full up to latency = W t_c, half of it at 2 W t_c. The prefetch factor
  // moves nothing in a steady state; the article's workers x prefetch holds for loaders that have
  // so many requests under way at once.
  constexpr std::uint32_t kWorkers = 4;
  for (const std::uint32_t prefetch : {1U, 2U, 4U})
    for (const double ratio : {0.5, 0.95, 1.25, 2.0, 4.0}) {
      CAPTURE(prefetch);
      CAPTURE(ratio);
      MemoryLatencies latencies; // of a sample; a batch takes four times as long
      latencies.open = Seconds{ratio * kWorkers * kComputeSeconds / kBatchSize};
      const double utilization = first_of(train_small(
          latencies,
          [&](JobRun& run) {
            run.job.loader.workers = kWorkers;
            run.job.loader.prefetch_factor = prefetch;
            place_samples(run, run.job.dataset, 1600, 1, kSample);
          },
          [](const JobOutcome& outcome, const JobRun&) {
            return std::vector<double>{outcome.gpu_time[Cause::compute] / outcome.makespan.count()};
          }));
      // The first batch is waited for: at most 4 ratio steps of 400.
      CHECK(utilization == Approx(std::min(1.0, 1 / ratio)).epsilon(0.01 + 0.01 * ratio));
    }
}

TEST_CASE("the DataLoader delivers in order: a late batch holds up those behind it") {
  // Batches of one sample, two workers. Batch 1 takes 1 s to read, the others 10 ms. The rank has
  // batch 0 at 0.01, computes until 0.11, waits for batch 1 until 1.0 though batch 2 has long been
  // there, and goes on with 1, 2 and 3: 1.0 + 3 x 0.1.
  MemoryLatencies latencies;
  latencies.read = BytesPerSecond{100.0 * kMib};
  const double time_s = first_of(train_small(
      latencies,
      [](JobRun& run) {
        run.job.loader.batch_size = 1;
        run.job.loader.shuffle = false;
        run.job.dataset.record = kSample;
        for (const std::uint64_t mib : {1ULL, 100ULL, 1ULL, 1ULL})
          run.job.dataset.files.push_back(
              run.storage.place_file(kRootDirectory, Bytes{mib * kMib}));
      },
      makespan));
  CHECK(time_s == Approx(1.3).epsilon(1e-6));
}

TEST_CASE("decoding on shared processors: their number over the time of one sample, at most") {
  // Two ranks with 8 workers each on a host of 4 processors, 10 ms a sample: 400 samples/s; the
  // GPUs would take 2 x 4 / 0.01 s = 800.
  const double time_s = first_of(train_small(
      {},
      [](JobRun& run) {
        run.job.ranks = run.job.ranks_per_client = 2;
        run.job.loader.workers = 8;
        run.job.loader.preprocess.mean = Seconds{0.010};
        run.job.step.compute.mean = Seconds{0.010};
        run.job.host.vcpus = 4;
        place_samples(run, run.job.dataset, 4000, 1, kSample);
      },
      makespan));
  CHECK(time_s == Approx(4000 / 400.0).epsilon(0.01));
}

TEST_CASE("workers start at every epoch, unless they persist") {
  for (const bool persistent : {false, true}) {
    const double time_s = first_of(train_small(
        {},
        [&](JobRun& run) {
          run.job.epochs = 3;
          run.job.loader.worker_startup = Seconds{0.5};
          run.job.loader.persistent_workers = persistent;
          place_samples(run, run.job.dataset, 40, 1, kSample);
        },
        makespan));
    CHECK(time_s == Approx((persistent ? 1 : 3) * 2 * 0.5 + 30 * kComputeSeconds).epsilon(1e-6));
  }
}

TEST_CASE("the last batch may be smaller: steps and samples with and without drop_last") {
  // 42 samples in batches of 4: 10 steps, or 11 of which the last has 2.
  for (const bool drop : {true, false}) {
    const std::vector<double> numbers = train_small(
        {},
        [&](JobRun& run) {
          run.job.loader.drop_last = drop;
          run.job.loader.sharding = Sharding::distributed;
          place_samples(run, run.job.dataset, 42, 1, kSample);
        },
        reads_and_bytes());
    CHECK(first_of(numbers) == Approx((drop ? 10 : 11) * kComputeSeconds).epsilon(1e-6));
    CHECK(numbers.at(1) == (drop ? 40 : 42));
  }
}

TEST_CASE("of tensor and pipeline groups only the first rank reads, and the others wait for it") {
  // 4 ranks, 2 per copy of the model: 2 readers share 80 samples. A batch takes 4 x 50 ms on one
  // worker of each: t_io = 0.2 > t_c, and all 4 ranks are held up alike.
  MemoryLatencies latencies;
  latencies.open = Seconds{0.050};
  const std::vector<double> numbers = train_small(
      latencies,
      [](JobRun& run) {
        run.job.ranks = run.job.ranks_per_client = 4;
        run.job.ranks_per_copy = 2;
        run.job.loader.workers = 1;
        place_samples(run, run.job.dataset, 80, 1, kSample);
      },
      [](const JobOutcome& outcome, const JobRun& run) {
        std::set<std::uint32_t> readers;
        for (const MemoryStorage::Access& read : run.storage.reads)
          readers.insert(read.caller.process);
        return std::vector<double>{
            outcome.makespan.count(), static_cast<double>(run.storage.reads.size()),
            readers == std::set<std::uint32_t>{0, 2} ? 1.0 : 0.0, outcome.gpu_time[Cause::disk]};
      });
  CHECK(first_of(numbers) == Approx(10 * 0.2 + kComputeSeconds).epsilon(1e-6));
  CHECK(numbers.at(1) == 80);
  CHECK(numbers.at(2) == 1);
  CHECK(numbers.at(3) == Approx(4 * (0.2 + 9 * 0.1)).epsilon(1e-6)); // all waiting is the data's
}

TEST_CASE("tf.data's cache: the second epoch reads nothing") {
  const std::vector<double> numbers = train_small(
      {},
      [](JobRun& run) {
        run.job.epochs = 2;
        run.job.loader.pipeline = Pipeline::tf_data;
        run.job.loader.cache = true;
        place_samples(run, run.job.dataset, 40, 1, kSample);
      },
      reads_and_bytes());
  CHECK(first_of(numbers) == Approx(20 * kComputeSeconds).epsilon(1e-6));
  CHECK(numbers.at(1) == 40);
}

TEST_CASE("streaming: each shard is copied once to a host's disk, for all its ranks and epochs") {
  // 10 shards of 8 samples, two ranks on one host; room for all shards, or for none to stay.
  for (const bool roomy : {true, false}) {
    const std::vector<double> numbers = train_small(
        {},
        [&](JobRun& run) {
          run.job.ranks = run.job.ranks_per_client = 2;
          run.job.epochs = 2;
          run.job.loader.sharding = Sharding::shards;
          run.job.loader.local_cache = roomy ? Bytes{kGib} : Bytes{16 * kMib};
          run.job.host.disk_read = run.job.host.disk_write = BytesPerSecond{1e12};
          place_samples(run, run.job.dataset, 10, 8, kSample);
        },
        reads_and_bytes());
    first_of(numbers);
    if (roomy)
      CHECK(numbers.at(2) == 80.0 * kMib);
    else
      CHECK(numbers.at(2) >= 2 * 80.0 * kMib);
  }
}

TEST_CASE("formats on a map-style loader: the calls that the format says, for each sample") {
  // 16 samples in 4 files, each read once. HDF5: 16 small reads at each of the opens, 2 before each
  // sample. In order with one worker a file is opened once for its 4 samples.
  const std::vector<double> hdf5 = train_small(
      {},
      [](JobRun& run) {
        run.job.loader.workers = 1;
        run.job.loader.shuffle = false;
        run.job.dataset.format = format_defaults(Format::hdf5);
        place_samples(run, run.job.dataset, 4, 4, kSample);
      },
      reads_and_bytes());
  first_of(hdf5);
  CHECK(hdf5.at(1) == 4 * 16 + 16 * 3);
  CHECK(hdf5.at(2) == (4 * 16 + 16 * 2) * 512 + 16.0 * kMib);
  // Parquet without row groups: the footer, and all 4 MiB of the file for each sample.
  const std::vector<double> parquet = train_small(
      {},
      [](JobRun& run) {
        run.job.loader.workers = 1;
        run.job.loader.shuffle = false;
        run.job.dataset.format = format_defaults(Format::parquet);
        place_samples(run, run.job.dataset, 4, 4, kSample);
      },
      reads_and_bytes());
  CHECK(parquet.at(1) == 4 + 16);
  CHECK(parquet.at(2) == 4.0 * 64 * kKib + 16 * 4.0 * kMib);
}
