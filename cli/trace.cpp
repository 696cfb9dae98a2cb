#include "cli/trace.hpp"

#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "sim/base/units_text.hpp"
#include "sim/trace/native_writer.hpp"
#include "sim/trace/record_stream.hpp"
#include "sim/trace/trace_split.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace lustrum::cli {

namespace {

namespace fs = std::filesystem;

struct ConvertArguments {
  TraceInput input;
  std::string out;
  bool json = false;
};

struct SplitArguments {
  TraceInput input;
  std::string by = "rank";
  std::string window = "60 s";
  std::string out;
  bool plain = false;
  bool json = false;
};

int bad_usage(const std::string& problem) {
  fmt::print(stderr, "error: {}\n", problem);
  return kBadInput;
}

int convert(const ConvertArguments& arguments) {
  if (const std::string problem = problem_of_output(arguments.out, arguments.input.files);
      !problem.empty())
    return bad_usage("-o: " + problem);
  return guarded([&] {
    trace::ReadReport report;
    trace::NativeWriter writer(arguments.out);
    trace::stream_records(
        trace::files_as_source(arguments.input.paths(), arguments.input.options()), writer, report);
    fmt::print(stderr, "{}", report.text());
    if (arguments.json)
      fmt::print("{}\n", nlohmann::ordered_json{{"file", arguments.out},
                                                {"records", writer.records()},
                                                {"damaged_lines", report.damaged_lines}}
                             .dump(2));
    else
      fmt::print("{}: {} records\n", arguments.out, writer.records());
    return kFine;
  });
}

int split(const SplitArguments& arguments) {
  trace::SplitSettings settings;
  if (arguments.by == "process") settings.by = trace::SplitBy::process;
  if (arguments.by == "time") settings.by = trace::SplitBy::time;
  const Parsed<Seconds> window = parse_duration(arguments.window);
  if (!window)
    return bad_usage(
        fmt::format("--window: {}: {}", window.problem().message, window.problem().hint));
  if (!(window.value().count() > 0)) return bad_usage("--window must be longer than 0 s");
  if (arguments.out.empty()) return bad_usage("-o: the name of the folder to write is missing");
  if (const std::string problem = occupied(arguments.out); !problem.empty())
    return bad_usage("-o: " + problem);
  settings.window = window.value();
  settings.folder = arguments.out;
  settings.compress = !arguments.plain;
  return guarded([&] {
    // Reads once before the folder is made: a trace that is none leaves nothing behind.
    for (const fs::path& path : arguments.input.paths())
      if (fs::is_regular_file(path)) trace::detect_format(path);
    fs::create_directories(arguments.out);
    trace::ReadReport report;
    const auto parts = trace::split_trace(
        trace::files_as_source(arguments.input.paths(), arguments.input.options()), settings,
        report);
    fmt::print(stderr, "{}", report.text());
    auto document = nlohmann::ordered_json::array();
    for (const trace::SplitPart& part : parts) {
      document.push_back({{"file", part.file.string()}, {"records", part.records}});
      if (!arguments.json) fmt::print("{}: {} records\n", part.file.string(), part.records);
    }
    if (arguments.json) fmt::print("{}\n", document.dump(2));
    return kFine;
  });
}

void add_convert(CLI::App& trace, int& exit_code) {
  auto* verb =
      trace.add_subcommand("convert", "Write a trace in Lustrum's own text format, losslessly");
  const auto arguments = std::make_shared<ConvertArguments>();
  add_input_options(*verb, arguments->input);
  verb->add_option("-o,--out", arguments->out,
                   "File to write, whole or not at all; .gz at its end compresses")
      ->required();
  verb->add_flag("--json", arguments->json, "Print what was written as JSON");
  verb->footer(
      "Example: lustrum trace convert run.pfw.gz -o run.lustrum.gz\n"
      "Times in the file are nanoseconds, sizes bytes (4 MiB is 4194304); the format is in "
      "traces/FORMAT.md.");
  verb->callback([arguments, &exit_code] { exit_code = convert(*arguments); });
}

void add_split(CLI::App& trace, int& exit_code) {
  auto* verb = trace.add_subcommand("split", "Write a trace as one file per rank, process or time");
  const auto arguments = std::make_shared<SplitArguments>();
  add_input_options(*verb, arguments->input);
  verb->add_option("--by", arguments->by, "rank, process or time (a call goes where it starts)")
      ->check(CLI::IsMember({"rank", "process", "time"}));
  verb->add_option("--window", arguments->window,
                   "Length of a part by time, such as 500 ms or 5 min");
  verb->add_option("-o,--out", arguments->out, "Folder to write, new or empty")->required();
  verb->add_flag("--plain", arguments->plain, "Do not compress");
  verb->add_flag("--json", arguments->json, "Print what was written as JSON");
  verb->footer(
      "Examples: lustrum trace split run.pfw.gz -o ranks\n"
      "          lustrum trace split run.pfw.gz --by time --window \"10 min\" -o parts\n"
      "Durations carry their unit (ms, s, min, h). Memory does not grow with the trace: some 200 "
      "MiB, and its table of files.");
  verb->callback([arguments, &exit_code] { exit_code = split(*arguments); });
}

} // namespace

std::string problem_of_output(const std::string& out, const std::vector<std::string>& inputs) {
  std::error_code ignored;
  if (out.empty()) return "the name of the file to write is missing";
  if (fs::is_directory(out, ignored)) return fmt::format("`{}` is a folder", out);
  const fs::path folder = fs::absolute(out).parent_path();
  if (!fs::is_directory(folder, ignored))
    return fmt::format("there is no folder `{}`", folder.string());
  for (const std::string& input : inputs)
    if (fs::equivalent(input, out, ignored)) return fmt::format("`{}` is also an input", out);
  return unwritable(folder.string());
}

void add_input_options(CLI::App& verb, TraceInput& input) {
  verb.add_option("trace", input.files,
                  "Files or folders of one job: DFTracer, Darshan text, strace, PyTorch profiler, "
                  "Lustrum's own; gzipped or not; told apart by content")
      ->required();
  verb.add_flag("--salvage", input.salvage,
                "Keep what is whole of a damaged trace, and say what is not");
  verb.add_flag("--keep-duplicates", input.keep_duplicates,
                "Keep lines that DFTracer printed twice");
}

int guarded(const std::function<int()>& action) {
  try {
    return action();
  } catch (const trace::DamagedTrace& error) {
    fmt::print(stderr, "error: {} (--salvage)\n", error.what());
    return kBadInput;
  } catch (const trace::ReadError& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return kBadInput;
  } catch (const fs::filesystem_error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return kBadInput;
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return kUnfinished;
  }
}

void add_trace(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("trace", "Look at, convert, make up or split recorded I/O");
  verb->require_subcommand(1);
  verb->footer("Example: lustrum trace info traces/samples\n"
               "A recording drives a simulation when a scenario names it as workload.trace. Sizes "
               "are shown in B to TiB (1 MiB = 1048576 B), times in s.");
  add_trace_info(*verb, exit_code);
  add_convert(*verb, exit_code);
  add_trace_generate(*verb, exit_code);
  add_split(*verb, exit_code);
  add_trace_calibrate(*verb, exit_code);
}

} // namespace lustrum::cli
