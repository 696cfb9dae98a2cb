// The names under which `workload.training` knows the kinds of formats, pipelines, orders and
// checkpoints: the choices of its keys, and what each means. The first of a list is the default.
#pragma once

#include "models/training/job.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace lustrum::training {

template <class Kind, std::size_t N>
using SettingNames = std::array<std::pair<std::string_view, Kind>, N>;

inline constexpr SettingNames<Format, 8> kFormatNames{{
    {"plain", Format::plain},
    {"npz", Format::npz},
    {"direct", Format::direct},
    {"tfrecord", Format::tfrecord},
    {"tar", Format::tar},
    {"hdf5", Format::hdf5},
    {"parquet", Format::parquet},
    {"lmdb", Format::lmdb},
}};

inline constexpr SettingNames<Pipeline, 4> kPipelineNames{{
    {"torch_dataloader", Pipeline::torch_dataloader},
    {"torch_iterable", Pipeline::torch_iterable},
    {"tf_data", Pipeline::tf_data},
    {"synthetic", Pipeline::synthetic},
}};

inline constexpr SettingNames<Sharding, 3> kShardingNames{{
    {"distributed", Sharding::distributed},
    {"block", Sharding::block},
    {"shards", Sharding::shards},
}};

inline constexpr SettingNames<CheckpointLayout, 4> kLayoutNames{{
    {"file_per_rank", CheckpointLayout::file_per_rank},
    {"rank_zero", CheckpointLayout::rank_zero},
    {"shared_file", CheckpointLayout::shared_file},
    {"model_and_optimizer", CheckpointLayout::model_and_optimizer},
}};

inline constexpr SettingNames<CheckpointMode, 3> kModeNames{{
    {"sync", CheckpointMode::sync},
    {"async", CheckpointMode::async},
    {"local_disk", CheckpointMode::local_disk},
}};

// For `choices` of a parameter, and its default.
template <class Kind, std::size_t N>
std::vector<std::string_view> choices_of(const SettingNames<Kind, N>& names) {
  std::vector<std::string_view> choices;
  for (const auto& [name, kind] : names) choices.push_back(name);
  return choices;
}

// \pre the name is one of them: choices are checked when a scenario is read
template <class Kind, std::size_t N>
Kind value_of(const SettingNames<Kind, N>& names, std::string_view name) {
  const auto* const found = std::find_if(names.begin(), names.end(),
                                         [&](const auto& entry) { return entry.first == name; });
  return found == names.end() ? names.front().second : found->second;
}

} // namespace lustrum::training
