// Reads a DLIO / MLPerf Storage workload file as it is, and the scenario's changes to it.
//
//   DlioWorkload job = load_dlio("configs/workloads/unet3d_h100.yaml", {}, diagnostics);
#pragma once

#include "models/training/dlio_workload.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <string>

namespace lustrum {

// `overrides` is a mapping of DLIO's keys, nested or dotted (`dataset.num_files_train: 512`), or
// absent. `asked_by` is the place that names the file. A key that DLIO does not know is E104; one
// that has no effect here is W201, unless its value is DLIO's default and so asks for nothing.
DlioWorkload load_dlio(const std::string& path, const YamlNode& overrides, Diagnostics& diagnostics,
                       const SourceSpan& asked_by = {});

// The same from a document at hand.
DlioWorkload read_dlio(const YamlNode& root, const YamlNode& overrides, Diagnostics& diagnostics);

} // namespace lustrum
