// An entry of the catalog of whatever kind: a name and figures that a parameter table describes.
//
//   const EntryKind kind = entry_kind<Instance>("instance", "instances.yaml");
//   const Instance& p5 = entry.as<Instance>();
#pragma once

#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"

#include <cassert>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

using Provenances = std::map<std::string, Provenance, std::less<>>; // by key of the table

struct EntryKind {
  std::string_view name; // `object store`, as lists print it
  std::string_view file; // in the catalog's folder; several kinds never share one
  const ParameterTable* table = nullptr;
  // The table is that of a model's settings, without figures: an entry keeps their provenance.
  bool plain = false;
  // A copy to read into or to change; from nullptr: the defaults.
  std::shared_ptr<void> (*copy)(const void* figures) = nullptr;
  // What is wrong with figures that are fine one by one: one sentence each.
  std::vector<std::string> (*problems)(const void* figures) = nullptr;
};

struct CatalogEntry {
  std::string name;
  const EntryKind* kind = nullptr;
  std::shared_ptr<const void> figures;
  SourceSpan where;        // of its name
  Provenances provenances; // of a plain kind: of what the entry states

  // \pre the entry is of the kind of T
  template <class T> const T& as() const {
    assert(kind->table == &T::parameters());
    return *static_cast<const T*>(figures.get());
  }
  template <class T> bool is() const { return kind->table == &T::parameters(); }
};

// T has a static parameters(), and perhaps a problems_of(const T&) beside it. `plain`: see
// EntryKind.
template <class T>
EntryKind entry_kind(std::string_view name, std::string_view file, bool plain = false) {
  EntryKind kind{.name = name, .file = file, .table = &T::parameters(), .plain = plain};
  kind.copy = [](const void* figures) -> std::shared_ptr<void> {
    if (figures) return std::make_shared<T>(*static_cast<const T*>(figures));
    return std::make_shared<T>(with_defaults<T>(T::parameters()));
  };
  kind.problems = [](const void* figures) -> std::vector<std::string> {
    if constexpr (requires(const T& t) { problems_of(t); })
      return problems_of(*static_cast<const T*>(figures));
    else
      return {};
  };
  return kind;
}

} // namespace lustrum
