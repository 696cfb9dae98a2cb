#include "models/lustre/policy/grant_pool.hpp"

#include <algorithm>

namespace lustrum::lustre {

Bytes GrantPool::left() const {
  const Bytes taken = granted_ + pending_ + settings_.reserved;
  return free_ > taken ? free_ - taken : Bytes{};
}

Bytes& GrantPool::held_by(ClientIndex client) {
  if (client.value() >= clients_.size()) clients_.resize(client.value() + std::size_t{1});
  return clients_[client.value()];
}

Bytes GrantPool::request(ClientIndex client, Bytes wanted) {
  Bytes& held = held_by(client);
  if (wanted <= held) return {};
  Bytes grant = std::min({wanted - held, left() / 8, settings_.chunk});
  grant -= grant % settings_.block;
  held += grant;
  granted_ += grant;
  return grant;
}

void GrantPool::give_back(ClientIndex client, Bytes bytes) {
  held_by(client) -= bytes;
  granted_ -= bytes;
}

void GrantPool::forget(ClientIndex client) { give_back(client, granted_to(client)); }

void GrantPool::write_granted(ClientIndex client, Bytes bytes) {
  give_back(client, bytes);
  pending_ += bytes;
}

bool GrantPool::write_ungranted(Bytes bytes) {
  if (bytes > left()) return false;
  pending_ += bytes;
  return true;
}

void GrantPool::committed(Bytes set_aside, Bytes bytes) {
  assert(bytes <= set_aside);
  pending_ -= set_aside;
  free_ -= bytes;
}

void GrantPool::freed(Bytes bytes) {
  free_ += bytes;
  assert(free_ <= settings_.capacity);
}

} // namespace lustrum::lustre
