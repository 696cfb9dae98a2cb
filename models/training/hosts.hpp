// What the ranks of one job share on each of its hosts: processors that decode, the way to the
// GPUs, the host's own disk, and the cards that carry gradients. Hosts are numbered within the job.
#pragma once

#include "models/training/job.hpp"
#include "sim/kernel/world.hpp"

#include <vector>

namespace lustrum::training {

class Hosts {
public:
  Hosts(kernel::World& world, const JobSettings& job);

  // A worker of the rank computes for so long; waits for a processor where they are shared.
  kernel::Task decode(std::uint32_t rank, Seconds time, TimeAccount& account);
  // Time of a worker in which it uses nothing that is shared.
  kernel::Task spend(Seconds time, Cause cause, TimeAccount& account);
  // Between host memory and the rank's GPU.
  kernel::Task copy_to_gpu(std::uint32_t rank, Bytes bytes, bool pinned);
  kernel::Task copy_from_gpu(std::uint32_t rank, Bytes bytes);
  kernel::Task read_disk(std::uint32_t host, Bytes bytes);
  kernel::Task write_disk(std::uint32_t host, Bytes bytes);
  // So many bytes leave the host over its cards, and as many arrive.
  kernel::Task exchange(std::uint32_t host, Bytes bytes);

  bool copies_take_time() const { return settings_.gpu_link.count() > 0; }

private:
  struct Host {
    kernel::FifoStation* processors = nullptr;
    std::vector<kernel::Path> cards; // both ways of a card at once
    kernel::Path disk_read, disk_write;
  };
  struct Gpu {
    kernel::Path to, from;
  };

  void add_host(const JobSettings& job, std::uint32_t number);

  kernel::World& world_;
  const HostSettings& settings_;
  std::uint32_t ranks_per_host_;
  std::uint32_t job_;
  kernel::DelayStation* delay_ = nullptr; // where workers have processors of their own
  kernel::DelayStation* pause_ = nullptr; // spend()
  std::vector<Host> hosts_;
  std::vector<Gpu> gpus_; // [rank]
};

} // namespace lustrum::training
