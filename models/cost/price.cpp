#include "models/cost/price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lustrum {
namespace {

struct UnitRow {
  PriceUnit unit;
  std::string_view name; // behind `USD/`
  std::string_view price;
  std::string_view counted;
  bool over_time;
};

constexpr std::array kUnits{
    UnitRow{PriceUnit::hour, "h", "USD/h", "hours", true},
    UnitRow{PriceUnit::gib_month, "GB-month", "USD/GB-month", "GB-months", true},
    UnitRow{PriceUnit::iops_month, "IOPS-month", "USD/IOPS-month", "IOPS-months", true},
    UnitRow{PriceUnit::mbps_month, "MBps-month", "USD/MBps-month", "MBps-months", true},
    UnitRow{PriceUnit::thousand_requests, "1000 requests", "USD/1000 requests", "1,000 requests",
            false},
    UnitRow{PriceUnit::gib, "GB", "USD/GB", "GiB", false},
};
static_assert([] {
  for (std::size_t i = 0; i < kUnits.size(); ++i)
    if (static_cast<std::size_t>(kUnits[i].unit) != i) return false;
  return true;
}());

const UnitRow& row(PriceUnit unit) { return kUnits[static_cast<std::size_t>(unit)]; }

std::string known_units() {
  std::vector<std::string_view> names;
  names.reserve(kUnits.size());
  for (const UnitRow& unit : kUnits) names.push_back(unit.price);
  return fmt::format("units: {}", fmt::join(names, ", "));
}

} // namespace

std::string_view unit_name(PriceUnit unit) { return row(unit).price; }
std::string_view counted_in(PriceUnit unit) { return row(unit).counted; }
bool is_paid_over_time(PriceUnit unit) { return row(unit).over_time; }

Parsed<Price> parse_price(std::string_view text) {
  constexpr std::string_view kMark = "USD/";
  const std::size_t mark = text.find(kMark);
  if (mark == std::string_view::npos)
    return TextProblem{DiagnosticCode::wrong_unit, fmt::format("`{}` is no price", text),
                       known_units()};
  std::string_view number = text.substr(0, mark);
  while (number.ends_with(' ')) number.remove_suffix(1);
  const Parsed<double> value = parse_number(number);
  if (!value) return value.problem();
  if (number.ends_with('%') || !(value.value() >= 0))
    return TextProblem{DiagnosticCode::out_of_range,
                       fmt::format("`{}`: a price is 0 or more", text), ""};
  std::string unit(text.substr(mark + kMark.size()));
  if (const std::size_t gib = unit.find("GiB"); gib == 0) unit.erase(1, 1); // GiB is what GB means
  const auto found = std::find_if(kUnits.begin(), kUnits.end(),
                                  [&](const UnitRow& known) { return known.name == unit; });
  if (found == kUnits.end())
    return TextProblem{DiagnosticCode::wrong_unit,
                       fmt::format("`{}`: no price is per `{}`", text, unit), known_units()};
  return Price{.usd = value.value(), .unit = found->unit, .provenance = {}};
}

// NOLINTNEXTLINE(readability-function-size): a table, row after row
const ParameterTable& ProductPrices::parameters() {
  using P = ProductPrices;
  static const ParameterTable table{
      {.key = "node",
       .field = field<&P::node>,
       .default_text = "",
       .doc = "An hour of one GPU node: `55.04 USD/h`."},
      {.key = "server",
       .field = field<&P::server>,
       .default_text = "",
       .doc = "An hour of one storage server: purchase and running cost spread over its life."},
      {.key = "capacity",
       .field = field<&P::capacity>,
       .default_text = "",
       .doc = "A GiB for a month: `0.14 USD/GB-month`."},
      {.key = "capacity_infrequent",
       .field = field<&P::capacity_infrequent>,
       .default_text = "",
       .doc = "The same for data that is seldom read."},
      {.key = "capacity_archive",
       .field = field<&P::capacity_archive>,
       .default_text = "",
       .doc = "The same for data that is hardly ever read."},
      {.key = "monitoring",
       .field = field<&P::monitoring>,
       .default_text = "",
       .doc = "Keeping watch over which tier data belongs to, per GiB and month."},
      {.key = "cache",
       .field = field<&P::cache>,
       .default_text = "",
       .doc = "A GiB of cache for a month."},
      {.key = "iops",
       .field = field<&P::iops>,
       .default_text = "",
       .doc = "One provisioned IOPS above those included, for a month."},
      {.key = "throughput",
       .field = field<&P::throughput>,
       .default_text = "",
       .doc = "One provisioned MBps above those included, for a month."},
      {.key = "read_requests",
       .field = field<&P::read_requests>,
       .default_text = "",
       .doc = "Requests that read (GET, HEAD): `0.0004 USD/1000 requests`."},
      {.key = "write_requests",
       .field = field<&P::write_requests>,
       .default_text = "",
       .doc = "Requests that write or list (PUT, COPY, POST, LIST)."},
      {.key = "data_read",
       .field = field<&P::data_read>,
       .default_text = "",
       .doc = "A GiB that is read, where reading is charged by size: `0.01 USD/GB`."},
      {.key = "data_written",
       .field = field<&P::data_written>,
       .default_text = "",
       .doc = "A GiB that is written, where writing is charged by size."},
      {.key = "transfer",
       .field = field<&P::transfer>,
       .default_text = "",
       .doc = "A GiB that leaves for another zone or region."},
      {.key = "backup",
       .field = field<&P::backup>,
       .default_text = "",
       .doc = "A GiB of backup for a month."},
  };
  return table;
}

const Price* Prices::find(std::string_view product, std::string_view component) const {
  const auto of_product = products_.find(product);
  if (of_product == products_.end()) return nullptr;
  const auto price = of_product->second.find(component);
  return price == of_product->second.end() ? nullptr : &price->second;
}

void Prices::set(const std::string& product, const std::string& component, Price price) {
  products_[product].insert_or_assign(component, std::move(price));
}

bool holds_at(std::string_view list_date, std::string_view date) {
  const std::size_t common = std::min(list_date.size(), date.size());
  return list_date.substr(0, common) <= date.substr(0, common);
}

Prices choose(const std::vector<PriceList>& lists, const PriceChoice& choice) {
  // Oldest first, so that a newer price takes the place of an older one.
  std::vector<const PriceList*> order;
  for (const PriceList& list : lists)
    if ((choice.region.empty() || list.region == choice.region) &&
        (choice.date.empty() || holds_at(list.date, choice.date)))
      order.push_back(&list);
  std::stable_sort(order.begin(), order.end(),
                   [](const PriceList* a, const PriceList* b) { return a->date < b->date; });
  std::map<std::string, std::string, std::less<>> seller; // of each product
  for (const PriceList* list : order)
    for (const auto& [product, components] : list->products) {
      const auto [first, is_new] = seller.emplace(product, list->region);
      if (!is_new) first->second = std::min(first->second, list->region);
    }
  Prices prices;
  for (const PriceList* list : order)
    for (const auto& [product, components] : list->products) {
      if (seller.find(product)->second != list->region) continue;
      for (const auto& [component, price] : components) prices.set(product, component, price);
    }
  return prices;
}

} // namespace lustrum
