// The server's side of grant: what one OST has promised to which client. What it has promised and
// not yet written never exceeds its free space, so cached writes cannot fail for want of space.
// Near-full OSTs grant little and at last nothing, and clients must write synchronously.
// Source: lustre/target/tgt_grant.c (tgt_grant_alloc).
#pragma once

#include "models/lustre/policy/extent.hpp"

#include <vector>

namespace lustrum::lustre {

class GrantPool {
public:
  struct Settings {
    Bytes capacity{};
    Bytes reserved{};       // never granted
    Bytes chunk{8 * kMib};  // most that one request gets: twice the largest RPC
    Bytes block{kPageSize}; // grants are multiples of it
  };
  explicit GrantPool(const Settings& settings) : settings_(settings), free_(settings.capacity) {}

  // More grant for a client who wants to hold `wanted` in all: at most an eighth of what is left,
  // at most one chunk. Every write RPC and every connect asks.
  Bytes request(ClientIndex client, Bytes wanted);
  // Grant comes back: an idle client's, or that of dirty data thrown away.
  void give_back(ClientIndex client, Bytes bytes);
  // A client disconnected or was evicted.
  void forget(ClientIndex client);

  // A write of data that was dirty under grant has arrived. \pre bytes <= granted_to(client)
  void write_granted(ClientIndex client, Bytes bytes);
  // A write without grant (synchronous, direct). False: no space (ENOSPC).
  bool write_ungranted(Bytes bytes);
  // A write has been committed, `bytes` of it to blocks not used before; what was set aside for it
  // beyond that is free again. \pre bytes <= set_aside <= pending()
  void committed(Bytes set_aside, Bytes bytes);
  // Objects were destroyed or truncated.
  void freed(Bytes bytes);

  Bytes granted_to(ClientIndex client) const {
    return client.value() < clients_.size() ? clients_[client.value()] : Bytes{};
  }
  Bytes total_granted() const { return granted_; } // tot_granted
  Bytes pending() const { return pending_; }       // tot_pending: arrived, not committed
  Bytes free_space() const { return free_; }
  // Neither used, nor promised, nor reserved.
  Bytes left() const;

private:
  Bytes& held_by(ClientIndex client);

  Settings settings_;
  Bytes free_;
  Bytes granted_{};
  Bytes pending_{};
  std::vector<Bytes> clients_;
};

} // namespace lustrum::lustre
