#include "models/assembly/price_lists.hpp"

#include "sim/base/did_you_mean.hpp"
#include "sim/base/parameter_value.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;

struct ListHead {
  std::string region, date, currency, source;

  static const ParameterTable& parameters() {
    static const ParameterTable table{
        {.key = "region",
         .field = field<&ListHead::region>,
         .default_text = kRequired,
         .doc = "Where these prices hold."},
        {.key = "date",
         .field = field<&ListHead::date>,
         .default_text = kRequired,
         .doc = "From when they hold: YYYY-MM or YYYY-MM-DD."},
        {.key = "currency",
         .field = field<&ListHead::currency>,
         .default_text = kRequired,
         .choices = {"USD"},
         .doc = "Currency: exchange rates are not modelled."},
        {.key = "source",
         .field = field<&ListHead::source>,
         .default_text = kRequired,
         .doc = "Whose list it is."},
    };
    return table;
  }
};

const Figure<std::string>& text_of(const Parameter& row, const ProductPrices& prices) {
  // A field is reached through a writable owner; nothing is written here.
  return *std::get<Figure<std::string>*>(row.field(const_cast<ProductPrices*>(&prices)));
}

// `capacity` of a product: the figure, or within it `value`.
SourceSpan value_span(const YamlNode& figure) {
  const YamlNode value = figure.get("value");
  return value ? value.span() : figure.span();
}

// The prices of one product; `bare`: a price without its source is the scenario's own.
ComponentPrices read_product(const YamlNode& node, bool bare, Diagnostics& diagnostics) {
  ComponentPrices components;
  if (!require_map(node, diagnostics)) return components;
  auto texts = with_defaults<ProductPrices>(ProductPrices::parameters());
  const GivenKeys given = read_section(node, ProductPrices::parameters(), &texts, diagnostics,
                                       {.figures_may_be_bare = bare, .partial = true});
  for (const Parameter& row : ProductPrices::parameters()) {
    const Figure<std::string>& text = text_of(row, texts);
    if (!given.contains(row.key) || text.value.empty()) continue;
    const Parsed<Price> parsed = parse_price(text.value);
    if (!parsed) {
      diagnostics.add(parsed.problem().code, value_span(node.get(row.key)),
                      fmt::format("`{}.{}`: {}", node.path(), row.key, parsed.problem().message),
                      parsed.problem().hint);
      continue;
    }
    Price price = parsed.value();
    price.provenance = text.provenance;
    components.insert_or_assign(std::string(row.key), std::move(price));
  }
  return components;
}

PriceList load_list(const std::string& file, Diagnostics& diagnostics) {
  PriceList list;
  const YamlDocument document = YamlDocument::load(file, diagnostics);
  const YamlNode root = document.root();
  if (!root || !require_map(root, diagnostics)) return list;
  ListHead head;
  read_section(root, ListHead::parameters(), &head, diagnostics, {.extra_keys = {"products"}});
  if (const YamlNode date = root.get("date"))
    if (const auto problem = check_date(head.date))
      diagnostics.add(problem->code, date.span(), fmt::format("`date`: {}", problem->message),
                      problem->hint);
  list = {.region = head.region,
          .date = head.date,
          .source = head.source,
          .file = file,
          .products = {}};
  const YamlNode products = root.get("products");
  if (!products)
    diagnostics.add(missing_key, root.section_span(), "missing key `products` at the top level",
                    "name: {capacity: {value: 0.14 USD/GB-month, source: ...}}");
  else if (require_map(products, diagnostics))
    for (const YamlNode& product : products.entries())
      list.products.emplace(product.key(), read_product(product, false, diagnostics));
  return list;
}

} // namespace

std::vector<PriceList> load_price_lists(const std::string& folder, std::vector<std::string>& files,
                                        Diagnostics& diagnostics) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  std::vector<PriceList> lists;
  lists.reserve(names.size());
  for (const std::string& name : names) lists.push_back(load_list(name, diagnostics));
  files.insert(files.end(), names.begin(), names.end());
  return lists;
}

const ParameterTable& PriceSettings::parameters() {
  using P = PriceSettings;
  static const ParameterTable table{
      {.key = "region",
       .field = field<&P::region>,
       .default_text = "",
       .doc = "Only prices of this region; empty: of each product those of the region that sells "
              "it."},
      {.key = "date",
       .field = field<&P::date>,
       .default_text = "",
       .doc = "Prices as they were at this date, YYYY-MM-DD; empty: the newest. What no list of "
              "that time has is not priced."},
      {.key = "hours_per_month",
       .field = field<&P::hours_per_month>,
       .default_text = "730",
       .min = 1,
       .max = 744,
       .doc = "Hours of a month, over which prices per month are prorated.",
       .source = "365 x 24 / 12; 720 for tables that count 30 days"},
  };
  return table;
}

Prices read_prices(const YamlNode& section, const std::vector<PriceList>& lists,
                   const std::vector<std::string>& products, PriceSettings& settings,
                   Diagnostics& diagnostics) {
  settings = with_defaults<PriceSettings>(PriceSettings::parameters());
  if (section && require_map(section, diagnostics)) {
    read_section(section, PriceSettings::parameters(), &settings, diagnostics,
                 {.extra_keys = {"set"}});
    std::set<std::string> regions;
    for (const PriceList& list : lists) regions.insert(list.region);
    if (!settings.region.empty() && !regions.contains(settings.region)) {
      diagnostics.add(no_such_entry, section.get("region").span(),
                      fmt::format("there is no price list of region `{}`", settings.region),
                      fmt::format("there are `{}`", fmt::join(regions, "`, `")));
      settings.region.clear();
    }
    if (!settings.date.empty())
      if (const auto problem = check_date(settings.date))
        diagnostics.add(problem->code, section.get("date").span(),
                        fmt::format("`prices.date`: {}", problem->message), problem->hint);
  }
  Prices prices = choose(lists, {.region = settings.region, .date = settings.date});
  const YamlNode set = section.get("set");
  if (!set || !require_map(set, diagnostics)) return prices;
  std::set<std::string> known{products.begin(), products.end()};
  for (const PriceList& list : lists)
    for (const auto& [product, components] : list.products) known.insert(product);
  for (const YamlNode& product : set.entries()) {
    if (!known.contains(std::string(product.key())))
      diagnostics.add(no_such_entry, product.key_span(),
                      fmt::format("neither catalog nor price lists have `{}`", product.key()),
                      did_you_mean(product.key(), {known.begin(), known.end()}));
    for (auto& [component, price] : read_product(product, true, diagnostics))
      prices.set(std::string(product.key()), component, price);
  }
  return prices;
}

} // namespace lustrum
