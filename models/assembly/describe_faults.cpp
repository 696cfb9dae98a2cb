#include "models/assembly/describe_faults.hpp"

#include "sim/base/units_text.hpp"

#include <fmt/format.h>

namespace lustrum {

namespace {

std::optional<double> seconds(const std::optional<Seconds>& time) {
  return time ? std::optional(time->count()) : std::nullopt;
}

} // namespace

void describe_faults(const Scenario& scenario, const lustre::Faults& faults, const IoTotals& totals,
                     RunResult& result) {
  for (const lustre::FaultEvent& event : faults.events())
    result.faults.push_back({.kind = std::string(rules_of(event.kind).name),
                             .target = event.target,
                             .at_s = event.at.count(),
                             .detected_s = seconds(event.detected),
                             .recovered_s = seconds(event.recovered),
                             .clients_evicted = event.clients_evicted,
                             .lost_bytes = event.lost.count(),
                             .failed_calls = event.failed_calls});
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const lustre::Fault& fault = scenario.faults[i];
    if (fault.at && fault.at->count() > result.metrics.makespan_s)
      result.warnings.push_back(
          fmt::format("faults[{}]: {} at {} did not happen: the run had ended", i,
                      rules_of(fault.kind).name, format_duration(*fault.at)));
  }
  if (totals.write_lost > Bytes{})
    result.warnings.push_back(
        fmt::format("{} that write() had accepted and nobody had synced were lost with evicted or "
                    "dead clients",
                    format_bytes(totals.write_lost)));
  if (totals.errors > 0 && !scenario.faults.empty())
    result.warnings.push_back(
        fmt::format("{} storage call{} failed; the jobs went on without what they asked for",
                    totals.errors, totals.errors == 1 ? "" : "s"));
}

} // namespace lustrum
