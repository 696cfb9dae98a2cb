// How many threads a Lustre service may have. They are started as load asks for them, two per
// partition at first; only the limit is modelled.
//
// Per partition (CPT): base + factor per core, where the factor falls by one with every four cores
// of the partition (8 for the first four, 7 for the next ...) and is lower where cores have two
// threads; a server of a single partition has up to twice the base. If that exceeds `max` in total,
// max / partitions, but never less than base: `max` is soft.
// \source Lustre 2.15 lustre/ptlrpc/service.c: ptlrpc_server_nthreads_check(); constants of
//   lustre/include/lustre_net.h. The examples in the comments of that header leave the fall of the
//   factor out; for 32 cores in four partitions they say 448 ost_io threads where the code gives
//   496.
#pragma once

#include <cstdint>

namespace lustrum::lustre {

struct ServiceThreads {
  std::uint32_t base = 0;
  std::uint32_t factor = 0;
  std::uint32_t max = 0; // of the server
};

inline constexpr ServiceThreads kMdtThreads{64, 8, 1024};
inline constexpr ServiceThreads kMdtReadpageThreads{48, 4, 256}; // close and readdir
inline constexpr ServiceThreads kOstThreads{64, 8, 512};
inline constexpr ServiceThreads kOstIoThreads{64, 8, 512};
inline constexpr ServiceThreads kOstCreateThreads{8, 1, 64};
inline constexpr ServiceThreads kLdlmThreads{24, 8, 128};

struct ServerCpu {
  std::uint32_t cores = 1; // logical ones, as Linux counts them
  std::uint32_t cpts = 1;
  bool hyper_threads = false; // two logical cores to a physical one
};

// Partitions of a server: one per NUMA node, cpu_pattern "N", the default since 2.10.
std::uint32_t default_cpts(std::uint32_t cores, std::uint32_t numa_nodes);

// \pre 0 < cpts <= cores
std::uint32_t threads_per_cpt(const ServiceThreads& service, const ServerCpu& cpu);
inline std::uint32_t threads_of(const ServiceThreads& service, const ServerCpu& cpu) {
  return threads_per_cpt(service, cpu) * cpu.cpts;
}

} // namespace lustrum::lustre
