#include "models/device/raid6_model.hpp"

namespace lustrum::device {

namespace {

constexpr std::uint32_t kParityDisks = 2;

void add(Raid6Model::Cost& sum, const Raid6Model::Cost& part) {
  sum.operations += part.operations;
  sum.seeks += part.seeks;
  sum.moved_bytes += part.moved_bytes;
  sum.phases = std::max(sum.phases, part.phases); // stripes are worked on side by side
  sum.longest_bytes += part.longest_bytes;
}

} // namespace

std::uint64_t Raid6Model::chunks_touched(Bytes offset, Bytes bytes) const {
  return (offset + bytes - Bytes{1}) / chunk - offset / chunk + 1;
}

Raid6Model::Cost Raid6Model::read_cost(Bytes offset, Bytes bytes) const {
  const std::uint64_t chunks = chunks_touched(offset, bytes);
  const double disks = static_cast<double>(std::min<std::uint64_t>(chunks, data_disks));
  const double lost = std::min(1.0, disks * failed_disks / (data_disks + kParityDisks));
  const double operations = disks + lost * (data_disks - disks);
  const std::uint64_t rows = (chunks + data_disks - 1) / data_disks; // chunks of one disk
  return {.operations = operations,
          .seeks = 0,
          .moved_bytes = bytes.as_double() * operations / disks,
          .phases = 1,
          .longest_bytes = std::min(bytes, chunk * rows).as_double()};
}

Raid6Model::Cost Raid6Model::partial_write_cost(Bytes offset, Bytes bytes) const {
  const auto chunks = static_cast<double>(chunks_touched(offset, bytes));
  const double in_chunk_bytes = bytes.as_double() / chunks;
  const double disks = data_disks + kParityDisks;
  const double operations = std::min(2 * (chunks + kParityDisks), disks);
  return {.operations = operations,
          .seeks = operations,
          .moved_bytes = operations * in_chunk_bytes,
          .phases = 2,
          .longest_bytes = 2 * in_chunk_bytes};
}

Raid6Model::Cost Raid6Model::write_cost(Bytes offset, Bytes bytes) const {
  const Bytes end = offset + bytes;
  const std::uint64_t first = (offset + stripe() - Bytes{1}) / stripe(); // whole stripes
  const std::uint64_t last = end / stripe();
  Cost sum;
  if (first > last) { // inside one stripe
    add(sum, partial_write_cost(offset, bytes));
    return sum;
  }
  if (const Bytes head = stripe() * first - offset; head > Bytes{})
    add(sum, partial_write_cost(offset, head));
  if (const Bytes tail = end - stripe() * last; tail > Bytes{})
    add(sum, partial_write_cost(stripe() * last, tail));
  if (first < last) {
    const double disks = data_disks + kParityDisks;
    const Bytes on_each = chunk * (last - first);
    add(sum, {.operations = disks,
              .seeks = 0,
              .moved_bytes = disks * on_each.as_double(),
              .phases = 1,
              .longest_bytes = on_each.as_double()});
  }
  return sum;
}

Raid6Model::Cost Raid6Model::cost(Operation operation, Bytes offset, Bytes bytes) const {
  assert(bytes > Bytes{} && data_disks > 0 && chunk > Bytes{});
  return operation == Operation::read ? read_cost(offset, bytes) : write_cost(offset, bytes);
}

Seconds Raid6Model::busy_time(Operation operation, Bytes offset, Bytes bytes, bool sequential,
                              std::uint32_t depth) const {
  assert(depth >= 1 && failed_disks <= kParityDisks && rebuild_share >= 0 && rebuild_share < 1);
  const Cost c = cost(operation, offset, bytes);
  const double disks = data_disks + kParityDisks - failed_disks;
  // Each disk has its own share of the queue to choose from.
  const Seconds positioning = disk.positioning(std::max(1.0, depth * c.operations / disks));
  const double seeks = sequential ? c.seeks : c.operations;
  const double phases = sequential && c.seeks == 0 ? 0 : c.phases;
  const double bandwidth = disk.bandwidth.count();
  const Seconds work = seeks * positioning + Seconds{c.moved_bytes / bandwidth};
  const Seconds alone = phases * disk.positioning(1) + Seconds{c.longest_bytes / bandwidth};
  return std::max(work / disks, alone / depth) / (1 - rebuild_share);
}

} // namespace lustrum::device
