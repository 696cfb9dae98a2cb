#include "sim/trace/read_report.hpp"

#include <sstream>
#include <utility>

namespace lustrum::trace {

std::string DamagedLine::text() const {
  std::string text = file + ":" + std::to_string(line) + ":";
  if (column != 0) text += std::to_string(column) + ":";
  text += " " + reason;
  if (!excerpt.empty()) text += ": " + excerpt;
  return text;
}

void ReadReport::add_damage(DamagedLine line, std::size_t max_kept) {
  ++damaged_lines;
  constexpr std::size_t kExcerpt = 160;
  if (line.excerpt.size() > kExcerpt) line.excerpt.resize(kExcerpt);
  if (damage.size() < max_kept) damage.push_back(std::move(line));
}

std::string ReadReport::text() const {
  std::ostringstream out;
  const auto fact = [&out](std::uint64_t count, std::string_view noun, std::string_view rest = {}) {
    if (count != 0) out << count << ' ' << noun << (count == 1 ? "" : "s") << rest << '\n';
  };
  fact(files, "file");
  fact(lines, "line");
  fact(events, "event");
  fact(metadata_rows, "metadata row");
  fact(other_rows, "counter and instant row", ", not used");
  fact(duplicate_lines, "duplicate line", ", dropped");
  fact(rejoined_lines, "line", " cut by a line break in a name, joined again");
  fact(damaged_lines, "damaged line", ", dropped");
  for (const DamagedLine& line : damage) out << "  " << line.text() << '\n';
  for (const std::string& error : stream_errors) out << error << '\n';
  fact(failed_calls, "failed call");
  fact(pseudo_calls, "call", " on files that are no storage");
  fact(pseudo_bytes, "byte", " read and written there");
  fact(calls_without_path, "call", " without a path");
  fact(merged_calls, "call", " put together into fewer, larger ones");
  fact(unresolved_hashes, "hashed name", " that nothing explains");
  for (const auto& [name, count] : unknown_calls)
    out << count << (count == 1 ? " call" : " calls") << " of unknown name `" << name << "`\n";
  for (const auto& [what, count] : unused_rows) out << count << ' ' << what << ", not used\n";
  for (const std::string& note : notes) out << note << '\n';
  return out.str();
}

} // namespace lustrum::trace
