#include "models/lustre/policy/readahead.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

namespace {
constexpr Bytes kToleratedGap{8 * 4 * kKib};
} // namespace

bool Readahead::sequential(Bytes offset) const {
  return reads_ == 0 ? offset == Bytes{} : offset >= next_ && offset - next_ <= kToleratedGap;
}

Readahead::Fetch Readahead::plan(Bytes offset, Bytes length, Bytes size,
                                 const ReadaheadLimits& limits, Bytes budget) {
  const Bytes end = offset + length;
  assert(end <= size);
  if (sequential(offset)) {
    ++consecutive_;
  } else if (offset >= fetched_begin_ && end <= fetched_end_) {
    // A step back inside what is there already: nothing to fetch, the stream goes on.
    ++reads_;
    return {};
  } else {
    consecutive_ = 0;
    window_ = Bytes{};
    fetched_begin_ = fetched_end_ = offset;
  }
  ++reads_;
  next_ = end;
  Bytes wanted = end;
  if (reads_ == 2 && size <= limits.whole_file && budget > Bytes{}) {
    wanted = size;
  } else if (consecutive_ >= 2) {
    window_ = std::min({window_ + limits.rpc_size, limits.per_file, budget + ahead()});
    // Whole RPCs only, but for the file's end.
    const Bytes far = std::min(size, end + window_);
    const Bytes aligned = far == size ? far : far - far % limits.rpc_size;
    wanted = std::max(end, aligned);
  }
  const Bytes begin = std::max(fetched_end_, fetched_begin_);
  if (wanted <= begin) return {};
  // Ahead of need, wait until a whole RPC is due.
  if (begin >= end && wanted - begin < limits.rpc_size && wanted != size) return {};
  fetched_end_ = wanted;
  return {begin, wanted};
}

} // namespace lustrum::lustre
