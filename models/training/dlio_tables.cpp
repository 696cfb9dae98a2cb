// The keys of a DLIO workload file.
// \source argonne-lcf/dlio_benchmark, utils/config.py: branches mlperf_storage_v0.5 to v2.0 and
// main
#include "models/training/dlio_workload.hpp"

#include <initializer_list>
#include <limits>

namespace lustrum {
namespace {

using D = DlioWorkload;
using Ignored = DlioWorkload::WithoutEffect;

constexpr double kMostSeconds = 1e6; // of a step or a sample; more would swallow all other times
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kDlio = "DLIO's default";

// Rows of keys that are read and checked, but change nothing here.
Parameter flag(std::string_view key, std::string_view default_text, std::string_view doc) {
  return {.key = key,
          .field = field<&D::without_effect, &Ignored::flag>,
          .default_text = default_text,
          .doc = doc,
          .source = kDlio,
          .has_effect = false};
}

Parameter number(std::string_view key, std::string_view default_text, std::string_view doc) {
  return {.key = key,
          .field = field<&D::without_effect, &Ignored::number>,
          .default_text = default_text,
          .doc = doc,
          .source = kDlio,
          .has_effect = false};
}

Parameter text(std::string_view key, std::string_view default_text, std::string_view doc) {
  return {.key = key,
          .field = field<&D::without_effect, &Ignored::text>,
          .default_text = default_text,
          .doc = doc,
          .source = kDlio,
          .has_effect = false};
}

Parameter list(std::string_view key, std::string_view doc) {
  return {.key = key,
          .field = field<&D::without_effect, &Ignored::list>,
          .default_text = "[]",
          .doc = doc,
          .source = kDlio,
          .has_effect = false};
}

// Rows of keys that count. A bare number has DLIO's unit, named in its sentence.
Parameter row(std::string_view key, FieldRef (*where)(void*), std::string_view default_text,
              std::string_view doc, double min = 0, double max = kInfinity) {
  return {.key = key,
          .field = where,
          .default_text = default_text,
          .min = min,
          .max = max,
          .doc = doc,
          .source = kDlio};
}

Parameter choice(std::string_view key, FieldRef (*where)(void*), std::string_view default_text,
                 std::vector<std::string_view> choices, std::string_view doc) {
  return {.key = key,
          .field = where,
          .default_text = default_text,
          .choices = std::move(choices),
          .doc = doc,
          .source = kDlio};
}

ParameterTable job_rows() {
  return {
      row("model.name", field<&D::model_name>, "default", "Name of the model, for reports."),
      choice("framework", field<&D::framework>, "tensorflow", {"pytorch", "tensorflow"},
             "Framework, and with it how the loader reads."),
      row("workflow.train", field<&D::train>, "true",
          "Whether to train; false with workflow.checkpoint: checkpoints are written and read "
          "back, "
          "nothing else."),
      row("workflow.checkpoint", field<&D::checkpoint>, "false", "Whether to write checkpoints."),
      flag("workflow.generate_data", "false", "The data set exists before the run."),
      row("workflow.evaluation", field<&D::evaluation>, "false", "Evaluation after epochs."),
      flag("workflow.profiling", "false", "Profiling of the benchmark."),
      flag("workflow.debug", "false", "Waits for a key at the start."),
      row("metric.au", field<&D::au_threshold>, "0.90",
          "Accelerator utilization (AU) that the run must reach.", 0, 1),
      row("metric.exclude_start_steps", field<&D::exclude_start_steps>, "1",
          "Steps at the start of an epoch that AU leaves out."),
      row("metric.exclude_end_steps", field<&D::exclude_end_steps>, "0",
          "Steps at the end of an epoch that AU leaves out."),
      row("output.metric.exclude_start_steps", field<&D::exclude_start_steps>, "1",
          "Steps at the start of an epoch that AU leaves out."),
      row("output.metric.exclude_end_steps", field<&D::exclude_end_steps>, "0",
          "Steps at the end of an epoch that AU leaves out."),
  };
}

ParameterTable dataset_rows() {
  return {
      row("dataset.data_folder", field<&D::data_folder>, "./data/", "A name only."),
      choice("dataset.format", field<&D::format>, "tfrecord",
             {"tfrecord", "hdf5", "hdf5_opt", "csv", "npz", "npy", "dlio_npz", "jpeg", "png",
              "indexed_binary", "mmap_indexed_binary", "synthetic", "parquet"},
             "Format of the files: what is read of one for a sample."),
      row("dataset.num_files_train", field<&D::num_files_train>, "8", "Files of the data set.", 1,
          1e9),
      row("dataset.num_samples_per_file", field<&D::num_samples_per_file>, "1",
          "Samples in each file.", 1, 1e12),
      row("dataset.num_subfolders_train", field<&D::num_subfolders_train>, "0",
          "Directories the files are spread over; 0: all in one."),
      row("dataset.record_length", field<&D::record_length_bytes>, "65536",
          "Size of a sample in its file, bytes (name until MLPerf Storage v1.0).", 1),
      row("dataset.record_length_bytes", field<&D::record_length_bytes>, "65536",
          "Size of a sample in its file, bytes.", 1),
      row("dataset.record_length_stdev", field<&D::record_length_stdev_bytes>, "0",
          "Standard deviation of it, bytes (name until MLPerf Storage v1.0)."),
      row("dataset.record_length_bytes_stdev", field<&D::record_length_stdev_bytes>, "0",
          "Standard deviation of it, bytes."),
      number("dataset.record_length_resize", "0", "Size of a sample in memory after decoding."),
      number("dataset.record_length_bytes_resize", "0",
             "Size of a sample in memory after decoding, bytes."),
      row("dataset.num_files_eval", field<&D::num_files_eval>, "0", "Files of the evaluation set.",
          0, 1e9),
      row("dataset.num_subfolders_eval", field<&D::num_subfolders_eval>, "0",
          "Directories the evaluation set is spread over; 0: all in one."),
      text("dataset.file_prefix", "img", "First part of the files' names."),
      text("dataset.compression", "none", "Compression of the generated files."),
      number("dataset.compression_level", "4", "Level of it."),
      flag("dataset.chunking", "false", "HDF5 chunking (old name)."),
      flag("dataset.enable_chunking", "false", "HDF5 chunking."),
      number("dataset.chunk_size", "0", "HDF5 chunk, bytes."),
      flag("dataset.keep_files", "true", "Whether generated files stay."),
      number("dataset.generation_buffer_size", "2147483648", "Buffer of the generator, bytes."),
      number("dataset.record_element_bytes", "4", "Size of one element."),
      text("dataset.record_element_type", "uint8", "Type of one element."),
      list("dataset.record_dims", "Shape of a record."),
      list("dataset.hdf5.chunk_dims", "Shape of an HDF5 chunk."),
      number("dataset.hdf5.num_dset_per_record", "1", "HDF5 data sets per record."),
      list("dataset.hdf5.max_shape", "Largest shape of an HDF5 data set."),
      row("dataset.parquet.row_group_size", field<&D::parquet_row_group_samples>, "0",
          "Samples of a Parquet row group, which is read whole; 0: a file is one.", 0, 4e9),
      text("dataset.parquet.read_mode", "row_group", "Here always by row groups."),
      list("dataset.parquet.columns", "Columns; here all of them are read."),
  };
}

ParameterTable reader_rows() {
  const std::vector<std::string_view> shuffles{"off", "seed", "random"};
  return {
      choice("reader.data_loader", field<&D::data_loader>, "tensorflow",
             {"pytorch", "tensorflow", "dali", "native_dali", "synthetic", "dlio_pytorch"},
             "Loader: `pytorch` has worker processes, each reading whole batches; `tensorflow` and "
             "`dali` read files in parallel streams; `synthetic` reads nothing."),
      row("reader.batch_size", field<&D::batch_size>, "1", "Samples of a step on one rank.", 1),
      row("reader.read_threads", field<&D::read_threads>, "1",
          "Workers of a rank (PyTorch), or files read at a time (TensorFlow); 0: the rank itself "
          "reads.",
          0, 4096),
      row("reader.prefetch_size", field<&D::prefetch_size>, "2",
          "Batches read ahead; spread over the workers and rounded up, at least one each.", 0,
          65536),
      choice("reader.file_shuffle", field<&D::file_shuffle>, "off", shuffles,
             "Order of the files: as they are, or permuted by the seed."),
      choice("reader.sample_shuffle", field<&D::sample_shuffle>, "off", shuffles,
             "Order of the samples: as they are, or permuted by the seed."),
      row("reader.shuffle_size", field<&D::shuffle_size>, "1024",
          "Samples of TensorFlow's shuffle buffer."),
      row("reader.transfer_size", field<&D::transfer_size_bytes>, "0",
          "Size of one read of a TFRecord file, bytes; 0: the framework's own, 256 KiB."),
      row("reader.preprocess_time", field<&D::preprocess_time_s>, "0",
          "Processor time per sample in the loader, seconds.", 0, kMostSeconds),
      row("reader.preprocess_time_stdev", field<&D::preprocess_time_stdev_s>, "0",
          "Standard deviation of it, seconds.", 0, kMostSeconds),
      text("reader.preprocess_time_type", "normal", "Distribution of it; here always normal."),
      number("reader.computation_threads", "1", "Threads that decode."),
      row("reader.batch_size_eval", field<&D::batch_size_eval>, "1",
          "Samples of a step of evaluation on one rank.", 1),
      text("reader.read_type", "on_demand", "Read when needed, or all into memory first."),
      text("reader.file_access", "multi", "One file shared, or many."),
      flag("reader.pin_memory", "true", "Pinned host memory."),
      flag("reader.dont_use_mmap", "false", "DALI without mmap."),
      row("reader.odirect", field<&D::odirect>, "false",
          "A file is read past the page cache in one call, as DLIO's O_DIRECT readers do."),
      text("reader.multiprocessing_context", "fork", "How workers are started."),
      text("reader.reader_classname", "", "A reader class of one's own."),
      text("reader.data_loader_classname", "", "A loader class of one's own."),
      text("reader.data_loader_sampler", "", "Sampler of such a loader."),
      list("reader.transformed_record_dims", "Shape of a record after decoding."),
      text("reader.transformed_record_element_type", "uint8", "Type of it."),
  };
}

ParameterTable train_rows() {
  return {
      row("train.epochs", field<&D::epochs>, "1", "Epochs.", 1, 1e6),
      row("train.computation_time", field<&D::computation_time_s>, "0",
          "Compute time of a step, seconds; or a mapping of mean and stdev.", 0, kMostSeconds),
      row("train.computation_time_stdev", field<&D::computation_time_stdev_s>, "0",
          "Standard deviation of it, seconds.", 0, kMostSeconds),
      text("train.computation_time_type", "normal", "Distribution of it; here always normal."),
      row("train.total_training_steps", field<&D::total_training_steps>, "-1",
          "Steps of the whole run at most; -1: no limit.", -1, 4e9),
      row("train.seed", field<&D::seed>, "123", "Seed of the order of samples."),
      row("train.seed_change_epoch", field<&D::seed_change_epoch>, "true",
          "Whether each epoch has an order of its own."),
      row("evaluation.eval_time", field<&D::eval_time_s>, "0",
          "Compute time of a step of evaluation, seconds; or a mapping of mean and stdev.", 0,
          kMostSeconds),
      row("evaluation.eval_time_stdev", field<&D::eval_time_stdev_s>, "0",
          "Standard deviation of it, seconds.", 0, kMostSeconds),
      text("evaluation.eval_time_type", "normal", "Distribution of it; here always normal."),
      row("evaluation.eval_after_epoch", field<&D::eval_after_epoch>, "1",
          "First epoch with an evaluation after it."),
      row("evaluation.epochs_between_evals", field<&D::epochs_between_evals>, "1",
          "Epochs from one evaluation to the next.", 1),
  };
}

ParameterTable checkpoint_rows() {
  return {
      row("checkpoint.checkpoint_folder", field<&D::checkpoint_folder>, "./checkpoints/",
          "A name only."),
      row("checkpoint.checkpoint_after_epoch", field<&D::checkpoint_after_epoch>, "1",
          "First epoch with a checkpoint after it."),
      row("checkpoint.epochs_between_checkpoints", field<&D::epochs_between_checkpoints>, "1",
          "Epochs from one checkpoint to the next.", 1),
      row("checkpoint.steps_between_checkpoints", field<&D::steps_between_checkpoints>, "-1",
          "Steps from one checkpoint to the next, counted anew in each epoch; then none follows an "
          "epoch as such. -1: only after epochs.",
          -1, 4e9),
      row("checkpoint.model_size", field<&D::model_size_bytes>, "10240",
          "Size of a checkpoint, bytes (name until MLPerf Storage v1.0)."),
      row("model.model_size", field<&D::model_size_bytes>, "10240", "Size of a checkpoint, bytes."),
      row("model.model_size_bytes", field<&D::model_size_bytes>, "10240",
          "Size of a checkpoint, bytes."),
      row("checkpoint.fsync", field<&D::checkpoint_fsync>, "false",
          "fsync() ends each file; without, pages may still be dirty in the client."),
      text("checkpoint.type", "rank_zero",
           "As in DLIO v2.0 without effect: model.parallelism says which ranks write."),
      text("checkpoint.mode", "default",
           "A name only: fewer ranks than the model's write the part that is theirs."),
      text("checkpoint.checkpoint_mechanism_classname", "", "A writer class of one's own."),
      row("checkpoint.time_between_checkpoints", field<&D::time_between_checkpoints_s>, "-1",
          "Without training: seconds before each checkpoint that is written or read.", -1,
          kMostSeconds),
      row("checkpoint.num_checkpoints_write", field<&D::num_checkpoints_write>, "-1",
          "Without training: checkpoints to write, each in files of its own.", -1, 1e6),
      row("checkpoint.num_checkpoints_read", field<&D::num_checkpoints_read>, "-1",
          "Without training: checkpoints to read back, after those written; where none is written "
          "they are there before the run, in no cache.",
          -1, 1e6),
      flag("checkpoint.rank_sync", "false", "Barrier after each checkpoint; here always."),
      flag("checkpoint.checkpoint_rank_sync", "false",
           "Barrier after each checkpoint; here always."),
      row("checkpoint.recovery_rank_shift", field<&D::recovery_rank_shift>, "false",
          "Each rank reads what the same rank of the next node wrote."),
      flag("checkpoint.randomize_tensor", "true", "Contents of the tensors."),
      list("checkpoint.ksm", "Merging of equal memory pages."),
      list("checkpoint.optimization_groups", "Sizes of the optimizer's groups (old place)."),
      row("checkpoint.num_layers", field<&D::model, &D::Model::num_layers>, "-1",
          "Layers (old place).", -1, 1e5),
      list("checkpoint.layer_parameters", "Parameters of a layer (old place)."),
  };
}

// NOLINTNEXTLINE(readability-function-size): a table, row after row
ParameterTable model_and_benchmark_rows() {
  using Model = D::Model;
  constexpr double kMostRanks = 1e6;
  constexpr double kMostWidth = 1e7;
  const std::vector<std::string_view> datatypes{"fp16", "bf16", "fp32", "fp64",
                                                "fp8",  "int8", "uint8"};
  return {
      row("model.type", field<&D::without_effect, &Ignored::text>, "", "A name only."),
      list("model.optimization_groups", "Sizes of the optimizer's groups."),
      row("model.num_layers", field<&D::model, &Model::num_layers>, "-1",
          "Layers of a transformer, whose size follows from what is below; -1: model_size is it.",
          -1, 1e5),
      list("model.layer_parameters", "Parameters of a layer."),
      choice("model.model_datatype", field<&D::model, &Model::datatype>, "fp16", datatypes,
             "Type of a parameter."),
      choice("model.optimizer_datatype", field<&D::model, &Model::optimizer_datatype>, "fp32",
             datatypes, "Type of the optimizer's state, three values for each parameter."),
      row("model.parallelism.tensor", field<&D::model, &Model::tensor>, "1",
          "Ranks a layer is split over.", 1, kMostRanks),
      row("model.parallelism.pipeline", field<&D::model, &Model::pipeline>, "1",
          "Ranks the layers are split over.", 1, kMostRanks),
      row("model.parallelism.data", field<&D::model, &Model::data>, "-1",
          "Copies of the model; -1, or too few for the ranks: as many as the ranks give. More than "
          "that: the ranks are a subset.",
          -1, kMostRanks),
      row("model.parallelism.zero_stage", field<&D::model, &Model::zero_stage>, "0",
          "What ZeRO splits over the copies, and so who writes.", 0, 3),
      row("model.transformer.vocab_size", field<&D::model, &Model::vocab_size>, "32000",
          "Tokens of the vocabulary.", 0, kMostWidth),
      row("model.transformer.hidden_size", field<&D::model, &Model::hidden_size>, "2048",
          "Width of the model.", 1, kMostWidth),
      row("model.transformer.ffn_hidden_size", field<&D::model, &Model::ffn_hidden_size>, "8192",
          "Width of the feed-forward layer.", 0, kMostWidth),
      row("model.transformer.num_attention_heads", field<&D::model, &Model::heads>, "32",
          "Attention heads.", 1, kMostWidth),
      row("model.transformer.num_kv_heads", field<&D::model, &Model::kv_heads>, "8",
          "Heads of keys and values.", 0, kMostWidth),
      text("output.folder", "", "Folder of the benchmark's own results."),
      text("output.log_file", "dlio.log", "Log of the benchmark."),
      text("profiling.profiler", "iostat", "Profiler of the benchmark."),
      list("profiling.iostat_devices", "Devices that it watches."),
      text("storage.storage_type", "local_fs",
           "Where the benchmark reads; here the scenario says."),
      text("storage.storage_root", "./", "Folder of the file system."),
      list("storage.storage_options", "Access to an object store."),
      text("storage.storage_library", "", "Client of an object store."),
  };
}

} // namespace

const ParameterTable& DlioWorkload::parameters() {
  static const ParameterTable table =
      joined_tables({job_rows(), dataset_rows(), reader_rows(), train_rows(), checkpoint_rows(),
                     model_and_benchmark_rows()});
  return table;
}

} // namespace lustrum
