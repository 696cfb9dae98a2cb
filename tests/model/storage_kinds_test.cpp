// Runs through the whole program of storages other than Lustre, against closed forms.
#include "models/assembly/simulate.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <doctest/doctest.h>

#include <string>

namespace lustrum {
namespace {

// One node reads 16 files of 64 MiB, one after the other, in pieces of 1 MiB.
RunResult read_through(const std::string& storage, std::uint32_t ranks) {
  const std::string root = LUSTRUM_SOURCE_DIR;
  Diagnostics diagnostics;
  const Catalog catalog = Catalog::load(root + "/models/catalog", diagnostics);
  const YamlDocument document = YamlDocument::parse(
      "schema_version: 1\n"
      "workload: {ior: {ranks_per_client: " +
          std::to_string(ranks) +
          ", block_size: 64 MiB, transfer_size: 1 MiB, file_per_process: true, write: false}}\n"
          "cluster: {instance: p5.48xlarge, nodes: 1}\nstorage: {" +
          storage + "}\n",
      root + "/configs/t.yaml", diagnostics);
  const Scenario scenario = read_scenario(document, catalog, diagnostics);
  INFO(diagnostics.render(false));
  REQUIRE(!diagnostics.has_errors());
  const kernel::ChildOutcome outcome = simulate_in_child(scenario, "");
  INFO(outcome.output);
  REQUIRE(outcome.exit_code == 0);
  return from_json(outcome.output);
}

// What holds the run back must be a station of this class, busy nearly all the time.
void check_bottleneck(const RunResult& result, std::string_view station_class) {
  REQUIRE(result.bottleneck);
  CHECK(result.bottleneck->station_class == station_class);
  CHECK(result.bottleneck->utilization_pct > 85);
}

double rate_mib_per_s(const RunResult& result) {
  for (const PhaseRow& phase : result.phases)
    if (phase.name == "read") return phase.rate;
  return 0;
}

// 8 readers of one gp3 volume share its 125 MiB/s.
TEST_CASE("local disks: the rate of a gp3 volume") {
  const RunResult result = read_through("system: ebs_gp3", 8);
  CHECK(rate_mib_per_s(result) == doctest::Approx(125).epsilon(0.02));
  check_bottleneck(result, "local_disk");
  REQUIRE(result.cost.lines.size() == 2);
  CHECK(result.cost.lines[1].component == "ebs_gp3, capacity");
  CHECK(result.cost.complete);
}

// A read of 1 MiB with n in flight takes 1 ms + 1 MiB/(1 GiB/s) + n x 1 MiB/(2 GiB/s): 2.46 ms for
// one reader alone. Of 8 readers one begins when another ends, so that n is 8 but at the
// start: 5.88 ms.
TEST_CASE("a device fitted to a recording: reads slow each other down") {
  const std::string storage =
      "system: recorded, set: {read_latency: 1 ms, read_rate: 1 GiB/s, shared_read_rate: 2 GiB/s}";
  const double fixed_s = 1e-3 + 1.0 / 1024;
  CHECK(rate_mib_per_s(read_through(storage, 1)) ==
        doctest::Approx(1 / (fixed_s + 1.0 / 2048)).epsilon(0.001));
  const RunResult result = read_through(storage, 8);
  CHECK(rate_mib_per_s(result) == doctest::Approx(8 / (fixed_s + 8.0 / 2048)).epsilon(0.02));
  CHECK(result.storage_kind == "recorded");
  CHECK(result.warnings.empty());
  REQUIRE(result.cost.lines.size() == 1); // the node alone
}

// Four io2 volumes of 4,000 MiB/s behind a p5, which moves 10,000 MB/s to and from EBS. The start,
// and readers that end before others, leave some of that unused; without the limit it would be
// 16,000.
TEST_CASE("network volumes: the instance's limit") {
  const RunResult result = read_through("system: ebs_io2, volumes: 4", 128);
  CHECK(rate_mib_per_s(result) == doctest::Approx(10e9 / double{kMib}).epsilon(0.06));
  check_bottleneck(result, "disk_limit");
}

// A client of EFS with the old mount helper gets 500 MiB/s, however many processes read.
TEST_CASE("file services: one client's ceiling") {
  const RunResult result = read_through("system: efs_one_zone, capacity: 1 TiB", 16);
  CHECK(rate_mib_per_s(result) == doctest::Approx(500).epsilon(0.03));
  check_bottleneck(result, "client_ceiling");
}

// One GET of 64 MiB per file, on a connection of 88 MB/s, after connecting and waiting for the
// first byte: 5 ms + L + 0.763 s, L between 10 and 400 ms.
TEST_CASE("object stores: naive readers, and what their requests cost") {
  const RunResult result = read_through("system: s3_standard, client: naive", 4);
  const double transfer_s = 64.0 * kMib / 88e6;
  const double seconds = 4 * 64 / rate_mib_per_s(result);
  CHECK(seconds > transfer_s + 0.005);
  CHECK(seconds < transfer_s + 0.005 + 0.4);
  check_bottleneck(result, "connection"); // 0.763 s of each GET
  REQUIRE(result.cost.lines.size() >= 3);
  CHECK(result.cost.lines[2].component == "s3_standard, GET and HEAD");
  CHECK(result.cost.lines[2].basis == "usage");
  CHECK(result.cost.lines[2].quantity == doctest::Approx(0.004));
  CHECK(result.cost.usage_usd > 0);
}

} // namespace
} // namespace lustrum
