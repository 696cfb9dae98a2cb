// Prices: what a unit of something costs, and the lists that say so.
//
//   PriceList list{.region = "us-east-1", .date = "2026-07-28"};
//   list.products["p5.48xlarge"]["node"] = {55.04, PriceUnit::hour, provenance};
//   const Prices prices = choose({list}, {.date = "2026-08-01"});
//   const Price* price = prices.find("p5.48xlarge", "node"); // nullptr: not in the lists
#pragma once

#include "sim/base/parameter.hpp"
#include "sim/base/units_text.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

// What a price is for one of. The first four are paid for as long as a thing is there, the other
// two for what is done with it. GB on the bill of a cloud is 2^30 bytes.
enum class PriceUnit : std::uint8_t {
  hour,
  gib_month,
  iops_month,
  mbps_month,
  thousand_requests,
  gib,
};

std::string_view unit_name(PriceUnit unit); // `USD/GB-month`
// As a bill counts it: `GB-months`, `1,000 requests`.
std::string_view counted_in(PriceUnit unit);
bool is_paid_over_time(PriceUnit unit);

struct Price {
  double usd = 0; // for one unit
  PriceUnit unit = PriceUnit::hour;
  Provenance provenance{};
};

// `0.0004 USD/1000 requests`, `0.14 USD/GB-month`, `6 USD/MBps-month`: a number, not negative, and
// one of the units. Sets `usd` and `unit`.
Parsed<Price> parse_price(std::string_view text);

// What of a product can have a price; each is text that parse_price() takes, or empty. One table
// for lists of prices and for a scenario's `prices.set`.
struct ProductPrices {
  Figure<std::string> node, server, capacity, capacity_infrequent, capacity_archive, monitoring,
      cache, iops, throughput, read_requests, write_requests, data_read, data_written, transfer,
      backup;

  static const ParameterTable& parameters();
};

using ComponentPrices = std::map<std::string, Price, std::less<>>; // by component: `capacity`
using ProductMap = std::map<std::string, ComponentPrices, std::less<>>;

// The prices of one region as they were at a date.
struct PriceList {
  std::string region{};
  std::string date{}; // from which they hold: YYYY-MM or YYYY-MM-DD
  std::string source{};
  std::string file{};
  ProductMap products{};
};

// The prices that a run is billed at.
class Prices {
public:
  const Price* find(std::string_view product, std::string_view component) const;
  void set(const std::string& product, const std::string& component, Price price);
  const ProductMap& products() const { return products_; }

private:
  ProductMap products_;
};

struct PriceChoice {
  std::string region{}; // empty: any; of a product that several sell, the first by name
  std::string date{};   // empty: the newest
};

// Of each price the newest that holds at the date: a later list repeats only what changed.
Prices choose(const std::vector<PriceList>& lists, const PriceChoice& choice);

// Is a list with this date in force at that one? An earlier month, or a day not after it; a month
// alone begins with its first day and lasts to its last.
bool holds_at(std::string_view list_date, std::string_view date);

} // namespace lustrum
