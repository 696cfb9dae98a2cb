// A figure of a catalog entry as text, whatever its type.
#pragma once

#include "models/assembly/catalog_entry.hpp"

#include <optional>
#include <string>

namespace lustrum {

struct FigureText {
  std::string value; // with its unit
  Provenance provenance;
  // The entry does not state it: the row's default says that the product has no such thing.
  bool is_default = false;
};

// Empty when the row is no figure. Of a plain kind every row is one; what the entry does not state
// is then a default, with the row's source. \pre the row is of the table of this entry
std::optional<FigureText> figure_text(const Parameter& row, const CatalogEntry& entry);

} // namespace lustrum
