// The verbs of the command line. Each adds its subcommand to the program and, when chosen, runs it
// and leaves its exit code.
#pragma once

namespace CLI { // NOLINT(readability-identifier-naming): CLI11's own
class App;
}

namespace lustrum::cli {

inline constexpr int kFine = 0;
inline constexpr int kCheckFailed = 1;
inline constexpr int kBadInput = 2;
inline constexpr int kUnfinished = 3;

void add_run(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);
void add_bench(CLI::App& app, int& exit_code);
void add_schema(CLI::App& app, int& exit_code);
void add_metrics(CLI::App& app, int& exit_code);
void add_trace(CLI::App& app, int& exit_code);
void add_catalog(CLI::App& app, int& exit_code);
void add_compare(CLI::App& app, int& exit_code);

} // namespace lustrum::cli
