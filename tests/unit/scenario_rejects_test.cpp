// What scenarios may not say, and how it is told.
#include "tests/unit/scenario_fixture.hpp"

#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

TEST_CASE("rejects_no_such_catalog_entry") {
  const std::string said = load(kJob + "cluster: {instance: p5.48xlage, nodes: 8}\n" +
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
      load(kJob + kNodes + "storage: {filesystem: fsx_scratch_2, capacity: 4.8 TiB}\n").messages ==
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
  CHECK(load(kJob + "cluster: {instance: p4d.24xlarge, nodes: 8}\n" + kStore +
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
  CHECK(load(kJob + kNodes + "storage: {system: fsx_scratch_2, capacity: 4.8 TiB}\n" +
             "network: {lnd: efa}\n")
            .messages ==
        "error[E113]: file system `fsx_scratch_2` does not offer EFA\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {lnd: efa}\n"
        "     |                ^^^ of FSx for Lustre, Persistent 2 and Intelligent-Tiering do\n");
}

TEST_CASE("rejects_gpudirect_where_it_is_not") {
  // The instance and the file system each say why; TCP is no network for it.
  CHECK(load(kJob + "cluster: {instance: p4d.24xlarge, nodes: 8}\n" +
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
        "     |                ^^^^ of FSx for Lustre, Persistent 2 and Intelligent-Tiering with "
        "EFA do\n"
        "\n"
        "error[E113]: instance `p4d.24xlarge` cannot use GPUDirect Storage\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {gds: true}\n"
        "     |                ^^^^ FSx for Lustre guide, GPUDirect Storage: P5, P5e, P5en and "
        "P6-B200 only\n");
}

TEST_CASE("rejects_more_efa_connections_than_a_file_system_takes") {
  const std::string nodes = "cluster: {instance: p5.48xlarge, nodes: ";
  CHECK(load(kJob + nodes + "128}\n" + kStore + "network: {lnd: efa}\n").messages == "");
  CHECK(load(kJob + nodes + "129}\n" + kStore + "network: {lnd: efa}\n").messages ==
        "error[E113]: 129 nodes with 8 network cards each are 1032 EFA connections; file system "
        "`fsx_persistent_2_1000` takes 1024\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {lnd: efa}\n"
        "     |                ^^^ at most 128 nodes, or fewer cards: `network.nics`\n");
  CHECK(load(kJob + nodes + "256}\n" + kStore + "network: {lnd: efa, nics: 4}\n").messages == "");
  // On premises there is no such limit.
  CHECK(load("schema_version: 1\nworkload: {dlio: workloads/cosmoflow_h100.yaml}\n"
             "cluster: {instance: hgx_h100, nodes: 600}\n"
             "storage: {system: onprem_nvme_lustre, capacity: 120 TiB}\n"
             "network: {lnd: o2ib}\n")
            .messages == "");
}

TEST_CASE("rejects_infiniband_in_the_cloud") {
  CHECK(load(kJob + kNodes + kStore + "network: {lnd: o2ib}\n").messages ==
        "error[E113]: file system `fsx_persistent_2_1000` has no InfiniBand\n"
        "  --> t.yaml:5:16\n"
        "   5 | network: {lnd: o2ib}\n"
        "     |                ^^^^ its fast network is `efa`\n");
}

TEST_CASE("rejects_routers_without_a_rate_and_beside_the_reference") {
  CHECK(load(kJob + kNodes + kStore + "network: {routers: {count: 4, bandwidth: 100 Gbit/s}}\n")
            .messages == "");
  CHECK(load(kJob + kNodes + kStore + "network: {routers: {count: 4}}\nrun: {data_path: simgrid}\n")
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
  CHECK(load(kJob + kNodes + "storage: {system: fsx_persistent_2_1000, capacity: 10 TiB}\n")
            .messages ==
        "error[E108]: `storage.capacity`: 10 TiB is not a capacity of `fsx_persistent_2_1000`\n"
        "  --> t.yaml:4:52\n"
        "   4 | storage: {system: fsx_persistent_2_1000, capacity: 10 TiB}\n"
        "     |                                                    ^^^^^^ 1.2 TiB and then "
        "multiples of 2.4 TiB; the nearest are 9.6 TiB and 12 TiB\n");
  // Over EFA a server holds 4.8 TiB.
  CHECK(
      load(kJob + kNodes + "storage: {system: fsx_persistent_2_1000, capacity: 2.4 TiB}\n" +
           "network: {lnd: efa}\n")
          .messages ==
      "error[E108]: `storage.capacity`: 2.4 TiB is not a capacity of `fsx_persistent_2_1000` over "
      "EFA\n"
      "  --> t.yaml:4:52\n"
      "   4 | storage: {system: fsx_persistent_2_1000, capacity: 2.4 TiB}\n"
      "     |                                                    ^^^^^^^ multiples of 4.8 TiB; "
      "the nearest is 4.8 TiB\n");
}

TEST_CASE("rejects_missing_workload_file") {
  const std::string messages =
      load("schema_version: 1\nworkload: {dlio: workloads/resnet.yaml}\n" + kNodes + kStore)
          .messages;
  CHECK(messages == "error[E110]: cannot read `workloads/resnet.yaml`: there is no such file\n"
                    "  --> t.yaml:2:18\n"
                    "   2 | workload: {dlio: workloads/resnet.yaml}\n"
                    "     |                  ^^^^^^^^^^^^^^^^^^^^^\n");
}

TEST_CASE("rejects_unknown_keys_of_every_section_at_once") {
  CHECK(load("schema_version: 1\n"
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
  CHECK(load("schema_version: 1\n"
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
  CHECK(load("schema_version: 1\n").messages ==
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
  CHECK(load("schema_version: 1\n"
             "workload: {dlio: workloads/resnet50_h100.yaml, trace: t.csv}\n" +
             kNodes + kStore)
            .messages == "error[E113]: a workload has one of `dlio`, `training`, `trace`, `ior` "
                         "and `mdtest`, not two\n"
                         "  --> t.yaml:2:48\n"
                         "   2 | workload: {dlio: workloads/resnet50_h100.yaml, trace: t.csv}\n"
                         "     |                                                ^^^^^\n");
  CHECK(load("schema_version: 1\nworkload: {ranks: 8}\n" + kNodes + kStore).messages ==
        "error[E103]: missing key `dlio`, `training`, `trace`, `ior` or `mdtest` in `workload`\n"
        "  --> t.yaml:2:1\n"
        "   2 | workload: {ranks: 8}\n"
        "     | ^^^^^^^^ one of them says what runs\n");
}

TEST_CASE("rejects_too_many_ranks_and_cards") {
  CHECK(load("schema_version: 1\n"
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
  CHECK(load(kJob + kNodes +
             "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB, "
             "metadata_iops: 5000}\n")
            .messages ==
        "error[E108]: `storage.metadata_iops`: 5000 cannot be provisioned\n"
        "  --> t.yaml:4:76\n"
        "   4 | storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB, metadata_iops: "
        "5000}\n"
        "     |                                                                            "
        "^^^^ 1500, 3000, 6000, or a multiple of 12000 up to 192000\n");
  CHECK(load(kJob + kNodes +
             "storage: {system: fsx_scratch_2, capacity: 4.8 TiB, metadata_iops: 6000}\n")
            .messages ==
        "error[E113]: file system `fsx_scratch_2` has no provisioned metadata IOPS\n"
        "  --> t.yaml:4:68\n"
        "   4 | storage: {system: fsx_scratch_2, capacity: 4.8 TiB, metadata_iops: 6000}\n"
        "     |                                                                    ^^^^\n");
}

TEST_CASE("rejects_changes_that_cannot_go_together") {
  CHECK(load(kJob + kNodes +
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
  CHECK(load(kJob + kNodes + "storage: {system: fsx_scratch_2, capacity: 4.8 TiB, layout: -c}\n")
            .messages.starts_with("error[E106]: `storage.layout`: "));
}

TEST_CASE("rejects_jobs_that_cannot_run_together") {
  const std::string rest = kNodes + kStore;
  CHECK(load("schema_version: 1\n"
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
  CHECK(load(kJob + "jobs: []\n" + rest).messages ==
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
  CHECK(load("schema_version: 1\n"
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
