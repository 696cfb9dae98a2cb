#include "sim/result/metric_registry.hpp"
#include "sim/result/run_result.hpp"
#include "tests/unit/sample_result.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lustrum {
namespace {

using Json = nlohmann::ordered_json;

// Keys of all numbers and truth values, read from the JSON alone; `[]` for items of lists.
void collect_keys(const Json& json, const std::string& path, std::set<std::string>& keys) {
  if (json.is_object())
    for (const auto& [key, value] : json.items())
      collect_keys(value, path.empty() ? key : path + "." + key, keys);
  if (json.is_array())
    for (const Json& value : json) collect_keys(value, path + "[]", keys);
  if (json.is_number() || json.is_boolean()) keys.insert(path);
}

// The sample with one change, as text.
template <class F> std::string changed(F change) {
  Json json = Json::parse(to_json(sample_result()));
  change(json);
  return json.dump();
}

std::string rejection(const std::string& text) {
  try {
    from_json(text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("result: what is written is read back, byte for byte") {
  const std::string text = to_json(sample_result());
  CHECK(to_json(from_json(text)) == text);
  CHECK(to_json(sample_result()) == text);
  CHECK(text.ends_with("\n}\n"));
  CHECK(text.starts_with("{\n  \"schema_version\": 5,\n  \"name\": \"unet3d_h100_p2_250\",\n"));
}

TEST_CASE("result: doubles keep their bits, and whole numbers all their digits") {
  RunResult result = sample_result();
  result.metrics.makespan_s = 0.1 + 0.2;
  result.metrics.throughput_mib_per_s = 5e-324;
  result.provenance.seed = UINT64_MAX;
  const std::string text = to_json(result);
  CHECK(text.find("\"makespan_s\": 0.30000000000000004,") != std::string::npos);
  CHECK(text.find("\"seed\": 18446744073709551615,") != std::string::npos);
  const RunResult same = from_json(text);
  CHECK(same.metrics.makespan_s == 0.1 + 0.2);
  CHECK(same.metrics.throughput_mib_per_s == 5e-324);
  CHECK(same.provenance.seed == UINT64_MAX);
}

TEST_CASE("result: what does not exist is null, and stays so") {
  RunResult result; // as a trace replay leaves it
  result.stalls[Cause::other] = 100;
  const std::string text = to_json(result);
  CHECK(text.find("\"au_mean_pct\": null,") != std::string::npos);
  CHECK(text.find("\"bottleneck\": null,") != std::string::npos);
  const RunResult same = from_json(text);
  CHECK_FALSE(same.metrics.au_mean_pct);
  CHECK_FALSE(same.bottleneck);
  CHECK(to_json(same) == text);
}

TEST_CASE("result: stalls are in the order of the causes and sum to 100") {
  const Json stalls = Json::parse(to_json(sample_result()))["stalls"];
  double sum_pct = 0;
  std::size_t at = 0;
  for (const auto& [key, value] : stalls.items()) {
    CHECK(key == std::string(kCauseTable.at(at++).key) + "_pct");
    sum_pct += value.get<double>();
  }
  CHECK(at == kCauses);
  CHECK(sum_pct == 100);
}

TEST_CASE("result: shares of an account of time") {
  TimeAccount time;
  time[Cause::compute] = 30;
  time[Cause::disk] = 10;
  const GpuTimeShares shares = shares_of(time);
  CHECK(shares[Cause::compute] == 75);
  CHECK(shares[Cause::disk] == 25);
  CHECK(shares[Cause::barrier] == 0);
}

TEST_CASE("result: text that is not UTF-8 does not end the program") {
  RunResult result = sample_result();
  result.name = "caf\xE9";
  CHECK(from_json(to_json(result)).name == "caf\uFFFD");
}

TEST_CASE("result: rejects_not_json") {
  CHECK(rejection("{\"name\": }") ==
        "result: not JSON: parse error at line 1, column 10: syntax error while parsing value - "
        "unexpected '}'; expected '[', '{', or a literal");
  CHECK(rejection("") != "accepted");
  CHECK(rejection("[]") == "result: `.` is not an object");
}

TEST_CASE("result: rejects_other_schema_version") {
  // Even when other keys are unknown as well: they may be right in that version.
  CHECK(rejection("{\"schema_version\": 1, \"news\": 1}") ==
        "result: `schema_version` is 1; this program reads 5");
  CHECK(rejection("{}") == "result: `schema_version` is missing");
}

TEST_CASE("result: rejects_missing_and_unknown_keys") {
  CHECK(rejection(changed([](Json& j) { j["metrics"].erase("makespan_s"); })) ==
        "result: `metrics.makespan_s` is missing");
  CHECK(rejection(changed([](Json& j) { j["cost"]["lines"][1].erase("unit"); })) ==
        "result: `cost.lines[1].unit` is missing");
  CHECK(rejection(changed([](Json& j) { j["stalls"]["dusk_pct"] = 1; })) ==
        "result: `stalls.dusk_pct` is not a key of a result");
}

TEST_CASE("result: rejects_wrong_types") {
  CHECK(rejection(changed([](Json& j) { j["metrics"]["makespan_s"] = "3 s"; })) ==
        "result: `metrics.makespan_s` is not a number");
  CHECK(rejection(changed([](Json& j) { j["metrics"]["makespan_s"] = nullptr; })) ==
        "result: `metrics.makespan_s` is not a number");
  CHECK(rejection(changed([](Json& j) { j["metrics"]["rpcs"] = -1; })) ==
        "result: `metrics.rpcs` is not a whole number of 0 or more");
  CHECK(rejection(changed([](Json& j) { j["metrics"]["ranks"] = 4294967296; })) ==
        "result: `metrics.ranks` is too large a number");
  CHECK(rejection(changed([](Json& j) { j["metrics"]["au_pass"] = 1; })) ==
        "result: `metrics.au_pass` is neither true nor false");
  CHECK(rejection(changed([](Json& j) { j["warnings"] = "none"; })) ==
        "result: `warnings` is not a list");
  CHECK(rejection(changed([](Json& j) { j["notes"][0] = 3; })) ==
        "result: `notes[0]` is not a text");
  CHECK(rejection(changed([](Json& j) { j["bound"] = 3; })) == "result: `bound` is not an object");
}

TEST_CASE("result: every number is in the registry, and nothing else is") {
  std::set<std::string> written;
  collect_keys(Json::parse(to_json(sample_result())), "", written);
  std::set<std::string> registered;
  for (const Metric& metric : metric_registry()) {
    CHECK_MESSAGE(registered.insert(metric.key).second, metric.key << " is there twice");
    CHECK_FALSE(metric.unit.empty());
    CHECK_FALSE(metric.definition.empty());
  }
  for (const std::string& key : written)
    CHECK_MESSAGE(registered.count(key) == 1, key << " is not in the registry");
  for (const std::string& key : registered)
    CHECK_MESSAGE(written.count(key) == 1, key << " is in no result");
}

TEST_CASE("result: numbers are listed by path, in the order of the registry") {
  const auto numbers = list_numbers(sample_result());
  std::set<std::string> listed;
  for (const auto& [path, value] : numbers) {
    const Metric* metric = find_metric(path);
    REQUIRE_MESSAGE(metric != nullptr, path);
    listed.insert(metric->key);
  }
  CHECK(listed.size() == metric_registry().size());
  CHECK(numbers.front().first == "schema_version");
  const auto has = [&](const std::string& path, double value) {
    return std::find(numbers.begin(), numbers.end(), std::pair{path, value}) != numbers.end();
  };
  CHECK(has("metrics.epoch_time_s[1]", 133.5));
  CHECK(has("metrics.au_pass", 0));
  CHECK(has("stalls.disk_pct", 18.5));
  CHECK(has("cost.lines[0].unit_price_usd", 55.04));
  RunResult no_au = sample_result();
  no_au.metrics.au_mean_pct.reset();
  CHECK(list_numbers(no_au).size() == numbers.size() - 1);
}

TEST_CASE("result: a metric is found by its key and by a path") {
  REQUIRE(find_metric("stations[12].queue_mean") != nullptr);
  CHECK(find_metric("stations[12].queue_mean") == find_metric("stations[].queue_mean"));
  CHECK(find_metric("stations[].queue_mean")->unit == "requests");
  CHECK(find_metric("metrics.makespan_s")->better == Better::lower);
  CHECK(find_metric("stalls.compute_pct")->better == Better::higher);
  CHECK(find_metric("metrics.makespan") == nullptr);
}

} // namespace
} // namespace lustrum
