#include "cli/verbs.hpp"
#include "models/assembly/benchmark.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace lustrum::cli {

namespace {

constexpr double kMillion = 1e6;
constexpr double kMebi = 1024.0 * 1024.0;

void print_kernel_row(const kernel::BenchmarkRow& row) {
  fmt::print("{:>9}  {:>9.2f} M/s  {:>15}  {:>9.0f} MiB\n", row.streams, row.rpc_per_s / kMillion,
             row.simgrid_flows_per_s
                 ? fmt::format("{:.4f} M/s", *row.simgrid_flows_per_s / kMillion)
                 : "-",
             static_cast<double>(row.rss_bytes) / kMebi);
  std::fflush(stdout);
}

void print_lustre_row(const LustreBenchmarkRow& row) {
  fmt::print("{:>9}  {:>9.2f} M/s  {:>11.3f} M/s  {:>9.0f} MiB\n", row.streams,
             row.rpc_per_s / kMillion, row.reads_per_s / kMillion,
             static_cast<double>(row.rss_bytes) / kMebi);
  std::fflush(stdout);
}

int bench_kernel(bool json) {
  if (!json)
    fmt::print("RPCs over a delay and two shared stations, per second of wall clock\n"
               "  streams           RPCs     SimGrid flows     peak memory\n");
  const auto kernel_rows = kernel::run_kernel_benchmark([&](const kernel::BenchmarkRow& row) {
    if (!json) print_kernel_row(row);
  });
  if (!json)
    fmt::print("\nCold reads of 1 MiB files through Lustre: open, lock, read, close\n"
               "  streams           RPCs        cold reads     peak memory\n");
  const auto lustre_rows = run_lustre_benchmark([&](const LustreBenchmarkRow& row) {
    if (!json) print_lustre_row(row);
  });
  if (!json) return kFine;
  auto document = nlohmann::ordered_json::object();
  for (const kernel::BenchmarkRow& row : kernel_rows)
    document["rows"].push_back(
        {{"streams", row.streams},
         {"rpc_per_s", row.rpc_per_s},
         {"simgrid_flows_per_s", row.simgrid_flows_per_s
                                     ? nlohmann::ordered_json(*row.simgrid_flows_per_s)
                                     : nlohmann::ordered_json(nullptr)},
         {"rss_bytes", row.rss_bytes}});
  for (const LustreBenchmarkRow& row : lustre_rows)
    document["lustre_rows"].push_back({{"streams", row.streams},
                                       {"rpc_per_s", row.rpc_per_s},
                                       {"reads_per_s", row.reads_per_s},
                                       {"rss_bytes", row.rss_bytes}});
  fmt::print("{}\n", document.dump(2));
  return kFine;
}

} // namespace

void add_bench(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("bench", "Measure how fast this machine simulates");
  verb->require_subcommand(1);
  verb->footer("Example: lustrum bench kernel\nRates are per second of wall clock (M/s: millions), "
               "memory in MiB.");
  auto* kernel =
      verb->add_subcommand("kernel", "RPCs per second beside SimGrid's flows per second");
  const auto json = std::make_shared<bool>(false);
  kernel->add_flag("--json", *json, "Print rows as JSON");
  kernel->footer("Example: lustrum bench kernel --json > rows.json\n"
                 "Rates are per second of wall clock (M/s: millions), memory in MiB. It takes a "
                 "minute or two.");
  kernel->callback([json, &exit_code] { exit_code = bench_kernel(*json); });
}

} // namespace lustrum::cli
