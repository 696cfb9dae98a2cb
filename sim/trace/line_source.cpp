#include "sim/trace/line_source.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace lustrum::trace {

LineSource::LineSource(const std::filesystem::path& path)
    : bytes_(path), buffer_(ByteSource::kPiece + kPadding) {}

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
  constexpr std::size_t kRoom = ByteSource::kPiece + kPadding;
  if (buffer_.size() < end_ + kRoom) buffer_.resize(end_ + kRoom);
  const std::size_t got = bytes_.read(buffer_.data() + end_);
  end_ += got;
  assert(end_ + kPadding <= buffer_.size());
  at_end_ = got < ByteSource::kPiece;
}

} // namespace lustrum::trace
