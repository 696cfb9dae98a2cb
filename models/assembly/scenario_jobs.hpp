// Reads the jobs of a scenario: its `workload`, or the list `jobs`.
#pragma once

#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_document.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

class JobReader {
public:
  // Both must outlive it.
  JobReader(const YamlDocument& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics) {}

  // Fills scenario.jobs, .files and .fitted. Pre: root has `workload` or `jobs`.
  void read(const YamlNode& root, Scenario& scenario);
  // What depends on the other sections: clients, ranks, data sets. Pre: cluster and storage are
  // known. `storage_known`: its section was read without an error, so it can be told what fits.
  void check(Scenario& scenario, bool storage_known);

private:
  // Where a job was read, for messages.
  struct Source {
    YamlNode entry; // of `jobs`; none for `workload`
    YamlNode workload;
    bool dlio_known = false; // its file was read without an error
    bool training_known = false;
  };

  void read_list(Scenario& scenario);
  void read_workload(const YamlNode& node, Scenario& scenario, ScenarioJob& job, Source& source);
  void read_kind(const YamlNode& node, Scenario& scenario, ScenarioJob& job, Source& source);
  void read_dlio_file(const YamlNode& workload, Scenario& scenario, ScenarioJob& job,
                      Source& source);
  void read_trace(const YamlNode& workload, Scenario& scenario, ScenarioJob& job);
  template <class Settings> Settings read_generator(const YamlNode& node);
  void refuse_changes(const YamlNode& workload, std::string_view what);
  void warn_without_effect(const YamlNode& workload, const GivenKeys& given,
                           const ScenarioJob& job);
  void note_fitted_defaults(const GivenKeys& given, const ScenarioJob& job, Scenario& scenario);
  void check_names(const Scenario& scenario);
  void check_places(Scenario& scenario);
  void check_ranks(const Scenario& scenario, ScenarioJob& job, const Source& source);
  static double placed_bytes(const ScenarioJob& job, const Source& source);
  void check_space(const Scenario& scenario);
  void check_ior(const ScenarioJob& job, const Source& source);
  void check_mdtest(const ScenarioJob& job, const Source& source);
  std::string beside_scenario(std::string_view path) const;

  const YamlDocument& document_;
  Diagnostics& diagnostics_;
  YamlNode list_; // `jobs`
  std::vector<Source> sources_;
};

} // namespace lustrum
