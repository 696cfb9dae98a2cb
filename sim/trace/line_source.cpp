#include "sim/trace/line_source.hpp"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <stdexcept>

namespace lustrum::trace {
namespace {

constexpr std::size_t kChunk = std::size_t{128} << 10;
constexpr unsigned kCompressedChunk = 64U << 10;

gzFile as_gzip(void* file) { return static_cast<gzFile>(file); }

} // namespace

void LineSource::Closer::operator()(void* file) const { gzclose(as_gzip(file)); }

LineSource::LineSource(const std::filesystem::path& path)
    : file_(gzopen(path.c_str(), "rb")), buffer_(kChunk + kPadding) {
  if (!file_) throw std::runtime_error("cannot open `" + path.string() + "`");
  gzbuffer(as_gzip(file_.get()), kCompressedChunk);
}

std::optional<std::string_view> LineSource::next() {
  std::size_t searched = 0;
  while (true) {
    const char* const start = buffer_.data() + begin_;
    const std::size_t available = end_ - begin_;
    const void* const newline = std::memchr(start + searched, '\n', available - searched);
    std::size_t length = available;
    std::size_t used = available;
    if (newline != nullptr) {
      length = static_cast<std::size_t>(static_cast<const char*>(newline) - start);
      used = length + 1;
    } else if (!at_end_ && available < kMaxLine) {
      searched = available;
      refill();
      continue;
    }
    if (used == 0) return std::nullopt;
    begin_ += used;
    ended_ = newline != nullptr;
    piece_offset_ = next_piece_offset_;
    next_piece_offset_ = ended_ ? 0 : piece_offset_ + length;
    if (piece_offset_ == 0) ++line_number_;
    return std::string_view{start, length};
  }
}

void LineSource::refill() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < end_ + kChunk + kPadding) buffer_.resize(end_ + kChunk + kPadding);
  const int got = gzread(as_gzip(file_.get()), buffer_.data() + end_, kChunk);
  if (got > 0) end_ += static_cast<std::size_t>(got);
  assert(end_ + kPadding <= buffer_.size());
  if (got == static_cast<int>(kChunk)) return;
  at_end_ = true;
  int code = Z_OK;
  const char* const text = gzerror(as_gzip(file_.get()), &code);
  if (code == Z_BUF_ERROR) {
    stream_error_ = "unexpected end of gzip data";
  } else if (code == Z_DATA_ERROR) {
    stream_error_ = "damaged gzip data";
  } else if (code != Z_OK && code != Z_STREAM_END) {
    stream_error_ = std::string{"cannot read: "} + text;
  }
}

} // namespace lustrum::trace
