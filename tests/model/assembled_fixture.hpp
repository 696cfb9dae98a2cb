// File systems as the catalog and a scenario's text make them.
#pragma once

#include "models/assembly/build_filesystem.hpp"
#include "sim/scenario/yaml_document.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace lustrum::test {

struct AssembledText {
  std::string_view storage;
  std::string_view network = "lnd: tcp";
  std::string_view lustre = "";
  std::string_view jobs = ""; // in place of a DLIO workload
  std::uint32_t nodes = 1;
  std::string_view instance = "p5.48xlarge";
};

inline Scenario scenario_of(const AssembledText& text, Diagnostics& diagnostics) {
  const std::string root = LUSTRUM_SOURCE_DIR;
  const Catalog catalog = Catalog::load(root + "/models/catalog", diagnostics);
  const std::string work = text.jobs.empty() ? "workload: {dlio: workloads/resnet50_h100.yaml}"
                                             : fmt::format("jobs: {}", text.jobs);
  const YamlDocument document = YamlDocument::parse(
      fmt::format("schema_version: 1\n{}\ncluster: {{instance: {}, nodes: {}}}\n"
                  "storage: {{{}}}\nnetwork: {{{}}}\nlustre: {{{}}}\n",
                  work, text.instance, text.nodes, text.storage, text.network, text.lustre),
      root + "/configs/test.yaml", diagnostics);
  return read_scenario(document, catalog, diagnostics);
}

inline lustre::FilesystemSettings assembled(const AssembledText& text) {
  Diagnostics diagnostics;
  const Scenario scenario = scenario_of(text, diagnostics);
  INFO(diagnostics.render(false));
  REQUIRE(!diagnostics.has_errors());
  return build_filesystem(scenario);
}

} // namespace lustrum::test
