// The files of a recorded job on the simulated storage: which are there, where, and how many copies
// of each a scaled replay has.
//
//   ReplayFiles files(storage, trace, options, copies);
//   storage.open(caller, files.file(record.file, copy, opened_before), ...)
#pragma once

#include "models/training/replay_options.hpp"
#include "models/training/replay_ranks.hpp"
#include "sim/trace/record.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lustrum::training {

// Where a recorded path lies; nothing if it is not replayed.
std::optional<std::string> mapped_path(const std::string& path, const ReplayOptions& options);

class ReplayFiles {
public:
  // Places them. `copies`: of each group, the recorded one included.
  ReplayFiles(Storage& storage, const trace::Trace& trace, const ReplayOptions& options,
              const ReplayGroups& groups, std::uint32_t copies);

  bool has(std::uint32_t file) const { return !placed_[file].empty(); }
  // \pre has(file)
  FileIndex file(std::uint32_t file, std::uint32_t copy, std::uint32_t opened_before) const;

private:
  std::uint32_t factor_;
  std::vector<std::vector<FileIndex>> placed_; // [file of the trace][copy if its own][number]
};

} // namespace lustrum::training
