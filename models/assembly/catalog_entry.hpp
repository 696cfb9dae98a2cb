// An entry of the catalog of whatever kind: a name and figures that a parameter table describes.
//
//   const EntryKind kind = entry_kind<Instance>("instance", "instances.yaml");
//   const Instance& p5 = entry.as<Instance>();
#pragma once

#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"

#include <cassert>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

struct EntryKind {
  std::string_view name; // `object store`, as lists print it
  std::string_view file; // in the catalog's folder; several kinds never share one
  const ParameterTable* table = nullptr;
  // A copy to read into or to change; from nullptr: the defaults.
  std::shared_ptr<void> (*copy)(const void* figures) = nullptr;
  // What is wrong with figures that are fine one by one: one sentence each.
  std::vector<std::string> (*problems)(const void* figures) = nullptr;
};

struct CatalogEntry {
  std::string name;
  const EntryKind* kind = nullptr;
  std::shared_ptr<const void> figures;
  SourceSpan where; // of its name

  // \pre the entry is of the kind of T
  template <class T> const T& as() const {
    assert(kind->table == &T::parameters());
    return *static_cast<const T*>(figures.get());
  }
  template <class T> bool is() const { return kind->table == &T::parameters(); }
};

// T has a static parameters() and a problems_of(const T&) beside it.
template <class T> EntryKind entry_kind(std::string_view name, std::string_view file) {
  return {
      .name = name,
      .file = file,
      .table = &T::parameters(),
      .copy = [](const void* figures) -> std::shared_ptr<void> {
        if (figures) return std::make_shared<T>(*static_cast<const T*>(figures));
        return std::make_shared<T>(with_defaults<T>(T::parameters()));
      },
      .problems = [](const void* figures) { return problems_of(*static_cast<const T*>(figures)); }};
}

} // namespace lustrum
