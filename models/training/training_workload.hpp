// A training job as a scenario's `workload.training` describes it: one struct for each concept. The
// defaults are PyTorch's where PyTorch has one.
//
//   auto job = with_defaults<TrainingWorkload>(TrainingWorkload::parameters());
//   job.apply_preset("webdataset"); // before what is written beside it
#pragma once

#include "models/training/checkpoint_plan.hpp"
#include "sim/base/parameter.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lustrum {

struct TrainingWorkload {
  struct Dataset {
    std::string format;
    std::uint32_t files = 0;
    std::uint32_t samples_per_file = 0;
    Bytes sample_size{};
    std::uint32_t directories = 0;
    Bytes read_call{};
    std::uint32_t row_group_samples = 0;
    bool gpu_direct = false;
  };
  struct Loader {
    std::string pipeline;
    std::uint32_t batch_size = 0;
    std::uint32_t workers = 0;
    std::uint32_t prefetch_factor = 0;
    std::uint32_t prefetch_batches = 0;
    bool shuffle = false;
    std::uint32_t shuffle_buffer = 0;
    std::uint32_t map_calls = 0;
    bool cache = false;
    std::string sharding;
    bool drop_last = false;
    std::uint32_t shuffled_shards = 0;
    Bytes local_cache{};
    bool persistent_workers = false;
    Seconds handover{};
    bool pin_memory = false;
    Spread decode;
  };
  struct Step {
    Spread compute;
    std::vector<std::string> compute_list;
    std::uint32_t accumulate = 1;
    Bytes gradient{};
    double overlap = 0;
    std::string gradient_network;
    std::uint32_t tensor_parallel = 1;
    std::uint32_t pipeline_parallel = 1;
  };
  struct Host {
    std::uint32_t vcpus = 0;
    BytesPerSecond gpu_link{};
    BytesPerSecond gpu_links{};
    double pageable = 1;
    BytesPerSecond disk_read{};
    BytesPerSecond disk_write{};
    BytesPerSecond gradient_cards{};
  };
  struct Evaluation {
    std::uint32_t every_epochs = 0;
    std::uint32_t files = 0;
    std::uint32_t batch_size = 0;
    Spread compute;
  };
  struct Checkpoint {
    std::uint32_t every_epochs = 0;
    std::uint32_t every_steps = 0;
    Seconds every{};
    std::string model;
    double parameters = 0;
    double parameter_bytes = 0;
    double optimizer_bytes = 0;
    Bytes size{};
    std::string layout;
    std::string mode;
    bool fsync = false;
    Bytes write_call{};
    std::uint32_t keep_last = 0;
    bool restore_at_start = false;
  };
  struct Failures {
    Seconds mtbf{};
    Seconds restart{};
  };
  struct Interpreter {
    std::uint32_t calls_per_node = 0;
  };

  std::string preset;
  std::uint32_t epochs = 1;
  std::uint32_t steps = 0;
  double au_threshold = 0;
  Dataset dataset;
  Loader loader;
  Step step;
  Host host;
  Evaluation evaluation;
  Checkpoint checkpoint;
  Failures failures;
  Interpreter interpreter;

  static const ParameterTable& parameters();
  // Puts a framework's usual choices in the place of the defaults; `none` changes nothing.
  void apply_preset(std::string_view name);

  std::uint64_t samples() const { return std::uint64_t{dataset.files} * dataset.samples_per_file; }
  std::uint32_t ranks_per_copy() const { return step.tensor_parallel * step.pipeline_parallel; }
  bool writes_checkpoints() const {
    return checkpoint.every_epochs > 0 || checkpoint.every_steps > 0 ||
           checkpoint.every > Seconds{} || checkpoint.restore_at_start;
  }
  // Of one checkpoint. \pre ranks is a multiple of ranks_per_copy()
  training::CheckpointSizes checkpoint_sizes(std::uint32_t ranks) const;
  training::Parallelism parallelism(std::uint32_t ranks) const;
};

} // namespace lustrum
