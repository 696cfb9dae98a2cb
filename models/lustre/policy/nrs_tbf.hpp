// TBF, the token bucket filter of NRS: limits the rate of RPCs by client, job, user or operation.
//
// Requests are sorted into classes by the fields that the type names: with `jobid` each job is one
// class. Each class has a bucket of its own, filled at the rate of the rule that it matches: a rule
// of 100/s that matches five jobs lets each have 100/s. The newest rule that matches holds, else
// the default rule. A request costs one token; a bucket holds `depth`.
//
// Whole tokens are counted, from the time of the last request that was let go: what is left of a
// token when a request goes late (all threads were busy) is lost, so a class under contention gets
// less than its rate. Of the waiting classes the one whose next token is due first stands in front
// (of equals, which Lustre leaves open, the one with more tokens), and while it has none nobody
// goes. So beside busy faster classes a slow one gets its rate but no burst: whatever it has saved,
// it goes when its own next token is due.
// \source Lustre 2.15 lustre/ptlrpc/nrs_tbf.c
// \limits No `realtime` rules, no group ids, no conditions that exclude.
#pragma once

#include "models/lustre/policy/request_chains.hpp"
#include "sim/base/hash_index.hpp"

#include <string>

namespace lustrum::lustre {

// What makes a class. `generic`: the same client, job, user and operation.
enum class TbfType : std::uint8_t { generic, nid, jobid, opcode, uid };

// All the lists that are not empty must contain the request's value.
struct TbfMatch {
  std::vector<ClientIndex> clients{};
  std::vector<std::uint32_t> jobs{};
  std::vector<std::uint32_t> uids{};
  std::vector<std::uint16_t> opcodes{};
};

struct TbfRule {
  std::string name;
  TbfMatch match{};
  PerSecond rate{10'000};
};

struct TbfSettings {
  TbfType type = TbfType::generic;
  PerSecond default_rate{10'000}; // tbf_rate: of requests that no rule matches, per class
  std::uint32_t depth = 3;        // tbf_depth: tokens
  std::vector<TbfRule> rules{};   // in the order in which they are started
};

class NrsTbf final : public RequestScheduler {
public:
  explicit NrsTbf(const TbfSettings& settings);

  // Commands, as `nrs_tbf_rule` takes them; false when there is (start) or is not (change, stop) a
  // rule of that name. A class comes under them with its next request, and then with a full bucket.
  // `default` can be changed, not stopped.
  bool start_rule(const TbfRule& rule);
  bool change_rule(const std::string& name, PerSecond rate);
  bool stop_rule(const std::string& name);

  void add(RequestNumber request, const RequestTag& tag, Seconds now) override;
  RequestNumber take(Seconds now) override;
  Seconds eligible_at(Seconds now) const override;
  std::size_t queued() const override { return queued_; }

private:
  struct Key {
    std::uint32_t client = 0;
    std::uint32_t job = 0;
    std::uint32_t uid = 0;
    std::uint32_t opcode = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::uint64_t operator()(const Key& key) const;
  };
  struct Class {
    Key key;
    std::uint64_t rules_seen = 0; // generation_ when its rule was looked up
    double rate = 0;              // tokens per second
    std::uint64_t tokens = 0;     // at checked_s
    double checked_s = 0;
    std::uint32_t place = kIdle; // in heap_
    RequestChain waiting{};
    double due_s() const { return checked_s + 1 / rate; } // of the next token
  };
  static constexpr std::uint32_t kIdle = UINT32_MAX;

  Key key_of(const RequestTag& tag) const;
  std::uint32_t class_of(const RequestTag& tag, Seconds now);
  double rate_of(const Key& key) const;
  std::uint64_t tokens_at(const Class& c, double now_s) const;
  bool before(std::uint32_t a, std::uint32_t b) const;
  void put(std::uint32_t place, std::uint32_t number);
  void settle(std::uint32_t place);

  TbfSettings settings_;
  std::uint64_t generation_ = 1; // rises with every change of the rules
  std::vector<Class> classes_;
  HashIndex<Key, KeyHash> index_;   // of classes_
  std::vector<std::uint32_t> heap_; // classes with requests, that of the earliest token in front
  RequestChains chains_;
  std::size_t queued_ = 0;
};

} // namespace lustrum::lustre
