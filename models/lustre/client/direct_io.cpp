// Transfers of a client past its page cache: O_DIRECT, GPUDirect, hybrid I/O.
#include "models/lustre/client/client.hpp"
#include "models/lustre/policy/direct_io_time.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

bool Client::is_unaligned(const File& file, Extent extent) const {
  return extent.begin % kPageSize > Bytes{} ||
         (extent.end % kPageSize > Bytes{} && extent.end < parts_.files.size(file.file()));
}

bool Client::refuses(const File& file, Extent extent) const {
  // GPUDirect Storage has buffers of its own for what is not aligned.
  return file.mode().direct && !file.mode().gpu && !tunables_.llite_unaligned_dio &&
         is_unaligned(file, extent);
}

Task Client::transfer_direct(File& file, Extent extent, device::Operation operation, Buffer buffer,
                             Outcome& outcome) {
  const bool reads = operation == device::Operation::read;
  const DirectIoTime own =
      reads
          ? DirectIoTime{tunables_.client_dio_overhead_read, tunables_.client_dio_bandwidth_read}
          : DirectIoTime{tunables_.client_dio_overhead_write, tunables_.client_dio_bandwidth_write};
  // Before a write moves the file's end.
  const bool copied = buffer == Buffer::kernel || is_unaligned(file, extent);
  const Seconds begin = parts_.world.now();
  co_await transfer_stripes(file, extent, operation, outcome);
  if (file.mode().gpu) co_return; // no pages of the process to pin
  Seconds busy = own.of(extent.length());
  if (copied)
    busy += extent.length() /
            (reads ? tunables_.client_dio_bounce_read : tunables_.client_dio_bounce_write);
  const Seconds left = busy - (parts_.world.now() - begin);
  if (left > Seconds{}) co_await work(left, outcome);
}

Task Client::transfer_stripes(File& file, Extent extent, device::Operation operation,
                              Outcome& outcome) {
  if (tunables_.llite_parallel_dio) {
    co_await transfer_parts(file, extent, operation, outcome);
    co_return;
  }
  // Before Lustre 2.15 one stripe after the other.
  const Bytes stripe = parts_.files.layout(file.file()).components().front().stripe_size;
  for (Bytes at = extent.begin; at < extent.end && outcome.ok();) {
    const Bytes next = std::min(extent.end, at - at % stripe + stripe);
    co_await transfer_parts(file, {at, next}, operation, outcome);
    at = next;
  }
}

Task Client::transfer_parts(File& file, Extent extent, device::Operation operation,
                            Outcome& outcome) {
  const DataUser user = file.user();
  const FileIndex index = file.file();
  std::vector<ObjectExtent> parts;
  map(index, extent, parts);
  kernel::TaskGroup group = parts_.world.group();
  std::deque<Outcome> each;
  const double start_s = parts_.world.now().count();
  for (const ObjectExtent& part : parts) {
    const std::uint32_t object = parts_.files.object_number(index, part.object);
    const Bytes end = part.offset + part.length;
    if (operation == device::Operation::write && !parts_.files.extend_object(object, end)) {
      outcome.fail(StorageError::no_space);
      continue;
    }
    group.add(objects_.transfer_direct(user, object, {part.offset, end}, operation, file.mode().gpu,
                                       each.emplace_back()),
              {"client direct I/O", index_.value()});
  }
  co_await group.all();
  Outcome all;
  for (const Outcome& one : each) all += one;
  outcome.time.add_split_as(all.time, parts_.world.now().count() - start_s, Cause::network);
  outcome.fail(all.error);
}

} // namespace lustrum::lustre
