// Price lists: models/catalog/prices/*.yaml, one for a region and a date, and the section `prices`
// of a scenario, which chooses among them.
#pragma once

#include "models/cost/cost.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"

#include <string>
#include <vector>

namespace lustrum {

class YamlNode;

// Reads every list of a folder, in the order of their names, and reports what is wrong with them.
// `files`: gets the names of those read. A folder that does not exist holds none.
std::vector<PriceList> load_price_lists(const std::string& folder, std::vector<std::string>& files,
                                        Diagnostics& diagnostics);

struct PriceSettings {
  std::string region; // empty: any
  std::string date;   // empty: the newest lists
  double hours_per_month = 0;

  static const ParameterTable& parameters(); // of the section `prices`
};

// Reads the section, which may be absent, and gives the prices that it chooses. `products`: names
// that a scenario can be billed for, besides those of the lists.
Prices read_prices(const YamlNode& section, const std::vector<PriceList>& lists,
                   const std::vector<std::string>& products, PriceSettings& settings,
                   Diagnostics& diagnostics);

} // namespace lustrum
