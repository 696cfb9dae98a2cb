// fsync of a client, and what it tells of data that was lost.
#include "models/lustre/client/client.hpp"

namespace lustrum::lustre {

using kernel::Task;

Task Client::sync(OpenFile& open_file, Outcome& outcome) {
  const Timed timed(*this, LliteStat::fsync);
  const FileIndex file = open_file.file();
  const FileTable& files = parts_.files;
  IoTotals& totals = this->totals(open_file);
  ++totals.syncs;
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  const double start_s = parts_.world.now().count();
  std::vector<ObjectExtent> parts;
  if (call.ok()) map(file, {Bytes{}, files.size(file)}, parts);
  kernel::TaskGroup group = parts_.world.group();
  std::deque<Outcome> each;
  for (const ObjectExtent& part : parts)
    group.add(sync_object(files.object_number(file, part.object), each.emplace_back()),
              {"client sync", index_.value()});
  co_await group.all();
  Outcome all;
  for (const Outcome& one : each) all += one;
  call.time.add_split_as(all.time, parts_.world.now().count() - start_s, Cause::write_back);
  call.fail(all.error);
  if (objects_.has_losses()) report_losses(static_cast<File&>(open_file), call);
  if (!state_.runs()) co_await go_on(call);
  if (!call.ok()) ++totals.errors;
  outcome += call;
}

std::uint64_t Client::losses_of(FileIndex file) const {
  std::vector<ObjectExtent> parts;
  map(file, {Bytes{}, parts_.files.size(file)}, parts);
  std::uint64_t sum = 0;
  for (const ObjectExtent& part : parts)
    sum += objects_.losses(parts_.files.object_number(file, part.object));
  return sum;
}

// Each open file learns of a loss once, as with errseq in Linux.
void Client::report_losses(File& file, Outcome& call) const {
  const std::uint64_t losses = losses_of(file.file());
  if (losses != file.losses_seen) call.fail(StorageError::io);
  file.losses_seen = losses;
}

Task Client::sync_object(std::uint32_t object, Outcome& outcome) {
  co_await objects_.flush(object, false, outcome);
  co_await objects_.osc_of(object).call(RpcOpcode::ost_sync, Cause::write_back, outcome);
}

} // namespace lustrum::lustre
