#include "models/assembly/describe_result.hpp"

#include "models/cost/cost.hpp"
#include "sim/base/random.hpp"
#include "sim/kernel/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace lustrum {

namespace {

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// FNV-1a of a file's bytes, or of the files of a folder in the order of their names: tells inputs
// apart, guards against nothing.
std::string digest_of(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files{path};
  if (std::filesystem::is_directory(path)) {
    const std::filesystem::directory_iterator entries(path);
    files.assign(begin(entries), end(entries));
    std::sort(files.begin(), files.end());
  }
  std::uint64_t digest = 0;
  for (const std::filesystem::path& file : files)
    if (std::filesystem::is_regular_file(file))
      digest = random::mix_bits(digest) ^ random::component(contents_of(file));
  return fmt::format("fnv1a:{:016x}", digest);
}

// Paths of this machine do not belong into a result that others reproduce.
std::string shown_path(const std::string& path) {
  return path.starts_with('/') ? path.substr(path.rfind('/') + 1) : path;
}

// Prices that nobody publishes, and the length of a month where one counts.
void list_assumed_prices(const BillInputs& inputs, const Prices& prices, RunResult& result) {
  bool by_month = false;
  for (const Charge& charge : inputs.charges) {
    const Price* price = prices.find(charge.product, charge.component);
    if (!price || price->unit != charge.unit || !(charge.amount > 0)) continue;
    by_month = by_month || (is_paid_over_time(price->unit) && price->unit != PriceUnit::hour);
    const FigureKind kind = price->provenance.kind;
    if (kind == FigureKind::assumed || kind == FigureKind::fitted)
      result.assumed.push_back({fmt::format("prices.{}.{}", charge.product, charge.component),
                                fmt::format("{} {}", price->usd, unit_name(price->unit)),
                                std::string(to_string(kind)), price->provenance.source});
  }
  if (by_month) result.assumed.push_back(month_assumption(inputs.hours_per_month));
}

} // namespace

void fill_cost(const Scenario& scenario, const WorkDone& done, std::vector<Charge> storage,
               RunResult& result) {
  BillInputs inputs;
  inputs.charges.push_back({.product = scenario.cluster.instance,
                            .component = "node",
                            .label = scenario.cluster.instance,
                            .amount = static_cast<double>(scenario.cluster.nodes),
                            .unit = PriceUnit::hour,
                            .counted = "node-hours",
                            .gpu = true});
  for (Charge& charge : storage) inputs.charges.push_back(std::move(charge));
  inputs.hours_per_month = scenario.pricing.hours_per_month;
  inputs.makespan = Seconds{result.metrics.makespan_s};
  inputs.epochs = done.epochs;
  inputs.samples = done.samples;
  if (result.metrics.gpu_utilization_pct) {
    // GPUs of a node that no rank uses are paid for as well.
    const std::uint32_t paid = scenario.cluster.nodes * scenario.instance.gpus.value;
    const std::uint32_t ranks = result.metrics.ranks;
    inputs.gpu_utilization = ranks > 0 ? std::min(1.0, done.compute / (inputs.makespan * paid)) : 0;
    if (ranks > 0 && ranks < paid)
      result.warnings.push_back(fmt::format(
          "{} of the {} GPUs paid for are used; the others count as idle", ranks, paid));
  }
  result.cost = cost_of(inputs, scenario.prices);
  list_assumed_prices(inputs, scenario.prices, result);
}

void describe_result(const Scenario& scenario, const std::string& command, RunResult& result) {
  result.name = scenario.name;
  result.description = scenario.description;
  std::vector<AssumedRow> of_prices = std::move(result.assumed);
  result.assumed = scenario.assumed();
  for (AssumedRow& row : of_prices) result.assumed.push_back(std::move(row));
  RunProvenance& provenance = result.provenance;
  provenance.version = LUSTRUM_VERSION;
  provenance.seed = scenario.run.seed;
  provenance.scenario = scenario.files.empty() ? "" : shown_path(scenario.files.front());
  for (const std::string& file : scenario.files)
    provenance.inputs.push_back({shown_path(file), digest_of(file)});
  provenance.simgrid = kernel::Engine::simgrid_settings();
  provenance.data_path = scenario.run.data_path;
  provenance.command = command;
}

} // namespace lustrum
