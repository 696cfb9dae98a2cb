#include "models/assembly/validation.hpp"

#include "sim/base/did_you_mean.hpp"
#include "sim/base/units_text.hpp"
#include "sim/result/metric_registry.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>

namespace lustrum {
namespace {

using enum DiagnosticCode;

constexpr double kPercent = 100;
// How the registry says that another key names the unit.
constexpr std::string_view kOwnUnit = "see `unit`";

struct Measured {
  double value = 0;
  std::string unit;
};

Parsed<Measured> parse_percent(std::string_view text) {
  const Parsed<double> share = parse_number(text);
  if (!share) return share.problem();
  if (!text.ends_with('%'))
    return TextProblem{wrong_unit, fmt::format("{} has no unit; a percentage is needed", text),
                       "e.g. 84 %"};
  return Measured{share.value() * kPercent, "%"};
}

// Of a phase: bytes of IOR, operations of mdtest.
Parsed<Measured> parse_phase_rate(std::string_view text) {
  if (const Parsed<BytesPerSecond> rate = parse_rate(text))
    return Measured{rate.value().count() / static_cast<double>(kMib), "MiB/s"};
  if (const Parsed<PerSecond> frequency = parse_frequency(text))
    return Measured{frequency.value().count(), "ops/s"};
  return TextProblem{
      wrong_unit, fmt::format("{} is neither a rate nor a number of operations per second", text),
      "e.g. 600 MB/s or 8600 /s"};
}

// In the unit that the registry gives the metric.
Parsed<Measured> parse_measured(std::string_view text, const std::string& unit) {
  const auto as = [&](const auto& parsed, double divisor) -> Parsed<Measured> {
    if (!parsed) return parsed.problem();
    return Measured{static_cast<double>(parsed.value().count()) / divisor, unit};
  };
  if (unit == kOwnUnit) return parse_phase_rate(text);
  if (unit == "s") return as(parse_duration(text), 1);
  if (unit == "MiB/s") return as(parse_rate(text), static_cast<double>(kMib));
  if (unit == "B") return as(parse_bytes(text), 1);
  if (unit == "samples/s") return as(parse_frequency(text), 1);
  if (unit == "%") return parse_percent(text);
  const Parsed<double> number = parse_number(text);
  if (!number) return number.problem();
  return Measured{number.value(), unit};
}

std::string nearest_metric(const std::string& path) {
  std::vector<std::string> keys;
  for (const Metric& metric : metric_registry()) keys.push_back(metric.key);
  std::string hint = did_you_mean(metric_key(path), keys);
  if (!hint.empty()) hint += " ";
  return hint + "`lustrum metrics` lists them";
}

// A list without an index names no number.
bool names_one_number(std::string_view path) { return path.find("[]") == std::string_view::npos; }

class ValidationReader {
public:
  explicit ValidationReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Validation read(const YamlNode& node) {
    Validation validation;
    apply_defaults(Validation::parameters(), &validation);
    read_section(node, Validation::parameters(), &validation, diagnostics_,
                 {.extra_keys = {"rows"}});
    if (!node.is_map()) return validation;
    const YamlNode rows = node.get("rows");
    if (!rows)
      diagnostics_.add(missing_key, node.section_span(), "missing key `rows` in `validate`",
                       "a list is needed");
    else if (require_list(rows, diagnostics_))
      read_rows(rows, validation);
    return validation;
  }

private:
  void read_rows(const YamlNode& rows, Validation& validation) {
    std::set<std::string, std::less<>> names;
    const std::vector<YamlNode> entries = rows.entries();
    if (entries.empty())
      diagnostics_.add(wrong_shape, rows.span(), "`validate.rows` is an empty list");
    for (const YamlNode& entry : entries) {
      if (!require_map(entry, diagnostics_)) continue;
      ValidationRow& row = validation.rows.emplace_back();
      apply_defaults(ValidationRow::parameters(), &row);
      read_section(entry, ValidationRow::parameters(), &row, diagnostics_);
      if (!names.insert(row.name).second && !row.name.empty())
        diagnostics_.add(impossible, entry.get("name").span(),
                         fmt::format("two rows are called `{}`", row.name));
      read_measured(entry, row);
    }
  }

  void read_measured(const YamlNode& entry, ValidationRow& row) {
    if (row.metric.empty()) return; // missing: reported
    const YamlNode path = entry.get("metric");
    const Metric* metric = find_metric(row.metric);
    if (!metric || !names_one_number(row.metric)) {
      diagnostics_.add(not_a_choice, path.span(),
                       metric ? fmt::format("`{}` names a list, not one number", row.metric)
                              : fmt::format("a result has no number `{}`", row.metric),
                       metric ? "e.g. `phases[0].rate`, the first one"
                              : nearest_metric(row.metric));
      return;
    }
    const YamlNode given = entry.get("measured");
    if (row.measured.empty()) return; // missing: reported
    const Parsed<Measured> measured = parse_measured(row.measured, metric->unit);
    if (!measured) {
      const TextProblem& problem = measured.problem();
      diagnostics_.add(problem.code, given.span(),
                       fmt::format("`{}`: {}", given.path(), problem.message), problem.hint);
      return;
    }
    row.value = measured.value().value;
    row.unit = measured.value().unit;
    if (row.value <= 0)
      diagnostics_.add(out_of_range, given.span(),
                       fmt::format("`{}`: {} must be more than 0", given.path(), row.measured),
                       "differences are shares of it");
  }

  Diagnostics& diagnostics_;
};

// The unit in which the result holds the number; of a phase it is the phase's.
std::string unit_in(const RunResult& result, const ValidationRow& row) {
  for (std::size_t i = 0; i < result.phases.size(); ++i)
    if (row.metric.starts_with(fmt::format("phases[{}].rate", i))) return result.phases[i].unit;
  return row.unit;
}

double number_at(const std::vector<std::pair<std::string, double>>& numbers,
                 const std::string& path) {
  const auto found = std::find_if(numbers.begin(), numbers.end(),
                                  [&](const auto& number) { return number.first == path; });
  if (found == numbers.end())
    throw std::runtime_error(fmt::format("the result of this run has no `{}`", path));
  return found->second;
}

} // namespace

const ParameterTable& ValidationRow::parameters() {
  using R = ValidationRow;
  static const ParameterTable table{
      {.key = "name",
       .field = field<&R::name>,
       .default_text = kRequired,
       .doc = "What the row is called in the table."},
      {.key = "metric",
       .field = field<&R::metric>,
       .default_text = kRequired,
       .doc = "Number of the result document, as `lustrum metrics` lists them, with an index for "
              "each list: `phases[0].rate`, `metrics.epoch_time_s[0]`."},
      {.key = "measured",
       .field = field<&R::measured>,
       .default_text = kRequired,
       .doc = "The number measured, with its unit."},
      {.key = "tolerance",
       .field = field<&R::tolerance>,
       .default_text = "15 %",
       .min = 0,
       .max = 10,
       .doc = "How far off a prediction may be, as a share of what was measured."},
      {.key = "fitted",
       .field = field<&R::fitted>,
       .default_text = "false",
       .doc = "A constant of the model or of this file was chosen to meet this row: that it is met "
              "then proves nothing."},
      {.key = "note",
       .field = field<&R::note>,
       .default_text = "",
       .doc = "Why the prediction misses."},
  };
  return table;
}

const ParameterTable& Validation::parameters() {
  static const ParameterTable table{
      {.key = "title",
       .field = field<&Validation::title>,
       .default_text = kRequired,
       .doc = "What was measured, on which system."},
      {.key = "source",
       .field = field<&Validation::source>,
       .default_text = kRequired,
       .doc = "Where it is published and when it was measured."},
  };
  return table;
}

Validation read_validation(const YamlNode& node, Diagnostics& diagnostics) {
  return ValidationReader{diagnostics}.read(node);
}

std::vector<Comparison> compare(const Validation& validation, const std::string& scenario,
                                const RunResult& result) {
  const auto numbers = list_numbers(result);
  std::vector<Comparison> rows;
  for (const ValidationRow& row : validation.rows) {
    const double predicted = number_at(numbers, row.metric);
    const std::string unit = unit_in(result, row);
    if (unit != row.unit)
      throw std::runtime_error(
          fmt::format("`{}` is in {}, what was measured is in {}", row.metric, unit, row.unit));
    rows.push_back({.scenario = scenario,
                    .title = validation.title,
                    .source = validation.source,
                    .row = row.name,
                    .metric = row.metric,
                    .unit = unit,
                    .measured = row.value,
                    .predicted = predicted,
                    .tolerance_pct = row.tolerance * kPercent,
                    .fitted = row.fitted,
                    .note = row.note});
  }
  return rows;
}

} // namespace lustrum
