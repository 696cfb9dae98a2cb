// What follows from a scenario's figures: the number of servers, and the list of assumptions.
#include "models/assembly/scenario.hpp"
#include "models/assembly/storage_kind.hpp"
#include "sim/base/parameter_value.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace lustrum {
namespace {

template <class T> std::string text_of(const T& value, const ValueType& type) {
  if constexpr (std::is_same_v<T, std::string>)
    return value;
  else if constexpr (std::is_same_v<T, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_arithmetic_v<T>)
    return fmt::format("{}", value);
  else if constexpr (std::is_same_v<T, Bytes>)
    return format_bytes(value);
  else if constexpr (std::is_same_v<T, Spread>)
    return format_duration(value.mean);
  else
    return format_count(type.dimension, value.count());
}

template <class T> constexpr bool kIsFigure = false;
template <class T> constexpr bool kIsFigure<Figure<T>> = true;

void append_assumed(const std::string& prefix, const ParameterTable& table, const void* entry,
                    std::vector<AssumedRow>& out) {
  for (const Parameter& row : table) {
    // A field is reached through a writable owner; nothing is written here.
    const FieldRef field = row.field(const_cast<void*>(entry));
    std::visit(
        [&](const auto* figure) {
          using Field = std::remove_cv_t<std::remove_pointer_t<decltype(figure)>>;
          if constexpr (kIsFigure<Field>) {
            const Provenance& from = figure->provenance;
            const bool soft = from.kind == FigureKind::assumed || from.kind == FigureKind::fitted;
            // A row's default says that the product has no such thing, which is no assumption.
            const bool is_default = from.as_of.empty() && from.source == row.source;
            if (soft && !is_default)
              out.push_back({fmt::format("{}.{}", prefix, row.key),
                             text_of(figure->value, value_type(row)),
                             std::string(to_string(from.kind)), from.source});
          }
        },
        field);
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
  append_assumed(cluster.instance, Instance::parameters(), &instance, out);
  if (storage_entry.kind)
    append_assumed(storage_entry.name, *storage_entry.kind->table, storage_entry.figures.get(),
                   out);
  if (design)
    for (AssumedRow& row : design->assumed(*this)) out.push_back(std::move(row));
  out.insert(out.end(), fitted.begin(), fitted.end());
  return out;
}

} // namespace lustrum
