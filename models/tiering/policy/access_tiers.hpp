// Storage classes by the time since the last access, and which data to give up first when room is
// needed. Pure functions over what is known of files.
#pragma once

#include "sim/base/units.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lustrum::tiering {

// A file as a policy sees it.
struct FileAge {
  FileIndex file{};
  Bytes bytes{};
  Seconds accessed{}; // when it was last read or written; before the run it may be negative
  Seconds created{};
};

enum class AccessTier : std::uint8_t { frequent, infrequent, archive };
inline constexpr std::size_t kAccessTiers = 3;

struct AccessTierSettings {
  Seconds infrequent_after{};
  Seconds archive_after{};
};

// Amazon's Intelligent-Tiering: 30 and 90 days. Source: FSx for Lustre guide, Intelligent-Tiering.
constexpr AccessTierSettings intelligent_tiering() {
  constexpr double kDay = 86'400;
  return {.infrequent_after = Seconds{30 * kDay}, .archive_after = Seconds{90 * kDay}};
}

constexpr AccessTier tier_of(const AccessTierSettings& tiers, Seconds unused_for) {
  if (unused_for >= tiers.archive_after) return AccessTier::archive;
  return unused_for >= tiers.infrequent_after ? AccessTier::infrequent : AccessTier::frequent;
}

// What lies in each class now.
inline std::array<Bytes, kAccessTiers>
bytes_by_tier(const AccessTierSettings& tiers, const std::vector<FileAge>& files, Seconds now) {
  std::array<Bytes, kAccessTiers> sum{};
  for (const FileAge& file : files)
    sum[static_cast<std::size_t>(tier_of(tiers, now - file.accessed))] += file.bytes;
  return sum;
}

enum class ReleaseOrder : std::uint8_t {
  lru,     // the one not used for longest
  oldest,  // the one that was made first
  largest, // the one that frees most
};

// Which files to release so that `needed` bytes are free, in the order of the policy; all of them
// when that is not enough. Equal ones in the order of their numbers.
inline std::vector<FileIndex> choose_releases(std::vector<FileAge> files, ReleaseOrder order,
                                              Bytes needed) {
  std::sort(files.begin(), files.end(), [order](const FileAge& a, const FileAge& b) {
    if (order == ReleaseOrder::lru && a.accessed != b.accessed) return a.accessed < b.accessed;
    if (order == ReleaseOrder::oldest && a.created != b.created) return a.created < b.created;
    if (order == ReleaseOrder::largest && a.bytes != b.bytes) return a.bytes > b.bytes;
    return a.file < b.file;
  });
  std::vector<FileIndex> chosen;
  Bytes freed{};
  for (const FileAge& file : files) {
    if (freed >= needed) break;
    freed += file.bytes;
    chosen.push_back(file.file);
  }
  return chosen;
}

} // namespace lustrum::tiering
