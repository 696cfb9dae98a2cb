// The policies of NRS that take turns: CRR-N between clients, ORR between objects, TRR between
// OSTs.
//
// Requests are dealt into rounds. In each round everybody has one batch of at most `quantum`
// requests, which are served together; batches of a round go in the order in which they were begun.
// Who has filled a batch, or missed the round that is being served, goes on in a later one. ORR and
// TRR sort a batch by offset.
// \source Lustre 2.15 lustre/ptlrpc/nrs_crr.c, nrs_orr.c
// \limits Offsets are logical; Lustre sorts by offsets on the disk (nrs_orr_offset_type=physical)
//   unless told otherwise, which is the same for objects that lie in one piece.
#pragma once

#include "models/lustre/policy/request_chains.hpp"
#include "sim/base/hash_index.hpp"

namespace lustrum::lustre {

enum class Turns : std::uint8_t { clients, objects, targets };

// Which requests take part; the others go first come, first served, and while both kinds wait they
// alternate one by one (as NRS does between a policy and its fallback).
enum class OrderedRequests : std::uint8_t { all, reads, writes, reads_and_writes };

struct RoundRobinSettings {
  Turns turns = Turns::clients;
  std::uint32_t quantum = 8; // requests of a batch
  bool by_offset = false;    // order within a batch; otherwise by arrival
  OrderedRequests ordered = OrderedRequests::all;
};

class NrsRoundRobin final : public RequestScheduler {
public:
  explicit NrsRoundRobin(const RoundRobinSettings& settings);

  void add(RequestNumber request, const RequestTag& tag, Seconds now) override;
  RequestNumber take(Seconds now) override;
  // Whatever waits may go.
  Seconds eligible_at(Seconds now) const override { return now; }
  std::size_t queued() const override { return heap_.size() + others_count_; }

private:
  // One client, object or target.
  struct Taker {
    std::uint64_t key = 0;
    std::uint64_t round = 0;    // of the batch that it fills
    std::uint64_t sequence = 0; // of that batch among those of a round
    std::uint32_t left = 0;     // requests that the batch still takes
    std::uint32_t waiting = 0;
  };
  struct Entry {
    std::uint64_t round;
    std::uint64_t sequence;
    std::uint64_t offset; // 0 when by arrival
    std::uint64_t end;
    std::uint64_t arrival;
    RequestNumber request;
    std::uint32_t taker;
  };
  static bool later(const Entry& a, const Entry& b);

  bool takes_part(const RequestTag& tag) const;
  std::uint64_t key_of(const RequestTag& tag) const;
  std::uint32_t taker_of(std::uint64_t key);
  RequestNumber take_ordered();

  RoundRobinSettings settings_;
  std::uint64_t round_ = 0; // being served
  std::uint64_t sequence_ = 1;
  std::uint64_t arrivals_ = 0;
  std::vector<Taker> takers_;
  std::vector<std::uint32_t> free_takers_;
  HashIndex<std::uint64_t> index_; // of takers_
  std::vector<Entry> heap_;
  bool others_next_ = false; // when both kinds wait
  RequestChain others_;
  std::size_t others_count_ = 0;
  RequestChains chains_;
};

} // namespace lustrum::lustre
