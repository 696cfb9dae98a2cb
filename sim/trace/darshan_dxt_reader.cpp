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

// The words of a row, split at blanks; those beyond the last are left out.
template <std::size_t MaxWords>
std::size_t split(std::string_view line, std::array<std::string_view, MaxWords>& words) {
  constexpr std::string_view kBlank = " \t\r";
  std::size_t count = 0;
  while (count < MaxWords) {
    const std::size_t first = line.find_first_not_of(kBlank);
    if (first == std::string_view::npos) break;
    line.remove_prefix(first);
    const std::size_t length = std::min(line.find_first_of(kBlank), line.size());
    words[count++] = line.substr(0, length);
    line.remove_prefix(length);
  }
  return count;
}

// What follows `key` in the line, up to the end; nullopt when it is not in it.
std::optional<std::string_view> after(std::string_view line, std::string_view key) {
  const std::size_t place = line.find(key);
  if (place == std::string_view::npos) return std::nullopt;
  line.remove_prefix(place + key.size());
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  return line;
}

class Reader {
public:
  explicit Reader(const ReadContext& context) : context_(context), source_(context.path) {}

  void read() {
    context_.sink.begin_source({context_.path.string(), true});
    while (const std::optional<std::string_view> line = source_.next()) {
      if (line->starts_with('#'))
        take_header(*line);
      else if (line->find_first_not_of(" \t\r") != std::string_view::npos)
        take_row(*line);
    }
    check_block();
    context_.report.lines += source_.line_number();
    if (!source_.stream_error().empty())
      context_.report.stream_errors.push_back(source_.stream_error() + " in " +
                                              context_.path.string() + " after " +
                                              std::to_string(source_.line_number()) + " lines");
  }

private:
  void take_header(std::string_view line) {
    if (const auto start = after(line, "# start_time: ")) {
      start_ns_ = parse_time_ns(*start, kSeconds).value_or(0);
    } else if (line.starts_with("# DXT, file_id:")) {
      check_block();
      if (const auto name = after(line, "file_name: ")) file_ = *name;
    } else if (line.starts_with("# DXT, rank:")) {
      if (const auto host = after(line, "hostname: ")) host_ = *host;
    } else if (line.starts_with("# DXT, write_count:")) {
      block_line_ = source_.line_number();
      const auto writes = after(line, "write_count: ");
      const auto reads = after(line, "read_count: ");
      const auto both = [](std::string_view text) {
        return parse_integer(text.substr(0, text.find(','))).value_or(0);
      };
      expected_ = (writes ? both(*writes) : 0) + (reads ? both(*reads) : 0);
    }
  }

  // A block says how many rows it has: fewer are a cut.
  void check_block() {
    if (found_ < expected_)
      context_.damaged(block_line_, 1,
                       std::to_string(expected_ - found_) + " of " + std::to_string(expected_) +
                           " reads and writes of this block are missing",
                       file_);
    expected_ = 0;
    found_ = 0;
  }

  void take_row(std::string_view line) {
    std::array<std::string_view, 9> words;
    const std::size_t count = split(line, words);
    ++found_;
    const auto wrong = [&](std::size_t word, std::string_view what) {
      const std::size_t column =
          word < count ? static_cast<std::size_t>(words[word].data() - line.data()) : line.size();
      context_.damaged(source_.line_number(), column + 1, what, line);
    };
    if (count < 8) return wrong(count, "a row has at least 8 words");
    if (words[0] == "X_MPIIO" || words[0] == "X_STDIO") {
      ++context_.report.unused_rows[std::string{words[0]} + " rows"];
      return;
    }
    if (words[0] != "X_POSIX") return wrong(0, "unknown module");
    const bool is_read = words[2] == "read";
    if (!is_read && words[2] != "write") return wrong(2, "neither read nor write");
    const auto rank = parse_integer(words[1]);
    const auto offset = parse_integer(words[4]);
    const auto length = parse_integer(words[5]);
    const auto start = parse_time_ns(words[6], kSeconds);
    const auto end = parse_time_ns(words[7], kSeconds);
    if (!rank || *rank < 0 || *rank > std::numeric_limits<std::int32_t>::max())
      return wrong(1, "no rank");
    if (!offset || *offset < 0) return wrong(4, "no offset");
    if (!length || *length < 0) return wrong(5, "no length");
    if (!start || *start > kLatestNs - start_ns_) return wrong(6, "no start");
    if (!end || *end < *start) return wrong(7, "no end after the start");
    if (*rank != last_rank_) context_.sink.set_rank(host_, {}, *rank, static_cast<int>(*rank));
    last_rank_ = *rank;
    const std::int64_t tid =
        count > 8 ? parse_integer(words[8]).value_or(*rank) : *rank; // N/A: one thread
    context_.sink.add({.name = is_read ? "pread" : "pwrite",
                       .host = host_,
                       .file = file_,
                       .pid = *rank,
                       .tid = tid,
                       .start_ns = start_ns_ + *start,
                       .duration_ns = *end - *start,
                       .requested = *length,
                       .returned = *length,
                       .offset = *offset});
  }

  const ReadContext& context_;
  LineSource source_;
  std::string file_;
  std::string host_;
  std::int64_t start_ns_ = 0;
  std::int64_t last_rank_ = -1;
  std::int64_t expected_ = 0; // rows of this block
  std::int64_t found_ = 0;
  std::uint64_t block_line_ = 0;
};

} // namespace

void read_darshan_dxt(const ReadContext& context) {
  Reader{context}.read();
  const std::string note = "Darshan DXT: reads and writes only; a process stands for each rank";
  if (std::ranges::find(context.report.notes, note) == context.report.notes.end())
    context.report.notes.push_back(note);
}

} // namespace lustrum::trace
