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

} // namespace

std::uint32_t Scenario::oss_count() const {
  const Bytes each =
      network.is_rdma() ? filesystem.oss_capacity_efa.value : filesystem.oss_capacity.value;
  if (each == Bytes{}) return 0;
  // A capacity like 9.6 TiB is no whole number of bytes: 4 servers must not become 5.
  constexpr double kSlack = 1e-6;
  return std::max(1U, static_cast<std::uint32_t>(
                          std::ceil(storage.capacity.as_double() / each.as_double() - kSlack)));
}

std::uint32_t Scenario::osts_per_oss() const {
  return network.is_rdma() ? filesystem.oss_osts_efa.value : filesystem.oss_osts.value;
}

Bytes Scenario::ost_capacity() const {
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
  return out;
}

} // namespace lustrum
