#include "models/lustre/policy/hsm.hpp"

#include <fmt/format.h>

#include <array>
#include <cassert>

namespace lustrum::lustre {

namespace {

bool has(std::uint8_t flags, std::uint8_t flag) { return (flags & flag) != 0; }

std::uint8_t with(std::uint8_t flags, std::uint8_t set, std::uint8_t clear) {
  return static_cast<std::uint8_t>((flags | set) & ~clear);
}

HsmAnswer check_archive(std::uint8_t flags) {
  if (has(flags, hsm::kNoArchive)) return HsmAnswer::not_permitted;
  // Of a released file there is nothing else to be had.
  const bool newest = has(flags, hsm::kArchived) && !has(flags, hsm::kDirty | hsm::kLost);
  return newest || has(flags, hsm::kReleased) ? HsmAnswer::nothing_to_do : HsmAnswer::allowed;
}

HsmAnswer check_restore(std::uint8_t flags) {
  if (!has(flags, hsm::kReleased)) return HsmAnswer::nothing_to_do;
  return has(flags, hsm::kLost) ? HsmAnswer::lost : HsmAnswer::allowed;
}

HsmAnswer check_release(std::uint8_t flags, bool is_open) {
  if (has(flags, hsm::kReleased)) return HsmAnswer::nothing_to_do;
  if (!has(flags, hsm::kArchived) || has(flags, hsm::kDirty | hsm::kNoRelease | hsm::kLost))
    return HsmAnswer::not_permitted;
  return is_open ? HsmAnswer::busy : HsmAnswer::allowed;
}

HsmAnswer check_remove(std::uint8_t flags) {
  if (has(flags, hsm::kReleased)) return HsmAnswer::not_permitted; // it is the only copy
  return has(flags, hsm::kExists) ? HsmAnswer::allowed : HsmAnswer::nothing_to_do;
}

} // namespace

std::string_view to_string(HsmAction action) {
  constexpr std::array<std::string_view, 4> kNames{"ARCHIVE", "RESTORE", "RELEASE", "REMOVE"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string_view to_string(HsmAnswer answer) {
  constexpr std::array<std::string_view, 5> kNames{"allowed", "nothing to do", "EPERM", "EBUSY",
                                                   "ENODATA"};
  return kNames[static_cast<std::size_t>(answer)];
}

HsmAnswer check(HsmAction action, std::uint8_t flags, bool is_open) {
  switch (action) {
  case HsmAction::archive:
    return check_archive(flags);
  case HsmAction::restore:
    return check_restore(flags);
  case HsmAction::release:
    return check_release(flags, is_open);
  case HsmAction::remove:
    return check_remove(flags);
  }
  return HsmAnswer::not_permitted;
}

std::uint8_t begun(HsmAction action, std::uint8_t flags) {
  // mdt_hsm_set_exists(): from now on a part of a copy may lie in the archive.
  return action == HsmAction::archive ? with(flags, hsm::kExists, 0) : flags;
}

std::uint8_t finished(HsmAction action, std::uint8_t flags) {
  switch (action) {
  case HsmAction::archive:
    return with(flags, hsm::kExists | hsm::kArchived, hsm::kLost | hsm::kDirty);
  case HsmAction::restore:
    return with(flags, 0, hsm::kReleased | hsm::kDirty);
  case HsmAction::release:
    return with(flags, hsm::kReleased, 0);
  case HsmAction::remove:
    // Without a copy there is nothing that the file could differ from.
    return with(flags, 0, hsm::kArchived | hsm::kExists | hsm::kLost | hsm::kDirty);
  }
  return flags;
}

std::uint8_t given_up(HsmAction action, std::uint8_t flags) {
  return action == HsmAction::archive ? begun(action, flags) : flags;
}

std::uint8_t written(std::uint8_t flags) {
  assert(!has(flags, hsm::kReleased));
  return has(flags, hsm::kExists) ? with(flags, hsm::kDirty, 0) : flags;
}

std::optional<std::uint8_t> changed(std::uint8_t flags, std::uint8_t set, std::uint8_t clear) {
  if (has(set | clear, hsm::kReleased)) return std::nullopt; // only a release and a restore do that
  const std::uint8_t result = with(flags, set, clear);
  const bool in_archive = has(result, hsm::kExists) && has(result, hsm::kArchived);
  if (has(result, hsm::kReleased) && (!in_archive || has(result, hsm::kDirty | hsm::kNoRelease)))
    return std::nullopt;
  // A whole copy is a copy, and nothing differs from none.
  if (has(result, hsm::kArchived | hsm::kDirty) && !has(result, hsm::kExists)) return std::nullopt;
  return result;
}

// Words and their order: Lustre 2.15 lustre/utils/lfs.c, lfs_hsm_state().
std::string hsm_state_words(std::uint8_t flags) {
  struct Word {
    std::uint8_t flag;
    std::string_view text;
  };
  constexpr std::array kWords{
      Word{hsm::kReleased, "released"},
      Word{hsm::kExists, "exists"},
      Word{hsm::kDirty, "dirty"},
      Word{hsm::kArchived, "archived"},
      Word{hsm::kNoRelease, "never_release"},
      Word{hsm::kNoArchive, "never_archive"},
      Word{hsm::kLost, "lost_from_hsm"},
  };
  std::string words;
  for (const Word& word : kWords) {
    if (!has(flags, word.flag)) continue;
    if (!words.empty()) words += ' ';
    words += word.text;
  }
  return words;
}

std::string hsm_state_line(std::string_view name, std::uint8_t flags, std::uint32_t archive_id) {
  std::string line = fmt::format("{}: (0x{:08x})", name, flags);
  if (const std::string words = hsm_state_words(flags); !words.empty()) line += " " + words;
  if (archive_id != 0) line += fmt::format(", archive_id:{}", archive_id);
  return line;
}

} // namespace lustrum::lustre
