#include "models/training/hosts.hpp"

namespace lustrum::training {

using kernel::Task;

Hosts::Hosts(kernel::World& world, const JobSettings& job)
    : world_(world), settings_(job.host), ranks_per_host_(job.ranks_per_client),
      job_(job.job.value()), hosts_(job.hosts()), gpus_(job.ranks) {
  for (std::uint32_t h = 0; h < hosts_.size(); ++h) add_host(job, h);
}

void Hosts::add_host(const JobSettings& job, std::uint32_t number) {
  Host& host = hosts_[number];
  const std::uint32_t client = job.first_client.value() + number;
  if (settings_.vcpus > 0)
    host.processors = &world_.add_fifo({"vcpu", "client{}.vcpus", client}, settings_.vcpus);
  const auto add = [&](kernel::Path& path, std::string_view station_class, std::string_view pattern,
                       BytesPerSecond rate) {
    if (rate.count() > 0) path.add(world_.add_shared({station_class, pattern, client}, rate));
  };
  add(host.disk_read, "local_disk", "client{}.local_disk.read", settings_.disk_read);
  add(host.disk_write, "local_disk", "client{}.local_disk.write", settings_.disk_write);
  if (number < settings_.cards.size()) {
    for (const Card& card : settings_.cards[number]) {
      kernel::Path& path = host.cards.emplace_back();
      path.add(*card.receive);
      path.add(*card.send);
    }
  } else if (settings_.gradient_cards.count() > 0) {
    add(host.cards.emplace_back(), "gradient_nic", "client{}.gradient_nics",
        settings_.gradient_cards);
  }
  kernel::Path to;
  kernel::Path from;
  add(to, "pcie_gpu", "client{}.gpus.rx", settings_.gpu_links);
  add(from, "pcie_gpu", "client{}.gpus.tx", settings_.gpu_links);
  for (std::uint32_t local = 0; local < ranks_per_host_; ++local) {
    const std::uint32_t rank = number * ranks_per_host_ + local;
    if (rank >= gpus_.size() || !copies_take_time()) break;
    gpus_[rank] = {to, from};
    gpus_[rank].to.add(
        world_.add_shared({"pcie_gpu", "client{}.gpu{}.rx", client, local}, settings_.gpu_link));
    gpus_[rank].from.add(
        world_.add_shared({"pcie_gpu", "client{}.gpu{}.tx", client, local}, settings_.gpu_link));
  }
}

Task Hosts::decode(std::uint32_t rank, Seconds time, TimeAccount& account) {
  if (!(time > Seconds{})) co_return;
  const Seconds before = world_.now();
  if (kernel::FifoStation* processors = hosts_[rank / ranks_per_host_].processors) {
    co_await world_.serve(*processors, time);
  } else {
    if (!delay_) delay_ = &world_.add_delay({"decode", "job{}.decode", job_});
    co_await world_.delay(*delay_, time);
  }
  account[Cause::decode] += (world_.now() - before).count();
}

Task Hosts::spend(Seconds time, Cause cause, TimeAccount& account) {
  if (!(time > Seconds{})) co_return;
  if (!pause_) pause_ = &world_.add_delay({"loader_pause", "job{}.loader_pause", job_});
  co_await world_.delay(*pause_, time);
  account[cause] += time.count();
}

// From pageable memory the driver copies to a buffer of its own first: the link is used for longer.
Task Hosts::copy_to_gpu(std::uint32_t rank, Bytes bytes, bool pinned) {
  const double factor = pinned ? 1 : 1 / settings_.pageable;
  co_await world_.transfer(gpus_[rank].to,
                           Bytes{static_cast<std::uint64_t>(bytes.as_double() * factor)});
}

Task Hosts::copy_from_gpu(std::uint32_t rank, Bytes bytes) {
  co_await world_.transfer(gpus_[rank].from, bytes);
}

Task Hosts::read_disk(std::uint32_t host, Bytes bytes) {
  co_await world_.transfer(hosts_[host].disk_read, bytes);
}

Task Hosts::write_disk(std::uint32_t host, Bytes bytes) {
  co_await world_.transfer(hosts_[host].disk_write, bytes);
}

Task Hosts::exchange(std::uint32_t host, Bytes bytes) {
  const std::vector<kernel::Path>& cards = hosts_[host].cards; // fixed after construction
  if (cards.empty()) co_return;
  kernel::TaskGroup group = world_.group();
  const auto over = [this](const kernel::Path& path, Bytes share) -> Task {
    co_await world_.transfer(path, share);
  };
  for (const kernel::Path& path : cards)
    group.add(over(path, bytes / cards.size()), {"gradients", host});
  co_await group.all();
}

} // namespace lustrum::training
