#include "models/lustre/counter_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lustrum::lustre {

namespace {

std::string seconds_text(Seconds time) {
  constexpr double kNanoseconds = 1e9;
  const auto whole = static_cast<std::uint64_t>(std::llround(time.count() * kNanoseconds));
  constexpr std::uint64_t kPerSecond = 1'000'000'000;
  return fmt::format("{}.{:09} secs.nsecs", whole / kPerSecond, whole % kPerSecond);
}

std::uint64_t percent(std::uint64_t part, std::uint64_t total) {
  return total > 0 ? part * 100 / total : 0;
}

// Walks both columns of a histogram from bucket `first` on, up to the one that completes them.
template <class Row>
void for_rows(const Histogram& read, const Histogram& write, std::size_t first, Row row) {
  const std::uint64_t reads = read.total();
  const std::uint64_t writes = write.total();
  std::uint64_t reads_so_far = 0;
  std::uint64_t writes_so_far = 0;
  for (std::size_t i = first; i < Histogram::kBuckets; ++i) {
    reads_so_far += read[i];
    writes_so_far += write[i];
    row(i, std::array{read[i], percent(read[i], reads), percent(reads_so_far, reads)},
        std::array{write[i], percent(write[i], writes), percent(writes_so_far, writes)});
    if (reads_so_far == reads && writes_so_far == writes) break;
  }
}

std::uint64_t label_of(BucketLabels labels, std::size_t bucket) {
  switch (labels) {
  case BucketLabels::number:
    return bucket;
  case BucketLabels::power:
    return std::uint64_t{1} << bucket;
  case BucketLabels::zero_power:
    return bucket == 0 ? 0 : std::uint64_t{1} << (bucket - 1);
  }
  return 0;
}

// As 4, 4K, 4M.
std::string scaled(std::uint64_t value) {
  if (value >= kMib) return fmt::format("{}M", value / kMib);
  if (value >= kKib) return fmt::format("{}K", value / kKib);
  return fmt::format("{}", value);
}

bool is_plain(std::string_view job_id) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !job_id.empty() && job_id.find_first_not_of(kPlain) == std::string_view::npos;
}

} // namespace

std::string time_header(Seconds now, bool with_colon) {
  const std::string_view colon = with_colon ? ":" : "";
  const auto line = [&](std::string_view name, Seconds time) {
    return fmt::format("{:<25} {}\n", fmt::format("{}{}", name, colon), seconds_text(time));
  };
  return line("snapshot_time", now) + line("start_time", {}) + line("elapsed_time", now);
}

std::string stats_text(Seconds now, const std::vector<StatsLine>& lines) {
  std::string text = time_header(now, false);
  for (const StatsLine& line : lines) {
    const SampleCounter& c = line.counter;
    if (c.samples > 0)
      text += fmt::format("{:<25} {} samples [{}] {} {} {} {}\n", line.name, c.samples, line.unit,
                          c.min, c.max, c.sum, c.sum_of_squares);
  }
  return text;
}

std::string counts_text(Seconds now, std::string_view unit, const std::vector<CountLine>& lines) {
  return time_header(now, false) + count_lines(unit, lines);
}

std::string count_lines(std::string_view unit, const std::vector<CountLine>& lines) {
  std::string text;
  for (const CountLine& line : lines)
    if (line.count > 0)
      text += fmt::format("{:<25} {} samples [{}]\n", line.name, line.count, unit);
  return text;
}

std::string rpc_histogram(const HistogramPair& pair) {
  std::string text =
      fmt::format("\n\t\t\tread\t\t\twrite\n{:<22}{}   % cum % |       {}   % cum %\n", pair.name,
                  pair.unit, pair.unit);
  for_rows(*pair.read, *pair.write, pair.first,
           [&](std::size_t i, const auto& read, const auto& write) {
             text += fmt::format("{}:\t\t{:>10} {:>3} {:>3}   | {:>10} {:>3} {:>3}\n",
                                 label_of(pair.labels, i), read[0], read[1], read[2], write[0],
                                 write[1], write[2]);
           });
  return text;
}

std::string brw_histogram(const HistogramPair& pair) {
  std::string text = fmt::format("\n{:>26} read      |     write\n", " ");
  text += fmt::format("{:<22} {:<5} % cum % |  {:<11} % cum %\n", pair.name, pair.unit, pair.unit);
  bool begun = false;
  for_rows(*pair.read, *pair.write, pair.first,
           [&](std::size_t i, const auto& read, const auto& write) {
             begun = begun || read[0] > 0 || write[0] > 0;
             if (!begun) return;
             text += fmt::format("{}:\t\t{:>10} {:>3} {:>3}   | {:>4} {:>3} {:>3}\n",
                                 scaled(label_of(pair.labels, i)), read[0], read[1], read[2],
                                 write[0], write[1], write[2]);
           });
  return text;
}

std::string modify_histogram(const Histogram& at_once) {
  std::string text = "\n\t\t\tmodify\nrpcs in flight        rpcs   % cum %\n";
  for_rows(at_once, {}, 0, [&](std::size_t i, const auto& column, const auto&) {
    text += fmt::format("{}:\t\t{:>10} {:>3} {:>3}\n", i, column[0], column[1], column[2]);
  });
  return text;
}

std::string extents_histogram(const Histogram& read, const Histogram& write) {
  std::string text = fmt::format("{:>15} {:>19}       | {:>20}\n", " ", "read", "write");
  text += fmt::format("{:>13}   {:>14} {:>4} {:>4}  | {:>14} {:>4} {:>4}\n", "extents", "calls",
                      "%", "cum%", "calls", "%", "cum%");
  constexpr std::string_view kUnits = "KMGT";
  constexpr std::uint64_t kFirstEnd = 4; // KiB
  std::uint64_t start = 0;
  std::size_t unit = 0;
  for_rows(read, write, 0, [&](std::size_t i, const auto& reads, const auto& writes) {
    std::uint64_t end = kFirstEnd << i;
    for (std::size_t u = 0; u < unit; ++u) end /= kKib;
    text += fmt::format("{:>4}{} - {:>4}{} : {:>14} {:>4} {:>4}  | {:>14} {:>4} {:>4}\n", start,
                        kUnits[unit], end, kUnits[unit], reads[0], reads[1], reads[2], writes[0],
                        writes[1], writes[2]);
    start = end;
    if (start == kKib) {
      start = 1;
      ++unit;
    }
  });
  return text;
}

std::string job_text(Seconds now, std::string_view job_id, const std::vector<StatsLine>& lines) {
  const std::string_view quote = is_plain(job_id) ? "" : "\"";
  std::string text = fmt::format("- {:<16} {}{}{}\n", "job_id:", quote, job_id, quote);
  const auto time = [&](std::string_view name, Seconds value) {
    text += fmt::format("  {:<16} {}\n", name, seconds_text(value));
  };
  time("snapshot_time:", now);
  time("start_time:", {});
  time("elapsed_time:", now);
  for (const StatsLine& line : lines) {
    const SampleCounter& c = line.counter;
    text += fmt::format("  {:<16} {{ samples: {:>11}, unit: {:>5}, min: {:>8}, max: {:>8}, sum: "
                        "{:>16}, sumsq: {:>18} }}\n",
                        fmt::format("{}:", line.name), c.samples, line.unit,
                        c.samples > 0 ? c.min : 0, c.max, c.sum, c.sum_of_squares);
  }
  return text;
}

} // namespace lustrum::lustre
