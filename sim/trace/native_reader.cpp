#include "sim/trace/line_source.hpp"
#include "sim/trace/native_format.hpp"
#include "sim/trace/number_text.hpp"
#include "sim/trace/readers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::trace {
namespace {

// A line whose column `at` is not what it should be.
struct Wrong {
  std::size_t at = 0;
  std::string_view what;
};

class Reader {
public:
  explicit Reader(const ReadContext& context) : context_(context), source_(context.path) {}

  void read() {
    while (const std::optional<std::string_view> line = source_.next()) take(*line);
    context_.report.lines += source_.line_number();
    if (!source_.stream_error().empty())
      context_.report.stream_errors.push_back(source_.stream_error() + " in " +
                                              context_.path.string() + " after " +
                                              std::to_string(source_.line_number()) + " lines");
    if (ended_ && records_ == expected_) return;
    std::string problem =
        "there are " + std::to_string(records_) + " of " + std::to_string(expected_) + " records";
    if (!ended_) problem += ", and no line `end`";
    context_.damaged(source_.line_number(), 0, problem, {});
  }

private:
  struct Process {
    std::string host;
    std::int64_t pid = 0;
  };
  struct Thread {
    std::uint32_t process = 0;
    std::int64_t tid = 0;
    std::uint32_t source = 0;
    bool offsets_final = false;
  };

  void take(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') return;
    count_ = 0;
    for (std::string_view rest = line; count_ < words_.size();) {
      const std::size_t length = rest.find('\t');
      words_[count_++] = rest.substr(0, length);
      if (length == std::string_view::npos) break;
      rest.remove_prefix(length + 1);
    }
    const bool is_record = line.front() >= '0' && line.front() <= '9';
    const std::optional<Wrong> wrong = is_record ? take_record() : take_row(line);
    if (!wrong) return;
    const std::size_t column =
        wrong->at < count_ ? static_cast<std::size_t>(words_[wrong->at].data() - line.data())
                           : line.size();
    const bool is_cut = !source_.ended();
    context_.damaged(source_.line_number(), (is_cut ? line.size() : column) + 1,
                     is_cut ? "cut off" : wrong->what, line);
  }

  std::optional<std::int64_t> number(std::size_t column) const {
    return column < count_ ? parse_integer(words_[column]) : std::nullopt;
  }
  // A number in [0, limit).
  std::optional<std::uint32_t> id(std::size_t column, std::size_t limit) const {
    const std::optional<std::int64_t> value = number(column);
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) >= limit) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
  }
  std::optional<std::string> text(std::size_t column) const {
    return column < count_ ? native_unescape(words_[column]) : std::nullopt;
  }
  // Absent, or a number; nullopt when it is neither.
  std::optional<std::int64_t> number_or_absent(std::size_t column) const {
    if (column < count_ && words_[column] == std::string_view{&kNativeAbsent, 1}) return kAbsent;
    return number(column);
  }

  std::optional<Wrong> take_row(std::string_view line) {
    const std::string_view word = words_[0];
    if (word == kNativeFirstLine || line == kNativeColumns) return std::nullopt;
    if (word.starts_with("lustrum trace")) return Wrong{0, "another version: this reads version 1"};
    if (word == "columns") return Wrong{0, "other columns than those of version 1"};
    if (word == "units") {
      const bool known = count_ == 3 && words_[1] == "ns" && words_[2] == "B";
      return known ? std::nullopt : std::optional{Wrong{1, "the units must be ns and B"}};
    }
    if (word == "origin" || word == "records" || word == "end") return take_count(word);
    if (word == "source") return take_source();
    if (word == "process") return take_process();
    if (word == "thread") return take_thread();
    if (word == "file") return take_file();
    if (word == "name") return take_name();
    return Wrong{0, "unknown row"};
  }

  std::optional<Wrong> take_count(std::string_view word) {
    const std::optional<std::int64_t> value = number(1);
    if (!value || *value < 0 || *value > kLatestNs) return Wrong{1, "no number"};
    if (word == "origin") origin_ns_ = *value;
    if (word == "records") expected_ = static_cast<std::uint64_t>(*value);
    if (word == "end") {
      ended_ = true;
      if (static_cast<std::uint64_t>(*value) != records_)
        return Wrong{1, "not the number of records"};
    }
    return std::nullopt;
  }

  std::optional<Wrong> take_source() {
    const auto path = text(2);
    if (!path) return Wrong{2, "no path"};
    context_.sink.begin_source({*path, true});
    ++sources_;
    return std::nullopt;
  }

  std::optional<Wrong> take_process() {
    const auto host = text(2);
    const auto pid = number(3);
    const auto rank = number_or_absent(4);
    const bool next = number(1) == static_cast<std::int64_t>(processes_.size());
    processes_.push_back({host.value_or(""), pid.value_or(0)});
    begin_any_source();
    if (!next) return Wrong{1, "processes are numbered from 0 on"};
    if (!host) return Wrong{2, "no host"};
    if (!pid) return Wrong{3, "no pid"};
    if (!rank || *rank > std::numeric_limits<std::int32_t>::max() ||
        (*rank < 0 && *rank != kAbsent))
      return Wrong{4, "no rank"};
    context_.sink.declare_process(*host, *pid,
                                  *rank == kAbsent ? kNoNumber : static_cast<std::int32_t>(*rank));
    return std::nullopt;
  }

  std::optional<Wrong> take_thread() {
    const auto process = id(2, processes_.size());
    const auto tid = number(3);
    const auto source = id(4, std::max<std::size_t>(sources_, 1));
    const bool final = count_ > 5 && words_[5] == "final";
    const bool next = number(1) == static_cast<std::int64_t>(threads_.size());
    threads_.push_back({process.value_or(kNoIndex), tid.value_or(0), source.value_or(0), final});
    begin_any_source();
    if (!next) return Wrong{1, "threads are numbered from 0 on"};
    if (!process) return Wrong{2, "no such process"};
    if (!tid) return Wrong{3, "no tid"};
    if (!source) return Wrong{4, "no such source"};
    if (!final && (count_ <= 5 || words_[5] != "recorded")) return Wrong{5, "final or recorded"};
    const Process& of = processes_[*process];
    context_.sink.declare_thread(of.host, of.pid, *tid, *source, final);
    return std::nullopt;
  }

  std::optional<Wrong> take_file() {
    const auto extent = number(3);
    const auto path = text(4);
    const bool next = number(1) == static_cast<std::int64_t>(files_.size());
    files_.push_back(path.value_or(""));
    begin_any_source();
    if (!next) return Wrong{1, "files are numbered from 0 on"};
    const bool storage = count_ > 2 && words_[2] == "storage";
    if (!storage && (count_ <= 2 || words_[2] != "pseudo")) return Wrong{2, "storage or pseudo"};
    if (!extent || *extent < 0) return Wrong{3, "no extent"};
    if (!path || path->empty()) return Wrong{4, "no path"};
    context_.sink.declare_file(*path, storage, static_cast<std::uint64_t>(*extent));
    return std::nullopt;
  }

  std::optional<Wrong> take_name() {
    const auto name = text(2);
    const bool next = number(1) == static_cast<std::int64_t>(names_.size());
    names_.push_back(name.value_or(""));
    begin_any_source();
    if (!next) return Wrong{1, "names are numbered from 0 on"};
    if (!name) return Wrong{2, "no name"};
    context_.sink.declare_name(*name);
    return std::nullopt;
  }

  std::optional<Wrong> take_record() {
    if (count_ != kNativeColumnCount) return Wrong{count_, "a record has 13 columns"};
    const auto thread = id(0, threads_.size());
    if (!thread || threads_[*thread].process == kNoIndex) return Wrong{0, "no such thread"};
    const auto start = number(1);
    if (!start || *start < 0 || *start > kLatestNs - origin_ns_) return Wrong{1, "no start"};
    const auto duration = number(2);
    if (!duration || *duration < 0 || *duration > kLatestNs) return Wrong{2, "no duration"};
    const auto kind = native_kind(words_[3]);
    if (!kind) return Wrong{3, "no such kind"};
    const auto name = id(4, names_.size());
    if (!name) return Wrong{4, "no such name"};
    const bool has_file = words_[5] != std::string_view{&kNativeAbsent, 1};
    const auto file = id(5, files_.size());
    if (has_file && !file) return Wrong{5, "no such file"};
    std::array<std::int64_t, 7> rest{};
    for (std::size_t i = 0; i < rest.size(); ++i) {
      const auto value = number_or_absent(6 + i);
      if (!value) return Wrong{6 + i, "no number"};
      rest[i] = *value;
    }
    const Thread& of = threads_[*thread];
    const Process& process = processes_[of.process];
    context_.sink.add({.type = is_span(*kind) ? EventClass::span : EventClass::posix,
                       .kind = kind,
                       .name = names_[*name],
                       .host = process.host,
                       .file = has_file ? std::string_view{files_[*file]} : std::string_view{},
                       .pid = process.pid,
                       .tid = of.tid,
                       .start_ns = origin_ns_ + *start,
                       .duration_ns = *duration,
                       .requested = rest[1],
                       .returned = rest[2],
                       .offset = rest[0],
                       .fd = rest[3],
                       .flags = rest[4],
                       .epoch = rest[5],
                       .step = rest[6]});
    ++records_;
    ++context_.report.event_lines;
    return std::nullopt;
  }

  // Without source rows the file itself is the source.
  void begin_any_source() {
    if (sources_ != 0) return;
    context_.sink.begin_source({context_.path.string(), true});
    ++sources_;
  }

  const ReadContext& context_;
  LineSource source_;
  std::array<std::string_view, kNativeColumnCount + 1> words_;
  std::size_t count_ = 0;
  std::int64_t origin_ns_ = 0;
  std::uint64_t expected_ = 0;
  std::uint64_t records_ = 0;
  bool ended_ = false;
  std::uint32_t sources_ = 0;
  std::vector<Process> processes_;
  std::vector<Thread> threads_;
  std::vector<std::string> files_;
  std::vector<std::string> names_;
};

} // namespace

void read_native(const ReadContext& context) { Reader{context}.read(); }

} // namespace lustrum::trace
