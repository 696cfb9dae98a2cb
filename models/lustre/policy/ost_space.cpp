#include "models/lustre/policy/ost_space.hpp"

#include <cassert>

namespace lustrum::lustre {

OstSpace::OstSpace(std::uint32_t osts, Bytes capacity, const Reserved& reserved)
    : reserved_(reserved) {
  constexpr Bytes kWithoutEnd{1ULL << 56U};
  ost_.resize(osts, Ost{.total = capacity > Bytes{} ? capacity : kWithoutEnd});
}

void OstSpace::update_full(Ost& ost) const {
  const Bytes available = ost.total - ost.used;
  const Bytes low = reserved_.low > Bytes{} ? reserved_.low : ost.total / 1024;
  const Bytes high = reserved_.high > Bytes{} ? reserved_.high : low * 2;
  if (available < low) ost.full = true;
  if (available > high) ost.full = false;
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
