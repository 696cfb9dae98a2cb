// Scenarios: those in configs/, defaults and derived numbers.
#include "tests/unit/scenario_fixture.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

TEST_CASE("every scenario in configs/ loads without a word") {
  std::size_t found = 0;
  for (const auto& file : std::filesystem::directory_iterator{kRoot + "/configs"}) {
    if (file.path().extension() != ".yaml") continue;
    ++found;
    Diagnostics diagnostics;
    const Scenario scenario = load_scenario(file.path().string(), catalog(), diagnostics);
    CHECK(diagnostics.render() == "");
    CHECK(scenario.name == file.path().stem().string());
  }
  CHECK(found >= 4);
}

TEST_CASE("the quickstart's numbers") {
  Diagnostics diagnostics;
  const Scenario scenario =
      load_scenario(kRoot + "/configs/quickstart.yaml", catalog(), diagnostics);
  REQUIRE(scenario.jobs.size() == 1);
  const ScenarioJob& job = scenario.jobs[0];
  REQUIRE(job.dlio.has_value());
  CHECK(job.name == "dlio");
  CHECK(job.nodes == 8);
  CHECK(job.workload.ranks == 64);
  CHECK(job.dlio->num_files_train == 1024);
  CHECK(job.dlio->steps_per_epoch(64) == 50);
  CHECK(job.epochs == 1);
  CHECK(scenario.oss_count() == 3); // 14.4 TiB / 4.8
  CHECK(scenario.osts_per_oss() == 1);
  CHECK(scenario.network.nics == 8);
  CHECK(scenario.storage.metadata_iops == 12000);
  CHECK(scenario.lustre.osc_max_rpcs_in_flight == 32);
  CHECK(scenario.storage.layout == "-E 100M -c 1 -E 10G -c 8 -E 100G -c 16 -E -1 -c 32");
  // It, its workload, the catalog's files and the price lists.
  CHECK(scenario.files.size() == 2 + catalog().files().size());
}

TEST_CASE("defaults and derived numbers of the least scenario") {
  const auto [scenario, messages] = load(kJob + kNodes + kStore);
  CHECK(messages == "");
  CHECK(scenario.name == "t");
  CHECK(scenario.jobs.at(0).workload.au_formula == "v2.0");
  CHECK(scenario.jobs.at(0).workload.step_overhead.per_rank.count() == doctest::Approx(5e-6));
  CHECK(scenario.jobs.at(0).workload.worker_startup.count() == doctest::Approx(0.19));
  CHECK(scenario.network.lnd == "tcp");
  CHECK(scenario.network.nics == 1);
  CHECK(scenario.oss_count() == 4); // 9.6 TiB / 2.4
  CHECK(scenario.osts_per_oss() == 2);
  CHECK(scenario.storage.burst_credit == 1);
  CHECK(scenario.jobs.at(0).epochs == 5);
  CHECK(scenario.run.seed == 42);
  CHECK(scenario.run.data_path == "stations");
}

TEST_CASE("figures of the catalog can be changed, bare") {
  const auto [scenario, messages] =
      load(kJob + "cluster: {instance: p5.48xlarge, nodes: 1, set: {memory: 1 TiB}}\n"
                  "storage:\n"
                  "  system: fsx_persistent_2_1000\n"
                  "  capacity: 9.6 TiB\n"
                  "  set: {lnet.tcp.latency: 50 us}\n");
  CHECK(messages == "");
  CHECK(scenario.instance.memory.value == 1024_GiB);
  CHECK(scenario.filesystem.tcp_latency.value.count() == doctest::Approx(50e-6));
  const std::vector<AssumedRow> assumed = scenario.assumed();
  const auto has = [&](const std::string& key, const std::string& value) {
    return std::any_of(assumed.begin(), assumed.end(), [&](const AssumedRow& figure) {
      return figure.key == key && figure.value == value && !figure.source.empty();
    });
  };
  CHECK(has("p5.48xlarge.memory", "1 TiB"));
  CHECK(has("fsx_persistent_2_1000.lnet.tcp.latency", "50 µs"));
  CHECK(has("fsx_persistent_2_1000.disk.latency", "100 µs"));
  CHECK(has("workload.step_overhead.fixed", "1 ms"));
  CHECK(has("workload.worker_startup", "190 ms"));
  CHECK_FALSE(has("fsx_persistent_2_1000.disk.read_per_ost", "0 B/s"));
}

TEST_CASE("a trace is one path or a list") {
  const std::string rest = kNodes + kStore;
  const auto one = load("schema_version: 1\nworkload: {trace: quickstart.yaml}\n" + rest);
  CHECK(one.messages == "");
  CHECK(one.scenario.jobs.at(0).workload.trace.size() == 1);
  CHECK_FALSE(one.scenario.jobs.at(0).dlio.has_value());
  const auto two =
      load("schema_version: 1\nworkload: {trace: [quickstart.yaml, workloads]}\n" + rest);
  CHECK(two.messages == "");
  CHECK(two.scenario.jobs.at(0).workload.trace ==
        std::vector<std::string>{kRoot + "/configs/quickstart.yaml", kRoot + "/configs/workloads"});
}

TEST_CASE("every section has a table and a sentence") {
  for (const ScenarioSection& section : scenario_sections()) {
    CHECK_FALSE(section.doc.empty());
    CHECK_FALSE(describe(*section.table).empty());
    for (const Parameter& row : *section.table) CHECK_FALSE(row.doc.empty());
  }
}

TEST_CASE("GPUDirect Storage brings its own cards") {
  const auto [scenario, messages] =
      load(kJob + kNodes + kStore + "network: {lnd: efa, gds: true}\n");
  CHECK(messages == "");
  CHECK(scenario.network.nics == 16);
  const auto without = load(kJob + kNodes + kStore + "network: {lnd: efa}\n");
  CHECK(without.scenario.network.nics == 8);
}

TEST_CASE("the least capacity and multiples of the step are accepted") {
  for (const char* capacity : {"1.2 TiB", "2.4 TiB", "50.4 TiB", "100.8 TiB"}) {
    std::string text = kJob + kNodes;
    text.append("storage: {system: fsx_scratch_2, capacity: ").append(capacity).append("}\n");
    CHECK(load(text).messages == "");
  }
}

TEST_CASE("a load generator: defaults, preset, and what is written beside it") {
  const std::string rest = kNodes + kStore;
  const auto plain = load("schema_version: 1\nworkload: {ior: {segments: 4}}\n" + rest);
  CHECK(plain.messages == "");
  REQUIRE(plain.scenario.jobs.at(0).ior.has_value());
  CHECK(plain.scenario.jobs.at(0).kind() == "ior");
  CHECK(plain.scenario.jobs.at(0).ior->segments == 4);
  CHECK(plain.scenario.jobs.at(0).ior->transfer_size == Bytes{256 * kKib});
  CHECK_FALSE(plain.scenario.jobs.at(0).ior->file_per_process);
  const auto hard = load("schema_version: 1\n"
                         "workload: {ior: {stonewall: 2 s, preset: ior-hard}}\n" +
                         rest);
  CHECK(hard.messages == "");
  CHECK(hard.scenario.jobs.at(0).ior->transfer_size == Bytes{47'008});
  CHECK(hard.scenario.jobs.at(0).ior->block_size == Bytes{47'008});
  CHECK(hard.scenario.jobs.at(0).ior->reorder_tasks);
  CHECK(hard.scenario.jobs.at(0).ior->stonewall == Seconds{2});
  const auto mdtest =
      load("schema_version: 1\nworkload: {mdtest: {preset: mdtest-easy, read: true}}\n" + rest);
  CHECK(mdtest.messages == "");
  CHECK(mdtest.scenario.jobs.at(0).mdtest->unique_dir_per_task);
  CHECK(mdtest.scenario.jobs.at(0).mdtest->read);
  CHECK(mdtest.scenario.jobs.at(0).mdtest->nstride == 1);
  // What a training step costs says nothing about IOR.
  for (const AssumedRow& row : plain.scenario.fitted) CHECK(row.key.starts_with("lustre."));
}

TEST_CASE("several jobs lie on the cluster's nodes in their order") {
  const auto [scenario, messages] = load(
      "schema_version: 1\n"
      "jobs:\n"
      "  - {name: a, nodes: 3, workload: {dlio: workloads/resnet50_h100.yaml}}\n"
      "  - {name: b, nodes: 5, start: 10 s, background: true, workload: {mdtest: {items: 5}}}\n" +
      kNodes + kStore);
  CHECK(messages == "");
  REQUIRE(scenario.jobs.size() == 2);
  CHECK(scenario.jobs[0].first_client == 0);
  CHECK(scenario.jobs[0].workload.ranks == 24);
  CHECK(scenario.jobs[0].epochs == 5);
  CHECK_FALSE(scenario.jobs[0].background);
  CHECK(scenario.jobs[1].first_client == 3);
  CHECK(scenario.jobs[1].start == Seconds{10});
  CHECK(scenario.jobs[1].background);
  CHECK(scenario.jobs[1].mdtest->items == 5);
  CHECK(std::any_of(scenario.fitted.begin(), scenario.fitted.end(),
                    [](const AssumedRow& row) { return row.key == "a.workload.worker_startup"; }));
}

} // namespace
} // namespace lustrum
