// How much one OSC may keep dirty: against max_dirty_mb, and against the grant, space that the OST
// has promised to have. Pages count as dirty until their write RPC is back, as in osc_cache.c.
//
//   verdict(), room()   what a writer may do now: make pages dirty, wait, or write synchronously
//   dirtied(), completed(), granted(), give_back() ...   what happened
//
// Grant and dirty bytes are the same number here: the tax that the OST adds per extent and chunk is
// not modelled. The server's side is `grant_pool.hpp`, through which all grant comes and goes.
// Source: lustre/osc/osc_cache.c, osc_request.c.
#pragma once

#include "models/lustre/policy/extent.hpp"

namespace lustrum::lustre {

struct DirtyLimits {
  Bytes max_dirty{}; // osc.max_dirty_mb
  Bytes rpc_size{};
  std::uint32_t rpcs_in_flight = 0; // osc.max_rpcs_in_flight
  Seconds patience{50};             // a writer waits so long at most: half of ldlm_enqueue_min

  // All the grant a client wants to hold: max(max_dirty, (R + 1) S).
  Bytes grant_wanted() const {
    const Bytes in_flight = rpc_size * (rpcs_in_flight + std::uint64_t{1});
    return max_dirty > in_flight ? max_dirty : in_flight;
  }
};

class DirtyAccount {
public:
  enum class Verdict : std::uint8_t {
    cached,      // make it dirty
    wait,        // until a write RPC comes back, which frees dirty space and brings grant
    synchronous, // room() of it can still be cached; write the rest through, wait for the server
  };

  explicit DirtyAccount(const DirtyLimits& limits) : limits_(limits) {}

  // Bytes that may become dirty now, in whole pages.
  Bytes room() const;
  // What becomes of a writer who wants this many more dirty bytes and has waited so long already.
  // \pre bytes <= max_dirty, or he would wait in vain: cut large writes
  Verdict verdict(Bytes bytes, Seconds waited) const;

  // \pre bytes <= room()
  void dirtied(Bytes bytes);
  // Of those bytes, so many had been dirty before: their grant is there again.
  void not_dirtied(Bytes bytes);
  // So many are not dirty any more: written, or thrown away. Their grant is used up either way; in
  // Lustre the client tells the server of what it has thrown away.
  void clean(Bytes bytes);
  void granted(Bytes bytes);
  // A client idle for grant_shrink_interval (1200 s) returns this much of its grant: first all but
  // what a full pipe needs, the next time all but one RPC's.
  Bytes give_back();
  // The server has forgotten this client: so much grant is gone.
  Bytes forfeit();

  Bytes dirty() const { return dirty_; } // cur_dirty_bytes, those in flight included
  Bytes grant() const { return grant_; } // cur_grant_bytes: not used up by dirty data
  const DirtyLimits& limits() const { return limits_; }
  // Over the whole run: granted = grant() + consumed + returned.
  Bytes consumed() const { return consumed_; }
  Bytes returned() const { return returned_; }

private:
  Bytes return_all_but(Bytes kept);

  DirtyLimits limits_;
  Bytes dirty_{};
  Bytes grant_{};
  Bytes consumed_{};
  Bytes returned_{};
};

} // namespace lustrum::lustre
