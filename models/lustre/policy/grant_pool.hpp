// The server's side of grant: what one OST has promised to which client. Near-full OSTs grant
// little and at last nothing, and clients must write synchronously.
//
// An object takes its space when it is written to (`file_table.hpp`), which for cached writes is
// before Lustre's OST knows. So the free space here has lost all dirty data already, and what is
// promised is only the grant that no dirty data has used: `left` is the same number as
// tgt_grant.c's free - granted - pending. Source: lustre/target/tgt_grant.c (tgt_grant_alloc).
#pragma once

#include "models/lustre/policy/dirty_account.hpp"

#include <vector>

namespace lustrum::lustre {

class GrantPool {
public:
  struct Settings {
    std::uint32_t clients = 1;
    Bytes chunk{8 * kMib};  // most that one request gets: twice the largest RPC
    Bytes block{kPageSize}; // grants are multiples of it
    Seconds idle{1200};     // osc.grant_shrink_interval: then clients return grant; 0: never
  };
  explicit GrantPool(const Settings& settings) : settings_(settings) {}

  // A client's first write since the mount or an eviction. It gets what it wants, as one that has
  // written for long, of its share of an eighth of what is left. (Lustre starts with one chunk and
  // lets replies add to that; whoever writes first would then take longer than L13 says.)
  // \param free the OST's free space  \pre the account outlives the pool's use of it
  void join(ClientIndex client, DirtyAccount& account, Bytes free, Seconds now);
  bool has(ClientIndex client) const {
    return client.value() < members_.size() && members_[client.value()].account;
  }
  // With every reply to a write: at most an eighth of what is left, at most one chunk.
  // \pre has(client)
  void renew(ClientIndex client, Bytes free, Seconds now);
  // A client's grant was used by, or is back from, pages that are dirty.
  void used(Bytes bytes) { granted_ -= bytes; }
  void unused(Bytes bytes) { granted_ += bytes; }
  // A client was evicted. Nothing if it has not joined.
  void forget(ClientIndex client);
  // Clients that have not written for so long return grant. With every request that the OST serves:
  // a comparison unless somebody's time has come.
  void collect_idle(Seconds now) {
    if (now >= next_idle_) [[unlikely]]
      scan_idle(now);
  }

  Bytes granted() const { return granted_; } // and not used
  // Neither used nor promised.
  Bytes left(Bytes free) const { return free > granted_ ? free - granted_ : Bytes{}; }
  Bytes given() const { return given_; } // over the whole run

private:
  static constexpr double kNever = 1e300; // seconds
  struct Member {
    DirtyAccount* account = nullptr;
    Seconds idle_at{}; // when it will have been idle for long
  };
  void give(DirtyAccount& account, Bytes most);
  void scan_idle(Seconds now);

  Settings settings_;
  Bytes granted_{};
  Bytes given_{};
  Seconds next_idle_{kNever}; // no member's idle_at is earlier
  std::vector<Member> members_;
};

} // namespace lustrum::lustre
