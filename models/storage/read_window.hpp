// How far a reader's data is fetched ahead of it: a window that grows while the reads follow one
// another, and starts anew after a jump. Pure arithmetic; read_stream.hpp does the fetching.
#pragma once

#include "sim/base/units.hpp"

#include <algorithm>
#include <cstdint>

namespace lustrum {

// A size without a limit.
inline constexpr Bytes kWholeFile{UINT64_MAX};

struct ReadWindowSettings {
  Bytes first{};      // of the first request after a jump; 0: as long as the read
  Bytes piece{};      // of the requests that follow it
  Bytes largest{};    // of the window
  bool grows = false; // the window begins with `first` and doubles; else it is the largest at once
  Bytes seek_forward{};  // a jump by no more keeps the window
  Bytes seek_backward{}; // data kept behind the reader
  bool exact = false;    // requests end where the read does: nothing is fetched ahead
};

class ReadWindow {
public:
  explicit ReadWindow(const ReadWindowSettings& settings) : settings_(settings) {}

  // A read of a file of `size` bytes begins. True when what was fetched so far is of no use.
  // \pre length > 0, offset + length <= size
  bool begin_read(Bytes offset, Bytes length, Bytes size) {
    const bool jump = !started_ || offset < kept_from() || offset > beyond(end_);
    if (jump) {
      started_ = true;
      begin_ = end_ = next_ = offset;
      first_ = settings_.first > Bytes{} ? settings_.first : std::min(length, settings_.piece);
      window_ = settings_.grows ? std::min(first_, settings_.largest) : settings_.largest;
      grow_at_ = offset + std::min(window_ / 2, size - offset);
    }
    next_ = std::max(next_, offset + length);
    // A window doubles when the reader has come half way through it.
    if (!jump && next_ > grow_at_ && window_ < settings_.largest) {
      window_ = Bytes{std::min(settings_.largest.count(), 2 * window_.count())};
      grow_at_ = next_ + std::min(window_ / 2, size - next_);
    }
    // What is asked for and the window behind its beginning.
    const Bytes ahead = settings_.exact ? length : std::min(window_, size - offset);
    wanted_ = offset + std::max(length, ahead);
    size_ = size;
    return jump;
  }
  // The next request to make, [begin, end); empty (0, 0) when enough is under way.
  struct Piece {
    Bytes begin{};
    Bytes end{};
  };
  Piece next_piece() {
    if (end_ >= wanted_) return {};
    const Bytes length = end_ == begin_ ? first_ : settings_.piece;
    const Bytes left = (settings_.exact ? wanted_ : size_) - end_;
    const Piece piece{end_, end_ + std::min(length, left)};
    end_ = piece.end;
    return piece;
  }
  // Data before this is not needed any more.
  Bytes kept_from() const {
    const Bytes from = next_ > settings_.seek_backward ? next_ - settings_.seek_backward : Bytes{};
    return std::max(begin_, from);
  }
  // Requests may be sent up to here: what is behind it waits for the reader.
  Bytes wanted() const { return wanted_; }

private:
  Bytes beyond(Bytes end) const { return end + settings_.seek_forward; }

  ReadWindowSettings settings_;
  bool started_ = false;
  Bytes first_{};
  Bytes begin_{}; // of the first request since the last jump
  Bytes end_{};   // of the last
  Bytes next_{};  // where the reader stands
  Bytes window_{};
  Bytes grow_at_{};
  Bytes wanted_{};
  Bytes size_{};
};

} // namespace lustrum
