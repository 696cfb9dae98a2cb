#include "sim/base/formula.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

namespace lustrum {
namespace {

std::optional<double> value_of(std::string_view name) {
  if (name == "a") return 12;
  if (name == "run.list[1].x_s") return 5;
  return std::nullopt;
}

double result(std::string_view text) {
  const auto value = evaluate_formula(text, value_of);
  REQUIRE(value);
  return value.value();
}

std::string problem(std::string_view text) {
  const auto value = evaluate_formula(text, value_of);
  REQUIRE_FALSE(value);
  return value.problem().message;
}

TEST_CASE("formula: products before sums, from left to right") {
  CHECK(result("1 + 2 * 3") == 7);
  CHECK(result("20 - 4 - 6") == 10);
  CHECK(result("24 / 4 / 2 * 5") == 15);
  CHECK(result("(1 + 2) * (3 - 1)") == 6);
  CHECK(result(" 2.5e3 ") == 2500);
}

TEST_CASE("formula: names, min and max") {
  CHECK(result("a / 4") == 3);
  CHECK(result("run.list[1].x_s * 2") == 10);
  CHECK(result("min(a, 3 + 4)") == 7);
  CHECK(result("max(a, min(100, 50)) - 1") == 49);
}

TEST_CASE("formula: what is no formula") {
  CHECK(problem("b + 1") == "`b + 1`: nothing is called `b`");
  CHECK(problem("(1 + 2").find("`)` is missing") != std::string::npos);
  CHECK(problem("1 2").find("an operator is missing") != std::string::npos);
  CHECK(problem("").find("a number or a name") != std::string::npos);
  CHECK(problem("1 +").find("a number or a name") != std::string::npos);
  CHECK(problem("min(1)").find("`,` is missing") != std::string::npos);
  CHECK(problem("1 / (a - 12)").find("a division by 0") != std::string::npos);
  CHECK(problem(std::string(100'000, '(')).find("parentheses") != std::string::npos);
}

} // namespace
} // namespace lustrum
