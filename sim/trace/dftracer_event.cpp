#include "sim/trace/dftracer_event.hpp"

#include "sim/trace/dftracer_fields.hpp"
#include "sim/trace/dftracer_plain.hpp"
#include "sim/trace/line_source.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace lustrum::trace {
namespace {

namespace json = simdjson::ondemand;

static_assert(LineSource::kPadding >= simdjson::SIMDJSON_PADDING);

// One value of the JSON parser. Its error, when a function of it returns false.
class JsonValue {
public:
  explicit JsonValue(json::value& value) : value_(value) {}

  // DFTracer writes numbers and hashes with and without quotes.
  std::string_view scalar() {
    std::string_view text = value_.raw_json_token();
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
      text.remove_suffix(1);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
      text = text.substr(1, text.size() - 2);
    return text;
  }
  bool text(std::string_view& to) {
    error_ = value_.get_string().get(to);
    return error_ == simdjson::SUCCESS;
  }
  // A value of another type is no name; the rest of the line still counts.
  bool text_if_any(std::string_view& to) { return text(to) || error_ == simdjson::INCORRECT_TYPE; }
  bool arguments(DftracerEvent& event);

  simdjson::error_code error() const { return error_; }

private:
  json::value& value_;
  simdjson::error_code error_ = simdjson::SUCCESS;
};

std::string_view key_text(json::field& field) {
  const char* const raw = field.key().raw();
  return {raw, static_cast<std::size_t>(std::strchr(raw, '"') - raw)};
}

bool JsonValue::arguments(DftracerEvent& event) {
  json::object object;
  error_ = value_.get_object().get(object);
  if (error_ != simdjson::SUCCESS) return false;
  for (auto item : object) {
    json::field field;
    error_ = std::move(item).get(field);
    if (error_ != simdjson::SUCCESS) return false;
    JsonValue value(field.value());
    if (set_argument(key_text(field), value, event)) continue;
    error_ = value.error();
    return false;
  }
  return true;
}

DftracerEvent::Phase decide(PhaseText phase, const DftracerEvent& event) {
  using enum DftracerEvent::Phase;
  if (phase == PhaseText::complete) return complete;
  if (phase == PhaseText::metadata) return metadata;
  if (phase != PhaseText::number) return other;
  if (event.duration_us != kAbsent) return complete;
  return event.start_us == kAbsent ? metadata : other;
}

} // namespace

std::int64_t unusual_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (error == std::errc{} && stop == end) return whole;
  double real = 0;
  const auto [real_stop, real_error] = std::from_chars(text.data(), end, real);
  constexpr double kLimit = 9e18;
  const bool usable = real_error == std::errc{} && real_stop == end && std::fabs(real) < kLimit;
  return usable ? std::llround(real) : kAbsent;
}

struct DftracerParser::Implementation {
  DftracerPlainLine plain;
  json::parser parser;
};

DftracerParser::DftracerParser() : implementation_(std::make_unique<Implementation>()) {}
DftracerParser::~DftracerParser() = default;

std::string_view DftracerParser::parse(std::string_view line, DftracerEvent& event) {
  event = {};
  problem_at_ = 0;
  PhaseText phase = PhaseText::none;
  if (!implementation_->plain.read(line, event, phase)) {
    event = {};
    phase = PhaseText::none;
    if (const std::string_view problem = parse_json(line, event, phase); !problem.empty())
      return problem;
  }
  if (event.name.empty()) return "no `name`";
  if (phase == PhaseText::none) return "no `ph`";
  event.phase = decide(phase, event);
  if (event.phase != DftracerEvent::Phase::complete) return {};
  constexpr std::int64_t kLatestUs = kLatestNs / kNsPerUs;
  if (event.start_us < 0 || event.start_us > kLatestUs) return "no time `ts`";
  if (event.duration_us < 0 || event.duration_us > kLatestUs) return "no duration `dur`";
  if (event.pid == kAbsent || event.tid == kAbsent) return "no `pid` or `tid`";
  return {};
}

std::string_view DftracerParser::parse_json(std::string_view line, DftracerEvent& event,
                                            PhaseText& phase) {
  json::document document;
  json::object object;
  auto error =
      implementation_->parser.iterate(line, line.size() + LineSource::kPadding).get(document);
  if (!error) error = document.get_object().get(object);
  if (error) return simdjson::error_message(error);
  const auto note_place = [&] {
    const char* place = nullptr;
    if (document.current_location().get(place)) return false;
    problem_at_ = std::min(static_cast<std::size_t>(place - line.data()), line.size());
    return true;
  };
  for (auto item : object) {
    json::field field;
    error = std::move(item).get(field);
    if (!error) {
      JsonValue value(field.value());
      if (set_field(key_text(field), value, event, phase)) continue;
      error = value.error();
    }
    note_place();
    return simdjson::error_message(error);
  }
  return note_place() ? "more text after the event" : std::string_view{};
}

} // namespace lustrum::trace
