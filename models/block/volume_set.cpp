#include "models/block/volume_set.hpp"

#include "models/storage/stopwatch.hpp"
#include "sim/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lustrum::block {

using device::Operation;
using kernel::Task;

namespace {

constexpr Seconds kOperationsBurst{0.1}; // of the operations' rate, saved up (assumed)

PerSecond least(PerSecond volumes, PerSecond set) {
  if (!(volumes.count() > 0)) return set;
  return set.count() > 0 ? std::min(volumes, set) : volumes;
}

} // namespace

VolumeSet::VolumeSet(kernel::World& world, const fabric::HostLinks* links, ClientIndex client,
                     const VolumeSettings& settings, std::string_view station_class)
    : world_(world), settings_(settings), volumes_(settings.volumes),
      latency_(world.add_delay({"disk_latency", "client{}.disk_latency", client.value()})) {
  const std::uint32_t c = client.value();
  assert(settings.read.count() > 0 && settings.write.count() > 0 && settings.io_size > Bytes{});
  kernel::SharedStation* set = nullptr;
  if (settings.set_rate.count() > 0)
    set = &world.add_shared({"disk_limit", "client{}.disk_limit", c}, settings.set_rate);
  for (std::uint32_t v = 0; v < settings.volumes; ++v) {
    Volume& volume = volumes_[v];
    volume.station = &world.add_shared({station_class, "client{}.disk{}", c, v}, settings.read);
    volume.station->count_crossings();
    volume.write.crossings = settings.read / settings.write;
    for (kernel::Path* path : {&volume.read, &volume.write}) {
      path->add(*volume.station);
      if (set) path->add(*set);
    }
    if (!links) continue;
    if (auto* bus = links->pcie(client, fabric::Direction::to_client)) volume.read.add(*bus);
    if (auto* bus = links->pcie(client, fabric::Direction::to_server)) volume.write.add(*bus);
  }
  const PerSecond reads = least(settings.read_iops * settings.volumes, settings.set_iops);
  const PerSecond writes = least(settings.write_iops * settings.volumes, settings.set_iops);
  if (reads.count() > 0) {
    const double burst = std::max(1.0, reads.count() * kOperationsBurst.count());
    operations_ = &world.add_bucket({"disk_iops", "client{}.disk_iops", c},
                                    {.rate = reads.count(), .burst = burst, .initial = burst});
    if (writes.count() > 0) write_cost_ = reads / writes;
  }
  if (settings.baseline.count() > 0)
    credit_ = &world.add_bucket({"disk_credit", "client{}.disk_credit", c},
                                {.rate = settings.baseline.count(),
                                 .burst = std::max(1.0, settings.credit.as_double()),
                                 .initial = settings.initial_credit.as_double()});
}

Task VolumeSet::move(const kernel::Path& path, Bytes bytes) {
  co_await world_.transfer(path, bytes);
}

VolumeSet::Striped VolumeSet::stripe(Bytes offset, Bytes length) const {
  const std::uint64_t first = offset / settings_.chunk;
  const std::uint64_t last = (offset + length - Bytes{1}) / settings_.chunk;
  return {.first = first,
          .chunks = last - first + 1,
          .head = offset % settings_.chunk,
          .tail = settings_.chunk * (last + 1) - (offset + length)};
}

// Chunks v, v + n, v + 2n, ... of an access lie on one volume, one after the other.
Bytes VolumeSet::bytes_on(const Striped& striped, std::uint64_t v) const {
  const std::uint64_t n = settings_.volumes;
  const std::uint64_t last = striped.chunks - 1;
  Bytes bytes = settings_.chunk * ((last - v) / n + 1);
  if (v == 0) bytes -= striped.head;
  if (last % n == v) bytes -= striped.tail;
  return bytes;
}

Task VolumeSet::access(Operation operation, FileIndex file, Bytes offset, Bytes length,
                       Outcome& outcome) {
  if (length == Bytes{}) co_return;
  Stopwatch watch(world_, outcome.time);
  const bool read = operation == Operation::read;
  const Striped striped = stripe(offset, length);
  const std::uint64_t touched = std::min<std::uint64_t>(settings_.volumes, striped.chunks);
  std::uint64_t operations = 0;
  for (std::uint64_t v = 0; v < touched; ++v)
    operations +=
        (bytes_on(striped, v).count() + settings_.io_size.count() - 1) / settings_.io_size.count();
  (read ? usage_.reads : usage_.writes) += operations;
  (read ? usage_.read : usage_.written) += length;
  if (credit_) co_await world_.take(*credit_, length.as_double());
  if (operations_)
    co_await world_.take(*operations_, static_cast<double>(operations) * (read ? 1 : write_cost_));
  watch.lap(Cause::throttle);
  // Files start at different places of the stripe.
  const std::uint64_t shift = striped.first + random::mix_bits(file.value()) % settings_.volumes;
  const auto path_of = [&](std::uint64_t v) -> const kernel::Path& {
    const Volume& volume = volumes_[(v + shift) % settings_.volumes];
    return read ? volume.read : volume.write;
  };
  if (touched == 1) {
    co_await world_.transfer(path_of(0), length);
  } else {
    kernel::TaskGroup parts = world_.group();
    for (std::uint64_t v = 0; v < touched; ++v)
      parts.add(move(path_of(v), bytes_on(striped, v)), {"disk access", file.value()});
    co_await parts.all();
  }
  co_await world_.delay(latency_, settings_.latency);
  watch.lap(Cause::disk);
}

std::vector<std::string> VolumeSet::check_laws(bool idle) const {
  std::vector<std::string> problems;
  double served = 0;
  for (const Volume& volume : volumes_) served += volume.station->served_bytes();
  const double asked =
      usage_.read.as_double() + usage_.written.as_double() * (settings_.read / settings_.write);
  constexpr double kTolerance = 1e-9;
  if (idle && std::abs(served - asked) > kTolerance * asked)
    problems.push_back(fmt::format("volumes of {} served {:.0f} of {:.0f} bytes",
                                   kernel::to_string(volumes_.front().station->label()), served,
                                   asked));
  return problems;
}

} // namespace lustrum::block
