// The keys of workload.training.
// Sources of the defaults: PyTorch, torch.utils.data.DataLoader and DistributedSampler, unless a
// row says otherwise.
#include "models/training/setting_names.hpp"
#include "models/training/training_workload.hpp"

namespace lustrum {
namespace {

using W = TrainingWorkload;
using Dataset = W::Dataset;
using Loader = W::Loader;
using Step = W::Step;
using Host = W::Host;
using Evaluation = W::Evaluation;
using Checkpoint = W::Checkpoint;
using Failures = W::Failures;
using Interpreter = W::Interpreter;

constexpr std::string_view kPytorch = "PyTorch's default";
constexpr double kMost = 1e9; // of counters with 32 bits

// One line for most rows: ranges and choices are set where there are any.
Parameter row(std::string_view key, FieldRef (*where)(void*), std::string_view default_text,
              std::string_view doc, std::string_view source = {}) {
  return {.key = key,
          .field = where,
          .default_text = default_text,
          .min = 0,
          .max = kMost * kMost,
          .doc = doc,
          .source = source};
}

Parameter count(std::string_view key, FieldRef (*where)(void*), std::string_view default_text,
                double min, std::string_view doc, std::string_view source = {}) {
  Parameter parameter = row(key, where, default_text, doc, source);
  parameter.min = min;
  parameter.max = kMost;
  return parameter;
}

// A day is long for a step; a time without a limit would swallow all others in the sums.
Parameter time(std::string_view key, FieldRef (*where)(void*), std::string_view default_text,
               std::string_view doc, std::string_view source = {}) {
  constexpr double kMostSeconds = 1e6;
  Parameter parameter = row(key, where, default_text, doc, source);
  parameter.max = kMostSeconds;
  return parameter;
}

Parameter choice(std::string_view key, FieldRef (*where)(void*), std::string_view default_text,
                 std::vector<std::string_view> choices, std::string_view doc) {
  return {.key = key,
          .field = where,
          .default_text = default_text,
          .choices = std::move(choices),
          .doc = doc};
}

// The first name is the default.
template <class Kind, std::size_t N>
Parameter choice(std::string_view key, FieldRef (*where)(void*),
                 const training::SettingNames<Kind, N>& names, std::string_view doc) {
  return choice(key, where, names.front().first, training::choices_of(names), doc);
}

ParameterTable job_rows() {
  Parameter threshold = row("au_threshold", field<&W::au_threshold>, "0",
                            "Accelerator utilization that the job must reach; 0: none.");
  threshold.max = 1;
  return {
      choice("preset", field<&W::preset>, "none",
             {"none", "dataloader_tuned", "webdataset", "tf_data", "dali", "mosaic_streaming"},
             "A framework's usual choices; those given beside it replace its own. none: PyTorch's "
             "DataLoader as it comes."),
      count("epochs", field<&W::epochs>, "1", 1, "Epochs; run.epochs replaces it."),
      count("steps", field<&W::steps>, "0", 0, "Steps in all epochs together; 0: no limit."),
      threshold,
  };
}

ParameterTable dataset_rows() {
  return {
      choice("dataset.format", field<&W::dataset, &Dataset::format>, training::kFormatNames,
             "What reading a sample does: a file or record as it lies, numpy.load (4 calls, then "
             "the array), one O_DIRECT call for a file, record or tar streams, HDF5 (small reads "
             "first), Parquet (footer first, then a row group), LMDB (mmap)."),
      count("dataset.files", field<&W::dataset, &Dataset::files>, kRequired, 1,
            "Files of the data set."),
      count("dataset.samples_per_file", field<&W::dataset, &Dataset::samples_per_file>, "1", 1,
            "Samples in each file."),
      row("dataset.sample_size", field<&W::dataset, &Dataset::sample_size>, kRequired,
          "Bytes of a sample, without the format's headers."),
      count("dataset.directories", field<&W::dataset, &Dataset::directories>, "1", 1,
            "Directories that the files are spread over."),
      row("dataset.read_call", field<&W::dataset, &Dataset::read_call>, "4 MiB",
          "Most bytes of one read(); a stream reads in calls of this size.",
          "recorded on Lustre: Python's buffered reader takes the file system's st_blksize"),
      count("dataset.row_group_samples", field<&W::dataset, &Dataset::row_group_samples>, "0", 0,
            "Parquet: samples of a row group, which is read whole; 0: the file is one."),
      row("dataset.gpu_direct", field<&W::dataset, &Dataset::gpu_direct>, "false",
          "Reads go into GPU memory (GPUDirect Storage): no copy of the batch after that."),
  };
}

ParameterTable loader_rows() {
  return {
      choice("loader.pipeline", field<&W::loader, &Loader::pipeline>, training::kPipelineNames,
             "torch_dataloader: workers make whole batches, in order; torch_iterable: the same out "
             "of shards that each worker streams; tf_data: parallel readers fill one buffer (DALI "
             "too); synthetic: nothing is read."),
      count("loader.batch_size", field<&W::loader, &Loader::batch_size>, "1", 1,
            "Samples of a step on one rank.", kPytorch),
      count("loader.workers", field<&W::loader, &Loader::workers>, "0", 0,
            "num_workers of each rank, or tf.data's parallel readers; 0: the rank loads by itself "
            "and nothing is prefetched.",
            kPytorch),
      count("loader.prefetch_factor", field<&W::loader, &Loader::prefetch_factor>, "2", 1,
            "Batches that each PyTorch worker holds ready.", kPytorch),
      count("loader.prefetch_batches", field<&W::loader, &Loader::prefetch_batches>, "2", 0,
            "tf.data: prefetch(n) after batching; DALI: prefetch_queue_depth.",
            "DALI's default; tf.data has none"),
      row("loader.shuffle", field<&W::loader, &Loader::shuffle>, "true",
          "Samples (or shards) in another order each epoch."),
      count("loader.shuffle_buffer", field<&W::loader, &Loader::shuffle_buffer>, "0", 0,
            "Samples mixed in a buffer that is filled first: of each torch_iterable worker, or of "
            "tf.data."),
      count("loader.map_calls", field<&W::loader, &Loader::map_calls>, "0", 0,
            "tf.data: map(num_parallel_calls), DALI: num_threads: samples decoded at once; 0: by "
            "the readers."),
      row("loader.cache", field<&W::loader, &Loader::cache>, "false",
          "tf.data: cache() in memory after decoding; later epochs read nothing."),
      choice("loader.sharding", field<&W::loader, &Loader::sharding>, training::kShardingNames,
             "Which samples a rank reads: every n-th (DistributedSampler), a contiguous block, or "
             "blocks of whole shards (streaming)."),
      row("loader.drop_last", field<&W::loader, &Loader::drop_last>, "true",
          "Samples that do not fill a batch on every rank are left out; else DistributedSampler "
          "repeats some and the last batch is smaller.",
          "assumed: usual in training; PyTorch's default is false"),
      count("loader.shuffled_shards", field<&W::loader, &Loader::shuffled_shards>, "1", 1,
            "Streaming: shards whose samples are mixed."),
      row("loader.local_cache", field<&W::loader, &Loader::local_cache>, "0 B",
          "Streaming: shards are copied to the host's own disk, which holds so much; 0: they are "
          "not."),
      row("loader.persistent_workers", field<&W::loader, &Loader::persistent_workers>, "false",
          "Workers are started once, not at every epoch.", kPytorch),
      time("loader.handover", field<&W::loader, &Loader::handover>, "70 us",
           "Time in the rank for each batch: queue, unpickling.",
           "PyTorch profiler trace of a DataLoader without stalls: 67 to 73 us"),
      row("loader.pin_memory", field<&W::loader, &Loader::pin_memory>, "false",
          "Batches lie in pinned memory when they are copied to the GPU.", kPytorch),
      time("loader.decode", field<&W::loader, &Loader::decode>, "0 s",
           "Processor time per sample, on the host's shared vCPUs."),
  };
}

ParameterTable step_rows() {
  Parameter overlap =
      row("step.overlap", field<&W::step, &Step::overlap>, "0 %",
          "Share of the compute time, at its end, behind which the exchange may hide.");
  overlap.max = 1;
  return {
      time("step.compute", field<&W::step, &Step::compute>, "0 s",
           "Compute time of a step: mean, or mean and stdev."),
      {.key = "step.compute_list",
       .field = field<&W::step, &Step::compute_list>,
       .default_text = "[]",
       .doc = "Compute times of steps one after the other, over and over, e.g. out of a trace: "
              "[80 ms, 95 ms]; in place of step.compute."},
      count("step.accumulate", field<&W::step, &Step::accumulate>, "1", 1,
            "Steps from one exchange of gradients to the next (gradient accumulation)."),
      row("step.gradient", field<&W::step, &Step::gradient>, "0 B",
          "Bytes of gradients exchanged by all ranks (all-reduce); 0: takes no time."),
      overlap,
      choice("step.gradient_network", field<&W::step, &Step::gradient_network>, "storage",
             {"storage", "own"},
             "Which cards carry gradients: those that the storage uses too, or others, of "
             "host.gradient_cards together."),
      count("step.tensor_parallel", field<&W::step, &Step::tensor_parallel>, "1", 1,
            "Ranks that share each layer; of tensor x pipeline ranks the first reads for all."),
      count("step.pipeline_parallel", field<&W::step, &Step::pipeline_parallel>, "1", 1,
            "Ranks that share the layers."),
  };
}

ParameterTable host_rows() {
  Parameter pageable =
      row("host.pageable", field<&W::host, &Host::pageable>, "77 %",
          "Rate of copies from memory that is not pinned, as a share of host.gpu_link.",
          "published: pinned copies about 30 % faster");
  pageable.min = 0.01;
  pageable.max = 1;
  return {
      count("host.vcpus", field<&W::host, &Host::vcpus>, "0", 0,
            "Processors that decode for all ranks of a host; 0: the instance's vCPUs."),
      row("host.gpu_link", field<&W::host, &Host::gpu_link>, "0 B/s",
          "Host memory to one GPU, pinned; 0: takes no time. PCIe 4.0 x16: about 25 GB/s."),
      row("host.gpu_links", field<&W::host, &Host::gpu_links>, "0 B/s",
          "All GPUs of a host together, each way; 0: no limit."),
      pageable,
      row("host.disk_read", field<&W::host, &Host::disk_read>, "0 B/s",
          "The host's own disk, read; 0: takes no time."),
      row("host.disk_write", field<&W::host, &Host::disk_write>, "0 B/s",
          "The host's own disk, write; 0: takes no time."),
      row("host.gradient_cards", field<&W::host, &Host::gradient_cards>, "0 B/s",
          "Cards for gradients alone, all of a host together, each way; 0: no limit."),
  };
}

ParameterTable evaluation_rows() {
  return {
      count("evaluation.every_epochs", field<&W::evaluation, &Evaluation::every_epochs>, "0", 0,
            "Evaluation after every so many epochs; 0: none."),
      count("evaluation.files", field<&W::evaluation, &Evaluation::files>, "0", 0,
            "Files of the evaluation set, of the same shape as the others."),
      count("evaluation.batch_size", field<&W::evaluation, &Evaluation::batch_size>, "0", 0,
            "Samples of a step of evaluation; 0: as in training."),
      time("evaluation.compute", field<&W::evaluation, &Evaluation::compute>, "0 s",
           "Compute time of a step of evaluation."),
  };
}

ParameterTable checkpoint_rows() {
  std::vector<std::string_view> models{"none"};
  for (const std::string_view name : training::model_names()) models.push_back(name);
  return {
      count("checkpoint.every_epochs", field<&W::checkpoint, &Checkpoint::every_epochs>, "0", 0,
            "After every so many epochs; 0: not by epochs."),
      count("checkpoint.every_steps", field<&W::checkpoint, &Checkpoint::every_steps>, "0", 0,
            "After every so many steps of the job; 0: not by steps."),
      row("checkpoint.every", field<&W::checkpoint, &Checkpoint::every>, "0 s",
          "After the first step that ends so long after the last one; 0: not by time."),
      choice("checkpoint.model", field<&W::checkpoint, &Checkpoint::model>, "none",
             std::move(models), "Model of MLPerf Storage whose parameters are written."),
      row("checkpoint.parameters", field<&W::checkpoint, &Checkpoint::parameters>, "0",
          "Parameters of the model, when it is none of those."),
      row("checkpoint.parameter_bytes", field<&W::checkpoint, &Checkpoint::parameter_bytes>, "2",
          "Bytes of a parameter.", "fp16 or bf16, as in MLPerf Storage"),
      row("checkpoint.optimizer_bytes", field<&W::checkpoint, &Checkpoint::optimizer_bytes>, "12",
          "Bytes of optimizer state for each parameter.",
          "Adam: fp32 master copy and two moments, as in MLPerf Storage"),
      row("checkpoint.size", field<&W::checkpoint, &Checkpoint::size>, "0 B",
          "Bytes of a checkpoint, in place of all that."),
      choice(
          "checkpoint.layout", field<&W::checkpoint, &Checkpoint::layout>, training::kLayoutNames,
          "Who writes: every rank its own file (PyTorch's distributed checkpoint, ZeRO 3), rank 0 "
          "one file, every rank its part of one file, or one copy of the model its shares and "
          "every rank its optimizer (Megatron, ZeRO 1)."),
      choice("checkpoint.mode", field<&W::checkpoint, &Checkpoint::mode>, training::kModeNames,
             "Training waits until all is written, until it is in host memory, or until it is on "
             "the host's own disk, from which it drains."),
      row("checkpoint.fsync", field<&W::checkpoint, &Checkpoint::fsync>, "true",
          "fsync() ends each file.", "MLPerf Storage's rule"),
      row("checkpoint.write_call", field<&W::checkpoint, &Checkpoint::write_call>, "16 MiB",
          "Most bytes of one write(); 0: one call for a file.", "assumed"),
      count("checkpoint.keep_last", field<&W::checkpoint, &Checkpoint::keep_last>, "1", 0,
            "Checkpoints kept; older ones are removed. 0: one set of files, written over."),
      row("checkpoint.restore_at_start", field<&W::checkpoint, &Checkpoint::restore_at_start>,
          "false", "The job begins by reading a checkpoint."),
  };
}

ParameterTable other_rows() {
  return {
      row("failures.mtbf", field<&W::failures, &Failures::mtbf>, "0 s",
          "Mean time between failures of the whole job (of one node, divided by the nodes); 0: "
          "nothing fails."),
      time("failures.restart", field<&W::failures, &Failures::restart>, "0 s",
           "From a failure until the ranks run again, without reading the checkpoint."),
      count("interpreter.calls_per_node", field<&W::interpreter, &Interpreter::calls_per_node>, "0",
            0,
            "Metadata calls of a node at Python's start, before the first step; measured on 16 "
            "nodes: 525,000. 0: none."),
  };
}

} // namespace

const ParameterTable& TrainingWorkload::parameters() {
  static const ParameterTable table =
      joined_tables({job_rows(), dataset_rows(), loader_rows(), step_rows(), host_rows(),
                     evaluation_rows(), checkpoint_rows(), other_rows()});
  return table;
}

} // namespace lustrum
