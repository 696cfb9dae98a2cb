#include "models/fabric/host_links.hpp"

#include <cassert>

namespace lustrum::fabric {

HostLinks::HostLinks(kernel::World& world, const HostLinkSettings& settings)
    : settings_(settings), clients_(settings.clients) {
  assert(settings.nics > 0 && settings.nic.count() > 0);
  for (std::uint32_t c = 0; c < settings.clients; ++c) {
    Client& client = clients_[c];
    for (std::uint32_t n = 0; n < settings.nics; ++n)
      client.nics.push_back(
          {&world.add_shared({"client_nic", "client{}.nic{}.rx", c, n}, settings.nic),
           &world.add_shared({"client_nic", "client{}.nic{}.tx", c, n}, settings.nic)});
    // A limit that the cards cannot reach would only do harm: see Fabric's README.
    const BytesPerSecond cards = settings.nic * settings.nics;
    if (settings.ceiling.count() > 0 && settings.ceiling < cards)
      client.ceiling = {
          &world.add_shared({"client_ceiling", "client{}.ceiling.rx", c}, settings.ceiling),
          &world.add_shared({"client_ceiling", "client{}.ceiling.tx", c}, settings.ceiling)};
    // The bus also carries local disks, so it may bind where the cards alone do not fill it.
    if (settings.pcie.count() > 0)
      client.pcie = {&world.add_shared({"pcie", "client{}.pcie.rx", c}, settings.pcie),
                     &world.add_shared({"pcie", "client{}.pcie.tx", c}, settings.pcie)};
  }
}

void HostLinks::add_to(kernel::Path& path, ClientIndex client, std::uint32_t nic,
                       Direction direction) const {
  const Client& host = clients_[client.value()];
  path.add(*host.nics[nic][way(direction)]);
  if (kernel::SharedStation* ceiling = host.ceiling[way(direction)]) path.add(*ceiling);
  if (kernel::SharedStation* bus = host.pcie[way(direction)]) path.add(*bus);
}

std::uint32_t HostLinks::least_loaded(ClientIndex client, Direction direction) const {
  const std::vector<Duplex>& nics = clients_[client.value()].nics;
  std::uint32_t best = 0;
  const auto load = [&](std::uint32_t n) { return nics[n][way(direction)]->counts().present; };
  for (std::uint32_t n = 1; n < nics.size(); ++n)
    if (load(n) < load(best)) best = n;
  return best;
}

} // namespace lustrum::fabric
