#include "sim/trace/record_pack.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace lustrum::trace {
namespace {

// A record is 13 numbers. First come two bits for each, which tell how many of its bytes follow.
constexpr std::size_t kNumbers = 13;
using Numbers = std::array<std::uint64_t, kNumbers>;
constexpr std::array<std::size_t, 4> kBytes{0, 2, 4, 8};
constexpr std::array<std::uint64_t, 4> kMasks{0, 0xFFFF, 0xFFFF'FFFF, ~std::uint64_t{0}};
constexpr std::uint32_t kDurationAsBits = std::uint32_t{1} << (2 * kNumbers);
static_assert(kPackedRoom >= sizeof(std::uint32_t) + kNumbers * sizeof(std::uint64_t));

constexpr std::uint32_t width_of(std::uint64_t number) {
  return std::uint32_t{number != 0} + std::uint32_t{number > kMasks[1]} +
         std::uint32_t{number > kMasks[2]};
}

// Small numbers of either sign become small ones; the least of all, kNoReturn, becomes 0.
constexpr std::uint64_t fold_sign(std::uint64_t number) {
  return ((number << 1U) ^ (0 - (number >> 63U))) + 1;
}
constexpr std::uint64_t unfold_sign(std::uint64_t folded) {
  return ((folded - 1) >> 1U) ^ (0 - ((folded - 1) & 1U));
}

// What stands for nothing, all ones, becomes 0.
constexpr std::uint64_t or_none(std::uint32_t index) { return std::uint32_t{index + 1}; }
constexpr std::uint64_t or_none(std::int32_t number) {
  return or_none(static_cast<std::uint32_t>(number));
}
constexpr std::uint32_t index_of(std::uint64_t packed) {
  return static_cast<std::uint32_t>(packed) - 1;
}
constexpr std::int32_t number_of(std::uint64_t packed) {
  return static_cast<std::int32_t>(index_of(packed));
}

constexpr double kNsPerSecond = 1e9;
double seconds_of(std::uint64_t ns) { return static_cast<double>(ns) / kNsPerSecond; }

// Mostly whole nanoseconds, which are short; else the bits, and a mark in `widths`.
std::uint64_t pack_duration(double duration_s, std::uint32_t& widths) {
  const auto bits = std::bit_cast<std::uint64_t>(duration_s);
  constexpr double kLongest = 1e6;
  if (duration_s >= 0 && duration_s < kLongest) {
    const auto ns = static_cast<std::uint64_t>(std::llrint(duration_s * kNsPerSecond));
    if (std::bit_cast<std::uint64_t>(seconds_of(ns)) == bits) return ns;
  }
  widths |= kDurationAsBits;
  return bits;
}

} // namespace

char* RecordPacker::pack(const Record& record, char* to) {
  const auto start = std::bit_cast<std::uint64_t>(record.start_s);
  std::uint32_t widths = 0;
  const std::uint64_t duration = pack_duration(record.duration_s, widths);
  const Numbers numbers{fold_sign(start - last_start_),
                        duration,
                        record.offset + 1, // kUnknownOffset is all ones
                        record.requested,
                        fold_sign(static_cast<std::uint64_t>(record.returned)),
                        or_none(record.file),
                        record.thread,
                        record.process,
                        std::uint64_t{record.name} << 8U |
                            static_cast<std::uint64_t>(record.kind) << 1U | record.failed,
                        or_none(record.fd),
                        or_none(record.epoch),
                        or_none(record.step),
                        record.open_flags};
  last_start_ = start;
  char* at = to + sizeof(widths);
  for (std::size_t i = 0; i < kNumbers; ++i) {
    const std::uint32_t width = width_of(numbers[i]);
    widths |= width << (2 * i);
    std::memcpy(at, &numbers[i], sizeof(numbers[i])); // too much is overwritten by the next
    at += kBytes[width];
  }
  std::memcpy(to, &widths, sizeof(widths));
  return at;
}

const char* RecordUnpacker::unpack(const char* from, Record& record) {
  std::uint32_t widths = 0;
  std::memcpy(&widths, from, sizeof(widths));
  from += sizeof(widths);
  Numbers numbers;
  for (std::size_t i = 0; i < kNumbers; ++i) {
    const std::uint32_t width = widths >> (2 * i) & 3U;
    std::memcpy(&numbers[i], from, sizeof(numbers[i]));
    numbers[i] &= kMasks[width];
    from += kBytes[width];
  }
  last_start_ += unfold_sign(numbers[0]);
  record.start_s = std::bit_cast<double>(last_start_);
  record.duration_s =
      (widths & kDurationAsBits) != 0 ? std::bit_cast<double>(numbers[1]) : seconds_of(numbers[1]);
  record.offset = numbers[2] - 1;
  record.requested = numbers[3];
  record.returned = static_cast<std::int64_t>(unfold_sign(numbers[4]));
  record.file = index_of(numbers[5]);
  record.thread = static_cast<std::uint32_t>(numbers[6]);
  record.process = static_cast<std::uint32_t>(numbers[7]);
  record.name = static_cast<std::uint32_t>(numbers[8] >> 8U);
  record.kind = static_cast<OperationKind>(numbers[8] >> 1U & 0x7FU);
  record.failed = (numbers[8] & 1U) != 0;
  record.fd = number_of(numbers[9]);
  record.epoch = number_of(numbers[10]);
  record.step = number_of(numbers[11]);
  record.open_flags = static_cast<std::uint32_t>(numbers[12]);
  return from;
}

} // namespace lustrum::trace
