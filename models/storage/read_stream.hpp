// The data of an open file on its way to its reader: requests of a ReadWindow that run at the same
// time, each delivering bit by bit, in order. Shared by object stores (a request is a range GET)
// and file servers (a READ).
//
// A Source starts requests:
//   void start(ReadStream<Source>& stream, std::uint64_t request, Bytes begin, Bytes end)
// whose task then calls co_await stream.room(request, at) before it moves the bytes at `at`,
// stream.arrived() after it, and stream.finished() at its end, or stops early when abandoned().
#pragma once

#include "models/storage.hpp"
#include "models/storage/read_window.hpp"
#include "models/storage/stopwatch.hpp"

#include <algorithm>
#include <cassert>
#include <deque>
#include <vector>

namespace lustrum {

template <class Source> class ReadStream {
public:
  ReadStream(kernel::World& world, Source& source)
      : world_(world), source_(source), window_({}), progress_(world), requests_(kFirstRing) {}

  // For the next file. `tag`: the source's own. \pre is_idle()
  void open(Caller caller, FileIndex file, const ReadWindowSettings& window, std::uint32_t tag) {
    assert(is_idle());
    caller_ = caller;
    file_ = file;
    tag_ = tag;
    window_ = ReadWindow(window);
    open_ = true;
  }
  void close() {
    open_ = false;
    abandon_all();
  }
  // Closed, and no request is under way any more.
  bool is_idle() const { return !open_ && running_ == 0; }
  const Caller& caller() const { return caller_; }
  FileIndex file() const { return file_; }
  std::uint32_t tag() const { return tag_; }
  // Of its requests, how many have not ended.
  std::uint32_t running() const { return running_; }

  // \pre length > 0, offset + length <= size
  kernel::Task read(Bytes offset, Bytes length, Bytes size, Outcome& outcome) {
    Stopwatch watch(world_, outcome.time);
    if (window_.begin_read(offset, length, size)) abandon_all();
    while (first_ < next_ && at(first_).end <= window_.kept_from() && at(first_).done) ++first_;
    start_requests();
    progress_.notify(); // a request that waited for the reader may go on
    const Bytes end = offset + length;
    for (std::uint64_t r = first_; r < next_ && outcome.ok(); ++r) {
      if (at(r).end <= offset) continue;
      if (at(r).begin >= end) break;
      const Bytes needed = std::min(at(r).end, end);
      const TimeAccount before = at(r).account.time;
      bool waited = false;
      while (at(r).arrived < needed && at(r).account.ok()) {
        waited = true;
        co_await progress_.wait();
      }
      outcome.fail(at(r).account.error);
      if (!waited) continue;
      TimeAccount spent = at(r).account.time;
      spent -= before;
      watch.lap_as(spent.total() > 0 ? spent : at(r).account.time, Cause::network);
    }
  }

  // Fetches what the first read will want. \pre nothing was read yet, size > 0
  void prefetch(Bytes size) {
    window_.begin_read(Bytes{}, Bytes{}, size);
    start_requests();
  }

  // --- for the tasks of requests ----------------------------------------------------------------
  bool abandoned(std::uint64_t request) const { return request < first_; }
  // May the request's bytes at this offset be sent? If not, wait for progress() and ask again.
  bool has_room(std::uint64_t request, Bytes offset) const {
    return abandoned(request) || offset < window_.wanted();
  }
  auto progress() { return progress_.wait(); }
  // The request has brought its bytes up to `end`; `so_far` is what it has spent its time on.
  void arrived(std::uint64_t request, Bytes end, const Outcome& so_far) {
    if (abandoned(request)) return;
    at(request).arrived = end;
    at(request).account = so_far;
    progress_.notify();
  }
  void finished(std::uint64_t request, const Outcome& outcome) {
    assert(running_ > 0);
    --running_;
    if (abandoned(request)) return;
    at(request).account = outcome;
    at(request).done = true;
    progress_.notify();
  }

private:
  static constexpr std::size_t kFirstRing = 4;

  struct Request {
    Bytes begin{};
    Bytes end{};
    Bytes arrived{};
    bool done = false;
    Outcome account{};
  };

  void start_requests() {
    for (auto piece = window_.next_piece(); piece.begin < piece.end; piece = window_.next_piece()) {
      const std::uint64_t request = add(piece);
      source_.start(*this, request, piece.begin, piece.end);
    }
  }
  Request& at(std::uint64_t request) { return requests_[request & (requests_.size() - 1)]; }
  std::uint64_t add(const ReadWindow::Piece& piece) {
    if (next_ - first_ == requests_.size()) grow();
    at(next_) = {.begin = piece.begin, .end = piece.end, .arrived = piece.begin};
    ++running_;
    return next_++;
  }
  void grow() {
    std::vector<Request> larger(2 * requests_.size());
    for (std::uint64_t r = first_; r < next_; ++r) larger[r & (larger.size() - 1)] = at(r);
    requests_.swap(larger);
  }
  void abandon_all() {
    first_ = next_;
    progress_.notify();
  }

  kernel::World& world_;
  Source& source_;
  ReadWindow window_;
  kernel::Signal progress_;
  std::vector<Request> requests_; // a ring of those from first_ to next_
  std::uint64_t first_ = 0;
  std::uint64_t next_ = 0;
  std::uint32_t running_ = 0;
  Caller caller_{};
  FileIndex file_{};
  std::uint32_t tag_ = 0;
  bool open_ = false;
};

// Streams for open files, used again once nothing of them is under way.
template <class Source> class ReadStreams {
public:
  ReadStreams(kernel::World& world, Source& source) : world_(world), source_(source) {}
  ReadStream<Source>& open(Caller caller, FileIndex file, const ReadWindowSettings& window,
                           std::uint32_t tag) {
    ReadStream<Source>* stream = nullptr;
    // One that still has requests under way goes to the back of the line.
    for (std::size_t n = closed_.size(); n > 0 && !stream; --n) {
      ReadStream<Source>* candidate = closed_.pop();
      if (candidate->is_idle())
        stream = candidate;
      else
        closed_.push(candidate);
    }
    if (!stream) stream = &all_.emplace_back(world_, source_);
    stream->open(caller, file, window, tag);
    return *stream;
  }
  void close(ReadStream<Source>& stream) {
    stream.close();
    closed_.push(&stream);
  }
  std::uint64_t running() const {
    std::uint64_t sum = 0;
    for (const ReadStream<Source>& stream : all_) sum += stream.running();
    return sum;
  }

private:
  kernel::World& world_;
  Source& source_;
  std::deque<ReadStream<Source>> all_;
  kernel::Ring<ReadStream<Source>*> closed_;
};

} // namespace lustrum
