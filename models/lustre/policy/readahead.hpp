// Read-ahead of one open file, as a state machine without a clock. The caller looks the read up in
// the page cache, says what it found, and is told what to fetch beyond what was asked:
//
//   (i)   the second read of a file of at most `whole_file` fetches all of it;
//   (ii)  from the second sequential read on (8 pages off still count as sequential) the window
//         grows by one RPC per read, up to `per_file`;
//   (iii) reads of equal length at equal distances, seen twice, fetch the next strides;
//   (iv)  a page of the window that is gone again closes the window;
//   (v)   any other read fetches exactly what was asked;
//   (vi)  page faults of mmap fetch single pages, and after two in the neighbourhood the whole
//         `mmap_range` around; in a long sequential run the window grows, once per range;
//   (vii) once the window has reached `async_threshold`, pieces of `async_chunk` are fetched by
//         workers, of which `async_max_active` may be at work.
//
// Source: Lustre 2.15 and later lustre/llite/rw.c. There one budget counts pages of read-ahead in
// flight; here the caller passes what is left of his.
#pragma once

#include "models/lustre/policy/extent.hpp"

#include <array>
#include <cassert>

namespace lustrum::lustre {

struct ReadaheadLimits {
  Bytes whole_file{}; // llite.max_read_ahead_whole_mb; 2.14 and 2.15 raise it to one RPC
  Bytes per_file{};   // llite.max_read_ahead_per_file_mb; 0 turns read-ahead off
  Bytes rpc_size{};   // not 0
  Bytes mmap_range{kMib};
  Bytes async_threshold{UINT64_MAX}; // never, unless set; in Lustre the same as per_file
  Bytes async_chunk{16 * kMib};
  std::uint32_t async_max_active = 0; // in Lustre half the cores
};

// llite.*.read_ahead_stats under their own names. failed_lock_match and read_but_discarded are the
// caller's to count: who matches locks, and who evicts.
struct ReadaheadStats {
  std::uint64_t hits = 0;   // pages fetched ahead and now wanted
  std::uint64_t misses = 0; // pages wanted and not there
  std::uint64_t readpage_not_consecutive = 0;
  std::uint64_t miss_inside_window = 0;
  std::uint64_t failed_lock_match = 0;
  std::uint64_t read_but_discarded = 0; // pages
  std::uint64_t zero_size_window = 0;
  std::uint64_t readahead_to_eof = 0;
  std::uint64_t hit_max_readahead_issue = 0;
  std::uint64_t async_readahead = 0;     // pieces
  std::uint64_t failed_to_fast_read = 0; // reads
  std::uint64_t readahead_pages = 0;
};

// A read and what the page cache has of it. A fault of mmap is one page.
struct ReadRequest {
  Bytes offset{};
  Bytes length{}; // not 0
  Bytes size{};   // of the file; offset + length <= size
  std::uint64_t hit_pages = 0;
  std::uint64_t missing_pages = 0; // not there and not being fetched
  bool all_present = false;
  bool mmap = false;
};

// What the client still may: bytes of read-ahead over all its files, workers of (vii).
struct ReadaheadBudget {
  Bytes bytes{};
  std::uint32_t async_active = 0;
};

struct ReadaheadPlan {
  static constexpr std::uint32_t kMost = 32;

  Extent demand; // what was asked
  // To fetch beyond it, if not there already; disjoint from the demand. What touches the demand
  // goes out with it, in the same RPCs.
  std::array<Extent, kMost> ahead{};
  std::uint32_t ahead_count = 0;
  bool async = false; // by one worker for each extent; else by the reader, who waits for the demand

  Bytes ahead_bytes() const {
    Bytes sum;
    for (std::uint32_t i = 0; i < ahead_count; ++i) sum += ahead[i].length();
    return sum;
  }
};

class Readahead {
public:
  ReadaheadPlan plan(const ReadRequest& read, const ReadaheadLimits& limits,
                     const ReadaheadBudget& budget, ReadaheadStats& stats);

  // Read-ahead came only so far (a lock ended there): the next plan goes on from here.
  void reached(Bytes end) { issued_ = end < issued_ ? end : issued_; }

  Bytes window() const { return window_; }
  // Planned beyond what has been read, in a sequential run.
  Bytes ahead() const { return issued_ > next_ ? issued_ - next_ : Bytes{}; }
  bool in_strides() const { return stride_reads_ > 1; }

private:
  enum class Pattern : std::uint8_t { random, sequential, stride };
  struct Draft; // a plan being made, with what bounds it

  Pattern classify(const ReadRequest& read, ReadaheadStats& stats);
  bool in_stride(const ReadRequest& read) const;
  void close_window(Bytes end);
  bool missed_inside(const ReadRequest& read, Pattern pattern) const;
  void plan_whole(Draft& draft);
  void plan_sequential(Draft& draft);
  void plan_stride(Draft& draft);
  bool plan_mmap(Draft& draft, Pattern pattern);
  bool near_last_faults(const ReadRequest& read, Bytes range);

  std::uint64_t reads_ = 0;
  std::uint64_t consecutive_ = 0;
  Bytes next_{};   // where the last read ended
  Bytes run_{};    // bytes of the present run of consecutive reads
  Bytes window_{}; // how far to read ahead; in strides counting what is read only
  Bytes run_begin_{};
  Bytes issued_{}; // up to here the present run has been planned
  // Strides: reads of stride_bytes_ every stride_length_, the first of them at stride_offset_.
  std::uint32_t stride_reads_ = 0;
  Bytes stride_offset_{};
  Bytes stride_bytes_{};
  Bytes stride_length_{};
  std::uint64_t stride_issued_ = 0; // strides planned, from stride_offset_ on
  // Faults of mmap near one another.
  std::uint32_t faults_ = 0;
  Extent faulted_{};
};

} // namespace lustrum::lustre
