// The bill of a run: lines, their sum, what is idle, what has no price.
#include "models/cost/cost.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include <string>

namespace lustrum {
namespace {

constexpr Seconds kHour{3600};
constexpr Seconds kMonth = kHour * kHoursPerMonth;

Price vendor_price(double usd, PriceUnit unit) {
  return {usd, unit, {"price list", "2026-07-13", FigureKind::vendor}};
}

// Everything that the tests below buy.
Prices prices_with(double node_usd) {
  Prices prices;
  prices.set("p4d", "node", vendor_price(node_usd, PriceUnit::hour));
  prices.set("fsx", "capacity", vendor_price(0.21, PriceUnit::gib_month));
  prices.set("fsx", "iops", vendor_price(0.055, PriceUnit::iops_month));
  prices.set("appliance", "server", vendor_price(2.5, PriceUnit::hour));
  prices.set("s3", "read_requests", vendor_price(0.0004, PriceUnit::thousand_requests));
  prices.set("s3", "data_read", vendor_price(0.01, PriceUnit::gib));
  prices.set("efs", "throughput", vendor_price(6, PriceUnit::mbps_month));
  return prices;
}

std::string cents(double usd) { return fmt::format("{:.2f}", usd); }

Charge nodes(double count) {
  return {.product = "p4d",
          .component = "node",
          .label = "p4d",
          .amount = count,
          .unit = PriceUnit::hour,
          .counted = "node-hours",
          .gpu = true};
}

Charge charge(const std::string& product, const std::string& component, double amount,
              PriceUnit unit) {
  return {.product = product,
          .component = component,
          .label = product + ", " + component,
          .amount = amount,
          .unit = unit,
          .counted = {}};
}

// One GPU node alone.
RunCost node_cost(double usd_per_hour, double gpu_utilization, Seconds time) {
  return cost_of({.charges = {nodes(1)}, .makespan = time, .gpu_utilization = gpu_utilization},
                 prices_with(usd_per_hour));
}

TEST_CASE("cost: lines, their order, and the sum") {
  const RunCost cost =
      cost_of({.charges = {nodes(2), charge("fsx", "capacity", 9600, PriceUnit::gib_month),
                           charge("fsx", "iops", 6000, PriceUnit::iops_month),
                           charge("s3", "data_read", 0, PriceUnit::gib)},
               .makespan = Seconds{1800},
               .epochs = 5,
               .samples = 1000,
               .gpu_utilization = 0.75},
              prices_with(55.04));
  REQUIRE(cost.lines.size() == 3); // nothing was read, so there is no line for it
  CHECK(cost.lines[0].component == "p4d");
  CHECK(cost.lines[0].quantity == 1); // 2 nodes x 0.5 h
  CHECK(cost.lines[0].unit == "node-hours");
  CHECK(cost.lines[0].basis == "baseline");
  CHECK(cost.lines[0].source == "price list");
  CHECK(cost.lines[0].as_of == "2026-07-13");
  CHECK(cost.lines[0].kind == "vendor");
  CHECK(cost.lines[1].component == "fsx, capacity");
  CHECK(cost.lines[1].unit == "GB-months");
  CHECK(cost.lines[1].quantity == doctest::Approx(9600 * 0.5 / 730));
  CHECK(cost.lines[2].quantity == doctest::Approx(6000 * 0.5 / 730));
  CHECK(cost.complete);
  CHECK(*cost.per_epoch_usd == cost.total_usd / 5);
  CHECK(*cost.per_sample_usd == cost.total_usd / 1000);
  CHECK(*cost.idle_gpu_usd == doctest::Approx(55.04 / 4));
  CHECK(cost.usage_usd == 0);
  CHECK(cost.per_hour_usd == doctest::Approx(cost.total_usd * 2));
  CHECK(cost.per_month_usd == doctest::Approx(cost.total_usd * 2 * 730));
}

TEST_CASE("cost: what is used is charged once, and again in each run of a month") {
  // 2 million GET at 0.0004 per 1,000 are 0.80; 50 GiB at 0.01 are 0.50; the node takes 2 h x 3
  // USD.
  const RunCost cost = cost_of(
      {.charges = {nodes(1), charge("s3", "read_requests", 2e6, PriceUnit::thousand_requests),
                   charge("s3", "data_read", 50, PriceUnit::gib)},
       .makespan = kHour * 2},
      prices_with(3));
  REQUIRE(cost.lines.size() == 3);
  CHECK(cost.lines[1].quantity == 2000);
  CHECK(cost.lines[1].unit == "1,000 requests");
  CHECK(cost.lines[1].basis == "usage");
  CHECK(cents(*cost.lines[1].cost_usd) == "0.80");
  CHECK(cents(*cost.lines[2].cost_usd) == "0.50");
  CHECK(cents(cost.usage_usd) == "1.30");
  CHECK(cents(cost.total_usd) == "7.30");
  CHECK(cents(cost.per_hour_usd) == "3.65");
  CHECK(cents(cost.per_month_usd) == "2664.50"); // 365 runs of two hours
}

TEST_CASE("cost: an appliance pays by server, a file service also by throughput") {
  const RunCost cost =
      cost_of({.charges = {charge("appliance", "server", 8, PriceUnit::hour),
                           charge("efs", "throughput", 100, PriceUnit::mbps_month)},
               .makespan = kHour * 3},
              prices_with(1));
  CHECK(cents(*cost.lines.at(0).cost_usd) == "60.00"); // 8 x 3 x 2.50
  CHECK(cents(*cost.lines.at(1).cost_usd) == "2.47");  // 600 x 3/730
  CHECK(cost.lines.at(1).unit == "MBps-months");
}

TEST_CASE("cost: what has no price is listed, is not free, and the total says so") {
  const RunCost cost = cost_of({.charges = {charge("p5e", "node", 1, PriceUnit::hour),
                                            charge("fsx", "capacity", 1200, PriceUnit::gib_month)},
                                .makespan = kMonth,
                                .gpu_utilization = 0.5},
                               prices_with(1));
  REQUIRE(cost.lines.size() == 2);
  CHECK_FALSE(cost.lines[0].unit_price_usd);
  CHECK_FALSE(cost.lines[0].cost_usd);
  CHECK(cost.lines[0].source == "no price known");
  CHECK_FALSE(cost.idle_gpu_usd);
  CHECK_FALSE(cost.complete);
  CHECK(cents(cost.total_usd) == "252.00");
  // A price per request is none per GiB.
  const RunCost other =
      cost_of({.charges = {charge("s3", "read_requests", 5, PriceUnit::gib)}}, prices_with(1));
  CHECK(other.lines.at(0).source == "its price is in USD/1000 requests, not in USD/GB");
  CHECK_FALSE(other.complete);
}

TEST_CASE("cost: a run of no time, without epochs and samples") {
  const RunCost cost = node_cost(55.04, 0, Seconds{});
  CHECK(cost.total_usd == 0);
  CHECK(cost.per_hour_usd == 55.04);
  CHECK_FALSE(cost.per_epoch_usd);
  CHECK_FALSE(cost.per_sample_usd);
  CHECK(month_assumption(730).value == "730 h");
}

BillInputs any_bill() {
  BillInputs inputs;
  const auto amount = [] { return static_cast<double>(*rc::gen::inRange(0, 1'000'000)) / 64; };
  inputs.charges = {nodes(amount()),
                    charge("fsx", "capacity", amount(), PriceUnit::gib_month),
                    charge("fsx", "iops", amount(), PriceUnit::iops_month),
                    charge("efs", "throughput", amount(), PriceUnit::mbps_month),
                    charge("nobody's", "capacity", amount(), PriceUnit::gib_month),
                    charge("s3", "read_requests", amount(), PriceUnit::thousand_requests),
                    charge("s3", "data_read", amount(), PriceUnit::gib)};
  inputs.makespan = Seconds{static_cast<double>(*rc::gen::inRange(1, 10'000'000)) / 16};
  return inputs;
}

TEST_CASE("cost: the total is the sum of its lines, whatever is bought") {
  const bool good = rc::check([] {
    const BillInputs inputs = any_bill();
    const RunCost cost = cost_of(inputs, prices_with(21.957642));
    double sum_usd = 0;
    double usage_usd = 0;
    bool priced = true;
    for (const CostLine& line : cost.lines) {
      RC_ASSERT(line.cost_usd.has_value() == line.unit_price_usd.has_value());
      if (line.cost_usd) RC_ASSERT(*line.cost_usd == line.quantity * *line.unit_price_usd);
      sum_usd += line.cost_usd.value_or(0);
      if (line.basis == "usage") usage_usd += line.cost_usd.value_or(0);
      priced = priced && line.cost_usd;
    }
    RC_ASSERT(cost.total_usd == sum_usd); // to the last bit
    RC_ASSERT(cost.usage_usd == usage_usd);
    RC_ASSERT(cost.complete == priced);
  });
  CHECK(good);
}

// Half a run reads half as much in half the time. What is held stays the same; so its lines halve
// by time, and those for use by what was used, which the other half of the test tells apart.
TEST_CASE("cost: half the run, half the lines") {
  const bool good = rc::check([] {
    const BillInputs whole = any_bill();
    BillInputs half = whole;
    half.makespan = whole.makespan / 2;
    const Prices prices = prices_with(3);
    const RunCost of_whole = cost_of(whole, prices);
    const RunCost of_less_time = cost_of(half, prices);
    for (Charge& each : half.charges)
      if (!is_paid_over_time(each.unit)) each.amount /= 2;
    const RunCost of_half = cost_of(half, prices);
    RC_ASSERT(of_half.lines.size() == of_whole.lines.size());
    for (std::size_t i = 0; i < of_whole.lines.size(); ++i) {
      if (!of_whole.lines[i].cost_usd) continue;
      const double usd = *of_whole.lines[i].cost_usd;
      const bool usage = of_whole.lines[i].basis == "usage";
      RC_ASSERT(std::abs(*of_half.lines[i].cost_usd - usd / 2) <= usd * 1e-12);
      RC_ASSERT(std::abs(*of_less_time.lines[i].cost_usd - (usage ? usd : usd / 2)) <= usd * 1e-12);
    }
  });
  CHECK(good);
}

} // namespace
} // namespace lustrum
