// The parts of one large JSON document, one after the other, in bounded memory: the values of its
// outermost object, and of one of them that is an array, each element apart.
//
//   JsonSource source("trace.json.gz", "traceEvents");
//   while (const auto part = source.next()) if (part->is_element) parse(part->text);
#pragma once

#include "sim/trace/line_source.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {

struct JsonPart {
  std::string_view key;  // of the outermost object
  std::string_view text; // with LineSource::kPadding readable bytes behind; good until the next
  bool is_element = false;
  std::uint64_t line = 0; // where the text begins
  std::uint64_t column = 0;
};

class JsonSource {
public:
  // A larger part is skipped, and counted.
  static constexpr std::size_t kMaxPart = std::size_t{16} << 20;

  // Throws std::runtime_error when the file cannot be opened.
  JsonSource(const std::filesystem::path& path, std::string array_key);

  // Only brackets and strings are looked at: a text may still be no JSON.
  std::optional<JsonPart> next();

  // After the last part: what is wrong with the document as a whole and where; else empty.
  const std::string& problem() const { return problem_; }
  std::uint64_t line() const { return source_.line_number(); }
  std::uint64_t column() const { return source_.piece_offset() + at_ + 1; }
  std::uint64_t too_large() const { return too_large_; }
  const std::string& stream_error() const { return source_.stream_error(); }

private:
  enum class State : std::uint8_t { before, in_object, in_array, behind };

  bool more();
  void begin_part();
  // Takes one byte of a part; true when it was the last.
  bool take(char c);
  std::optional<JsonPart> finish_part();
  // A byte between two parts; false: the document is broken there.
  bool between(char c);

  LineSource source_;
  std::string array_key_;
  std::string_view line_;
  std::size_t at_ = 0;
  bool any_line_ = false;
  State state_ = State::before;
  std::string key_;
  bool key_read_ = false; // the colon behind it came
  std::string part_;
  bool in_part_ = false;
  bool part_is_key_ = false;
  bool quoted_ = false;
  bool escaped_ = false;
  int depth_ = 0;
  std::size_t part_bytes_ = 0;
  std::uint64_t part_line_ = 0;
  std::uint64_t part_column_ = 0;
  std::uint64_t too_large_ = 0;
  std::string problem_;
};

} // namespace lustrum::trace
