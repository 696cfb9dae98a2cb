// `workload.training` in scenarios: presets, checks, the published claims.
#include "models/assembly/scenario_training.hpp"
#include "tests/unit/scenario_fixture.hpp"

#include <filesystem>
#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

// 8 GPUs, 9,600 GiB.
Loaded parse(const std::string& training) {
  return load("schema_version: 1\nworkload: {training: {" + training +
              "}}\ncluster: {instance: p4d.24xlarge, nodes: 1}\n"
              "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n");
}

const std::string kData = "dataset: {files: 1000, sample_size: 1 MiB}";

// The message about it, and nothing else.
void check_refused(const std::string& training, const std::string& message) {
  const Loaded loaded = parse(training);
  CAPTURE(training);
  std::size_t errors = 0;
  for (std::size_t at = 0; (at = loaded.messages.find("error[", at)) != std::string::npos; ++at)
    ++errors;
  CHECK(errors == 1);
  CHECK_MESSAGE(loaded.messages.find(message) != std::string::npos, loaded.messages);
}

} // namespace

TEST_CASE(
    "training: defaults are PyTorch's, a preset's hold unless something is written beside it") {
  const Loaded plain = parse(kData);
  CHECK(plain.messages == "");
  const ScenarioJob& job = plain.scenario.jobs.at(0);
  REQUIRE(job.training.has_value());
  CHECK(job.kind() == "training");
  CHECK(job.trains());
  CHECK(job.epochs == 1);
  CHECK(job.training->loader.workers == 0);
  CHECK(job.training->loader.prefetch_factor == 2);
  CHECK(job.training->dataset.read_call == Bytes{4 * kMib});
  const Loaded preset =
      parse("preset: webdataset, dataset: {files: 10, samples_per_file: 1000, sample_size: 1 MiB}, "
            "loader: {workers: 7}");
  CHECK(preset.messages == "");
  const TrainingWorkload& web = *preset.scenario.jobs.at(0).training;
  CHECK(web.dataset.format == "tar");
  CHECK(web.loader.pipeline == "torch_iterable");
  CHECK(web.loader.shuffle_buffer == 1000);
  CHECK(web.loader.workers == 7);
}

TEST_CASE("training: a checkpoint's size by model, by parameters, or given") {
  const auto total = [](const std::string& checkpoint) {
    const Loaded loaded = parse(kData + ", checkpoint: {every_steps: 10, " + checkpoint + "}");
    CHECK(loaded.messages == "");
    return loaded.scenario.jobs.at(0).training->checkpoint_sizes(8).total();
  };
  CHECK(total("parameters: 1e9") == Bytes{14'000'000'000});
  CHECK(total("size: 500 GiB") == Bytes{500 * kGib});
  const double gib = total("model: llama3_8b").as_double() / static_cast<double>(kGib);
  CHECK(gib == doctest::Approx(104.7045).epsilon(1e-6));
}

TEST_CASE("rejects_impossible_training") {
  check_refused(kData + ", step: {tensor_parallel: 3}",
                "8 ranks cannot hold copies of the model that take 3 each");
  check_refused("dataset: {files: 7, sample_size: 1 MiB}",
                "the data set is too small: 7 samples do not fill one batch of 1 on each of 8");
  check_refused("dataset: {files: 1000000, samples_per_file: 10000, sample_size: 1 B}",
                "the data set is too large: 10000000000 samples");
  check_refused("dataset: {files: 1000, sample_size: 0 B}", "a sample of no bytes");
  check_refused(kData + ", step: {compute_list: [80 ms, 9 potatoes]}", "`step.compute_list`");
  check_refused(kData + ", evaluation: {every_epochs: 1, files: 3}",
                "the evaluation set is too small: 3 samples, one step takes 8");
  check_refused(kData + ", checkpoint: {every_steps: 10}", "a checkpoint of no bytes");
  check_refused(kData + ", checkpoint: {every_steps: 10, size: 1 GiB, keep_last: 0}, "
                        "failures: {mtbf: 1 h}",
                "a checkpoint that is written over is lost when a failure comes meanwhile");
  check_refused(kData + ", failures: {mtbf: 1 h}",
                "without checkpoints a job begins anew after each failure");
  check_refused("dataset: {files: 1000, sample_size: 1 GiB, samples_per_file: 100}",
                "the data sets take 97.66 TiB");
  check_refused(kData + ", loader: {pipeline: torch}", "torch_dataloader");
}

TEST_CASE("reads into GPU memory need a storage and a network that can") {
  const std::string data = "{files: 1000, sample_size: 1 MiB, gpu_direct: true";
  const auto said = [&](const std::string& more, const std::string& storage) {
    Diagnostics diagnostics;
    const YamlDocument document =
        YamlDocument::parse("schema_version: 1\nworkload: {training: {dataset: " + data + more +
                                "}}\ncluster: {instance: p5.48xlarge, nodes: 1}\n" + storage,
                            "t.yaml", diagnostics);
    read_scenario(document, catalog(), diagnostics);
    return diagnostics.render();
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const std::string lustre = "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n";
  const std::string gds = lustre + "network: {lnd: efa, gds: true}\n";
  CHECK(said("}", gds) == "");
  CHECK(said("}", lustre + "network: {lnd: efa}\n") ==
        "error[E113]: reads into GPU memory need a network that writes there, which `network.gds` "
        "turns on\n"
        "  --> t.yaml:2:78\n"
        "   2 | workload: {training: {dataset: {files: 1000, sample_size: 1 MiB, gpu_direct: "
        "true}}}\n"
        "     |                                                                              "
        "^^^^ network: {lnd: efa, gds: true}\n");
  CHECK(has(said("}", "storage: {system: s3_standard, client: naive}\n"),
            "`s3_standard` cannot be read into GPU memory: its client receives HTTP"));
  CHECK(has(said("}", "storage: {system: efs_elastic, capacity: 1 TiB}\n"),
            "receives in the page cache"));
  CHECK(has(said("}", "storage: {system: nvme_p5}\n"), "own disks is not modelled"));
  CHECK(has(said(", format: lmdb}", gds), "LMDB maps its file into host memory"));
  CHECK(has(said("}, loader: {local_cache: 1 GiB}", gds), "shards copied to the host's own disk"));
}

TEST_CASE("every scenario of published claims loads without a word") {
  std::size_t found = 0;
  for (const auto& file : std::filesystem::directory_iterator{kRoot + "/configs/published/runs"}) {
    if (file.path().extension() != ".yaml") continue;
    ++found;
    Diagnostics diagnostics;
    const Scenario scenario = load_scenario(file.path().string(), catalog(), diagnostics);
    CHECK(diagnostics.render() == "");
    CHECK(scenario.name == file.path().stem().string());
  }
  CHECK(found >= 10);
}

} // namespace lustrum
