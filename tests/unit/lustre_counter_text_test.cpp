// The layouts of Lustre's counter files, to the blank: scripts cut them by column.
#include "models/assembly/packed_run.hpp"
#include "models/lustre/counter_text.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

const Seconds kNow{12.5};
const std::string kPlainHeader = "snapshot_time             12.500000000 secs.nsecs\n"
                                 "start_time                0.000000000 secs.nsecs\n"
                                 "elapsed_time              12.500000000 secs.nsecs\n";

} // namespace

TEST_CASE("counter text: a stats file leaves out what never happened") {
  SampleCounter bytes;
  bytes.add(4096);
  bytes.add(1024);
  CHECK(stats_text(kNow, {{"read_bytes", "bytes", bytes}, {"open", "usecs", {}}}) ==
        kPlainHeader + "read_bytes                2 samples [bytes] 1024 4096 5120 17825792\n");
}

TEST_CASE("counter text: plain counts") {
  CHECK(counts_text(kNow, "pages", {{"hits", 85}, {"misses", 0}}) ==
        kPlainHeader + "hits                      85 samples [pages]\n");
}

TEST_CASE("counter text: the header of histogram files has colons") {
  CHECK(time_header(kNow, true) == "snapshot_time:            12.500000000 secs.nsecs\n"
                                   "start_time:               0.000000000 secs.nsecs\n"
                                   "elapsed_time:             12.500000000 secs.nsecs\n");
}

// Shares are cut, not rounded; both columns end with the row that completes the longer one.
TEST_CASE("counter text: rpc_stats") {
  Histogram read;
  Histogram write;
  for (int i = 0; i < 2; ++i) read.add_log2(1);
  read.add_log2(4);
  write.add_log2(2);
  CHECK(rpc_histogram({.name = "pages per rpc",
                       .unit = "rpcs",
                       .labels = BucketLabels::power,
                       .read = &read,
                       .write = &write}) ==
        "\n\t\t\tread\t\t\twrite\n"
        "pages per rpc         rpcs   % cum % |       rpcs   % cum %\n"
        "1:\t\t         2  66  66   |          0   0   0\n"
        "2:\t\t         0   0  66   |          1 100 100\n"
        "4:\t\t         1  33 100   |          0   0 100\n");
}

TEST_CASE("counter text: offsets begin with 0, in flight with 1") {
  Histogram read;
  read.add_log2(1024 + 1); // page 1024
  const Histogram none;
  const std::string offset = rpc_histogram({.name = "offset",
                                            .unit = "rpcs",
                                            .labels = BucketLabels::zero_power,
                                            .read = &read,
                                            .write = &none});
  CHECK(offset.find("\n0:\t\t") != std::string::npos);
  CHECK(offset.find("\n1024:\t\t         1 100 100   |") != std::string::npos);
  Histogram at_once;
  at_once.add(2);
  CHECK(rpc_histogram({.name = "rpcs in flight",
                       .unit = "rpcs",
                       .first = 1,
                       .read = &at_once,
                       .write = &none}) ==
        "\n\t\t\tread\t\t\twrite\n"
        "rpcs in flight        rpcs   % cum % |       rpcs   % cum %\n"
        "1:\t\t         0   0   0   |          0   0   0\n"
        "2:\t\t         1 100 100   |          0   0   0\n");
}

TEST_CASE("counter text: brw_stats counts in K and M, from the first count on") {
  Histogram read;
  Histogram write;
  write.add_log2(64 * kKib);
  write.add_log2(4 * kMib);
  read.add_log2(128 * kKib);
  const std::string text = brw_histogram({.name = "disk I/O size",
                                          .unit = "ios",
                                          .labels = BucketLabels::power,
                                          .read = &read,
                                          .write = &write});
  CHECK(text == "\n                           read      |     write\n"
                "disk I/O size          ios   % cum % |  ios         % cum %\n"
                "64K:\t\t         0   0   0   |    1  50  50\n"
                "128K:\t\t         1 100 100   |    0   0  50\n"
                "256K:\t\t         0   0 100   |    0   0  50\n"
                "512K:\t\t         0   0 100   |    0   0  50\n"
                "1M:\t\t         0   0 100   |    0   0  50\n"
                "2M:\t\t         0   0 100   |    0   0  50\n"
                "4M:\t\t         0   0 100   |    1  50 100\n");
}

TEST_CASE("counter text: a histogram of nothing is one row") {
  const Histogram none;
  CHECK(
      rpc_histogram(
          {.name = "rpcs in flight", .unit = "rpcs", .first = 1, .read = &none, .write = &none}) ==
      "\n\t\t\tread\t\t\twrite\n"
      "rpcs in flight        rpcs   % cum % |       rpcs   % cum %\n"
      "1:\t\t         0   0   0   |          0   0   0\n");
  CHECK(modify_histogram({}) == "\n\t\t\tmodify\nrpcs in flight        rpcs   % cum %\n"
                                "0:\t\t         0   0   0\n");
}

TEST_CASE("counter text: extents change their unit at 1024") {
  Histogram read;
  read.add(0); // less than 4 KiB
  read.add(9); // 1 MiB to 2 MiB
  const std::string text = extents_histogram(read, {});
  CHECK(text.find("   0K -    4K :              1   50   50  |") != std::string::npos);
  CHECK(text.find(" 512K - 1024K :              0    0   50  |") != std::string::npos);
  CHECK(text.find("   1M -    2M :              1   50  100  |") != std::string::npos);
}

TEST_CASE("counter text: job_stats keeps lines without samples and quotes odd names") {
  SampleCounter bytes;
  bytes.add(4096);
  CHECK(job_text(kNow, "ior easy", {{"read_bytes", "bytes", bytes}, {"read", "usecs", {}}}) ==
        "- job_id:          \"ior easy\"\n"
        "  snapshot_time:   12.500000000 secs.nsecs\n"
        "  start_time:      0.000000000 secs.nsecs\n"
        "  elapsed_time:    12.500000000 secs.nsecs\n"
        "  read_bytes:      { samples:           1, unit: bytes, min:     4096, max:     4096, "
        "sum:             4096, sumsq:           16777216 }\n"
        "  read:            { samples:           0, unit: usecs, min:        0, max:        0, "
        "sum:                0, sumsq:                  0 }\n");
  CHECK(job_text(kNow, "ior", {}).starts_with("- job_id:          ior\n"));
}

TEST_CASE("packed run: result and files come back whole, whatever is in them") {
  const PackedRun run{.result = "{\n}\n", .counters = {{"a/b", "7\nseven"}, {"c", ""}}};
  const PackedRun back = unpack(pack(run));
  CHECK(back.result == run.result);
  REQUIRE(back.counters.size() == 2);
  CHECK(back.counters[0].path == "a/b");
  CHECK(back.counters[0].text == "7\nseven");
  CHECK(back.counters[1].path == "c");
  CHECK(back.counters[1].text.empty());
}

TEST_CASE("packed run: what is cut short is refused") {
  const std::string text = pack({.result = "{}", .counters = {{"a", "b"}}});
  for (const std::size_t cut : {std::size_t{1}, std::size_t{3}, text.size() - 1, text.size() - 3})
    CHECK_THROWS_AS(unpack(text.substr(0, cut)), std::runtime_error);
  CHECK_THROWS_AS(unpack("x"), std::runtime_error);
  CHECK_THROWS_AS(unpack(""), std::runtime_error);
}
