#include "models/training/training_workload.hpp"

#include <cmath>

namespace lustrum {

// Figures of presets; each is the framework's own default unless it says otherwise.
void TrainingWorkload::apply_preset(std::string_view name) {
  if (name == "webdataset") {
    dataset.format = "tar";
    loader.pipeline = "torch_iterable";
    loader.shuffle_buffer = 1000; // webdataset, filters.py: shuffle(bufsize=1000)
    loader.workers = 4;           // assumed: its documentation's examples
  } else if (name == "tf_data") {
    dataset.format = "tfrecord";
    loader.pipeline = "tf_data";
    dataset.read_call = Bytes{256 * kKib}; // TensorFlow's record buffer
    loader.workers = 16;                   // assumed: interleave's cycle_length of the guide
    loader.map_calls = 16;                 // assumed: one for each reader
    loader.prefetch_batches = 2;
    loader.handover = {}; // threads of one process
  } else if (name == "dali") {
    dataset.format = "tfrecord";
    loader.pipeline = "tf_data";
    dataset.read_call = Bytes{kMib};
    loader.workers = 1;           // each pipeline has one reader thread
    loader.map_calls = 4;         // num_threads of NVIDIA's examples
    loader.prefetch_batches = 2;  // prefetch_queue_depth
    loader.shuffle_buffer = 1024; // initial_fill
    loader.handover = {};
  } else if (name == "mosaic_streaming") {
    dataset.format = "plain";
    loader.pipeline = "torch_dataloader";
    loader.sharding = "shards";
    loader.local_cache = Bytes{kTib};
    loader.shuffled_shards = 4; // assumed: a block of 256 Ki samples of 64 KiB shards of 64 MiB
    loader.workers = 8;         // assumed
    dataset.read_call = Bytes{kMib};
  } else if (name == "dataloader_tuned") {
    loader.workers = 8; // PyTorch's tuning guide: more than 0, by trial; 4 to 8 per GPU are usual
    loader.prefetch_factor = 4;
    loader.pin_memory = true;
    loader.persistent_workers = true;
  }
}

training::Parallelism TrainingWorkload::parallelism(std::uint32_t ranks) const {
  return {step.tensor_parallel, step.pipeline_parallel, ranks / ranks_per_copy(), 0};
}

training::CheckpointSizes TrainingWorkload::checkpoint_sizes(std::uint32_t ranks) const {
  const training::Precision precision{checkpoint.parameter_bytes, checkpoint.optimizer_bytes};
  if (checkpoint.size > Bytes{}) return {.model = checkpoint.size};
  if (const training::ModelShape* model = training::find_model(checkpoint.model))
    return training::sizes_of(*model, parallelism(ranks), precision);
  return training::sizes_of(static_cast<std::uint64_t>(std::llround(checkpoint.parameters)),
                            precision);
}

} // namespace lustrum
