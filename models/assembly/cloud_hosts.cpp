#include "models/assembly/cloud_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {

fabric::HostLinkSettings host_links_of(const Scenario& scenario) {
  return {.clients = scenario.cluster.nodes,
          .nics = std::max(1U, scenario.network.nics),
          .nic = scenario.instance.tcp_bandwidth.value,
          .ceiling = {},
          .pcie = scenario.instance.pcie_bandwidth.value};
}

std::vector<AssumedRow> assumed_defaults(std::string_view prefix, const ParameterTable& table,
                                         const GivenKeys& given, bool used) {
  constexpr std::string_view kAssumed = "assumed";
  std::vector<AssumedRow> rows;
  if (!used) return rows;
  for (const Parameter& row : table)
    if (row.source.find(kAssumed) != std::string_view::npos && !given.contains(row.key))
      rows.push_back({fmt::format("{}{}", prefix, row.key), std::string{row.default_text},
                      std::string{kAssumed}, std::string{row.source}});
  return rows;
}

void check_host_cards(const StorageReading& reading) {
  Scenario& scenario = reading.scenario;
  // Each card for EFA has an interface for IP as well.
  const std::uint32_t offered = std::max(1U, scenario.instance.efa_nics.value);
  if (scenario.network.nics > offered)
    reading.diagnostics.add(DiagnosticCode::out_of_range,
                            reading.root.get("network").get("nics").span(),
                            fmt::format("`network.nics`: {} is more than the {} of `{}`",
                                        scenario.network.nics, offered, scenario.cluster.instance),
                            fmt::format("at most {}", offered));
  if (scenario.network.nics == 0) scenario.network.nics = 1;
}

} // namespace lustrum
