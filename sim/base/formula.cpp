#include "sim/base/formula.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string>

namespace lustrum {
namespace {

bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '[' ||
         c == ']';
}

bool in_digits(char c) { return c >= '0' && c <= '9'; }

// Recursive descent; after the first problem every value is 0.
class Reader {
public:
  Reader(std::string_view text, const FormulaNames& names) : text_(text), names_(names) {}

  Parsed<double> read() {
    const double value = sum();
    if (problem_.empty() && at_ < text_.size()) fail("an operator");
    if (problem_.empty() && !std::isfinite(value)) problem_ = "a division by 0";
    if (!problem_.empty())
      return TextProblem{DiagnosticCode::impossible, fmt::format("`{}`: {}", text_, problem_),
                         "e.g. (fsx.metrics.makespan_s + start) / 2"};
    return value;
  }

private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char wanted) {
    skip();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  double fail(std::string_view expected) {
    if (problem_.empty())
      problem_ = fmt::format("{} is missing before `{}`", expected, text_.substr(at_));
    return 0;
  }
  double bracketed() {
    const double value = sum();
    return take(')') ? value : fail("`)`");
  }

  double sum() {
    constexpr int kDeepest = 100;
    if (++depth_ > kDeepest) return fail("fewer parentheses: something");
    double value = product();
    while (problem_.empty()) {
      if (take('+'))
        value += product();
      else if (take('-'))
        value -= product();
      else
        break;
    }
    --depth_;
    skip();
    return value;
  }

  double product() {
    double value = factor();
    while (problem_.empty()) {
      if (take('*'))
        value *= factor();
      else if (take('/'))
        value /= factor();
      else
        break;
    }
    return value;
  }

  double factor() {
    if (take('(')) return bracketed();
    if (at_ >= text_.size() || !problem_.empty()) return fail("a number or a name");
    if (in_digits(text_[at_])) return number();
    std::size_t end = at_;
    while (end < text_.size() && in_name(text_[end])) ++end;
    if (end == at_) return fail("a number or a name");
    const std::string_view name = text_.substr(at_, end - at_);
    at_ = end;
    if ((name == "min" || name == "max") && take('(')) return lesser_or_greater(name == "min");
    if (const std::optional<double> value = names_(name)) return *value;
    problem_ = fmt::format("nothing is called `{}`", name);
    return 0;
  }

  double lesser_or_greater(bool lesser) {
    const double first = sum();
    if (!take(',')) return fail("`,`");
    const double second = bracketed();
    return lesser ? std::min(first, second) : std::max(first, second);
  }

  double number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{}) return fail("a number");
    at_ += static_cast<std::size_t>(end - begin);
    return value;
  }

  std::string_view text_;
  const FormulaNames& names_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string problem_;
};

} // namespace

Parsed<double> evaluate_formula(std::string_view text, const FormulaNames& names) {
  return Reader{text, names}.read();
}

} // namespace lustrum
