#include "sim/base/parameter.hpp"

#include "sim/base/parameter_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>

namespace lustrum {
namespace {

// In the order of FigureKind.
const std::vector<std::string_view> kFigureKinds{"vendor", "measured", "derived", "assumed",
                                                 "fitted"};

[[noreturn]] void abort_for_default(const Parameter& parameter, const TextProblem& problem) {
  fmt::print(stderr, "lustrum: bug: the default `{}` of `{}`: {} ({})\n", parameter.default_text,
             parameter.key, problem.message, problem.hint);
  std::abort();
}

std::string type_text(const ValueType& type) {
  constexpr std::string_view kArticles[] = {"a ", "an "};
  std::string_view name = noun(type);
  for (const std::string_view article : kArticles)
    if (name.starts_with(article)) name.remove_prefix(article.size());
  std::string text{name};
  if (type.kind == ValueKind::spread) text += " {mean, stdev}";
  if (type.is_figure) text += " with source";
  return text;
}

} // namespace

ParameterTable joined_tables(std::initializer_list<ParameterTable> parts) {
  ParameterTable all;
  for (const ParameterTable& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::string_view to_string(FigureKind kind) {
  return kFigureKinds.at(static_cast<std::size_t>(kind));
}

const std::vector<std::string_view>& figure_kind_names() { return kFigureKinds; }

std::optional<FigureKind> figure_kind(std::string_view name) {
  const auto found = std::find(kFigureKinds.begin(), kFigureKinds.end(), name);
  if (found == kFigureKinds.end()) return std::nullopt;
  return static_cast<FigureKind>(found - kFigureKinds.begin());
}

void apply_defaults(const ParameterTable& table, void* owner) {
  for (const Parameter& parameter : table) {
    if (parameter.default_text == kRequired) continue;
    if (const auto problem = set_value(parameter, owner, parameter.default_text))
      abort_for_default(parameter, *problem);
    if (value_type(parameter).is_figure)
      set_provenance(parameter, owner,
                     {std::string{parameter.source}, std::string{}, FigureKind::assumed});
  }
}

std::vector<ParameterRow> describe(const ParameterTable& table) {
  std::vector<ParameterRow> rows;
  for (const Parameter& parameter : table)
    rows.push_back({.key = std::string{parameter.key},
                    .type = type_text(value_type(parameter)),
                    .required = parameter.default_text == kRequired,
                    .default_text = parameter.default_text == kRequired
                                        ? std::string{}
                                        : std::string{parameter.default_text},
                    .range = parameter.choices.empty() ? range_text(parameter)
                                                       : choices_text(parameter.choices),
                    .doc = std::string{parameter.doc},
                    .source = std::string{parameter.source},
                    .has_effect = parameter.has_effect});
  return rows;
}

} // namespace lustrum
