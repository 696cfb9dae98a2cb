// What a run in a child process hands to its parent besides the result document.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/lustre/counter_files.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

struct PackedRun {
  std::string result; // JSON
  std::vector<lustre::CounterFile> counters;
};

// One text of both, and back. Texts may hold any byte. unpack() throws std::runtime_error when the
// text is not one of pack().
std::string pack(const PackedRun& run);
PackedRun unpack(std::string_view text);

// Which job runs where, and how large an OST is, as the counter files say it.
lustre::CounterNames counter_names(const Scenario& scenario);

} // namespace lustrum
