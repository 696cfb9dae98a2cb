// PyTorch's DataLoader over an iterable data set, as WebDataset makes it: shards are dealt out to
// ranks, then to the workers of a rank; each worker reads its shards from end to end, one after the
// other, through a shuffle buffer of its own, and makes whole batches of what comes out.
//
// A worker whose shards end before its batches reads them again; with fewer shards than workers,
// several workers read the same one.
// \source webdataset: shardlists.py (split_by_node, split_by_worker), filters.py (shuffle);
// PyTorch torch/utils/data/_utils/worker.py
#pragma once

#include "models/training/torch_loader.hpp"

namespace lustrum::training {

class IterableLoader : public TorchLoader {
public:
  using TorchLoader::TorchLoader;

private:
  // Where a worker is in its shards.
  struct Stream {
    std::uint32_t first_shard = 0; // of those of the rank; then every W-th
    std::uint32_t next_shard = 0;
    std::uint64_t samples_in_file = 0; // of the open file, so far
    std::uint64_t available = 0;       // read whole and not yet in a batch
    bool open = false;
  };

  void begin_epoch(std::uint32_t epoch) override;
  // The files that a worker will open in this epoch, in their order.
  std::vector<FileIndex> files_of_worker(std::uint32_t worker) const;
  kernel::Task work(std::uint32_t worker, std::uint32_t turn) override;
  // Reads on until one more sample is whole, at least.
  kernel::Task read_on(SampleReader& reader, Stream& stream, TimeAccount& account);

  std::vector<std::uint32_t> shards_; // of this rank in this epoch
};

} // namespace lustrum::training
