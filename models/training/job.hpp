// A training job, in the terms of its input pipeline and its step loop.
#pragma once

#include "models/training/au.hpp"
#include "sim/base/cause.hpp"
#include "sim/base/parameter.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <vector>

namespace lustrum::training {

enum class Pipeline : std::uint8_t {
  torch_dataloader, // workers load whole batches, delivered in order
  tf_data,          // parallel readers of record files fill one buffer
};

struct DatasetSettings {
  std::vector<FileIndex> files;
  std::uint32_t samples_per_file = 1;
  Bytes record{};    // nominal bytes of one sample
  Bytes read_call{}; // bytes per read() of the application
};

struct LoaderSettings {
  Pipeline pipeline = Pipeline::torch_dataloader;
  std::uint32_t batch_size = 1;
  std::uint32_t workers = 1; // per rank; 0: the rank loads by itself, nothing is prefetched
  std::uint32_t prefetch_batches = 2; // tf_data: batches in the last buffer
  std::uint32_t prefetch_factor = 1;  // torch: batches per worker
  std::uint32_t shuffle_buffer = 0;   // tf_data: samples
  bool shuffle = true;
  bool new_order_each_epoch = true;
  Spread preprocess;        // per sample, in the worker
  Seconds worker_startup{}; // per worker, at each epoch, one after the other
};

struct StepSettings {
  Spread compute;
  // Outside load and compute, after `proc` is taken: log line, reduction.
  Seconds overhead_fixed{};
  Seconds overhead_per_rank{};
  Seconds overhead_stdev{};
};

struct CheckpointSettings {
  bool enabled = false;
  std::uint32_t after_epoch = 1; // the first one, counted from 1
  std::uint32_t every_epochs = 1;
  FileIndex file{}; // written by rank 0, each time over
  Bytes size{};
};

struct JobSettings {
  JobIndex job{};
  ClientIndex first_client{}; // the clients of the job follow it
  Seconds start{};
  bool background = false; // epoch after epoch until the other jobs have ended
  std::uint32_t ranks = 1;
  std::uint32_t ranks_per_client = 1; // GPUs that share a host
  std::uint32_t epochs = 1;
  std::uint32_t max_steps = 0; // in all epochs together; 0: no limit
  std::uint64_t seed = 0;
  DatasetSettings dataset;
  LoaderSettings loader;
  StepSettings step;
  CheckpointSettings checkpoint;
  AuSettings au;
};

// What happened, over all ranks.
struct JobOutcome {
  Seconds makespan{};               // from the job's start
  std::vector<double> epoch_time_s; // of whole epochs; a background job may have none
  std::vector<double> epoch_au;     // ratio, mean over ranks
  std::vector<double> step_time_s;  // of rank 0
  std::uint32_t steps_per_epoch = 0;
  std::uint64_t samples = 0;
  std::uint64_t failed_calls = 0; // of the storage; their samples count as loaded
  TimeAccount gpu_time;           // all ranks' seconds by cause; sums to ranks * makespan
};

} // namespace lustrum::training
