// A replay with more ranks and files than were recorded: how it is asked for, and its rule in
// words.
//
//   const auto problem = scale_replay(scenario, {"ranks=64", "files=10x"}); // empty: it is done
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/training/replay_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

// `10x`, or `10`: from 1 to 1,000,000; else nothing.
std::optional<std::uint32_t> parse_factor(std::string_view text);

// \pre replay.scale_files passed parse_factor()
training::ReplayScale scale_of(const ReplaySettings& replay);

// What was scaled and how; empty: nothing was.
std::string scale_rule(const ReplaySettings& replay);

// More ranks than the job's nodes have GPUs: why not, and how many nodes it takes. Else empty.
std::string too_many_ranks(std::uint32_t ranks, const Scenario& scenario, const ScenarioJob& job);

// Sets `replay.scale` of every job that replays a trace, as a command line says it: `ranks=N`,
// `files=Nx`, each at most once. Returns why it cannot; then nothing is changed.
std::string scale_replay(Scenario& scenario, const std::vector<std::string>& words);

} // namespace lustrum
