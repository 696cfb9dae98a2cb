#include "models/assembly/catalog_report.hpp"

#include "models/assembly/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace lustrum {
namespace {

void append_list(const PriceList& list, std::string_view product, std::vector<FigureRow>& rows) {
  const auto found = list.products.find(product);
  if (found == list.products.end()) return;
  for (const auto& [component, price] : found->second)
    rows.push_back({.entry = fmt::format("{}, {}: {}", list.region, list.date, product),
                    .key = component,
                    .value = fmt::format("{} {}", price.usd, unit_name(price.unit)),
                    .provenance = price.provenance,
                    .price = true});
}

bool is_before(std::string_view as_of, std::string_view oldest) {
  const std::size_t common = std::min(as_of.size(), oldest.size());
  return as_of.substr(0, common) < oldest.substr(0, common);
}

} // namespace

std::vector<FigureRow> figures_of(const CatalogEntry& entry) {
  std::vector<FigureRow> rows;
  for (const Parameter& row : *entry.kind->table)
    if (std::optional<FigureText> figure = figure_text(row, entry))
      if (!figure->is_default)
        rows.push_back({.entry = entry.name,
                        .key = std::string(row.key),
                        .value = std::move(figure->value),
                        .provenance = std::move(figure->provenance)});
  return rows;
}

std::vector<FigureRow> prices_of(const Catalog& catalog, std::string_view product) {
  std::vector<const PriceList*> lists;
  lists.reserve(catalog.price_lists().size());
  for (const PriceList& list : catalog.price_lists()) lists.push_back(&list);
  std::stable_sort(lists.begin(), lists.end(),
                   [](const PriceList* a, const PriceList* b) { return a->date > b->date; });
  std::vector<FigureRow> rows;
  for (const PriceList* list : lists) append_list(*list, product, rows);
  return rows;
}

std::vector<FigureRow> all_figures(const Catalog& catalog) {
  std::vector<FigureRow> rows;
  for (const CatalogEntry& entry : catalog.entries())
    for (FigureRow& row : figures_of(entry)) rows.push_back(std::move(row));
  for (const PriceList& list : catalog.price_lists())
    for (const auto& [product, components] : list.products) append_list(list, product, rows);
  return rows;
}

std::vector<std::string> unlisted_products(const Catalog& catalog) {
  std::set<std::string> names;
  for (const PriceList& list : catalog.price_lists())
    for (const auto& [product, components] : list.products)
      if (!catalog.find_storage(product) && !catalog.find_instance(product)) names.insert(product);
  return {names.begin(), names.end()};
}

CatalogFindings check_catalog(const Catalog& catalog, std::string_view oldest) {
  CatalogFindings findings;
  for (FigureRow& row : all_figures(catalog)) {
    const Provenance& from = row.provenance;
    if (!oldest.empty() && is_before(from.as_of, oldest)) findings.old.push_back(row);
    if (from.source.empty() || from.source.starts_with("weak:"))
      findings.weak.push_back(row);
    else if (from.kind == FigureKind::assumed)
      findings.assumed.push_back(row);
  }
  return findings;
}

std::string days_before(std::string_view today, std::uint32_t days) {
  const auto number = [&](std::size_t at, std::size_t length) {
    return std::stoi(std::string(today.substr(at, length)));
  };
  namespace date = std::chrono;
  const date::sys_days then =
      date::sys_days{date::year{number(0, 4)} / date::month{static_cast<unsigned>(number(5, 2))} /
                     date::day{static_cast<unsigned>(number(8, 2))}} -
      date::days{days};
  const date::year_month_day parts{then};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(parts.year()),
                     static_cast<unsigned>(parts.month()), static_cast<unsigned>(parts.day()));
}

} // namespace lustrum
