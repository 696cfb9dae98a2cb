#include "models/block/copy_in.hpp"

#include <algorithm>
#include <memory>

namespace lustrum::block {

using kernel::Task;

namespace {

// What the processes of one client share.
struct ClientCopy {
  kernel::World& world;
  Storage& source;
  LocalStorage& local;
  const std::vector<CopyFile>& files;
  Bytes piece;
  std::size_t next;
  std::size_t stride;
  CopyInResult& result;
};

// A piece on its way to the disks while the next is read.
Task write_piece(ClientCopy& copy, ClientIndex client, FileIndex file, Bytes offset, Bytes length,
                 Outcome& outcome) {
  co_await copy.local.copy_in(client, file, offset, length, outcome);
}

Task copy_file(ClientCopy& copy, Caller caller, CopyFile file) {
  const Bytes size = copy.source.file_size(file.source);
  Outcome outcome;
  Outcome written;
  if (!copy.local.reserve(caller.client, file.local)) outcome.fail(StorageError::no_space);
  std::unique_ptr<OpenFile> open;
  if (outcome.ok()) co_await copy.source.open(caller, file.source, {}, open, outcome);
  kernel::TaskGroup writes = copy.world.group();
  for (Bytes at{}; open && at < size && outcome.ok();) {
    const Bytes length = std::min(copy.piece, size - at);
    co_await copy.source.read(*open, at, length, outcome);
    // One piece is written while the next is on its way; no more wait in memory.
    co_await writes.all();
    if (!outcome.ok()) break;
    writes.add(write_piece(copy, caller.client, file.local, at, length, written), {"copy in", 0});
    at += length;
  }
  co_await writes.all();
  outcome.fail(written.error);
  copy.result.time += written.time;
  if (open) co_await copy.source.close(std::move(open), outcome);
  copy.result.time += outcome.time;
  if (outcome.ok()) {
    copy.local.copied(caller.client, file.local);
    copy.result.copied += size;
  } else {
    ++copy.result.failed;
  }
}

Task copy_files(ClientCopy& copy, Caller caller) {
  while (copy.next < copy.files.size()) {
    const CopyFile file = copy.files[copy.next];
    copy.next += copy.stride;
    co_await copy_file(copy, caller, file);
  }
}

} // namespace

Task copy_in(kernel::World& world, Storage& source, LocalStorage& local,
             const std::vector<CopyFile>& files, ClientIndex first, std::uint32_t clients,
             CopyInSettings settings, JobIndex job, CopyInResult& result) {
  const Seconds start = world.now();
  std::deque<ClientCopy> copies;
  kernel::TaskGroup processes = world.group();
  for (std::uint32_t c = 0; c < clients; ++c) {
    ClientCopy& copy = copies.emplace_back(ClientCopy{world, source, local, files, settings.piece,
                                                      settings.shards ? c : 0,
                                                      settings.shards ? clients : 1, result});
    for (std::uint32_t p = 0; p < settings.files_at_once; ++p) {
      const Caller caller{ClientIndex{first.value() + c}, job, p};
      processes.add(copy_files(copy, caller), {"copy in", p});
    }
  }
  co_await processes.all();
  result.longest = world.now() - start;
}

} // namespace lustrum::block
