#include "models/training/sample_reader.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

Task SampleReader::open(FileIndex file, Outcome& outcome) {
  size_ = storage_.file_size(file);
  at_ = {};
  const FormatSettings& format = dataset_.format;
  if (asks_size(format)) co_await storage_.stat(caller_, file, outcome);
  co_await storage_.open(caller_, file, open_mode(format), open_, outcome);
  if (open_) co_await make(calls_on_open(format, size_, dataset_.read_call), outcome);
}

Task SampleReader::read_sample(FileIndex file, std::uint32_t sample, Outcome& outcome) {
  if (open_ && open_->file() != file) co_await close(outcome);
  if (!open_) co_await open(file, outcome);
  if (open_)
    co_await make(calls_for_sample(dataset_.format, size_, dataset_.read_call,
                                   dataset_.samples_per_file, sample),
                  outcome);
  if (!dataset_.format.keep_open) co_await close(outcome);
}

Task SampleReader::open_and_close(FileIndex file, Outcome& outcome) {
  co_await close(outcome);
  co_await storage_.open(caller_, file, open_mode(dataset_.format), open_, outcome);
  co_await close(outcome);
}

Task SampleReader::read_on(Bytes& moved, Outcome& outcome) {
  const bool whole = dataset_.format.kind == Format::direct || !(dataset_.read_call > Bytes{});
  moved = whole ? size_ - at_ : std::min(dataset_.read_call, size_ - at_);
  if (open_ && outcome.ok()) co_await storage_.read(*open_, at_, moved, outcome);
  at_ += moved; // what failed counts as read: the job goes on
}

Task SampleReader::close(Outcome& outcome) {
  if (open_) co_await storage_.close(std::move(open_), outcome);
  open_ = nullptr;
}

Task SampleReader::make(ReadCalls calls, Outcome& outcome) {
  for (const Stretch& stretch : calls) {
    const Bytes end = stretch.offset + stretch.length;
    for (Bytes at = stretch.offset; at < end && outcome.ok();) {
      const Bytes call = std::min(stretch.call, end - at);
      co_await storage_.read(*open_, at, call, outcome);
      at += call;
    }
  }
}

} // namespace lustrum::training
