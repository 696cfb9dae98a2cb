// Writes a job's checkpoints and reads them back: which set of files, by which ranks, how long
// training stands still for it, and which checkpoint is complete at a given time.
//
// A checkpoint is complete when every rank has written (and synced) its part to the storage. With
// `async` and `local_disk` a rank goes on before that; its next checkpoint waits until its last one
// is written. A checkpoint of which any rank's part could not be written is none: it never counts
// as complete, nobody restores from it, and its files are removed.
#pragma once

#include "models/training/hosts.hpp"
#include "sim/kernel/engine.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace lustrum::training {

// The step that is to be done next.
struct TrainingPosition {
  std::uint32_t epoch = 0;
  std::uint32_t step = 0;
};

class CheckpointWriter {
public:
  // Places the checkpoint that the job starts from, where there is one.
  CheckpointWriter(kernel::Engine& engine, Storage& storage, Hosts& hosts, const JobSettings& job);

  // For rank actors: returns when training may go on. All ranks call it for every checkpoint.
  void save(std::uint32_t rank, TrainingPosition next);
  // Waits until what the rank has to write is written.
  void finish(std::uint32_t rank);
  // Reads the rank's part of a checkpoint (by its number), or of the one the job starts from.
  // Numbers of a job that writes none are those of JobSettings::rounds.
  void restore(std::uint32_t rank, std::optional<std::size_t> checkpoint);

  // The newest checkpoint that was complete at that time; or, with none left, complete at all.
  std::optional<std::size_t> complete_at(Seconds time) const;
  TrainingPosition position_of(std::size_t checkpoint) const { return saved_[checkpoint].next; }
  // The ranks have failed and go on from this checkpoint: later ones count no more.
  void abandon_after(std::optional<std::size_t> checkpoint);
  // Removes complete checkpoints beyond those that are kept. For actors.
  void clean();

  // Complete checkpoints: their number, and the mean time from begin to completion.
  std::uint32_t completed() const;
  Seconds mean_write_time() const;
  // Those of which some part could not be written.
  std::uint32_t failed() const;
  std::uint64_t failed_calls() const { return failed_calls_; }

private:
  struct Saved {
    TrainingPosition next;
    Seconds begun{};
    Seconds complete{-1}; // negative: not yet
    std::uint32_t ranks_left = 0;
    bool failed = false; // a part of it could not be written
    bool abandoned = false;
    bool removed = false;
    std::vector<FileIndex> files;
    bool is_complete() const { return !abandoned && complete >= Seconds{}; }
  };
  struct Rank {
    std::unique_ptr<kernel::Gate> gate;
    std::size_t saves = 0;
    bool busy = false;    // a part of its last checkpoint is still to be written
    bool waiting = false; // and the rank waits for that
  };

  Saved& saved_of(std::size_t number, TrainingPosition next);
  std::vector<FileIndex> new_files();
  void prepare_initial();
  // Files of one checkpoint that is there before the run.
  std::vector<FileIndex> place_files();
  const std::vector<FileIndex>& files_of(std::optional<std::size_t> checkpoint) const;
  // Runs a task of the rank to its end.
  void run(std::uint32_t rank, kernel::Task task, const char* what);
  kernel::Task then_open(kernel::Task task, std::uint32_t rank);
  kernel::Task stage(std::uint32_t rank);
  kernel::Task write(std::uint32_t rank, std::size_t number, bool from_disk);
  kernel::Task write_extent(std::uint32_t rank, FileIndex file, CheckpointExtent extent,
                            bool from_disk, Outcome& outcome);
  kernel::Task read(std::uint32_t rank, std::vector<FileIndex> files);
  // Each host removes what its ranks have written.
  void remove(std::size_t number);
  kernel::Task remove(std::uint32_t rank, std::vector<FileIndex> files, bool all_are_there);
  void wait_until_idle(std::uint32_t rank);
  void complete(std::size_t number);
  void give_up(std::size_t number);
  Bytes bytes_of(std::uint32_t rank) const;
  Caller caller(std::uint32_t rank) const { return {job_.client_of(rank), job_.job, rank}; }

  kernel::Engine& engine_;
  Storage& storage_;
  Hosts& hosts_;
  const JobSettings& job_;
  std::vector<Rank> ranks_;
  std::deque<Saved> saved_;
  std::vector<FileIndex> initial_;             // files of the checkpoint that the job starts from
  std::vector<std::vector<FileIndex>> placed_; // [round]: of a job that only reads
  std::size_t first_left_ = 0;                 // those before it are removed or abandoned
  std::uint64_t failed_calls_ = 0;
};

} // namespace lustrum::training
