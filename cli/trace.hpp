// Parts of the verb `trace`.
#pragma once

#include "sim/trace/read_report.hpp"
#include "sim/trace/read_trace.hpp"
#include "sim/trace/trace_statistics.hpp"

#include <functional>
#include <string>
#include <vector>

namespace CLI { // NOLINT(readability-identifier-naming): CLI11's own
class App;
}

namespace lustrum::cli {

// What info, convert and split have in common.
struct TraceInput {
  std::vector<std::string> files;
  bool salvage = false;
  bool keep_duplicates = false;

  std::vector<std::filesystem::path> paths() const { return {files.begin(), files.end()}; }
  trace::ReadOptions options() const {
    return {.salvage = salvage, .drop_duplicates = !keep_duplicates};
  }
};

// Why this file cannot be written; empty: it can. Its folder must be there: a mistyped one is not
// made silently.
std::string problem_of_output(const std::string& out, const std::vector<std::string>& inputs);

void add_input_options(CLI::App& verb, TraceInput& input);

// Runs the action; what it throws becomes a message and an exit code: a trace that cannot be read
// 2, a file that cannot be written 3.
int guarded(const std::function<int()>& action);

void add_trace_info(CLI::App& trace, int& exit_code);
void add_trace_calibrate(CLI::App& trace, int& exit_code);
void add_trace_generate(CLI::App& trace, int& exit_code);

} // namespace lustrum::cli
