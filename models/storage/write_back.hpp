// Written data of one host that is in its memory and not yet with the storage: writers copy it
// there piece by piece and wait when there is too much of it, tasks of the storage's own take it
// away.
#pragma once

#include "models/storage.hpp"
#include "models/storage/dirty_bytes.hpp"
#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum {

struct WriteBackSettings {
  Bytes limit{}; // of dirty data; a single piece may always be written
  Bytes piece{}; // what goes to the storage at once
};

class WriteBack {
public:
  WriteBack(kernel::World& world, const WriteBackSettings& settings)
      : world_(world), settings_(settings), cleaned_(world) {}

  // A write call: returns when all of it is in memory. `copy(length, outcome)` is a task that takes
  // a piece over from the application, `send(offset, length)` begins to write one to the storage,
  // which ends with stored().
  template <class Copy, class Send>
  kernel::Task write(FileIndex file, Bytes offset, Bytes length, Copy copy, Send send,
                     Outcome& outcome) {
    Stopwatch watch(world_, outcome.time);
    const Bytes end = offset + length;
    for (Bytes at = offset; at < end;) {
      const Bytes piece = std::min(settings_.piece, end - at);
      while (dirty_.total() > Bytes{} && dirty_.total() + piece > settings_.limit)
        co_await cleaned_.wait();
      watch.lap(Cause::write_back);
      // Before any wait: other writers look at the limit meanwhile.
      dirty_.add(file, piece);
      co_await copy(piece, outcome);
      watch.skip();
      send(at, piece);
      at += piece;
    }
  }
  void stored(FileIndex file, Bytes length) {
    dirty_.remove(file, length);
    cleaned_.notify();
  }
  // fsync: until nothing of the file is left.
  kernel::Task flush(FileIndex file, Outcome& outcome) {
    Stopwatch watch(world_, outcome.time);
    while (dirty_.of(file) > Bytes{}) co_await cleaned_.wait();
    watch.lap(Cause::write_back);
  }

private:
  kernel::World& world_;
  WriteBackSettings settings_;
  DirtyBytes dirty_;
  kernel::Signal cleaned_; // written data has reached the storage
};

} // namespace lustrum
