// What is wrong with the user's input: collected while reading, sorted by position, printed as
//
//   error[E104]: unknown key `bandwith` in `storage.ost`
//     --> configs/designs/nvme_8oss.yaml:14:7
//      14 |       bandwith: 6.8 GB/s
//         |       ^^^^^^^^ did you mean `bandwidth`?
//
//   Diagnostics diagnostics;
//   diagnostics.add(DiagnosticCode::unknown_key, span, "unknown key `x`", "did you mean `y`?");
//   if (diagnostics.has_errors()) std::cerr << diagnostics.render();
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

enum class Severity : std::uint8_t { error, warning };

// One value per rule about input. A new one also needs a row in the table of diagnostics.cpp.
enum class DiagnosticCode : std::uint8_t {
  not_yaml,
  duplicate_key,
  missing_key,
  unknown_key,
  wrong_shape,
  not_a_value,
  wrong_unit,
  out_of_range,
  not_a_choice,
  unreadable_file,
  no_such_entry,
  no_provenance,
  impossible,
  key_without_effect,
};

struct DiagnosticRule {
  DiagnosticCode code;
  Severity severity;
  std::string_view text;    // `E104`
  std::string_view meaning; // one line
};

// Every rule, in the order of DiagnosticCode.
std::span<const DiagnosticRule> diagnostic_rules();
const DiagnosticRule& rule(DiagnosticCode code);

// A place in a text. line 0: the file as a whole; length 0: nothing to underline, so the source
// line is not shown.
struct SourceSpan {
  std::string file = {};
  std::uint32_t line = 0;   // from 1
  std::uint32_t column = 0; // from 1, in characters (not bytes)
  std::uint32_t length = 0; // in characters
  std::string source_line = {};
};

struct DiagnosticNote {
  std::string message;
  SourceSpan where;
};

struct Diagnostic {
  DiagnosticCode code{};
  SourceSpan where;
  std::string message;
  std::string hint; // what to do about it; may be empty
  std::vector<DiagnosticNote> also;
};

// Gathers the problems of one reading, in any order.
class Diagnostics {
public:
  // The reference is good until the next add().
  Diagnostic& add(DiagnosticCode code, SourceSpan where, std::string message,
                  std::string hint = {});

  // Adds all that another list holds.
  void append(const Diagnostics& other);

  bool empty() const { return items_.empty(); }
  bool has_errors() const { return error_count() != 0; }
  std::size_t error_count() const;
  std::size_t warning_count() const;

  // By file (in the order the files first appeared), line and column. A problem reported twice,
  // as happens with a shared part of a file, appears once.
  std::vector<Diagnostic> sorted() const;

  // The whole list as text, one empty line between two problems.
  std::string render(bool colour = false) const;

private:
  std::vector<Diagnostic> items_;
};

std::string render(const Diagnostic& diagnostic, bool colour = false);

} // namespace lustrum
