// tf.data as DLIO builds it: the rank's files are read by `workers` parallel readers (interleave),
// each a sequential stream of read calls; their samples meet in one buffer (shuffle buffer,
// prefetched batches), from which the loop takes batches. With `map_calls` samples are decoded by
// calls of their own, as many at once (map with num_parallel_calls). NVIDIA DALI's reader has the
// same shape: one reader, `map_calls` threads that decode, a queue of batches.
//
// The shuffle buffer is filled before the first sample comes out of it. With `cache`, the epochs
// after the first come out of memory.
//
// A rank whose files end before its steps reads them again, as DLIO's repeat() does; with fewer
// files than ranks, several ranks read the same file (DLIO then deals out records). Readers stop
// when the epoch's samples are there.
//
// Simplified: samples count in the order in which they arrive; TensorFlow takes one of each open
// file in turn, which differs only when the readers' speeds differ.
#pragma once

#include "models/training/loader.hpp"

namespace lustrum::training {

class TfLoader : public Loader {
public:
  using Loader::Loader;

private:
  void start_tasks(std::uint32_t epoch) override;
  bool ready(std::uint32_t batch) const override;
  TimeAccount batch_account(std::uint32_t batch) const override;
  void more_room() override;

  bool full() const;
  // Samples that the epoch needs.
  std::uint64_t wanted() const { return std::uint64_t{steps_} * job_.loader.batch_size; }
  // What a reader started in this turn works for needs nothing more.
  bool done(std::uint32_t turn) const { return turn != turn_ || produced_ >= wanted(); }
  // Where files come in a fixed order the readers take them in turn.
  std::vector<FileIndex> files_of_worker(std::uint32_t worker) const;
  kernel::Task read_files(std::uint32_t worker, std::uint32_t turn);
  kernel::Task read_file(SampleReader& reader, FileIndex file, std::uint32_t turn);
  // Hands over samples just read: decodes them here, or lets a map call do it.
  kernel::Task hand_over(std::uint32_t samples, TimeAccount& account, std::uint32_t turn);
  kernel::Task map_call(std::uint64_t number, std::uint32_t turn);
  void produce(std::uint32_t samples, TimeAccount& account);

  std::vector<std::uint32_t> shard_;
  std::size_t next_file_ = 0;
  bool in_turn_ = false;
  std::uint64_t begun_ = 0;     // samples in the files begun
  std::uint64_t read_ = 0;      // samples read
  std::uint64_t produced_ = 0;  // samples read and decoded
  std::uint32_t map_calls_ = 0; // under way
  TimeAccount work_;            // what the readers did since the last batch was taken
};

} // namespace lustrum::training
