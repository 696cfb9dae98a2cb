// Servers that fail and leave their targets to a partner until they are repaired.
#include "models/lustre/faults.hpp"

#include <utility>

namespace lustrum::lustre {

using kernel::Task;

// Servers stand in pairs; an odd one out, or one whose partner is away, is helped by the next.
std::optional<std::uint32_t> Faults::partner_of(std::uint32_t n, const std::vector<bool>& away) {
  const auto count = static_cast<std::uint32_t>(away.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t next = i == 0 ? n ^ 1U : (n + i) % count;
    if (next < count && next != n && !away[next]) return next;
  }
  return std::nullopt;
}

Task Faults::fail_server(const Fault& fault, OssIndex oss, Record& record) {
  const Seconds back = world_.now() + fault.duration;
  // Alone, it has to come back itself.
  const std::optional<std::uint32_t> partner = partner_of(oss.value(), oss_away_);
  oss_away_[oss.value()] = partner.has_value();
  fs_.oss(oss).restart();
  std::optional<fabric::ServerNode> to;
  if (partner) to = OssIndex{*partner};
  co_await take_over(targets_of(fault, oss.value()), fault.takeover, to, record);
  if (!partner || fault.duration == Seconds{}) co_return;
  if (back > world_.now()) co_await pause(back - world_.now());
  oss_away_[oss.value()] = false;
  std::vector<TargetIndex> mine;
  for (std::uint32_t t = oss.value(); t < fs_.osts(); t += fs_.osss())
    if (fs_.ost(OstIndex{t}).target().available() && fs_.ost(OstIndex{t}).oss().index() != oss)
      mine.emplace_back(OstIndex{t});
  if (!mine.empty()) co_await take_over(std::move(mine), fault.takeover, oss, record);
}

// The same for an MDS, which has one MDT of its own.
Task Faults::fail_mds(const Fault& fault, MdtIndex mdt, Record& record) {
  const Seconds back = world_.now() + fault.duration;
  const std::optional<std::uint32_t> partner = partner_of(mdt.value(), mds_away_);
  mds_away_[mdt.value()] = partner.has_value();
  std::vector<TargetIndex> targets = targets_of(fault, mdt.value());
  std::optional<fabric::ServerNode> to;
  if (partner) to = MdtIndex{*partner};
  co_await take_over(std::move(targets), fault.takeover, to, record);
  if (!partner || fault.duration == Seconds{}) co_return;
  if (back > world_.now()) co_await pause(back - world_.now());
  mds_away_[mdt.value()] = false;
  if (!fs_.mds(mdt).target().available()) co_return;
  std::vector<TargetIndex> own(1, mdt);
  const fabric::ServerNode home{mdt};
  co_await take_over(std::move(own), fault.takeover, home, record);
}

} // namespace lustrum::lustre
