// The DFTracer lines that are nearly all: plain ones, taken apart in a fraction of the time that
// any JSON would take.
#pragma once

#include "sim/trace/dftracer_event.hpp"
#include "sim/trace/dftracer_fields.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lustrum::trace {

class DftracerPlainLine {
public:
  // A line is plain when it is an object of texts and whole numbers, with one more such object
  // under `args`, blanks at most between its parts, and all of it printable ASCII without a
  // backslash. Of such a line: the event as a JSON parser would fill it, with views into the line.
  // Of any other: false, and an event to forget. Precondition: LineSource::kPadding readable bytes
  // follow.
  bool read(std::string_view line, DftracerEvent& event, PhaseText& phase);

private:
  static constexpr std::size_t kLongest = 4096; // bytes of a line
  static constexpr std::size_t kQuotes = 512;

  bool find_quotes(std::string_view line);

  std::size_t quote_count_ = 0;
  std::array<std::uint16_t, kQuotes> quotes_; // where they are in the line
};

} // namespace lustrum::trace
