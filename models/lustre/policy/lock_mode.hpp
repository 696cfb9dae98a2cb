// What the locks of data objects and of inodes have in common.
#pragma once

#include "sim/base/units.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace lustrum::lustre {

// Concurrent, protected (nobody else writes) and exclusive modes of reading and writing; `group`
// locks are shared by those who name the same group.
enum class LockMode : std::uint8_t { ex, pw, pr, cw, cr, group };
inline constexpr std::size_t kLockModes = 6;

// Whether two locks of these modes can be held at once. Two group locks can when their group is the
// same, which is not asked here. Source: Lustre 2.15 lustre/include/lustre_dlm.h.
constexpr bool compatible(LockMode a, LockMode b) {
  constexpr auto kBit = [](LockMode mode) { return 1U << static_cast<unsigned>(mode); };
  constexpr std::array<unsigned, kLockModes> kFriends = {
      0,                                                                                 // ex
      kBit(LockMode::cr),                                                                // pw
      kBit(LockMode::cr) | kBit(LockMode::pr),                                           // pr
      kBit(LockMode::cr) | kBit(LockMode::cw),                                           // cw
      kBit(LockMode::cr) | kBit(LockMode::cw) | kBit(LockMode::pr) | kBit(LockMode::pw), // cr
      kBit(LockMode::group),                                                             // group
  };
  return (kFriends[static_cast<std::size_t>(a)] & kBit(b)) != 0;
}

// A lock's name, unique within its resource for all time: what client and server call it by.
using LockId = Index<struct LockTag>;

// The holder of the server's own short locks (unlink, truncate, a change in a directory). Nobody
// sends it callbacks; it cancels as soon as its operation is done.
inline constexpr ClientIndex kServerItself{UINT32_MAX};

enum class LockAnswer : std::uint8_t {
  granted,
  waits,  // in the queue: a later cancel() or evict() will grant it
  refused // nothing was queued: a lock that may not wait would have to
};

} // namespace lustrum::lustre
