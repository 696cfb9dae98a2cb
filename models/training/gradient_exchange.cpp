#include "models/training/gradient_exchange.hpp"

#include <cmath>

namespace lustrum::training {

using kernel::Task;

Bytes ring_bytes(Bytes gradient, std::uint32_t ranks, std::uint32_t hosts) {
  if (hosts < 2) return {};
  return Bytes{
      static_cast<std::uint64_t>(std::llround(2 * gradient.as_double() * (ranks - 1) / ranks))};
}

GradientExchange::GradientExchange(kernel::Engine& engine, Hosts& hosts, const JobSettings& job)
    : engine_(engine), hosts_(hosts), ranks_(job.ranks), host_count_(job.hosts()),
      bytes_(ring_bytes(job.step.gradient, job.ranks, job.hosts())), waiting_(job.ranks),
      waited_(job.ranks) {
  if (!active()) return;
  for (std::uint32_t r = 0; r < ranks_; ++r)
    gates_.push_back(std::make_unique<kernel::Gate>(engine));
}

void GradientExchange::enter() {
  if (!active() || ++entered_ < ranks_) return;
  entered_ = 0;
  ++begun_;
  engine_.spawn(run(), {"all-reduce", static_cast<std::uint32_t>(begun_)});
}

void GradientExchange::wait(std::uint32_t rank) {
  if (!active()) return;
  if (ended_ <= waited_[rank]) {
    waiting_[rank] = true;
    gates_[rank]->wait("the exchange of gradients");
  }
  ++waited_[rank];
}

Task GradientExchange::run() {
  kernel::TaskGroup group = engine_.world().group();
  for (std::uint32_t h = 0; h < host_count_; ++h) group.add(run_host(h), {"all-reduce", h});
  co_await group.all();
  ++ended_;
  for (std::uint32_t r = 0; r < ranks_; ++r)
    if (waiting_[r]) {
      waiting_[r] = false;
      gates_[r]->open();
    }
}

Task GradientExchange::run_host(std::uint32_t host) { co_await hosts_.exchange(host, bytes_); }

} // namespace lustrum::training
