// A training job as a DLIO / MLPerf Storage workload file describes it, under DLIO's own names.
// Bare numbers are in bytes and seconds, as in those files, so that a file is taken unchanged.
//
//   DlioWorkload job = with_defaults<DlioWorkload>(DlioWorkload::parameters());
//   job.num_files_train = 1024;
//   job.steps_per_epoch(64); // floor(files x samples per file / batch / ranks)
#pragma once

#include "models/training/checkpoint_plan.hpp"
#include "sim/base/parameter.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lustrum {

struct DlioWorkload {
  std::string model_name;
  std::string framework; // pytorch or tensorflow

  bool train = true;
  bool checkpoint = false;
  bool evaluation = false;

  // Data set.
  std::string data_folder;
  std::string format;
  std::uint64_t num_files_train = 0;
  std::uint64_t num_samples_per_file = 0;
  std::uint32_t num_subfolders_train = 0; // 0: all files in one directory
  double record_length_bytes = 0;         // of one sample in its file
  double record_length_stdev_bytes = 0;
  std::uint32_t parquet_row_group_samples = 0; // 0: a file is one

  std::uint64_t num_files_eval = 0;
  std::uint32_t num_subfolders_eval = 0;

  // Reader.
  std::string data_loader; // pytorch, tensorflow, dali ...
  std::uint32_t batch_size = 0;
  std::uint32_t read_threads = 0;  // PyTorch: workers of a rank; 0 reads in the rank itself
  std::uint32_t prefetch_size = 0; // batches
  std::string file_shuffle;        // off, seed or random
  std::string sample_shuffle;
  std::uint32_t shuffle_size = 0;
  bool odirect = false;           // one read past the page cache for a whole file
  double transfer_size_bytes = 0; // of one read of a TFRecord file; 0: the framework's own
  double preprocess_time_s = 0;   // per sample, in the loader
  double preprocess_time_stdev_s = 0;

  // Training.
  std::uint32_t epochs = 0;
  double computation_time_s = 0; // per step
  double computation_time_stdev_s = 0;
  double total_training_steps = 0; // in all epochs together; -1: no limit
  std::uint64_t seed = 0;
  bool seed_change_epoch = true;

  // Evaluation after epochs.
  std::uint32_t batch_size_eval = 0;
  double eval_time_s = 0; // per step
  double eval_time_stdev_s = 0;
  std::uint32_t eval_after_epoch = 0;
  std::uint32_t epochs_between_evals = 0;

  // Checkpoints.
  std::string checkpoint_folder;
  std::uint32_t checkpoint_after_epoch = 0;
  std::uint32_t epochs_between_checkpoints = 0;
  double steps_between_checkpoints = 0; // within an epoch; negative: after epochs
  bool checkpoint_fsync = false;
  double model_size_bytes = 0;
  // Without training.
  double num_checkpoints_write = 0;
  double num_checkpoints_read = 0;
  double time_between_checkpoints_s = 0;
  bool recovery_rank_shift = false; // a rank reads what that of the next node wrote

  // Model: a transformer where it has layers.
  struct Model {
    double num_layers = 0;
    std::string datatype;
    std::string optimizer_datatype;
    std::uint32_t tensor = 1;
    std::uint32_t pipeline = 1;
    double data = 0; // copies; negative: as many as the ranks give
    std::uint32_t zero_stage = 0;
    std::uint64_t vocab_size = 0;
    std::uint64_t hidden_size = 0;
    std::uint64_t ffn_hidden_size = 0;
    std::uint64_t heads = 0;
    std::uint64_t kv_heads = 0;
  } model;

  // Metric.
  double au_threshold = 0;
  std::uint32_t exclude_start_steps = 0; // by the formula of v2.0
  std::uint32_t exclude_end_steps = 0;

  // Where the values of keys without effect go; nothing reads them.
  struct WithoutEffect {
    bool flag = false;
    double number = 0;
    std::string text;
    std::vector<std::string> list;
  } without_effect;

  // Every key of DLIO, those without effect as well. Two keys of one meaning share a field.
  static const ParameterTable& parameters();

  bool uses_tfrecord() const { return format == "tfrecord"; }
  double samples_per_epoch() const {
    return static_cast<double>(num_files_train) * static_cast<double>(num_samples_per_file);
  }
  // The benchmark writes and reads checkpoints and does nothing else.
  bool checkpoint_only() const { return !train && checkpoint; }
  bool writes_checkpoints() const { return checkpoint && (train || num_checkpoints_write > 0); }
  bool evaluates() const { return train && evaluation && num_files_eval > 0; }
  // How the ranks share the model. A `data` too small for them counts as what they give. \pre ranks
  // > 0
  training::Parallelism parallelism(std::uint32_t ranks) const;
  // Who writes what of one checkpoint. \pre ranks > 0
  training::CheckpointPlan checkpoint_plan(std::uint32_t ranks) const;
  // As DLIO counts: what does not fill a batch on every rank is dropped. \pre ranks > 0
  std::uint64_t steps_per_epoch(std::uint32_t ranks) const;
  // PyTorch's prefetch_factor: batches that one worker reads ahead.
  std::uint32_t prefetch_factor() const;
};

} // namespace lustrum
