// Scenarios: those in configs/, defaults and derived numbers, and what is rejected.
#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace lustrum {
namespace {

const std::string kRoot = LUSTRUM_SOURCE_DIR;

const Catalog& catalog() {
  static const Catalog loaded = [] {
    Diagnostics diagnostics;
    return Catalog::load(kRoot + "/models/catalog", diagnostics);
  }();
  return loaded;
}

struct Loaded {
  Scenario scenario;
  std::string messages;
};

// Read as if it lay in configs/ under the name t.yaml.
Loaded parse(const std::string& text) {
  Diagnostics diagnostics;
  const std::string folder = kRoot + "/configs/";
  const YamlDocument document = YamlDocument::parse(text, folder + "t.yaml", diagnostics);
  Scenario scenario = read_scenario(document, catalog(), diagnostics);
  std::string messages = diagnostics.render();
  for (std::size_t at = 0; (at = messages.find(folder, at)) != std::string::npos;)
    messages.erase(at, folder.size());
  return {std::move(scenario), messages};
}

const std::string kJob = "schema_version: 1\n"
                         "workload: {dlio: workloads/resnet50_h100.yaml}\n";
const std::string kNodes = "cluster: {instance: p5.48xlarge, nodes: 8}\n";
const std::string kStore = "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n";

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
  const auto [scenario, messages] = parse(kJob + kNodes + kStore);
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
      parse(kJob + "cluster: {instance: p5.48xlarge, nodes: 1, set: {memory: 1 TiB}}\n"
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
  const auto one = parse("schema_version: 1\nworkload: {trace: quickstart.yaml}\n" + rest);
  CHECK(one.messages == "");
  CHECK(one.scenario.jobs.at(0).workload.trace.size() == 1);
  CHECK_FALSE(one.scenario.jobs.at(0).dlio.has_value());
  const auto two =
      parse("schema_version: 1\nworkload: {trace: [quickstart.yaml, workloads]}\n" + rest);
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

TEST_CASE("rejects_no_such_catalog_entry") {
  const std::string said = parse(kJob + "cluster: {instance: p5.48xlage, nodes: 8}\n" +
                                 "storage: {system: fsx_scratch_1, capacity: 9.6 TiB}\n")
                               .messages;
  CHECK(said.starts_with(
      "error[E111]: the catalog has no instance `p5.48xlage`\n"
      "  --> t.yaml:3:21\n"
      "   3 | cluster: {instance: p5.48xlage, nodes: 8}\n"
      "     |                     ^^^^^^^^^^ did you mean `p5.48xlarge`? there are `hgx_a100`, "
      "`hgx_h100`, `p4d.24xlarge`, `p5.48xlarge`\n"
      "\n"
      "error[E111]: the catalog has no storage system `fsx_scratch_1`\n"
      "  --> t.yaml:4:19\n"
      "   4 | storage: {system: fsx_scratch_1, capacity: 9.6 TiB}\n"
      "     |                   ^^^^^^^^^^^^^ did you mean `fsx_scratch_2`? there are "));
  for (const std::string& name : catalog().storage_names())
    CHECK(said.find("`" + name + "`") != std::string::npos);
}

TEST_CASE("rejects_the_old_name_of_storage_system") {
  CHECK(
      parse(kJob + kNodes + "storage: {filesystem: fsx_scratch_2, capacity: 4.8 TiB}\n").messages ==
      "error[E103]: missing key `system` in `storage`\n"
      "  --> t.yaml:4:1\n"
      "   4 | storage: {filesystem: fsx_scratch_2, capacity: 4.8 TiB}\n"
      "     | ^^^^^^^ text is needed, the name of a storage system of the catalog\n"
      "\n"
      "error[E104]: unknown key `filesystem` in `storage`\n"
      "  --> t.yaml:4:11\n"
      "   4 | storage: {filesystem: fsx_scratch_2, capacity: 4.8 TiB}\n"
      "     |           ^^^^^^^^^^ did you mean `system`?\n");
}

TEST_CASE("rejects_efa_with_nitro_v3") {
  CHECK(parse(kJob + "cluster: {instance: p4d.24xlarge, nodes: 8}\n" + kStore +
              "network: {lnd: efa}\n")
            .messages ==
        "error[E113]: instance `p4d.24xlarge` cannot be an EFA client of the file system\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {lnd: efa}\n"
        "     |                ^^^ FSx for Lustre guide, EFA clients: Nitro v4 or newer; p4d is "
        "Nitro "
        "v3\n");
}

TEST_CASE("rejects_efa_with_scratch") {
  CHECK(parse(kJob + kNodes + "storage: {system: fsx_scratch_2, capacity: 4.8 TiB}\n" +
              "network: {lnd: efa}\n")
            .messages == "error[E113]: file system `fsx_scratch_2` does not offer EFA\n"
                         "  --> t.yaml:5:16\n"
                         "   5 | network: {lnd: efa}\n"
                         "     |                ^^^ of FSx for Lustre, Persistent 2 does\n");
}

TEST_CASE("rejects_gpudirect_where_it_is_not") {
  // The instance and the file system each say why; TCP is no network for it.
  CHECK(parse(kJob + "cluster: {instance: p4d.24xlarge, nodes: 8}\n" +
              "storage: {system: fsx_scratch_2, capacity: 4.8 TiB}\nnetwork: {gds: true}\n")
            .messages ==
        "error[E113]: GPUDirect Storage needs a network with remote memory access, not TCP\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {gds: true}\n"
        "     |                ^^^^ network: {lnd: efa}\n"
        "\n"
        "error[E113]: file system `fsx_scratch_2` does not offer GPUDirect Storage\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {gds: true}\n"
        "     |                ^^^^ of FSx for Lustre, Persistent 2 with EFA does\n"
        "\n"
        "error[E113]: instance `p4d.24xlarge` cannot use GPUDirect Storage\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {gds: true}\n"
        "     |                ^^^^ FSx for Lustre guide, GPUDirect Storage: P5, P5e, P5en and "
        "P6-B200 only\n");
}

TEST_CASE("GPUDirect Storage brings its own cards") {
  const auto [scenario, messages] =
      parse(kJob + kNodes + kStore + "network: {lnd: efa, gds: true}\n");
  CHECK(messages == "");
  CHECK(scenario.network.nics == 16);
  const auto without = parse(kJob + kNodes + kStore + "network: {lnd: efa}\n");
  CHECK(without.scenario.network.nics == 8);
}

TEST_CASE("rejects_more_efa_connections_than_a_file_system_takes") {
  const std::string nodes = "cluster: {instance: p5.48xlarge, nodes: ";
  CHECK(parse(kJob + nodes + "128}\n" + kStore + "network: {lnd: efa}\n").messages == "");
  CHECK(parse(kJob + nodes + "129}\n" + kStore + "network: {lnd: efa}\n").messages ==
        "error[E113]: 129 nodes with 8 network cards each are 1032 EFA connections; file system "
        "`fsx_persistent_2_1000` takes 1024\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {lnd: efa}\n"
        "     |                ^^^ at most 128 nodes, or fewer cards: `network.nics`\n");
  CHECK(parse(kJob + nodes + "256}\n" + kStore + "network: {lnd: efa, nics: 4}\n").messages == "");
  // On premises there is no such limit.
  CHECK(parse("schema_version: 1\nworkload: {dlio: workloads/cosmoflow_h100.yaml}\n"
              "cluster: {instance: hgx_h100, nodes: 600}\n"
              "storage: {system: onprem_nvme_lustre, capacity: 120 TiB}\n"
              "network: {lnd: o2ib}\n")
            .messages == "");
}

TEST_CASE("rejects_infiniband_in_the_cloud") {
  CHECK(parse(kJob + kNodes + kStore + "network: {lnd: o2ib}\n").messages ==
        "error[E113]: file system `fsx_persistent_2_1000` has no InfiniBand\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {lnd: o2ib}\n"
        "     |                ^^^^ its fast network is `efa`\n");
}

TEST_CASE("rejects_routers_without_a_rate_and_beside_the_reference") {
  CHECK(parse(kJob + kNodes + kStore + "network: {routers: {count: 4, bandwidth: 100 Gbit/s}}\n")
            .messages == "");
  CHECK(
      parse(kJob + kNodes + kStore + "network: {routers: {count: 4}}\nrun: {data_path: simgrid}\n")
          .messages ==
      "error[E113]: routers need a rate\n"
      "  --> t.yaml:5:20\n"
      "   5 | network: {routers: {count: 4}}\n"
      "     |                    ^ network: {routers: {bandwidth: 100 Gbit/s}}\n"
      "\n"
      "error[E113]: `run.data_path: simgrid` has no routers: it compares direct networks\n"
      "  --> t.yaml:5:20\n"
      "   5 | network: {routers: {count: 4}}\n"
      "     |                    ^\n");
}

TEST_CASE("rejects_capacity_between_steps") {
  CHECK(parse(kJob + kNodes + "storage: {system: fsx_persistent_2_1000, capacity: 10 TiB}\n")
            .messages ==
        "error[E108]: `storage.capacity`: 10 TiB is not a capacity of `fsx_persistent_2_1000`\n"
        "  --> t.yaml:4:52\n"
        "   4 | storage: {system: fsx_persistent_2_1000, capacity: 10 TiB}\n"
        "     |                                                    ^^^^^^ 1.2 TiB and then "
        "multiples of 2.4 TiB; the nearest are 9.6 TiB and 12 TiB\n");
  // Over EFA a server holds 4.8 TiB.
  CHECK(
      parse(kJob + kNodes + "storage: {system: fsx_persistent_2_1000, capacity: 2.4 TiB}\n" +
            "network: {lnd: efa}\n")
          .messages ==
      "error[E108]: `storage.capacity`: 2.4 TiB is not a capacity of `fsx_persistent_2_1000` over "
      "EFA\n"
      "  --> t.yaml:4:52\n"
      "   4 | storage: {system: fsx_persistent_2_1000, capacity: 2.4 TiB}\n"
      "     |                                                    ^^^^^^^ multiples of 4.8 TiB; "
      "the nearest is 4.8 TiB\n");
}

TEST_CASE("the least capacity and multiples of the step are accepted") {
  for (const std::string capacity : {"1.2 TiB", "2.4 TiB", "50.4 TiB", "100.8 TiB"})
    CHECK(parse(kJob + kNodes + "storage: {system: fsx_scratch_2, capacity: " + capacity + "}\n")
              .messages == "");
}

TEST_CASE("rejects_missing_workload_file") {
  const std::string messages =
      parse("schema_version: 1\nworkload: {dlio: workloads/resnet.yaml}\n" + kNodes + kStore)
          .messages;
  CHECK(messages == "error[E110]: cannot read `workloads/resnet.yaml`: there is no such file\n"
                    "  --> t.yaml:2:18\n"
                    "   2 | workload: {dlio: workloads/resnet.yaml}\n"
                    "     |                  ^^^^^^^^^^^^^^^^^^^^^\n");
}

TEST_CASE("rejects_unknown_keys_of_every_section_at_once") {
  CHECK(parse("schema_version: 1\n"
              "workload: {dlio: workloads/resnet50_h100.yaml, rank: 4}\n" +
              kNodes + kStore + "lustre: {osc: {max_rpc_in_flight: 16}}\nrun: {sed: 1}\n")
            .messages ==
        "error[E104]: unknown key `rank` in `workload`\n"
        "  --> t.yaml:2:48\n"
        "   2 | workload: {dlio: workloads/resnet50_h100.yaml, rank: 4}\n"
        "     |                                                ^^^^ did you mean `ranks`?\n"
        "\n"
        "error[E104]: unknown key `max_rpc_in_flight` in `lustre.osc`\n"
        "  --> t.yaml:5:16\n"
        "   5 | lustre: {osc: {max_rpc_in_flight: 16}}\n"
        "     |                ^^^^^^^^^^^^^^^^^ did you mean `max_rpcs_in_flight`?\n"
        "\n"
        "error[E104]: unknown key `sed` in `run`\n"
        "  --> t.yaml:6:7\n"
        "   6 | run: {sed: 1}\n"
        "     |       ^^^ did you mean `seed`?\n");
}

TEST_CASE("rejects_unknown_dlio_key_in_the_scenario's_changes") {
  CHECK(parse("schema_version: 1\n"
              "workload:\n"
              "  dlio: workloads/resnet50_h100.yaml\n"
              "  set: {reader.batchsize: 4, reader.dont_use_mmap: true}\n" +
              kNodes + kStore)
            .messages ==
        "error[E104]: DLIO has no key `batchsize` in `reader`\n"
        "  --> t.yaml:4:9\n"
        "   4 |   set: {reader.batchsize: 4, reader.dont_use_mmap: true}\n"
        "     |         ^^^^^^^^^^^^^^^^ did you mean `batch_size`?\n"
        "\n"
        "warning[W201]: `workload.set.reader.dont_use_mmap` has no effect on the simulation\n"
        "  --> t.yaml:4:30\n"
        "   4 |   set: {reader.batchsize: 4, reader.dont_use_mmap: true}\n"
        "     |                              ^^^^^^^^^^^^^^^^^^^^\n");
}

TEST_CASE("rejects_scenario_without_sections") {
  CHECK(parse("schema_version: 1\n").messages ==
        "error[E103]: missing key `cluster` at the top level\n"
        "  --> t.yaml\n"
        "   = a mapping is needed\n"
        "\n"
        "error[E103]: missing key `storage` at the top level\n"
        "  --> t.yaml\n"
        "   = a mapping is needed\n"
        "\n"
        "error[E103]: missing key `workload` at the top level\n"
        "  --> t.yaml\n"
        "   = a mapping is needed\n");
}

TEST_CASE("rejects_two_workloads_and_none") {
  CHECK(parse("schema_version: 1\n"
              "workload: {dlio: workloads/resnet50_h100.yaml, trace: t.csv}\n" +
              kNodes + kStore)
            .messages == "error[E113]: a workload has one of `dlio`, `training`, `trace`, `ior` "
                         "and `mdtest`, not two\n"
                         "  --> t.yaml:2:48\n"
                         "   2 | workload: {dlio: workloads/resnet50_h100.yaml, trace: t.csv}\n"
                         "     |                                                ^^^^^\n");
  CHECK(parse("schema_version: 1\nworkload: {ranks: 8}\n" + kNodes + kStore).messages ==
        "error[E103]: missing key `dlio`, `training`, `trace`, `ior` or `mdtest` in `workload`\n"
        "  --> t.yaml:2:1\n"
        "   2 | workload: {ranks: 8}\n"
        "     | ^^^^^^^^ one of them says what runs\n");
}

TEST_CASE("rejects_too_many_ranks_and_cards") {
  CHECK(parse("schema_version: 1\n"
              "workload: {dlio: workloads/resnet50_h100.yaml, ranks: 65}\n" +
              kNodes + kStore + "network: {nics: 2}\n")
            .messages ==
        "error[E108]: `workload.ranks`: 65 is more than the 64 GPUs of 8 x `p5.48xlarge`\n"
        "  --> t.yaml:2:55\n"
        "   2 | workload: {dlio: workloads/resnet50_h100.yaml, ranks: 65}\n"
        "     |                                                       ^^ at most 64\n"
        "\n"
        "error[E108]: `network.nics`: 2 is more than the 1 of `p5.48xlarge` over tcp\n"
        "  --> t.yaml:5:17\n"
        "   5 | network: {nics: 2}\n"
        "     |                 ^ at most 1\n");
}

TEST_CASE("rejects_metadata_iops_that_cannot_be_bought") {
  CHECK(parse(kJob + kNodes +
              "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB, "
              "metadata_iops: 5000}\n")
            .messages ==
        "error[E108]: `storage.metadata_iops`: 5000 cannot be provisioned\n"
        "  --> t.yaml:4:76\n"
        "   4 | storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB, metadata_iops: "
        "5000}\n"
        "     |                                                                            "
        "^^^^ 1500, 3000, 6000, or a multiple of 12000 up to 192000\n");
  CHECK(parse(kJob + kNodes +
              "storage: {system: fsx_scratch_2, capacity: 4.8 TiB, metadata_iops: 6000}\n")
            .messages ==
        "error[E113]: file system `fsx_scratch_2` has no provisioned metadata IOPS\n"
        "  --> t.yaml:4:68\n"
        "   4 | storage: {system: fsx_scratch_2, capacity: 4.8 TiB, metadata_iops: 6000}\n"
        "     |                                                                    ^^^^\n");
}

TEST_CASE("rejects_changes_that_cannot_go_together") {
  CHECK(parse(kJob + kNodes +
              "storage:\n"
              "  system: fsx_persistent_2_1000\n"
              "  capacity: 9.6 TiB\n"
              "  set: {network.per_oss: 10 GB/s}\n")
            .messages ==
        "error[E113]: exactly one of `network.per_tib` and `network.per_oss` must be given\n"
        "  --> t.yaml:7:3\n"
        "   7 |   set: {network.per_oss: 10 GB/s}\n"
        "     |   ^^^\n");
}

TEST_CASE("rejects_layout_that_is_none") {
  CHECK(parse(kJob + kNodes + "storage: {system: fsx_scratch_2, capacity: 4.8 TiB, layout: -c}\n")
            .messages.starts_with("error[E106]: `storage.layout`: "));
}

TEST_CASE("a load generator: defaults, preset, and what is written beside it") {
  const std::string rest = kNodes + kStore;
  const auto plain = parse("schema_version: 1\nworkload: {ior: {segments: 4}}\n" + rest);
  CHECK(plain.messages == "");
  REQUIRE(plain.scenario.jobs.at(0).ior.has_value());
  CHECK(plain.scenario.jobs.at(0).kind() == "ior");
  CHECK(plain.scenario.jobs.at(0).ior->segments == 4);
  CHECK(plain.scenario.jobs.at(0).ior->transfer_size == Bytes{256 * kKib});
  CHECK_FALSE(plain.scenario.jobs.at(0).ior->file_per_process);
  const auto hard = parse("schema_version: 1\n"
                          "workload: {ior: {stonewall: 2 s, preset: ior-hard}}\n" +
                          rest);
  CHECK(hard.messages == "");
  CHECK(hard.scenario.jobs.at(0).ior->transfer_size == Bytes{47'008});
  CHECK(hard.scenario.jobs.at(0).ior->block_size == Bytes{47'008});
  CHECK(hard.scenario.jobs.at(0).ior->reorder_tasks);
  CHECK(hard.scenario.jobs.at(0).ior->stonewall == Seconds{2});
  const auto mdtest =
      parse("schema_version: 1\nworkload: {mdtest: {preset: mdtest-easy, read: true}}\n" + rest);
  CHECK(mdtest.messages == "");
  CHECK(mdtest.scenario.jobs.at(0).mdtest->unique_dir_per_task);
  CHECK(mdtest.scenario.jobs.at(0).mdtest->read);
  CHECK(mdtest.scenario.jobs.at(0).mdtest->nstride == 1);
  // What a training step costs says nothing about IOR.
  for (const AssumedRow& row : plain.scenario.fitted) CHECK(row.key.starts_with("lustre."));
}

TEST_CASE("several jobs lie on the cluster's nodes in their order") {
  const auto [scenario, messages] = parse(
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

TEST_CASE("rejects_jobs_that_cannot_run_together") {
  const std::string rest = kNodes + kStore;
  CHECK(parse("schema_version: 1\n"
              "jobs:\n"
              "  - {name: a, nodes: 5, background: true, workload: {ior: {}}}\n"
              "  - {name: a, nodes: 4, background: true, workload: {ior: {}}}\n" +
              rest)
            .messages == "error[E108]: the jobs take 9 nodes, the cluster has 8\n"
                         "  --> t.yaml:2:1\n"
                         "   2 | jobs:\n"
                         "     | ^^^^ every job has nodes of its own\n"
                         "\n"
                         "error[E113]: all jobs are in the background: the run would never end\n"
                         "  --> t.yaml:2:1\n"
                         "   2 | jobs:\n"
                         "     | ^^^^\n"
                         "\n"
                         "error[E113]: two jobs are called `a`\n"
                         "  --> t.yaml:4:12\n"
                         "   4 |   - {name: a, nodes: 4, background: true, workload: {ior: {}}}\n"
                         "     |            ^\n");
  CHECK(parse(kJob + "jobs: []\n" + rest).messages ==
        "error[E113]: a scenario has either `workload` or `jobs`, not both\n"
        "  --> t.yaml:3:1\n"
        "   3 | jobs: []\n"
        "     | ^^^^\n"
        "\n"
        "error[E105]: `jobs` is an empty list\n"
        "  --> t.yaml:3:7\n"
        "   3 | jobs: []\n"
        "     |       ^\n");
}

TEST_CASE("rejects_blocks_that_are_no_whole_transfers") {
  CHECK(parse("schema_version: 1\n"
              "workload: {ior: {transfer_size: 3 KiB, block_size: 10 KiB}, ranks: 4}\n" +
              kNodes + kStore)
            .messages ==
        "error[E113]: `workload.ior`: block_size 10240 is not a multiple of transfer_size 3072\n"
        "  --> t.yaml:2:12\n"
        "   2 | workload: {ior: {transfer_size: 3 KiB, block_size: 10 KiB}, ranks: 4}\n"
        "     |            ^^^ both in bytes\n"
        "\n"
        "warning[W201]: `ranks` has no effect on `ior`\n"
        "  --> t.yaml:2:61\n"
        "   2 | workload: {ior: {transfer_size: 3 KiB, block_size: 10 KiB}, ranks: 4}\n"
        "     |                                                             ^^^^^\n");
}

} // namespace
} // namespace lustrum
