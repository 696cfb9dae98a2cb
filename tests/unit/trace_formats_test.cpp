// Readers of the formats besides DFTracer's, on texts made here.
#include "sim/trace/read_trace.hpp"
#include "sim/trace/trace_statistics.hpp"
#include "tests/unit/trace_files.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace lustrum::trace;
using doctest::Approx;
using lustrum::test::TemporaryFolder;

namespace {

ReadResult read_text(const std::string& text, const ReadOptions& options = {}) {
  const TemporaryFolder folder;
  return read_trace({folder.write("trace", text)}, options);
}

// Names and offsets of the calls of a process's first thread on a path, "read@3".
std::vector<std::string> calls_on(const Trace& trace, const std::string& path, std::int64_t pid) {
  std::vector<std::string> calls;
  for (const Record& record : trace.records) {
    if (record.file == kNoIndex || trace.files[record.file].path != path) continue;
    if (trace.processes[record.process].pid != pid) continue;
    calls.push_back(std::string{trace.name_of(record)} +
                    (record.offset == kUnknownOffset ? "" : "@" + std::to_string(record.offset)));
  }
  return calls;
}

const std::string kDxt = "# darshan log version: 3.41\n"
                         "# start_time: 1744147560\n"
                         "# DXT, file_id: 1, file_name: /lustre/a b.h5\n"
                         "# DXT, rank: 0, hostname: n1\n"
                         "# DXT, write_count: 1, read_count: 1\n"
                         " X_POSIX  0  write  0  0   100  1.5013  1.5017  N/A\n"
                         " X_POSIX  0   read  1  50   50  2.5     2.6     N/A\n"
                         "# DXT, file_id: 2, file_name: /lustre/b\n"
                         "# DXT, rank: 3, hostname: n2\n"
                         "# DXT, write_count: 0, read_count: 1\n"
                         " X_POSIX  3   read  0  0   50  2.25    2.75    1402\n"
                         " X_MPIIO  3   read  0  0   50  2.25    2.75    1402\n";

} // namespace

TEST_CASE("trace formats: Darshan DXT") {
  const auto [trace, report] = read_text(kDxt);
  REQUIRE(trace.records.size() == 3);
  CHECK(trace.processes.at(0) == ProcessEntry{"n1", 0, 0});
  CHECK(trace.processes.at(1) == ProcessEntry{"n2", 3, 3});
  CHECK(trace.threads.at(1).tid == 1402);
  CHECK(trace.epoch_origin_ns == 1'744'147'561'501'300'000);
  const Record& write = trace.records[0];
  CHECK(write.kind == OperationKind::write);
  CHECK(trace.files.at(write.file).path == "/lustre/a b.h5");
  CHECK(write.duration_s == Approx(0.0004));
  CHECK(trace.records[1].offset == 50);
  CHECK(trace.records[1].start_s == Approx(2.5 - 1.5013));
  CHECK(trace.duration_s == Approx(2.75 - 1.5013));
  CHECK(report.unused_rows.at("X_MPIIO rows") == 1);
}

TEST_CASE("trace formats: Darshan DXT that is cut off or wrong") {
  // The second block says one row and has none; the first has a length that is no number.
  std::string text = kDxt.substr(0, kDxt.find(" X_POSIX  3"));
  text.replace(text.find(" 50  2.5 "), 9, " 5x  2.5 ");
  const ReadReport report = read_text(text, {.salvage = true}).report;
  REQUIRE(report.damage.size() == 2);
  CHECK(report.damage[0].line == 7);
  CHECK(report.damage[0].column == 29);
  CHECK(report.damage[0].reason == "no length");
  CHECK(report.damage[1].line == 10);
  CHECK(report.damage[1].reason == "1 of 1 reads and writes of this block are missing");
  CHECK(report.events == 1);
  CHECK_THROWS_AS(read_text(text), DamagedTrace);
}

TEST_CASE("trace formats: Darshan counters keep number, bytes and time") {
  std::string text = "# darshan log version: 3.41\n# start_time: 100\n#<module>\t<rank>\n";
  const auto row = [&text](const std::string& counter, const std::string& value) {
    text += "POSIX\t2\t91\tPOSIX_" + counter + "\t" + value + "\t/p/a\t/p\tlustre\n";
  };
  row("OPENS", "2");
  row("STATS", "1");
  row("SEEKS", "-1");
  row("READS", "3");
  row("BYTES_READ", "1000");
  row("MAX_BYTE_READ", "699");
  row("F_OPEN_START_TIMESTAMP", "1.0");
  row("F_OPEN_END_TIMESTAMP", "1.5");
  row("F_READ_START_TIMESTAMP", "2.0");
  row("F_READ_END_TIMESTAMP", "4.1");
  row("F_READ_TIME", "0.3");
  row("F_META_TIME", "0.06");
  const auto [trace, report] = read_text(text);
  CHECK(trace.processes.at(0).rank == 2);
  const StreamStatistics job = trace_statistics(trace).job;
  CHECK(job.opens == 2);
  CHECK(job.calls.at("stat").calls == 1);
  CHECK(job.calls.at("read").calls == 3);
  CHECK(job.calls.at("read").duration_s == Approx(0.3));
  CHECK(job.calls.at("open").duration_s == Approx(0.04)); // two of the three metadata calls
  CHECK(job.bytes_read == 1000);
  // 334 + 333 + 333 bytes; the third does not fit below byte 700 and starts again. The first starts
  // at 2.0, the last ends at 4.1 and takes 0.1: starts are 1 s apart. The earliest event is at 1.0.
  std::vector<std::uint64_t> offsets;
  std::vector<double> starts_s;
  for (const Record& record : trace.records) {
    if (record.kind != OperationKind::read) continue;
    offsets.push_back(record.offset);
    starts_s.push_back(record.start_s);
  }
  CHECK(offsets == std::vector<std::uint64_t>{0, 334, 0});
  REQUIRE(starts_s.size() == 3);
  CHECK(starts_s[0] == Approx(1));
  CHECK(starts_s[2] == Approx(3));

  const ReadResult fewer = read_text(text, {.max_calls_per_counter = 2});
  CHECK(fewer.report.merged_calls == 1);
  CHECK(trace_statistics(fewer.trace).job.bytes_read == 1000);
}

TEST_CASE("trace formats: strace follows descriptors through fork, dup and unfinished calls") {
  const auto [trace, report] = read_text(
      R"(100 10.000000 openat(AT_FDCWD</data>, "sub/../a", O_RDONLY|O_CLOEXEC) = 3</data/a> <0.000012>
100 10.000100 read(3</data/a>, ""..., 4) = 4 <0.000003>
100 10.000200 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD <unfinished ...>
101 10.000300 read(3</data/a>, ""..., 8) = 8 <0.000010>
100 10.000310 <... clone resumed>, child_tidptr=0x7f) = 101 <0.000100>
101 10.000400 dup2(3</data/a>, 7) = 7</data/a> <0.000001>
101 10.000500 lseek(7</data/a>, 100, SEEK_SET) = 100 <0.000001>
101 10.000600 read(3</data/a>,  <unfinished ...>
100 10.000700 pread64(3</data/a>, ""..., 10, 5000) = 10 <0.000001>
101 10.000800 <... read resumed>""..., 50) = 20 <0.000200>
100 10.000900 read(3</data/a>, "", 10) = 0 <0.000001>
101 10.001000 +++ exited with 0 +++
100 10.001100 close(3</data/a>) = 0 <0.000001>
100 10.001200 openat(AT_FDCWD</data>, "a", O_WRONLY|O_APPEND) = 3</data/a> <0.000012>
100 10.001300 write(3</data/a>, ""..., 4) = 4 <0.000003>
100 10.001400 openat(AT_FDCWD</data>, "none", O_RDONLY) = -1 ENOENT (No such file or directory) <0.000002>
100 10.001500 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 4</data/b>, 0x1000) = 0x7f00ee308000 <0.000007>
100 10.001600 getppid() = 1 <0.000001>
)");
  CHECK(report.complete());
  // The child shares the description: 4 bytes of the parent, 8 of its own; its dup moves it to 100;
  // 20 more, which the parent then sees.
  CHECK(calls_on(trace, "/data/a", 100) == std::vector<std::string>{"openat", "read@0",
                                                                    "pread64@5000", "read@120",
                                                                    "close", "openat", "write"});
  CHECK(calls_on(trace, "/data/a", 101) ==
        std::vector<std::string>{"read@4", "lseek@100", "read@100"});
  CHECK(calls_on(trace, "/data/none", 100) == std::vector<std::string>{"openat"});
  CHECK(calls_on(trace, "/data/b", 100) == std::vector<std::string>{"mmap@4096"});
  CHECK(report.failed_calls == 1);
  CHECK(report.unused_rows.at("system calls about no file") == 3); // clone, dup2, getppid
  for (const Record& record : trace.records_of(1))
    if (record.offset == 100 && record.kind == OperationKind::read) {
      CHECK(record.start_s == Approx(0.0006)); // where it began, not where it was resumed
      CHECK(record.duration_s == Approx(0.0002));
      CHECK(record.requested == 50);
    }
}

TEST_CASE("trace formats: strace of threads, as printed on a terminal") {
  const auto [trace, report] = read_text(
      R"(10.000000 openat(AT_FDCWD, "/data/f", O_RDONLY) = 3 <0.000012>
10.000100 clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_THREAD, stack=0x7f}, 88 <unfinished ...>
[pid   201] 10.000150 read(3, "x", 1 <unfinished ...>
[pid   200] 10.000160 <... clone3 resumed> => {parent_tid=[201]}, 88) = 201 <0.000060>
[pid   201] 10.000170 <... read resumed>) = 1 <0.000020>
[pid   200] 10.000180 fcntl(3, F_DUPFD_CLOEXEC, 10) = 10 <0.000001>
[pid   200] 10.000190 read(10, "yz", 2) = 2 <0.000002>
)");
  REQUIRE(trace.processes.size() == 1); // one process of two threads, under one name
  REQUIRE(trace.threads.size() == 2);
  CHECK(calls_on(trace, "/data/f", 0) == std::vector<std::string>{"openat", "read@1", "read@0"});
  CHECK(trace.records_of(0).size() == 2);
}

TEST_CASE("trace formats: strace that is cut off says where") {
  const std::string text = "100 10.000000 close(3</data/a>) = 0 <0.000012>\n"
                           "100 10.000100 read(3</data/a>, \"ab";
  const ReadReport report = read_text(text, {.salvage = true}).report;
  REQUIRE(report.damage.size() == 1);
  CHECK(report.damage[0].line == 2);
  CHECK(report.damage[0].column == 35);
  CHECK(report.damage[0].reason == "cut off");
  CHECK(report.events == 1);
}

TEST_CASE("trace formats: PyTorch profiler gives steps and waits") {
  const std::string text = R"({
  "schemaVersion": 1, "deviceProperties": [ { "id": 0, "name": "A\"100}]" } ],
  "distributedInfo": {"backend": "nccl", "rank": 3, "world_size": 8},
  "traceEvents": [
  { "ph": "X", "cat": "user_annotation", "name": "ProfilerStep#7", "pid": 31, "tid": 31,
    "ts": 1000000, "dur": 75000.5, "args": { "External id": 5 } },
  { "ph": "X", "cat": "user_annotation", "name": "enumerate(DataLoader)#_X.__next__",
    "pid": 31, "tid": 31, "ts": 1000400, "dur": 600 },
  { "ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 1000500, "dur": 71 },
  { "name": "process_name", "ph": "M", "ts": 1, "pid": "Spans", "tid": 0 }
  ], "traceName": "x" })";
  const auto [trace, report] = read_text(text);
  CHECK(report.complete());
  REQUIRE(trace.records.size() == 3);
  CHECK(trace.processes.at(0).rank == 3);
  CHECK(trace.records[0].kind == OperationKind::span_other); // 400 us before it asks for its batch
  CHECK(trace.records[1].kind == OperationKind::span_wait);
  const Record& step = trace.records[2];
  CHECK(step.kind == OperationKind::span_step);
  CHECK(step.step == 7);
  CHECK(step.start_s == Approx(0.001));
  CHECK(step.duration_s == Approx(0.0740005));
  CHECK(report.unused_rows.at("rows of category kernel") == 1);

  const ReadReport cut =
      read_text(text.substr(0, text.find("\"kernel\"")), {.salvage = true}).report;
  REQUIRE(cut.damage.size() == 1);
  CHECK(cut.damage[0].line == 9);
  CHECK(cut.damage[0].reason == "the document is cut off");
  CHECK(cut.events == 3);
}

TEST_CASE("trace formats: what is no trace is told apart") {
  const auto message = [](const std::string& text) {
    try {
      read_text(text);
    } catch (const ReadError& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  CHECK(message("hello\nworld\n").find("is no trace that Lustrum knows") != std::string::npos);
  CHECK(message("SQLite format 3").find("Nsight") != std::string::npos);
  CHECK(message(R"({"schema": "1.0.2-chakra.0.0.4", "nodes": [{"id": 1}]})").find("Chakra") !=
        std::string::npos);
  CHECK(message("").find("is no trace") != std::string::npos);
}

TEST_CASE("trace formats: a folder with two Darshan texts of one job") {
  const TemporaryFolder folder;
  folder.write("a.txt", kDxt);
  folder.write("b.txt", "# darshan log version: 3.41\n#<module>\t<rank>\n");
  CHECK_THROWS_AS(read_trace({folder.path()}), ReadError);
  CHECK(read_trace({folder.path() / "a.txt"}).report.events == 3);
}

TEST_CASE("trace formats: our own says which column is wrong") {
  const std::string head = "lustrum trace 1\nunits\tns\tB\norigin\t5\nrecords\t2\nsource\t0\ta\n"
                           "process\t0\tn1\t5\t-\nthread\t0\t0\t7\t0\tfinal\n"
                           "file\t0\tstorage\t0\t/a\nname\t0\tread\n";
  const std::string record = "0\t0\t10\tread\t0\t0\t0\t4\t4\t3\t0\t-\t-\n";
  std::string other = record;
  other.replace(other.find("read"), 4, "raed");
  const ReadReport report = read_text(head + record + other, {.salvage = true}).report;
  REQUIRE(report.damage.size() == 2);
  CHECK(report.damage[0].line == 11);
  CHECK(report.damage[0].column == 8);
  CHECK(report.damage[0].reason == "no such kind");
  CHECK(report.damage[1].reason == "there are 1 of 2 records, and no line `end`");
  CHECK(report.events == 1);
}
