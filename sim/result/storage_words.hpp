// What a cause of waiting and a request are called on each kind of storage: an object store has no
// MDT, and a local disk no RPC.
#pragma once

#include "sim/base/cause.hpp"
#include "sim/result/run_result.hpp"

#include <string>
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
// The same in one result, which tells whether it was the storage that failed, or the job.
std::string_view cause_text(Cause cause, const RunResult& result);
// Of all kinds, for a list of metrics.
std::string cause_texts(Cause cause);

// Whether a faster or sounder storage could shorten this part of the result's time.
bool is_storage(Cause cause, const RunResult& result);

} // namespace lustrum
