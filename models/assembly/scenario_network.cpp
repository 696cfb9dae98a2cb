// What cannot be between clients and servers: impossible pairs of instance, network and file
// system.
#include "models/assembly/scenario_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace lustrum {
namespace {

using enum DiagnosticCode;

void check_rdma(const Scenario& scenario, const SourceSpan& where, Diagnostics& diagnostics) {
  const LustreSystem& system = scenario.filesystem;
  const bool infiniband = scenario.network.lnd == "o2ib";
  if (!system.offers_efa())
    diagnostics.add(impossible, where,
                    fmt::format("file system `{}` does not offer {}", scenario.storage.system,
                                infiniband ? "InfiniBand" : "EFA"),
                    "of FSx for Lustre, Persistent 2 and Intelligent-Tiering do" +
                        std::string(infiniband ? " offer EFA" : ""));
  else if (infiniband && system.rdma_lnd.value != "o2ib")
    diagnostics.add(impossible, where,
                    fmt::format("file system `{}` has no InfiniBand", scenario.storage.system),
                    "its fast network is `efa`");
  if (!scenario.instance.fsx_efa.value)
    diagnostics.add(impossible, where,
                    fmt::format("instance `{}` cannot be an {} client of the file system",
                                scenario.cluster.instance, infiniband ? "InfiniBand" : "EFA"),
                    scenario.instance.fsx_efa.provenance.source);
}

void check_gds(const Scenario& scenario, const SourceSpan& where, Diagnostics& diagnostics) {
  constexpr std::string_view kWhat = "GPUDirect Storage";
  if (!scenario.network.is_rdma())
    diagnostics.add(impossible, where,
                    fmt::format("{} needs a network with remote memory access, not TCP", kWhat),
                    "network: {lnd: efa}");
  if (!scenario.filesystem.gds.value)
    diagnostics.add(
        impossible, where,
        fmt::format("file system `{}` does not offer {}", scenario.storage.system, kWhat),
        "of FSx for Lustre, Persistent 2 and Intelligent-Tiering with EFA do");
  if (!scenario.instance.gds.value)
    diagnostics.add(impossible, where,
                    fmt::format("instance `{}` cannot use {}", scenario.cluster.instance, kWhat),
                    scenario.instance.gds.provenance.source);
}

void check_connections(const Scenario& scenario, const SourceSpan& where,
                       Diagnostics& diagnostics) {
  const std::uint64_t most = scenario.filesystem.efa_connections.value;
  const std::uint32_t nics = scenario.network.nics;
  const std::uint64_t wanted = std::uint64_t{scenario.cluster.nodes} * nics;
  if (most == 0 || wanted <= most) return;
  diagnostics.add(impossible, where,
                  fmt::format("{} nodes with {} network cards each are {} EFA connections; file "
                              "system `{}` takes {}",
                              scenario.cluster.nodes, nics, wanted, scenario.storage.system, most),
                  fmt::format("at most {} nodes, or fewer cards: `network.nics`", most / nics));
}

void check_routers(const Scenario& scenario, const YamlNode& network, Diagnostics& diagnostics) {
  const RouterChoice& routers = scenario.network.routers;
  if (routers.count == 0) return;
  const SourceSpan where = network.get("routers").span();
  if (!(routers.bandwidth.count() > 0))
    diagnostics.add(impossible, where, "routers need a rate",
                    "network: {routers: {bandwidth: 100 Gbit/s}}");
  if (scenario.run.data_path == "simgrid")
    diagnostics.add(impossible, where,
                    "`run.data_path: simgrid` has no routers: it compares direct networks");
}

} // namespace

void check_network(Scenario& scenario, const YamlNode& node, Diagnostics& diagnostics) {
  NetworkSettings& network = scenario.network;
  const Instance& instance = scenario.instance;
  const std::uint32_t offered = network.is_rdma() ? instance.nics_with(network.gds) : 1;
  if (network.is_rdma()) check_rdma(scenario, node.get("lnd").span(), diagnostics);
  if (network.gds) check_gds(scenario, node.get("gds").span(), diagnostics);
  check_routers(scenario, node, diagnostics);
  if (network.nics > offered && (!network.is_rdma() || offered > 0))
    diagnostics.add(out_of_range, node.get("nics").span(),
                    fmt::format("`network.nics`: {} is more than the {} of `{}` over {}",
                                network.nics, offered, scenario.cluster.instance, network.lnd),
                    fmt::format("at most {}", offered));
  if (network.nics == 0) network.nics = offered;
  if (network.is_rdma()) check_connections(scenario, node.get("lnd").span(), diagnostics);
}

} // namespace lustrum
