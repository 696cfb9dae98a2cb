#include "sim/result/comparison.hpp"

#include <algorithm>
#include <cmath>

namespace lustrum {

double difference_pct(const Comparison& row) {
  constexpr double kPercent = 100;
  return (row.predicted - row.measured) / row.measured * kPercent;
}

Verdict verdict(const Comparison& row) {
  if (std::abs(difference_pct(row)) <= row.tolerance_pct)
    return row.fitted ? Verdict::fitted : Verdict::ok;
  return row.note.empty() ? Verdict::unexplained : Verdict::explained;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
  case Verdict::ok:
    return "ok";
  case Verdict::fitted:
    return "fitted";
  case Verdict::explained:
    return "miss, explained";
  case Verdict::unexplained:
    return "miss";
  }
  return "?";
}

ComparisonSummary summarize(const std::vector<Comparison>& rows) {
  ComparisonSummary summary{.rows = rows.size()};
  std::vector<double> differences;
  for (const Comparison& row : rows) {
    if (!row.fitted) differences.push_back(std::abs(difference_pct(row)));
    switch (verdict(row)) {
    case Verdict::ok:
      ++summary.ok;
      break;
    case Verdict::fitted:
      ++summary.fitted;
      break;
    case Verdict::explained:
      ++summary.explained;
      break;
    case Verdict::unexplained:
      ++summary.unexplained;
      break;
    }
  }
  summary.predictions = differences.size();
  if (differences.empty()) return summary;
  std::sort(differences.begin(), differences.end());
  const std::size_t half = differences.size() / 2;
  summary.median_difference_pct = differences.size() % 2 == 1
                                      ? differences[half]
                                      : (differences[half - 1] + differences[half]) / 2;
  return summary;
}

} // namespace lustrum
