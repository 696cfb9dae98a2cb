// Writes a trace in our own format (traces/FORMAT.md), gzipped when the name ends in .gz.
//
//   NativeWriter writer("run.lustrum.gz");
//   visit_records(trace, writer);
#pragma once

#include "sim/trace/record_stream.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace lustrum::trace {

// Whole file or nothing: it is written under the name with `.partial` behind and renamed at end().
class NativeWriter : public RecordVisitor {
public:
  // Throws std::runtime_error when the file cannot be made.
  explicit NativeWriter(std::filesystem::path path);
  ~NativeWriter() override;

  // All throw std::runtime_error when the disk does not take what is written.
  // Precondition of record(): its ids are those of the tables; spans carry no call's fields.
  void begin(const TraceTables& tables, const std::vector<bool>& offsets_final) override;
  void record(const Record& record) override;
  void end() override;

  std::uint64_t records() const { return records_; }

private:
  struct Closer {
    void operator()(void* file) const;
  };

  void flush();
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  std::filesystem::path partial_;
  std::unique_ptr<void, Closer> file_; // a gzFile
  std::string text_;
  std::uint64_t records_ = 0;
};

} // namespace lustrum::trace
