#include "sim/trace/line_source.hpp"
#include "sim/trace/number_text.hpp"
#include "sim/trace/readers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {
namespace {

constexpr int kSeconds = 9; // decimals of parse_time_ns

// The counters of one file and rank that calls are made up from; -1 in a log means none.
struct Counters {
  std::int64_t opens = 0;
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  std::int64_t seeks = 0;
  std::int64_t stats = 0;
  std::int64_t syncs = 0;
  std::int64_t data_syncs = 0;
  std::int64_t bytes_read = 0;
  std::int64_t bytes_written = 0;
  std::int64_t last_byte_read = 0;
  std::int64_t last_byte_written = 0;
  std::int64_t read_time_ns = 0;
  std::int64_t write_time_ns = 0;
  std::int64_t meta_time_ns = 0;
  std::int64_t open_start_ns = 0;
  std::int64_t open_end_ns = 0;
  std::int64_t read_start_ns = 0;
  std::int64_t read_end_ns = 0;
  std::int64_t write_start_ns = 0;
  std::int64_t write_end_ns = 0;
};

struct CounterRow {
  std::string_view name; // without POSIX_ or STDIO_
  std::int64_t Counters::*value;
  bool is_time = false;
};

constexpr CounterRow kCounters[] = {
    {"OPENS", &Counters::opens},
    {"READS", &Counters::reads},
    {"WRITES", &Counters::writes},
    {"SEEKS", &Counters::seeks},
    {"STATS", &Counters::stats},
    {"FSYNCS", &Counters::syncs},
    {"FLUSHES", &Counters::syncs},
    {"FDSYNCS", &Counters::data_syncs},
    {"BYTES_READ", &Counters::bytes_read},
    {"BYTES_WRITTEN", &Counters::bytes_written},
    {"MAX_BYTE_READ", &Counters::last_byte_read},
    {"MAX_BYTE_WRITTEN", &Counters::last_byte_written},
    {"F_READ_TIME", &Counters::read_time_ns, true},
    {"F_WRITE_TIME", &Counters::write_time_ns, true},
    {"F_META_TIME", &Counters::meta_time_ns, true},
    {"F_OPEN_START_TIMESTAMP", &Counters::open_start_ns, true},
    {"F_OPEN_END_TIMESTAMP", &Counters::open_end_ns, true},
    {"F_READ_START_TIMESTAMP", &Counters::read_start_ns, true},
    {"F_READ_END_TIMESTAMP", &Counters::read_end_ns, true},
    {"F_WRITE_START_TIMESTAMP", &Counters::write_start_ns, true},
    {"F_WRITE_END_TIMESTAMP", &Counters::write_end_ns, true},
};

// Part i of n of a whole number, so that the parts add up to it.
std::int64_t part_of(std::int64_t total, std::int64_t i, std::int64_t n) {
  return total / n + (i < total % n ? 1 : 0);
}

// Calls of one kind on one file.
struct Group {
  std::string_view name;
  std::int64_t calls = 0;
  std::int64_t bytes = kAbsent; // of all; absent for calls that move none
  std::int64_t length = 0;      // of the part of the file they go through
  std::int64_t time_ns = 0;     // of all
  std::int64_t start_ns = 0;    // of the first
  std::int64_t end_ns = 0;      // of the last
};

class Reader {
public:
  explicit Reader(const ReadContext& context) : context_(context), source_(context.path) {}

  void read() {
    context_.sink.begin_source({context_.path.string(), true});
    while (const std::optional<std::string_view> line = source_.next()) {
      if (const auto start = header(*line, "# start_time: "))
        start_ns_ = std::min(parse_time_ns(*start, kSeconds).value_or(0), kLatestNs / 2);
      if (!line->starts_with('#') && line->find_first_not_of(" \t\r") != std::string_view::npos)
        take_row(*line);
    }
    make_calls();
    context_.report.lines += source_.line_number();
    if (!source_.stream_error().empty())
      context_.report.stream_errors.push_back(source_.stream_error() + " in " +
                                              context_.path.string() + " after " +
                                              std::to_string(source_.line_number()) + " lines");
  }

private:
  static std::optional<std::string_view> header(std::string_view line, std::string_view key) {
    if (!line.starts_with(key)) return std::nullopt;
    line.remove_prefix(key.size());
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    return line;
  }

  // module rank record_id counter value file_name mount_point fs_type
  void take_row(std::string_view line) {
    std::array<std::string_view, 6> words;
    std::size_t count = 0;
    for (std::string_view rest = line; count < words.size(); ++count) {
      const std::size_t length = rest.find('\t');
      words[count] = rest.substr(0, length);
      if (length == std::string_view::npos) {
        ++count;
        break;
      }
      rest.remove_prefix(length + 1);
    }
    const auto wrong = [&](std::size_t word, std::string_view what) {
      const std::size_t column =
          word < count ? static_cast<std::size_t>(words[word].data() - line.data()) : line.size();
      context_.damaged(source_.line_number(), column + 1, what, line);
    };
    if (count < words.size()) return wrong(count, "a counter has at least 6 columns");
    if (words[0] != "POSIX" && words[0] != "STDIO") {
      ++context_.report.unused_rows[std::string{words[0]} + " counters"];
      return;
    }
    const auto rank = parse_integer(words[1]);
    if (!rank || *rank < -1 || *rank > std::numeric_limits<std::int32_t>::max())
      return wrong(1, "no rank");
    if (words[0] != module_ || *rank != rank_ || words[2] != record_) {
      make_calls();
      module_ = words[0];
      rank_ = *rank;
      record_ = words[2];
      file_ = words[5];
    }
    if (words[3].size() < 6) return wrong(3, "no counter");
    const auto row = std::ranges::find(kCounters, words[3].substr(6), &CounterRow::name);
    if (row == std::end(kCounters)) return; // says nothing about the number of calls
    const bool none = words[4].starts_with('-');
    const auto value = none           ? std::optional<std::int64_t>{0}
                       : row->is_time ? parse_time_ns(words[4], kSeconds)
                                      : parse_integer(words[4]);
    if (!value || *value < 0 || *value > kLatestNs / 2) return wrong(4, "no number");
    counters_.*row->value = *value;
  }

  void make_calls() {
    const Counters c = counters_;
    counters_ = {};
    const bool is_stdio = module_ == "STDIO";
    const std::int64_t meta_calls = c.opens + c.seeks + c.stats;
    // F_META_TIME covers open, close, seek and stat (and syncs count as writing).
    const auto meta_time = [&](std::int64_t calls) {
      return meta_calls == 0 ? 0
                             : static_cast<std::int64_t>(
                                   static_cast<double>(c.meta_time_ns) *
                                   (static_cast<double>(calls) / static_cast<double>(meta_calls)));
    };
    const auto meta = [&](std::string_view name, std::int64_t calls) {
      make({name, calls, kAbsent, 0, meta_time(calls), c.open_start_ns, c.open_end_ns});
    };
    meta(is_stdio ? "fopen" : "open", c.opens);
    meta("stat", c.stats);
    meta(is_stdio ? "fseek" : "lseek", c.seeks);
    make({is_stdio ? "fread" : "read", c.reads, c.bytes_read, c.last_byte_read + 1, c.read_time_ns,
          c.read_start_ns, c.read_end_ns});
    make({is_stdio ? "fwrite" : "write", c.writes, c.bytes_written, c.last_byte_written + 1,
          c.write_time_ns, c.write_start_ns, c.write_end_ns});
    make({is_stdio ? "fflush" : "fsync", c.syncs, kAbsent, 0, 0, c.write_end_ns, c.write_end_ns});
    make({"fdatasync", c.data_syncs, kAbsent, 0, 0, c.write_end_ns, c.write_end_ns});
  }

  void make(const Group& group) {
    if (group.calls == 0) return;
    const auto limit = static_cast<std::int64_t>(context_.options.max_calls_per_counter);
    const std::int64_t calls = std::min(group.calls, std::max<std::int64_t>(limit, 1));
    context_.report.merged_calls += static_cast<std::uint64_t>(group.calls - calls);
    if (rank_ >= 0) context_.sink.set_rank({}, {}, rank_, static_cast<std::int32_t>(rank_));
    const std::int64_t last_start_ns =
        std::max(group.start_ns, group.end_ns - group.time_ns / calls);
    const std::int64_t spacing_ns = calls > 1 ? (last_start_ns - group.start_ns) / (calls - 1) : 0;
    std::int64_t position = 0;
    for (std::int64_t i = 0; i < calls; ++i) {
      Event event{.type = module_ == "STDIO" ? EventClass::stdio : EventClass::posix,
                  .name = group.name,
                  .file = file_,
                  .pid = rank_,
                  .tid = rank_,
                  .start_ns = start_ns_ + group.start_ns + i * spacing_ns,
                  .duration_ns = part_of(group.time_ns, i, calls)};
      if (group.bytes != kAbsent) {
        event.requested = part_of(group.bytes, i, calls);
        event.returned = event.requested;
        if (position + event.requested > group.length) position = 0;
        event.offset = position;
        position += event.requested;
      }
      context_.sink.add(event);
    }
  }

  const ReadContext& context_;
  LineSource source_;
  std::int64_t start_ns_ = 0;
  std::string module_;
  std::int64_t rank_ = 0;
  std::string record_;
  std::string file_;
  Counters counters_;
};

} // namespace

void read_darshan_counters(const ReadContext& context) {
  Reader{context}.read();
  const std::string note =
      "Darshan counters: totals per rank and file; the calls are made up from them, evenly spread, "
      "equal in size and duration, front to back";
  if (std::ranges::find(context.report.notes, note) == context.report.notes.end())
    context.report.notes.push_back(note);
}

} // namespace lustrum::trace
