// What follows from a scenario's figures: the number of servers, and the list of assumptions.
#include "models/assembly/figure_text.hpp"
#include "models/assembly/scenario.hpp"
#include "models/assembly/storage_kind.hpp"
#include "sim/base/parameter_value.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum {
namespace {

void append_assumed(const CatalogEntry& entry, std::vector<AssumedRow>& out) {
  for (const Parameter& row : *entry.kind->table) {
    std::optional<FigureText> figure = figure_text(row, entry);
    // A default among figures says that the product has no such thing, which is no assumption.
    if (!figure || (figure->is_default && !entry.kind->plain)) continue;
    const FigureKind kind = figure->provenance.kind;
    if (kind == FigureKind::assumed || kind == FigureKind::fitted)
      out.push_back({fmt::format("{}.{}", entry.name, row.key), std::move(figure->value),
                     std::string(to_string(kind)), std::move(figure->provenance.source)});
  }
}

// Ways to read and write that a job may have.
struct Access {
  bool direct_reads = false;
  bool direct_writes = false;
  bool faults = false; // mmap
};

Access access_of(const ScenarioJob& job) {
  if (job.ior)
    return {.direct_reads = job.ior->direct && job.ior->read,
            .direct_writes = job.ior->direct && job.ior->write,
            .faults = job.ior->api == "MMAP"};
  if (job.dlio) return {.direct_reads = job.dlio->odirect};
  if (job.training)
    return {.direct_reads =
                job.training->dataset.format == "direct" || job.training->dataset.gpu_direct,
            .faults = job.training->dataset.format == "lmdb"};
  if (job.mdtest) return {};
  return {true, true, true}; // a trace may hold anything
}

Access access_of(const Scenario& scenario) {
  Access all;
  // Large buffered calls become direct ones; GPUDirect Storage is direct.
  all.direct_reads = scenario.lustre.llite_hybrid_io || scenario.network.gds;
  all.direct_writes = scenario.lustre.llite_hybrid_io;
  for (const ScenarioJob& job : scenario.jobs) {
    const Access one = access_of(job);
    all.direct_reads |= one.direct_reads;
    all.direct_writes |= one.direct_writes;
    all.faults |= one.faults;
  }
  return all;
}

// EFA's cards carry data if that is the network, and perhaps what jobs exchange.
bool uses_rdma_cards(const Scenario& scenario) {
  return scenario.network.is_rdma() ||
         std::any_of(scenario.jobs.begin(), scenario.jobs.end(), [](const ScenarioJob& job) {
           return job.training && job.training->step.gradient > Bytes{};
         });
}

// By the names of figures: what an answer cannot rest on need not be looked at.
bool rests_on(const Scenario& scenario, std::string_view figure) {
  const auto has = [figure](std::string_view part) {
    return figure.find(part) != std::string_view::npos;
  };
  if (has("gds")) return scenario.network.gds;
  if (has(".efa.")) return uses_rdma_cards(scenario);
  if (figure.ends_with("_efa")) return scenario.network.is_rdma();
  if (has("client.dio_") && scenario.lustre.llite_hybrid_io) return true;
  if (has("client.dio_bounce_") && !scenario.lustre.llite_unaligned_dio) return false;
  const Access access = access_of(scenario);
  if (has("client.dio_") && figure.ends_with("_read")) return access.direct_reads;
  if (has("client.dio_") && figure.ends_with("_write")) return access.direct_writes;
  if (has("client.fault_time") || has("client.page_fetch_time")) return access.faults;
  return true;
}

} // namespace

std::uint32_t Scenario::oss_count() const {
  if (filesystem.by_throughput()) {
    constexpr double kMost = 1e4; // beyond what can be bought: reported
    const double steps = std::round(storage.throughput / filesystem.throughput_step.value);
    return static_cast<std::uint32_t>(std::clamp(steps, 1.0, kMost));
  }
  const Bytes each =
      network.is_rdma() ? filesystem.oss_capacity_efa.value : filesystem.oss_capacity.value;
  if (each == Bytes{}) return 0;
  // A capacity like 9.6 TiB is no whole number of bytes: 4 servers must not become 5.
  constexpr double kSlack = 1e-6;
  return std::max(1U, static_cast<std::uint32_t>(
                          std::ceil(storage.capacity.as_double() / each.as_double() - kSlack)));
}

// A file system of less than one server has only as many of its OSTs as it needs.
std::uint32_t Scenario::osts_per_oss() const {
  const bool rdma = network.is_rdma();
  const std::uint32_t osts = rdma ? filesystem.oss_osts_efa.value : filesystem.oss_osts.value;
  const Bytes server = rdma ? filesystem.oss_capacity_efa.value : filesystem.oss_capacity.value;
  if (server == Bytes{}) return osts;
  constexpr double kSlack = 1e-6;
  const double needed =
      std::ceil(storage.capacity.as_double() / server.as_double() * osts - kSlack);
  return std::clamp(static_cast<std::uint32_t>(needed), 1U, std::max(osts, 1U));
}

Bytes Scenario::ost_capacity() const {
  const Bytes each =
      network.is_rdma() ? filesystem.oss_capacity_efa.value : filesystem.oss_capacity.value;
  if (filesystem.by_throughput()) return each / std::max(1U, osts_per_oss());
  const double gib = billed_gib(filesystem, storage.capacity);
  const double osts = static_cast<double>(oss_count()) * osts_per_oss();
  return Bytes{static_cast<std::uint64_t>(gib * static_cast<double>(kGib) / osts)};
}

std::vector<double> Scenario::ost_used() const {
  std::vector<double> used(std::size_t{oss_count()} * osts_per_oss(), storage.used);
  for (std::size_t t = 0; t < std::min(used.size(), storage.ost_used.size()); ++t)
    used[t] = parse_number(storage.ost_used[t]).value();
  return used;
}

lustre::LayoutDefaults Scenario::layout_defaults() const {
  constexpr Bytes kGrain{64 * kKib};
  return {.stripe_size = lustre.lod_stripesize - lustre.lod_stripesize % kGrain,
          .stripe_count = lustre.lod_stripecount};
}

std::vector<AssumedRow> Scenario::assumed() const {
  std::vector<AssumedRow> out;
  if (instance_entry.kind) append_assumed(instance_entry, out);
  if (storage_entry.kind) append_assumed(storage_entry, out);
  if (design)
    for (AssumedRow& row : design->assumed(*this)) out.push_back(std::move(row));
  out.insert(out.end(), fitted.begin(), fitted.end());
  std::erase_if(out, [this](const AssumedRow& row) { return !rests_on(*this, row.key); });
  return out;
}

} // namespace lustrum
