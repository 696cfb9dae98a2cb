#include "models/lustre/policy/ost_space.hpp"

#include <cassert>

namespace lustrum::lustre {

OstSpace::OstSpace(std::uint32_t osts, Bytes capacity) {
  constexpr Bytes kWithoutEnd{1ULL << 56U};
  ost_.resize(osts, Ost{.total = capacity > Bytes{} ? capacity : kWithoutEnd});
}

void OstSpace::update_full(Ost& ost) {
  const Bytes available = ost.total - ost.used;
  const Bytes low = ost.total / 1024;
  if (available < low) ost.full = true;
  if (available > low * 2) ost.full = false;
}

void OstSpace::set_total(OstIndex ost, Bytes total) {
  assert(total >= at(ost).used);
  at(ost).total = total;
  update_full(at(ost));
}

bool OstSpace::take(OstIndex ost, Bytes bytes) {
  if (bytes > available(ost)) return false;
  at(ost).used += bytes;
  update_full(at(ost));
  return true;
}

void OstSpace::give_back(OstIndex ost, Bytes bytes) {
  at(ost).used -= bytes;
  update_full(at(ost));
}

} // namespace lustrum::lustre
