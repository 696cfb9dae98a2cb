#include "sim/base/diagnostics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace lustrum;
using enum DiagnosticCode;

TEST_CASE("a diagnostic quotes the line and underlines the place") {
  Diagnostics diagnostics;
  diagnostics.add(unknown_key,
                  {.file = "configs/designs/nvme_8oss.yaml",
                   .line = 14,
                   .column = 7,
                   .length = 8,
                   .source_line = "      bandwith: 6.8 GB/s"},
                  "unknown key `bandwith` in `storage.ost`", "did you mean `bandwidth`?");
  CHECK(diagnostics.render() == R"(error[E104]: unknown key `bandwith` in `storage.ost`
  --> configs/designs/nvme_8oss.yaml:14:7
   14 |       bandwith: 6.8 GB/s
      |       ^^^^^^^^ did you mean `bandwidth`?
)");
}

TEST_CASE("warnings, notes, and places without a line") {
  Diagnostics diagnostics;
  diagnostics.add(key_without_effect, {.file = "a.yaml"}, "key `x` has no effect", "remove it");
  diagnostics.add(unreadable_file, {}, "cannot read `b.yaml`: there is no such file");
  diagnostics
      .add(duplicate_key,
           {.file = "a.yaml", .line = 9, .column = 1, .length = 1, .source_line = "x: 2"},
           "duplicate key `x`")
      .also.push_back(
          {"first given here",
           {.file = "a.yaml", .line = 8, .column = 1, .length = 1, .source_line = "x: 1"}});
  CHECK(diagnostics.render() == R"(warning[W201]: key `x` has no effect
  --> a.yaml
   = remove it

error[E102]: duplicate key `x`
  --> a.yaml:9:1
   9 | x: 2
     | ^
note: first given here
  --> a.yaml:8:1
   8 | x: 1
     | ^

error[E110]: cannot read `b.yaml`: there is no such file
)");
  CHECK(diagnostics.error_count() == 2);
  CHECK(diagnostics.warning_count() == 1);
}

TEST_CASE("sorted by position, files as they appeared, repeats once") {
  Diagnostics diagnostics;
  const auto add = [&](const char* file, std::uint32_t line, std::uint32_t column) {
    diagnostics.add(unknown_key, {.file = file, .line = line, .column = column}, "unknown");
  };
  add("b", 3, 1);
  add("a", 1, 1);
  add("b", 1, 9);
  add("b", 1, 2);
  add("b", 3, 1);
  std::string order;
  for (const Diagnostic& d : diagnostics.sorted())
    order += d.where.file + std::to_string(d.where.line) + std::to_string(d.where.column) + ' ';
  CHECK(order == "b12 b19 b31 a11 ");
}

TEST_CASE("tabs, control characters and long lines stay harmless") {
  Diagnostics diagnostics;
  const std::string long_line = std::string(200, 'a') + "bad" + std::string(200, 'c');
  diagnostics.add(
      not_yaml,
      {.file = "f", .line = 1, .column = 2, .length = 1, .source_line = "\tx\x1B[2J \u00E9"},
      "bad \x1B");
  diagnostics.add(not_yaml,
                  {.file = "f", .line = 2, .column = 201, .length = 3, .source_line = long_line},
                  "long");
  CHECK(diagnostics.render() ==
        "error[E101]: bad ?\n  --> f:1:2\n   1 |  x?[2J \u00E9\n     |  ^\n\n"
        "error[E101]: long\n  --> f:2:201\n   2 | " +
            std::string(40, 'a') + "bad" + std::string(77, 'c') + "\n     | " +
            std::string(40, ' ') + "^^^\n");
}

TEST_CASE("colour only when asked") {
  Diagnostics diagnostics;
  diagnostics.add(impossible,
                  {.file = "f", .line = 1, .column = 1, .length = 1, .source_line = "x"}, "m", "h");
  CHECK(diagnostics.render().find('\033') == std::string::npos);
  CHECK(diagnostics.render(true) == "\033[1;31merror[E113]\033[0m\033[1m:\033[0m \033[1mm\033[0m\n"
                                    "\033[1;34m  --> \033[0mf:1:1\n"
                                    "\033[1;34m   1 |\033[0m x\n"
                                    "\033[1;34m     |\033[0m \033[1;31m^ h\033[0m\n");
}

TEST_CASE("every rule has its own code and a meaning") {
  const auto rules = diagnostic_rules();
  CHECK(std::is_sorted(rules.begin(), rules.end(),
                       [](const auto& a, const auto& b) { return a.text < b.text; }));
  for (const DiagnosticRule& known : rules) {
    CHECK(known.text.front() == (known.severity == Severity::error ? 'E' : 'W'));
    CHECK_FALSE(known.meaning.empty());
    CHECK(rule(known.code).text == known.text);
  }
}
