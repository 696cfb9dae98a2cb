// Designs: the storage part of a scenario in a file of its own, under the jobs of another; file
// services and local disks as such.
#include "models/assembly/file_service_kind.hpp"
#include "models/assembly/local_kind.hpp"
#include "tests/unit/scenario_fixture.hpp"

#include <filesystem>
#include <set>
#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

// The jobs of a small scenario on a design given as text.
Loaded parse(const std::string& design, const std::string& own_storage = "") {
  return load("schema_version: 1\nworkload: {dlio: workloads/resnet50_h100.yaml}\n"
              "cluster: {instance: p5.48xlarge, nodes: 2}\n" +
                  own_storage,
              "schema_version: 1\n" + design);
}

std::string head(const std::string& messages) { return messages.substr(0, messages.find('\n')); }

TEST_CASE("every shipped design stands under the small training job") {
  std::set<std::string> kinds;
  std::size_t found = 0;
  for (const auto& file : std::filesystem::directory_iterator{kRoot + "/configs/designs"}) {
    ++found;
    Diagnostics diagnostics;
    const Scenario scenario = load_scenario(kRoot + "/configs/questions/01_why_gpus_idle.yaml",
                                            file.path().string(), catalog(), diagnostics);
    CHECK(diagnostics.render() == "");
    if (scenario.design) kinds.emplace(scenario.design->kind().entry.name);
    CHECK(scenario.name.ends_with(" on " + file.path().stem().string()));
  }
  CHECK(found >= 20);
  CHECK(kinds.size() == storage_kinds().size());
}

TEST_CASE("a design takes the place of the scenario's own storage") {
  const auto [scenario, messages] =
      parse("storage: {system: fsx_scratch_2, capacity: 4.8 TiB}\n",
            "storage: {system: nonsense, layout: 7}\nnetwork: {lnd: efa}\nlustre: {none: 1}\n");
  CHECK(messages == "");
  CHECK(scenario.storage.system == "fsx_scratch_2");
  CHECK(scenario.network.lnd == "tcp");
  CHECK(scenario.cluster.nodes == 2);
  CHECK(scenario.files.at(1) == "d.yaml");
  const auto own =
      parse("cluster: {instance: hgx_h100}\n"
            "storage: {system: onprem_nvme_lustre, capacity: 120 TiB}\nnetwork: {lnd: o2ib}\n");
  CHECK(own.messages == "");
  CHECK(own.scenario.cluster.instance == "hgx_h100");
  CHECK(own.scenario.cluster.nodes == 2);
  CHECK(own.scenario.network.is_rdma());
}

TEST_CASE("rejects_jobs_in_a_design_and_a_design_without_storage") {
  CHECK(head(parse("storage: {system: ebs_gp3}\nworkload: {ranks: 1}\n").messages) ==
        "error[E104]: unknown key `workload` at the top level");
  CHECK(head(parse("network: {nics: 1}\n").messages) ==
        "error[E103]: missing key `storage` at the top level");
}

TEST_CASE("file services: what grows with capacity, and what with throughput") {
  const auto server = [](const std::string& name, const FileChoice& choice) {
    return scaled(catalog().find_storage(name)->as<FileService>(), choice);
  };
  FileChoice choice;
  choice.capacity = Bytes{100 * kTib};
  // 100 TiB of Filestore: 26,000 MiB/s and 920,000 reads a second.
  const auto filestore = server("filestore_zonal", choice);
  CHECK(filestore.read.count() == doctest::Approx(26000.0 * kMib));
  CHECK(filestore.read_iops.count() == doctest::Approx(920'000));
  CHECK(filestore.write.count() == doctest::Approx(8800.0 * kMib));
  // Reads of EFS are metered at a third of what is provisioned.
  choice.throughput = BytesPerSecond{100e6};
  CHECK(server("efs_provisioned", choice).read.count() == doctest::Approx(300e6));
  CHECK(server("efs_provisioned", choice).write.count() == doctest::Approx(100e6));
  // What OpenZFS has in memory is not bounded by what is bought.
  const auto zfs = server("fsx_openzfs", choice);
  CHECK(zfs.disk_read.count() == doctest::Approx(100e6));
  CHECK(zfs.read.count() == doctest::Approx(21e9));
  // 72 GB/s of 12 HA pairs.
  choice.servers = 12;
  const auto ontap = server("fsx_ontap", choice);
  CHECK(ontap.read.count() * ontap.servers == doctest::Approx(73.728e9));
}

// 10 TB of EFS: 1 GB/s of metered bytes while credit lasts, 500 MB/s after; reads count a third, up
// to the Region's 5 GiB/s. Below 1 TB still 100 MB/s, with 25 MB/s of credit at 0.5 TB.
TEST_CASE("file services: what EFS lets burst") {
  const auto& efs = catalog().find_storage("efs_bursting")->as<FileService>();
  FileChoice choice;
  choice.capacity = Bytes{10'000'000'000'000};
  CHECK(scaled(efs, choice).write.count() == doctest::Approx(1e9));
  CHECK(scaled(efs, choice).read.count() == doctest::Approx(3e9));
  CHECK(scaled(efs, choice).baseline.count() == doctest::Approx(500e6));
  choice.capacity = Bytes{500'000'000'000};
  CHECK(scaled(efs, choice).read.count() == doctest::Approx(300e6));
  CHECK(scaled(efs, choice).baseline.count() == doctest::Approx(25e6));
  CHECK(scaled(efs, choice).credit.as_double() == doctest::Approx(2.1 * kTib));
  choice.capacity = Bytes{100'000'000'000'000};
  CHECK(scaled(efs, choice).read.count() == doctest::Approx(5.0 * kGib));
}

TEST_CASE("local disks: what is bought, and what nodes share") {
  const auto& gp3 = catalog().find_storage("ebs_gp3")->as<LocalDisks>();
  LocalChoice choice;
  CHECK(bought(gp3, choice, 4).read.count() == doctest::Approx(125.0 * kMib));
  choice.throughput = BytesPerSecond{500.0 * kMib};
  choice.iops = PerSecond{5000};
  CHECK(bought(gp3, choice, 4).read.count() == doctest::Approx(500.0 * kMib));
  CHECK(bought(gp3, choice, 4).write_iops.count() == doctest::Approx(5000));
  // Four nodes divide one Hyperdisk ML.
  const auto& shared = catalog().find_storage("hyperdisk_ml")->as<LocalDisks>();
  CHECK(bought(shared, {}, 4).read.count() == doctest::Approx(6000.0 * kMib));
}

TEST_CASE("rejects_what_a_volume_cannot_be_and_copies_from_nowhere") {
  CHECK(head(parse("storage: {system: ebs_gp3, volumes: 4, iops: 20000 IOPS}\n").messages) ==
        "error[E108]: `storage.iops`: a volume of `ebs_gp3` has at most 16000 IOPS");
  CHECK(head(parse("storage: {system: nvme_p5, throughput: 4 GB/s}\n").messages) ==
        "error[E113]: `nvme_p5` has no throughput that can be bought");
  CHECK(
      parse("storage: {system: nvme_p5, copy_in: {from: s3_express, client: naive}}\n").messages ==
      "");
  CHECK(head(parse("storage: {system: nvme_p5, copy_in: {from: efs_elastic}}\n").messages) ==
        "error[E111]: the catalog has no object store `efs_elastic`");
  CHECK(head(parse("storage: {system: hyperdisk_ml, copy_in: {from: s3_standard}}\n").messages) ==
        "error[E113]: the nodes cannot write to `hyperdisk_ml`: they attach it read-only");
}

TEST_CASE("rejects_what_intelligent_tiering_is_not_and_tiers_of_others") {
  const auto said = [](const std::string& storage) {
    return parse("storage: {" + storage + "}\n").messages;
  };
  const std::string it = "system: fsx_intelligent_tiering, capacity: 1 TiB, throughput: ";
  CHECK(said(it + "8000 MB/s, tiered: {ssd_cache: 1 TiB}").empty());
  CHECK(head(said(it + "5000 MB/s"))
            .starts_with("error[E108]: `storage.throughput`: `fsx_intelligent_tiering` is bought "
                         "in steps of"));
  CHECK(head(said(it + "1e300 MB/s")).starts_with("error[E108]: `storage.throughput`"));
  CHECK(head(said("system: fsx_intelligent_tiering, capacity: 1 TiB")) ==
        "error[E103]: missing key `throughput` in `storage`: `fsx_intelligent_tiering` is bought "
        "by throughput");
  CHECK(head(said("system: fsx_intelligent_tiering, capacity: 600 TiB, throughput: 4000 MB/s")) ==
        "error[E108]: `storage.capacity`: the servers hold at most 512 TiB");
  // 32 GiB to 128 TiB for each of the two servers.
  for (const std::string cache : {"63 GiB", "257 TiB"})
    CHECK(head(said(it + "8000 MB/s, tiered: {ssd_cache: " + cache + "}")) ==
          "error[E108]: `storage.tiered.ssd_cache`: " + cache + " is not for sale");
  for (const std::string key :
       {"ssd_cache: true", "used: 10 %", "ost_used: [10 %]", "hsm: {state: released}"}) {
    const std::string name = key.substr(0, key.find(':'));
    CHECK(said(it + "4000 MB/s, " + key)
              .starts_with("error[E113]: `storage." + name +
                           "` has no meaning for `fsx_intelligent_tiering`, a Lustre file "
                           "system\n"));
  }
  CHECK(head(said("system: fsx_scratch_2, capacity: 2.4 TiB, throughput: 4000 MB/s")) ==
        "error[E113]: `storage.throughput` has no meaning for `fsx_scratch_2`, a Lustre file "
        "system");
  CHECK(head(said("system: fsx_scratch_2, capacity: 2.4 TiB, tiered.ssd_cache: 1 TiB")) ==
        "error[E113]: `storage.tiered.ssd_cache` has no meaning for `fsx_scratch_2`, a Lustre file "
        "system");
  CHECK(head(said("system: efs_elastic, capacity: 1 TiB, tiered: {ssd_cache: 1 TiB}")) ==
        "error[E113]: `storage.tiered` has no meaning for `efs_elastic`, a file service");
}

TEST_CASE("rejects_file_service_bought_by_the_wrong_thing") {
  CHECK(head(parse("storage: {system: efs_provisioned, capacity: 1 TiB}\n").messages) ==
        "error[E103]: missing key `throughput` in `storage`: `efs_provisioned` is bought by "
        "throughput");
  CHECK(head(parse("storage: {system: efs_elastic, capacity: 1 TiB, throughput: 1 GB/s}\n")
                 .messages) == "error[E113]: `efs_elastic` has no provisioned throughput");
  CHECK(head(parse("storage: {system: filestore_zonal, capacity: 512 GiB}\n").messages) ==
        "error[E108]: `storage.capacity`: `filestore_zonal` starts at 1024 GiB");
  CHECK(head(parse("storage: {system: efs_elastic, capacity: 1 TiB, volumes: 4}\n").messages) ==
        "error[E113]: `storage.volumes` has no meaning for `efs_elastic`, a file service");
  CHECK(head(parse("storage: {system: efs_elastic, capacity: 10 GiB}\n").messages)
            .starts_with("error[E113]: the data sets take"));
}

TEST_CASE("rejects_local_disks_that_cannot_hold_the_data_set") {
  CHECK(parse("storage: {system: nvme_p5}\n").messages == "");
  CHECK(head(parse("storage: {system: ebs_gp3, volume_size: 100 GiB}\n").messages)
            .starts_with("error[E113]: the data sets take"));
  CHECK(parse("storage: {system: ebs_gp3, volume_size: 100 GiB, volumes: 4}\n").messages == "");
}

} // namespace
} // namespace lustrum
