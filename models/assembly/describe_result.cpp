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

// What the automatic mode grants for the capacity is included in its price.
std::uint64_t extra_metadata_iops(const Scenario& scenario) {
  const std::uint32_t included = automatic_metadata_iops(scenario.storage.capacity);
  const std::uint32_t provisioned = scenario.storage.metadata_iops;
  return provisioned > included ? provisioned - included : 0;
}

} // namespace

void fill_cost(const Scenario& scenario, const WorkDone& done, RunResult& result) {
  const LustreSystem& system = scenario.filesystem;
  CostInputs inputs;
  inputs.instance_name = scenario.cluster.instance;
  inputs.nodes = scenario.cluster.nodes;
  inputs.instance_price = scenario.instance.price;
  inputs.storage_name = scenario.storage.filesystem;
  if (system.price_per_oss.value.count() > 0) {
    inputs.oss_count = scenario.oss_count();
    inputs.price_per_oss = system.price_per_oss;
  } else {
    inputs.capacity = Bytes{static_cast<std::uint64_t>(
        std::llround(billed_gib(system, scenario.storage.capacity) * static_cast<double>(kGib)))};
    inputs.price_capacity = system.price_capacity;
    inputs.extra_metadata_iops = extra_metadata_iops(scenario);
    inputs.price_metadata_iops_month = system.price_metadata_iops_month;
  }
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
  result.cost = cost_of(inputs);
}

void describe_result(const Scenario& scenario, const std::string& command, RunResult& result) {
  result.name = scenario.name;
  result.description = scenario.description;
  result.assumed = scenario.assumed();
  if (scenario.filesystem.price_capacity.value.count() > 0)
    result.assumed.push_back(month_assumption());
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
