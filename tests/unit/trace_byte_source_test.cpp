// Bytes of large gzip files, inflated by a thread: the same bytes, the same ends.
#include "sim/trace/byte_source.hpp"
#include "sim/trace/line_source.hpp"
#include "tests/unit/trace_files.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace lustrum::trace;
namespace fs = std::filesystem;

namespace {

// Text that compresses badly, so that a few MB of it are a large file.
std::string noise(std::size_t bytes, std::uint64_t state) {
  std::string text(bytes, '\n');
  for (std::size_t i = 0; i < bytes; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    if (i % 100 != 99) text[i] = static_cast<char>(' ' + (state >> 33U) % 90);
  }
  return text;
}

class GzipFile {
public:
  explicit GzipFile(const std::vector<std::string>& members) {
    for (const std::string& member : members) {
      gzFile file = gzopen(path_.c_str(), "ab1");
      REQUIRE(gzwrite(file, member.data(), static_cast<unsigned>(member.size())) ==
              static_cast<int>(member.size()));
      gzclose(file);
    }
  }

  const fs::path& path() const { return path_; }
  void cut_to(std::uintmax_t bytes) const { fs::resize_file(path_, bytes); }
  void damage_at(std::streamoff at) const {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.write("damage!!damage!!", 16);
  }

private:
  lustrum::test::TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "noise.gz";
};

struct Read {
  std::string bytes;
  std::string error;
};

Read read_all(const fs::path& path) {
  ByteSource source(path);
  Read read;
  std::vector<char> piece(ByteSource::kPiece);
  for (std::size_t got = ByteSource::kPiece; got == ByteSource::kPiece;) {
    got = source.read(piece.data());
    read.bytes.append(piece.data(), got);
  }
  CHECK(source.read(piece.data()) == 0); // the end stays the end
  read.error = source.error();
  return read;
}

} // namespace

TEST_CASE("byte source: several members of a large gzip file, whole") {
  // 6 MB in three members, more than are inflated ahead; the last ends on a piece's border.
  const std::size_t rest = 3 * ByteSource::kPiece;
  const std::string first = noise(2'500'001, 1);
  const std::string second = noise(50 * ByteSource::kPiece - first.size() - rest, 2);
  const std::string third = noise(rest, 3);
  const GzipFile file({first, second, third});
  REQUIRE(fs::file_size(file.path()) > 1'000'000);
  const Read read = read_all(file.path());
  CHECK((read.bytes == first + second + third));
  CHECK(read.error.empty());
}

TEST_CASE("byte source: a cut and a damaged large file give what is whole, and why they end") {
  const std::string text = noise(6'000'000, 4);
  const GzipFile cut({text});
  cut.cut_to(fs::file_size(cut.path()) / 2);
  const Read half = read_all(cut.path());
  CHECK(half.error == "unexpected end of gzip data");
  CHECK(half.bytes.size() > text.size() / 3);
  CHECK((text.compare(0, half.bytes.size(), half.bytes) == 0));
  const GzipFile damaged({text});
  damaged.damage_at(static_cast<std::streamoff>(fs::file_size(damaged.path()) / 2));
  const Read until = read_all(damaged.path());
  CHECK(until.error == "damaged gzip data");
  CHECK(until.bytes.size() < text.size());
}

TEST_CASE("byte source: nobody waits for a reader that gives up") {
  const GzipFile file({noise(6'000'000, 5)});
  for (int i = 0; i < 20; ++i) {
    LineSource lines(file.path());
    for (int line = 0; line < i * 1000; ++line) REQUIRE(lines.next());
  } // ends here, with most of the file unread
  CHECK_THROWS_AS(ByteSource("no/such/file.gz"), std::runtime_error);
}
