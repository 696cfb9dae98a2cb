// A worker process at its files: opens them, and makes the calls that its format makes.
#pragma once

#include "models/storage.hpp"
#include "models/training/job.hpp"

#include <memory>

namespace lustrum::training {

class SampleReader {
public:
  SampleReader(Storage& storage, const DatasetSettings& dataset, Caller caller)
      : storage_(storage), dataset_(dataset), caller_(caller) {}

  // Opens the file if need be, reads one sample of it, and closes it unless it is to stay open.
  kernel::Task read_sample(FileIndex file, std::uint32_t sample, Outcome& outcome);

  // Without reading.
  kernel::Task open_and_close(FileIndex file, Outcome& outcome);

  // For streams: open, then next() from the beginning on, then close. `moved`: what was read.
  kernel::Task open(FileIndex file, Outcome& outcome);
  kernel::Task read_on(Bytes& moved, Outcome& outcome);
  bool is_open() const { return open_ != nullptr; }
  bool at_end() const { return at_ >= size_; }
  Bytes position() const { return at_; }
  Bytes size() const { return size_; }

  kernel::Task close(Outcome& outcome);

private:
  kernel::Task make(ReadCalls calls, Outcome& outcome);

  Storage& storage_;
  const DatasetSettings& dataset_;
  Caller caller_;
  std::unique_ptr<OpenFile> open_;
  Bytes size_{};
  Bytes at_{};
};

} // namespace lustrum::training
