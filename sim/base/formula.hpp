// Arithmetic on named numbers, as files with expected results write it:
//
//   evaluate_formula("(fsx + data) / 0.98", [](std::string_view name) { ... });
#pragma once

#include "sim/base/units_text.hpp"

#include <functional>
#include <optional>
#include <string_view>

namespace lustrum {

// The value of a name, such as `run.metrics.epoch_time_s[0]`; empty: there is no such name.
using FormulaNames = std::function<std::optional<double>(std::string_view)>;

// Numbers, names, + - * / and parentheses, min(a, b) and max(a, b). A problem is a text that is no
// formula, an unknown name, or a result that is not finite.
Parsed<double> evaluate_formula(std::string_view text, const FormulaNames& names);

} // namespace lustrum
