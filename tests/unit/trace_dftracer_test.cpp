// The reader on texts made here: formats, damage, hashed names, offsets.
#include "sim/trace/read_trace.hpp"
#include "tests/unit/trace_files.hpp"

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

using namespace lustrum::trace;
using lustrum::test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

std::string gzip(std::string_view text) {
  const fs::path path = fs::temp_directory_path() / ("lustrum_gz_" + std::to_string(getpid()));
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  std::ostringstream bytes;
  bytes << std::ifstream{path, std::ios::binary}.rdbuf();
  fs::remove(path);
  return bytes.str();
}

struct Call {
  std::string name;
  std::string arguments; // JSON, after hostname
  int start_us = 0;
  int duration_us = 1;
  int tid = 7;
  std::string category = "POSIX";
};

std::string line(const Call& call) {
  return R"({"id":"1","name":")" + call.name + R"(","cat":")" + call.category +
         R"(","pid":"5","tid":")" + std::to_string(call.tid) + R"(","ts":")" +
         std::to_string(1'000'000 + call.start_us) + R"(","dur":")" +
         std::to_string(call.duration_us) + R"(","ph":"X","args":{"hostname":"n1")" +
         (call.arguments.empty() ? "" : "," + call.arguments) + "}}\n";
}

ReadResult read_text(std::string_view text, ReadOptions options = {}) {
  const TemporaryFolder folder;
  options.salvage = true;
  return read_trace({folder.write("a.pfw", text)}, options);
}

} // namespace

TEST_CASE("trace: brackets, commas and numbers in either form") {
  const std::string text =
      "[\n"
      R"(  {"id":"0","name":"open","cat":"POSIX","pid":"5","tid":"7","ts":"100","dur":"3","ph":"X",)"
      R"("args":{"hostname":"n1","ret":9,"flags":66,"fname":"/lustre/a"}},)"
      "\n\n"
      R"({"id":1,"name":"pread","cat":"POSIX","pid":5,"tid":7,"ts":110,"dur":2.0,"ph":"X",)"
      R"("args":{"hostname":"n1","fd":9,"ret":"40","count":"64","offset":1024,"fname":"/lustre/a"}})"
      "\r\n]";
  const auto [trace, report] = read_text(text);
  CHECK(report.lines == 5);
  CHECK(report.events == 2);
  CHECK(report.damaged_lines == 0);
  REQUIRE(trace.records.size() == 2);
  CHECK(trace.epoch_origin_ns == 100'000);
  CHECK(trace.processes.at(0).rank == 0);
  const Record& open = trace.records[0];
  CHECK(open.kind == OperationKind::open);
  CHECK(open.fd == 9);
  CHECK(open.open_flags == 66);
  const Record& read = trace.records[1];
  CHECK(read.kind == OperationKind::read);
  CHECK(read.start_s == doctest::Approx(10e-6));
  CHECK(read.duration_s == doctest::Approx(2e-6));
  CHECK(read.requested == 64);
  CHECK(read.bytes_moved() == 40);
  CHECK(read.offset == 1024);
  CHECK(read.thread == open.thread);
  CHECK(trace.files.at(read.file).path == "/lustre/a");
  CHECK(trace.files.at(read.file).extent == 1064);
}

TEST_CASE("trace: hashed names resolve although their rows come last") {
  const std::string event =
      R"({"id":1,"name":"read","cat":"POSIX","pid":5,"tid":7,"ts":100,"dur":2,"ph":"X",)"
      R"("args":{"hhash":"aa","fhash":"f1","ret":8,"count":8,"fd":3}})"
      "\n";
  const std::string unknown =
      R"({"id":2,"name":"close","cat":"POSIX","pid":5,"tid":7,"ts":200,"dur":2,"ph":"X",)"
      R"("args":{"hhash":"aa","fhash":"f2","ret":0,"fd":3}})"
      "\n";
  const std::string rows =
      R"({"name":"FH","cat":"dftracer","pid":5,"tid":7,"ph":"M","args":{"hhash":"aa","name":"/lustre/x","value":"f1"}})"
      "\n"
      R"({"name":"HH","cat":"dftracer","pid":5,"tid":7,"ph":"M","args":{"hhash":"aa","name":"node9","value":"aa"}})"
      "\n"
      R"({"name":"SH","cat":"dftracer","pid":5,"tid":7,"ph":"M","args":{"hhash":"aa","name":"python","value":"s1"}})"
      "\n"
      R"({"name":"PR","cat":"dftracer","pid":5,"tid":7,"ph":"M","args":{"hhash":"aa","name":"rank","value":"6"}})"
      "\n"
      R"({"name":"cpu","cat":"sys","pid":5,"tid":7,"ts":300,"ph":"C","args":{"hhash":"aa"}})"
      "\n";
  const auto [trace, report] = read_text(event + unknown + rows);
  REQUIRE(trace.records.size() == 2);
  CHECK(trace.files.at(trace.records[0].file).path == "/lustre/x");
  CHECK(trace.files.at(trace.records[1].file).path == "unresolved:f2");
  CHECK(trace.processes.at(0).host == "node9");
  CHECK(trace.processes.at(0).rank == 6);
  CHECK(report.metadata_rows == 4);
  CHECK(report.other_rows == 1);
  CHECK(report.unresolved_hashes == 1);
}

TEST_CASE("trace: a path given as text and as hash is one file") {
  const std::string text =
      line({"close", R"("fd":3,"ret":0,"fname":"/lustre/x")"}) +
      R"({"name":"close","cat":"POSIX","pid":5,"tid":7,"ts":9,"dur":2,"ph":0,"args":{"hostname":"n1","fhash":17}})"
      "\n"
      R"({"name":"FH","cat":"dftracer","pid":5,"tid":7,"ph":1,"args":{"name":"/lustre/x","value":17}})"
      "\n";
  const auto [trace, report] = read_text(text);
  REQUIRE(trace.records.size() == 2);
  CHECK(trace.records[0].file == trace.records[1].file);
  CHECK(trace.threads.size() == 1);
  CHECK(report.unresolved_hashes == 0);
}

TEST_CASE("trace: whole duplicate lines are dropped and counted") {
  const std::string once = line({"stat", R"("fname":"/lustre/a")"});
  const std::string text = once + "  " + once + line({"stat", R"("fname":"/lustre/a")", 5}) + once;
  const auto [trace, report] = read_text(text);
  CHECK(report.event_lines == 4);
  CHECK(report.duplicate_lines == 2);
  CHECK(report.events == 2);
  CHECK(read_text(text, {.drop_duplicates = false}).report.events == 4);
}

TEST_CASE("trace: damaged lines are counted with their place") {
  const std::string good = line({"stat", R"("fname":"/lustre/a")"});
  const std::string text = good + good.substr(0, 40) + "\n" + line({"stat", {}, 5}) + "garbage\n" +
                           R"({"name":"x","cat":"POSIX","ph":"X","pid":1,"tid":1,"dur":1})" + "\n" +
                           good.substr(0, good.size() - 1) + good + good.substr(0, 60);
  const auto [trace, report] = read_text(text, {.max_damage_kept = 4});
  CHECK(report.events == 2);
  CHECK(report.damaged_lines == 5);
  CHECK_FALSE(report.complete());
  REQUIRE(report.damage.size() == 4);
  CHECK(report.damage[0].line == 2);
  CHECK(report.damage[0].column == 41);
  CHECK(report.damage[0].reason == "cut off");
  CHECK(report.damage[0].excerpt == good.substr(0, 40));
  CHECK(report.damage[1].line == 4);
  CHECK(report.damage[2].line == 5);
  CHECK(report.damage[2].reason == "no time `ts`");
  CHECK(report.damage[3].line == 6);
  CHECK(report.damage[3].reason == "more text after the event");
  CHECK(report.text().find("a.pfw:2:41: cut off: {\"id\"") != std::string::npos);
}

TEST_CASE("trace: a line cut by a line break in a name is joined") {
  const std::string text = line({"open", R"("ret":-1,"fname":"/dev/mqueue/x)"
                                         "\n"
                                         R"(")"}) +
                           line({"stat", R"("fname":"/lustre/a")", 5});
  const auto [trace, report] = read_text(text);
  CHECK(report.lines == 3);
  CHECK(report.events == 2);
  CHECK(report.rejoined_lines == 2);
  CHECK(report.damaged_lines == 0);
  CHECK(report.failed_calls == 1);
  CHECK(trace.files.at(trace.records.at(0).file).path == "/dev/mqueue/x\n");
}

TEST_CASE("trace: gzip members one after the other, and one that is cut off") {
  std::string first;
  std::string second;
  for (int i = 0; i < 500; ++i) {
    first += line({"stat", R"("fname":"/lustre/a)" + std::to_string(i * 7919) + "\"", i});
    second += line({"stat", R"("fname":"/lustre/b)" + std::to_string(i * 104729) + "\"", 1000 + i});
  }
  const TemporaryFolder folder;
  const std::string whole = gzip("[\n" + first) + gzip(second);
  const ReadResult both = read_trace({folder.write("a.pfw.gz", whole)});
  CHECK(both.report.events == 1000);
  CHECK(both.report.complete());

  const fs::path cut =
      folder.write("b.pfw.gz", std::string_view{whole}.substr(0, whole.size() - 900));
  const ReadResult part = read_trace({cut}, {.salvage = true});
  CHECK(part.report.events > 500);
  CHECK(part.report.events < 1000);
  REQUIRE(part.report.stream_errors.size() == 1);
  CHECK(part.report.stream_errors[0] == "unexpected end of gzip data in " + cut.string() +
                                            " after " + std::to_string(part.report.lines) +
                                            " lines");
  CHECK_FALSE(part.report.complete());

  std::string flipped = whole;
  flipped[flipped.size() - 6] = static_cast<char>(~flipped[flipped.size() - 6]); // checksum
  const ReadResult broken = read_trace({folder.write("c.pfw.gz", flipped)}, {.salvage = true});
  REQUIRE(broken.report.stream_errors.size() == 1);
  CHECK(broken.report.stream_errors[0].starts_with("damaged gzip data"));
}

TEST_CASE("trace: lines longer than the read buffer") {
  const std::string name(std::size_t{3} << 20, 'p');
  const auto [trace, report] =
      read_text(line({"stat", R"("fname":"/lustre/)" + name + "\""}) + line({"stat", {}, 5}));
  CHECK(report.events == 2);
  CHECK(trace.files.at(0).path.size() == name.size() + 8);
}

TEST_CASE("trace: a folder is read in natural order, missing paths are errors") {
  const TemporaryFolder folder;
  for (const char* name : {"t-10.pfw", "t-2.pfw", "t-1.pfw"})
    folder.write(name, line({"stat", R"("fname":")" + std::string{name} + "\""}));
  folder.write("notes.txt", "no trace");
  const Trace trace = read_trace({folder.path()}).trace;
  REQUIRE(trace.sources.size() == 3);
  CHECK(fs::path{trace.sources[0]}.filename() == "t-1.pfw");
  CHECK(fs::path{trace.sources[1]}.filename() == "t-2.pfw");
  CHECK(fs::path{trace.sources[2]}.filename() == "t-10.pfw");

  CHECK_THROWS_AS(read_trace({folder.path() / "none.pfw"}), ReadError);
  fs::create_directory(folder.path() / "empty");
  CHECK_THROWS_AS(read_trace({folder.path() / "empty"}), ReadError);
}

TEST_CASE("trace: pseudo files, failed and unknown calls are told apart") {
  const auto [trace, report] = read_text(
      line({"open", R"("ret":4,"fname":"/dev/mqueue/torch")", 0}) +
      line({"write", R"("ret":"5","count":"5","fd":4,"fname":"/dev/mqueue/torch")", 2}) +
      line({"open64", R"("ret":-1,"fname":"/device/a")", 4}) +
      line({"frobnicate", R"("fname":"/lustre/a")", 6}) + line({"read", R"("ret":"1","fd":0)", 8}));
  CHECK(report.pseudo_calls == 2);
  CHECK(report.pseudo_bytes == 5);
  CHECK(report.failed_calls == 1);
  CHECK(report.calls_without_path == 1);
  CHECK(report.unknown_calls == std::map<std::string, std::uint64_t>{{"frobnicate", 1}});
  REQUIRE(trace.records.size() == 5);
  CHECK_FALSE(trace.is_storage(trace.records[0]));
  CHECK(trace.is_storage(trace.records[2]));
  CHECK(trace.records[2].failed);
  CHECK(trace.records[3].kind == OperationKind::other_call);
}

TEST_CASE("trace: sequential calls get the offset of their descriptor") {
  const std::string file = R"(,"fd":3,"fname":"/lustre/a")";
  const auto [trace, report] = read_text(
      line({"read", R"("ret":"8","count":"8")" + file, 0}) + // opened before the trace began
      line({"open", R"("ret":3,"flags":0,"fname":"/lustre/a")", 10}) +
      line({"read", R"("ret":"100","count":"128")" + file, 20}) +
      line({"read", R"("ret":"28","count":"28")" + file, 30}) +
      line({"pread", R"("ret":"7","count":"7","offset":"5000")" + file, 40}) +
      line({"lseek64", R"("ret":"640","offset":"-10","whence":2)" + file, 50}) +
      line({"read", R"("ret":"10","count":"64")" + file, 60}) +
      line({"read", R"("ret":"-1","count":"64")" + file, 70}) +
      line({"write", R"("ret":"2","count":"2")" + file, 80}) +
      line({"read", R"("ret":"1","count":"1")" + file, 55, 1, 8}) + // another worker's descriptor
      line({"close", R"("ret":0)" + file, 90}) +
      line({"read", R"("ret":"1","count":"1","fd":3,"fname":"/lustre/b")", 100}));
  std::vector<std::uint64_t> offsets;
  for (const Record& record : trace.records_of(0))
    if (record.kind == OperationKind::read || record.kind == OperationKind::write)
      offsets.push_back(record.offset);
  CHECK(offsets ==
        std::vector<std::uint64_t>{kUnknownOffset, 0, 100, 5000, 640, 650, 650, kUnknownOffset});
  CHECK(trace.records_of(1)[0].offset == kUnknownOffset);
  CHECK(trace.files.at(0).extent == 5007);
}

TEST_CASE("trace: threads are sorted by start, equal starts stay as recorded") {
  const Trace trace =
      read_text(line({"close", R"("ret":0,"fd":3,"fname":"/a")", 30}) +
                line({"pread", R"("ret":"1","fname":"/a")", 10}) +
                line({"Dataset.get", R"("epoch":2,"step":"4")", 10, 15, 7, "reader"}))
          .trace;
  REQUIRE(trace.records.size() == 3);
  CHECK(trace.name_of(trace.records[0]) == "pread");
  CHECK(trace.name_of(trace.records[1]) == "Dataset.get");
  CHECK(trace.records[1].kind == OperationKind::span_other);
  CHECK(trace.records[1].epoch == 2);
  CHECK(trace.records[1].step == 4);
  CHECK(trace.duration_s == doctest::Approx(21e-6));
}

TEST_CASE("trace: damage is an error that says where, unless the rest is to be salvaged") {
  const TemporaryFolder folder;
  const std::string good = line({"stat", R"("fname":"/lustre/a")"});
  const fs::path path = folder.write("a.pfw", good + good.substr(0, 40) + "\n" + "garbage\n" +
                                                  line({"stat", R"("fname":"/lustre/b")", 9}));
  try {
    read_trace({path});
    FAIL("the damage was not told");
  } catch (const DamagedTrace& error) {
    const std::string text = error.what();
    CHECK(text.find("a.pfw:2:41: cut off: {") != std::string::npos);
    CHECK(text.find("a.pfw:3:1: cut off: garbage") != std::string::npos);
    CHECK(text.find("whole: 2 events of 4 lines") != std::string::npos);
  }
  CHECK(read_trace({path}, {.salvage = true}).report.events == 2);
}

TEST_CASE("trace: fseek says where it goes, not what it returns") {
  const std::string file = R"(,"fname":"/lustre/a")";
  const auto stdio = [&](const std::string& name, const std::string& arguments, int at) {
    return line({name, arguments + file, at, 1, 7, "STDIO"});
  };
  const auto [trace, report] = read_text(stdio("fopen", R"("ret":94301)", 0) +
                                         stdio("fseek", R"("ret":0,"offset":640,"whence":0)", 10) +
                                         stdio("fread", R"("ret":"2","count":"2","size":"8")", 20) +
                                         stdio("fseek", R"("ret":0,"offset":-8,"whence":1)", 30) +
                                         stdio("fread", R"("ret":"2","count":"2","size":"8")", 40));
  REQUIRE(trace.records.size() == 5);
  CHECK(trace.records[2].offset == 640);
  CHECK(trace.records[2].bytes_moved() == 16);
  CHECK(trace.records[4].offset == kUnknownOffset);
}
