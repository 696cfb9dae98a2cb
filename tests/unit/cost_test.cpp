#include "models/cost/cost.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

namespace lustrum {
namespace {

constexpr Seconds kHour{3600};
constexpr Seconds kMonth = kHour * kHoursPerMonth;

template <class T> Figure<T> vendor_price(double usd) {
  return {T{usd}, {"price list", "2026-07-13", FigureKind::vendor}};
}

std::string cents(double usd) { return fmt::format("{:.2f}", usd); }

// Storage alone, by capacity.
double storage_usd(Bytes capacity, double usd_per_gib_month, Seconds time) {
  CostInputs inputs;
  inputs.storage_name = "fsx";
  inputs.capacity = capacity;
  inputs.price_capacity = vendor_price<UsdPerGibMonth>(usd_per_gib_month);
  inputs.makespan = time;
  return cost_of(inputs).total_usd;
}

// One GPU node alone.
RunCost node_cost(double usd_per_hour, double gpu_utilization, Seconds time) {
  CostInputs inputs;
  inputs.instance_name = "p4d.24xlarge";
  inputs.nodes = 1;
  inputs.instance_price = vendor_price<UsdPerHour>(usd_per_hour);
  inputs.makespan = time;
  inputs.gpu_utilization = gpu_utilization;
  return cost_of(inputs);
}

TEST_CASE("cost: a month of storage") {
  CHECK(cents(storage_usd(1200_GiB, 0.140, kMonth)) == "168.00");
  CHECK(cents(storage_usd(4800_GiB, 0.210, kMonth)) == "1008.00");
  // "10 TiB" of the published example is 10,000 GiB; a third used: two thirds wasted.
  CHECK(cents(storage_usd(10000_GiB, 0.140, kMonth)) == "1400.00");
  CHECK(cents(storage_usd(10000_GiB, 0.140, kMonth) * 2 / 3) == "933.33");
}

TEST_CASE("cost: published claim 002-4, two hours of tuning on 1.2 TiB") {
  const double scratch_usd = storage_usd(1200_GiB, 0.140, kHour * 2); // 168 x 2/730 = 0.4603
  const double p2_125_usd = storage_usd(1200_GiB, 0.145, kHour * 2);  // 174 x 2/730 = 0.4767
  CHECK(cents(scratch_usd) == "0.46");
  CHECK(cents(p2_125_usd) == "0.48");
  CHECK(1 - scratch_usd / p2_125_usd == doctest::Approx(0.0345).epsilon(0.01)); // "3.5 % cheaper"
}

TEST_CASE("cost: published claim 003-4, money for idle GPUs") {
  // 32.77 x 0.97 = 31.7869; the claim cuts it to 31.78, and multiplies that by 72: 2288.16.
  CHECK(cents(*node_cost(32.77, 0.03, kHour).idle_gpu_usd) == "31.79");
  CHECK(cents(*node_cost(32.77, 0.03, kHour * 72).idle_gpu_usd) == "2288.66");
  // The claim's own utilization is 10 MB/s of 300 MB/s.
  CHECK(cents(*node_cost(32.77, 10.0 / 300, kHour).idle_gpu_usd) == "31.68");
  CHECK(cents(*node_cost(32.77, 10.0 / 300, kHour * 72).idle_gpu_usd) == "2280.79");
}

TEST_CASE("cost: published claim 003-24, a day on p4d with Scratch storage") {
  CostInputs inputs;
  inputs.instance_name = "p4d.24xlarge";
  inputs.nodes = 1;
  inputs.instance_price = vendor_price<UsdPerHour>(32.77);
  inputs.storage_name = "SCRATCH_2";
  inputs.capacity = 1200_GiB;
  inputs.price_capacity = vendor_price<UsdPerGibMonth>(0.140);
  inputs.makespan = kHour * 24;
  const RunCost cost = cost_of(inputs);
  REQUIRE(cost.lines.size() == 2);
  CHECK(cents(*cost.lines[0].cost_usd) == "786.48");
  CHECK(cents(*cost.lines[1].cost_usd) == "5.52"); // the claim divides by 30 days: 5.60
  CHECK(cents(cost.total_usd) == "792.00");
}

TEST_CASE("cost: lines, their order, and the sum") {
  CostInputs inputs;
  inputs.instance_name = "p5.48xlarge";
  inputs.nodes = 2;
  inputs.instance_price = vendor_price<UsdPerHour>(55.04);
  inputs.storage_name = "PERSISTENT_2-250";
  inputs.capacity = 9600_GiB;
  inputs.price_capacity = vendor_price<UsdPerGibMonth>(0.210);
  inputs.extra_metadata_iops = 6000;
  inputs.price_metadata_iops_month = vendor_price<Usd>(0.055);
  inputs.makespan = Seconds{1800};
  inputs.epochs = 5;
  inputs.samples = 1000;
  inputs.gpu_utilization = 0.75;
  const RunCost cost = cost_of(inputs);

  REQUIRE(cost.lines.size() == 3);
  CHECK(cost.lines[0].component == "p5.48xlarge");
  CHECK(cost.lines[0].quantity == 1); // 2 nodes x 0.5 h
  CHECK(cost.lines[0].unit == "node-hours");
  CHECK(cost.lines[0].basis == "baseline");
  CHECK(cost.lines[0].source == "price list");
  CHECK(cost.lines[0].as_of == "2026-07-13");
  CHECK(cost.lines[0].kind == "vendor");
  CHECK(cost.lines[1].component == "PERSISTENT_2-250, capacity");
  CHECK(cost.lines[1].quantity == doctest::Approx(9600 * 0.5 / 730));
  CHECK(cost.lines[2].component == "PERSISTENT_2-250, metadata IOPS");
  CHECK(cost.lines[2].quantity == doctest::Approx(6000 * 0.5 / 730));

  double sum_usd = 0; // to the last bit
  for (const CostLine& line : cost.lines) {
    CHECK(*line.cost_usd == line.quantity * *line.unit_price_usd);
    sum_usd += *line.cost_usd;
  }
  CHECK(cost.total_usd == sum_usd);
  CHECK(*cost.per_epoch_usd == cost.total_usd / 5);
  CHECK(*cost.per_sample_usd == cost.total_usd / 1000);
  CHECK(*cost.idle_gpu_usd == doctest::Approx(55.04 / 4));
  CHECK(cost.per_hour_usd == doctest::Approx(cost.total_usd * 2));
}

TEST_CASE("cost: an appliance pays by OSS, not by capacity") {
  CostInputs inputs;
  inputs.storage_name = "appliance";
  inputs.capacity = 500000_GiB;
  inputs.oss_count = 8;
  inputs.price_per_oss = vendor_price<UsdPerHour>(2.5);
  inputs.makespan = kHour * 3;
  const RunCost cost = cost_of(inputs);
  REQUIRE(cost.lines.size() == 1);
  CHECK(cost.lines[0].component == "appliance, servers");
  CHECK(cost.lines[0].unit == "OSS-hours");
  CHECK(cents(cost.total_usd) == "60.00"); // 8 x 3 x 2.50
}

TEST_CASE("cost: what has no price is listed, and is not free") {
  CostInputs inputs;
  inputs.instance_name = "p5e.48xlarge";
  inputs.nodes = 1;
  inputs.storage_name = "fsx";
  inputs.capacity = 1200_GiB;
  inputs.price_capacity = vendor_price<UsdPerGibMonth>(0.140);
  inputs.makespan = kMonth;
  const RunCost cost = cost_of(inputs);
  REQUIRE(cost.lines.size() == 2);
  CHECK_FALSE(cost.lines[0].unit_price_usd);
  CHECK_FALSE(cost.lines[0].cost_usd);
  CHECK(cost.lines[0].source == "no price known");
  CHECK_FALSE(cost.idle_gpu_usd);
  CHECK(cents(cost.total_usd) == "168.00");
}

TEST_CASE("cost: a run of no time, without epochs and samples") {
  const RunCost cost = node_cost(55.04, 0, Seconds{});
  CHECK(cost.total_usd == 0);
  CHECK(cost.per_hour_usd == 55.04);
  CHECK_FALSE(cost.per_epoch_usd);
  CHECK_FALSE(cost.per_sample_usd);
  CHECK(month_assumption().value == "730 h");
}

} // namespace
} // namespace lustrum
