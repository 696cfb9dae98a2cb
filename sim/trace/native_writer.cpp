#include "sim/trace/native_writer.hpp"

#include "sim/trace/event_tables.hpp"
#include "sim/trace/native_format.hpp"

#include <zlib.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace lustrum::trace {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

gzFile as_gzip(void* file) { return static_cast<gzFile>(file); }

template <class T> void put_number(std::string& text, T value) {
  std::array<char, 24> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), end);
}

template <class T> void put(std::string& text, T value) {
  text += '\t';
  put_number(text, value);
}

template <class T> void put_unless(std::string& text, T value, T absent) {
  text += '\t';
  if (value == absent)
    text += kNativeAbsent;
  else
    put_number(text, value);
}

} // namespace

void NativeWriter::Closer::operator()(void* file) const { gzclose(as_gzip(file)); }

NativeWriter::NativeWriter(std::filesystem::path path)
    : path_(std::move(path)), partial_(path_.string() + ".partial") {
  const bool compressed = path_.extension() == ".gz";
  file_.reset(gzopen(partial_.c_str(), compressed ? "wb6" : "wbT"));
  if (!file_) throw std::runtime_error("cannot write `" + path_.string() + "`");
}

NativeWriter::~NativeWriter() {
  if (!file_) return;
  file_.reset();
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

void NativeWriter::fail() const {
  throw std::runtime_error("cannot write `" + path_.string() + "`");
}

void NativeWriter::flush() {
  const auto length = static_cast<unsigned>(text_.size());
  if (length != 0 && gzwrite(as_gzip(file_.get()), text_.data(), length) <= 0) fail();
  text_.clear();
}

void NativeWriter::begin(const TraceTables& tables, const std::vector<bool>& offsets_final) {
  text_ += kNativeFirstLine;
  text_ += "\nunits\tns\tB\norigin";
  put(text_, tables.epoch_origin_ns);
  std::uint64_t records = 0;
  for (const ThreadEntry& thread : tables.threads) records += thread.record_count;
  text_ += "\nrecords";
  put(text_, records);
  text_ += '\n';
  for (std::size_t i = 0; i < tables.sources.size(); ++i) {
    text_ += "source";
    put(text_, i);
    text_ += '\t' + native_escape(tables.sources[i]) + '\n';
  }
  for (std::size_t i = 0; i < tables.processes.size(); ++i) {
    const ProcessEntry& process = tables.processes[i];
    text_ += "process";
    put(text_, i);
    text_ += '\t' + native_escape(process.host);
    put(text_, process.pid);
    put_unless(text_, process.rank, kNoNumber);
    text_ += '\n';
  }
  for (std::size_t i = 0; i < tables.threads.size(); ++i) {
    const ThreadEntry& thread = tables.threads[i];
    text_ += "thread";
    put(text_, i);
    put(text_, thread.process);
    put(text_, thread.tid);
    put(text_, thread.source);
    text_ += offsets_final[i] ? "\tfinal\n" : "\trecorded\n";
  }
  for (std::size_t i = 0; i < tables.files.size(); ++i) {
    const FileEntry& file = tables.files[i];
    text_ += "file";
    put(text_, i);
    text_ += file.is_storage ? "\tstorage" : "\tpseudo";
    put(text_, file.extent);
    text_ += '\t' + native_escape(file.path) + '\n';
    if (text_.size() > kBuffer) flush();
  }
  for (std::size_t i = 0; i < tables.names.size(); ++i) {
    text_ += "name";
    put(text_, i);
    text_ += '\t' + native_escape(tables.names[i]) + '\n';
  }
  text_ += kNativeColumns;
  text_ += '\n';
}

void NativeWriter::record(const Record& record) {
  put_number(text_, record.thread);
  put(text_, to_ns(record.start_s));
  put(text_, to_ns(record.duration_s));
  text_ += '\t';
  text_ += kNativeKinds.at(static_cast<std::size_t>(record.kind));
  put(text_, record.name);
  put_unless(text_, record.file, kNoIndex);
  put_unless(text_, record.offset, kUnknownOffset);
  put(text_, record.requested);
  put_unless(text_, record.returned, kNoReturn);
  put_unless(text_, record.fd, kNoNumber);
  put(text_, record.open_flags);
  put_unless(text_, record.epoch, kNoNumber);
  put_unless(text_, record.step, kNoNumber);
  text_ += '\n';
  ++records_;
  if (text_.size() > kBuffer) flush();
}

void NativeWriter::end() {
  text_ += "end";
  put(text_, records_);
  text_ += '\n';
  flush();
  if (gzclose(as_gzip(file_.release())) != Z_OK) {
    std::error_code ignored;
    std::filesystem::remove(partial_, ignored);
    fail();
  }
  std::filesystem::rename(partial_, path_);
}

} // namespace lustrum::trace
