#include "models/lustre/client/file_data.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

void FileData::map(FileIndex file, Extent extent, std::vector<ObjectExtent>& out) const {
  files_.layout(file).map(extent.begin, extent.length(), out);
  // What lies on the MDT goes with the metadata; what nobody has written is a hole.
  std::erase_if(out, [&](const ObjectExtent& part) {
    return part.on_mdt || !files_.instantiated(file, part.component);
  });
}

Task FileData::store(FileIndex file, Extent extent, Outcome& outcome) {
  std::vector<ObjectExtent> parts;
  map(file, extent, parts);
  for (const ObjectExtent& part : parts) {
    const std::uint32_t object = files_.object_number(file, part.object);
    const Bytes end = part.offset + part.length;
    // In pieces of the cache's chunks, which are RPCs.
    const Bytes chunk = cache_.rpc_size();
    for (Bytes from = part.offset; from < end && outcome.ok();) {
      const Bytes to = std::min(end, from - from % chunk + chunk);
      co_await cache_.write(job_, object, {from, to}, Bytes{}, outcome);
      from = to;
    }
  }
}

Task FileData::fetch(FileIndex file, Extent extent, Bytes ahead, Outcome& outcome) {
  std::vector<ObjectExtent> parts;
  map(file, {extent.begin, std::min(files_.size(file), extent.end + ahead)}, parts);
  for (const ObjectExtent& part : parts)
    cache_.start(job_, files_.object_number(file, part.object),
                 {part.offset, part.offset + part.length}, {});
  parts.clear();
  map(file, extent, parts);
  for (const ObjectExtent& part : parts)
    co_await cache_.wait(job_, files_.object_number(file, part.object),
                         {part.offset, part.offset + part.length}, outcome);
}

Task FileData::flush(FileIndex file, Outcome& outcome) {
  std::vector<ObjectExtent> parts;
  map(file, {Bytes{}, files_.size(file)}, parts);
  for (const ObjectExtent& part : parts) {
    const std::uint32_t object = files_.object_number(file, part.object);
    co_await cache_.flush(object, false, outcome);
    // The volatile file's pages go with it.
    cache_.discard(object, Bytes{});
  }
}

} // namespace lustrum::lustre
