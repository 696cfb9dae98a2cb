#include "models/assembly/figure_text.hpp"

#include "sim/base/parameter_value.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

#include <type_traits>
#include <variant>

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

// Rows write `assumed: ` or `measured, ` in front of the source of their default.
Provenance default_provenance(const Parameter& row) {
  Provenance from{.source = std::string(row.source), .as_of = {}, .kind = FigureKind::vendor};
  for (const std::string_view name : figure_kind_names())
    if (row.source.starts_with(name)) from.kind = *figure_kind(name);
  return from;
}

} // namespace

std::optional<FigureText> figure_text(const Parameter& row, const CatalogEntry& entry) {
  // A field is reached through a writable owner; nothing is written here.
  return std::visit(
      [&](const auto* field) -> std::optional<FigureText> {
        using Field = std::remove_cv_t<std::remove_pointer_t<decltype(field)>>;
        if constexpr (kIsFigure<Field>) {
          const Provenance& from = field->provenance;
          return FigureText{.value = text_of(field->value, value_type(row)),
                            .provenance = from,
                            .is_default = from.as_of.empty() && from.source == row.source};
        } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
          return std::nullopt;
        } else {
          if (!entry.kind->plain) return std::nullopt;
          FigureText text{.value = text_of(*field, value_type(row)),
                          .provenance = default_provenance(row),
                          .is_default = true};
          const auto stated = entry.provenances.find(row.key);
          if (stated == entry.provenances.end()) return text;
          text.provenance = stated->second;
          text.is_default = false;
          return text;
        }
      },
      row.field(const_cast<void*>(entry.figures.get())));
}

} // namespace lustrum
