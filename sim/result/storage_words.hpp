// What a cause of waiting and a request are called on each kind of storage: an object store has no
// MDT, and a local disk no RPC.
#pragma once

#include "sim/base/cause.hpp"

#include <string_view>

namespace lustrum {

struct StorageWords {
  std::string_view kind;     // as in RunResult::storage_kind
  std::string_view request;  // `RPC`, in the singular
  std::string_view metadata; // after the number of those that carry no data
};

// Those of an unknown kind are the ones of `lustre`, the kind of results without one.
const StorageWords& storage_words(std::string_view kind);

// One explanation, without a full stop.
std::string_view cause_text(Cause cause, std::string_view kind);

} // namespace lustrum
