// The layouts in which Lustre prints its counters, as monitoring scripts expect them. Pure text:
// `counter_files.hpp` says what goes where.
// \source Lustre 2.15: lustre/obdclass/lprocfs_status.c, lprocfs_jobstats.c,
// lustre/osc/lproc_osc.c, lustre/obdclass/genops.c, lustre/llite/lproc_llite.c,
// lustre/osd-ldiskfs/osd_lproc.c; Lustre manual, chapter "Lustre Parameters"
#pragma once

#include "sim/base/histogram.hpp"
#include "sim/base/units.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lustrum::lustre {

struct StatsLine {
  std::string_view name;
  std::string_view unit; // `usecs`, `bytes`, `reqs`, `pages`
  SampleCounter counter{};
};

// `snapshot_time`, `start_time` (0) and `elapsed_time` in simulated seconds; `with_colon` as in the
// files with histograms.
std::string time_header(Seconds now, bool with_colon);

// A `stats` file: name, samples, unit, least, largest, sum, sum of squares. Lines without samples
// are left out.
std::string stats_text(Seconds now, const std::vector<StatsLine>& lines);

// A file of plain counts: llite.*.read_ahead_stats.
struct CountLine {
  std::string_view name;
  std::uint64_t count = 0;
};
std::string counts_text(Seconds now, std::string_view unit, const std::vector<CountLine>& lines);
// The same without the header. Lines that count nothing are left out.
std::string count_lines(std::string_view unit, const std::vector<CountLine>& lines);

// What the buckets of a histogram are called.
enum class BucketLabels : std::uint8_t {
  number,     // 0, 1, 2, 3 ...
  power,      // 1, 2, 4, 8 ...
  zero_power, // 0, 1, 2, 4 ...
};

struct HistogramPair {
  std::string_view name;
  std::string_view unit; // what is counted: `rpcs`, `ios`
  BucketLabels labels = BucketLabels::number;
  std::size_t first = 0; // bucket to begin with; those before it are empty
  const Histogram* read = nullptr;
  const Histogram* write = nullptr;
};

// A block of osc.*.rpc_stats; an empty line comes first.
std::string rpc_histogram(const HistogramPair& pair);
// A block of brw_stats: labels in K and M, buckets before the first count are left out.
std::string brw_histogram(const HistogramPair& pair);
// The block of mdc.*.rpc_stats.
std::string modify_histogram(const Histogram& at_once);
// llite.*.extents_stats after its header.
std::string extents_histogram(const Histogram& read, const Histogram& write);

// One job of a job_stats file (YAML); lines without samples too.
std::string job_text(Seconds now, std::string_view job_id, const std::vector<StatsLine>& lines);

} // namespace lustrum::lustre
