// The quick way through plain lines against the JSON parser: a tab after the first brace changes
// nothing of what a line means, and makes it one for the JSON parser.
#include "sim/trace/dftracer_event.hpp"
#include "sim/trace/dftracer_plain.hpp"
#include "sim/trace/line_source.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace lustrum::trace;

namespace {

// A line with what follows it in a reader's buffer.
class Padded {
public:
  explicit Padded(std::string_view line, char follows = '9')
      : bytes_(std::string{line} + std::string(LineSource::kPadding, follows)), size_(line.size()) {
  }
  std::string_view line() const { return std::string_view{bytes_}.substr(0, size_); }

private:
  std::string bytes_;
  std::size_t size_;
};

const std::vector<std::string_view> kPlain{
    R"({"id":"4041","name":"pread","cat":"POSIX","pid":"1064335","tid":"2129075","ts":"1719855028826828","dur":"1650","ph":"X","args":{"hostname":"x3012c0s7b1n0","level":1,"ret":"4152960","offset":"182750736","p_idx":-1,"count":"4152960","fd":80,"fname":"/eagle/train/2016_0178.h5"}})",
    R"({"id":7,"name":"lseek64","cat":"POSIX","pid":1,"tid":2,"ts":3,"dur":4,"ph":"X","args":{"hhash":"00ff","fhash":"12ab","whence":1,"offset":-5,"ret":-1}})",
    R"({ "id" : 1, "name" : "FH", "cat" : "dftracer", "pid" : 5, "tid" : 7, "ph" : "M", "args" : { "name" : "/l/a b", "value" : "h3" } })",
    R"({"id":2,"name":"fetch.iter","cat":"dataloader","pid":5,"tid":7,"ts":10,"dur":12345678901234567,"ph":2,"args":{"epoch":1,"step":00012,"path":"/p"}})",
    R"({"name":"Step.yield","cat":"","pid":99999999,"tid":100000000,"ts":9999999999999999,"dur":0,"ph":"X","args":{}})",
    R"({"name":"x","ph":"C","args":{"fname":"/first","path":"/second","size":"4k","length":"1e3","flags":"2.6"}})",
};

const std::vector<std::string_view> kNotPlain{
    "",
    "{",
    "[",
    R"({"name":"a\nb","ph":"X"})",
    R"({"name":"b","pid":1.5,"ph":"X"})",
    R"({"name":"café","ph":"X"})",
    R"({"name":"b","args":[1],"ph":"X"})",
    R"({"name":"b","args":{"a":{"b":1}},"ph":"X"})",
    R"({"name":"b","ph":"X"}})",
    R"({"name":"b","ph":"X"} x)",
    R"({"name":"b","ph":"X",})",
    R"({"name":"b" "ph":"X"})",
    R"({"name":3,"ph":"X"})",
    R"({"name":"b","ph":"X","ok":true})",
    R"({"name":"b","ph":"X)",
    R"({"name":"b","ph":"X","args":{"ret":1)",
    R"({"name":"b","ph":"X","args":7})",
    R"({"name":"b","ph":"X","pid":-})",
    R"({"name":"b","ph":"X","pid":1 2})",
    R"({name:"b"})",
};

void check_same(const std::string& line) {
  if (!line.starts_with('{')) return;
  const Padded quick(line);
  const Padded json("{\t" + line.substr(1));
  DftracerParser parser;
  DftracerParser other;
  DftracerEvent event;
  DftracerEvent expected;
  const std::string problem{parser.parse(quick.line(), event)};
  const std::string expected_problem{other.parse(json.line(), expected)};
  INFO(line);
  CHECK(problem == expected_problem);
  if (problem.empty()) CHECK(event == expected);
}

} // namespace

TEST_CASE("trace plain lines: those that a tracer writes are plain, and mean what JSON means") {
  DftracerPlainLine plain;
  for (const std::string_view line : kPlain) {
    INFO(line);
    const Padded padded(line);
    DftracerEvent event;
    PhaseText phase = PhaseText::none;
    CHECK(plain.read(padded.line(), event, phase));
    check_same(std::string{line});
  }
}

// What follows a line in the buffer is another line, or what was there before: it must not count,
// whatever it is.
TEST_CASE("trace plain lines: all others are left to the JSON parser") {
  DftracerPlainLine plain;
  for (const std::string_view line : kNotPlain)
    for (const char follows : {'9', '}', '"', ' ', ',', '{', ':', '\n'}) {
      INFO(line);
      const Padded padded(line, follows);
      DftracerEvent event;
      PhaseText phase = PhaseText::none;
      CHECK_FALSE(plain.read(padded.line(), event, phase));
    }
  const std::string long_line =
      R"({"name":"b","ph":"X","args":{"fname":")" + std::string(5000, 'f') + R"("}})";
  const std::string many_quotes = "{" + std::string(3000, '"');
  for (const std::string& line : {long_line, many_quotes}) {
    const Padded padded(line);
    DftracerEvent event;
    PhaseText phase = PhaseText::none;
    CHECK_FALSE(plain.read(padded.line(), event, phase));
    check_same(line);
  }
  for (const std::string_view line : kNotPlain) check_same(std::string{line});
}

TEST_CASE("trace plain lines: changed at random they mean what JSON means") {
  const std::vector<std::string_view> pieces{
      R"(")",      R"(\)", R"(\")", "{",    "}",           "[",
      "]",         ",",    ":",     " ",    "\t",          "-",
      "1",         ".",    "e5",    "true", R"("ret":"7)", R"("name":"x",)",
      "00",        "\n",   "\x01",  "{}",   "\xff",        R"("":1,)",
      R"("fd":3,)"};
  std::mt19937 random(7); // its numbers are the same everywhere
  const auto below = [&random](std::size_t end) { return random() % end; };
  for (int i = 0; i < 20'000; ++i) {
    std::string line{kPlain[below(kPlain.size())]};
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      const std::size_t at = 1 + below(line.size() - 1);
      switch (below(4)) {
      case 0:
        line.insert(at, pieces[below(pieces.size())]);
        break;
      case 1:
        line.erase(at, 1 + below(4));
        break;
      case 2:
        line[at] = static_cast<char>(below(256));
        break;
      default:
        line.resize(at + 1);
        break;
      }
      if (line.size() < 2) line += "  ";
    }
    check_same(line);
  }
}

// Lengths from 1 to 19 digits, and what is no number, against the standard library.
TEST_CASE("trace plain lines: numbers of any length") {
  std::string digits;
  for (int length = 1; length <= 19; ++length) {
    digits += static_cast<char>('0' + (length * 7) % 10);
    const Padded padded(digits);
    CHECK(number(padded.line()) == std::stoll(digits));
    const Padded negative("-" + digits);
    CHECK(number(negative.line()) == -std::stoll(digits));
    for (const char other : {'/', ':', ' ', '\xb0', 'a'}) {
      std::string broken = digits;
      broken[broken.size() / 2] = other;
      const Padded text(broken, '0');
      CHECK(number(text.line()) == kAbsent);
    }
  }
  CHECK(number(Padded("").line()) == kAbsent);
  CHECK(number(Padded("2.5e3").line()) == 2500);
}
