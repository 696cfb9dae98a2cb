// Prices as text, lists by date and region, and what a scenario may say of them.
#include "models/assembly/price_lists.hpp"
#include "models/cost/price.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace lustrum {
namespace {

std::string read_back(std::string_view text) {
  const Parsed<Price> price = parse_price(text);
  return price ? fmt::format("{} {}", price.value().usd, unit_name(price.value().unit))
               : price.problem().message;
}

TEST_CASE("price: as text") {
  CHECK(read_back("55.04 USD/h") == "55.04 USD/h");
  CHECK(read_back("0.14 USD/GB-month") == "0.14 USD/GB-month");
  CHECK(read_back("0.02 USD/GiB-month") == "0.02 USD/GB-month");
  CHECK(read_back("0.0004 USD/1000 requests") == "0.0004 USD/1000 requests");
  CHECK(read_back("6USD/MBps-month") == "6 USD/MBps-month");
  CHECK(read_back("0.055 USD/IOPS-month") == "0.055 USD/IOPS-month");
  CHECK(read_back("0.01 USD/GiB") == "0.01 USD/GB");
}

TEST_CASE("rejects_what_is_no_price") {
  CHECK(read_back("55.04") == "`55.04` is no price");
  CHECK(read_back("3 EUR/h") == "`3 EUR/h` is no price");
  CHECK(read_back("3 USD/week") == "`3 USD/week`: no price is per `week`");
  CHECK(read_back("-3 USD/h") == "`-3 USD/h`: a price is 0 or more");
  CHECK(read_back("3 % USD/h") == "`3 % USD/h`: a price is 0 or more");
  CHECK_FALSE(parse_price("three USD/h"));
}

TEST_CASE("price: which list holds at a date") {
  CHECK(holds_at("2025-05", "2025-05-01"));
  CHECK(holds_at("2025-05-15", "2025-05"));
  CHECK(holds_at("2025-05-15", "2025-05-15"));
  CHECK_FALSE(holds_at("2025-05-15", "2025-05-14"));
  CHECK_FALSE(holds_at("2025-06", "2025-05-31"));
  CHECK(holds_at("2024-12", "2025-01-01"));
}

PriceList list(const std::string& region, const std::string& date, const std::string& product,
               double usd) {
  PriceList made{.region = region, .date = date, .source = {}, .file = {}, .products = {}};
  made.products[product]["node"] = {usd, PriceUnit::hour, {}};
  return made;
}

TEST_CASE("price: the newest that holds, and what a newer list leaves out") {
  std::vector<PriceList> lists{
      list("here", "2026-07", "big", 20), list("here", "2025-05", "big", 30),
      list("here", "2024-01", "old", 10), list("there", "2026-01", "big", 7)};
  const auto usd = [&](const PriceChoice& choice, std::string_view product) {
    const Prices prices = choose(lists, choice);
    const Price* price = prices.find(product, "node");
    return price ? price->usd : -1;
  };
  CHECK(usd({}, "big") == 20);
  CHECK(usd({.region = "here", .date = "2025-12-31"}, "big") == 30);
  CHECK(usd({.region = "here", .date = "2025-04-30"}, "big") == -1);
  CHECK(usd({}, "old") == 10);
  CHECK(usd({.region = "there"}, "big") == 7);
  CHECK(usd({.region = "there"}, "old") == -1);
  CHECK_FALSE(choose(lists, {}).find("big", "capacity"));
}

// What is said of a section `prices`, with one list in which `big` costs 20 USD/h.
struct Read {
  Prices prices;
  PriceSettings settings;
  std::string said;
};
Read read(const std::string& section) {
  Diagnostics diagnostics;
  const YamlDocument document = YamlDocument::parse("prices: " + section, "t.yaml", diagnostics);
  Read done;
  done.prices = read_prices(document.root().get("prices"), {list("here", "2026-07", "big", 20)},
                            {"mine"}, done.settings, diagnostics);
  done.said = diagnostics.render();
  return done;
}

TEST_CASE("price: a scenario's own") {
  const Read own = read(
      "{hours_per_month: 720, set: {big: {node: 15 USD/h}, mine: {capacity: 1 USD/GB-month}}}");
  CHECK(own.said == "");
  CHECK(own.settings.hours_per_month == 720);
  CHECK(own.prices.find("big", "node")->usd == 15);
  CHECK(own.prices.find("big", "node")->provenance.source == "scenario");
  CHECK(own.prices.find("big", "node")->provenance.kind == FigureKind::assumed);
  CHECK(own.prices.find("mine", "capacity")->unit == PriceUnit::gib_month);
  CHECK(read("{date: 2026-07-15}").prices.find("big", "node")->usd == 20);
  CHECK(read("{date: 2026-06-15}").prices.find("big", "node") == nullptr);
}

TEST_CASE("rejects_prices_of_nothing") {
  CHECK(read("{region: mars}").said == "error[E111]: there is no price list of region `mars`\n"
                                       "  --> t.yaml:1:18\n"
                                       "   1 | prices: {region: mars}\n"
                                       "     |                  ^^^^ there are `here`\n");
  CHECK(read("{set: {bog: {node: 3 USD/h}}}").said ==
        "error[E111]: neither catalog nor price lists have `bog`\n"
        "  --> t.yaml:1:16\n"
        "   1 | prices: {set: {bog: {node: 3 USD/h}}}\n"
        "     |                ^^^ did you mean `big`?\n");
  CHECK(read("{set: {big: {node: 3 USD/day}}}").said ==
        "error[E107]: `prices.set.big.node`: `3 USD/day`: no price is per `day`\n"
        "  --> t.yaml:1:28\n"
        "   1 | prices: {set: {big: {node: 3 USD/day}}}\n"
        "     |                            ^^^^^^^^^ units: USD/h, USD/GB-month, USD/IOPS-month, "
        "USD/MBps-month, USD/1000 requests, USD/GB\n");
  CHECK(read("{set: {big: {nod: 3 USD/h}}}").said.find("did you mean `node`?") !=
        std::string::npos);
  CHECK(read("{date: tomorrow}").said.find("`prices.date`") != std::string::npos);
}

TEST_CASE("rejects_price_list_without_source_or_date") {
  const auto folder = std::filesystem::temp_directory_path() / "lustrum_price_test";
  std::filesystem::create_directories(folder);
  std::ofstream{folder / "a.yaml"} << "region: here\ncurrency: EUR\nsource: x\n"
                                      "products: {big: {node: 3 USD/h}}\n";
  Diagnostics diagnostics;
  std::vector<std::string> files;
  load_price_lists(folder.string(), files, diagnostics);
  const std::string said = diagnostics.render();
  CHECK(files.size() == 1);
  CHECK(said.find("missing key `date`") != std::string::npos);
  CHECK(said.find("`currency`: `EUR`") != std::string::npos);
  CHECK(said.find("error[E112]: figure `products.big.node` has no `source`") != std::string::npos);
  std::filesystem::remove_all(folder);
}

} // namespace
} // namespace lustrum
