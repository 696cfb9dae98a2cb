// Workloads that the chosen storage cannot serve, and times that no step takes: found on loading.
#include "tests/unit/scenario_fixture.hpp"

#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

std::string said(const std::string& workload, const std::string& storage, int nodes = 2) {
  return load("schema_version: 1\nworkload: {" + workload +
              "}\ncluster: {instance: p5.48xlarge, nodes: " + std::to_string(nodes) +
              "}\nstorage: {" + storage + "}\n")
      .messages;
}

bool has(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

const std::string kObjects = "system: s3_standard, client: crt";
const std::string kDisks = "system: ebs_gp3";
const std::string kServer = "system: efs_one_zone, capacity: 1 TiB";

TEST_CASE("rejects_writes_into_the_middle_of_an_object") {
  const std::string text = said("ior: {preset: ior-hard, ranks_per_client: 1}", kObjects);
  CHECK(text.starts_with("error[E113]: objects of `s3_standard` are written from their beginning"));
  CHECK(has(text, "`file_per_process: true` gives each its own"));
  CHECK(has(said("ior: {file_per_process: true, random_offset: true}", kObjects),
            "`random_offset` writes anywhere"));
  CHECK(has(said("ior: {file_per_process: true, fsync_per_write: true, block_size: 8 MiB, "
                 "transfer_size: 1 MiB}",
                 kObjects),
            "completes the object"));
  // What can be written, or is only read.
  CHECK(said("ior: {preset: ior-easy}", kObjects).empty());
  CHECK(said("ior: {}", kObjects, 1).empty());
  CHECK(said("ior: {write: false, random_offset: true}", kObjects).empty());
  CHECK(said("ior: {preset: ior-hard, ranks_per_client: 1}", kServer).empty());
}

TEST_CASE("rejects_files_of_another_node_on_disks_of_each") {
  CHECK(has(said("ior: {preset: ior-easy}", kDisks), "`reorder_tasks` reads what another node"));
  CHECK(has(said("mdtest: {preset: mdtest-easy}", kDisks), "`nstride` looks at files of another"));
  CHECK(has(said("mdtest: {shared_file: true}", kDisks), "lies on the first node alone"));
  const std::string text = said("mdtest: {preset: mdtest-hard}", kDisks);
  CHECK(text.starts_with("error[E113]: each node has its own `ebs_gp3`, and job "));
  // One node, one's own files, files that are everywhere, or a storage for all.
  CHECK(said("ior: {preset: ior-easy}", kDisks, 1).empty());
  CHECK(said("ior: {preset: ior-easy, reorder_tasks: false}", kDisks).empty());
  CHECK(said("ior: {reorder_tasks: true, write: false}", kDisks).empty());
  CHECK(said("mdtest: {preset: mdtest-easy, nstride: 0}", kDisks).empty());
  CHECK(said("mdtest: {preset: mdtest-easy}", kServer).empty());
}

TEST_CASE("rejects_checkpoints_of_dlio_that_these_ranks_cannot_write") {
  const auto llama = [](const std::string& model, const std::string& set, int nodes = 1) {
    return said("dlio: workloads/llama3_" + model + ".yaml, set: {" + set + "}", kServer, nodes);
  };
  CHECK(has(llama("8b", "checkpoint.num_checkpoints_write: 0, checkpoint.num_checkpoints_read: 0"),
            "writes or reads no checkpoint does nothing"));
  CHECK(has(llama("8b", "checkpoint.num_checkpoints_write: 2"),
            "10 checkpoints to read, and 2 are written"));
  CHECK(has(llama("8b", "model.parallelism.tensor: 3, model.parallelism.data: -1"),
            "8 ranks cannot hold copies of the model that take 3 each"));
  CHECK(has(llama("405b", "model.parallelism.data: -1"),
            "the model takes 256 ranks (tensor x pipeline), the job has 8"));
  CHECK(has(llama("8b", "model.parallelism.pipeline: 2"), "no pipelines with ZeRO 3"));
  CHECK(has(llama("8b", "model.parallelism.zero_stage: 4"), "error[E108]"));
  CHECK(has(llama("8b", "model.model_datatype: fp17"), "`fp16`"));
  // 12 times 104.7 GiB that are there before the run.
  CHECK(has(said("dlio: workloads/llama3_8b.yaml, set: {checkpoint.num_checkpoints_write: 0, "
                 "checkpoint.num_checkpoints_read: 12}",
                 "system: fsx_scratch_2, capacity: 1.2 TiB", 1),
            "the data sets take 1.227 TiB"));
  CHECK(has(
      said("dlio: workloads/llama3_8b.yaml, set: {checkpoint.recovery_rank_shift: true}", kDisks),
      "`checkpoint.recovery_rank_shift` reads what the next node has written"));
  for (const std::string model : {"8b", "70b", "405b", "1t"}) CHECK(llama(model, "") == "");
  CHECK(has(said("dlio: workloads/unet3d_h100.yaml, set: {workflow.evaluation: true, "
                 "dataset.num_files_eval: 3}",
                 kServer, 1),
            "3 samples in dataset.num_files_eval, one step takes 8"));
}

TEST_CASE("rejects_loaders_that_a_pipe_cannot_serve") {
  for (const std::string client : {"pipe", "webdataset"}) {
    const std::string pipe = "system: s3_standard, client: " + client;
    const std::string text = said("dlio: workloads/unet3d_h100.yaml", pipe);
    CHECK(text.starts_with("error[E113]: job `dlio` cannot read through a pipe of client"));
    CHECK(has(text, "the loader `pytorch` takes samples by their index"));
    CHECK(has(said("ior: {write: false}", pipe), "a job of kind `ior` reads anywhere in a file"));
    CHECK(has(said("training: {preset: tf_data, dataset: {sample_size: 1 MiB, files: 64, format: "
                   "parquet}}",
                   pipe),
              "files of format `parquet` are not read from their beginning"));
    CHECK(has(said("training: {dataset: {sample_size: 1 MiB, files: 64}}", pipe),
              "the loader `torch_dataloader`"));
    CHECK(said("dlio: workloads/resnet50_h100.yaml", pipe).empty());
    CHECK(said("training: {preset: webdataset, dataset: {sample_size: 1 MiB, files: 64, "
               "samples_per_file: 100}}",
               pipe)
              .empty());
  }
}

TEST_CASE("rejects_training_on_parts_of_a_data_set_where_all_of_it_is_needed") {
  const std::string parts = "system: nvme_p5, copy_in: {from: s3_standard, shards: true}";
  const std::string text =
      said("training: {dataset: {sample_size: 1 MiB, files: 1, samples_per_file: 1000}}", parts);
  CHECK(text.starts_with("error[E113]: `storage.copy_in.shards`: job "));
  CHECK(has(text, "there are fewer files than nodes"));
  CHECK(
      has(said("training: {dataset: {sample_size: 1 MiB, files: 64}, step: {tensor_parallel: 16}}",
               parts),
          "a copy of the model has ranks on several nodes"));
  CHECK(has(said("training: {dataset: {sample_size: 1 MiB, files: 64}, evaluation: {every_epochs: "
                 "1, files: 8}}",
                 parts),
            "evaluation reads its whole data set"));
  CHECK(said("training: {dataset: {sample_size: 1 MiB, files: 64}}", parts).empty());
  CHECK(
      said("training: {dataset: {sample_size: 1 MiB, files: 1, samples_per_file: 1000}}", parts, 1)
          .empty());
  CHECK(said("dlio: workloads/resnet50_h100.yaml", parts).empty());
}

TEST_CASE("rejects_ssd_cache_that_is_not_for_sale") {
  const std::string job = "dlio: workloads/resnet50_h100.yaml";
  CHECK(has(said(job, "system: fsx_scratch_2, capacity: 2.4 TiB, ssd_cache: true"),
            "`fsx_scratch_2` is not sold with an SSD cache"));
  CHECK(said(job, "system: fsx_persistent_1_hdd_12, capacity: 6 TiB, ssd_cache: true").empty());
}

TEST_CASE("rejects_metadata_iops_that_are_not_for_sale") {
  const std::string job = "dlio: workloads/resnet50_h100.yaml";
  const std::string tiering =
      "system: fsx_intelligent_tiering, capacity: 10 TiB, throughput: 4000 MB/s, metadata_iops: ";
  CHECK(has(said(job, tiering + "3000"), "6000 or 12000 with Intelligent-Tiering"));
  CHECK(said(job, tiering + "12000").empty());
  CHECK(has(said(job, kServer + ", metadata_iops: 6000"),
            "`storage.metadata_iops` has no meaning for `efs_one_zone`"));
}

TEST_CASE("rejects_times_that_no_step_takes") {
  const std::string dlio = "dlio: workloads/resnet50_h100.yaml, set: {";
  for (const std::string key : {"train.computation_time", "train.computation_time_stdev",
                                "reader.preprocess_time", "reader.preprocess_time_stdev"}) {
    CHECK(has(said(dlio + key + ": 1e300}", kServer), "error[E108]"));
    CHECK_FALSE(has(said(dlio + key + ": 1e5}", kServer), "error[E108]"));
  }
  CHECK(has(said(dlio + "}, step_overhead: {fixed: 1e300 s}", kServer), "error[E108]"));
  CHECK(has(said(dlio + "}, worker_startup: 1e300 s", kServer), "error[E108]"));
  const std::string training = "training: {dataset: {files: 800, sample_size: 1 MiB}, ";
  for (const std::string key :
       {"step: {compute: 1e300 s}", "step: {compute_list: [1 s, 1e300 s]}",
        "loader: {decode: 1e300 s}", "loader: {handover: 1e300 s}", "failures: {restart: 1e300 s}"})
    CHECK(has(said(training + key + "}", kServer), "error[E108]"));
  CHECK(said(training + "step: {compute: 1e5 s}}", kServer).empty());
}

} // namespace
} // namespace lustrum
