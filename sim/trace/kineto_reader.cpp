#include "sim/trace/json_source.hpp"
#include "sim/trace/number_text.hpp"
#include "sim/trace/readers.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::trace {
namespace {

namespace json = simdjson::ondemand;

constexpr int kMicroseconds = 3; // decimals of parse_time_ns
constexpr std::string_view kStepPrefix = "ProfilerStep#";

struct Row {
  std::string_view phase;
  std::string_view category;
  std::string_view name;
  std::string_view pid; // text: rows about the profiler itself have words
  std::string_view tid;
  std::string_view start;
  std::string_view duration;
};

struct Span {
  std::string name;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
};

std::string_view scalar(json::value& value) {
  std::string_view text = value.raw_json_token();
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return text;
}

simdjson::error_code read_row(json::parser& parser, std::string_view text, Row& row) {
  json::document document;
  json::object object;
  if (const auto error = parser.iterate(text, text.size() + LineSource::kPadding).get(document))
    return error;
  if (const auto error = document.get_object().get(object)) return error;
  for (auto item : object) {
    json::field field;
    if (const auto error = std::move(item).get(field)) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return error;
    json::value& value = field.value();
    if (key == "name") {
      const auto error = value.get_string().get(row.name);
      if (error != simdjson::SUCCESS && error != simdjson::INCORRECT_TYPE) return error;
    } else if (key == "ph") {
      row.phase = scalar(value);
    } else if (key == "cat") {
      row.category = scalar(value);
    } else if (key == "pid") {
      row.pid = scalar(value);
    } else if (key == "tid") {
      row.tid = scalar(value);
    } else if (key == "ts") {
      row.start = scalar(value);
    } else if (key == "dur") {
      row.duration = scalar(value);
    }
  }
  return simdjson::SUCCESS;
}

bool is_wait(std::string_view name) {
  return name.starts_with("enumerate(DataLoader)") ||
         (name.find("DataLoader") != std::string_view::npos && name.ends_with("__next__"));
}

class Reader {
public:
  explicit Reader(const ReadContext& context)
      : context_(context), source_(context.path, "traceEvents") {}

  void read() {
    context_.sink.begin_source({context_.path.string(), true});
    while (const std::optional<JsonPart> part = source_.next()) {
      if (part->is_element)
        take(*part);
      else if (part->key == "distributedInfo")
        take_rank(part->text);
    }
    if (!source_.stream_error().empty())
      context_.report.stream_errors.push_back(source_.stream_error() + " in " +
                                              context_.path.string() + " after " +
                                              std::to_string(source_.line()) + " lines");
    if (!source_.problem().empty())
      context_.damaged(source_.line(), source_.column(), source_.problem(), {});
    if (source_.too_large() != 0)
      context_.damaged(source_.line(), 0,
                       std::to_string(source_.too_large()) + " rows larger than 16 MiB", {});
    context_.report.lines += source_.line();
    for (const auto& [thread, spans] : spans_) emit(thread, spans);
  }

private:
  using Thread = std::pair<std::int64_t, std::int64_t>; // pid, tid

  void take(const JsonPart& part) {
    Row row;
    if (const auto error = read_row(parser_, part.text, row))
      return context_.damaged(part.line, part.column, simdjson::error_message(error), part.text);
    if (row.phase != "X") {
      ++(row.phase == "M" ? context_.report.metadata_rows : context_.report.other_rows);
      return;
    }
    const bool on_host = row.category != "gpu_user_annotation" && row.category != "Trace";
    const bool is_span =
        row.category == "user_annotation" || row.name.starts_with(kStepPrefix) || is_wait(row.name);
    if (!on_host || !is_span) {
      ++context_.report.unused_rows["rows of category " + std::string{row.category}];
      return;
    }
    const auto start = parse_time_ns(row.start, kMicroseconds);
    const auto duration = parse_time_ns(row.duration, kMicroseconds);
    const auto pid = parse_integer(row.pid);
    const auto tid = parse_integer(row.tid);
    const auto wrong = [&](std::string_view what) {
      context_.damaged(part.line, part.column, what, part.text);
    };
    if (!start) return wrong("no time `ts`");
    if (!duration) return wrong("no duration `dur`");
    if (!pid || !tid) return wrong("no `pid` or `tid`");
    spans_[{*pid, *tid}].push_back({std::string{row.name}, *start, *start + *duration});
  }

  void take_rank(std::string_view text) {
    json::document document;
    std::int64_t rank = -1;
    if (parser_.iterate(text, text.size() + LineSource::kPadding).get(document)) return;
    if (document["rank"].get(rank)) return;
    if (rank >= 0 && rank <= std::numeric_limits<std::int32_t>::max())
      rank_ = static_cast<std::int32_t>(rank);
  }

  void emit(const Thread& thread, std::vector<Span> spans) {
    std::ranges::stable_sort(spans, {}, &Span::start_ns);
    if (rank_) context_.sink.set_rank({}, {}, thread.first, *rank_);
    std::vector<Span> waits;
    for (const Span& span : spans)
      if (is_wait(span.name)) waits.push_back(span);
    for (const Span& span : spans) {
      if (span.name.starts_with(kStepPrefix))
        add_step(thread, span, waits);
      else
        add(thread, span, is_wait(span.name) ? OperationKind::span_wait : OperationKind::span_other,
            kAbsent);
    }
  }

  // What remains of a step without the waits inside it. What comes before the first of them is the
  // loop's own work and no step: it has no batch yet. Precondition: waits are sorted.
  void add_step(const Thread& thread, const Span& step, const std::vector<Span>& waits) {
    const std::string_view digits = std::string_view{step.name}.substr(kStepPrefix.size());
    const std::int64_t number = parse_integer(digits).value_or(kAbsent);
    std::int64_t from_ns = step.start_ns;
    bool has_batch = true;
    const auto add_piece = [&](std::int64_t to_ns) {
      if (to_ns > from_ns)
        add(thread, {step.name, from_ns, to_ns},
            has_batch ? OperationKind::span_step : OperationKind::span_other, number);
    };
    auto wait = std::ranges::lower_bound(waits, step.start_ns, {}, &Span::start_ns);
    if (wait != waits.end() && wait->start_ns < step.end_ns) has_batch = false;
    for (; wait != waits.end() && wait->start_ns < step.end_ns; ++wait) {
      add_piece(wait->start_ns);
      has_batch = true;
      from_ns = std::max(from_ns, wait->end_ns);
    }
    add_piece(step.end_ns);
  }

  void add(const Thread& thread, const Span& span, OperationKind kind, std::int64_t step) {
    context_.sink.add({.type = EventClass::span,
                       .kind = kind,
                       .name = span.name,
                       .pid = thread.first,
                       .tid = thread.second,
                       .start_ns = span.start_ns,
                       .duration_ns = span.end_ns - span.start_ns,
                       .step = step});
  }

  const ReadContext& context_;
  JsonSource source_;
  json::parser parser_;
  std::optional<std::int32_t> rank_;
  std::map<Thread, std::vector<Span>> spans_;
};

} // namespace

void read_kineto(const ReadContext& context) {
  Reader{context}.read();
  const std::string note = "PyTorch profiler: steps and data waits; it records no file";
  if (std::ranges::find(context.report.notes, note) == context.report.notes.end())
    context.report.notes.push_back(note);
}

} // namespace lustrum::trace
