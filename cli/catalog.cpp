#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "models/assembly/catalog_report.hpp"
#include "sim/base/did_you_mean.hpp"
#include "sim/base/parameter_value.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lustrum::cli {

namespace {

// Empty, with messages on stderr, when there is none or it has errors.
std::optional<Catalog> load_catalog() {
  if (!std::filesystem::is_directory(catalog_folder())) {
    fmt::print(stderr,
               "error: the catalog is not at `{}`: start Lustrum through ./lustrum, or set "
               "LUSTRUM_HOME to the folder of the repository\n",
               catalog_folder());
    return std::nullopt;
  }
  Diagnostics diagnostics;
  Catalog catalog = Catalog::load(catalog_folder(), diagnostics);
  fmt::print(stderr, "{}", diagnostics.render(colour_on(stderr)));
  if (diagnostics.has_errors()) return std::nullopt;
  return catalog;
}

std::size_t count_soft(const std::vector<FigureRow>& rows) {
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const FigureRow& row) {
    return row.provenance.kind == FigureKind::assumed || row.provenance.kind == FigureKind::fitted;
  }));
}

std::string_view oldest_date(const std::vector<FigureRow>& rows) {
  std::string_view oldest;
  for (const FigureRow& row : rows)
    if (oldest.empty() || row.provenance.as_of < oldest) oldest = row.provenance.as_of;
  return oldest.empty() ? "-" : oldest;
}

void print_list_head(std::string_view title) {
  fmt::print("{:<26}  {:>7}  {:>17}  oldest\n", title, "figures", "assumed or fitted");
}

void print_list_row(std::string_view name, const std::vector<FigureRow>& rows) {
  fmt::print("  {:<24}  {:>7}  {:>17}  {}\n", name, rows.size(), count_soft(rows),
             oldest_date(rows));
}

int list() {
  const std::optional<Catalog> catalog = load_catalog();
  if (!catalog) return kBadInput;
  for (const EntryKind* kind : entry_kinds()) {
    bool any = false;
    for (const CatalogEntry& entry : catalog->entries()) {
      if (entry.kind != kind) continue;
      if (!any) print_list_head(fmt::format("{} ({})", kind->name, kind->file));
      any = true;
      print_list_row(entry.name, figures_of(entry));
    }
    if (any) fmt::print("\n");
  }
  print_list_head("price list (prices/)");
  for (const PriceList& prices : catalog->price_lists()) {
    std::vector<FigureRow> rows;
    for (const FigureRow& row : all_figures(*catalog))
      if (row.price && row.entry.starts_with(prices.region + ", " + prices.date + ":"))
        rows.push_back(row);
    print_list_row(prices.region + ", " + prices.date, rows);
  }
  if (const std::vector<std::string> names = unlisted_products(*catalog); !names.empty())
    fmt::print("\npriced, but not in the catalog: {}\n", fmt::join(names, ", "));
  return kFine;
}

void print_figure(const FigureRow& row, bool with_entry) {
  fmt::print("  {}{} = {}\n      {}, {}: {}\n", with_entry ? row.entry + ", " : "", row.key,
             row.value, to_string(row.provenance.kind), row.provenance.as_of,
             row.provenance.source.empty() ? "no source" : row.provenance.source);
}

int show(const std::string& name) {
  const std::optional<Catalog> catalog = load_catalog();
  if (!catalog) return kBadInput;
  bool any = false;
  std::vector<std::string> names;
  for (const CatalogEntry& entry : catalog->entries()) {
    names.push_back(entry.name);
    if (entry.name != name) continue;
    any = true;
    fmt::print("{}: {} ({})\n", entry.name, entry.kind->name, entry.kind->file);
    for (const FigureRow& row : figures_of(entry)) print_figure(row, false);
  }
  const std::vector<FigureRow> prices = prices_of(*catalog, name);
  if (!prices.empty()) fmt::print("{}prices of {}\n", any ? "\n" : "", name);
  for (const FigureRow& row : prices) print_figure(row, true);
  if (any || !prices.empty()) {
    if (prices.empty()) fmt::print("\nprices of {}: in no list\n", name);
    return kFine;
  }
  for (std::string& product : unlisted_products(*catalog)) names.push_back(std::move(product));
  std::sort(names.begin(), names.end());
  const std::string hint = did_you_mean(name, names);
  fmt::print(stderr, "error: the catalog has no entry `{}`{}{}\nknown: {}\n", name,
             hint.empty() ? "" : ": ", hint, fmt::join(names, ", "));
  return kBadInput;
}

struct CheckArguments {
  std::string older_than_days;
  std::string today;
  bool strict = false;
};

std::string today_by_clock() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

void print_findings(std::string_view what, const std::vector<FigureRow>& rows) {
  fmt::print("{}: {}\n", what, rows.size());
  for (const FigureRow& row : rows) print_figure(row, true);
}

int check(const CheckArguments& arguments) {
  const std::optional<Catalog> catalog = load_catalog();
  if (!catalog) return kBadInput;
  std::string oldest;
  if (!arguments.older_than_days.empty()) {
    const std::string today = arguments.today.empty() ? today_by_clock() : arguments.today;
    oldest = days_before(today, static_cast<std::uint32_t>(std::stoul(arguments.older_than_days)));
  }
  const CatalogFindings findings = check_catalog(*catalog, oldest);
  if (!oldest.empty()) print_findings("figures from before " + oldest, findings.old);
  print_findings("figures without a source that one can look up", findings.weak);
  print_findings("figures that are assumed", findings.assumed);
  const bool found = !findings.old.empty() ||
                     (arguments.strict && !(findings.weak.empty() && findings.assumed.empty()));
  return found ? kCheckFailed : kFine;
}

std::string problem_of_days(const std::string& text) {
  std::uint32_t days = 0;
  constexpr std::uint32_t kMost = 36'500;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error == std::errc{} && stop == text.data() + text.size() && days <= kMost) return {};
  return fmt::format("`{}` is not a whole number of days from 0 to {}", text, kMost);
}

std::string problem_of_date(const std::string& text) {
  constexpr std::size_t kWithDay = 10; // YYYY-MM-DD
  if (!check_date(text) && text.size() == kWithDay) return {};
  return fmt::format("`{}` is not a date such as 2026-07-28", text);
}

} // namespace

void add_catalog(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("catalog", "Instances, storage systems and prices that scenarios "
                                             "can name, with their sources");
  verb->require_subcommand(1);
  verb->footer("Examples:\n"
               "  lustrum catalog list\n"
               "  lustrum catalog show fsx_scratch_2\n"
               "  lustrum catalog check --older-than 365\n"
               "Figures are printed with their unit (9.6 TiB, 1200 MiB/s, 0.14 USD/GB-month).");

  auto* list_verb = verb->add_subcommand("list", "Every entry: number of figures, how many of them "
                                                 "are assumed or fitted, the oldest date");
  list_verb->footer("Example: lustrum catalog list\n"
                    "Figures such as 9.6 TiB are printed by `lustrum catalog show NAME`.");
  list_verb->callback([&exit_code] { exit_code = list(); });

  auto* show_verb = verb->add_subcommand("show", "One entry: every figure with kind, date and "
                                                 "source, and its prices in every list");
  const auto name = std::make_shared<std::string>();
  show_verb->add_option("name", *name, "Name of an entry or of a priced product")->required();
  show_verb->footer("Example: lustrum catalog show p5.48xlarge\n"
                    "Figures are printed with their unit (9.6 TiB, 1200 MiB/s).");
  show_verb->callback([&exit_code, name] { exit_code = show(*name); });

  auto* check_verb = verb->add_subcommand("check", "Figures that are old, assumed, or without a "
                                                   "source that one can look up");
  const auto arguments = std::make_shared<CheckArguments>();
  check_verb
      ->add_option("--older-than", arguments->older_than_days,
                   "Find figures whose source is older than so many days; exit code 1 if there are "
                   "any")
      ->check(problem_of_days)
      ->type_name("DAYS");
  check_verb->add_option("--today", arguments->today, "Count from this date, not from the clock's")
      ->check(problem_of_date)
      ->type_name("YYYY-MM-DD");
  check_verb->add_flag("--strict", arguments->strict,
                       "Exit code 1 also for assumed figures and those without a source");
  check_verb->footer("Examples:\n"
                     "  lustrum catalog check --older-than 365\n"
                     "  lustrum catalog check --older-than 180 --today 2026-12-01 --strict\n"
                     "Figures are printed with their unit (9.6 TiB, 1200 MiB/s).");
  check_verb->callback([&exit_code, arguments] { exit_code = check(*arguments); });
}

} // namespace lustrum::cli
