// Free space and state of the OSTs, as the MDT's allocator sees them.
#pragma once

#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

class OstSpace {
public:
  // osp.*.reserved_mb_low and _high; 0: 0.1 % of the OST, twice the low one.
  struct Reserved {
    Bytes low{};
    Bytes high{};
  };

  // \param capacity of each OST; 0: without end (2^56 bytes)
  explicit OstSpace(std::uint32_t osts, Bytes capacity = {})
      : OstSpace(osts, capacity, Reserved{}) {}
  OstSpace(std::uint32_t osts, Bytes capacity, const Reserved& reserved);

  std::uint32_t osts() const { return static_cast<std::uint32_t>(ost_.size()); }
  Bytes total(OstIndex ost) const { return at(ost).total; }
  Bytes used(OstIndex ost) const { return at(ost).used; }
  Bytes available(OstIndex ost) const { return at(ost).total - at(ost).used; }
  void set_total(OstIndex ost, Bytes total); // \pre not less than what is used

  // Takes space for data; false, with nothing taken, when the OST has not that much (ENOSPC).
  bool take(OstIndex ost, Bytes bytes);
  void give_back(OstIndex ost, Bytes bytes); // \pre that much is used

  // A failed or deactivated OST gets no new objects; a degraded one (RAID rebuild) only when there
  // are not enough others, as one without objects created ahead (`policy/precreate.hpp`).
  void set_active(OstIndex ost, bool active) { at(ost).active = active; }
  void set_degraded(OstIndex ost, bool degraded) { at(ost).degraded = degraded; }
  void set_objects_ready(OstIndex ost, bool ready) { at(ost).objects_ready = ready; }
  bool is_active(OstIndex ost) const { return at(ost).active; }
  // New objects stop below reserved_mb_low (0.1 % of the OST) and resume above reserved_mb_high
  // (0.2 %). Source: Lustre 2.15 lustre/osp/osp_precreate.c; manual, reserved_mb_low.
  bool is_full(OstIndex ost) const { return at(ost).full; }

  bool is_usable(OstIndex ost) const { return at(ost).active && !at(ost).full; }
  bool is_slow(OstIndex ost) const { return at(ost).degraded || !at(ost).objects_ready; }

private:
  struct Ost {
    Bytes total;
    Bytes used{};
    bool active = true;
    bool degraded = false;
    bool objects_ready = true;
    bool full = false;
  };
  Ost& at(OstIndex ost) { return ost_[ost.value()]; }
  const Ost& at(OstIndex ost) const { return ost_[ost.value()]; }
  void update_full(Ost& ost) const;

  Reserved reserved_;
  std::vector<Ost> ost_;
};

} // namespace lustrum::lustre
