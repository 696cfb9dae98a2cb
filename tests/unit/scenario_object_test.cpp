// Object stores in a scenario: what may be said, what belongs to other kinds, and what it comes to.
#include "models/assembly/object_kind.hpp"
#include "tests/unit/scenario_fixture.hpp"

#include <algorithm>
#include <string>

using namespace lustrum::test;

namespace lustrum {
namespace {

Loaded parse(const std::string& storage, const std::string& rest = "") {
  return load("schema_version: 1\nworkload: {dlio: workloads/resnet50_h100.yaml}\n"
              "cluster: {instance: p5.48xlarge, nodes: 1}\nstorage: {" +
              storage + "}\n" + rest);
}

// First lines of all messages.
std::string heads(const std::string& messages) {
  std::string text;
  for (std::size_t at = 0; (at = messages.find("error[", at)) != std::string::npos; ++at)
    text += messages.substr(at, messages.find('\n', at) - at) + "\n";
  return text;
}

TEST_CASE("an object store takes the place of a file system by its name alone") {
  const auto [scenario, messages] = parse("system: s3_standard, client: crt");
  CHECK(messages == "");
  CHECK(scenario.storage.system == "s3_standard");
  CHECK(&scenario.design->kind() == &object_kind());
  CHECK_FALSE(scenario.design->no_counters_because().empty());
  CHECK_FALSE(scenario.design->free_bytes(scenario));
}

TEST_CASE("rejects_lustres_keys_on_an_object_store") {
  const std::string said =
      parse("system: s3_standard, client: crt, layout: -c 1, hsm: {state: released}",
            "network: {lnd: efa}\nlustre: {osc: {max_rpcs_in_flight: 8}}\n"
            "faults: [{kind: slow_ost, at: 1 s}]\n")
          .messages;
  CHECK(heads(said) ==
        "error[E113]: `storage.layout` has no meaning for `s3_standard`, an object store\n"
        "error[E113]: `storage.hsm` has no meaning for `s3_standard`, an object store\n"
        "error[E113]: `network.lnd` has no meaning for `s3_standard`, an object store\n"
        "error[E113]: `lustre` has no meaning for `s3_standard`, an object store\n"
        "error[E113]: `faults` has no meaning for `s3_standard`, an object store\n");
  CHECK(said.starts_with(
      "error[E113]: `storage.layout` has no meaning for `s3_standard`, an object store\n"
      "  --> t.yaml:4:45\n"
      "   4 | storage: {system: s3_standard, client: crt, layout: -c 1, hsm: {state: released}}\n"
      "     |                                             ^^^^^^ it is for a Lustre file "
      "system\n"));
}

TEST_CASE("rejects_an_object_stores_keys_on_lustre") {
  CHECK(heads(parse("system: fsx_scratch_2, capacity: 4.8 TiB, client: crt").messages) ==
        "error[E113]: `storage.client` has no meaning for `fsx_scratch_2`, a Lustre file system\n");
}

TEST_CASE("rejects_what_a_client_does_not_have") {
  CHECK(heads(parse("system: s3_standard").messages) ==
        "error[E103]: missing key `client` in `storage`\n");
  CHECK(heads(parse("system: s3_standard, client: s3fs").messages) ==
        "error[E109]: `storage.client`: `s3fs` is not one of the choices\n");
  CHECK(
      heads(
          parse("system: s3_standard, client: naive, target: 10 Gbit/s, cache: 1 TiB").messages) ==
      "error[E113]: `storage.target` has no meaning for client `naive`\n"
      "error[E113]: `storage.cache` has no meaning for client `naive`\n");
  CHECK(heads(parse("system: s3_standard, client: gcsfuse, cache_disks: {volumes: 8}").messages) ==
        "error[E113]: `storage.cache_disks` has no meaning for client `gcsfuse`\n");
  CHECK(heads(parse("system: s3_standard, client: crt", "network: {nics: 9}\n").messages) ==
        "error[E108]: `network.nics`: 9 is more than the 8 of `p5.48xlarge`\n");
  CHECK(parse("system: s3_standrad, client: crt").messages.find("did you mean `s3_standard`?") !=
        std::string::npos);
  CHECK(heads(parse("system: s3_standard, client: crt, clint: 1").messages) ==
        "error[E104]: unknown key `clint` in `storage`\n");
}

TEST_CASE("CRT: connections by the target, 400 Mbit/s for each") {
  const auto connections = [](const ObjectChoice& choice, std::uint32_t nics) {
    Scenario scenario = parse("system: s3_standard, client: crt").scenario;
    scenario.network.nics = nics;
    return object_settings(scenario, choice).client.connections;
  };
  auto choice = with_defaults<ObjectChoice>(ObjectChoice::parameters());
  choice.client = "crt";
  CHECK(connections(choice, 1) == 250); // a card of 100 Gbit/s
  CHECK(connections(choice, 4) == 1000);
  choice.target = BytesPerSecond{1.25e9};
  CHECK(connections(choice, 1) == 25);
}

// The catalog says with sources what the model has as presets.
TEST_CASE("stores of the catalog are the model's presets") {
  const auto same = [](const std::string& name, const object::ServiceSettings& preset) {
    const auto& entry = catalog().find_storage(name)->as<object::ServiceSettings>();
    const auto spread = [](const LatencySpread& a, const LatencySpread& b) {
      CHECK(a.p50.count() == doctest::Approx(b.p50.count()).epsilon(1e-3));
      CHECK(a.p99.count() == doctest::Approx(b.p99.count()).epsilon(1e-3));
    };
    spread(entry.get, preset.get);
    spread(entry.put, preset.put);
    spread(entry.list, preset.list);
    spread(entry.head, preset.head);
    spread(entry.session, preset.session);
    CHECK(entry.connect == preset.connect);
    CHECK(entry.connection_rate == preset.connection_rate);
    CHECK(entry.rate_scope == preset.rate_scope);
    CHECK(entry.reads == preset.reads);
    CHECK(entry.writes == preset.writes);
    CHECK(entry.sessions == preset.sessions);
    CHECK(entry.max_partitions == preset.max_partitions);
    CHECK(entry.split_after == preset.split_after);
  };
  same("s3_standard", object::ServiceSettings::s3_standard());
  same("s3_express", object::ServiceSettings::s3_express());
  same("gcs_standard", object::ServiceSettings::gcs());
}

TEST_CASE("assumed figures of a store, stated and by default, are part of the answer") {
  const auto assumed = [](const std::string& storage) {
    std::vector<std::string> keys;
    for (const AssumedRow& row : parse(storage).scenario.assumed())
      if (row.key.starts_with("s3_")) keys.push_back(row.key + " = " + row.value);
    return keys;
  };
  const std::vector<std::string> rows = assumed("system: s3_standard, client: crt");
  const auto has = [&](const std::vector<std::string>& all, const std::string& text) {
    return std::find(all.begin(), all.end(), text) != all.end();
  };
  CHECK(has(rows, "s3_standard.connect = 5 ms"));           // stated
  CHECK(has(rows, "s3_standard.rate_burst = 1 s"));         // by default
  CHECK_FALSE(has(rows, "s3_standard.get_p50 = 26.79 ms")); // measured
  const auto set = assumed("system: s3_standard, client: crt, set: {get_p50: 10 ms}");
  CHECK(has(set, "s3_standard.get_p50 = 10 ms"));
}

} // namespace
} // namespace lustrum
