// The counter files of LNet: `lnetctl net show -v`, `lnetctl peer show -v`, debugfs' lnet/nis.
#include "models/lustre/counter_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lustrum::lustre {

namespace {

using fabric::Fabric;
using Row = Fabric::CreditsRow;

// Addresses tell apart what the model numbers: servers, clients with their cards, routers.
class Addresses {
public:
  explicit Addresses(const fabric::FabricSettings& settings)
      : settings_(settings), net_(fabric::to_string(settings.lnd)) {}

  std::string oss(std::uint32_t s) const { return of(0, s, 1); }
  std::string client(std::uint32_t c, std::uint32_t nic) const { return of(64, c, nic + 1); }
  std::string router(std::uint32_t r) const { return of(128, r, 1); }
  std::string sender(const Row& row) const {
    return row.by_client ? client(row.node.index(), row.nic) : oss(row.node.index());
  }
  // \pre it is a row of a peer
  std::string peer(const Row& row) const {
    if (settings_.routers.count > 0) return router(*row.peer);
    return row.by_client ? oss(*row.peer) : client(*row.peer, row.nic);
  }
  const std::string& net() const { return net_; }

private:
  std::string of(std::uint32_t block, std::uint32_t number, std::uint32_t last) const {
    constexpr std::uint32_t kInByte = 256;
    return fmt::format("10.{}.{}.{}@{}", block + number / kInByte, number % kInByte, last, net_);
  }
  const fabric::FabricSettings& settings_;
  std::string net_;
};

std::string net_show(const Addresses& addresses, const fabric::FabricSettings& settings,
                     const std::vector<std::string>& nids) {
  std::string text = fmt::format("net:\n    - net type: {}\n      local NI(s):\n", addresses.net());
  for (const std::string& nid : nids)
    text += fmt::format("        - nid: {}\n          status: up\n          tunables:\n"
                        "              peer_credits: {}\n              credits: {}\n",
                        nid, settings.credits.peer_credits, settings.credits.credits);
  return text;
}

std::string peer_show(const Addresses& addresses, const std::vector<const Row*>& rows) {
  if (rows.empty()) return {};
  std::string text = "peer:\n";
  for (const Row* row : rows) {
    const std::string nid = addresses.peer(*row);
    text += fmt::format("    - primary nid: {0}\n      Multi-Rail: True\n      peer ni:\n"
                        "        - nid: {0}\n          state: NA\n"
                        "          max_ni_tx_credits: {1}\n          available_tx_credits: {2}\n"
                        "          min_tx_credits: {3}\n",
                        nid, row->count, row->available, row->least);
  }
  return text;
}

std::string nis(const Addresses& addresses, const fabric::FabricSettings& settings,
                const std::vector<const Row*>& rows) {
  std::string text = fmt::format("{:<24} {:>6} {:>4} {:>5} {:>5} {:>5}\n", "nid", "status", "peer",
                                 "max", "tx", "min");
  for (const Row* row : rows)
    text += fmt::format("{:<24} {:>6} {:>4} {:>5} {:>5} {:>5}\n", addresses.sender(*row), "up",
                        settings.credits.peer_credits, row->count, row->available, row->least);
  return text;
}

} // namespace

void lnet_counter_files(const Filesystem& filesystem, std::vector<CounterFile>& files) {
  const Fabric& fabric = filesystem.fabric();
  const fabric::FabricSettings& settings = fabric.settings();
  const Addresses addresses(settings);
  const std::vector<Row> credits = fabric.credits();
  const auto add = [&](const std::string& host, bool is_client, std::uint32_t number,
                       const std::vector<std::string>& nids) {
    std::vector<const Row*> peers;
    std::vector<const Row*> interfaces;
    for (const Row& row : credits)
      if (row.by_client == is_client && row.node.index() == number)
        (row.peer ? peers : interfaces).push_back(&row);
    files.push_back({host + "/lnetctl_net_show", net_show(addresses, settings, nids)});
    if (!peers.empty()) files.push_back({host + "/lnetctl_peer_show", peer_show(addresses, peers)});
    if (!interfaces.empty())
      files.push_back({host + "/lnet/nis", nis(addresses, settings, interfaces)});
  };
  const std::uint32_t jobs = filesystem.job_clients();
  for (std::uint32_t c = 0; c < settings.clients; ++c) {
    std::vector<std::string> nids;
    for (std::uint32_t n = 0; n < settings.nics_per_client; ++n)
      nids.push_back(addresses.client(c, n));
    add(c < jobs ? fmt::format("client{}", c) : fmt::format("agent{}", c - jobs), true, c, nids);
  }
  for (std::uint32_t s = 0; s < settings.servers; ++s)
    add(fmt::format("oss{}", s), false, s, {addresses.oss(s)});
}

} // namespace lustrum::lustre
