// The list `faults` of a scenario.
#include "tests/unit/scenario_fixture.hpp"

#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

using lustre::FaultKind;

// Four OSSs with one OST each, eight nodes.
Loaded parse(const std::string& faults,
             const std::string& storage = "{system: fsx_persistent_2_1000, capacity: 9.6 TiB}",
             const std::string& more = "") {
  return load("schema_version: 1\n"
              "workload: {dlio: workloads/resnet50_h100.yaml}\n"
              "cluster: {instance: p5.48xlarge, nodes: 8}\n"
              "storage: " +
              storage + "\n" + more + "faults:\n" + faults);
}

bool says(const Loaded& loaded, const std::string& text) {
  const bool found = loaded.messages.find(text) != std::string::npos;
  if (!found) MESSAGE(loaded.messages);
  return found;
}

} // namespace

TEST_CASE("faults: times, components and defaults") {
  const Loaded loaded = parse("  - {kind: ost_failover, ost: 3, at: 60 s, takeover: 45 s}\n"
                              "  - {kind: slow_ost, mtbf: 30 d, factor: 25 %, duration: 1 h}\n"
                              "  - {kind: link_down, oss: any, at: 2 min}\n"
                              "  - {kind: oss_failover, oss: 1, at: 0 s, duration: 10 min}\n");
  CHECK(loaded.messages == "");
  const auto& faults = loaded.scenario.faults;
  REQUIRE(faults.size() == 4);
  CHECK(faults[0].kind == FaultKind::ost_failover);
  CHECK(faults[0].at == Seconds{60});
  CHECK(faults[0].takeover == Seconds{45});
  CHECK(faults[0].component == 3);
  CHECK(faults[1].kind == FaultKind::slow_ost);
  CHECK_FALSE(faults[1].at);
  CHECK(faults[1].mtbf == Seconds{30 * 86400.0});
  CHECK(faults[1].factor == 0.25);
  CHECK_FALSE(faults[1].component);
  CHECK(faults[2].of_server);
  CHECK_FALSE(faults[2].component);
  CHECK(faults[3].at == Seconds{});
  CHECK(faults[3].duration == Seconds{600});
  // What was left to the defaults is listed: times that nobody has measured.
  std::vector<std::string> keys;
  for (const AssumedRow& row : loaded.scenario.assumed())
    if (row.key.starts_with("faults")) keys.push_back(row.key);
  CHECK(keys == std::vector<std::string>{"faults[2].duration", "faults[3].takeover"});
}

TEST_CASE("rejects_faults_without_a_time_or_with_two") {
  CHECK(says(parse("  - {kind: ost_failover}\n"), "`faults[0]` needs either `at` or `mtbf`"));
  CHECK(says(parse("  - {kind: ost_failover, at: 1 s, mtbf: 1 h}\n"), "either `at` or `mtbf`"));
  CHECK(says(parse("  - {kind: ost_failover, mtbf: 0 s}\n"), "`mtbf` is 1 s at least"));
}

TEST_CASE("rejects_faults_of_what_is_not_there") {
  CHECK(says(parse("  - {kind: ost_failover, at: 1 s, ost: 9}\n"),
             "`ost`: 9 is not there; this design has"));
  CHECK(says(parse("  - {kind: client_dead, at: 1 s, client: 8}\n"),
             "`client`: 8 is not there; this design has 8, counted from 0"));
  CHECK(says(parse("  - {kind: link_down, at: 1 s, client: 0, nic: 3}\n"),
             "`nic`: a client has 1 network cards, 0 to 0"));
  CHECK(says(parse("  - {kind: router_down, at: 1 s}\n"), "the network has no routers"));
  CHECK(says(parse("  - {kind: ost_failover, at: 1 s, ost: first}\n"),
             "`ost` is a number or `any`, not `first`"));
}

TEST_CASE("rejects_keys_without_meaning_for_a_fault") {
  CHECK(says(parse("  - {kind: ost_failover, at: 1 s, client: 0}\n"),
             "`client` has no meaning for `ost_failover`"));
  CHECK(says(parse("  - {kind: client_dead, at: 1 s, duration: 5 s}\n"),
             "`duration` has no meaning for `client_dead`"));
  CHECK(says(parse("  - {kind: client_hang, at: 1 s, takeover: 5 s}\n"),
             "`takeover` has no meaning for `client_hang`"));
  CHECK(says(parse("  - {kind: ost_failover, at: 1 s, factor: 0.5}\n"),
             "`factor` has no meaning for `ost_failover`"));
  CHECK(says(parse("  - {kind: throughput_scaling, at: 1 s, oss: 0}\n"),
             "`oss` has no meaning for `throughput_scaling`"));
  CHECK(says(parse("  - {kind: link_slow, at: 1 s, oss: 0, client: 0}\n"),
             "a link has either `client` or `oss`, not both"));
  CHECK(says(parse("  - {kind: ost_failovr, at: 1 s}\n"), "did you mean `ost_failover`?"));
}

TEST_CASE("rejects_faults_that_the_file_system_does_not_have") {
  CHECK(says(parse("  - {kind: scratch_loss, at: 1 s}\n"), "keeps its data when a server fails"));
  const std::string scratch = "{system: fsx_scratch_2, capacity: 4.8 TiB}";
  CHECK(parse("  - {kind: scratch_loss, at: 1 s}\n", scratch).messages == "");
  CHECK(says(parse("  - {kind: throughput_scaling, at: 1 s}\n", scratch),
             "the throughput of `fsx_scratch_2` cannot be changed"));
  CHECK(says(parse("  - {kind: link_down, at: 1 s}\n", scratch, "run: {data_path: simgrid}\n"),
             "`link_down` needs `data_path: stations`"));
}

} // namespace lustrum
