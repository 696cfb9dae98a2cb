#include "models/lustre/policy/nrs_round_robin.hpp"

#include "models/lustre/policy/rpc_opcode.hpp"

#include <algorithm>
#include <tuple>

namespace lustrum::lustre {

NrsRoundRobin::NrsRoundRobin(const RoundRobinSettings& settings) : settings_(settings) {
  assert(settings_.quantum > 0);
}

bool NrsRoundRobin::later(const Entry& a, const Entry& b) {
  return std::tie(a.round, a.sequence, a.offset, a.end, a.arrival) >
         std::tie(b.round, b.sequence, b.offset, b.end, b.arrival);
}

bool NrsRoundRobin::takes_part(const RequestTag& tag) const {
  const bool read = tag.opcode == number(RpcOpcode::ost_read);
  const bool write = tag.opcode == number(RpcOpcode::ost_write);
  switch (settings_.ordered) {
  case OrderedRequests::all:
    return true;
  case OrderedRequests::reads:
    return read;
  case OrderedRequests::writes:
    return write;
  case OrderedRequests::reads_and_writes:
    return read || write;
  }
  return true;
}

std::uint64_t NrsRoundRobin::key_of(const RequestTag& tag) const {
  switch (settings_.turns) {
  case Turns::clients:
    return tag.client.value();
  case Turns::objects:
    return tag.object;
  case Turns::targets:
    return tag.target.value();
  }
  return 0;
}

std::uint32_t NrsRoundRobin::taker_of(std::uint64_t key) {
  std::uint32_t place = index_.find(key);
  if (place != decltype(index_)::kNone) return place;
  if (free_takers_.empty()) {
    place = static_cast<std::uint32_t>(takers_.size());
    takers_.emplace_back();
  } else {
    place = free_takers_.back();
    free_takers_.pop_back();
  }
  takers_[place] = {.key = key};
  index_.insert(key, place);
  return place;
}

void NrsRoundRobin::add(RequestNumber request, const RequestTag& tag, Seconds /*now*/) {
  if (!takes_part(tag)) {
    // The kind that began to wait first is first.
    if (others_.empty()) others_next_ = heap_.empty();
    chains_.push(others_, request);
    ++others_count_;
    return;
  }
  if (heap_.empty()) others_next_ = !others_.empty();
  const std::uint32_t place = taker_of(key_of(tag));
  Taker& taker = takers_[place];
  if (taker.left == 0 || taker.round < round_ || taker.waiting == 0) {
    // Whose batch was served before it was full begins a new one, in the next round.
    if (taker.waiting == 0 && taker.left > 0) ++taker.round;
    taker.round = std::max(taker.round, round_);
    // Unless it was the last to begin a batch, it queues behind the others of the round.
    if (taker.sequence < sequence_) taker.sequence = ++sequence_;
    taker.left = settings_.quantum;
  }
  const std::uint64_t offset = settings_.by_offset ? tag.offset.count() : 0;
  const std::uint64_t end = settings_.by_offset ? (tag.offset + tag.bytes).count() : 0;
  heap_.push_back({taker.round, taker.sequence, offset, end, arrivals_++, request, place});
  std::push_heap(heap_.begin(), heap_.end(), later);
  ++taker.waiting;
  if (--taker.left == 0) ++taker.round;
}

RequestScheduler::RequestNumber NrsRoundRobin::take(Seconds /*now*/) {
  if (others_.empty() && heap_.empty()) return kNone;
  const bool other = heap_.empty() || (others_next_ && !others_.empty());
  others_next_ = !other;
  if (!other) return take_ordered();
  --others_count_;
  return chains_.pop(others_);
}

RequestScheduler::RequestNumber NrsRoundRobin::take_ordered() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Entry entry = heap_.back();
  heap_.pop_back();
  Taker& taker = takers_[entry.taker];
  if (--taker.waiting == 0 && settings_.turns == Turns::objects) {
    // There is no end to objects: one for which nothing waits is forgotten.
    index_.erase(taker.key);
    free_takers_.push_back(entry.taker);
  }
  round_ = heap_.empty() ? round_ + 1 : std::max(round_, heap_.front().round);
  return entry.request;
}

} // namespace lustrum::lustre
