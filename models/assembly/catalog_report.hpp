// The catalog as a list of figures, whatever entry or price list they stand in: for `lustrum
// catalog`.
#pragma once

#include "models/assembly/catalog.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

struct FigureRow {
  std::string entry; // `p5.48xlarge`, or of a price list `us-east-1, 2026-07-28: p5.48xlarge`
  std::string key;
  std::string value; // with its unit
  Provenance provenance;
  bool price = false;
};

// The figures that the entry states itself; what it leaves out has no row.
std::vector<FigureRow> figures_of(const CatalogEntry& entry);
// Prices of a product in every list that has it, the newest list first.
std::vector<FigureRow> prices_of(const Catalog& catalog, std::string_view product);
// Of all entries and all price lists.
std::vector<FigureRow> all_figures(const Catalog& catalog);
// Products of the price lists that are no entries of the catalog.
std::vector<std::string> unlisted_products(const Catalog& catalog);

struct CatalogFindings {
  std::vector<FigureRow> old;     // of a date before the one asked for
  std::vector<FigureRow> weak;    // no source, or none that one could look up: "weak: ..."
  std::vector<FigureRow> assumed; // nobody knows: a guess with a reason
};

// `oldest`: YYYY-MM-DD; empty: no figure is too old. A figure dated by month counts as of its last
// day.
CatalogFindings check_catalog(const Catalog& catalog, std::string_view oldest);

// The date so many days before another, both YYYY-MM-DD. \pre today is a date
std::string days_before(std::string_view today, std::uint32_t days);

} // namespace lustrum
