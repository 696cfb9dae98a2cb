// One table declares each parameter of a struct: key, field, default, range, sentence, source. The
// same rows feed the YAML loader, the defaults, `lustrum schema`, and the docs.
//
//   struct Tunables { std::uint32_t max_rpcs_in_flight; Bytes stripe_size; };
//   const ParameterTable kTunables{
//       {.key = "osc.max_rpcs_in_flight", .field = field<&Tunables::max_rpcs_in_flight>,
//        .default_text = "8", .min = 1, .max = 256, .doc = "...", .source = "..."}};
//   Tunables t = with_defaults<Tunables>(kTunables);
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lustrum {

// How well a number is known. An `assumed` or `fitted` one that a run used is listed in its result.
enum class FigureKind : std::uint8_t { vendor, measured, derived, assumed, fitted };

std::string_view to_string(FigureKind kind);

// Where a number of the catalog comes from.
struct Provenance {
  std::string source;
  std::string as_of; // ISO date, YYYY-MM-DD or YYYY-MM
  FigureKind kind = FigureKind::assumed;
};

// A number with its provenance, as every entry of the catalog carries it.
template <class T> struct Figure {
  T value{};
  Provenance provenance;
};

// A distribution written as `{mean, stdev}` or as a bare mean.
struct Spread {
  Seconds mean{};
  Seconds stdev{};
};

// A pointer to a field, with its type.
using FieldRef =
    std::variant<bool*, std::uint32_t*, std::uint64_t*, double*, std::string*,
                 std::vector<std::string>*, Bytes*, Seconds*, BytesPerSecond*, PerSecond*, Usd*,
                 UsdPerHour*, UsdPerGibMonth*, Spread*, Figure<bool>*, Figure<std::uint32_t>*,
                 Figure<std::uint64_t>*, Figure<double>*, Figure<std::string>*, Figure<Bytes>*,
                 Figure<Seconds>*, Figure<BytesPerSecond>*, Figure<PerSecond>*, Figure<Usd>*,
                 Figure<UsdPerHour>*, Figure<UsdPerGibMonth>*, Figure<Spread>*>;

// Follows members from an owner to a field: field<&Scenario::run, &Run::seed>.
template <auto First, auto... Rest> FieldRef field(void* owner) {
  return []<class C, class T>(void* o, T C::*member) -> FieldRef {
    T* inner = &(static_cast<C*>(o)->*member);
    if constexpr (sizeof...(Rest) == 0)
      return FieldRef{inner};
    else
      return field<Rest...>(inner);
  }(owner, First);
}

struct Parameter {
  std::string_view key; // dotted: `osc.max_rpcs_in_flight`
  FieldRef (*field)(void* owner);
  std::string_view default_text; // as it would be written in YAML; kRequired when it must be given
  double min = -std::numeric_limits<double>::infinity(); // in the base unit; inclusive
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string_view> choices = {}; // for text: what may be written; empty = anything
  std::string_view doc;
  std::string_view source = {}; // of the default
  bool has_effect = true;       // false: read, checked, and named in a warning when a file gives it
};

inline constexpr std::string_view kRequired = "<required>";

using ParameterTable = std::vector<Parameter>;

// The rows of all parts, in their order: long tables are written in pieces.
ParameterTable joined_tables(std::initializer_list<ParameterTable> parts);

// Sets every field that has a default. A figure's default is `assumed`, with the row's source. A
// default that does not parse is our bug and aborts.
void apply_defaults(const ParameterTable& table, void* owner);

template <class T> T with_defaults(const ParameterTable& table) {
  T t{};
  apply_defaults(table, &t);
  return t;
}

// A row as help and documentation print it.
struct ParameterRow {
  std::string key;
  std::string type; // `size`, `rate with source`, `whole number`
  bool required = false;
  std::string default_text; // empty when required
  std::string range;        // `between 1 and 256`, or the choices; empty without limits
  std::string doc;
  std::string source;
  bool has_effect = true;
};

std::vector<ParameterRow> describe(const ParameterTable& table);

} // namespace lustrum
