#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "models/assembly/simulate.hpp"
#include "sim/base/units_text.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
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
    fmt::print(stderr, "{}: {}", design, diagnostics.render(colour_on(stderr)));
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

// What the columns are: epochs of a training job, or the phases of a load generator.
class SideBySide {
public:
  void add(const Row& row) {
    if (!row.result) {
      if (first_s_)
        print_problem(row.design, row.problem);
      else
        waiting_.emplace_back(row.design, row.problem); // for the heading
      return;
    }
    const RunResult& result = *row.result;
    if (!first_s_) {
      first_s_ = seconds_per_epoch(result);
      epochs_ = !result.metrics.epoch_time_s.empty();
      gpus_ = result.metrics.gpu_utilization_pct.has_value();
      print_head(result);
    }
    const double time_s = seconds_per_epoch(result);
    const std::string money =
        (result.cost.complete ? "" : ">") + fmt::format("{:.4f}", usd_per_epoch(result));
    std::string cells;
    if (epochs_)
      cells = fmt::format("{:>8}  {:>10.2f}  {:>10.2f}",
                          number(result.metrics.gpu_utilization_pct, "{:.1f} %"),
                          result.metrics.epoch_time_s.front(), time_s);
    else
      cells = gpu_cell(number(result.metrics.gpu_utilization_pct, "{:.1f} %")) +
              fmt::format("{:>10.2f}{}", time_s, rates(result));
    fmt::print("{:<24}  {}  {:>10}  {:>8.2f}  {}\n", row.design, cells, money, time_s / *first_s_,
               result.bottleneck ? result.bottleneck->name : "-");
    std::fflush(stdout);
  }

  // What the columns mean; where nothing ran, why.
  void end() const {
    if (!first_s_) {
      fmt::print("{:<24}  problem\n", "design");
      for (const auto& [design, problem] : waiting_) print_problem(design, problem);
      return;
    }
    fmt::print("\n{}relative: its time to that of the first design; >: something has no price\n",
               epochs_ ? "epoch: the last one; " : "");
  }

private:
  static void print_problem(const std::string& design, const std::string& problem) {
    fmt::print("{:<24}  {}\n", design, problem);
    std::fflush(stdout);
  }

  void print_head(const RunResult& result) {
    std::string cells;
    if (epochs_) {
      cells = fmt::format("{:>8}  {:>10}  {:>10}", "GPU", "1st epoch", "epoch [s]");
    } else {
      cells = gpu_cell("GPU") + fmt::format("{:>10}", "run [s]");
      for (const PhaseRow& phase : result.phases)
        if (phase.repetitions > 0) rates_.push_back({phase.name, phase.unit});
      if (rates_.empty()) rates_.push_back({"", "MiB/s"}); // a replayed trace
      for (const Rate& rate : rates_) cells += fmt::format("  {:>14}", heading(rate));
    }
    fmt::print("{:<24}  {}  {:>10}  {:>8}  held back by\n", "design", cells,
               epochs_ ? "USD/epoch" : "USD", "relative");
    for (const auto& [design, problem] : waiting_) print_problem(design, problem);
  }

  std::string gpu_cell(const std::string& text) const {
    return gpus_ ? fmt::format("{:>8}  ", text) : std::string{};
  }

  struct Rate {
    std::string phase, unit;
  };
  static std::string heading(const Rate& rate) {
    return rate.phase.empty() ? rate.unit : rate.phase + " " + rate.unit;
  }

  // A phase that this design's run does not have is left open.
  std::string rates(const RunResult& result) const {
    std::string cells;
    for (const Rate& rate : rates_) {
      const auto phase = std::find_if(result.phases.begin(), result.phases.end(),
                                      [&](const PhaseRow& row) { return row.name == rate.phase; });
      std::optional<double> value;
      if (phase != result.phases.end()) value = phase->rate;
      if (rate.phase.empty()) value = result.metrics.throughput_mib_per_s;
      cells += fmt::format("  {:>14}", number(value, "{:.1f}"));
    }
    return cells;
  }

  std::optional<double> first_s_;                            // of the first design that ran
  std::vector<std::pair<std::string, std::string>> waiting_; // before it: design, problem
  bool epochs_ = true;
  bool gpus_ = true;
  std::vector<Rate> rates_; // without epochs
};

// Data that was brought in before the job began: in no column.
void print_preloads(const std::vector<Row>& rows) {
  constexpr double kHour = 3600;
  for (const Row& row : rows) {
    if (!row.result || !row.result->hsm || !row.result->hsm->preload_s) continue;
    const double before_s = *row.result->hsm->preload_s;
    fmt::print("{}: a preload of {} comes before the first epoch, in no column; {:.4f} USD more if "
               "the nodes wait for it\n",
               row.design, format_duration(Seconds{before_s}),
               row.result->cost.per_hour_usd * before_s / kHour);
  }
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
    fmt::print("{:<24}  {:+.2f} USD/h on {:.2f}, {} {:+.1f} %, money for it {:+.1f} %\n",
               priced[i]->design, added_usd, hour_usd,
               more.metrics.epoch_time_s.empty() ? "run" : "epoch", kPercent * time,
               kPercent * money);
  }
}

// Whether the workload and the designs exist; says what does not.
bool all_there(const CompareArguments& arguments) {
  bool all = std::filesystem::is_regular_file(arguments.workload);
  if (!all) fmt::print(stderr, "error: there is no scenario file `{}`\n", arguments.workload);
  for (const std::string& design : arguments.designs)
    if (const std::string problem = unknown_design(design); !problem.empty()) {
      fmt::print(stderr, "error: --designs: {}\n", problem);
      all = false;
    }
  return all;
}

int compare(const CompareArguments& arguments) {
  Diagnostics diagnostics;
  const Catalog catalog = Catalog::load(catalog_folder(), diagnostics);
  fmt::print(stderr, "{}", diagnostics.render(colour_on(stderr)));
  if (diagnostics.has_errors() || !all_there(arguments)) return kBadInput;
  std::vector<Row> rows;
  rows.reserve(arguments.designs.size());
  SideBySide table;
  bool any = false;
  for (const std::string& design : arguments.designs) {
    const Row& row = rows.emplace_back(run_one(design, arguments, catalog));
    table.add(row);
    any = any || row.result;
  }
  table.end();
  print_preloads(rows);
  print_steps(rows);
  return any ? kFine : kBadInput;
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
