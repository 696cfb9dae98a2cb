// Links that change during a run: slowed, unhealthy, down.
#include "models/fabric/fabric.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::fabric {

Fabric::Link& Fabric::link(const LinkId& id) {
  switch (id.kind) {
  case LinkId::Kind::client_nic:
    return clients_.at(id.node.index()).nics.at(id.nic);
  case LinkId::Kind::server_nic:
    return servers_.at(number_of(id.node));
  case LinkId::Kind::router:
    break;
  }
  return routers_.at(id.node.index());
}

void Fabric::apply(Link& link) {
  for (kernel::SharedStation* station : link.stations)
    if (station) station->set_capacity(link.down ? BytesPerSecond{} : link.nominal * link.factor);
}

void Fabric::set_health(const LinkId& id, std::uint32_t health) {
  assert(health <= kFullHealth);
  link(id).health = health;
}

void Fabric::set_link_factor(const LinkId& id, double factor) {
  assert(factor > 0 && factor <= 1 && !world_.has_reference());
  link(id).factor = factor;
  apply(link(id));
}

void Fabric::set_down(const LinkId& id, bool down) {
  assert(!world_.has_reference());
  Link& changed = link(id);
  if (changed.down == down) return;
  changed.down = down;
  apply(changed);
  if (down)
    down_.push_back(id);
  else
    std::erase_if(down_, [&](const LinkId& other) { return &link(other) == &changed; });
  reroute();
}

bool Fabric::is_up(const Route& route) const {
  return !servers_[number_of(route.request.server)].down && !client_link(route).down &&
         (routers_.empty() || !routers_[route.router].down);
}

// Sends anew what is stuck on a link that is down, where there is a way around it. All paths over
// these links are the fabric's own.
void Fabric::reroute() {
  std::vector<kernel::Transfer*> stuck;
  for (const LinkId& id : down_)
    for (const kernel::SharedStation* station : link(id).stations)
      if (station)
        station->for_each_transfer([&](kernel::Transfer& transfer) {
          // One that waits at two of them is found twice.
          if (std::find(stuck.begin(), stuck.end(), &transfer) == stuck.end())
            stuck.push_back(&transfer);
        });
  for (kernel::Transfer* transfer : stuck) {
    const Route& other = choose_route(static_cast<const Route&>(*transfer->path).request);
    if (is_up(other)) world_.restart(*transfer, other);
  }
}

} // namespace lustrum::fabric
