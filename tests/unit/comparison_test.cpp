#include "reports/comparison.hpp"
#include "sim/result/comparison.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace lustrum {
namespace {

Comparison row(double measured, double predicted, bool fitted = false, std::string note = {}) {
  Comparison row{.scenario = "fsx_dd", .title = "dd", .source = "a page", .row = "read"};
  row.metric = "phases[0].rate";
  row.unit = "MiB/s";
  row.measured = measured;
  row.predicted = predicted;
  row.tolerance_pct = 15;
  row.fitted = fitted;
  row.note = std::move(note);
  return row;
}

TEST_CASE("difference is a share of what was measured") {
  CHECK(difference_pct(row(200, 230)) == doctest::Approx(15));
  CHECK(difference_pct(row(200, 150)) == doctest::Approx(-25));
}

TEST_CASE("verdict: tolerance first, then what excuses a row") {
  CHECK(verdict(row(200, 230)) == Verdict::ok); // the tolerance itself is still within
  CHECK(verdict(row(200, 231)) == Verdict::unexplained);
  CHECK(verdict(row(200, 169)) == Verdict::unexplained);
  CHECK(verdict(row(200, 231, false, "because")) == Verdict::explained);
  CHECK(verdict(row(200, 201, false, "because")) == Verdict::ok); // a note alone is no miss
  CHECK(verdict(row(200, 201, true)) == Verdict::fitted);
  CHECK(verdict(row(200, 300, true)) == Verdict::unexplained);
}

TEST_CASE("summary: the median leaves out what was fitted") {
  const std::vector<Comparison> rows{row(100, 104),       row(100, 80, false, "because"),
                                     row(100, 140),       row(100, 98),
                                     row(100, 100, true), row(100, 170, true, "why")};
  const ComparisonSummary summary = summarize(rows);
  CHECK(summary.rows == 6);
  CHECK(summary.ok == 2);
  CHECK(summary.fitted == 1);
  CHECK(summary.explained == 2);
  CHECK(summary.unexplained == 1);
  CHECK(summary.predictions == 4);
  CHECK(summary.median_difference_pct == doctest::Approx(12)); // of 2, 4, 20, 40
  CHECK(summarize({}).rows == 0);
}

TEST_CASE("the table shows both numbers, the verdict and the notes of misses only") {
  const std::vector<Comparison> rows{row(200, 231, false, "the disks were older"),
                                     row(200, 201, false, "not shown"), row(200, 400),
                                     row(200, 200, true)};
  const std::string text = reports::comparison_text(rows);
  CHECK(text.find("fsx_dd: dd\n  a page\n") != std::string::npos);
  INFO(text);
  CHECK(text.find("200 MiB/s  231 MiB/s     +15.5 %  miss, explained") != std::string::npos);
  CHECK(text.find("+0.5 %  ok\n") != std::string::npos);
  CHECK(text.find("+100.0 %  miss without explanation\n") != std::string::npos);
  CHECK(text.find("0.0 %  fitted to this row\n") != std::string::npos);
  CHECK(text.find("read: the disks were older\n") != std::string::npos);
  CHECK(text.find("not shown") == std::string::npos);
  const std::string summary = reports::comparison_summary_text(rows);
  CHECK(summary.find("4 rows: 1 ok, 1 fitted, misses: 1 explained, 1 not\n") != std::string::npos);
  CHECK(summary.find("Half of the 3 rows that nothing was fitted to are within 15.5 %.") !=
        std::string::npos);
}

} // namespace
} // namespace lustrum
