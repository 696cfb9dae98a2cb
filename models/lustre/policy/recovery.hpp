// When a failed target serves again, and who is evicted: the rules of Lustre's recovery.
//
//   RecoveryWindow window(settings, clients, takeover_done);
//   for (...) window.returned(client, takeover_done + reconnect_delay(settings, {...}));
//   if (window.complete()) ...                        // all are back: the target serves at once
//   else at window.deadline(): evict window.missing() // else only then
//
// Time line of a failover: the target fails; takeover time later it is mounted again, on its
// partner or on a new server; clients reconnect; it replays what they resend and serves.
#pragma once

#include "models/lustre/policy/tunables.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <vector>

namespace lustrum::lustre {

// The defaults are those of lustre/include/obd_support.h and lustre/target/tgt_mount.c.
struct RecoverySettings {
  // Imperative recovery: the MGS tells the clients that a target is back.
  bool imperative = true;
  Seconds ping_interval{25}; // obd_timeout / 4
  std::uint32_t evict_multiplier = 6;
  Seconds soft_limit{300}; // obd_timeout * 3
  Seconds hard_limit{900}; // obd_timeout * 9
  std::uint32_t ir_factor = 5;
  // The same of MDTs.
  Seconds mdt_soft_limit{300};
  Seconds mdt_hard_limit{900};
  std::uint32_t mdt_ir_factor = 5;
  // From the mount to the MGS's word at the client: the largest of the manual's sample.
  Seconds notification{0.041};
  // Without it, what lies at most between two attempts of a client to reconnect.
  Seconds retry{50};

  static RecoverySettings from(const LustreTunables& tunables);
  // With the limits of MDTs in the place of those of OSTs.
  RecoverySettings of_mdts() const;

  // A client that is silent for so long is evicted.
  Seconds silence_limit() const { return ping_interval * evict_multiplier; }
  // How long a target waits for clients that do not return.
  Seconds window() const;
};

// How long a lock callback may stay unanswered before the client is evicted: 3/2 of the estimate of
// adaptive timeouts, at least ldlm_enqueue_min; half of obd_timeout without them (at_max 0). The
// estimate is its floor at_min: answers of clients that are well take milliseconds.
// \source lustre/ldlm/ldlm_lockd.c, ldlm_bl_timeout()
Seconds lock_callback_timeout(const LustreTunables& tunables);

// A client's part in one failure of one target; decides its draw.
struct Reconnection {
  std::uint64_t seed = 0;
  std::uint32_t target = 0;
  std::uint32_t failure = 0; // how many the target had before
  ClientIndex client{};
};

// From the mount of the target to the client's reconnection: the MGS's notification, or the rest of
// the client's present wait between two attempts, which may be anything up to `retry`.
Seconds reconnect_delay(const RecoverySettings& settings, const Reconnection& which);

// The target waits for every client that it knew, until the deadline. A client that reconnects
// shortly before it moves it on, so that those behind still make it, but never beyond the hard
// limit. (Lustre's window opens with the first client that reconnects; here with the mount.)
class RecoveryWindow {
public:
  // `known`: clients connected before the failure. Pre: known > 0.
  RecoveryWindow(const RecoverySettings& settings, std::uint32_t known, Seconds mounted);

  // The client is back. Once the window is over it changes nothing.
  void returned(ClientIndex client, Seconds now);

  Seconds deadline() const { return deadline_; }
  bool has_returned(ClientIndex client) const { return returned_[client.value()]; }
  bool complete() const { return missing_ == 0; }
  std::vector<ClientIndex> missing() const;

private:
  // A reconnection leaves at least this much time: assumed, the time in which every client tries.
  Seconds least_rest_;
  Seconds hard_deadline_;
  Seconds deadline_;
  std::vector<bool> returned_; // [client]
  std::uint32_t missing_;
};

} // namespace lustrum::lustre
