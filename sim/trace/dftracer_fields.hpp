// What the fields of a DFTracer line mean, for whoever takes the line apart: a Value is one field's
// value and has
//
//   std::string_view scalar();             // its text, without quotes
//   bool text(std::string_view& to);       // false: it is no text
//   bool text_if_any(std::string_view& to) // leaves `to` when it is no text; false: damaged
//   bool arguments(DftracerEvent& event);  // its own fields, by set_argument(); false: none,
//   damaged
#pragma once

#include "sim/trace/dftracer_event.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

namespace lustrum::trace {

// `ph` is a letter, or in the newest writers a number: then the other fields tell.
enum class PhaseText : std::uint8_t { none, complete, metadata, letter, number };

inline PhaseText phase_text(std::string_view text) {
  if (text.empty()) return PhaseText::none;
  if (text == "X") return PhaseText::complete;
  if (text == "M") return PhaseText::metadata;
  return text.front() >= '0' && text.front() <= '9' ? PhaseText::number : PhaseText::letter;
}

// Of anything but up to 16 digits: the nearest whole number, or kAbsent.
std::int64_t unusual_number(std::string_view text);

// Eight bytes of text as one integer, in which the first is the lowest. Precondition: 8 readable.
static_assert(std::endian::native == std::endian::little);
constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kEachByte = 0x0101'0101'0101'0101;
inline std::uint64_t text_word(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, kWordBytes);
  return word;
}

// The high bit of bytes that are no digit; true of the first such byte, those after it may be
// wrong.
constexpr std::uint64_t non_digits(std::uint64_t word) {
  const std::uint64_t values = word ^ ('0' * kEachByte); // of a digit 0 to 9, else more
  return (values | (values + (0x7F - 9) * kEachByte)) & (0x80 * kEachByte);
}

// The value of up to 8 digits, or kNoDigits when one is none. All are taken together, as a loop's
// length is hard to foretell: pairs of them become numbers, pairs of these, and of these.
// Precondition: at least one, and 8 readable bytes.
constexpr std::uint64_t kNoDigits = std::numeric_limits<std::uint64_t>::max();
inline std::uint64_t few_digits(const char* text, std::size_t size) {
  const std::size_t missing_bits = 8 * (kWordBytes - size);
  const std::uint64_t zeros = ('0' * kEachByte) & ((std::uint64_t{1} << missing_bits) - 1);
  const std::uint64_t word = text_word(text) << missing_bits | zeros;
  if (non_digits(word) != 0) return kNoDigits;
  const std::uint64_t ones = word ^ ('0' * kEachByte);
  const std::uint64_t twos = (ones * 10 + (ones >> 8)) & 0x00FF'00FF'00FF'00FF;
  const std::uint64_t fours = (twos * 100 + (twos >> 16)) & 0x0000'FFFF'0000'FFFF;
  return (fours * 10'000 + (fours >> 32)) & 0xFFFF'FFFF;
}

// Precondition: 8 readable bytes at its end.
inline std::int64_t number(std::string_view text) {
  if (text.empty() || text.size() > 2 * kWordBytes) return unusual_number(text);
  const std::size_t first = (text.size() - 1) % kWordBytes + 1;
  const std::uint64_t number = few_digits(text.data(), first);
  if (number == kNoDigits) return unusual_number(text);
  if (first == text.size()) return static_cast<std::int64_t>(number);
  const std::uint64_t rest = few_digits(text.data() + first, kWordBytes);
  if (rest == kNoDigits) return unusual_number(text);
  return static_cast<std::int64_t>(number * 100'000'000 + rest);
}

// A key as one integer to switch on; 0 for an empty one and for one longer than any we know.
// Precondition: 8 readable bytes.
constexpr std::uint64_t key_code(std::string_view key) {
  constexpr std::size_t kBits = 8;
  if (key.empty() || key.size() > kWordBytes) return 0;
  std::uint64_t code = 0;
  if (std::is_constant_evaluated()) {
    for (std::size_t i = key.size(); i > 0; --i)
      code = code << kBits | static_cast<unsigned char>(key[i - 1]);
    return code;
  }
  const std::size_t others = kBits * (kWordBytes - key.size());
  return text_word(key.data()) << others >> others;
}

// A field of `args`. False: the line is damaged there.
template <class Value> bool set_argument(std::string_view key, Value& value, DftracerEvent& event) {
  const auto set = [&value](std::int64_t& to) {
    to = number(value.scalar());
    return true;
  };
  switch (key_code(key)) {
  case key_code("ret"):
    return set(event.returned);
  case key_code("fd"):
    return set(event.fd);
  case key_code("count"):
    return set(event.count);
  case key_code("offset"):
    return set(event.offset);
  case key_code("whence"):
    return set(event.whence);
  case key_code("flags"):
    return set(event.flags);
  case key_code("length"):
    return set(event.length);
  case key_code("size"):
    return set(event.size);
  case key_code("epoch"):
    return set(event.epoch);
  case key_code("step"):
    return set(event.step);
  case key_code("hostname"):
    return value.text_if_any(event.host);
  case key_code("fname"):
    return value.text_if_any(event.file);
  case key_code("path"):
    return !event.file.empty() || value.text_if_any(event.file);
  case key_code("name"):
    return value.text_if_any(event.meta_name);
  case key_code("hhash"):
    event.host_hash = value.scalar();
    return true;
  case key_code("fhash"):
    event.file_hash = value.scalar();
    return true;
  case key_code("value"):
    event.meta_value = value.scalar();
    return true;
  default:
    return true;
  }
}

// A field of the line. False: the line is damaged there.
template <class Value>
bool set_field(std::string_view key, Value& value, DftracerEvent& event, PhaseText& phase) {
  const auto set = [&value](std::int64_t& to) {
    to = number(value.scalar());
    return true;
  };
  switch (key_code(key)) {
  case key_code("name"):
    return value.text(event.name);
  case key_code("cat"):
    return value.text(event.category);
  case key_code("pid"):
    return set(event.pid);
  case key_code("tid"):
    return set(event.tid);
  case key_code("ts"):
    return set(event.start_us);
  case key_code("dur"):
    return set(event.duration_us);
  case key_code("ph"):
    phase = phase_text(value.scalar());
    return true;
  case key_code("args"):
    return value.arguments(event);
  default:
    return true;
  }
}

} // namespace lustrum::trace
