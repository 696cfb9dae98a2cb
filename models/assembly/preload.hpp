// HSM and PCC in a run: the preload before it, and what is reported of them.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/cost/cost.hpp"
#include "models/lustre/filesystem.hpp"
#include "sim/result/run_result.hpp"

#include <optional>

namespace lustrum {

struct PreloadReport {
  Seconds time{};
  lustre::HsmCoordinator::Counts actions;
  std::uint64_t releases = 0;
  std::uint64_t no_room = 0;
  lustre::ArchiveUsage requests;
};

// Restores all files of the file system on an idle copy of it, in a world of its own, and makes
// those resident here that are so there at the end. Empty when the scenario wants none.
// \pre the jobs have placed their files, and no simulated time has passed
std::optional<PreloadReport> preload(const Scenario& scenario, lustre::Filesystem& filesystem);

// Sets result.pcc, if clients keep copies.
void describe_pcc(const lustre::Filesystem& filesystem, RunResult& result);

// Sets result.hsm, if there is an archive, and what there is to be said of it.
void describe_hsm(const Scenario& scenario, lustre::Filesystem& filesystem,
                  const std::optional<PreloadReport>& preload, RunResult& result);

// What the archive charges: requests of the run and of the preload before it, and what it holds, at
// its end. Nothing without a product whose prices hold.
std::vector<Charge> archive_charges(const Scenario& scenario, const lustre::Filesystem& filesystem,
                                    const std::optional<PreloadReport>& preload);

} // namespace lustrum
