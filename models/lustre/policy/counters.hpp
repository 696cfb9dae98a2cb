// What clients and servers count for the files of `counter_files.hpp`. Times are in microseconds,
// rounded down, as Lustre has them.
#pragma once

#include "models/lustre/policy/extent.hpp"
#include "sim/base/histogram.hpp"
#include "sim/base/units.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace lustrum::lustre {

inline std::uint64_t microseconds(Seconds time) {
  constexpr double kPerSecond = 1e6;
  constexpr double kRounding = 1e-3; // a time that is whole but for its last bits stays whole
  return static_cast<std::uint64_t>(time.count() * kPerSecond + kRounding);
}

// --- llite: calls of applications -------------------------------------------------------------

// The lines of llite.*.stats that have a counterpart here, in Lustre's order.
// \source Lustre 2.15 lustre/llite/lproc_llite.c (llite_opcode_table)
enum class LliteStat : std::uint8_t {
  read_bytes,
  write_bytes,
  cached_read_bytes, // of calls that found all in the page cache
  hybrid_read_bytes, // of buffered calls that were done direct
  hybrid_write_bytes,
  read,
  write,
  open,
  close,
  page_fault,
  fsync,
  readdir,
  truncate,
  getattr,
  create,
  unlink,
  mkdir,
  rmdir,
  rename,
};
inline constexpr std::size_t kLliteStats = static_cast<std::size_t>(LliteStat::rename) + 1;
inline constexpr std::array<std::string_view, kLliteStats> kLliteStatNames{"read_bytes",
                                                                           "write_bytes",
                                                                           "cached_read_bytes",
                                                                           "hybrid_read_bytes",
                                                                           "hybrid_write_bytes",
                                                                           "read",
                                                                           "write",
                                                                           "open",
                                                                           "close",
                                                                           "page_fault",
                                                                           "fsync",
                                                                           "readdir",
                                                                           "truncate",
                                                                           "getattr",
                                                                           "create",
                                                                           "unlink",
                                                                           "mkdir",
                                                                           "rmdir",
                                                                           "rename"};

struct LliteCounters {
  std::array<SampleCounter, kLliteStats> stats{};
  // Sizes of calls. Bucket n of extents_stats: from 4 KiB x 2^(n-1) to below 4 KiB x 2^n.
  Histogram read_extents;
  Histogram write_extents;

  void add(LliteStat stat, std::uint64_t value, std::uint64_t times = 1) {
    stats[static_cast<std::size_t>(stat)].add(value, times);
  }
  void add_read(Bytes length) {
    add(LliteStat::read_bytes, length.count());
    read_extents.add(std::bit_width(length / kPageSize));
  }
  void add_write(Bytes length) {
    add(LliteStat::write_bytes, length.count());
    write_extents.add(std::bit_width(length / kPageSize));
  }
};

// --- osc: bulk RPCs of one client to one OST --------------------------------------------------

// How long I/Os took by how large they were, of osc.*.io_latency_stats: most clients see a few
// sizes.
struct LatencyBySize {
  struct Row {
    std::size_t size_log2 = 0; // 2^n pages: up to so much, more than half of it
    Histogram times{};         // log2, microseconds
  };
  std::vector<Row> rows; // as they came

  // \pre length > 0
  void add(Bytes length, std::uint64_t time_us) {
    const std::uint64_t pages = (length + kPageSize - Bytes{1}) / kPageSize;
    const std::size_t size_log2 = std::bit_width(pages - 1);
    for (Row& row : rows)
      if (row.size_log2 == size_log2) return row.times.add_log2(time_us);
    rows.push_back({.size_log2 = size_log2});
    rows.back().times.add_log2(time_us);
  }
  Histogram of_all_sizes() const {
    Histogram sum;
    for (const Row& row : rows) sum += row.times;
    return sum;
  }
};

struct RpcCounters {
  struct Way {
    std::uint32_t in_flight = 0;
    Bytes bytes_in_flight{};
    Histogram pages;     // log2
    Histogram at_once;   // in flight, this one included
    Histogram offset;    // log2, first page of the object + 1
    SampleCounter bytes; // as sent
    SampleCounter time;  // microseconds from slot to reply
    LatencyBySize by_size;
  };
  Way read;
  Way write;

  static void begin(Way& way, Bytes offset, Bytes length) {
    ++way.in_flight;
    way.bytes_in_flight += length;
    way.at_once.add(way.in_flight);
    way.pages.add_log2((length + kPageSize - Bytes{1}) / kPageSize);
    way.offset.add_log2(offset / kPageSize + 1);
    way.bytes.add(length.count());
  }
  static void end(Way& way, Bytes length, Seconds time) {
    --way.in_flight;
    way.bytes_in_flight -= length;
    way.time.add(microseconds(time));
    way.by_size.add(length, microseconds(time));
  }
};

// --- Servers ----------------------------------------------------------------------------------

// A service (ost_io, mdt ...), taken when a request gets its thread.
// \source Lustre 2.15 lustre/ptlrpc/service.c (ptlrpc_server_handle_request)
struct ServiceCounters {
  SampleCounter wait;   // req_waittime, microseconds
  SampleCounter queued; // req_qdepth: requests still without a thread
  SampleCounter active; // req_active: requests with one, this one included
};

// obdfilter.*: an OST.
struct OstCounters {
  struct Bulk {
    SampleCounter read_bytes;
    SampleCounter write_bytes;
    SampleCounter read_time; // with an ost_io thread
    SampleCounter write_time;
  };
  // brw_stats. Requests that the server's memory answers make no disk I/O.
  struct Brw {
    Histogram pages;     // log2, of RPCs
    Histogram in_flight; // disk I/Os, this one included
    Histogram time;      // log2, milliseconds
    Histogram size;      // log2, bytes
  };
  std::vector<Bulk> jobs; // [job], as far as one came
  Brw read;
  Brw write;
  SampleCounter punch; // requests without data, microseconds at the server
  SampleCounter sync;
  SampleCounter create;
  SampleCounter destroy;

  Bulk& of(JobIndex job) {
    if (jobs.size() <= job.value()) [[unlikely]]
      jobs.resize(job.value() + std::size_t{1});
    return jobs[job.value()];
  }
};

} // namespace lustrum::lustre
