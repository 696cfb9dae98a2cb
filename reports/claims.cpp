#include "reports/claims.hpp"

#include "reports/number_text.hpp"
#include "reports/page.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::reports {

namespace {

Style style_of(ClaimVerdict verdict) {
  switch (verdict) {
  case ClaimVerdict::agrees:
    return Style::good;
  case ClaimVerdict::fitted:
    return Style::plain;
  case ClaimVerdict::corrected:
  case ClaimVerdict::explained:
    return Style::warning;
  case ClaimVerdict::off:
    return Style::bad;
  }
  return Style::plain;
}

std::string signed_percent(double pct) {
  return fmt::format("{}{}", pct > 0 ? "+" : "", percent(pct));
}

} // namespace

std::string claim_text(const std::vector<ClaimRow>& rows, const TerminalOptions& options) {
  Page page(options);
  page.heading(fmt::format("{}: {}", printable(rows.front().file), printable(rows.front().title)));
  page.paragraph("  chosen: ", rows.front().chosen);
  constexpr std::size_t kVerdictColumn = 4;
  Table table({"", "stated", "simulated", "difference", "verdict"}, {kVerdictColumn});
  for (const ClaimRow& row : rows)
    table.add({fmt::format("{}: {}", row.claim, row.name),
               row.unit.empty() ? row.stated : fmt::format("{} {}", row.stated, row.unit),
               // To the cent, as far as people state figures.
               fmt::format("{:.6g}", row.simulated), signed_percent(difference_pct(row)),
               std::string(to_string(verdict(row)))},
              style_of(verdict(row)));
  table.print(page);
  for (const ClaimRow& row : rows)
    if (!row.note.empty()) page.paragraph(fmt::format("  {}: ", printable(row.name)), row.note);
  return page.text();
}

std::string claim_summary_text(const std::vector<ClaimRow>& rows,
                               const std::vector<NotSimulated>& others,
                               const TerminalOptions& options) {
  Page page(options);
  if (!others.empty()) {
    page.heading("Not simulated");
    for (const NotSimulated& other : others)
      page.paragraph(fmt::format("  {}: ", printable(other.claim)), other.reason);
  }
  const auto count = [&](ClaimVerdict wanted) {
    return std::count_if(rows.begin(), rows.end(),
                         [&](const ClaimRow& row) { return verdict(row) == wanted; });
  };
  page.heading(fmt::format("{}: {} agree, {} fitted, {} correct a published figure, off: {} "
                           "explained, {} not; {} not simulated",
                           counted(rows.size(), "row"), count(ClaimVerdict::agrees),
                           count(ClaimVerdict::fitted), count(ClaimVerdict::corrected),
                           count(ClaimVerdict::explained), count(ClaimVerdict::off),
                           counted(others.size(), "claim")));
  return page.text();
}

} // namespace lustrum::reports
