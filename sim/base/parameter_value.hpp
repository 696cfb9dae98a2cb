// From the text of a value to the field of a parameter, with type, unit, range and choices checked.
// The YAML reader, the defaults and a command line's `key=value` all come through here.
//
//   if (auto problem = set_value(parameter, &tunables, "4 MiB"))
//     diagnostics.add(problem->code, span, problem->message, problem->hint);
#pragma once

#include "sim/base/parameter.hpp"
#include "sim/base/units_text.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

enum class ValueKind : std::uint8_t {
  boolean,
  whole_number, // with the limits of its C++ type
  quantity,     // a number of some dimension; Dimension::number has none
  text,
  text_list,
  spread,
};

// What a field holds, whether or not it carries a provenance.
struct ValueType {
  ValueKind kind{};
  Dimension dimension = Dimension::number; // of a quantity or a spread
  bool is_figure = false;
};

ValueType value_type(const FieldRef& field);
ValueType value_type(const Parameter& parameter);

// `a rate`, `a whole number`, `a list`.
std::string_view noun(const ValueType& type);
// What one would write: `2600 MiB/s`, `8`, `[a, b]`.
std::string example(const Parameter& parameter);
// `between 1 and 256`, `at least 64 KiB`; empty without a range.
std::string range_text(const Parameter& parameter);
// "one of `a`, `b`"; empty when anything may be written.
std::string choices_text(const std::vector<std::string_view>& choices);

// Sets the field (of a figure: its value) from text as written in YAML: a list as `[a, b]`, a
// spread as `5 ms` or `{mean: 5 ms, stdev: 1 ms}`. On a problem the field is unchanged; its message
// does not name the parameter.
std::optional<TextProblem> set_value(const Parameter& parameter, void* owner,
                                     std::string_view text);

// One half of a spread, `mean` or `stdev`. \pre the field is one
std::optional<TextProblem> set_spread(const Parameter& parameter, void* owner,
                                      std::string_view half, std::string_view text);

// \pre the field is a list, each item passed check_choice()
void set_list(const Parameter& parameter, void* owner, std::vector<std::string> items);

std::optional<TextProblem> check_choice(const std::vector<std::string_view>& choices,
                                        std::string_view text);

// \pre the field is a figure
void set_provenance(const Parameter& parameter, void* owner, Provenance provenance);

std::optional<FigureKind> figure_kind(std::string_view name);
const std::vector<std::string_view>& figure_kind_names();

// YYYY-MM or YYYY-MM-DD, of this calendar.
std::optional<TextProblem> check_date(std::string_view text);

} // namespace lustrum
