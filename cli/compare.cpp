#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "models/assembly/simulate.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lustrum::cli {

namespace {

struct CompareArguments {
  std::string workload;
  std::vector<std::string> designs;
};

struct Row {
  std::string design;
  std::optional<RunResult> result;
  std::string problem; // of a design that does not fit, or a run that did not finish
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// A design that cannot stand under this workload is a row with the reason, not an end.
Row run_one(const std::string& design, const CompareArguments& arguments, const Catalog& catalog) {
  Row row{.design = design, .result = {}, .problem = {}};
  Diagnostics diagnostics;
  const Scenario scenario =
      load_scenario(arguments.workload, design_file(design), catalog, diagnostics);
  if (diagnostics.has_errors()) {
    row.problem = first_line(diagnostics.render());
    return row;
  }
  const kernel::ChildOutcome outcome = simulate_in_child(scenario, "");
  if (outcome.exit_code == 0)
    row.result = from_json(outcome.output);
  else
    row.problem = first_line(outcome.output);
  return row;
}

std::string number(const std::optional<double>& value, std::string_view format) {
  return value ? fmt::format(fmt::runtime(format), *value) : "-";
}

double seconds_per_epoch(const RunResult& result) {
  const std::vector<double>& epochs = result.metrics.epoch_time_s;
  return epochs.empty() ? result.metrics.makespan_s : epochs.back();
}

// Of the whole run where there are no epochs.
double usd_per_epoch(const RunResult& result) {
  return result.cost.per_epoch_usd.value_or(result.cost.total_usd);
}

void print_row(const Row& row, const RunResult* first) {
  if (!row.result) {
    fmt::print("{:<24}  {}\n", row.design, row.problem);
    return;
  }
  const RunResult& result = *row.result;
  const std::vector<double>& epochs = result.metrics.epoch_time_s;
  const double time_s = seconds_per_epoch(result);
  const double relative = first ? time_s / seconds_per_epoch(*first) : 1;
  fmt::print("{:<24}  {:>8}  {:>10.2f}  {:>10.2f}  {:>10}  {:>8.2f}  {}\n", row.design,
             number(result.metrics.gpu_utilization_pct, "{:.1f} %"),
             epochs.empty() ? result.metrics.makespan_s : epochs.front(), time_s,
             (result.cost.complete ? "" : ">") + fmt::format("{:.4f}", usd_per_epoch(result)),
             relative, result.bottleneck ? result.bottleneck->name : "-");
  std::fflush(stdout);
}

// What the next dearer design would cost and buy, from the cheapest up; only where all has a price.
void print_steps(const std::vector<Row>& rows) {
  std::vector<const Row*> priced;
  for (const Row& row : rows)
    if (row.result && row.result->cost.complete && row.result->cost.per_hour_usd > 0)
      priced.push_back(&row);
  if (priced.size() < 2) return;
  std::stable_sort(priced.begin(), priced.end(), [](const Row* a, const Row* b) {
    return a->result->cost.per_hour_usd < b->result->cost.per_hour_usd;
  });
  constexpr double kPercent = 100;
  fmt::print("\nThe next one up, by the price of an hour:\n");
  for (std::size_t i = 1; i < priced.size(); ++i) {
    const RunResult& less = *priced[i - 1]->result;
    const RunResult& more = *priced[i]->result;
    const double hour_usd = less.cost.per_hour_usd;
    const double added_usd = more.cost.per_hour_usd - hour_usd;
    const double time = seconds_per_epoch(more) / seconds_per_epoch(less) - 1;
    const double money = usd_per_epoch(more) / usd_per_epoch(less) - 1;
    fmt::print("{:<24}  {:+.2f} USD/h on {:.2f}, epoch {:+.1f} %, money for it {:+.1f} %\n",
               priced[i]->design, added_usd, hour_usd, kPercent * time, kPercent * money);
  }
}

int compare(const CompareArguments& arguments) {
  Diagnostics diagnostics;
  const Catalog catalog = Catalog::load(catalog_folder(), diagnostics);
  fmt::print(stderr, "{}", diagnostics.render(colour_on(stderr)));
  if (diagnostics.has_errors()) return kBadInput;
  fmt::print("{:<24}  {:>8}  {:>10}  {:>10}  {:>10}  {:>8}  held back by\n", "design", "GPU",
             "1st epoch", "epoch [s]", "USD/epoch", "relative");
  std::vector<Row> rows;
  rows.reserve(arguments.designs.size());
  const RunResult* first = nullptr;
  for (const std::string& design : arguments.designs) {
    const Row& row = rows.emplace_back(run_one(design, arguments, catalog));
    print_row(row, first);
    if (!first && row.result) first = &*row.result;
  }
  fmt::print("\nepoch: the last one; relative: its time to that of the first design; >: something "
             "has no price\n");
  print_steps(rows);
  return first ? kFine : kBadInput;
}

} // namespace

void add_compare(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("compare", "Run one workload on several designs and print them "
                                             "side by side");
  const auto arguments = std::make_shared<CompareArguments>();
  verb->add_option("workload", arguments->workload,
                   "Scenario file whose jobs run; its cluster too, unless a design has its own")
      ->required();
  verb->add_option("--designs", arguments->designs,
                   "Names of files in configs/designs, or files, separated by commas")
      ->required()
      ->delimiter(',');
  verb->footer("Example: lustrum compare configs/lab_tcp.yaml --designs fsx_scratch,s3_crt,nvme\n"
               "Times are in seconds, money in USD; sizes in files carry their unit (9.6 TiB).");
  verb->callback([arguments, &exit_code] { exit_code = compare(*arguments); });
}

} // namespace lustrum::cli
