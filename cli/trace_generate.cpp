#include "sim/trace/trace_generate.hpp"

#include "cli/output.hpp"
#include "cli/trace.hpp"
#include "cli/verbs.hpp"
#include "sim/base/units_text.hpp"
#include "sim/trace/native_writer.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace lustrum::cli {

namespace {

namespace fs = std::filesystem;

// Every number as typed, so that one reading finds all that is wrong.
struct GenerateArguments {
  std::string ranks = "1";
  std::string ranks_per_node = "8";
  std::string files = "64";
  std::string file_size = "4 MiB";
  std::string samples_per_file = "1";
  std::string transfer = "4 MiB";
  std::string batch = "4";
  std::string workers = "4";
  std::string prefetch = "2";
  std::string epochs = "1";
  std::string compute = "100 ms";
  std::string compute_jitter = "0 %";
  std::string latency = "1 ms";
  std::string rate = "1 GB/s";
  std::string folder = "/data/train";
  std::string seed = "1";
  std::string out;
  bool json = false;
};

struct OptionRow {
  const char* name;
  std::string GenerateArguments::*text;
  const char* help;
};

constexpr OptionRow kOptions[] = {
    {"--ranks", &GenerateArguments::ranks, "Training processes"},
    {"--ranks-per-node", &GenerateArguments::ranks_per_node, "Processes with one host name"},
    {"--files", &GenerateArguments::files, "Files of the data set"},
    {"--file-size", &GenerateArguments::file_size, "Size of each file"},
    {"--samples-per-file", &GenerateArguments::samples_per_file, "Equal parts of a file"},
    {"--transfer", &GenerateArguments::transfer, "Size of one read"},
    {"--batch", &GenerateArguments::batch, "Samples per rank and step"},
    {"--workers", &GenerateArguments::workers, "Loader workers per rank; 0: none"},
    {"--prefetch", &GenerateArguments::prefetch, "Batches ahead per worker"},
    {"--epochs", &GenerateArguments::epochs, "Passes over the data set, shuffled anew"},
    {"--compute", &GenerateArguments::compute, "Compute time of a step"},
    {"--compute-jitter", &GenerateArguments::compute_jitter,
     "Its standard deviation, as a share of it: 5 % or 0.05, at most 100 %"},
    {"--latency", &GenerateArguments::latency, "Mean latency of a call (exponential)"},
    {"--rate", &GenerateArguments::rate, "Rate of a read besides its latency"},
    {"--folder", &GenerateArguments::folder, "Folder of the files in the trace"},
    {"--seed", &GenerateArguments::seed, "Same seed, same trace"},
};

class Reading {
public:
  template <class T, class U> void take(const char* option, const Parsed<T>& parsed, U& value) {
    if (parsed)
      value = static_cast<U>(parsed.value());
    else
      problems_.push_back(
          fmt::format("{}: {}: {}", option, parsed.problem().message, parsed.problem().hint));
  }
  void take_count(const char* option, const std::string& text, std::uint32_t& value) {
    std::uint64_t number = 0;
    take(option, parse_whole_number(text), number);
    if (number > UINT32_MAX)
      problems_.push_back(fmt::format("{}: {} is more than {}", option, text, UINT32_MAX));
    value = static_cast<std::uint32_t>(number);
  }
  std::vector<std::string>& problems() { return problems_; }

private:
  std::vector<std::string> problems_;
};

trace::GenerateSettings read(const GenerateArguments& from, std::vector<std::string>& problems) {
  trace::GenerateSettings to;
  Reading reading;
  reading.take_count("--ranks", from.ranks, to.ranks);
  reading.take_count("--ranks-per-node", from.ranks_per_node, to.ranks_per_node);
  reading.take("--files", parse_whole_number(from.files), to.files);
  reading.take("--file-size", parse_bytes(from.file_size), to.file_size);
  reading.take_count("--samples-per-file", from.samples_per_file, to.samples_per_file);
  reading.take("--transfer", parse_bytes(from.transfer), to.transfer);
  reading.take_count("--batch", from.batch, to.batch);
  reading.take_count("--workers", from.workers, to.workers);
  reading.take_count("--prefetch", from.prefetch, to.prefetch);
  reading.take_count("--epochs", from.epochs, to.epochs);
  reading.take("--compute", parse_duration(from.compute), to.compute);
  reading.take("--compute-jitter", parse_number(from.compute_jitter), to.compute_jitter);
  reading.take("--latency", parse_duration(from.latency), to.latency);
  reading.take("--rate", parse_rate(from.rate), to.rate);
  reading.take("--seed", parse_whole_number(from.seed), to.seed);
  to.folder = from.folder;
  problems = reading.problems();
  if (problems.empty()) problems = trace::problems_of(to);
  return to;
}

std::string_view plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

int generate(const GenerateArguments& arguments) {
  std::vector<std::string> problems;
  const trace::GenerateSettings settings = read(arguments, problems);
  const fs::path folder = fs::absolute(arguments.out).parent_path();
  std::error_code ignored;
  if (arguments.out.empty() || fs::is_directory(arguments.out, ignored))
    problems.push_back(fmt::format("-o: `{}` is no name of a file", arguments.out));
  else if (!fs::is_directory(folder, ignored))
    problems.push_back(fmt::format("-o: there is no folder `{}`", folder.string()));
  for (const std::string& problem : problems) fmt::print(stderr, "error: {}\n", problem);
  if (!problems.empty()) return kBadInput;
  return guarded([&] {
    trace::ReadReport report;
    trace::NativeWriter writer(arguments.out);
    trace::stream_records(trace::generated_source(settings), writer, report);
    const std::uint64_t steps = trace::steps_per_epoch(settings);
    if (arguments.json)
      fmt::print("{}\n", nlohmann::ordered_json{{"file", arguments.out},
                                                {"records", writer.records()},
                                                {"steps_per_epoch", steps},
                                                {"epochs", settings.epochs},
                                                {"ranks", settings.ranks}}
                             .dump(2));
    else
      fmt::print("{}: {} records; {} step{} of {} rank{} in {} epoch{}\n", arguments.out,
                 writer.records(), steps * settings.epochs, plural(steps * settings.epochs),
                 settings.ranks, plural(settings.ranks), settings.epochs, plural(settings.epochs));
    return kFine;
  });
}

} // namespace

void add_trace_generate(CLI::App& trace, int& exit_code) {
  auto* verb = trace.add_subcommand(
      "generate", "Make up the trace of a training job as DLIO runs one; nothing is measured");
  const auto arguments = std::make_shared<GenerateArguments>();
  for (const OptionRow& row : kOptions)
    verb->add_option(row.name, *arguments.*row.text, row.help)->capture_default_str();
  verb->add_option("-o,--out", arguments->out,
                   "File to write, whole or not at all; .gz at its end compresses")
      ->required();
  verb->add_flag("--json", arguments->json, "Print what was written as JSON");
  verb->footer("Example: lustrum trace generate --ranks 8 --files 1000 --file-size \"146 MiB\" "
               "--transfer \"4 MiB\" --batch 7 --compute \"323 ms\" -o unet3d.lustrum.gz\n"
               "Values carry their unit: 4 MiB, 1 GB/s, 20 ms, 5 %.");
  verb->callback([arguments, &exit_code] { exit_code = generate(*arguments); });
}

} // namespace lustrum::cli
