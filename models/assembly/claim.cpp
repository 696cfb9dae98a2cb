#include "models/assembly/claim.hpp"

#include "models/assembly/catalog_report.hpp"
#include "models/cost/cost.hpp"
#include "sim/base/did_you_mean.hpp"
#include "sim/base/formula.hpp"
#include "sim/result/metric_registry.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

namespace lustrum {
namespace {

using enum DiagnosticCode;

// A number with any unit, in base units: bytes, seconds, per second, a share.
Parsed<double> parse_quantity(std::string_view text) {
  if (const auto number = parse_number(text)) return number.value();
  if (const auto bytes = parse_bytes(text)) return bytes.value().as_double();
  if (const auto rate = parse_rate(text)) return rate.value().count();
  if (const auto time = parse_duration(text)) return time.value().count();
  if (const auto frequency = parse_frequency(text)) return frequency.value().count();
  return TextProblem{wrong_unit, fmt::format("`{}` is no number with a unit", text),
                     "e.g. 8, 15 %, 150 kB, 10 MB/s, 3 ms or 5500 /s"};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (space > 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

struct Range {
  double low = 0, high = 0, middle = 0;
};

Parsed<Range> parse_range(std::string_view text, double tolerance) {
  constexpr std::string_view kAtLeast = "at least ", kAtMost = "at most ", kTo = " to ";
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto number = [](std::string_view part) { return parse_number(part); };
  if (text.starts_with(kAtLeast)) {
    const auto edge = number(text.substr(kAtLeast.size()));
    if (edge) return Range{edge.value(), kInfinity, edge.value()};
    return edge.problem();
  }
  if (text.starts_with(kAtMost)) {
    const auto edge = number(text.substr(kAtMost.size()));
    if (edge) return Range{-kInfinity, edge.value(), edge.value()};
    return edge.problem();
  }
  if (const std::size_t at = text.find(kTo); at != std::string_view::npos) {
    const auto low = number(text.substr(0, at));
    const auto high = number(text.substr(at + kTo.size()));
    if (!low) return low.problem();
    if (!high) return high.problem();
    return Range{low.value(), high.value(), (low.value() + high.value()) / 2};
  }
  const auto value = number(text);
  if (!value) return value.problem();
  const double off = std::abs(value.value()) * tolerance;
  return Range{value.value() - off, value.value() + off, value.value()};
}

class ClaimReader {
public:
  ClaimReader(const Catalog& catalog, Diagnostics& diagnostics)
      : catalog_(catalog), diagnostics_(diagnostics) {}

  Claim read(const YamlNode& node) {
    apply_defaults(Claim::parameters(), &claim_);
    read_section(node, Claim::parameters(), &claim_, diagnostics_,
                 {.extra_keys = {"inputs", "catalog", "bills", "runs", "rows"}});
    if (!node.is_map()) return claim_;
    for (const YamlNode& input : entries(node.get("inputs")))
      keep(input, parse_quantity(input.text()));
    for (const YamlNode& figure : entries(node.get("catalog"))) keep(figure, look_up(figure));
    for (const YamlNode& bill : entries(node.get("bills"))) keep(bill, total_of(bill));
    for (const YamlNode& run : entries(node.get("runs"))) read_run(run);
    if (const YamlNode rows = node.get("rows"); !rows)
      diagnostics_.add(missing_key, node.section_span(), "missing key `rows` in `claim`",
                       "a list is needed");
    else if (require_list(rows, diagnostics_))
      for (const YamlNode& row : rows.entries()) read_row(row);
    return claim_;
  }

private:
  std::vector<YamlNode> entries(const YamlNode& map) {
    if (!map || !require_map(map, diagnostics_)) return {};
    return map.entries();
  }

  void report(const YamlNode& node, const TextProblem& problem) {
    diagnostics_.add(problem.code, node.span(),
                     fmt::format("`{}`: {}", node.path(), problem.message), problem.hint);
  }

  void keep(const YamlNode& node, const Parsed<double>& number) {
    if (!number)
      report(node, number.problem());
    else if (!claim_.numbers.emplace(node.key(), number.value()).second)
      diagnostics_.add(impossible, node.key_span(),
                       fmt::format("two numbers are called `{}`", node.key()));
  }

  // `s3_express reads_per_second`
  Parsed<double> look_up(const YamlNode& node) {
    const std::vector<std::string> words = words_of(node.text());
    if (words.size() == 2)
      for (const FigureRow& row : all_figures(catalog_))
        if (!row.price && row.entry == words[0] && row.key == words[1])
          return parse_quantity(row.value);
    return TextProblem{no_such_entry, fmt::format("the catalog has no figure `{}`", node.text()),
                       "an entry and a key: s3_express reads_per_second"};
  }

  Parsed<double> total_of(const YamlNode& node) {
    auto bill = with_defaults<ClaimBill>(ClaimBill::parameters());
    read_section(node, ClaimBill::parameters(), &bill, diagnostics_);
    constexpr double kSecondsPerHour = 3600;
    BillInputs inputs{.charges = {}, .makespan = Seconds{bill.hours * kSecondsPerHour}};
    inputs.hours_per_month = bill.hours_per_month;
    Prices prices = choose(catalog_.price_lists(), {.region = bill.region, .date = bill.date});
    for (const std::string& text : bill.charges) {
      const Parsed<Charge> charge = charge_of(text, prices);
      if (!charge) return charge.problem();
      inputs.charges.push_back(charge.value());
    }
    return cost_of(inputs, prices).total_usd;
  }

  // `1200 fsx_scratch_2 capacity`, perhaps with `at 0.14 USD/GB-month`.
  static Parsed<Charge> charge_of(const std::string& text, Prices& prices) {
    constexpr std::string_view kAt = " at ";
    const std::size_t at = text.find(kAt);
    const std::vector<std::string> words = words_of(text.substr(0, at));
    constexpr std::size_t kWords = 3;
    if (words.size() != kWords)
      return TextProblem{wrong_shape, fmt::format("`{}` is no charge", text),
                         "amount, product and component: 1200 fsx_scratch_2 capacity"};
    const Parsed<double> amount = parse_number(words[0]);
    if (!amount) return amount.problem();
    if (at != std::string::npos) {
      const Parsed<Price> price = parse_price(text.substr(at + kAt.size()));
      if (!price) return price.problem();
      prices.set(words[1], words[2], price.value());
    }
    const Price* price = prices.find(words[1], words[2]);
    if (!price || amount.value() < 0)
      return TextProblem{no_such_entry, fmt::format("`{}` has no price, or no amount", text),
                         "`lustrum catalog` lists prices; of one's own: ... at 0.14 USD/GB-month"};
    return Charge{.product = words[1],
                  .component = words[2],
                  .label = text,
                  .amount = amount.value(),
                  .unit = price->unit,
                  .counted = {}};
  }

  void read_run(const YamlNode& node) {
    auto run = with_defaults<ClaimRun>(ClaimRun::parameters());
    read_section(node, ClaimRun::parameters(), &run, diagnostics_);
    run.name = node.key();
    claim_.runs.push_back(std::move(run));
  }

  void read_row(const YamlNode& node) {
    if (!require_map(node, diagnostics_)) return;
    ClaimRowText& row = claim_.rows.emplace_back();
    apply_defaults(ClaimRowText::parameters(), &row);
    read_section(node, ClaimRowText::parameters(), &row, diagnostics_);
    check_range(node.get("stated"), row);
    if (!row.correct.empty()) {
      check_range(node.get("correct"), row);
      if (row.note.empty())
        diagnostics_.add(missing_key, node.section_span(),
                         "a figure that is corrected needs a note: what is wrong with it");
    }
    if (row.formula.empty()) return; // missing: reported
    // Runs have not run: each number that one can have is 1.
    const auto value = evaluate_formula(row.formula, [&](std::string_view name) {
      return known(name) ? std::optional<double>{number_or_one(name)} : std::nullopt;
    });
    if (!value) report(node.get("formula"), value.problem());
  }

  void check_range(const YamlNode& node, const ClaimRowText& row) {
    if (!node) return;
    const auto range = parse_range(node.text(), row.tolerance);
    if (!range)
      report(node, range.problem());
    else if (range.value().middle == 0)
      diagnostics_.add(out_of_range, node.span(), "a figure of 0 has no difference in percent");
  }

  bool known(std::string_view name) const {
    if (claim_.numbers.contains(name)) return true;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return false;
    return find_metric(std::string(name.substr(dot + 1))) != nullptr &&
           std::any_of(claim_.runs.begin(), claim_.runs.end(),
                       [&](const ClaimRun& run) { return run.name == name.substr(0, dot); });
  }
  double number_or_one(std::string_view name) const {
    const auto found = claim_.numbers.find(name);
    return found == claim_.numbers.end() ? 1 : found->second;
  }

  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  Claim claim_;
};

double number_of(const Claim& claim, const std::vector<RunNumbers>& runs, std::string_view name) {
  if (const auto found = claim.numbers.find(name); found != claim.numbers.end())
    return found->second;
  const std::size_t dot = name.find('.');
  for (std::size_t i = 0; i < claim.runs.size(); ++i)
    if (claim.runs[i].name == name.substr(0, dot))
      if (const auto found = runs.at(i).find(name.substr(dot + 1)); found != runs[i].end())
        return found->second;
  throw std::runtime_error(fmt::format("no run has `{}`", name));
}

} // namespace

bool is_claim(const YamlDocument& document) { return bool{document.root().get("claim")}; }

Claim read_claim(const YamlDocument& document, const std::string& file, const Catalog& catalog,
                 Diagnostics& diagnostics) {
  if (document.root().is_map()) require_known_keys(document.root(), {"claim"}, diagnostics);
  Claim claim = ClaimReader{catalog, diagnostics}.read(document.root().get("claim"));
  claim.file = file;
  return claim;
}

std::vector<ClaimRow> evaluate(const Claim& claim, const std::vector<RunNumbers>& runs) {
  std::vector<ClaimRow> rows;
  for (const ClaimRowText& text : claim.rows) {
    const auto value =
        evaluate_formula(text.formula, [&](std::string_view name) -> std::optional<double> {
          return number_of(claim, runs, name);
        });
    if (!value) throw std::runtime_error(value.problem().message);
    const bool corrected = !text.correct.empty();
    const Range stated = parse_range(text.stated, text.tolerance).value();
    const Range wanted = corrected ? parse_range(text.correct, text.tolerance).value() : stated;
    rows.push_back({.file = claim.file,
                    .title = claim.title,
                    .chosen = claim.chosen,
                    .claim = text.claim,
                    .name = text.name,
                    .unit = text.unit,
                    .stated = text.stated,
                    .low = wanted.low,
                    .high = wanted.high,
                    .middle = stated.middle,
                    .corrected = corrected,
                    .simulated = value.value(),
                    .fitted = text.fitted,
                    .note = text.note});
  }
  return rows;
}

std::vector<NotSimulated> read_not_simulated(const YamlDocument& document,
                                             Diagnostics& diagnostics) {
  std::vector<NotSimulated> rows;
  const YamlNode list = document.root().get("not_simulated");
  if (!list || !require_map(list, diagnostics)) return rows;
  for (const YamlNode& entry : list.entries())
    if (require_scalar(entry, diagnostics))
      rows.push_back({std::string(entry.key()), std::string(entry.text())});
  return rows;
}

} // namespace lustrum
