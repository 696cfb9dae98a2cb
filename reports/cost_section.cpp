#include "reports/number_text.hpp"
#include "reports/sections.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::reports {
namespace {

void price_lines(Page& page, const RunCost& cost) {
  for (const CostLine& line : cost.lines)
    page.paragraph("  price of ",
                   line.unit_price_usd
                       ? fmt::format("{}: {} ({}{}{})", line.component, line.source, line.kind,
                                     line.as_of.empty() ? "" : ", ", line.as_of)
                       : fmt::format("{}: not known, so the total leaves it out", line.component));
}

} // namespace

bool all_priced(const RunCost& cost) {
  return std::all_of(cost.lines.begin(), cost.lines.end(),
                     [](const CostLine& line) { return line.cost_usd.has_value(); });
}

void cost_section(Page& page, const RunCost& cost) {
  if (cost.lines.empty()) return;
  constexpr int kMostDecimals = 4;
  int decimals = 2;
  bool usage = false;
  for (const CostLine& line : cost.lines) {
    decimals =
        std::max(decimals, std::min(kMostDecimals, money_decimals(line.cost_usd.value_or(0))));
    usage = usage || line.basis == "usage";
  }
  Table table({"Cost of the run", "quantity", "unit", "unit price", "cost"}, {2});
  for (const CostLine& line : cost.lines)
    table.add({line.component + (line.basis == "usage" ? " *" : ""), number(line.quantity),
               line.unit, line.unit_price_usd ? price(*line.unit_price_usd) : "not known",
               line.cost_usd ? money(*line.cost_usd, decimals) : "not known"});
  table.add({all_priced(cost) ? "total" : "total of what has a price", "", "", "",
             money(cost.total_usd, decimals)},
            Style::bold);
  table.print(page);
  std::string text = fmt::format("{} per hour, {} per month of continuous use",
                                 money(cost.per_hour_usd), money(cost.per_month_usd));
  if (cost.per_epoch_usd) text += fmt::format(", {} per epoch", money(*cost.per_epoch_usd));
  if (cost.per_sample_usd) text += fmt::format(", {} per sample", money(*cost.per_sample_usd));
  page.paragraph("  ", text);
  if (usage) page.line("  * by usage; the other lines are billed for the time of the run");
  price_lines(page, cost);
}

} // namespace lustrum::reports
