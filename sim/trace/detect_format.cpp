#include "sim/trace/line_source.hpp"
#include "sim/trace/native_format.hpp"
#include "sim/trace/read_trace.hpp"
#include "sim/trace/strace_line.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLinesLookedAt = 10'000; // Darshan's list of mounts can be long

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view without_blanks(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view{} : line.substr(first);
}

// What a file of another kind seems to be, by its first bytes.
std::string_view foreign(std::string_view line) {
  if (line.starts_with("SQLite format 3"))
    return "an SQLite database, such as Nsight Systems exports; Lustrum does not read those";
  if (contains(line.substr(0, 16), "3.") && contains(line.substr(0, 8), std::string_view{"\0", 1}))
    return "perhaps a binary Darshan log; make text of it with darshan-dxt-parser, or with "
           "darshan-parser --base";
  return {};
}

// Of a JSON text, from its first lines.
std::optional<TraceFormat> json_format(std::string_view head) {
  // An event of DFTracer is one line; the first may be `[`.
  const std::string_view event = without_blanks(head.starts_with('[') ? head.substr(1) : head);
  std::string_view line = event.substr(event.find_first_not_of('\n') == std::string_view::npos
                                           ? event.size()
                                           : event.find_first_not_of('\n'));
  line = line.substr(0, line.find('\n'));
  for (const std::string_view key :
       {"\"traceEvents\"", "\"schemaVersion\"", "\"deviceProperties\"", "\"distributedInfo\""})
    if (head.starts_with('{') && contains(head, key)) return TraceFormat::kineto;
  if (contains(line, "\"ph\"") && contains(line, "\"name\"")) return TraceFormat::dftracer;
  if (head.starts_with('[') && line.empty()) return TraceFormat::dftracer; // an empty trace
  if (contains(head, "\"nodes\"") && (contains(head, "chakra") || contains(head, "\"schema\"")))
    throw ReadError("a Chakra execution trace: a graph of operators without files, and without the "
                    "limits of steps; Lustrum does not read it");
  return std::nullopt;
}

// The format a line speaks for by itself.
std::optional<TraceFormat> line_format(std::string_view line, bool is_darshan) {
  if (is_darshan) {
    if (line.starts_with("# DXT,")) return TraceFormat::darshan_dxt;
    if (line.starts_with("#<module>") || line.starts_with("POSIX\t") || line.starts_with("STDIO\t"))
      return TraceFormat::darshan_counters;
    return std::nullopt;
  }
  StraceLine parts;
  std::size_t at = 0;
  if (parse_strace_line(line, parts, at).empty()) return TraceFormat::strace;
  return std::nullopt;
}

} // namespace

TraceFormat detect_format(const fs::path& file) {
  constexpr std::size_t kHead = std::size_t{64} << 10;
  std::string head;
  std::optional<LineSource> source;
  try {
    source.emplace(file);
  } catch (const std::runtime_error& error) {
    throw ReadError(error.what());
  }
  bool is_darshan = false;
  while (const std::optional<std::string_view> raw = source->next()) {
    const std::string_view line = without_blanks(*raw);
    if (line.empty()) continue;
    if (head.empty() && line.starts_with(kNativeFirstLine)) return TraceFormat::native;
    if (head.empty() && line.starts_with("# darshan log version")) is_darshan = true;
    const bool is_json = head.starts_with('{') || head.starts_with('[') ||
                         (head.empty() && (line.front() == '{' || line.front() == '['));
    // A line `[pid 12] ...` of strace looks like an array.
    if (!is_json || line.starts_with("[pid "))
      if (const auto format = line_format(line, is_darshan)) return *format;
    if (head.size() < kHead) head.append(line.substr(0, kHead)).append("\n");
    if (is_json && head.size() >= kHead) break;
    if (source->line_number() > kLinesLookedAt || (!is_darshan && !is_json && head.size() > kHead))
      break;
  }
  if (head.starts_with('{') || head.starts_with('['))
    if (const auto format = json_format(head)) return *format;
  const std::string name = file.filename().string();
  if (name.ends_with(".pfw") || name.ends_with(".pfw.gz")) return TraceFormat::dftracer;
  std::string text = "`" + file.string() + "` is no trace that Lustrum knows";
  if (const std::string_view what = foreign(head); !what.empty())
    text += ": " + std::string{what};
  else if (is_darshan)
    text += ": a Darshan text without its rows";
  throw ReadError(text +
                  ". Known: DFTracer (.pfw), text of darshan-dxt-parser or of darshan-parser "
                  "--base, strace -f -ttt -T -y, PyTorch profiler JSON, Lustrum's own; each "
                  "also gzipped");
}

} // namespace lustrum::trace
