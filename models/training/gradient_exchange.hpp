// The all-reduce of gradients, as a ring over all ranks: every rank sends and receives
// 2 (n - 1) / n times the gradients' bytes. Within a host that goes over the GPUs' own links, which
// take no time here; a ring enters and leaves each host once, so that is also what a host's cards
// carry each way, all its rings together.
// \source NVIDIA nccl-tests, doc/PERFORMANCE.md (bus bandwidth of all-reduce)
#pragma once

#include "models/training/hosts.hpp"
#include "sim/kernel/engine.hpp"

#include <memory>
#include <vector>

namespace lustrum::training {

// What each host's cards carry each way; 0 within one host.
Bytes ring_bytes(Bytes gradient, std::uint32_t ranks, std::uint32_t hosts);

class GradientExchange {
public:
  GradientExchange(kernel::Engine& engine, Hosts& hosts, const JobSettings& job);

  // The exchange takes any time at all.
  bool active() const { return bytes_ > Bytes{}; }
  // Of the exchanges that are over, all hosts together, each way.
  double exchanged_bytes() const {
    return static_cast<double>(ended_) * bytes_.as_double() * host_count_;
  }
  // For rank actors: the rank's gradients are there. The last to say so starts the exchange.
  void enter();
  // Sleeps until the exchange that the rank entered last is over.
  void wait(std::uint32_t rank);

private:
  kernel::Task run();
  kernel::Task run_host(std::uint32_t host);

  kernel::Engine& engine_;
  Hosts& hosts_;
  std::uint32_t ranks_;
  std::uint32_t host_count_;
  Bytes bytes_;
  std::uint32_t entered_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;
  std::vector<std::unique_ptr<kernel::Gate>> gates_;
  std::vector<bool> waiting_;
  std::vector<std::uint64_t> waited_; // exchanges that the rank has been through
};

} // namespace lustrum::training
