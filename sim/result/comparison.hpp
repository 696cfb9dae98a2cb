// A number that was measured on a real system beside the one that a run predicts for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

struct Comparison {
  std::string scenario{}; // name of its file, without folder and ending
  std::string title{};    // what was measured
  std::string source{};   // where and when
  std::string row{};
  std::string metric{}; // path in the result document
  std::string unit{};   // of both numbers
  double measured = 0;  // above 0
  double predicted = 0;
  double tolerance_pct = 0;
  bool fitted = false; // a constant of the model or an input was chosen to meet this row
  std::string note{};  // why it misses; empty: nobody has explained it
};

// (predicted - measured) / measured, in percent.
double difference_pct(const Comparison& row);

enum class Verdict : std::uint8_t {
  ok,          // no further off than the tolerance
  fitted,      // the same, but the row says nothing about the model: it was fitted to it
  explained,   // further off; the note says why
  unexplained, // further off, and no note
};

Verdict verdict(const Comparison& row);
std::string_view to_string(Verdict verdict); // `ok`, `fitted`, `miss, explained`, `miss`

struct ComparisonSummary {
  std::size_t rows = 0;
  std::size_t ok = 0;
  std::size_t fitted = 0;
  std::size_t explained = 0;
  std::size_t unexplained = 0;
  std::size_t predictions = 0;      // rows that nothing was fitted to
  double median_difference_pct = 0; // of their absolute values
};

ComparisonSummary summarize(const std::vector<Comparison>& rows);

} // namespace lustrum
