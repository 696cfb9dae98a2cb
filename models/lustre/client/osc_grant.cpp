// Dirty pages of one OSC, and its grant: when a writer may go on, must wait, or writes through.
#include "models/lustre/client/osc.hpp"

namespace lustrum::lustre {

bool Osc::try_claim(Bytes bytes, Bytes free) {
  if (!ost_.grants().has(client_)) [[unlikely]]
    ost_.grants().join(client_, dirty_, free, world_.now());
  if (bytes > dirty_.room()) return false;
  dirty_.dirtied(bytes);
  ost_.grants().used(bytes);
  return true;
}

void Osc::unclaim(Bytes bytes) {
  dirty_.not_dirtied(bytes);
  ost_.grants().unused(bytes);
}

void Osc::clean(Bytes bytes) {
  dirty_.clean(bytes);
  room_.notify();
}

void Osc::renew_grant(Bytes free) {
  // Who writes only directly needs no grant.
  if (ost_.grants().has(client_)) ost_.grants().renew(client_, free, world_.now());
}

} // namespace lustrum::lustre
