#include "models/assembly/copy_in.hpp"

#include "models/assembly/object_charges.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

namespace lustrum {

using object::RequestClass;

namespace {

object::ObjectStorageSettings storage_of(const CopyInSource& source, const Scenario& scenario) {
  object::ObjectStorageSettings settings;
  settings.client = source.client;
  settings.cache_disks = with_defaults<block::VolumeSettings>(block::VolumeSettings::parameters());
  settings.jobs = static_cast<std::uint32_t>(scenario.jobs.size());
  settings.seed = scenario.run.seed;
  return settings;
}

} // namespace

CopyIn::CopyIn(kernel::World& world, const fabric::HostLinks& links, block::LocalStorage& disks,
               const CopyInChoice& choice, const CopyInSource& source, const Scenario& scenario)
    : world_(world), disks_(disks), choice_(choice), scenario_(scenario),
      service_(world, source.service, scenario.run.seed),
      store_(world, links, service_, storage_of(source, scenario)), ready_(world) {}

void CopyIn::begin() {
  std::uint32_t directories = 1; // the root; others need only be told apart, as prefixes
  for (const FileIndex file : disks_.existing_files()) {
    const DirectoryIndex directory = disks_.directory_of(file);
    for (; directories <= directory.value(); ++directories) store_.place_directory(kRootDirectory);
    files_.push_back({store_.place_file(directory, disks_.file_size(file)), file});
  }
  world_.spawn(run(), {"copy in", 0});
}

kernel::Task CopyIn::run() {
  co_await block::copy_in(world_, store_, disks_, files_, ClientIndex{0}, scenario_.cluster.nodes,
                          {choice_.files_at_once, choice_.piece, choice_.shards}, JobIndex{0},
                          result_);
  ready_.open(result_.time);
}

void CopyIn::describe(RunResult& result) const {
  const object::ServiceUsage usage = service_.usage_now();
  const std::uint64_t data = usage.count(RequestClass::get);
  result.metrics.rpcs = usage.all_requests();
  result.metrics.metadata_rpcs = usage.all_requests() - data;
  result.networks = {{.name = "https",
                      .data_rpcs = data,
                      .metadata_rpcs = result.metrics.metadata_rpcs,
                      .read_bytes = usage.retrieved.as_double(),
                      .written_bytes = usage.uploaded.as_double()}};
  const double time_s = result_.longest.count();
  const double rate =
      time_s > 0 ? result_.copied.as_double() / static_cast<double>(kMib) / time_s : 0;
  result.phases.insert(result.phases.begin(), PhaseRow{.name = "copy in",
                                                       .repetitions = 1,
                                                       .operations = files_.size(),
                                                       .bytes = result_.copied.count(),
                                                       .errors = result_.failed,
                                                       .time_s = time_s,
                                                       .rate = rate,
                                                       .rate_min = rate,
                                                       .rate_max = rate,
                                                       .unit = "MiB/s"});
  result.notes.push_back(fmt::format(
      "jobs wait {} until the data set is copied from `{}` to {}: that is part of makespan and "
      "cost, and of no epoch",
      format_duration(result_.longest), choice_.from,
      choice_.shards ? "the nodes, to each its part" : "every node"));
  if (result_.failed > 0)
    result.warnings.push_back(
        fmt::format("{} files could not be copied: the disks are too small, or the store refused",
                    result_.failed));
}

std::vector<Charge> CopyIn::charges() const {
  return object_charges(scenario_, choice_.from, service_.usage_now(), world_.now());
}

} // namespace lustrum
