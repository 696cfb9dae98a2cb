#include "models/training/replay_files.hpp"

#include <algorithm>
#include <map>

namespace lustrum::training {

namespace {

// `/data` holds `/data/a`, not `/database/a`.
bool lies_below(const std::string& path, const std::string& folder) {
  if (!path.starts_with(folder)) return false;
  return folder.empty() || folder.back() == '/' || path.size() == folder.size() ||
         path[folder.size()] == '/';
}

std::string joined(std::string folder, std::string rest) {
  while (!folder.empty() && folder.back() == '/') folder.pop_back();
  rest.erase(0, rest.find_first_not_of('/'));
  return folder + '/' + rest;
}

// Of each place on the simulated storage: the group that alone uses it. Two recorded paths may be
// mapped to one place.
struct Place {
  std::uint64_t extent = 0;
  std::uint32_t group = trace::kNoIndex;
  bool shared = false;
};

} // namespace

std::optional<std::string> mapped_path(const std::string& path, const ReplayOptions& options) {
  if (!path.starts_with(options.path_prefix)) return std::nullopt;
  if (options.path_rules.empty()) return path;
  const PathRule* best = nullptr;
  for (const PathRule& rule : options.path_rules)
    if (lies_below(path, rule.from) && (!best || rule.from.size() > best->from.size()))
      best = &rule;
  if (!best) return std::nullopt;
  return joined(best->to, path.substr(best->from.size()));
}

ReplayFiles::ReplayFiles(Storage& storage, const trace::Trace& trace, const ReplayOptions& options,
                         const ReplayGroups& groups, std::uint32_t copies)
    : factor_(std::max(1U, options.scale.files)), placed_(trace.files.size()) {
  std::map<std::string, Place> places;
  std::vector<Place*> place_of(trace.files.size());
  for (std::size_t f = 0; f < trace.files.size(); ++f) {
    if (!trace.files[f].is_storage) continue;
    const std::optional<std::string> path = mapped_path(trace.files[f].path, options);
    if (!path) continue;
    place_of[f] = &places[*path];
    place_of[f]->extent = std::max(place_of[f]->extent, trace.files[f].extent);
  }
  for (const trace::Record& record : trace.records) {
    if (record.file == trace::kNoIndex || !place_of[record.file]) continue;
    Place& place = *place_of[record.file];
    const std::uint32_t group = groups.of_process[record.process];
    if (place.group == trace::kNoIndex) place.group = group;
    place.shared = place.shared || place.group != group;
  }
  std::map<std::string, DirectoryIndex> directories;
  std::map<const Place*, std::vector<FileIndex>> done;
  for (const auto& [path, place] : places) {
    const auto [directory, fresh] =
        directories.try_emplace(path.substr(0, path.rfind('/') + 1), kRootDirectory);
    if (fresh) directory->second = storage.place_directory(kRootDirectory);
    // Files never read or written still open and close.
    const Bytes size{std::max<std::uint64_t>(1, place.extent)};
    const std::uint32_t count = factor_ * (place.shared ? 1 : copies);
    for (std::uint32_t i = 0; i < count; ++i)
      done[&place].push_back(storage.place_file(directory->second, size));
  }
  for (std::size_t f = 0; f < placed_.size(); ++f)
    if (place_of[f]) placed_[f] = done[place_of[f]];
}

FileIndex ReplayFiles::file(std::uint32_t file, std::uint32_t copy,
                            std::uint32_t opened_before) const {
  const std::vector<FileIndex>& placed = placed_[file];
  const std::size_t number = (std::size_t{copy} + opened_before) % factor_;
  const std::size_t own = placed.size() > factor_ ? std::size_t{copy} * factor_ : 0;
  return placed[own + number];
}

} // namespace lustrum::training
