// One line of a DFTracer file as its fields. Only here and in its .cpp: simdjson.
#pragma once

#include "sim/trace/event.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace lustrum::trace {

enum class PhaseText : std::uint8_t; // sim/trace/dftracer_fields.hpp

// Strings are views into the parser or the line: good until either changes.
struct DftracerEvent {
  enum class Phase : std::uint8_t { complete, metadata, other };

  Phase phase = Phase::other;
  std::string_view name;
  std::string_view category;
  std::int64_t pid = kAbsent;
  std::int64_t tid = kAbsent;
  std::int64_t start_us = kAbsent;
  std::int64_t duration_us = kAbsent;
  std::string_view host;
  std::string_view host_hash;
  std::string_view file; // fname, or path of a Python span
  std::string_view file_hash;
  std::string_view meta_name;
  std::string_view meta_value;
  std::int64_t returned = kAbsent;
  std::int64_t count = kAbsent;
  std::int64_t size = kAbsent; // of one item of fread and fwrite
  std::int64_t offset = kAbsent;
  std::int64_t whence = kAbsent;
  std::int64_t length = kAbsent;
  std::int64_t fd = kAbsent;
  std::int64_t flags = kAbsent;
  std::int64_t epoch = kAbsent;
  std::int64_t step = kAbsent;

  bool operator==(const DftracerEvent&) const = default;
};

class DftracerParser {
public:
  DftracerParser();
  ~DftracerParser();
  DftracerParser(const DftracerParser&) = delete;
  DftracerParser& operator=(const DftracerParser&) = delete;

  // Fills the event from a line without leading blanks and trailing comma. Returns what is wrong
  // with the line, or an empty text. Precondition: LineSource::kPadding readable bytes follow.
  std::string_view parse(std::string_view line, DftracerEvent& event);

  // How far into the line it came, in bytes: where the problem is, or soon after.
  std::size_t problem_at() const { return problem_at_; }

private:
  // Of a line that is not plain. Returns what is wrong with it, or an empty text.
  std::string_view parse_json(std::string_view line, DftracerEvent& event, PhaseText& phase);

  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
  std::size_t problem_at_ = 0;
};

} // namespace lustrum::trace
