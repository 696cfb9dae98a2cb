// Lines of a text file, plain or gzip (also several members in one file), in bounded memory.
#pragma once

#include "sim/trace/byte_source.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::trace {

class LineSource {
public:
  // A longer line is handed out in pieces of this size.
  static constexpr std::size_t kMaxLine = std::size_t{16} << 20;
  // Readable bytes after each line, as simdjson wants.
  static constexpr std::size_t kPadding = 64;

  // Throws std::runtime_error when the file cannot be opened.
  explicit LineSource(const std::filesystem::path& path);

  // The next line without its end, good until the next call; nullopt at the end of the data.
  std::optional<std::string_view> next();

  // Lines handed out so far: the number of the last one, from 1.
  std::uint64_t line_number() const { return line_number_; }

  // Bytes of the same line that were handed out before, when the last one is a piece of it.
  std::uint64_t piece_offset() const { return piece_offset_; }

  // Whether the last line came with its line break; without: the data ends there, or a piece.
  bool ended() const { return ended_; }

  // Why the data ended before the file's own end mark ("unexpected end of gzip data"); else empty.
  const std::string& stream_error() const { return bytes_.error(); }

private:
  void refill();

  ByteSource bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0; // of what is not handed out
  std::size_t end_ = 0;   // of what is filled
  bool at_end_ = false;
  std::uint64_t line_number_ = 0;
  std::uint64_t piece_offset_ = 0;
  std::uint64_t next_piece_offset_ = 0;
  bool ended_ = true;
};

} // namespace lustrum::trace
