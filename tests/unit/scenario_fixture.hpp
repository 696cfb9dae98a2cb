// Scenarios given as text, read with the real catalog as if they lay in configs/ under the name
// t.yaml.
#pragma once

#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

namespace lustrum::test {

inline const std::string kRoot = LUSTRUM_SOURCE_DIR;

inline const Catalog& catalog() {
  static const Catalog loaded = [] {
    Diagnostics diagnostics;
    return Catalog::load(kRoot + "/models/catalog", diagnostics);
  }();
  return loaded;
}

struct Loaded {
  Scenario scenario;
  std::string messages; // without the folder's name
};

// `design`: the text of one, `d.yaml`, under the scenario's jobs.
inline Loaded load(const std::string& text, const std::optional<std::string>& design = {}) {
  Diagnostics diagnostics;
  const std::string folder = kRoot + "/configs/";
  const YamlDocument document = YamlDocument::parse(text, folder + "t.yaml", diagnostics);
  std::optional<YamlDocument> under;
  if (design) under = YamlDocument::parse(*design, "d.yaml", diagnostics);
  Loaded loaded;
  loaded.scenario = read_scenario(document, catalog(), diagnostics, under ? &*under : nullptr);
  loaded.messages = diagnostics.render();
  for (std::size_t at = 0; (at = loaded.messages.find(folder, at)) != std::string::npos;)
    loaded.messages.erase(at, folder.size());
  return loaded;
}

// The parts of a small scenario.
inline const std::string kJob = "schema_version: 1\n"
                                "workload: {dlio: workloads/resnet50_h100.yaml}\n";
inline const std::string kNodes = "cluster: {instance: p5.48xlarge, nodes: 8}\n";
inline const std::string kStore = "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n";

} // namespace lustrum::test
