#include "models/lustre/policy/readahead.hpp"

#include <algorithm>

namespace lustrum::lustre {

namespace {

constexpr Bytes kLoose = kPageSize * 8; // so far off still counts as sequential

bool loosely_follows(Bytes offset, Bytes next, Bytes loose) {
  return offset + loose >= next && offset <= next + loose;
}

Bytes end_of(const ReadRequest& read) { return read.offset + read.length; }

} // namespace

struct Readahead::Draft {
  const ReadRequest& read;
  const ReadaheadLimits& limits;
  ReadaheadStats& stats;
  ReadaheadPlan plan;
  Bytes budget;
  std::uint32_t workers; // that are free

  bool full() const {
    return plan.ahead_count == ReadaheadPlan::kMost || (plan.async && plan.ahead_count == workers);
  }

  // Adds an extent, clipped at the file's end and at the budget, and cut for the workers. Returns
  // how far it came.
  Bytes add(Extent extent) {
    if (extent.end >= read.size) {
      extent.end = read.size;
      if (!extent.empty()) ++stats.readahead_to_eof;
    }
    if (extent.empty()) return extent.begin;
    if (budget < extent.length()) {
      ++stats.hit_max_readahead_issue;
      // Little RPCs cost the servers more than they bring: less than 1 MiB is not worth one.
      if (budget < std::min(Bytes{kMib}, extent.length())) return extent.begin;
      extent.end = extent.begin + budget;
    }
    while (!extent.empty() && !full()) {
      Bytes end = extent.end;
      const Bytes chunk = limits.async_chunk;
      if (plan.async) end = std::min(end, extent.begin - extent.begin % chunk + chunk);
      const Extent piece{extent.begin, end};
      plan.ahead[plan.ahead_count++] = piece;
      budget -= piece.length();
      stats.readahead_pages += page_count(piece);
      if (plan.async) ++stats.async_readahead;
      extent.begin = end;
    }
    return extent.begin;
  }
};

bool Readahead::in_stride(const ReadRequest& read) const {
  if (stride_reads_ == 0 || stride_bytes_ == Bytes{} || stride_bytes_ == stride_length_)
    return false;
  if (read.offset == next_) return run_ + read.length <= stride_bytes_;
  return read.offset > next_ && read.offset - next_ == stride_length_ - stride_bytes_ &&
         run_ == stride_bytes_ && read.length <= stride_bytes_;
}

void Readahead::close_window(Bytes end) {
  window_ = Bytes{};
  consecutive_ = 0;
  run_begin_ = issued_ = end;
}

Readahead::Pattern Readahead::classify(const ReadRequest& read, ReadaheadStats& stats) {
  ++reads_;
  Pattern pattern = Pattern::sequential;
  if (loosely_follows(read.offset, next_, kLoose)) {
    ++consecutive_;
    if (in_strides()) {
      if (in_stride(read)) {
        pattern = Pattern::stride;
      } else {
        stride_reads_ = 0;
        close_window(read.offset);
      }
    }
  } else {
    ++stats.readpage_not_consecutive;
    if (in_stride(read)) {
      ++stride_reads_;
      pattern = Pattern::stride;
      consecutive_ = 0;
    } else {
      const bool may_be_first = stride_reads_ == 0 && reads_ > 1 && read.offset > next_;
      stride_reads_ = may_be_first ? 1 : 0;
      if (may_be_first) {
        stride_offset_ = read.offset;
        stride_bytes_ = run_;
        stride_length_ = read.offset - next_ + run_;
        stride_issued_ = 0;
      }
      pattern = Pattern::random;
      close_window(read.offset);
    }
    run_ = Bytes{};
  }
  run_ += read.length;
  next_ = end_of(read);
  return pattern;
}

// (iv) Pages that were planned before and are neither there nor on their way.
bool Readahead::missed_inside(const ReadRequest& read, Pattern pattern) const {
  if (window_ == Bytes{} || read.missing_pages == 0) return false;
  if (pattern == Pattern::stride)
    return (read.offset - stride_offset_) / stride_length_ < stride_issued_;
  const Extent beyond{std::max(read.offset, issued_), end_of(read)};
  return read.offset >= run_begin_ && read.missing_pages > page_count(beyond);
}

void Readahead::plan_whole(Draft& draft) {
  const ReadRequest& read = draft.read;
  draft.add({Bytes{}, read.offset});
  draft.add({end_of(read), read.size});
}

void Readahead::plan_sequential(Draft& draft) {
  const Bytes end = next_;
  const Bytes rpc = draft.limits.rpc_size;
  // Whole RPCs only, but for the file's end.
  Bytes far = std::min(draft.read.size, end + window_);
  if (far != draft.read.size) far -= far % rpc;
  const bool is_ahead = issued_ >= end;
  const Bytes begin = std::max(issued_, end);
  if (far <= begin) return;
  // Ahead of need, it waits until a whole RPC is due.
  if (is_ahead && far - begin < rpc && far != draft.read.size) return;
  issued_ = draft.add({begin, far});
}

void Readahead::plan_stride(Draft& draft) {
  const Bytes bytes = stride_bytes_;
  const auto stride = [&](std::uint64_t index) { return stride_offset_ + stride_length_ * index; };
  const std::uint64_t present = (draft.read.offset - stride_offset_) / stride_length_;
  if (present >= stride_issued_) {
    // The rest of this stride, if it is read in parts.
    stride_issued_ = present + 1;
    draft.add({next_, stride(present) + bytes});
  }
  const std::uint64_t end = present + 1 + std::max<std::uint64_t>(window_ / bytes, 1);
  while (stride_issued_ < end && stride(stride_issued_) < draft.read.size && !draft.full()) {
    const Extent wanted{stride(stride_issued_), stride(stride_issued_) + bytes};
    if (draft.add(wanted) < std::min(wanted.end, draft.read.size)) return;
    ++stride_issued_;
  }
}

// Counts faults within one range; says whether there were at least two before this one.
bool Readahead::near_last_faults(const ReadRequest& read, Bytes range) {
  const Extent fault{read.offset, end_of(read)};
  const Extent joined{std::min(faulted_.begin, fault.begin), std::max(faulted_.end, fault.end)};
  if (faulted_.empty() || joined.length() > range) {
    faulted_ = fault;
    faults_ = 0;
    return false;
  }
  faulted_ = joined;
  return ++faults_ >= 2;
}

// Returns whether the window is to grow.
bool Readahead::plan_mmap(Draft& draft, Pattern pattern) {
  const ReadRequest& read = draft.read;
  const Bytes range = draft.limits.mmap_range;
  const bool near = near_last_faults(read, range);
  if (pattern == Pattern::stride) return true;
  if (run_ / range > (run_ - read.length) / range) return true;
  if (window_ > Bytes{} || !near || read.missing_pages == 0) return false;
  const Bytes begin = read.offset - read.offset % range;
  draft.add({begin, read.offset});
  draft.add({end_of(read), begin + range});
  return false;
}

ReadaheadPlan Readahead::plan(const ReadRequest& read, const ReadaheadLimits& limits,
                              const ReadaheadBudget& budget, ReadaheadStats& stats) {
  assert(read.length > Bytes{} && end_of(read) <= read.size && limits.rpc_size > Bytes{});
  stats.hits += read.hit_pages;
  stats.misses += read.missing_pages;
  if (!read.all_present) ++stats.failed_to_fast_read;
  const std::uint32_t workers = limits.async_max_active > budget.async_active
                                    ? limits.async_max_active - budget.async_active
                                    : 0;
  Draft draft{read, limits, stats, {}, budget.bytes, workers};
  draft.plan.demand = {read.offset, end_of(read)};
  const Pattern pattern = classify(read, stats);
  if (limits.per_file == Bytes{}) return draft.plan;

  if (!read.mmap && reads_ >= 2 && read.size <= limits.whole_file) {
    if (reads_ == 2 || read.missing_pages > 0) plan_whole(draft);
    return draft.plan;
  }
  if (missed_inside(read, pattern)) {
    ++stats.miss_inside_window;
    close_window(next_);
    // Strides need not be found again, only their window.
    if (pattern == Pattern::stride)
      stride_issued_ = (read.offset - stride_offset_) / stride_length_ + 1;
    return draft.plan;
  }
  bool grows = pattern == Pattern::stride ? run_ == read.length : consecutive_ >= 2;
  if (read.mmap) grows = plan_mmap(draft, pattern);
  if (grows && pattern != Pattern::random)
    window_ = std::min(window_ + limits.rpc_size, limits.per_file);
  if (window_ == Bytes{} && read.missing_pages > 0 && draft.plan.ahead_count == 0)
    ++stats.zero_size_window;
  if (pattern != Pattern::random && window_ > Bytes{}) {
    draft.plan.async = window_ >= limits.async_threshold && workers > 0;
    if (pattern == Pattern::stride) {
      plan_stride(draft);
    } else {
      plan_sequential(draft);
    }
  }
  issued_ = std::max(issued_, next_);
  return draft.plan;
}

} // namespace lustrum::lustre
