#include "models/assembly/claim.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace lustrum {
namespace {

const Catalog& shipped() {
  static const Catalog catalog = [] {
    Diagnostics diagnostics;
    return Catalog::load(std::string(LUSTRUM_SOURCE_DIR) + "/models/catalog", diagnostics);
  }();
  return catalog;
}

struct Read {
  Claim claim;
  std::string said;
};

Read read(const std::string& sections, const std::string& rows) {
  Diagnostics diagnostics;
  const YamlDocument file = YamlDocument::parse(
      "claim:\n  title: t\n  source: s\n  chosen: nothing\n" + sections + "  rows:\n" + rows,
      "c.yaml", diagnostics);
  Read one;
  CHECK(is_claim(file));
  one.claim = read_claim(file, "c", shipped(), diagnostics);
  one.said = diagnostics.render();
  return one;
}

std::string row(const std::string& fields) {
  return "    - {claim: A1, name: x, " + fields + "}\n";
}

ClaimRow only(const std::string& sections, const std::string& fields,
              const std::vector<RunNumbers>& runs = {}) {
  const Read one = read(sections, row(fields));
  REQUIRE(one.said == "");
  return evaluate(one.claim, runs).at(0);
}

void check_says(const Read& one, const std::string& text) {
  INFO(one.said);
  CHECK(one.said.find(text) != std::string::npos);
}

TEST_CASE("a claim: inputs in base units, catalog figures, bills") {
  CHECK(only("  inputs: {a: 10 MB/s, b: 5 ms}\n", "stated: 50, formula: a * b / 1000").simulated ==
        doctest::Approx(50));
  // 1 TiB x 1,000 MiB/s per TiB
  CHECK(only("  catalog: {r: fsx_persistent_2_1000 disk.read_per_tib}\n",
             "stated: 1, formula: r / 1048576")
            .simulated == doctest::Approx(1000));
  // 1,200 GiB x 0.14 in a whole month; an hour of the p4d at a price of one's own.
  CHECK(
      only("  bills: {b: {hours: 720, date: 2025-05-01, charges: [1200 fsx_scratch_2 capacity]}}\n",
           "stated: 168, formula: b")
          .simulated == doctest::Approx(168));
  CHECK(only("  bills: {b: {hours: 2, charges: [3 p4d.24xlarge node at 10 USD/h]}}\n",
             "stated: 60, formula: b")
            .simulated == doctest::Approx(60));
}

TEST_CASE("a claim: numbers of runs") {
  const std::string runs = "  runs: {one: {scenario: a.yaml}, two: {scenario: b.yaml}}\n";
  const ClaimRow quotient =
      only(runs, "stated: 4, formula: two.metrics.makespan_s / one.metrics.makespan_s",
           {{{"metrics.makespan_s", 3}}, {{"metrics.makespan_s", 12}}});
  CHECK(quotient.simulated == 4);
  CHECK_THROWS_AS(only(runs, "stated: 4, formula: two.metrics.makespan_s", {{}, {}}),
                  std::runtime_error);
}

TEST_CASE("a claim: verdicts") {
  const auto verdict_of = [](const std::string& fields) { return verdict(only("", fields)); };
  CHECK(verdict_of("stated: 100, formula: 104") == ClaimVerdict::agrees);
  CHECK(verdict_of("stated: 100, formula: 106") == ClaimVerdict::off);
  CHECK(verdict_of("stated: 100, formula: 106, note: why") == ClaimVerdict::explained);
  CHECK(verdict_of("stated: 100, formula: 106, tolerance: 10 %") == ClaimVerdict::agrees);
  CHECK(verdict_of("stated: 100, formula: 100, fitted: true") == ClaimVerdict::fitted);
  CHECK(verdict_of("stated: 5 to 15, formula: 15") == ClaimVerdict::agrees);
  CHECK(verdict_of("stated: 5 to 15, formula: 15.1") == ClaimVerdict::off);
  CHECK(verdict_of("stated: at least 13, formula: 12.9") == ClaimVerdict::off);
  CHECK(verdict_of("stated: at most 13, formula: 12.9") == ClaimVerdict::agrees);
  CHECK(verdict_of("stated: 100, correct: 50, formula: 51, note: n") == ClaimVerdict::corrected);
  // A correction that the arithmetic does not bear out is off, as is one that repeats the error.
  CHECK(verdict_of("stated: 100, correct: 50, formula: 100, note: n") == ClaimVerdict::explained);
}

TEST_CASE("a claim: differences are from what is stated") {
  const auto difference = [](const std::string& fields) {
    return difference_pct(only("", fields));
  };
  CHECK(difference("stated: 100, formula: 104") == doctest::Approx(4));
  CHECK(difference("stated: 5 to 15, formula: 7") == 0);
  CHECK(difference("stated: 5 to 15, formula: 18") == doctest::Approx(20));
  CHECK(difference("stated: at least 10, formula: 9") == doctest::Approx(-10));
  CHECK(difference("stated: 100, correct: 50, formula: 50, note: n") == doctest::Approx(-50));
}

TEST_CASE("a claim: what is wrong with one") {
  const std::string good = row("stated: 1, formula: 1");
  check_says(read("  inputs: {a: much}\n", good), "`much` is no number with a unit");
  check_says(read("  catalog: {a: s3_expres reads_per_second}\n", good), "has no figure");
  check_says(read("  bills: {b: {hours: 1, charges: [1 p4d.24xlarge]}}\n", good), "is no charge");
  check_says(read("  bills: {b: {hours: 1, charges: [1 p4d.24xlarge nodes]}}\n", good),
             "has no price");
  check_says(read("  inputs: {a: 1}\n  catalog: {a: s3_express get_p50}\n", good),
             "two numbers are called `a`");
  check_says(read("", row("stated: 1, formula: b")), "nothing is called `b`");
  check_says(read("  runs: {r: {scenario: a.yaml}}\n", row("stated: 1, formula: r.metrics.no")),
             "nothing is called `r.metrics.no`");
  check_says(read("", row("stated: 1 or 2, formula: 1")), "stated");
  check_says(read("", row("stated: 0, formula: 1")), "a figure of 0");
  check_says(read("", row("stated: 1, correct: 2, formula: 2")), "needs a note");
  check_says(read("", row("stated: 1")), "missing key `formula`");
}

} // namespace
} // namespace lustrum
