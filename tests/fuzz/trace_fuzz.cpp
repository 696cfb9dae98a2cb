// Any bytes into the reader of one format: no crash, no hang, no leak, and whatever is read obeys
// the rules of a Trace. LUSTRUM_FUZZ_READER names the format. For libFuzzer, or for mutate.cpp.
#include "sim/trace/native_writer.hpp"
#include "sim/trace/readers.hpp"
#include "sim/trace/trace_builder.hpp"
#include "sim/trace/trace_statistics.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace lustrum::trace;

namespace {

using Reader = void (*)(const ReadContext&);

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

Reader chosen_reader() {
  const std::map<std::string, Reader> readers{
      {"native", read_native},           {"dftracer", read_dftracer},
      {"darshan_dxt", read_darshan_dxt}, {"darshan_counters", read_darshan_counters},
      {"strace", read_strace},           {"kineto", read_kineto}};
  const char* const name = std::getenv("LUSTRUM_FUZZ_READER");
  const auto found = readers.find(name == nullptr ? "" : name);
  if (found != readers.end()) return found->second;
  std::fprintf(stderr, "LUSTRUM_FUZZ_READER must be one of:");
  for (const auto& [known, reader] : readers) std::fprintf(stderr, " %s", known.c_str());
  std::fprintf(stderr, "\n");
  std::exit(2);
}

// A file in memory with this content, by its path.
class MemoryFile {
public:
  MemoryFile() : fd_(memfd_create("trace", 0)), path_("/proc/self/fd/" + std::to_string(fd_)) {
    must(fd_ >= 0, "memfd_create");
  }
  const std::filesystem::path& with(const std::uint8_t* data, std::size_t size) {
    must(ftruncate(fd_, 0) == 0, "ftruncate");
    must(pwrite(fd_, data, size, 0) == static_cast<ssize_t>(size), "pwrite");
    return path_;
  }

private:
  int fd_;
  std::filesystem::path path_;
};

Trace read_with(Reader reader, const std::filesystem::path& path, ReadReport& report) {
  ReadOptions options;
  options.salvage = true;
  options.max_calls_per_counter = 20;
  TraceBuilder builder;
  builder.begin_file();
  reader({path, options, builder, report});
  return builder.finish_trace(report);
}

void check(const Trace& trace) {
  std::uint64_t records = 0;
  for (std::uint32_t i = 0; i < trace.threads.size(); ++i) {
    const ThreadEntry& thread = trace.threads[i];
    must(thread.process < trace.processes.size(), "process of a thread");
    must(thread.source < trace.sources.size(), "source of a thread");
    must(thread.first_record == records, "records are grouped by thread");
    records += thread.record_count;
    double last_s = 0;
    for (const Record& record : trace.records_of(i)) {
      must(record.thread == i && record.process == thread.process, "thread of a record");
      must(record.start_s >= last_s && record.duration_s >= 0, "times of a record");
      must(record.end_s() <= trace.duration_s * (1 + 1e-12) + 1e-9, "end of the trace");
      must(record.file == kNoIndex || record.file < trace.files.size(), "file of a record");
      must(record.name < trace.names.size(), "name of a record");
      last_s = record.start_s;
    }
  }
  must(records == trace.records.size(), "every record belongs to a thread");
  must(trace_statistics(trace).records == records, "statistics count every record");
}

// Our own format gives back what was written. Times must be exact: no longer than 52 days.
void check_round_trip(const Trace& trace) {
  if (trace.duration_s > 4e6) return;
  static const std::filesystem::path kPath =
      std::filesystem::temp_directory_path() /
      ("lustrum_fuzz_" + std::to_string(getpid()) + ".lustrum");
  {
    NativeWriter writer(kPath);
    visit_records(trace, writer);
  }
  ReadReport report;
  const Trace again = read_with(read_native, kPath, report);
  std::filesystem::remove(kPath);
  must(report.complete(), "what we write is whole");
  must(again == trace, "what we write is what we read");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Reader kReader = chosen_reader();
  static MemoryFile file;
  static std::uint64_t calls = 0;
  ReadReport report;
  const Trace trace = read_with(kReader, file.with(data, size), report);
  check(trace);
  must(!report.text().empty() || size == 0 || report.lines == 0, "the report says something");
  if (++calls % 16 == 0 && !trace.sources.empty()) check_round_trip(trace);
  return 0;
}
