#include "cli/verbs.hpp"
#include "models/assembly/scenario.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

namespace lustrum::cli {

namespace {

void print_section(const ScenarioSection& section, std::string_view lustre_version) {
  fmt::print("{}: {}\n", section.path.empty() ? "(top level)" : section.path, section.doc);
  for (const ParameterRow& row : describe(section, lustre_version)) {
    fmt::print("  {}\n      {}\n      {}", row.key, row.doc, row.type);
    if (!row.range.empty()) fmt::print(", {}", row.range);
    if (row.required)
      fmt::print("; required");
    else if (!row.default_text.empty())
      fmt::print("; default {}", row.default_text);
    fmt::print("\n");
    if (!row.source.empty()) fmt::print("      source: {}\n", row.source);
    if (!row.has_effect) fmt::print("      no effect on the simulation yet\n");
  }
  fmt::print("\n");
}

} // namespace

void add_schema(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("schema", "List every key of a scenario file: meaning, unit, "
                                            "range, default, source");
  verb->footer("Example: lustrum schema | less\n"
               "Ranges and defaults are printed with their unit (9.6 TiB, 1200 MiB/s, 190 ms).");
  auto version = std::make_shared<std::string>();
  verb->add_option("--lustre-version", *version,
                   "Print the defaults of the Lustre tunables in this version only")
      ->check(CLI::IsMember(lustre_versions()));
  verb->callback([&exit_code, version] {
    for (const ScenarioSection& section : scenario_sections()) print_section(section, *version);
    exit_code = kFine;
  });
}

} // namespace lustrum::cli
