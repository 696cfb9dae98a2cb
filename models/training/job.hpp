// A training job, in the terms of its input pipeline and its step loop. Each struct is one concept;
// a DLIO file and a scenario's `training` section both end up here (models/assembly/build_job.hpp,
// build_training.hpp).
#pragma once

#include "models/storage/data_ready.hpp"
#include "models/training/au.hpp"
#include "models/training/checkpoint_plan.hpp"
#include "models/training/format.hpp"
#include "models/training/sampler.hpp"
#include "sim/base/cause.hpp"
#include "sim/base/parameter.hpp"
#include "sim/base/units.hpp"
#include "sim/kernel/shared_station.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace lustrum::training {

enum class Pipeline : std::uint8_t {
  torch_dataloader, // map-style: workers load whole batches, delivered in order
  torch_iterable,   // each worker streams shards of its own and makes batches of them (WebDataset)
  tf_data,          // parallel readers of record files fill one buffer; DALI too
  synthetic,        // batches are there at once; nothing is read
};

struct DatasetSettings {
  std::vector<FileIndex> files;
  std::uint32_t samples_per_file = 1;
  Bytes record{};    // nominal bytes of one sample
  Bytes read_call{}; // most bytes per read() of the application; 0: one call
  FormatSettings format;
};

// One start of the loader's workers, as a recording shows it.
struct LoaderStart {
  Seconds worker_startup{}; // per worker
  Spread preprocess{};      // per sample
  Seconds delivery{};       // see LoaderSettings
  double cached = 0;        // share of the samples that the recorded host had in its page cache
};

struct LoaderSettings {
  Pipeline pipeline = Pipeline::torch_dataloader;
  std::uint32_t batch_size = 1;
  std::uint32_t workers = 1; // per rank; 0: the rank loads by itself, nothing is prefetched
  std::uint32_t prefetch_batches = 2; // tf_data: batches in the last buffer
  std::uint32_t prefetch_factor = 1;  // torch: batches per worker
  std::uint32_t shuffle_buffer = 0;   // tf_data: samples; torch_iterable: samples of each worker
  std::uint32_t map_calls = 0;        // tf_data: samples decoded at once; 0: in the readers
  bool cache = false;                 // tf_data: later epochs come out of memory, decoded
  bool shuffle = true;
  bool new_order_each_epoch = true;
  Sharding sharding = Sharding::block;
  bool drop_last = true;             // what does not fill a batch on every rank; see Sampler too
  std::uint32_t shuffled_shards = 1; // Sharding::shards
  Bytes local_cache{};               // torch: shards are copied to the host's own disk first
  Spread preprocess;                 // per sample, in the worker
  Seconds worker_startup{};          // per worker, at each epoch, one after the other
  bool persistent_workers = false;   // they are started in the first epoch only
  Seconds handover{};                // of each batch, in the rank: queue, unpickling
  bool pin_memory = true;            // of batches that are copied to the GPU
  // torch: from a worker's end of a batch until the rank can take it; the worker goes on meanwhile.
  Seconds delivery{};
  Seconds cached_read{};             // torch: reading a sample that was cached (LoaderStart)
  std::vector<LoaderStart> starts{}; // [epoch], over and over; empty: all as said above

  LoaderStart start(std::uint32_t epoch) const {
    if (starts.empty()) return {worker_startup, preprocess, delivery, 0};
    return starts[epoch % starts.size()];
  }
};

struct StepSettings {
  Spread compute;
  std::vector<double> compute_s{}; // in place of `compute`: one for each step, over and over
  // Outside load and compute, after `proc` is taken: log line, reduction.
  Seconds overhead_fixed{};
  Seconds overhead_per_rank{};
  Seconds overhead_stdev{};
  std::uint32_t accumulate = 1; // steps from one exchange of gradients (and barrier) to the next
  Bytes gradient{};             // exchanged between all ranks; 0: takes no time
  double overlap = 0;           // share of the compute time, at its end, that the exchange may use
};

// A card of a host: stations to the host and from it.
struct Card {
  kernel::SharedStation* receive = nullptr;
  kernel::SharedStation* send = nullptr;
};

// What the ranks of a host share. 0: without limit, taking no time.
struct HostSettings {
  std::uint32_t vcpus = 0;    // decode samples; 0: every worker has one of its own
  BytesPerSecond gpu_link{};  // host memory to one GPU, pinned memory
  double pageable = 1;        // share of that rate from memory that is not pinned
  BytesPerSecond gpu_links{}; // all GPUs together, each way
  BytesPerSecond disk_read{}; // local NVMe
  BytesPerSecond disk_write{};
  BytesPerSecond gradient_cards{}; // gradients' own cards together, each way
  // Cards that gradients use in place of `gradient_cards`: [client of the job].
  std::vector<std::vector<Card>> cards;
};

enum class CheckpointMode : std::uint8_t {
  sync,       // training waits until all is written
  async,      // it waits for the copy into host memory; the rest is hidden until the next one
  local_disk, // it waits for the host's own disk; from there it drains to the storage
};

struct CheckpointSettings {
  bool enabled = false;
  // When: after epochs, after steps of the whole job, or after a time; 0: not by this.
  std::uint32_t after_epoch = 1; // the first one, counted from 1
  std::uint32_t every_epochs = 0;
  std::uint32_t every_steps = 0;
  Seconds every{};
  // DLIO's: `every_steps` counts anew in each epoch, and such a checkpoint ends a block of AU.
  bool divides_epochs = false;
  CheckpointPlan plan;
  DirectoryIndex directory = kRootDirectory;
  CheckpointMode mode = CheckpointMode::sync;
  bool fsync = true;
  Bytes write_call{};          // most bytes per write(); 0: one call
  std::uint32_t keep_last = 0; // older ones are removed; 0: one set of files, written over
  bool node_local = false;     // each host has its own files, even of the same name
  bool restore_at_start = false;
};

// In place of epochs: checkpoints one after the other. What is read back was written before; or, if
// nothing is written, was there before the run.
struct CheckpointRounds {
  std::uint32_t writes = 0;
  std::uint32_t reads = 0; // \pre at most `writes`, or there are none of those
  Seconds pause{};         // before each

  bool any() const { return writes > 0 || reads > 0; }
};

struct FailureSettings {
  Seconds mtbf{};    // of the whole job; 0: nothing fails
  Seconds restart{}; // until the ranks run again, without reading the checkpoint
};

// Between epochs: batches of a data set of its own, without gradients.
struct EvaluationSettings {
  std::uint32_t every_epochs = 0; // 0: none
  std::uint32_t after_epoch = 0;  // the first one, counted from 1; 0: every_epochs
  bool behind_checkpoint = false; // of the same epoch; else before it
  DatasetSettings dataset;
  std::uint32_t batch_size = 1;
  Spread compute;
  // Of a loader of its own, as recordings show; 0 workers: all as in training.
  std::uint32_t workers = 0;
  Seconds worker_startup{};
  Spread preprocess{};
  Seconds cached_read{};
  std::vector<LoaderStart> starts{};
  std::uint32_t most = 0; // only the first so many; 0: no limit
};

// Python's start: every rank looks for its modules before it does anything.
struct InterpreterSettings {
  std::vector<FileIndex> modules;
  std::uint32_t opens = 0; // of each rank; each file is read whole
  std::uint32_t stats = 0;
};

struct JobSettings {
  JobIndex job{};
  ClientIndex first_client{}; // the clients of the job follow it
  Seconds start{};
  const DataReady* data_ready = nullptr; // what it waits for before anything else; nullptr: nothing
  bool background = false;               // epoch after epoch until the other jobs have ended
  std::uint32_t ranks = 1;
  std::uint32_t ranks_per_client = 1; // GPUs that share a host
  // Ranks that train one copy of the model (tensor x pipeline); the first of them reads for all.
  // \pre divides `ranks`
  std::uint32_t ranks_per_copy = 1;
  // Hosts have different files of the data set: SamplerSettings::parts. \pre divides copies(), and
  // there are as many files
  std::uint32_t data_parts = 1;
  std::uint32_t epochs = 1;
  std::uint32_t epoch_steps = 0; // at most so many; 0: what the data set gives
  std::uint32_t max_steps = 0;   // in all epochs together; 0: no limit
  // Where max_steps cuts an epoch short, workers read ahead as if it went on, up to the job's end.
  bool reads_past_end = false;
  std::uint64_t seed = 0;
  DatasetSettings dataset;
  LoaderSettings loader;
  StepSettings step;
  HostSettings host;
  CheckpointSettings checkpoint;
  CheckpointRounds rounds;
  FailureSettings failures;
  EvaluationSettings evaluation;
  InterpreterSettings interpreter;
  AuSettings au;

  std::uint32_t copies() const { return ranks / ranks_per_copy; } // that read different samples
  std::uint32_t host_of(std::uint32_t rank) const { return rank / ranks_per_client; }
  std::uint32_t hosts() const { return (ranks + ranks_per_client - 1) / ranks_per_client; }
  ClientIndex client_of(std::uint32_t rank) const {
    return ClientIndex{first_client.value() + host_of(rank)};
  }
  SamplerSettings sampler() const;
  std::uint32_t steps_per_epoch() const; // of each rank
  std::uint32_t steps_of_data_set() const;
};

// What became of checkpoints and failures.
struct CheckpointOutcome {
  std::uint32_t saves = 0;   // begun, by all ranks together
  std::uint32_t written = 0; // that are complete
  std::uint32_t failed = 0;  // of which a part could not be written
  Bytes bytes{};             // of one
  Seconds stall{};           // training stood still for them, all together
  Seconds longest_stall{};
  Seconds write_time{}; // from its begin until it is complete: mean
  Seconds restore{};    // reading them back, all together
  std::uint32_t restores = 0;
  std::uint32_t failures = 0;
  Seconds lost{};          // work done again
  Seconds restart{};       // waiting for the ranks to run again
  double goodput = 0;      // time of the steps that counted / makespan
  Seconds mean_interval{}; // from the end of one checkpoint's stall to the next checkpoint
};

// What happened, over all ranks.
struct JobOutcome {
  Seconds makespan{};               // from the job's start
  std::vector<double> epoch_time_s; // of whole epochs; a background job may have none
  std::vector<double> epoch_au;     // ratio, mean over ranks
  std::vector<double> step_time_s;  // of rank 0
  std::uint32_t steps_per_epoch = 0;
  std::uint64_t samples = 0;        // that arrived, of whole epochs
  std::uint64_t failed_samples = 0; // that could not be read: the job went on without them
  std::uint64_t failed_calls = 0;   // of the storage
  TimeAccount gpu_time;             // all ranks' seconds by cause; sums to ranks * makespan
  CheckpointOutcome checkpoints;
};

} // namespace lustrum::training
