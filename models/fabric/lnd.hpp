// Lustre's network drivers (LNDs), as figures without a clock: what one TCP connection or a credit
// is worth.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <string_view>

namespace lustrum::fabric {

enum class Lnd : std::uint8_t { tcp, o2ib, efa };

std::string_view to_string(Lnd lnd);

// The largest piece in which LNet moves bulk data (its MTU).
inline constexpr Bytes kLnetMessage{kMib};

// Threads of a client that copy received data: for each CPU partition half of its cores, at least 3
// and at most 6, never more than there are. Source: Lustre 2.15 socklnd.c,
// ksocknal_start_schedulers
std::uint32_t socklnd_threads(std::uint32_t cores, std::uint32_t partitions);

struct SocklndSettings {
  std::uint32_t conns_per_peer = 1; // sockets for bulk data in each direction
  BytesPerSecond per_connection{}; // most that the network gives to one TCP connection; 0: no limit
  BytesPerSecond copy{};           // most that one thread receives: it copies; 0: no limit
  std::uint32_t threads = 1;       // of a client
};

// Most between one client and one server in one direction, whoever receives: each connection has
// its own flow through the network and its own receiving thread. 0: no limit.
BytesPerSecond socklnd_pair_ceiling(const SocklndSettings& settings);
// Most that one client receives from all servers together; sending copies nothing (zero copy), so
// writes have no such limit. 0: none.
BytesPerSecond socklnd_receive_ceiling(const SocklndSettings& settings);

// LNet's flow control: a message needs one credit of the sender's network interface and one of the
// receiving peer; both come back when the message is confirmed.
struct CreditSettings {
  std::uint32_t credits = 256;    // of a network interface. Source: Lustre lib-lnet.h
  std::uint32_t peer_credits = 8; // of a peer. Source: Lustre lib-lnet.h; FSx sets 32 for EFA
  Seconds round{};                // from the end of a message until its credits are back
};

// Can so many credits slow down a path of this capacity? With k messages of m bytes in a closed
// loop of a round r and a part of capacity C the throughput is min(C, k m / (r + m/C)), and the
// second is the smaller one exactly when k m < C r + m. Behind a part that others load too, a
// message waits longer, but then that part is what is busy all the time.
bool credits_bind(std::uint32_t credits, Seconds round, BytesPerSecond capacity);

} // namespace lustrum::fabric
