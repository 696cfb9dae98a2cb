// What LNet's credits look like after a run, for counter files.
#include "models/fabric/fabric.hpp"

namespace lustrum::fabric {

Fabric::CreditsRow Fabric::row_of(const Credits& credits, ServerNode node, bool by_client) {
  return {.node = node,
          .by_client = by_client,
          .count = credits.slots.count(),
          .available = credits.slots.count() - credits.slots.held(),
          .least = credits.least};
}

std::vector<Fabric::CreditsRow> Fabric::credits() const {
  std::vector<CreditsRow> rows;
  for (std::uint32_t c = 0; c < clients_.size(); ++c)
    for (std::uint32_t n = 0; n < clients_[c].nics.size(); ++n)
      if (const Credits* of = clients_[c].nics[n].credits) {
        rows.push_back(row_of(*of, OssIndex{c}, true));
        rows.back().nic = n;
      }
  for (std::uint32_t s = 0; s < settings_.servers; ++s)
    if (const Credits* of = servers_[s].credits) rows.push_back(row_of(*of, OssIndex{s}, false));
  for (const auto& [between, of] : peer_credits_) {
    const auto& [to_client, sender, hop] = between;
    const bool by_client = to_client == 0;
    const std::uint64_t nics = settings_.nics_per_client;
    const auto from = static_cast<std::uint32_t>(by_client ? sender / nics : sender);
    CreditsRow& row = rows.emplace_back(row_of(*of, OssIndex{from}, by_client));
    if (by_client) row.nic = static_cast<std::uint32_t>(sender % nics);
    if (!by_client && routers() == 0) row.nic = static_cast<std::uint32_t>(hop % nics);
    row.peer = static_cast<std::uint32_t>(by_client || routers() > 0 ? hop : hop / nics);
  }
  return rows;
}

} // namespace lustrum::fabric
