#include "sim/trace/byte_source.hpp"

#include <zlib.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace lustrum::trace {

namespace {

constexpr unsigned kCompressedPiece = 256U << 10;
constexpr std::size_t kPiecesAhead = 16;
// Below that a thread costs more than it saves.
constexpr std::uintmax_t kWorthAThread = std::uintmax_t{256} << 10;

} // namespace

struct ByteSource::File {
  gzFile handle = nullptr;

  ~File() {
    if (handle != nullptr) gzclose(handle);
  }
  std::size_t read(char* to) const {
    return static_cast<std::size_t>(std::max(0, gzread(handle, to, kPiece)));
  }
  // After a short read.
  std::string problem() const {
    int code = Z_OK;
    const char* const text = gzerror(handle, &code);
    if (code == Z_BUF_ERROR) return "unexpected end of gzip data";
    if (code == Z_DATA_ERROR) return "damaged gzip data";
    return code == Z_OK || code == Z_STREAM_END ? std::string{}
                                                : std::string{"cannot read: "} + text;
  }
};

// A ring of pieces between the thread that reads the file and the reader. The thread alone touches
// the file.
class ByteSource::Ahead {
public:
  explicit Ahead(const File& file)
      : pieces_(kPiecesAhead), thread_([this, &file] { fill(file); }) {}

  ~Ahead() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_one();
    thread_.join();
  }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

  // The next piece; a short one is the last, and `error` says why.
  std::size_t read(char* to, std::string& error) {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return taken_ < made_; });
    Piece& piece = pieces_[taken_ % kPiecesAhead];
    lock.unlock(); // the thread does not touch it before it is taken
    std::copy_n(piece.bytes.data(), piece.size, to);
    const std::size_t size = piece.size;
    if (size < kPiece) {
      error = problem_; // the thread has ended
      piece.size = 0;
      return size;
    }
    lock.lock();
    ++taken_;
    lock.unlock();
    room_.notify_one();
    return size;
  }

private:
  struct Piece {
    std::vector<char> bytes = std::vector<char>(kPiece);
    std::size_t size = 0;
  };

  void fill(const File& file) {
    while (true) {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return stop_ || made_ < taken_ + kPiecesAhead; });
      if (stop_) return;
      Piece& piece = pieces_[made_ % kPiecesAhead];
      lock.unlock();
      piece.size = file.read(piece.bytes.data());
      const bool last = piece.size < kPiece;
      if (last) problem_ = file.problem();
      lock.lock();
      ++made_;
      lock.unlock();
      filled_.notify_one();
      if (last) return;
    }
  }

  std::vector<Piece> pieces_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable room_;
  std::uint64_t made_ = 0;
  std::uint64_t taken_ = 0;
  bool stop_ = false;
  std::string problem_; // written before the last piece is made, read after it
  std::thread thread_;  // the last member: it uses the others
};

ByteSource::ByteSource(const std::filesystem::path& path) : file_(std::make_unique<File>()) {
  file_->handle = gzopen(path.c_str(), "rb");
  if (file_->handle == nullptr) throw std::runtime_error("cannot open `" + path.string() + "`");
  gzbuffer(file_->handle, kCompressedPiece);
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  if (!unknown && size >= kWorthAThread) ahead_ = std::make_unique<Ahead>(*file_);
}

ByteSource::~ByteSource() = default; // the thread first, then its file

std::size_t ByteSource::read(char* to) {
  if (ahead_) return ahead_->read(to, error_);
  const std::size_t size = file_->read(to);
  if (size < kPiece) error_ = file_->problem();
  return size;
}

} // namespace lustrum::trace
