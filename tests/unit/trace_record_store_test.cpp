// Records put aside in fewer bytes come back bit by bit, from memory and from a file.
#include "sim/trace/record_pack.hpp"
#include "sim/trace/record_store.hpp"

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

using namespace lustrum::trace;

namespace {

template <class Number> Number any_of(std::mt19937_64& random) {
  constexpr auto kLeast = std::numeric_limits<Number>::min();
  constexpr auto kMost = std::numeric_limits<Number>::max();
  const std::array<Number, 7> ends{
      kLeast, kMost, 0, 1, static_cast<Number>(-1), 0x7FFF, static_cast<Number>(kMost - 1)};
  if (random() % 2 == 0) return ends[random() % ends.size()];
  return static_cast<Number>(random() >> random() % 64);
}

Record any_record(std::mt19937_64& random) {
  Record record;
  record.start_s = std::bit_cast<double>(any_of<std::uint64_t>(random));
  switch (random() % 3) {
  case 0:
    record.duration_s = std::bit_cast<double>(any_of<std::uint64_t>(random));
    break;
  case 1:
    record.duration_s = static_cast<double>(random() % 10'000'000'000) / 1e9;
    break;
  default:
    record.duration_s = -0.0;
  }
  record.offset = any_of<std::uint64_t>(random);
  record.requested = any_of<std::uint64_t>(random);
  record.returned = any_of<std::int64_t>(random);
  record.file = any_of<std::uint32_t>(random);
  record.thread = any_of<std::uint32_t>(random);
  record.process = any_of<std::uint32_t>(random);
  record.name = any_of<std::uint32_t>(random);
  record.fd = any_of<std::int32_t>(random);
  record.epoch = any_of<std::int32_t>(random);
  record.step = any_of<std::int32_t>(random);
  record.open_flags = any_of<std::uint32_t>(random);
  record.kind = static_cast<OperationKind>(random() % 17);
  record.failed = random() % 2 == 0;
  return record;
}

// -0 and what is no number are equal only by their bits.
bool same_bits(Record a, Record b) {
  const auto take_times = [](Record& record) {
    const std::array bits{std::bit_cast<std::uint64_t>(record.start_s),
                          std::bit_cast<std::uint64_t>(record.duration_s)};
    record.start_s = record.duration_s = 0;
    return bits;
  };
  return take_times(a) == take_times(b) && a == b;
}

std::vector<Record> any_records(std::size_t count) {
  std::mt19937_64 random(11); // its numbers are the same everywhere
  std::vector<Record> records;
  while (records.size() < count) records.push_back(any_record(random));
  return records;
}

} // namespace

TEST_CASE("trace record pack: any record comes back, within the room") {
  RecordPacker packer;
  RecordUnpacker unpacker;
  for (const Record& record : any_records(20'000)) {
    std::array<char, kPackedRoom> bytes{};
    const char* const end = packer.pack(record, bytes.data());
    REQUIRE(end <= bytes.data() + bytes.size());
    Record back;
    REQUIRE(unpacker.unpack(bytes.data(), back) == end);
    REQUIRE(same_bits(back, record));
  }
}

// A read of 1 MiB, 1 ms after the last one: 4 bytes of widths; 4 of start (10^6 ns, doubled),
// duration, requested and returned; 2 of file, thread, name with kind, and descriptor; an offset
// that is not known, and zeros, take none: 4 + 4 * 4 + 4 * 2.
TEST_CASE("trace record pack: an ordinary record takes 28 bytes") {
  Record record;
  record.start_s = std::bit_cast<double>(std::int64_t{1'719'855'028'826'828'000});
  record.duration_s = 0.000'250'001;
  record.requested = 1 << 20;
  record.returned = 1 << 20;
  record.file = 1000;
  record.thread = 3;
  record.name = 5;
  record.fd = 20;
  record.kind = OperationKind::read;
  RecordPacker packer;
  std::array<char, 2 * kPackedRoom> bytes{};
  char* const second = packer.pack(record, bytes.data());
  record.start_s = std::bit_cast<double>(std::bit_cast<std::int64_t>(record.start_s) + 1'000'000);
  CHECK(packer.pack(record, second) - second == 28);
}

TEST_CASE("trace record store: in memory, in a file, or too many") {
  const std::vector<Record> records = any_records(1000);
  constexpr std::uint32_t kBlock = 512;
  constexpr std::uint64_t kMany = 1 << 20;
  for (const RecordLimits limits :
       {RecordLimits{}, RecordLimits{kMany, kMany, kBlock}, RecordLimits{2 * kBlock, kMany, kBlock},
        RecordLimits{0, kMany, kPackedRoom}}) {
    RecordStore store(limits);
    for (const Record& record : records) store.add(record);
    REQUIRE(store.has_all());
    std::size_t visited = 0;
    CHECK(store.visit([&](const Record& record) {
      REQUIRE(visited < records.size());
      CHECK(same_bits(record, records[visited++]));
    }));
    CHECK(visited == records.size());
  }
  RecordStore small({2 * kBlock, 4 * kBlock, kBlock});
  for (const Record& record : records) small.add(record);
  CHECK_FALSE(small.has_all());
}

TEST_CASE("trace record store: nothing put aside is nothing to visit") {
  RecordStore store(RecordLimits{});
  CHECK(store.has_all());
  CHECK(store.visit([](const Record& /*record*/) { FAIL("a record"); }));
}
