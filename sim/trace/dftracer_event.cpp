#include "sim/trace/dftracer_event.hpp"

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

// A scalar as its text, without quotes: DFTracer writes numbers and hashes either way.
std::string_view scalar_text(json::value& value) {
  std::string_view text = value.raw_json_token();
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  return text;
}

// All digits, and few enough that no sum overflows; else kAbsent.
std::int64_t short_number(std::string_view text) {
  constexpr std::size_t kDigits = 18;
  if (text.empty() || text.size() > kDigits) return kAbsent;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return kAbsent;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::int64_t number(json::value& value) {
  const std::string_view text = scalar_text(value);
  if (const std::int64_t mostly = short_number(text); mostly != kAbsent) return mostly;
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

// `ph` is a letter, or in the newest writers a number: then the fields tell.
enum class PhaseText : std::uint8_t { none, complete, metadata, letter, number };

PhaseText phase_text(std::string_view text) {
  if (text.empty()) return PhaseText::none;
  if (text == "X") return PhaseText::complete;
  if (text == "M") return PhaseText::metadata;
  return text.front() >= '0' && text.front() <= '9' ? PhaseText::number : PhaseText::letter;
}

// With the length known when this is compiled, a few instructions instead of a call.
template <std::size_t N> bool is(std::string_view key, const char (&name)[N]) {
  return key.size() == N - 1 && std::memcmp(key.data(), name, N - 1) == 0;
}

std::int64_t* number_argument(std::string_view key, DftracerEvent& event) {
  if (is(key, "ret")) return &event.returned;
  if (is(key, "fd")) return &event.fd;
  if (is(key, "count")) return &event.count;
  if (is(key, "offset")) return &event.offset;
  if (is(key, "whence")) return &event.whence;
  if (is(key, "flags")) return &event.flags;
  if (is(key, "length")) return &event.length;
  if (is(key, "size")) return &event.size;
  if (is(key, "epoch")) return &event.epoch;
  if (is(key, "step")) return &event.step;
  return nullptr;
}

std::string_view* text_argument(std::string_view key, DftracerEvent& event) {
  if (is(key, "hostname")) return &event.host;
  if (is(key, "fname")) return &event.file;
  if (is(key, "path") && event.file.empty()) return &event.file;
  if (is(key, "name")) return &event.meta_name;
  return nullptr;
}

std::string_view* hash_argument(std::string_view key, DftracerEvent& event) {
  if (is(key, "hhash")) return &event.host_hash;
  if (is(key, "fhash")) return &event.file_hash;
  if (is(key, "value")) return &event.meta_value;
  return nullptr;
}

std::string_view key_text(json::field& field) {
  const char* const raw = field.key().raw();
  return {raw, static_cast<std::size_t>(std::strchr(raw, '"') - raw)};
}

simdjson::error_code read_arguments(json::object arguments, DftracerEvent& event) {
  for (auto item : arguments) {
    json::field field;
    if (const auto error = std::move(item).get(field)) return error;
    const std::string_view key = key_text(field);
    if (std::int64_t* const target = number_argument(key, event)) {
      *target = number(field.value());
    } else if (std::string_view* const text = text_argument(key, event)) {
      // A value of another type is no name; the rest of the line still counts.
      const auto error = field.value().get_string().get(*text);
      if (error != simdjson::SUCCESS && error != simdjson::INCORRECT_TYPE) return error;
    } else if (std::string_view* const hash = hash_argument(key, event)) {
      *hash = scalar_text(field.value());
    }
  }
  return simdjson::SUCCESS;
}

simdjson::error_code read_field(json::field& field, DftracerEvent& event, PhaseText& phase) {
  const std::string_view key = key_text(field);
  json::value& value = field.value();
  if (is(key, "name")) return value.get_string().get(event.name);
  if (is(key, "cat")) return value.get_string().get(event.category);
  if (is(key, "pid")) {
    event.pid = number(value);
  } else if (is(key, "tid")) {
    event.tid = number(value);
  } else if (is(key, "ts")) {
    event.start_us = number(value);
  } else if (is(key, "dur")) {
    event.duration_us = number(value);
  } else if (is(key, "ph")) {
    phase = phase_text(scalar_text(value));
  } else if (is(key, "args")) {
    json::object arguments;
    if (const auto error = value.get_object().get(arguments)) return error;
    return read_arguments(arguments, event);
  }
  return simdjson::SUCCESS;
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

struct DftracerParser::Implementation {
  json::parser parser;
};

DftracerParser::DftracerParser() : implementation_(std::make_unique<Implementation>()) {}
DftracerParser::~DftracerParser() = default;

std::string_view DftracerParser::parse(std::string_view line, DftracerEvent& event) {
  event = {};
  problem_at_ = 0;
  json::document document;
  json::object object;
  auto error =
      implementation_->parser.iterate(line, line.size() + LineSource::kPadding).get(document);
  if (!error) error = document.get_object().get(object);
  if (error) return simdjson::error_message(error);
  PhaseText phase = PhaseText::none;
  for (auto item : object) {
    json::field field;
    error = std::move(item).get(field);
    if (!error) error = read_field(field, event, phase);
    if (error) {
      const char* place = nullptr;
      if (!document.current_location().get(place))
        problem_at_ = std::min(static_cast<std::size_t>(place - line.data()), line.size());
      return simdjson::error_message(error);
    }
  }
  const char* rest = nullptr;
  if (!document.current_location().get(rest)) {
    problem_at_ = std::min(static_cast<std::size_t>(rest - line.data()), line.size());
    return "more text after the event";
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

} // namespace lustrum::trace
