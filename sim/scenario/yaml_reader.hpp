// Fills a struct from a mapping of a YAML file, by the struct's parameter table. Every problem is
// reported, with its position; none stops the reading.
//
//   Tunables tunables = with_defaults<Tunables>(kTunables);
//   GivenKeys given = read_section(file.root().get("client"), kTunables, &tunables, diagnostics);
//
// A dotted key of the table, `osc.max_rpcs_in_flight`, is a mapping in a mapping, or written as is:
//
//   osc: {max_rpcs_in_flight: 8}        osc.max_rpcs_in_flight: 8
//
// A figure carries its provenance:
//
//   rate: {value: 2600 MiB/s, source: "vendor's page", as_of: 2026-07-28, kind: vendor}
#pragma once

#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

struct SectionOptions {
  // Further keys of the section's top level, which the caller reads.
  std::vector<std::string_view> extra_keys = {};
  // A figure without its provenance is taken as assumed, with source `scenario`: for what overrides
  // an entry of the catalog.
  bool figures_may_be_bare = false;
  // Required keys may be missing: for what changes a struct that is already filled.
  bool partial = false;
  // The table's fields are plain, but every value carries its provenance as figures do; it goes
  // here, by key.
  std::map<std::string, Provenance, std::less<>>* provenances = nullptr;
};

using GivenKeys = std::set<std::string, std::less<>>;

// Returns the table's keys that were written, also those with a value refused. A field that was not
// written stays as it is, and so does a refused one, though of a figure or a spread one half may be
// set. An absent section (no such node) is read as an empty one, whose missing keys are reported
// without a position: check for it first.
GivenKeys read_section(const YamlNode& section, const ParameterTable& table, void* owner,
                       Diagnostics& diagnostics, const SectionOptions& options = {});

// For what the caller reads itself. Each reports E105 and returns false when the node is of
// another kind.
bool require_map(const YamlNode& node, Diagnostics& diagnostics);
bool require_list(const YamlNode& node, Diagnostics& diagnostics);
bool require_scalar(const YamlNode& node, Diagnostics& diagnostics);

// Reports E104 for every key of the mapping that is not among those known.
void require_known_keys(const YamlNode& map, const std::vector<std::string_view>& known,
                        Diagnostics& diagnostics);

} // namespace lustrum
