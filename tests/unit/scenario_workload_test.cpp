// Workloads that could not run, or in which nothing would: found when the scenario is loaded.
#include "models/assembly/build_filesystem.hpp"
#include "tests/unit/scenario_fixture.hpp"

#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

Loaded parse(const std::string& job, const std::string& storage = "") {
  return load("schema_version: 1\n" + job +
              "\ncluster: {instance: p5.48xlarge, nodes: 4}\n"
              "storage: {system: fsx_persistent_2_1000, capacity: 1.2 TiB" +
              storage + "}\n");
}

std::string said(const std::string& job) { return parse(job).messages; }
bool says(const std::string& job, std::string_view what) {
  return said(job).find(what) != std::string::npos;
}

TEST_CASE("rejects_mdtest_without_a_phase") {
  const std::string text = said("workload: {mdtest: {create: false, stat: false, read: false, "
                                "remove: false}}");
  CHECK(text.starts_with("error[E113]: `workload.mdtest`: no phase is on: nothing would run\n"));
  CHECK(text.find("t.yaml:2:12\n") != std::string::npos);
  CHECK(text.find("^^^^^^ e.g. `create: true`") != std::string::npos);
  // One phase is enough.
  CHECK(said("workload: {mdtest: {create: false, read: false, remove: false}}").empty());
  CHECK(said("workload: {mdtest: {create: false, stat: false, read: false, list: true, "
             "remove: false}}")
            .empty());
  CHECK(says("workload: {mdtest: {create: false, remove: false, dirs_only: true}}",
             "neither phase is on"));
}

TEST_CASE("rejects_mdtest_that_would_only_fail") {
  CHECK(says("workload: {mdtest: {write_bytes: 1 KiB, read_bytes: 4 KiB}}",
             "read_bytes 4096 is more than the write_bytes 1024"));
  CHECK(said("workload: {mdtest: {write_bytes: 1 KiB, read_bytes: 4 KiB, read: false}}").empty());
  CHECK(says("workload: {mdtest: {create: false, iterations: 2}}", "can be removed once"));
  CHECK(said("workload: {mdtest: {create: false, iterations: 2, remove: false}}").empty());
  CHECK(says("jobs:\n  - {name: a, nodes: 1, workload: {ior: {}}}\n"
             "  - {name: b, nodes: 1, background: true, workload: {mdtest: {create: false}}}",
             "can be removed once"));
  CHECK(says("workload: {mdtest: {items: 1000000000, ranks_per_client: 8}}",
             "3.2e+10 items are more than can be simulated"));
  CHECK(said("workload: {mdtest: {preset: mdtest-easy, ranks_per_client: 1024}}").empty());
}

TEST_CASE("rejects_ior_without_a_phase_or_beyond_all_files") {
  const std::string text = said("workload: {ior: {write: false, read: false}}");
  CHECK(text.starts_with("error[E113]: `workload.ior`: neither `write` nor `read` is on"));
  CHECK(text.find("t.yaml:2:12\n") != std::string::npos);
  CHECK(says("workload: {ior: {segments: 1000000000, block_size: 16 GiB}}",
             "EiB is more than a file can hold"));
  CHECK(says("workload: {ior: {segments: 0}}", "`workload.ior.segments`"));
  CHECK(says("workload: {ior: {block_size: 0 B}}", "`workload.ior.block_size`"));
  CHECK(says("workload: {ior: {transfer_size: 0 B}}", "`workload.ior.transfer_size`"));
  CHECK(says("workload: {ior: {ranks_per_client: 0}}", "`workload.ior.ranks_per_client`"));
  CHECK(says("workload: {ior: {iterations: 0}}", "`workload.ior.iterations`"));
  CHECK(said("workload: {ior: {preset: ior-easy}}").empty());
  CHECK(said("workload: {ior: {preset: ior-hard, ranks_per_client: 100}}").empty());
}

TEST_CASE("rejects_files_from_before_the_run_that_do_not_fit") {
  // 4 nodes x 400 GiB are there from before; written in the run they may meet ENOSPC there.
  const std::string large = "segments: 100, block_size: 4 GiB";
  CHECK(says("workload: {ior: {write: false, " + large + "}}", "`segments` smaller"));
  CHECK(said("workload: {ior: {" + large + "}}").empty());
  CHECK(says("workload: {mdtest: {create: false, items: 1000, write_bytes: 1 GiB}}",
             "`items` smaller"));
  CHECK(said("workload: {mdtest: {items: 1000, write_bytes: 1 GiB}}").empty());
}

TEST_CASE("tunables that are assumed or fitted are among the assumptions, unless given") {
  const auto find = [](const Scenario& scenario, std::string_view key) {
    const std::vector<AssumedRow> rows = scenario.assumed();
    const auto row =
        std::ranges::find_if(rows, [&](const AssumedRow& each) { return each.key == key; });
    return row == rows.end() ? AssumedRow{} : *row;
  };
  const std::string jobs = "jobs:\n  - {name: a, nodes: 2, workload: {ior: {direct: true}}}\n"
                           "  - {name: b, nodes: 2, workload: {ior: {api: MMAP}}}";
  const auto [plain, none] = parse(jobs);
  CHECK(none.empty());
  CHECK(find(plain, "lustre.client.dio_bandwidth_read").kind == "fitted");
  CHECK(find(plain, "lustre.client.dio_bandwidth_read").value == "8038 MiB/s");
  CHECK(find(plain, "lustre.client.fault_time").kind == "assumed");
  CHECK(find(plain, "lustre.client.dio_overhead_read").kind == "fitted");
  CHECK(find(plain, "lustre.client.copy_bandwidth").key.empty()); // measured
  const auto [given, said] = parse(jobs + "\nlustre: {client: {fault_time: 1 us}}");
  CHECK(said.empty());
  CHECK(find(given, "lustre.client.fault_time").key.empty());
  CHECK_FALSE(find(given, "lustre.client.dio_bandwidth_read").key.empty());
}

TEST_CASE("the locks that clients may keep follow from the servers' memory, where it is known") {
  const Scenario scenario = parse("workload: {ior: {}}").scenario;
  const double memory_mib = scenario.filesystem.oss_memory_per_tib.value.as_double() /
                            static_cast<double>(kMib) * 1.2; // one OSS
  REQUIRE(memory_mib > 0);
  CHECK(build_filesystem(scenario).oss.lock_limit == static_cast<std::uint64_t>(50 * memory_mib));
}

TEST_CASE("storage.pcc: rw") {
  const Loaded rw = parse("workload: {ior: {}}", ", pcc: {mode: rw}");
  CHECK(rw.messages.empty());
  const lustre::FilesystemSettings settings = build_filesystem(rw.scenario);
  REQUIRE(settings.pcc);
  CHECK(settings.pcc->mode == lustre::PccMode::read_write);
  CHECK(settings.needs_hsm());
  CHECK_FALSE(build_filesystem(parse("workload: {ior: {}}", ", pcc: {}").scenario).needs_hsm());
}

} // namespace
} // namespace lustrum
