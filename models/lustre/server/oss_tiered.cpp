// Reads of an OST whose device is flash before a tiered store.
#include "models/lustre/server/oss.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

// Memory keeps the whole block, as the store has sent it.
Task Ost::fetch(std::uint32_t object, Bytes at, Bytes bytes) {
  co_await tiered_->fetch(object, at, bytes);
  if (ServerCache* cache = oss_->cache())
    cache->fill(
        {.object = object, .offset = at, .bytes = bytes, .object_size = size_for(*cache, object)});
}

Task Ost::wait_for(std::uint32_t object, Bytes at) {
  if (tiered_->on_its_way(object, at)) co_await tiered_->arrival(object, at);
}

// Block by block: memory keeps or passes by what a block has, however large the request.
Task Ost::read_tiered(device::Access& access) {
  const auto object = static_cast<std::uint32_t>(access.object);
  const Bytes block = tiered_->settings().block;
  const Bytes end = access.offset + access.bytes;
  const Bytes object_end = std::max(end, files_.object_space(object));
  tiered_->touch(object);
  Bytes on_flash{};
  kernel::TaskGroup coming = world_.group();
  for (Bytes at = access.offset - access.offset % block; at < end; at += block) {
    const Bytes from = std::max(at, access.offset);
    Bytes wanted = std::min(end, at + block) - from;
    ServerCache* cache = oss_->cache();
    // The pages of a block that is yet to come are in nobody's memory.
    if (cache && !tiered_->on_its_way(object, at))
      wanted = cache
                   ->read({.object = object,
                           .offset = from,
                           .bytes = wanted,
                           .object_size = size_for(*cache, object)})
                   .missing;
    if (wanted == Bytes{}) continue;
    switch (tiered_->look_up(object, at, wanted)) {
    case tiering::TieredStore::Place::ssd:
      if (on_flash == Bytes{}) access.offset = from;
      on_flash += wanted;
      break;
    case tiering::TieredStore::Place::on_its_way:
      coming.add(wait_for(object, at), {"tier block", object});
      break;
    case tiering::TieredStore::Place::store:
      coming.add(fetch(object, at, std::min(block, object_end - at)), {"tier miss", object});
      break;
    }
  }
  access.bytes = on_flash;
  co_await coming.all();
}

} // namespace lustrum::lustre
