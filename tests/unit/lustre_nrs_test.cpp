// The round-robin policies of NRS: who goes next, and in which order.
#include "models/lustre/policy/nrs.hpp"
#include "models/lustre/policy/rpc_opcode.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr Seconds kNow{0};

RequestTag from_client(std::uint32_t client) { return {.client = ClientIndex{client}}; }

RequestTag of_object(std::uint64_t object, Bytes offset, RpcOpcode opcode = RpcOpcode::ost_read) {
  return {.object = object, .offset = offset, .bytes = 1_MiB, .opcode = number(opcode)};
}

// Requests numbered in the order in which they are added; takes and returns their tags.
class Queue {
public:
  explicit Queue(const NrsSettings& settings) : policy_(make_nrs(settings)) {}

  void add(const RequestTag& tag) {
    policy_->add(static_cast<std::uint32_t>(tags_.size()), tag, kNow);
    tags_.push_back(tag);
  }
  RequestTag take() {
    REQUIRE(policy_->queued() > 0);
    REQUIRE(policy_->eligible_at(kNow) == kNow);
    const std::uint32_t request = policy_->take(kNow);
    REQUIRE(request < tags_.size());
    CHECK(taken_.insert(request).second); // each goes once
    return tags_[request];
  }
  std::size_t queued() const { return policy_->queued(); }

private:
  std::unique_ptr<RequestScheduler> policy_;
  std::vector<RequestTag> tags_;
  std::set<std::uint32_t> taken_;
};

} // namespace

TEST_CASE("nrs: fifo needs no scheduler") { CHECK(make_nrs({}) == nullptr); }

TEST_CASE("crr-n: eight RPCs of each client in turn, however many wait") {
  Queue queue({.policy = NrsPolicy::crrn});
  // A greedy client is there first with 100, two others come with 20 each.
  for (int i = 0; i < 100; ++i) queue.add(from_client(0));
  for (int i = 0; i < 20; ++i) queue.add(from_client(1));
  for (int i = 0; i < 20; ++i) queue.add(from_client(2));
  std::vector<std::uint32_t> order;
  while (queue.queued() > 0) order.push_back(queue.take().client.value());
  REQUIRE(order.size() == 140);
  for (std::size_t i = 0; i < 48; ++i) CHECK(order[i] == (i / 8) % 3);
  // Third round: 8 of client 0, the last four of 1 and of 2. Then only client 0 is left.
  const std::vector<std::uint32_t> third(order.begin() + 48, order.begin() + 64);
  CHECK(third == std::vector<std::uint32_t>{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2});
  CHECK(std::all_of(order.begin() + 64, order.end(), [](std::uint32_t c) { return c == 0; }));
}

TEST_CASE("crr-n: a client that comes late goes within one round") {
  Queue queue({.policy = NrsPolicy::crrn});
  for (int i = 0; i < 1000; ++i) queue.add(from_client(0));
  for (int i = 0; i < 500; ++i) CHECK(queue.take().client.value() == 0);
  queue.add(from_client(1));
  // 500 = 62 batches and 4 RPCs of the next: at most the rest of that batch goes before.
  int before = 0;
  while (queue.take().client.value() == 0) ++before;
  CHECK(before == 4);
}

TEST_CASE("crr-n: clients that always have requests waiting get equal shares") {
  CHECK(rc::check("shares differ by a batch at most", [] {
    const auto clients = *rc::gen::inRange<std::uint32_t>(2, 6);
    const auto quantum = *rc::gen::inRange<std::uint32_t>(1, 9);
    Queue queue({.policy = NrsPolicy::crrn, .crrn_quantum = quantum});
    // Each has its own number of RPCs in flight and sends another for each that is served.
    for (std::uint32_t c = 0; c < clients; ++c) {
      const auto in_flight = *rc::gen::inRange<std::uint32_t>(2 * quantum, 64);
      for (std::uint32_t i = 0; i < in_flight; ++i) queue.add(from_client(c));
    }
    std::map<std::uint32_t, int> served;
    for (int i = 0; i < 2000; ++i) {
      const RequestTag tag = queue.take();
      ++served[tag.client.value()];
      queue.add(tag);
    }
    for (std::uint32_t c = 1; c < clients; ++c)
      RC_ASSERT(std::abs(served[c] - served[0]) <= static_cast<int>(quantum));
  }));
}

TEST_CASE("orr: object after object, each sorted by offset within its quantum") {
  Queue queue({.policy = NrsPolicy::orr});
  // Two objects, 300 reads of each, alternating and from the end to the beginning.
  for (std::uint64_t i = 300; i-- > 0;)
    for (const std::uint64_t object : {10U, 20U}) queue.add(of_object(object, 1_MiB * i));
  std::vector<RequestTag> order;
  while (queue.queued() > 0) order.push_back(queue.take());
  // The batch of 256 that came first holds offsets 299 down to 44; the next one 43 down to 0.
  struct Run {
    std::uint64_t object;
    std::uint64_t first_mib;
    std::size_t count;
  };
  std::size_t at = 0;
  for (const Run& run : {Run{10, 44, 256}, Run{20, 44, 256}, Run{10, 0, 44}, Run{20, 0, 44}})
    for (std::size_t i = 0; i < run.count; ++i, ++at) {
      CHECK(order[at].object == run.object);
      CHECK(order[at].offset == 1_MiB * (run.first_mib + i));
    }
  CHECK(at == order.size());
}

TEST_CASE("orr: writes go first come, first served, in turn with the sorted reads") {
  Queue queue({.policy = NrsPolicy::orr});
  for (const std::uint64_t offset : {3U, 1U, 2U}) queue.add(of_object(1, 1_MiB * offset));
  for (const std::uint64_t offset : {9U, 7U, 8U})
    queue.add(of_object(1, 1_MiB * offset, RpcOpcode::ost_write));
  std::vector<std::uint64_t> order;
  while (queue.queued() > 0) order.push_back(queue.take().offset / 1_MiB);
  CHECK(order == std::vector<std::uint64_t>{1, 9, 2, 7, 3, 8});
}

TEST_CASE("orr: sorts writes when told to") {
  Queue queue({.policy = NrsPolicy::orr, .orr_supported = OrderedRequests::reads_and_writes});
  for (const std::uint64_t offset : {9U, 7U, 8U})
    queue.add(of_object(1, 1_MiB * offset, RpcOpcode::ost_write));
  queue.add(of_object(1, 2_MiB));
  std::vector<std::uint64_t> order;
  while (queue.queued() > 0) order.push_back(queue.take().offset / 1_MiB);
  CHECK(order == std::vector<std::uint64_t>{2, 7, 8, 9});
}

TEST_CASE("trr: the OSTs of a server take turns, objects of one OST do not") {
  Queue queue({.policy = NrsPolicy::trr, .trr_quantum = 4});
  const auto add = [&](std::uint32_t target, std::uint64_t object, Bytes offset) {
    RequestTag tag = of_object(object, offset);
    tag.target = OstIndex{target};
    queue.add(tag);
  };
  for (std::uint64_t i = 8; i-- > 0;) add(0, i % 2, 1_MiB * i);
  for (std::uint64_t i = 8; i-- > 0;) add(1, 5, 1_MiB * i);
  std::vector<std::pair<std::uint32_t, std::uint64_t>> order;
  while (queue.queued() > 0) {
    const RequestTag tag = queue.take();
    order.emplace_back(tag.target.value(), tag.offset / 1_MiB);
  }
  const std::vector<std::pair<std::uint32_t, std::uint64_t>> expected = {
      {0, 4}, {0, 5}, {0, 6}, {0, 7}, {1, 4}, {1, 5}, {1, 6}, {1, 7},
      {0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}, {1, 1}, {1, 2}, {1, 3}};
  CHECK(order == expected);
}

TEST_CASE("nrs: every request goes exactly once, numbers may be given out again") {
  CHECK(rc::check("conservation", [] {
    NrsSettings settings{.policy =
                             *rc::gen::element(NrsPolicy::crrn, NrsPolicy::orr, NrsPolicy::trr)};
    settings.crrn_quantum = settings.orr_quantum = settings.trr_quantum =
        *rc::gen::inRange<std::uint32_t>(1, 5);
    const auto policy = make_nrs(settings);
    std::set<std::uint32_t> waiting;
    for (int i = 0; i < 300; ++i) {
      if (waiting.empty() || *rc::gen::inRange(0, 3) > 0) {
        std::uint32_t free = 0;
        while (waiting.count(free) > 0) ++free;
        RequestTag tag = of_object(*rc::gen::inRange<std::uint64_t>(0, 4),
                                   1_MiB * *rc::gen::inRange<std::uint64_t>(0, 9),
                                   *rc::gen::element(RpcOpcode::ost_read, RpcOpcode::ost_write));
        tag.client = ClientIndex{*rc::gen::inRange<std::uint32_t>(0, 4)};
        tag.target = OstIndex{*rc::gen::inRange<std::uint32_t>(0, 2)};
        policy->add(free, tag, kNow);
        waiting.insert(free);
      } else {
        RC_ASSERT(waiting.erase(policy->take(kNow)) == 1);
      }
      RC_ASSERT(policy->queued() == waiting.size());
    }
    while (!waiting.empty()) RC_ASSERT(waiting.erase(policy->take(kNow)) == 1);
    RC_ASSERT(policy->take(kNow) == RequestScheduler::kNone);
  }));
}
