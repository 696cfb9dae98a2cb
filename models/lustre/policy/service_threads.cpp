#include "models/lustre/policy/service_threads.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

namespace {

constexpr std::uint32_t kCoresPerStep = 4; // cores after which the factor falls by one

// A single partition must do with one base for all its cores: half as much again from 4 cores on, a
// quarter more from 8 on, and so forth.
std::uint32_t base_of(const ServiceThreads& service, const ServerCpu& cpu) {
  std::uint32_t threads = service.base;
  if (cpu.cpts > 1) return threads;
  for (std::uint32_t i = 1; (cpu.cores >> (i + 1)) != 0 && (service.base >> i) != 0; ++i)
    threads += service.base >> i;
  return threads;
}

} // namespace

std::uint32_t default_cpts(std::uint32_t cores, std::uint32_t numa_nodes) {
  return std::clamp(numa_nodes, 1U, std::max(cores, 1U));
}

std::uint32_t threads_per_cpt(const ServiceThreads& service, const ServerCpu& cpu) {
  assert(cpu.cpts > 0 && cpu.cpts <= cpu.cores);
  std::uint32_t threads = base_of(service, cpu);
  std::uint32_t factor = service.factor;
  if (cpu.hyper_threads) factor = factor - factor / 2 + factor / 8;
  for (std::uint32_t left = cpu.cores / cpu.cpts; left > 0 && factor > 0; --factor) {
    const std::uint32_t step = std::min(left, kCoresPerStep);
    threads += step * factor;
    left -= step;
  }
  if (threads * cpu.cpts > service.max) threads = std::max(service.base, service.max / cpu.cpts);
  return threads;
}

} // namespace lustrum::lustre
