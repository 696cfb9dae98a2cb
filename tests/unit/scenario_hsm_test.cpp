// The section `storage.hsm` of a scenario: defaults, FSx, what is rejected, what is built of it.
#include "models/assembly/build_filesystem.hpp"
#include "tests/unit/scenario_fixture.hpp"

#include <algorithm>
#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

Loaded parse(const std::string& hsm, bool fsx = true, const std::string& lustre = "") {
  return load("schema_version: 1\n"
              "workload: {dlio: workloads/resnet50_h100.yaml}\n"
              "cluster: {instance: p5.48xlarge, nodes: 1}\n"
              "storage: {system: " +
              std::string(fsx ? "fsx_persistent_2_250, capacity: 9.6 TiB"
                              : "onprem_nvme_lustre, capacity: 120 TiB") +
              (hsm.empty() ? "" : ", hsm: " + hsm) + "}\n" + lustre);
}

const AssumedRow* find_assumed(const Scenario& scenario, std::string_view key) {
  const auto found = std::find_if(scenario.fitted.begin(), scenario.fitted.end(),
                                  [&](const AssumedRow& row) { return row.key == key; });
  return found == scenario.fitted.end() ? nullptr : &*found;
}

TEST_CASE("without the section there is no archive") {
  const auto [scenario, said] = parse("");
  CHECK(said == "");
  CHECK_FALSE(scenario.storage.hsm.on);
  CHECK_FALSE(build_filesystem(scenario).hsm);
  CHECK(find_assumed(scenario, "storage.hsm.max_requests") == nullptr);
}

TEST_CASE("Lustre's own defaults, and what FSx is taken to be") {
  const auto [own, said] = parse("{}", false);
  CHECK(said == "");
  CHECK(own.storage.hsm.max_requests == 3);
  CHECK(own.storage.hsm.scan_interval == Seconds{1});
  CHECK(own.storage.hsm.agents == 1);
  CHECK(find_assumed(own, "storage.hsm.max_requests") == nullptr);
  CHECK(find_assumed(own, "storage.hsm.agents") == nullptr);
  CHECK(find_assumed(own, "storage.hsm.archive.first_byte") != nullptr);

  const auto [fsx, said_fsx] = parse("{archive: {first_byte: 150 ms}}");
  CHECK(said_fsx == "");
  CHECK(fsx.storage.hsm.max_requests == 23);
  CHECK(fsx.storage.hsm.scan_interval == Seconds{});
  CHECK(fsx.storage.hsm.agents == 4); // 9.6 TiB, 2.4 TiB behind each server
  const AssumedRow* requests = find_assumed(fsx, "storage.hsm.max_requests");
  REQUIRE(requests != nullptr);
  CHECK(requests->kind == "fitted");
  CHECK(find_assumed(fsx, "storage.hsm.archive.first_byte") == nullptr); // given

  const auto [given, said_given] = parse("{max_requests: 5, scan_interval: 1 s, agents: 2}");
  CHECK(said_given == "");
  CHECK(given.storage.hsm.max_requests == 5);
  CHECK(given.storage.hsm.scan_interval == Seconds{1});
  CHECK(given.storage.hsm.agents == 2);
  CHECK(find_assumed(given, "storage.hsm.max_requests") == nullptr);
}

TEST_CASE("what is built of it") {
  const auto [scenario, said] =
      parse("{state: archived, policy: NBR, agents_on: clients, "
            "release: {high_watermark: 90 %, low_watermark: 70 %, order: largest}}");
  CHECK(said == "");
  const lustre::FilesystemSettings settings = build_filesystem(scenario);
  REQUIRE(settings.hsm);
  CHECK(settings.hsm->placement == lustre::HsmPlacement::archived);
  CHECK(settings.hsm->agents_on_clients);
  CHECK(settings.hsm->service.non_blocking_restore);
  CHECK_FALSE(settings.hsm->service.coordinator.no_retry);
  CHECK(settings.hsm->service.release.high_watermark == 0.9);
  CHECK(settings.hsm->service.release.low_watermark == 0.7);
  CHECK(settings.hsm->service.release.order == tiering::ReleaseOrder::largest);
  // 9.6 TiB on four servers of two OSTs.
  CHECK(settings.ost_capacity == scenario.ost_capacity());
}

TEST_CASE("automatic export and import, release tasks, and whose prices hold") {
  const auto [scenario, said] =
      parse("{state: archived, export: {automatic: true, delay: 3 s}, "
            "import: {changed: 2 /s, rate: 5 /s}, release: {min_age: 1 h, interval: 10 min}}");
  CHECK(said == "");
  const auto& repository = build_filesystem(scenario).hsm->service.repository;
  CHECK(repository.exports);
  CHECK(repository.export_delay == Seconds{3});
  CHECK(repository.changes.changed == PerSecond{2});
  CHECK(repository.changes.created == PerSecond{});
  CHECK(repository.import_delay == Seconds{10});
  CHECK(repository.import_rate == PerSecond{5});
  CHECK(repository.release_interval == Seconds{600});
  CHECK(scenario.storage.hsm.archive.product == "s3_standard");
  CHECK(find_assumed(scenario, "storage.hsm.import.delay") != nullptr);
  CHECK(find_assumed(scenario, "storage.hsm.export.delay") == nullptr); // given
  CHECK(parse("{}", false).scenario.storage.hsm.archive.product.empty());
  CHECK(find_assumed(parse("{}").scenario, "storage.hsm.import.delay") == nullptr);
}

TEST_CASE("storage.pcc: off without the section, its disk assumed unless given") {
  CHECK_FALSE(parse("").scenario.storage.pcc.on());
  CHECK_FALSE(build_filesystem(parse("").scenario).pcc);
  const auto [scenario, said] = parse("{}, pcc: {capacity: 1 TiB, read_bandwidth: 2 GB/s}");
  CHECK(said == "");
  const lustre::FilesystemSettings settings = build_filesystem(scenario);
  REQUIRE(settings.pcc);
  CHECK(settings.pcc->capacity == Bytes{kTib});
  CHECK(settings.pcc->disk.read_bandwidth == BytesPerSecond{2e9});
  CHECK(settings.pcc->inline_limit == 256_MiB);
  CHECK(find_assumed(scenario, "storage.pcc.capacity") == nullptr);
  CHECK(find_assumed(scenario, "storage.pcc.latency") != nullptr);
  CHECK(parse("{}, pcc: {mode: wo}").messages.find("`storage.pcc.mode`") != std::string::npos);
}

TEST_CASE("what contradicts itself is rejected") {
  const std::string preload = parse("{state: archived, preload: true}").messages;
  CHECK(preload.find("files in state `archived` need no preload") != std::string::npos);
  const std::string marks =
      parse("{release: {high_watermark: 50 %, low_watermark: 60 %}}").messages;
  CHECK(marks.find("`storage.hsm.release.low_watermark` is above") != std::string::npos);
  const std::string task = parse("{release: {interval: 1 h}}").messages;
  CHECK(task.find("a release task needs `min_age`") != std::string::npos);
  const std::string absent = parse("{state: resident, import: {removed: 1 /s}}").messages;
  CHECK(absent.find("the data set is not in the bucket") != std::string::npos);
  const std::string unknown = parse("{max_request: 4}").messages;
  CHECK(unknown.find("did you mean `max_requests`?") != std::string::npos);
}

TEST_CASE("the coordinator's settings under their lctl names") {
  const Loaded loaded =
      parse("{agents: 2}", true,
            "lustre:\n  mdt.hsm.max_requests: 3\n  mdt: {hsm: {policy: NBR, loop_period: 20 s}}\n");
  const Scenario& given = loaded.scenario;
  CHECK(loaded.messages == "");
  CHECK(given.storage.hsm.max_requests == 3); // and not FSx's 23, though it is Lustre's default
  CHECK(find_assumed(given, "storage.hsm.max_requests") == nullptr);
  const auto settings = build_filesystem(given);
  REQUIRE(settings.hsm);
  CHECK(settings.hsm->service.coordinator.loop_period == Seconds{20});
  CHECK(settings.hsm->service.coordinator.active_request_timeout == Seconds{3600});
  CHECK(settings.hsm->service.non_blocking_restore);
  CHECK_FALSE(settings.hsm->service.coordinator.no_retry);

  const Loaded twice = parse("{max_requests: 5}", true, "lustre: {mdt.hsm.max_requests: 3}\n");
  CHECK(twice.scenario.storage.hsm.max_requests == 5);
  CHECK(twice.messages.starts_with("warning[W201]: `lustre.mdt.hsm.max_requests` has no effect: "
                                   "`storage.hsm.max_requests` is given too\n"
                                   "  --> t.yaml:5:"));
  const Loaded without = parse("", true, "lustre: {mdt: {hsm: {max_requests: 3}}}\n");
  CHECK_FALSE(without.scenario.storage.hsm.on);
  CHECK(without.messages.starts_with("warning[W201]: `lustre.mdt.hsm.max_requests` has no effect: "
                                     "the file system has no archive\n"));
}

} // namespace
} // namespace lustrum
