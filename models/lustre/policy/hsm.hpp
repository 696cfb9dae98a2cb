// What HSM actions do to the state of a file, and which of them are allowed. Flags: hsm_flags.hpp.
//
//   std::uint8_t flags = hsm::kImported;                          // in the archive only
//   if (check(HsmAction::restore, flags) == HsmAnswer::allowed)   // the data comes back ...
//     flags = finished(HsmAction::restore, flags);                // ... and is here: exists
//     archived
//
// Source: Lustre 2.15 lustre/mdt/mdt_coordinator.c, mdt_hsm.c, mdt_open.c (release).
#pragma once

#include "models/lustre/policy/hsm_flags.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::lustre {

// Those of `lfs hsm_*`. A release is done by the MDT alone; the others are an agent's work.
enum class HsmAction : std::uint8_t { archive, restore, release, remove };

enum class HsmAnswer : std::uint8_t {
  allowed,
  nothing_to_do, // the file is in that state already
  not_permitted, // EPERM
  busy,          // EBUSY: open elsewhere, or another action on it is under way
  lost,          // ENODATA: the archive has lost its copy
};

std::string_view to_string(HsmAction action);
std::string_view to_string(HsmAnswer answer);

// May the action begin? `is_open`: by anybody, which only a release minds.
HsmAnswer check(HsmAction action, std::uint8_t flags, bool is_open = false);

// The flags once an action has begun, has succeeded, has been given up after it had begun.
// \pre check() allowed it with the flags that it began with
std::uint8_t begun(HsmAction action, std::uint8_t flags);
std::uint8_t finished(HsmAction action, std::uint8_t flags);
// Of a cancelled or failed action: an archive may have left a part of a copy behind.
std::uint8_t given_up(HsmAction action, std::uint8_t flags);

// After a write or truncate. \pre not released: it would have been restored first
std::uint8_t written(std::uint8_t flags);

// `lfs hsm_set` and `hsm_clear`; none when it would contradict the file's state (EINVAL): a
// released file stays in the archive and is neither dirty nor kept from being released.
std::optional<std::uint8_t> changed(std::uint8_t flags, std::uint8_t set, std::uint8_t clear);

// The words after the number in a line of `lfs hsm_state`: `released exists archived`. Empty for a
// file that HSM knows nothing of.
std::string hsm_state_words(std::uint8_t flags);
// The whole line: `/lustre/f: (0x0000000d) released exists archived, archive_id:1`.
std::string hsm_state_line(std::string_view name, std::uint8_t flags, std::uint32_t archive_id);

} // namespace lustrum::lustre
