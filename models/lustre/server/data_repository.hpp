// A bucket that a file system is linked to, beyond what HSM itself does (FSx for Lustre: data
// repository association): files that were changed are exported after their close, objects that
// others put, change or delete show up in the file system, and release tasks give up the data of
// files that were not used for a while.
//
// Follow an export: Client::close -> HsmService::closed -> DataRepository::closed -> export_file ->
// HsmService::archive -> HsmCoordinator, Copytool::archive. Follow a change in the bucket: feed ->
// import -> HsmService::invalidate.
// Source: FSx for Lustre guide: automatic import, automatic export, data repository tasks.
#pragma once

#include "models/lustre/policy/file_table.hpp"
#include "models/lustre/policy/hsm_versions.hpp"
#include "models/lustre/server/mds_wire.hpp"
#include "models/storage.hpp"

#include <functional>
#include <limits>
#include <vector>

namespace lustrum::lustre {

class ArchiveStore;
class HsmService;

struct DataRepositorySettings {
  // What others do to the bucket while the job runs, evenly spaced; 0: nothing.
  struct Changes {
    PerSecond created{};
    PerSecond changed{}; // of objects that the file system knows, drawn evenly
    PerSecond removed{};
    Bytes object_size{}; // of created ones
    bool any() const { return created.count() + changed.count() + removed.count() > 0; }
  };
  bool exports = false;
  Seconds export_delay{}; // from the close until the export stands in line
  Changes changes;
  Seconds import_delay{};     // from the change until its notification is read
  PerSecond import_rate{};    // notifications that are worked through; 0: no limit
  Seconds release_interval{}; // between two release tasks, by the rule's min_age; 0: none
  // When others stop to change the bucket, and tasks to be started.
  Seconds end{std::numeric_limits<double>::infinity()};
  std::uint64_t seed = 0;
};

class DataRepository {
public:
  struct Parts {
    kernel::World& world;
    FileTable& files;
    MdsWire& wire;
    ArchiveStore& archive;
    HsmVersions& versions;
    HsmService& hsm;
    kernel::DelayStation& timer;
    // `rm` by the importer.
    const std::function<kernel::Task(FileIndex, Outcome&)>& unlink;
  };
  // Of what has happened and of what has not yet: a run ends with its jobs.
  struct Counts {
    std::uint64_t exported = 0;
    Seconds export_lag{}; // from the close to the end of the export, all together
    Seconds longest_export_lag{};
    std::uint64_t exports_failed = 0; // given up
    std::uint64_t exports_left = 0;   // changed, closed and not in the bucket yet
    std::uint64_t imported = 0;
    Seconds import_lag{};
    Seconds longest_import_lag{};
    std::uint64_t imports_left = 0;
    std::uint64_t conflicts = 0;   // changes in the bucket of files that were changed here too
    std::uint64_t stale_opens = 0; // of files that had changed in the bucket
  };

  DataRepository(const Parts& parts, const DataRepositorySettings& settings);

  // Begins what happens by itself.
  void start();
  void opened(FileIndex file);
  // \pre nobody has it open any more
  void closed(FileIndex file);
  // Of a file that the archive had: a job has unlinked it.
  void removed(FileIndex file);

  const Counts& counts() const { return counts_; }

private:
  enum class Change : std::uint8_t { created, changed, removed };
  struct FileState {
    bool exporting = false;
    std::uint32_t changes_ahead = 0; // in the bucket, not known here yet
  };
  FileState& state(FileIndex file);
  bool has_to_export(FileIndex file) const;
  kernel::Task export_file(FileIndex file);
  kernel::Task remove_object();
  kernel::Task feed(Change change, PerSecond rate);
  kernel::Task import(Change change, FileIndex file);
  kernel::Task apply(Change change, FileIndex file);
  kernel::Task create();
  FileIndex draw(Change change, std::uint64_t number) const;
  kernel::Task run_release_tasks();

  Parts parts_;
  DataRepositorySettings settings_;
  kernel::FifoStation* importer_ = nullptr;
  std::vector<FileState> states_; // [file], as far as any was needed
  Counts counts_;
};

} // namespace lustrum::lustre
