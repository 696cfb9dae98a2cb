// DLIO workload files: those of ours, those of the benchmark as they stand, and what is rejected.
#include "models/assembly/dlio_loader.hpp"
#include "sim/base/parameter_value.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace lustrum {
namespace {

const std::string kRoot = LUSTRUM_SOURCE_DIR;

struct Loaded {
  DlioWorkload workload;
  std::string messages;
};

Loaded parse(const std::string& text, const std::string& overrides = "{}") {
  Diagnostics diagnostics;
  const YamlDocument file = YamlDocument::parse(text, "job.yaml", diagnostics);
  const YamlDocument set = YamlDocument::parse(overrides, "set.yaml", diagnostics);
  DlioWorkload workload = read_dlio(file.root(), set.root(), diagnostics);
  return {std::move(workload), diagnostics.render()};
}

DlioWorkload load(const std::string& name) {
  Diagnostics diagnostics;
  DlioWorkload workload = load_dlio(kRoot + "/configs/workloads/" + name, {}, diagnostics);
  CHECK(diagnostics.render() == "");
  return workload;
}

// Bytes per second that one GPU draws when it never waits, in MiB/s.
double demand(const DlioWorkload& job) {
  return job.batch_size * job.record_length_bytes / job.computation_time_s /
         static_cast<double>(kMib);
}

TEST_CASE("the shipped workloads draw what the benchmark's tables say") {
  CHECK(demand(load("unet3d_a100.yaml")) == doctest::Approx(1539).epsilon(0.001));
  CHECK(demand(load("unet3d_h100.yaml")) == doctest::Approx(3030).epsilon(0.001));
  CHECK(demand(load("resnet50_a100.yaml")) == doctest::Approx(100.6).epsilon(0.001));
  CHECK(demand(load("resnet50_h100.yaml")) == doctest::Approx(195.3).epsilon(0.001));
  CHECK(demand(load("cosmoflow_a100.yaml")) == doctest::Approx(490).epsilon(0.001));
  CHECK(demand(load("cosmoflow_h100.yaml")) == doctest::Approx(771).epsilon(0.001));
}

TEST_CASE("steps and read-ahead are counted as DLIO does") {
  DlioWorkload job = load("resnet50_h100.yaml");
  CHECK(job.steps_per_epoch(64) == 50); // floor(1024 * 1251 / 400 / 64)
  job = load("unet3d_h100.yaml");
  CHECK(job.steps_per_epoch(8) == 3);
  CHECK(job.prefetch_factor() == 1); // 2 batches over 4 workers
  job.read_threads = 1;
  CHECK(job.prefetch_factor() == 2);
}

// In the form of MLPerf Storage v1.0: a bare model name, the old key names, capitals.
TEST_CASE("a file of MLPerf Storage v1.0 loads unchanged") {
  const Loaded loaded = parse("model: unet3d\n\n"
                              "framework: pytorch\n\n"
                              "workflow:\n  generate_data: False\n  train: True\n"
                              "  checkpoint: True\n\n"
                              "dataset: \n  data_folder: data/unet3d/\n  format: npz\n"
                              "  num_files_train: 168\n  num_samples_per_file: 1\n"
                              "  record_length: 146600628\n  record_length_stdev: 68341808\n"
                              "  record_length_resize: 2097152\n  \n"
                              "reader: \n  data_loader: pytorch\n  batch_size: 7\n"
                              "  read_threads: 4\n  file_shuffle: seed\n  sample_shuffle: seed\n\n"
                              "train:\n  epochs: 5\n  computation_time: 0.323\n\n"
                              "checkpoint:\n  checkpoint_folder: checkpoints/unet3d\n"
                              "  checkpoint_after_epoch: 5\n  epochs_between_checkpoints: 2\n"
                              "  model_size: 499153191\n");
  CHECK(loaded.messages ==
        "warning[W201]: `dataset.record_length_resize` has no effect on the simulation\n"
        "  --> job.yaml:17:3\n"
        "   17 |   record_length_resize: 2097152\n"
        "      |   ^^^^^^^^^^^^^^^^^^^^\n");
  const DlioWorkload& job = loaded.workload;
  const DlioWorkload ours = load("unet3d_h100.yaml");
  CHECK(job.model_name == "unet3d");
  CHECK(job.train);
  CHECK(job.checkpoint);
  CHECK(job.record_length_bytes == ours.record_length_bytes);
  CHECK(job.record_length_stdev_bytes == ours.record_length_stdev_bytes);
  CHECK(job.computation_time_s == ours.computation_time_s);
  CHECK(job.model_size_bytes == 499153191);
}

TEST_CASE("flow style, `data_reader`, a mapping for the model and for times") {
  const Loaded loaded =
      parse("model: {name: retinanet, type: cnn, model_size_bytes: 1e6}\n"
            "framework: pytorch\n"
            "workflow: {generate_data: False, train: True}\n"
            "dataset: {format: jpeg, num_files_train: 100, record_length_bytes: 322957}\n"
            "data_reader: {data_loader: pytorch, batch_size: 24, data_loader_classname: null,\n"
            "  preprocess_time: {mean: 0.001, stdev: 0.0002}}\n"
            "train: {epochs: 8, computation_time: {mean: 0.0475, stdev: 0.001, type: normal}}\n"
            "output: {metric: {exclude_start_steps: 2}}\n"
            "storage: {storage_type: local_fs, storage_options: {}}\n");
  CHECK(loaded.messages == "");
  CHECK(loaded.workload.model_name == "retinanet");
  CHECK(loaded.workload.model_size_bytes == 1e6);
  CHECK(loaded.workload.batch_size == 24);
  CHECK(loaded.workload.preprocess_time_s == 0.001);
  CHECK(loaded.workload.preprocess_time_stdev_s == 0.0002);
  CHECK(loaded.workload.computation_time_s == 0.0475);
  CHECK(loaded.workload.computation_time_stdev_s == 0.001);
  CHECK(loaded.workload.exclude_start_steps == 2);
}

TEST_CASE("Parquet's row groups count, its columns do not yet") {
  const Loaded loaded =
      parse("framework: pytorch\nreader: {data_loader: pytorch}\n"
            "dataset:\n  format: parquet\n  parquet:\n    row_group_size: 6144\n"
            "    read_mode: row_group\n    columns:\n      - name: mean\n        size: 8232\n");
  CHECK(loaded.workload.parquet_row_group_samples == 6144);
  CHECK(loaded.messages.find("warning[W201]: `dataset.parquet.columns` has no effect") == 0);
  CHECK(loaded.messages.find("error") == std::string::npos);
}

TEST_CASE("overrides replace what the file says, dotted or nested, under either name") {
  const Loaded loaded = parse("dataset: {record_length: 1000, num_files_train: 8}\n",
                              "dataset.num_files_train: 512\n"
                              "dataset: {record_length_bytes: 2000}\n");
  CHECK(loaded.messages == "");
  CHECK(loaded.workload.num_files_train == 512);
  CHECK(loaded.workload.record_length_bytes == 2000);
}

TEST_CASE("no key stands twice in the table, and each has a sentence") {
  std::set<std::string_view> keys;
  for (const Parameter& row : DlioWorkload::parameters()) {
    CHECK(keys.insert(row.key).second);
    CHECK_FALSE(row.doc.empty());
  }
}

TEST_CASE("rejects_unknown_dlio_key") {
  CHECK(parse("reader:\n  batchsize: 4\n").messages ==
        "error[E104]: DLIO has no key `batchsize` in `reader`\n"
        "  --> job.yaml:2:3\n"
        "   2 |   batchsize: 4\n"
        "     |   ^^^^^^^^^ did you mean `batch_size`?\n");
  CHECK(parse("train:\n  batch_size: 4\n").messages ==
        "error[E104]: DLIO has no key `batch_size` in `train`\n"
        "  --> job.yaml:2:3\n"
        "   2 |   batch_size: 4\n"
        "     |   ^^^^^^^^^^ it belongs in `reader`\n");
  CHECK(parse("readers: {batch_size: 4}\n").messages ==
        "error[E104]: DLIO has no key `readers` at the top level\n"
        "  --> job.yaml:1:1\n"
        "   1 | readers: {batch_size: 4}\n"
        "     | ^^^^^^^ did you mean `reader`?\n");
}

TEST_CASE("warns_of_key_without_effect") {
  CHECK(parse("reader:\n  dont_use_mmap: true\n  pin_memory: True\n").messages ==
        "warning[W201]: `reader.dont_use_mmap` has no effect on the simulation\n"
        "  --> job.yaml:2:3\n"
        "   2 |   dont_use_mmap: true\n"
        "     |   ^^^^^^^^^^^^^\n");
}

TEST_CASE("rejects_one_field_under_two_names") {
  CHECK(parse("dataset: {record_length: 1, record_length_bytes: 2}\n").messages ==
        "error[E102]: `dataset.record_length_bytes` is given twice\n"
        "  --> job.yaml:1:29\n"
        "   1 | dataset: {record_length: 1, record_length_bytes: 2}\n"
        "     |                             ^^^^^^^^^^^^^^^^^^^\n"
        "note: first given here\n"
        "  --> job.yaml:1:11\n"
        "   1 | dataset: {record_length: 1, record_length_bytes: 2}\n"
        "     |           ^^^^^^^^^^^^^\n");
}

TEST_CASE("rejects_unit_in_a_bare_number") {
  CHECK(parse("dataset: {record_length_bytes: 64 KiB}\n").messages ==
        "error[E107]: `dataset.record_length_bytes`: 64 KiB is a size; a plain number is needed\n"
        "  --> job.yaml:1:32\n"
        "   1 | dataset: {record_length_bytes: 64 KiB}\n"
        "     |                                ^^^^^^ e.g. `0.84`\n");
}

TEST_CASE("rejects_loaders_that_dlio_rejects") {
  CHECK(parse("framework: pytorch\ndataset: {format: tfrecord}\n"
              "reader: {data_loader: pytorch}\n")
            .messages == "error[E113]: DLIO's PyTorch loader cannot read TFRecord files\n"
                         "  --> job.yaml:3:23\n"
                         "   3 | reader: {data_loader: pytorch}\n"
                         "     |                       ^^^^^^^ `tensorflow` and `dali` can\n");
  CHECK(parse("framework: pytorch\nreader: {data_loader: tensorflow}\n").messages ==
        "error[E113]: data loader `tensorflow` does not go with framework `pytorch`\n"
        "  --> job.yaml:2:23\n"
        "   2 | reader: {data_loader: tensorflow}\n"
        "     |                       ^^^^^^^^^^\n");
}

TEST_CASE("rejects_workload_without_training_or_checkpoints") {
  CHECK(parse("workflow: {train: False, generate_data: True}\n")
            .messages.find("error[E113]: a workload that neither trains nor writes checkpoints "
                           "cannot be simulated\n"
                           "  --> job.yaml:1:19\n") != std::string::npos);
}

} // namespace
} // namespace lustrum
