#include "sim/trace/dftracer_plain.hpp"

#include "sim/trace/line_source.hpp"

#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace lustrum::trace {
namespace {

constexpr std::size_t kBlock = 64;
static_assert(LineSource::kPadding >= kBlock);

// A bit for each of 64 bytes.
struct BlockBits {
  std::uint64_t quotes = 0;
  std::uint64_t unusual = 0; // backslashes, control characters, beyond ASCII
};

#ifdef __SSE2__
BlockBits bits_of(const char* block) {
  constexpr std::size_t kLane = 16;
  BlockBits bits;
  for (std::size_t from = 0; from < kBlock; from += kLane) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + from));
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i unusual = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), // signed
                                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    bits.quotes |= static_cast<std::uint64_t>(_mm_movemask_epi8(quotes)) << from;
    bits.unusual |= static_cast<std::uint64_t>(_mm_movemask_epi8(unusual)) << from;
  }
  return bits;
}
#else
BlockBits bits_of(const char* block) {
  BlockBits bits;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto byte = static_cast<unsigned char>(block[i]);
    bits.quotes |= std::uint64_t{byte == '"'} << i;
    bits.unusual |= std::uint64_t{byte < ' ' || byte >= 0x80 || byte == '\\'} << i;
  }
  return bits;
}
#endif

class PlainValue {
public:
  PlainValue(std::string_view text, bool is_text) : text_(text), is_text_(is_text) {}

  std::string_view scalar() const { return text_; }
  bool text(std::string_view& to) const {
    to = text_;
    return is_text_;
  }
  bool text_if_any(std::string_view& to) const {
    if (is_text_) to = text_;
    return true;
  }
  static bool arguments(DftracerEvent& /*event*/) { return false; }

private:
  std::string_view text_;
  bool is_text_;
};

// Walks over the parts of a line; all is inlined, so that it lives in registers. It may look a few
// bytes beyond the line's end: then it ends elsewhere, and the line was not plain.
class Cursor {
public:
  Cursor(std::string_view line, const std::uint16_t* quotes, std::size_t quote_count)
      : begin_(line.data()), at_(begin_), end_(begin_ + line.size()), quote_(quotes),
        last_quote_(quotes + quote_count) {}

  bool at_end() const { return at_ == end_; }
  char here() const { return *at_; }
  void step() {
    ++at_;
    while (*at_ == ' ' && at_ < end_) ++at_;
  }
  // What stands between the next two quotes. All before are taken: a quote here is the first of
  // them.
  bool take_text(std::string_view& text) {
    if (*at_ != '"' || last_quote_ - quote_ < 2) return false;
    const char* const end = begin_ + quote_[1];
    text = {at_ + 1, static_cast<std::size_t>(end - at_ - 1)};
    quote_ += 2;
    at_ = end;
    step();
    return true;
  }
  bool take_number(std::string_view& text) {
    const char* const start = at_;
    if (*at_ == '-') ++at_;
    const char* const digits = at_;
    std::uint64_t others = 0;
    while ((others = non_digits(text_word(at_))) == 0 && at_ < end_) at_ += kWordBytes;
    at_ += std::countr_zero(others) / 8;
    text = {start, static_cast<std::size_t>(at_ - start)};
    if (at_ == digits) return false;
    --at_;
    step();
    return true;
  }

private:
  const char* begin_;
  const char* at_;
  const char* end_;
  const std::uint16_t* quote_; // the next one
  const std::uint16_t* last_quote_;
};

// From its brace to after the other one, by `take_value(key)`.
template <class TakeValue>
[[gnu::always_inline]] inline bool read_object(Cursor& cursor, const TakeValue& take_value) {
  cursor.step();
  if (cursor.here() != '}') {
    while (true) {
      std::string_view key;
      if (!cursor.take_text(key) || cursor.here() != ':') return false;
      cursor.step();
      if (!take_value(key)) return false;
      if (cursor.here() == '}') break;
      if (cursor.here() != ',') return false;
      cursor.step();
    }
  }
  cursor.step();
  return true;
}

[[gnu::always_inline]] inline bool read_line(Cursor& cursor, DftracerEvent& event,
                                             PhaseText& phase) {
  const auto take_argument = [&](std::string_view key) __attribute__((always_inline)) {
    const bool is_text = cursor.here() == '"';
    std::string_view text;
    if (!(is_text ? cursor.take_text(text) : cursor.take_number(text))) return false;
    const PlainValue value(text, is_text);
    return set_argument(key, value, event);
  };
  const auto take_field = [&](std::string_view key) __attribute__((always_inline)) {
    if (cursor.here() == '{') return key == "args" && read_object(cursor, take_argument);
    const bool is_text = cursor.here() == '"';
    std::string_view text;
    if (!(is_text ? cursor.take_text(text) : cursor.take_number(text))) return false;
    const PlainValue value(text, is_text);
    return set_field(key, value, event, phase);
  };
  return read_object(cursor, take_field) && cursor.at_end();
}

} // namespace

bool DftracerPlainLine::read(std::string_view line, DftracerEvent& event, PhaseText& phase) {
  if (!line.starts_with('{') || line.size() > kLongest || !find_quotes(line)) return false;
  Cursor cursor(line, quotes_.data(), quote_count_);
  return read_line(cursor, event, phase);
}

// False when the line holds bytes that are not plain, or too many quotes.
bool DftracerPlainLine::find_quotes(std::string_view line) {
  quote_count_ = 0;
  for (std::size_t from = 0; from < line.size(); from += kBlock) {
    BlockBits bits = bits_of(line.data() + from);
    if (const std::size_t rest = line.size() - from; rest < kBlock) {
      const std::uint64_t inside = (std::uint64_t{1} << rest) - 1;
      bits.quotes &= inside;
      bits.unusual &= inside;
    }
    if (bits.unusual != 0 || quote_count_ + kBlock > kQuotes) return false;
    for (; bits.quotes != 0; bits.quotes &= bits.quotes - 1)
      quotes_[quote_count_++] = static_cast<std::uint16_t>(
          from + static_cast<std::size_t>(std::countr_zero(bits.quotes)));
  }
  return true;
}

} // namespace lustrum::trace
