#include "sim/trace/dftracer_event.hpp"
#include "sim/trace/line_source.hpp"
#include "sim/trace/readers.hpp"
#include "sim/trace/recent_lines.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace lustrum::trace {
namespace {

std::string_view trim(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  line = line.substr(first, line.find_last_not_of(kBlank) - first + 1);
  if (line.ends_with(',')) line.remove_suffix(1);
  return line;
}

// Of items and their size; a nonsensical pair gives the items.
std::int64_t product(std::int64_t items, std::int64_t size) {
  std::int64_t bytes = 0;
  return __builtin_mul_overflow(items, size, &bytes) ? items : bytes;
}

// Where a seek leads: lseek returns it, fseek does not.
std::int64_t seek_target(const DftracerEvent& from, bool is_stdio) {
  if (!is_stdio) return from.returned;
  if (from.name == "rewind") return 0;
  return from.whence == 0 ? from.offset : kAbsent; // SEEK_SET
}

Event to_event(const DftracerEvent& from) {
  const bool is_stdio = from.category == "STDIO";
  Event event{.name = from.name,
              .host = from.host,
              .host_hash = from.host_hash,
              .file = from.file,
              .file_hash = from.file_hash,
              .pid = from.pid,
              .tid = from.tid,
              .start_ns = from.start_us * kNsPerUs,
              .duration_ns = from.duration_us * kNsPerUs,
              .epoch = from.epoch,
              .step = from.step};
  if (!is_stdio && from.category != "POSIX") {
    event.type = EventClass::span;
    return event;
  }
  event.type = is_stdio ? EventClass::stdio : EventClass::posix;
  const std::int64_t item = is_stdio && from.size > 0 ? from.size : 1;
  const std::int64_t asked = from.count != kAbsent ? from.count : from.length;
  if (asked > 0) event.requested = product(asked, item);
  event.fd = from.fd;
  event.flags = from.flags;
  event.offset = from.offset;
  // What fopen returns is a pointer.
  const bool opens_stream = is_stdio && from.name.find("open") != std::string_view::npos;
  if (from.returned != kAbsent && !opens_stream)
    event.returned = from.returned < 0 ? from.returned : product(from.returned, item);
  if (from.name.find("seek") != std::string_view::npos || from.name == "rewind")
    event.offset = seek_target(from, is_stdio);
  return event;
}

class Reader {
public:
  explicit Reader(const ReadContext& context)
      : context_(context), report_(context.report), source_(context.path) {}

  void read() {
    context_.sink.begin_source({context_.path.string(), false});
    while (const std::optional<std::string_view> line = source_.next()) take(*line);
    drop_pending();
    report_.lines += source_.line_number();
    if (source_.stream_error().empty()) return;
    report_.stream_errors.push_back(source_.stream_error() + " in " + context_.path.string() +
                                    " after " + std::to_string(source_.line_number()) + " lines");
  }

private:
  struct Pending {
    std::uint64_t line = 0;
    std::string text;
    std::string reason;
  };

  void take(std::string_view line) {
    const std::string_view text = trim(line);
    if (pending_ && !text.starts_with('{') && join(text)) return;
    drop_pending();
    if (text.empty() || text == "[" || text == "]") return;
    const std::uint64_t hash = hash_of(text);
    const std::string_view problem = parser_.parse(text, event_);
    if (problem.empty()) return keep(hash);
    if (text.ends_with('}')) {
      const auto blanks = static_cast<std::size_t>(text.data() - line.data());
      return context_.damaged(source_.line_number(), blanks + parser_.problem_at() + 1, problem,
                              text);
    }
    if (text.starts_with('{'))
      pending_ = Pending{source_.line_number(), std::string{text}, "cut off"};
    else
      context_.damaged(source_.line_number(), 1, "cut off", text);
  }

  // DFTracer writes names as they are: one with a line break cuts its line in two.
  bool join(std::string_view rest) {
    std::string whole = pending_->text + "\\n" + std::string{rest};
    const std::size_t length = whole.size();
    whole.resize(length + LineSource::kPadding);
    const std::string_view text = std::string_view{whole}.substr(0, length);
    if (!parser_.parse(text, event_).empty()) return false;
    pending_.reset();
    report_.rejoined_lines += 2;
    keep(hash_of(text));
    return true;
  }

  std::uint64_t hash_of(std::string_view text) const {
    return context_.options.drop_duplicates ? seen_.hash_of(text) : 0;
  }

  void keep(std::uint64_t hash) {
    ++report_.event_lines;
    if (context_.options.drop_duplicates && !seen_.insert(hash)) {
      ++report_.duplicate_lines;
      return;
    }
    switch (event_.phase) {
    case DftracerEvent::Phase::complete:
      context_.sink.add(to_event(event_));
      return;
    case DftracerEvent::Phase::metadata:
      ++report_.metadata_rows;
      add_metadata();
      return;
    case DftracerEvent::Phase::other:
      ++report_.other_rows;
      return;
    }
  }

  void add_metadata() {
    if (event_.name == "FH") {
      context_.sink.explain_file(event_.meta_value, event_.meta_name);
    } else if (event_.name == "HH") {
      context_.sink.explain_host(event_.meta_value, event_.meta_name);
    } else if (event_.name == "PR" && event_.meta_name == "rank" && event_.pid != kAbsent) {
      std::int32_t rank = kNoNumber;
      const char* const end = event_.meta_value.data() + event_.meta_value.size();
      const auto [stop, error] = std::from_chars(event_.meta_value.data(), end, rank);
      if (error == std::errc{} && stop == end && rank >= 0)
        context_.sink.set_rank(event_.host, event_.host_hash, event_.pid, rank);
    }
  }

  void drop_pending() {
    if (!pending_) return;
    context_.damaged(pending_->line, pending_->text.size() + 1, pending_->reason, pending_->text);
    pending_.reset();
  }

  const ReadContext& context_;
  ReadReport& report_;
  LineSource source_;
  DftracerParser parser_;
  DftracerEvent event_;
  RecentLines seen_;
  std::optional<Pending> pending_; // a line that may go on in the next
};

} // namespace

void read_dftracer(const ReadContext& context) { Reader{context}.read(); }

} // namespace lustrum::trace
