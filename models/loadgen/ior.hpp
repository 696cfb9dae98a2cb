// IOR's POSIX test: all ranks open, transfer, sync and close one file or one each, then read back.
//
//   Ior ior(engine, storage, {.clients = 10, .ranks_per_client = 8}, settings);
//   engine.run();
//   LoadOutcome outcome = ior.outcome();
//
// The first open, transfer or close that fails aborts the job, as in IOR (MPI_Abort).
// Bandwidth as IOR reports it: bytes / (last close - first open). Source: hpc/ior, src/ior.c,
// src/aiori-POSIX.c.
#pragma once

#include "models/loadgen/ior_pattern.hpp"
#include "models/loadgen/load_job.hpp"
#include "sim/base/parameter.hpp"

namespace lustrum::loadgen {

struct IorSettings {
  std::string preset;
  std::string api;
  std::uint32_t ranks_per_client = 1;
  Bytes block_size{};
  Bytes transfer_size{};
  std::uint64_t segments = 1;
  bool file_per_process = false;
  bool random_offset = false;
  bool reorder_tasks = false;
  std::uint32_t task_per_node_offset = 1;
  bool fsync = false;
  bool fsync_per_write = false;
  bool intra_test_barriers = false;
  bool direct = false;
  bool group_lock = false;
  std::uint32_t lock_ahead = 0; // transfers
  bool write = true;
  bool read = true;
  Seconds stonewall{}; // 0: none
  bool stonewall_wear_out = false;
  bool drop_caches = false;
  bool keep_file = false;
  std::uint32_t iterations = 1;

  static const ParameterTable& parameters();
  // Puts IO500's options in the place of the defaults; `none` and unknown names change nothing.
  void apply_preset(std::string_view name);
};

class Ior : public LoadJob {
public:
  Ior(kernel::Engine& engine, Storage& storage, LoadPlace place, const IorSettings& settings);

private:
  enum Access : PhaseIndex { access_write, access_read };

  std::uint32_t repetitions() const override { return settings_.iterations; }
  kernel::Task run_once(std::uint32_t rank) override;
  kernel::Task write_phase(std::uint32_t rank);
  kernel::Task read_phase(std::uint32_t rank);
  // Transfers `from` and on, until `limit` or, when asked for, until the stonewall; `done` says how
  // many of all are done then.
  kernel::Task transfers(std::uint32_t rank, std::uint32_t owner, OpenFile& file, Access access,
                         std::uint64_t from, std::uint64_t limit, Seconds stonewall,
                         std::uint64_t& done);
  kernel::Task open(std::uint32_t rank, std::uint32_t owner, Access access,
                    std::unique_ptr<OpenFile>& file);
  kernel::Task close(std::uint32_t rank, Access access, std::unique_ptr<OpenFile> file);
  bool note_or_abort(std::uint32_t rank, Seconds before, const Outcome& outcome, Access access);
  // Asks for the locks of the next transfers, from `locked` on.
  kernel::Task lock_ahead(std::uint32_t rank, std::uint32_t owner, OpenFile& file,
                          std::uint64_t next, std::uint64_t limit, std::uint64_t& locked);
  kernel::Task sync(std::uint32_t rank, OpenFile& file);
  kernel::Task remove(std::uint32_t rank);
  FileIndex file_of(std::uint32_t owner) const;

  IorSettings settings_;
  IorPattern pattern_;
  DirectoryIndex directory_;
  std::vector<FileIndex> files_;
  std::vector<std::uint64_t> written_; // transfers of each rank that the file has
  std::uint64_t most_written_ = 0;     // of any rank, at the stonewall
};

} // namespace lustrum::loadgen
