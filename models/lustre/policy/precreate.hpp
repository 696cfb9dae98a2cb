// Objects that OSTs create ahead of need, so that a file's creation does not wait for them.
#pragma once

#include <cassert>
#include <cstdint>

namespace lustrum::lustre {

struct PrecreateSettings {
  std::uint32_t min_create_count = 32;     // osp.*.create_count at the start
  std::uint32_t max_create_count = 20'000; // osp.*.max_create_count; one RPC asks for half of it
};

// The pool of one MDT on one OST. One OST_CREATE request is under way at most; it is sent when the
// pool falls below half a batch, and the batch doubles when the pool falls to a quarter of it (and
// one) though the OST had kept up. Source: Lustre 2.15 lustre/osp/osp_precreate.c.
class PrecreatePool {
public:
  // Starts with one smallest batch, which the MDT asks for when it connects.
  explicit PrecreatePool(const PrecreateSettings& settings = {})
      : settings_(settings), ready_(settings.min_create_count), batch_(settings.min_create_count) {}

  std::uint32_t ready() const { return ready_; }
  std::uint32_t batch() const { return batch_; }
  bool request_under_way() const { return asked_ > 0; }

  // Takes one object for a file; false when none is ready: the create waits for created().
  bool take();
  // Objects to ask the OST for now, 0 when there is no need. The request then is under way.
  std::uint32_t ask();
  // The OST has answered: it made `count` objects, fewer than asked when it is slow or full.
  // \pre a request is under way
  void created(std::uint32_t count);

private:
  PrecreateSettings settings_;
  std::uint32_t ready_;
  std::uint32_t batch_;
  std::uint32_t asked_ = 0;
  bool kept_up_ = true;
};

} // namespace lustrum::lustre
