// What a run costs: quantity x unit price for each thing that is paid for. Pure functions; see
// README.md for what is not modelled.
//
//   BillInputs inputs{.charges = {{.product = "p5.48xlarge", .component = "node", ...}}, ...};
//   result.cost = cost_of(inputs, prices);
#pragma once

#include "models/cost/price.hpp"
#include "sim/base/units.hpp"
#include "sim/result/run_result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lustrum {

// Prices "per month" are prorated over this many hours: 365 x 24 / 12. AWS bills by the second over
// the hours that the month really has (672 to 744), so a bill may be 2 % lower or 8.6 % higher.
// \source assumed, the convention of AWS's own price calculator and of infracost
inline constexpr double kHoursPerMonth = 730;

// A thing to pay for: one that is held for the whole run (a unit per hour or month), or one that
// the run has used up (requests, data).
struct Charge {
  std::string product{};   // as price lists call it: `fsx_scratch_2`
  std::string component{}; // a key of ProductPrices: `capacity`
  std::string label{};     // as the bill calls it: `fsx_scratch_2, capacity`
  double amount = 0;       // held: nodes, GiB, IOPS, MBps; used: requests, GiB
  PriceUnit unit = PriceUnit::hour;
  std::string counted{}; // `node-hours`; empty: counted_in(unit)
  bool gpu = false;      // its cost is that of the GPUs
  std::string note{};    // on how the amount is counted; the bill shows it behind the source
};

struct BillInputs {
  std::vector<Charge> charges{}; // lines in this order; those with nothing to pay for are left out
  Seconds makespan{};
  std::uint64_t epochs = 0;                // 0: none, as in a replayed trace
  std::uint64_t samples = 0;               // trained on, over all epochs and ranks
  std::optional<double> gpu_utilization{}; // 0 to 1; empty: no GPU is used, so none is idle
  double hours_per_month = kHoursPerMonth;
};

// The total is the sum of the lines in their order; nothing is rounded. A charge without a price,
// or with one per another unit, has a line without a cost, never one of 0, and the result is not
// `complete`. \pre makespan >= 0, amounts >= 0, 0 <= *gpu_utilization <= 1, hours_per_month > 0
RunCost cost_of(const BillInputs& inputs, const Prices& prices);

// The hours of a month, for RunResult::assumed of a run with a price per month.
AssumedRow month_assumption(double hours_per_month);

} // namespace lustrum
