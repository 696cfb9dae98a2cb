#include "models/lustre/policy/recovery.hpp"

#include "sim/base/random.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

RecoverySettings RecoverySettings::from(const LustreTunables& tunables) {
  return {.imperative = tunables.mgs_live_state == "full",
          .ping_interval = tunables.ping_interval,
          .evict_multiplier = tunables.evict_multiplier,
          .soft_limit = tunables.obdfilter_recovery_time_soft,
          .hard_limit = tunables.obdfilter_recovery_time_hard,
          .ir_factor = tunables.obdfilter_ir_factor,
          .mdt_soft_limit = tunables.mdt_recovery_time_soft,
          .mdt_hard_limit = tunables.mdt_recovery_time_hard,
          .mdt_ir_factor = tunables.mdt_ir_factor};
}

Seconds lock_callback_timeout(const LustreTunables& tunables) {
  if (!(tunables.at_max > Seconds{})) return tunables.obd_timeout / 2;
  return std::max(tunables.at_min * 1.5, tunables.ldlm_enqueue_min);
}

RecoverySettings RecoverySettings::of_mdts() const {
  RecoverySettings settings = *this;
  settings.soft_limit = mdt_soft_limit;
  settings.hard_limit = mdt_hard_limit;
  settings.ir_factor = mdt_ir_factor;
  return settings;
}

Seconds RecoverySettings::window() const {
  if (!imperative) return soft_limit;
  constexpr Seconds kLeast{120};
  return std::max(soft_limit * ir_factor / 10, kLeast);
}

Seconds reconnect_delay(const RecoverySettings& settings, const Reconnection& which) {
  if (settings.imperative) return settings.notification;
  const std::uint64_t target =
      random::component("recovery.reconnect", std::uint64_t{which.target} + 1);
  const std::uint64_t draw = std::uint64_t{which.failure} << 32U | which.client.value();
  return settings.retry * random::uniform(which.seed, target, draw);
}

RecoveryWindow::RecoveryWindow(const RecoverySettings& settings, std::uint32_t known,
                               Seconds mounted)
    : least_rest_(settings.retry), hard_deadline_(mounted + settings.hard_limit),
      deadline_(mounted + settings.window()), returned_(known), missing_(known) {
  assert(known > 0);
}

void RecoveryWindow::returned(ClientIndex client, Seconds now) {
  if (now > deadline_ || returned_[client.value()]) return;
  returned_[client.value()] = true;
  --missing_;
  deadline_ = std::max(deadline_, std::min(now + least_rest_, hard_deadline_));
}

std::vector<ClientIndex> RecoveryWindow::missing() const {
  std::vector<ClientIndex> clients;
  for (std::uint32_t c = 0; c < returned_.size(); ++c)
    if (!returned_[c]) clients.emplace_back(c);
  return clients;
}

} // namespace lustrum::lustre
