#include "models/cost/cost.hpp"

#include <fmt/format.h>

#include <cassert>
#include <string_view>
#include <utility>
#include <vector>

namespace lustrum {
namespace {

constexpr double kSecondsPerHour = 3600;

// All that is paid for so far exists whether it is used or not.
constexpr std::string_view kBaseline = "baseline";

template <class Price>
CostLine line(std::string component, double quantity, std::string_view unit,
              const std::optional<Figure<Price>>& price) {
  CostLine made{.component = std::move(component),
                .quantity = quantity,
                .unit = std::string(unit),
                .unit_price_usd = {},
                .cost_usd = {},
                .basis = std::string(kBaseline),
                .source = "no price known",
                .as_of = {},
                .kind = {}};
  if (!price) return made;
  made.unit_price_usd = price->value.count();
  made.cost_usd = quantity * *made.unit_price_usd;
  made.source = price->provenance.source;
  made.as_of = price->provenance.as_of;
  made.kind = to_string(price->provenance.kind);
  return made;
}

std::vector<CostLine> lines_for(const CostInputs& inputs, Seconds time) {
  const double hours = time.count() / kSecondsPerHour;
  const double months = hours / kHoursPerMonth;
  std::vector<CostLine> lines;
  if (inputs.nodes > 0)
    lines.push_back(
        line(inputs.instance_name, inputs.nodes * hours, "node-hours", inputs.instance_price));
  if (inputs.oss_count > 0)
    lines.push_back(line(inputs.storage_name + ", servers", inputs.oss_count * hours, "OSS-hours",
                         inputs.price_per_oss));
  else if (inputs.capacity > Bytes{})
    lines.push_back(line(inputs.storage_name + ", capacity",
                         inputs.capacity.as_double() / static_cast<double>(kGib) * months,
                         "GiB-months", inputs.price_capacity));
  if (inputs.extra_metadata_iops > 0)
    lines.push_back(line(inputs.storage_name + ", metadata IOPS",
                         static_cast<double>(inputs.extra_metadata_iops) * months, "IOPS-months",
                         inputs.price_metadata_iops_month));
  return lines;
}

double sum_of(const std::vector<CostLine>& lines) {
  double sum_usd = 0;
  for (const CostLine& priced : lines) sum_usd += priced.cost_usd.value_or(0);
  return sum_usd;
}

} // namespace

RunCost cost_of(const CostInputs& inputs) {
  assert(inputs.makespan >= Seconds{});
  assert(!inputs.gpu_utilization || (*inputs.gpu_utilization >= 0 && *inputs.gpu_utilization <= 1));
  RunCost cost;
  cost.lines = lines_for(inputs, inputs.makespan);
  cost.total_usd = sum_of(cost.lines);
  cost.per_hour_usd = sum_of(lines_for(inputs, Seconds{kSecondsPerHour}));
  if (inputs.epochs > 0) cost.per_epoch_usd = cost.total_usd / static_cast<double>(inputs.epochs);
  if (inputs.samples > 0)
    cost.per_sample_usd = cost.total_usd / static_cast<double>(inputs.samples);
  if (inputs.gpu_utilization && inputs.nodes > 0 && inputs.instance_price)
    cost.idle_gpu_usd = *cost.lines.front().cost_usd * (1 - *inputs.gpu_utilization);
  return cost;
}

AssumedRow month_assumption() {
  return {"cost.hours_per_month", fmt::format("{} h", kHoursPerMonth),
          std::string(to_string(FigureKind::assumed)),
          "365 x 24 / 12; AWS prorates over the hours that the month really has, 672 to 744"};
}

} // namespace lustrum
