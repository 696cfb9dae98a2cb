#include "models/assembly/build_job.hpp"

#include "models/assembly/build_training.hpp"
#include "models/assembly/local_kind.hpp"
#include "models/training/dlio_checkpoint.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lustrum {

namespace {

// One side of DLIO's two-dimensional record: int(N(sqrt(L), stdev / (2 sqrt(L)))), at least 1. Two
// independent sides make the size on disk. Source: DLIO data_generator.py, get_dimension. The draws
// are ours, the distribution is DLIO's.
double draw_side(const DlioWorkload& dlio, std::uint64_t index) {
  const double root = std::sqrt(dlio.record_length_bytes);
  double side = root;
  if (dlio.record_length_stdev_bytes > 0) {
    constexpr std::uint64_t kGeneratorSeed = 10; // DLIO's, whatever the training seed
    const double z = random::normal(kGeneratorSeed, random::component("dlio.dimension"), index);
    side += z * dlio.record_length_stdev_bytes / (2 * root);
  }
  return std::max(1.0, std::floor(side));
}

Bytes file_size(const DlioWorkload& dlio, std::uint64_t file) {
  const double record = dlio.record_length_stdev_bytes > 0
                            ? draw_side(dlio, 2 * file) * draw_side(dlio, 2 * file + 1)
                            : dlio.record_length_bytes;
  return Bytes{static_cast<std::uint64_t>(
      std::llround(record * static_cast<double>(dlio.num_samples_per_file)))};
}

// How the format's reader calls read(). Sources: recorded DLIO runs (NumPy reads npz in 4 MiB
// pieces), TensorFlow's default record buffer. Into GPU memory neither can read: cuFile does, which
// asks for at most 16 MiB at a time (max_direct_io_size_kb, NVIDIA GPUDirect Storage guide).
Bytes read_call(const DlioWorkload& dlio, bool gds) {
  constexpr Bytes kNumpy{4 * kMib};
  constexpr Bytes kTfRecord{256 * kKib};
  constexpr Bytes kCuFile{16 * kMib};
  if (dlio.transfer_size_bytes > 0)
    return Bytes{static_cast<std::uint64_t>(dlio.transfer_size_bytes)};
  if (gds) return kCuFile;
  return dlio.uses_tfrecord() ? kTfRecord : kNumpy;
}

training::FormatSettings read_format(const DlioWorkload& dlio) {
  using training::Format;
  training::FormatSettings format =
      training::format_defaults(dlio.odirect                                        ? Format::direct
                                : dlio.format == "npz" || dlio.format == "dlio_npz" ? Format::npz
                                : dlio.format == "hdf5" || dlio.format == "hdf5_opt" ? Format::hdf5
                                : dlio.format == "parquet" ? Format::parquet
                                : dlio.uses_tfrecord()     ? Format::tfrecord
                                                           : Format::plain);
  format.row_group_samples = dlio.parquet_row_group_samples;
  format.keep_open = false; // DLIO closes a file after its sample
  return format;
}

// The training set or the one for evaluation: they differ in number only.
struct FileSet {
  std::uint64_t files = 0;
  std::uint32_t subfolders = 0;
};

training::DatasetSettings place_dataset(const DlioWorkload& dlio, const FileSet& set, bool gds,
                                        Storage& storage) {
  training::DatasetSettings dataset;
  dataset.samples_per_file = static_cast<std::uint32_t>(dlio.num_samples_per_file);
  dataset.record = Bytes{static_cast<std::uint64_t>(std::llround(dlio.record_length_bytes))};
  dataset.read_call = read_call(dlio, gds);
  dataset.format = read_format(dlio);
  const std::uint32_t directories = std::max(1U, set.subfolders);
  std::vector<DirectoryIndex> folders;
  for (std::uint32_t d = 0; d < directories; ++d)
    folders.push_back(storage.place_directory(kRootDirectory));
  dataset.files.reserve(set.files);
  for (std::uint64_t f = 0; f < set.files; ++f)
    dataset.files.push_back(storage.place_file(folders[f % directories], file_size(dlio, f)));
  return dataset;
}

training::LoaderSettings build_loader(const WorkloadSettings& workload, const DlioWorkload& dlio) {
  training::LoaderSettings loader;
  // DALI streams record files as tf.data does.
  const bool tensorflow = dlio.data_loader == "tensorflow" || dlio.data_loader == "dali" ||
                          dlio.data_loader == "native_dali";
  const bool synthetic = dlio.data_loader == "synthetic" || dlio.format == "synthetic";
  loader.pipeline = synthetic    ? training::Pipeline::synthetic
                    : tensorflow ? training::Pipeline::tf_data
                                 : training::Pipeline::torch_dataloader;
  loader.batch_size = dlio.batch_size;
  loader.workers = dlio.read_threads;
  loader.prefetch_batches = dlio.prefetch_size;
  loader.prefetch_factor = dlio.prefetch_factor();
  loader.shuffle_buffer = dlio.sample_shuffle != "off" ? dlio.shuffle_size : 0;
  loader.shuffle = tensorflow ? dlio.file_shuffle != "off"
                              : dlio.file_shuffle != "off" || dlio.sample_shuffle != "off";
  loader.new_order_each_epoch = dlio.seed_change_epoch;
  loader.preprocess = {Seconds{dlio.preprocess_time_s}, Seconds{dlio.preprocess_time_stdev_s}};
  if (!tensorflow) loader.worker_startup = workload.worker_startup;
  return loader;
}

// After an epoch, or after steps of an epoch. \source DLIO main.py, _train
void build_checkpoints(const DlioWorkload& dlio, training::JobSettings& job, Storage& storage) {
  if (!dlio.checkpoint) return;
  training::CheckpointSettings& checkpoint = job.checkpoint;
  checkpoint.plan = dlio.checkpoint_plan(job.ranks);
  if (dlio.recovery_rank_shift && job.hosts() > 1)
    training::shift_reads(checkpoint.plan, job.ranks_per_client);
  if (checkpoint.plan.written() == Bytes{}) return;
  checkpoint.enabled = true;
  checkpoint.fsync = dlio.checkpoint_fsync;
  checkpoint.directory = storage.place_directory(kRootDirectory);
  checkpoint.keep_last = std::numeric_limits<std::uint32_t>::max(); // a folder each, none removed
  if (dlio.steps_between_checkpoints >= 0) {
    checkpoint.every_steps = static_cast<std::uint32_t>(dlio.steps_between_checkpoints);
    checkpoint.divides_epochs = true;
  } else {
    checkpoint.after_epoch = std::max(1U, dlio.checkpoint_after_epoch);
    checkpoint.every_epochs = std::max(1U, dlio.epochs_between_checkpoints);
  }
}

// \source DLIO main.py, _checkpoint
void build_rounds(const DlioWorkload& dlio, training::JobSettings& job) {
  const auto count = [](double number) {
    return static_cast<std::uint32_t>(std::max(0.0, number));
  };
  job.epochs = 0;
  job.loader.pipeline = training::Pipeline::synthetic;
  job.checkpoint.every_steps = job.checkpoint.every_epochs = 0;
  job.rounds = {.writes = count(dlio.num_checkpoints_write),
                .reads = count(dlio.num_checkpoints_read),
                .pause = Seconds{std::max(0.0, dlio.time_between_checkpoints_s)}};
}

// \source DLIO main.py, run and _eval
training::EvaluationSettings build_evaluation(const DlioWorkload& dlio, bool gds,
                                              Storage& storage) {
  training::EvaluationSettings evaluation;
  evaluation.every_epochs = std::max(1U, dlio.epochs_between_evals);
  evaluation.after_epoch = std::max(1U, dlio.eval_after_epoch);
  evaluation.behind_checkpoint = true;
  evaluation.dataset =
      place_dataset(dlio, {dlio.num_files_eval, dlio.num_subfolders_eval}, gds, storage);
  evaluation.batch_size = dlio.batch_size_eval;
  evaluation.compute = {Seconds{dlio.eval_time_s}, Seconds{dlio.eval_time_stdev_s}};
  return evaluation;
}

} // namespace

training::JobSettings build_job(const JobContext& context, Storage& storage) {
  const DlioWorkload& dlio = *context.job.dlio;
  const bool gds = context.scenario.network.gds;
  training::JobSettings job = common_settings(context);
  job.checkpoint.node_local = context.scenario.storage_entry.is<LocalDisks>();
  build_checkpoints(dlio, job, storage);
  if (dlio.checkpoint_only()) {
    build_rounds(dlio, job);
    return job;
  }
  job.max_steps =
      dlio.total_training_steps > 0 ? static_cast<std::uint32_t>(dlio.total_training_steps) : 0;
  job.dataset =
      place_dataset(dlio, {dlio.num_files_train, dlio.num_subfolders_train}, gds, storage);
  job.loader = build_loader(context.job.workload, dlio);
  job.step.compute = {Seconds{dlio.computation_time_s}, Seconds{dlio.computation_time_stdev_s}};
  job.au.exclude_start_steps = dlio.exclude_start_steps;
  job.au.exclude_end_steps = dlio.exclude_end_steps;
  if (dlio.evaluates()) job.evaluation = build_evaluation(dlio, gds, storage);
  return job;
}

} // namespace lustrum
