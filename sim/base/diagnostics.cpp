#include "sim/base/diagnostics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <tuple>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;
using enum Severity;

constexpr std::array kRules{
    DiagnosticRule{not_yaml, error, "E101",
                   "the file is not valid YAML, or uses a part of YAML "
                   "that is not supported"},
    DiagnosticRule{duplicate_key, error, "E102", "a key is given twice in one mapping"},
    DiagnosticRule{missing_key, error, "E103", "a required key is missing"},
    DiagnosticRule{unknown_key, error, "E104", "a key is not known at this place"},
    DiagnosticRule{wrong_shape, error, "E105",
                   "a mapping, a list, a single value or nothing stands "
                   "where something else is needed"},
    DiagnosticRule{not_a_value, error, "E106",
                   "a value is not a number, has no unit or an unknown "
                   "one, or cannot be read for another reason"},
    DiagnosticRule{wrong_unit, error, "E107", "a value has a unit of the wrong kind"},
    DiagnosticRule{out_of_range, error, "E108", "a value lies outside the range allowed"},
    DiagnosticRule{not_a_choice, error, "E109", "a value is not one of the choices"},
    DiagnosticRule{unreadable_file, error, "E110", "a file does not exist or cannot be read"},
    DiagnosticRule{no_such_entry, error, "E111", "the catalog has no entry of this name"},
    DiagnosticRule{no_provenance, error, "E112", "a figure lacks its source, its date or its kind"},
    DiagnosticRule{impossible, error, "E113", "values that are fine alone cannot be combined"},
    DiagnosticRule{key_without_effect, warning, "W201", "a key has no effect here"},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i)
    if (kRules[i].code != static_cast<DiagnosticCode>(i)) return false;
  return true;
}
static_assert(in_enum_order());
static_assert(kRules.size() == static_cast<std::size_t>(key_without_effect) + 1);

constexpr std::size_t kWidestSourceLine = 120; // characters shown of one source line
constexpr std::size_t kContext = 40;           // characters kept before the place in a longer one

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kRed = "\033[1;31m";
constexpr std::string_view kYellow = "\033[1;33m";
constexpr std::string_view kBlue = "\033[1;34m";
constexpr std::string_view kPlain = "\033[0m";

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Input is printed back to a terminal: no control character may get through.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    out += code == '\t' ? ' ' : code < 0x20U || code == 0x7FU ? '?' : c;
  }
  return out;
}

std::string characters(std::string_view text, std::size_t first, std::size_t count) {
  std::string out;
  std::size_t seen = 0;
  for (const char c : text) {
    if (!continues_character(c)) ++seen;
    if (seen > first && seen <= first + count) out += c;
  }
  return out;
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

struct Painter {
  bool colour;
  std::string operator()(std::string_view code, std::string_view text) const {
    return colour ? fmt::format("{}{}{}", code, text, kPlain) : std::string{text};
  }
};

std::string render_underlined(const SourceSpan& where, std::string_view hint,
                              std::string_view caret_colour, Painter paint) {
  std::string line = printable(where.source_line);
  std::size_t before = where.column > 0 ? where.column - 1 : 0;
  if (character_count(line) > kWidestSourceLine) {
    const std::size_t cut = before > kContext ? before - kContext : 0;
    line = characters(line, cut, kWidestSourceLine);
    before -= cut;
  }
  before = std::min(before, character_count(line));
  const std::size_t room = std::max<std::size_t>(character_count(line) - before, 1);
  const std::string number = std::to_string(where.line);
  std::string carets(std::min<std::size_t>(where.length, room), '^');
  if (!hint.empty()) carets += fmt::format(" {}", printable(hint));
  return fmt::format("{} {}\n{} {}{}\n", paint(kBlue, fmt::format("   {} |", number)), line,
                     paint(kBlue, fmt::format("   {:{}} |", "", number.size())),
                     std::string(before, ' '), paint(caret_colour, carets));
}

std::string render_place(const SourceSpan& where, std::string_view hint,
                         std::string_view caret_colour, Painter paint) {
  std::string out;
  if (!where.file.empty()) {
    out += fmt::format("{}{}", paint(kBlue, "  --> "), printable(where.file));
    if (where.line != 0) out += fmt::format(":{}:{}", where.line, where.column);
    out += '\n';
  }
  if (where.line != 0 && where.length != 0)
    out += render_underlined(where, hint, caret_colour, paint);
  else if (!hint.empty())
    out += fmt::format("{} {}\n", paint(kBlue, "   ="), printable(hint));
  return out;
}

} // namespace

std::span<const DiagnosticRule> diagnostic_rules() { return kRules; }

const DiagnosticRule& rule(DiagnosticCode code) {
  return kRules.at(static_cast<std::size_t>(code));
}

Diagnostic& Diagnostics::add(DiagnosticCode code, SourceSpan where, std::string message,
                             std::string hint) {
  return items_.emplace_back(
      Diagnostic{code, std::move(where), std::move(message), std::move(hint), {}});
}

void Diagnostics::append(const Diagnostics& other) {
  items_.insert(items_.end(), other.items_.begin(), other.items_.end());
}

std::size_t Diagnostics::error_count() const {
  return static_cast<std::size_t>(std::count_if(
      items_.begin(), items_.end(), [](const auto& d) { return rule(d.code).severity == error; }));
}

std::size_t Diagnostics::warning_count() const { return items_.size() - error_count(); }

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<std::string_view> files;
  for (const Diagnostic& item : items_)
    if (std::find(files.begin(), files.end(), item.where.file) == files.end())
      files.push_back(item.where.file);
  const auto position = [&files](const Diagnostic& item) {
    const auto file = std::find(files.begin(), files.end(), item.where.file);
    return std::tuple{std::distance(files.begin(), file), item.where.line, item.where.column};
  };
  std::vector<Diagnostic> out;
  for (const Diagnostic& item : items_) {
    const bool known = std::any_of(out.begin(), out.end(), [&](const Diagnostic& other) {
      return other.code == item.code && other.message == item.message &&
             position(other) == position(item);
    });
    if (!known) out.push_back(item);
  }
  std::stable_sort(out.begin(), out.end(), [&](const Diagnostic& a, const Diagnostic& b) {
    return position(a) < position(b);
  });
  return out;
}

std::string Diagnostics::render(bool colour) const {
  std::string out;
  for (const Diagnostic& item : sorted()) {
    if (!out.empty()) out += '\n';
    out += lustrum::render(item, colour);
  }
  return out;
}

std::string render(const Diagnostic& diagnostic, bool colour) {
  const Painter paint{colour};
  const DiagnosticRule& known = rule(diagnostic.code);
  const bool is_error = known.severity == error;
  const std::string_view tone = is_error ? kRed : kYellow;
  std::string out = fmt::format(
      "{}{} {}\n", paint(tone, fmt::format("{}[{}]", is_error ? "error" : "warning", known.text)),
      paint(kBold, ":"), paint(kBold, printable(diagnostic.message)));
  out += render_place(diagnostic.where, diagnostic.hint, tone, paint);
  for (const DiagnosticNote& note : diagnostic.also) {
    out += fmt::format("{} {}\n", paint(kBold, "note:"), printable(note.message));
    out += render_place(note.where, {}, kBlue, paint);
  }
  return out;
}

} // namespace lustrum
