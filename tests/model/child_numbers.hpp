// Runs a body that needs a SimGrid engine in a child process and brings its numbers back.
#pragma once

#include "sim/kernel/child_process.hpp"

#include <fmt/format.h>

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace lustrum::test {

inline std::vector<double> numbers_from_child(const std::function<std::vector<double>()>& body) {
  const kernel::ChildOutcome outcome = kernel::run_in_child([&] {
    std::string text;
    for (const double number : body()) text += fmt::format("{} ", number);
    return text;
  });
  if (outcome.exit_code != 0) throw std::runtime_error(outcome.output);
  std::istringstream in(outcome.output);
  std::vector<double> numbers;
  for (double number = 0; in >> number;) numbers.push_back(number);
  return numbers;
}

} // namespace lustrum::test
