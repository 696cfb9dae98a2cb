#include "reports/comparison.hpp"

#include "reports/number_text.hpp"
#include "reports/page.hpp"

#include <fmt/format.h>

namespace lustrum::reports {

namespace {

// `1,902 MiB/s`, `70.30 %`
std::string with_unit(double value, const std::string& unit) {
  return fmt::format("{} {}", number(value), unit);
}

std::string signed_percent(double pct) {
  return fmt::format("{}{}", pct > 0 ? "+" : "", percent(pct));
}

Style style_of(Verdict verdict) {
  switch (verdict) {
  case Verdict::ok:
    return Style::good;
  case Verdict::fitted:
    return Style::plain;
  case Verdict::explained:
    return Style::warning;
  case Verdict::unexplained:
    return Style::bad;
  }
  return Style::plain;
}

std::string verdict_text(const Comparison& row) {
  switch (verdict(row)) {
  case Verdict::fitted:
    return "fitted to this row";
  case Verdict::explained:
    return row.fitted ? "miss, explained; fitted" : "miss, explained";
  case Verdict::unexplained:
    return "miss without explanation";
  case Verdict::ok:
    break;
  }
  return "ok";
}

} // namespace

std::string comparison_text(const std::vector<Comparison>& rows, const TerminalOptions& options) {
  Page page(options);
  const Comparison& first = rows.front();
  page.heading(fmt::format("{}: {}", printable(first.scenario), printable(first.title)));
  page.paragraph("  ", first.source);
  constexpr std::size_t kVerdictColumn = 4;
  Table table({"", "measured", "predicted", "difference", "verdict"}, {kVerdictColumn});
  for (const Comparison& row : rows)
    table.add({row.row, with_unit(row.measured, row.unit), with_unit(row.predicted, row.unit),
               signed_percent(difference_pct(row)), verdict_text(row)},
              style_of(verdict(row)));
  table.print(page);
  for (const Comparison& row : rows)
    if (verdict(row) == Verdict::explained)
      page.paragraph(fmt::format("  {}: ", printable(row.row)), row.note);
  return page.text();
}

std::string comparison_summary_text(const std::vector<Comparison>& rows,
                                    const TerminalOptions& options) {
  Page page(options);
  const ComparisonSummary all = summarize(rows);
  page.heading(fmt::format("{}: {} ok, {} fitted, misses: {} explained, {} not",
                           counted(all.rows, "row"), all.ok, all.fitted, all.explained,
                           all.unexplained));
  if (all.predictions > 0)
    page.paragraph("  ", fmt::format("Half of the {} that nothing was fitted to are within {}.",
                                     counted(all.predictions, "row"),
                                     percent(all.median_difference_pct)));
  return page.text();
}

} // namespace lustrum::reports
