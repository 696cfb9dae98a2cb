// Network request schedulers: in which order a service partition (CPT) takes the requests that wait
// for a thread. FIFO needs no scheduler. Each partition has instances of its own, so limits of TBF
// hold per partition. Only the regular queue is ordered; requests of high priority go first come,
// first served (in Lustre a policy started without `reg` orders both).
// \source Lustre 2.15 lustre/ptlrpc/nrs*.c; Lustre manual, network request scheduler
#pragma once

#include "models/lustre/policy/nrs_round_robin.hpp"
#include "models/lustre/policy/nrs_tbf.hpp"

#include <memory>

namespace lustrum::lustre {

enum class NrsPolicy : std::uint8_t { fifo, crrn, orr, trr, tbf };

struct NrsSettings {
  NrsPolicy policy = NrsPolicy::fifo;
  std::uint32_t crrn_quantum = 8; // RPCs: max_rpcs_in_flight of a client
  std::uint32_t orr_quantum = 256;
  std::uint32_t trr_quantum = 256;
  // nrs_orr_supported, nrs_trr_supported: what is ordered; the rest goes first come, first served.
  OrderedRequests orr_supported = OrderedRequests::reads;
  TbfSettings tbf{};
};

// The scheduler of one partition; none for FIFO.
std::unique_ptr<RequestScheduler> make_nrs(const NrsSettings& settings);

} // namespace lustrum::lustre
