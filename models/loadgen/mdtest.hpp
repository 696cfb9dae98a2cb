// mdtest: every rank creates, stats, reads and removes many small files, phase by phase, in one
// directory for all (hard) or in one of its own (easy).
//
// The rate of a phase is operations / (last rank's end - first rank's begin); one operation is one
// item, with its open, write and close. With a stride N the ranks work on the files of the rank N
// (stat), 2 N (read) and 3 N (remove) further on, so that no cache of their own client has them.
// Source: hpc/ior, src/mdtest.c.
#pragma once

#include "models/loadgen/load_job.hpp"
#include "sim/base/parameter.hpp"

namespace lustrum::loadgen {

struct MdtestSettings {
  std::string preset;
  std::uint32_t ranks_per_client = 1;
  std::uint32_t items = 1; // of each rank
  bool unique_dir_per_task = false;
  bool dirs_only = false;
  bool shared_file = false;
  std::uint32_t nstride = 0;
  Bytes write_bytes{};
  Bytes read_bytes{};
  bool sync_file = false;
  bool create = true;
  bool stat = true;
  bool list = false;
  bool read = true;
  bool remove = true;
  Seconds stonewall{}; // of the create phase; 0: none
  bool drop_caches = false;
  std::uint32_t iterations = 1;

  static const ParameterTable& parameters();
  void apply_preset(std::string_view name);
};

class Mdtest : public LoadJob {
public:
  Mdtest(kernel::Engine& engine, Storage& storage, LoadPlace place, const MdtestSettings& settings);

private:
  enum Step : PhaseIndex { phase_create, phase_stat, phase_read, phase_remove, phase_list };
  struct Rank {
    DirectoryIndex directory; // where it creates
    std::vector<FileIndex> files;
    std::vector<DirectoryIndex> directories;
  };

  std::uint32_t repetitions() const override { return settings_.iterations; }
  kernel::Task run_once(std::uint32_t rank) override;
  // Reserved here and now, as many as needed.
  kernel::Task create_phase(std::uint32_t rank);
  kernel::Task create_item(std::uint32_t rank);
  kernel::Task create_file(std::uint32_t rank, FileIndex file, Outcome& outcome);
  kernel::Task stat_phase(std::uint32_t rank);
  kernel::Task list_phase(std::uint32_t rank);
  kernel::Task read_phase(std::uint32_t rank);
  kernel::Task read_file(std::uint32_t rank, FileIndex file, Outcome& outcome);
  kernel::Task remove_phase(std::uint32_t rank);
  kernel::Task make_own_directory(std::uint32_t rank);
  kernel::Task remove_own_directory(std::uint32_t rank);
  kernel::Task between_phases(std::uint32_t rank);
  void place_items();
  std::size_t items_of(const Rank& rank) const {
    return settings_.dirs_only ? rank.directories.size() : rank.files.size();
  }
  // Whose items this rank works on, so many strides on.
  std::uint32_t owner(std::uint32_t rank, std::uint32_t strides) const;

  MdtestSettings settings_;
  DirectoryIndex top_;
  std::vector<Rank> ranks_;
  std::size_t most_created_ = 0; // by any rank, at the stonewall
};

} // namespace lustrum::loadgen
