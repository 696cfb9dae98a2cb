// The state of a file in hierarchical storage management, under Lustre's names and values.
#pragma once

#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

// Source: Lustre 2.15 lustre/include/uapi/linux/lustre/lustre_user.h (enum hsm_states).
namespace hsm {
inline constexpr std::uint8_t kExists = 0x1;   // a copy in the archive, perhaps of older content
inline constexpr std::uint8_t kDirty = 0x2;    // changed since it was archived
inline constexpr std::uint8_t kReleased = 0x4; // no data in Lustre
inline constexpr std::uint8_t kArchived = 0x8; // a whole copy in the archive
inline constexpr std::uint8_t kNoRelease = 0x10;
inline constexpr std::uint8_t kNoArchive = 0x20;
inline constexpr std::uint8_t kLost = 0x40; // the copy in the archive is gone
inline constexpr std::uint8_t kImported = kReleased | kExists | kArchived; // 0xd
} // namespace hsm

// Flags of all files: no memory until a file has some, then a byte for each file up to it.
class HsmFlags {
public:
  std::uint8_t of(FileIndex file) const {
    return file.value() < flags_.size() ? flags_[file.value()] : std::uint8_t{0};
  }
  void set(FileIndex file, std::uint8_t flags) {
    if (file.value() >= flags_.size()) {
      if (flags == 0) return;
      flags_.resize(file.value() + std::size_t{1});
    }
    flags_[file.value()] = flags;
  }

private:
  std::vector<std::uint8_t> flags_;
};

} // namespace lustrum::lustre
