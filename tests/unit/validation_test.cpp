#include "models/assembly/scenario.hpp"
#include "models/assembly/validation.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace lustrum {
namespace {

struct Read {
  Validation validation;
  std::string said;
};

// The section `validate` with these rows.
Read read_rows(const std::string& rows) {
  Diagnostics diagnostics;
  const YamlDocument file = YamlDocument::parse(
      "validate:\n  title: dd\n  source: a page, 2026-06\n  rows:\n" + rows, "f.yaml", diagnostics);
  Read read;
  read.validation = read_validation(file.root().get("validate"), diagnostics);
  read.said = diagnostics.render();
  return read;
}

Read read_one(const std::string& metric, const std::string& measured) {
  return read_rows("    - {name: x, metric: \"" + metric + "\", measured: " + measured + "}\n");
}

bool says(const Read& read, const std::string& text) {
  return read.said.find(text) != std::string::npos;
}

TEST_CASE("a measured number is kept in the unit of its metric") {
  const auto value = [](const std::string& metric, const std::string& measured) {
    const Read read = read_one(metric, measured);
    CHECK(read.said == "");
    return read.validation.rows.front().value;
  };
  CHECK(value("metrics.throughput_mib_per_s", "1 GB/s") == doctest::Approx(1e9 / 1048576));
  CHECK(value("metrics.epoch_time_s[0]", "2 min") == doctest::Approx(120));
  CHECK(value("metrics.samples_per_s", "273.75 /s") == doctest::Approx(273.75));
  CHECK(value("metrics.au_mean_pct", "70.3 %") == doctest::Approx(70.3));
  CHECK(value("metrics.read_bytes", "4 KiB") == doctest::Approx(4096));
  CHECK(value("metrics.rpcs", "157") == doctest::Approx(157));
  CHECK(value("phases[0].rate", "2 MiB/s") == doctest::Approx(2));
  CHECK(value("phases[1].rate", "8.6 kIOPS") == doctest::Approx(8600));
}

TEST_CASE("rows: defaults, flags and notes") {
  const Read read = read_rows("    - {name: a, metric: metrics.makespan_s, measured: 1 s}\n"
                              "    - {name: b, metric: metrics.makespan_s, measured: 1 s, "
                              "tolerance: 5 %, fitted: true, note: why}\n");
  REQUIRE(read.said == "");
  REQUIRE(read.validation.rows.size() == 2);
  CHECK(read.validation.title == "dd");
  CHECK(read.validation.source == "a page, 2026-06");
  CHECK(read.validation.rows[0].tolerance == doctest::Approx(0.15));
  CHECK_FALSE(read.validation.rows[0].fitted);
  CHECK(read.validation.rows[1].tolerance == doctest::Approx(0.05));
  CHECK(read.validation.rows[1].fitted);
  CHECK(read.validation.rows[1].note == "why");
}

TEST_CASE("rejects_unknown_metric with the nearest one and its place") {
  const Read read = read_one("phases[0].rat", "1 MiB/s");
  CHECK(says(read, "error[E109]: a result has no number `phases[0].rat`"));
  CHECK(says(read, "f.yaml:5:25"));
  CHECK(says(read, "did you mean `phases[].rate`?"));
  CHECK(says(read_one("metrics.makespan", "1 s"), "did you mean `metrics.makespan_s`?"));
  CHECK(says(read_one("zzzzzz", "1 s"), "`lustrum metrics` lists them"));
}

TEST_CASE("rejects_list_without_index") {
  CHECK(says(read_one("phases[].rate", "1 MiB/s"), "names a list, not one number"));
}

TEST_CASE("rejects_wrong_unit_of_measured") {
  CHECK(says(read_one("metrics.makespan_s", "3 MiB/s"), "`validate.rows[0].measured`: "));
  CHECK(says(read_one("metrics.makespan_s", "3"), "error[E10"));
  CHECK(says(read_one("metrics.au_mean_pct", "70.3"), "a percentage is needed"));
  CHECK(says(read_one("phases[0].rate", "3 s"), "neither a rate nor a number of operations"));
  CHECK(says(read_one("metrics.makespan_s", "0 s"), "must be more than 0"));
}

TEST_CASE("rejects_incomplete_or_unknown_keys") {
  CHECK(says(read_rows("    - {metric: metrics.makespan_s}\n"), "missing key `name`"));
  CHECK(says(read_rows("    - {metric: metrics.makespan_s}\n"), "missing key `measured`"));
  CHECK(says(
      read_rows("    - {name: a, metric: metrics.makespan_s, measured: 1 s, tolerence: 1 %}\n"),
      "did you mean `tolerance`?"));
  CHECK(says(read_rows("    - {name: a, metric: metrics.makespan_s, measured: 1 s}\n"
                       "    - {name: a, metric: metrics.rpcs, measured: 1}\n"),
             "two rows are called `a`"));
  Diagnostics diagnostics;
  const YamlDocument file =
      YamlDocument::parse("validate: {title: t, source: s, rows: []}\n", "f.yaml", diagnostics);
  read_validation(file.root().get("validate"), diagnostics);
  CHECK(diagnostics.render().find("`validate.rows` is an empty list") != std::string::npos);
  Diagnostics without;
  const YamlDocument bare =
      YamlDocument::parse("validate: {title: t, source: s}\n", "f.yaml", without);
  read_validation(bare.root().get("validate"), without);
  CHECK(without.render().find("missing key `rows` in `validate`") != std::string::npos);
}

RunResult result_with_phases() {
  RunResult result;
  result.metrics.makespan_s = 3;
  result.phases.push_back({.name = "write", .rate = 100, .unit = "MiB/s"});
  result.phases.push_back({.name = "stat", .rate = 5000, .unit = "ops/s"});
  return result;
}

TEST_CASE("comparison takes the numbers of the result") {
  const Read read = read_rows("    - {name: a, metric: \"phases[0].rate\", measured: 80 MiB/s}\n"
                              "    - {name: b, metric: \"phases[1].rate\", measured: 5 kIOPS}\n"
                              "    - {name: c, metric: metrics.makespan_s, measured: 2 s}\n");
  REQUIRE(read.said == "");
  const auto rows = compare(read.validation, "f", result_with_phases());
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].scenario == "f");
  CHECK(rows[0].predicted == 100);
  CHECK(difference_pct(rows[0]) == doctest::Approx(25));
  CHECK(rows[1].unit == "ops/s");
  CHECK(rows[1].predicted == 5000);
  CHECK(rows[2].unit == "s");
  CHECK(rows[2].predicted == 3);
  CHECK(rows[2].tolerance_pct == doctest::Approx(15));
}

TEST_CASE("comparison refuses a number that is not there, or of another unit") {
  const auto compared = [](const std::string& metric, const std::string& measured) {
    return compare(read_one(metric, measured).validation, "f", result_with_phases());
  };
  CHECK_THROWS_WITH_AS(compared("phases[7].rate", "1 MiB/s"),
                       "the result of this run has no `phases[7].rate`", std::runtime_error);
  CHECK_THROWS_AS(compared("metrics.au_mean_pct", "70 %"), std::runtime_error); // null
  CHECK_THROWS_WITH_AS(compared("phases[1].rate", "1 MiB/s"),
                       "`phases[1].rate` is in ops/s, what was measured is in MiB/s",
                       std::runtime_error);
}

} // namespace
} // namespace lustrum
