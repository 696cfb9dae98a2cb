// What a run costs: quantity x unit price for each thing that is paid for, for as long as the run
// lasts. Pure functions; see README.md for what is not modelled.
//
//   CostInputs inputs{.instance_name = "p5.48xlarge", .nodes = 2, .instance_price = p5_price, ...};
//   result.cost = cost_of(inputs);
#pragma once

#include "sim/base/parameter.hpp"
#include "sim/base/units.hpp"
#include "sim/result/run_result.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace lustrum {

// Prices "per month" are prorated over this many hours: 365 x 24 / 12. AWS bills by the second over
// the hours that the month really has (672 to 744), so a bill may be 2 % lower or 8.6 % higher.
// \source assumed, the convention of AWS's own price calculator and of infracost
inline constexpr double kHoursPerMonth = 730;

// A price that is empty is not known: its line is listed without a cost, never as 0.
struct CostInputs {
  std::string instance_name;
  std::uint32_t nodes = 0;
  std::optional<Figure<UsdPerHour>> instance_price; // of one node, all its GPUs

  std::string storage_name;
  Bytes capacity{}; // as bought; FSx's "1.2 TiB" is 1200 GiB
  std::optional<Figure<UsdPerGibMonth>> price_capacity;
  std::uint64_t extra_metadata_iops = 0; // provisioned above the included ones
  std::optional<Figure<Usd>> price_metadata_iops_month;

  // An appliance is bought: its price is spread over its life, per OSS.
  std::uint32_t oss_count = 0; // 0: not an appliance, pays by capacity
  std::optional<Figure<UsdPerHour>> price_per_oss;

  Seconds makespan{};
  std::uint64_t epochs = 0;              // 0: none, as in a replayed trace
  std::uint64_t samples = 0;             // trained on, over all epochs and ranks
  std::optional<double> gpu_utilization; // 0 to 1; empty: no GPU is used, so none is idle
};

// Lines in this order: GPU instances, storage (capacity or OSS), metadata IOPS; those with nothing
// to pay for are left out. The total is their sum in that order; nothing is rounded. \pre makespan
// >= 0, 0 <= *gpu_utilization <= 1
RunCost cost_of(const CostInputs& inputs);

// kHoursPerMonth, for RunResult::assumed of a run with a price per month.
AssumedRow month_assumption();

} // namespace lustrum
