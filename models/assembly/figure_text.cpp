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

} // namespace

std::optional<FigureText> figure_text(const Parameter& row, const void* entry) {
  // A field is reached through a writable owner; nothing is written here.
  return std::visit(
      [&](const auto* figure) -> std::optional<FigureText> {
        using Field = std::remove_cv_t<std::remove_pointer_t<decltype(figure)>>;
        if constexpr (kIsFigure<Field>) {
          const Provenance& from = figure->provenance;
          return FigureText{.value = text_of(figure->value, value_type(row)),
                            .provenance = from,
                            .is_default = from.as_of.empty() && from.source == row.source};
        } else {
          return std::nullopt;
        }
      },
      row.field(const_cast<void*>(entry)));
}

} // namespace lustrum
