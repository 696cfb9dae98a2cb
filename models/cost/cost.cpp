#include "models/cost/cost.hpp"

#include <fmt/format.h>

#include <cassert>
#include <string_view>
#include <utility>

namespace lustrum {
namespace {

constexpr double kSecondsPerHour = 3600;
constexpr double kRequestsPerUnit = 1000;

// In units of the price.
double quantity_of(const Charge& charge, Seconds time, double hours_per_month) {
  const double hours = time.count() / kSecondsPerHour;
  switch (charge.unit) {
  case PriceUnit::hour:
    return charge.amount * hours;
  case PriceUnit::gib_month:
  case PriceUnit::iops_month:
  case PriceUnit::mbps_month:
    return charge.amount * hours / hours_per_month;
  case PriceUnit::thousand_requests:
    return charge.amount / kRequestsPerUnit;
  case PriceUnit::gib:
    return charge.amount;
  }
  return 0;
}

CostLine line_of(const Charge& charge, const BillInputs& inputs, const Prices& prices) {
  CostLine line{.component = charge.label,
                .quantity = quantity_of(charge, inputs.makespan, inputs.hours_per_month),
                .unit =
                    charge.counted.empty() ? std::string(counted_in(charge.unit)) : charge.counted,
                .unit_price_usd = {},
                .cost_usd = {},
                .basis = is_paid_over_time(charge.unit) ? "baseline" : "usage",
                .source = "no price known",
                .as_of = {},
                .kind = {}};
  const Price* price = prices.find(charge.product, charge.component);
  if (!price) return line;
  if (price->unit != charge.unit) {
    line.source = fmt::format("its price is in {}, not in {}", unit_name(price->unit),
                              unit_name(charge.unit));
    return line;
  }
  line.unit_price_usd = price->usd;
  line.cost_usd = line.quantity * price->usd;
  line.source = price->provenance.source;
  if (!charge.note.empty()) line.source += "; " + charge.note;
  line.as_of = price->provenance.as_of;
  line.kind = to_string(price->provenance.kind);
  return line;
}

} // namespace

RunCost cost_of(const BillInputs& inputs, const Prices& prices) {
  assert(inputs.makespan >= Seconds{});
  assert(!inputs.gpu_utilization || (*inputs.gpu_utilization >= 0 && *inputs.gpu_utilization <= 1));
  assert(inputs.hours_per_month > 0);
  RunCost cost;
  cost.complete = true;
  std::optional<double> gpu_usd;
  double baseline_per_hour_usd = 0;
  for (const Charge& charge : inputs.charges) {
    assert(charge.amount >= 0);
    if (!(charge.amount > 0)) continue;
    CostLine line = line_of(charge, inputs, prices);
    cost.complete = cost.complete && line.cost_usd.has_value();
    if (line.cost_usd) {
      cost.total_usd += *line.cost_usd;
      if (!is_paid_over_time(charge.unit)) cost.usage_usd += *line.cost_usd;
      if (charge.gpu) gpu_usd = gpu_usd.value_or(0) + *line.cost_usd;
      if (is_paid_over_time(charge.unit))
        baseline_per_hour_usd +=
            quantity_of(charge, Seconds{kSecondsPerHour}, inputs.hours_per_month) *
            *line.unit_price_usd;
    }
    cost.lines.push_back(std::move(line));
  }
  cost.per_hour_usd = baseline_per_hour_usd;
  // What a run uses up, it uses again in the next one.
  if (inputs.makespan > Seconds{})
    cost.per_hour_usd += cost.usage_usd / (inputs.makespan.count() / kSecondsPerHour);
  cost.per_month_usd = cost.per_hour_usd * inputs.hours_per_month;
  if (inputs.epochs > 0) cost.per_epoch_usd = cost.total_usd / static_cast<double>(inputs.epochs);
  if (inputs.samples > 0)
    cost.per_sample_usd = cost.total_usd / static_cast<double>(inputs.samples);
  if (inputs.gpu_utilization && gpu_usd)
    cost.idle_gpu_usd = *gpu_usd * (1 - *inputs.gpu_utilization);
  return cost;
}

AssumedRow month_assumption(double hours_per_month) {
  return {
      "prices.hours_per_month", fmt::format("{} h", hours_per_month),
      std::string(to_string(FigureKind::assumed)),
      "365 x 24 / 12 is 730; AWS prorates over the hours that the month really has, 672 to 744"};
}

} // namespace lustrum
