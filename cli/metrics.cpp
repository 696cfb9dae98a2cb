#include "cli/verbs.hpp"
#include "sim/result/metric_registry.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace lustrum::cli {

void add_metrics(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("metrics", "List every number of a result document: unit, "
                                             "definition, which way is better");
  verb->footer("Example: lustrum metrics | grep -A 1 au_mean\n"
               "Units stand in brackets ([%], [s], [MiB/s], [USD]) and end the name of the key.");
  verb->callback([&exit_code] {
    for (const Metric& metric : metric_registry())
      fmt::print("{}  [{}]{}\n    {}\n", metric.key, metric.unit,
                 metric.better == Better::neither
                     ? ""
                     : fmt::format("  {} is better", to_string(metric.better)),
                 metric.definition);
    exit_code = kFine;
  });
}

} // namespace lustrum::cli
