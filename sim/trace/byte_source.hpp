// The bytes of a file, plain or gzip (also several members in one file), one after the other. A
// large gzip file is inflated by a thread of its own, a bounded number of pieces ahead of the
// reader: same bytes, less waiting.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace lustrum::trace {

class ByteSource {
public:
  // Most bytes of one read(), and of each piece that is read ahead.
  static constexpr std::size_t kPiece = std::size_t{128} << 10;

  // Throws std::runtime_error when the file cannot be opened.
  explicit ByteSource(const std::filesystem::path& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Up to kPiece bytes; fewer only at the end of the data. \pre `to` has room for kPiece
  std::size_t read(char* to);

  // After the end: why it came before the file's own end mark ("unexpected end of gzip data"); else
  // empty.
  const std::string& error() const { return error_; }

private:
  struct File;
  class Ahead;

  std::unique_ptr<File> file_;
  std::unique_ptr<Ahead> ahead_; // none: the reader does it itself
  std::string error_;
};

} // namespace lustrum::trace
