#include "models/lustre/policy/nrs_tbf.hpp"

#include <algorithm>
#include <cmath>

namespace lustrum::lustre {

namespace {

constexpr char kDefaultRule[] = "default";

// An empty list says nothing.
template <class T> bool allows(const std::vector<T>& list, T value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

auto find_rule(std::vector<TbfRule>& rules, const std::string& name) {
  return std::find_if(rules.begin(), rules.end(),
                      [&](const TbfRule& rule) { return rule.name == name; });
}

} // namespace

NrsTbf::NrsTbf(const TbfSettings& settings) : settings_(settings) {
  assert(settings_.default_rate.count() > 0 && settings_.depth > 0);
  settings_.rules.clear();
  for (const TbfRule& rule : settings.rules) {
    [[maybe_unused]] const bool fresh = start_rule(rule);
    assert(fresh);
  }
}

bool NrsTbf::start_rule(const TbfRule& rule) {
  assert(rule.rate.count() > 0);
  std::vector<TbfRule>& rules = settings_.rules;
  if (rule.name == kDefaultRule || find_rule(rules, rule.name) != rules.end()) return false;
  rules.push_back(rule);
  ++generation_;
  return true;
}

bool NrsTbf::change_rule(const std::string& name, PerSecond rate) {
  assert(rate.count() > 0);
  if (name == kDefaultRule) {
    settings_.default_rate = rate;
  } else {
    const auto rule = find_rule(settings_.rules, name);
    if (rule == settings_.rules.end()) return false;
    rule->rate = rate;
  }
  ++generation_;
  return true;
}

bool NrsTbf::stop_rule(const std::string& name) {
  const auto rule = find_rule(settings_.rules, name);
  if (rule == settings_.rules.end()) return false;
  settings_.rules.erase(rule);
  ++generation_;
  return true;
}

std::uint64_t NrsTbf::KeyHash::operator()(const Key& key) const {
  constexpr unsigned kWord = 32;
  const std::uint64_t who = (std::uint64_t{key.client} << kWord) | key.job;
  const std::uint64_t what = (std::uint64_t{key.uid} << kWord) | key.opcode;
  return random::mix_bits(random::mix_bits(who) ^ what);
}

NrsTbf::Key NrsTbf::key_of(const RequestTag& tag) const {
  switch (settings_.type) {
  case TbfType::generic:
    return {tag.client.value(), tag.job, tag.uid, tag.opcode};
  case TbfType::nid:
    return {.client = tag.client.value()};
  case TbfType::jobid:
    return {.job = tag.job};
  case TbfType::opcode:
    return {.opcode = tag.opcode};
  case TbfType::uid:
    return {.uid = tag.uid};
  }
  return {};
}

// Rules look at what makes the class and at nothing else.
double NrsTbf::rate_of(const Key& key) const {
  const TbfType type = settings_.type;
  const auto given = [&](TbfType field) { return type == TbfType::generic || type == field; };
  const auto rule =
      std::find_if(settings_.rules.rbegin(), settings_.rules.rend(), [&](const TbfRule& candidate) {
        const TbfMatch& match = candidate.match;
        return (!given(TbfType::nid) || allows(match.clients, ClientIndex{key.client})) &&
               (!given(TbfType::jobid) || allows(match.jobs, key.job)) &&
               (!given(TbfType::uid) || allows(match.uids, key.uid)) &&
               (!given(TbfType::opcode) ||
                allows(match.opcodes, static_cast<std::uint16_t>(key.opcode)));
      });
  return (rule == settings_.rules.rend() ? settings_.default_rate : rule->rate).count();
}

std::uint32_t NrsTbf::class_of(const RequestTag& tag, Seconds now) {
  const Key key = key_of(tag);
  std::uint32_t number = index_.find(key);
  if (number == decltype(index_)::kNone) {
    number = static_cast<std::uint32_t>(classes_.size());
    classes_.push_back({.key = key});
    index_.insert(key, number);
  }
  Class& c = classes_[number];
  if (c.rules_seen != generation_) {
    c.rules_seen = generation_;
    c.rate = rate_of(key);
    c.tokens = settings_.depth;
    c.checked_s = now.count();
    if (c.place != kIdle) settle(c.place);
  }
  return number;
}

void NrsTbf::add(RequestNumber request, const RequestTag& tag, Seconds now) {
  const std::uint32_t number = class_of(tag, now);
  Class& c = classes_[number];
  chains_.push(c.waiting, request);
  ++queued_;
  if (c.place != kIdle) return;
  heap_.push_back(number);
  c.place = static_cast<std::uint32_t>(heap_.size() - 1);
  settle(c.place);
}

std::uint64_t NrsTbf::tokens_at(const Class& c, double now_s) const {
  // Times are sums of rounded numbers; the clock of Lustre has a grain of its own, one nanosecond.
  constexpr double kRounding = 1e-6;
  const double flowed = std::floor((now_s - c.checked_s) * c.rate + kRounding);
  const double tokens = static_cast<double>(c.tokens) + flowed;
  const auto held =
      static_cast<std::uint64_t>(std::min(tokens, static_cast<double>(settings_.depth)));
  return now_s >= c.due_s() ? std::max<std::uint64_t>(held, 1) : held;
}

Seconds NrsTbf::eligible_at(Seconds now) const {
  assert(!heap_.empty());
  const Class& first = classes_[heap_.front()];
  return tokens_at(first, now.count()) > 0 ? now : Seconds{first.due_s()};
}

RequestScheduler::RequestNumber NrsTbf::take(Seconds now) {
  if (heap_.empty()) return kNone;
  Class& first = classes_[heap_.front()];
  const std::uint64_t tokens = tokens_at(first, now.count());
  if (tokens == 0) return kNone;
  first.tokens = tokens - 1;
  first.checked_s = now.count();
  --queued_;
  const RequestNumber request = chains_.pop(first.waiting);
  if (first.waiting.empty()) {
    first.place = kIdle;
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) put(0, last);
  }
  if (!heap_.empty()) settle(0);
  return request;
}

bool NrsTbf::before(std::uint32_t a, std::uint32_t b) const {
  const double due_a_s = classes_[a].due_s();
  const double due_b_s = classes_[b].due_s();
  if (due_a_s != due_b_s) return due_a_s < due_b_s;
  if (classes_[a].tokens != classes_[b].tokens) return classes_[a].tokens > classes_[b].tokens;
  return a < b;
}

void NrsTbf::put(std::uint32_t place, std::uint32_t number) {
  heap_[place] = number;
  classes_[number].place = place;
}

// Moves what stands there to where it belongs; all others are in order.
void NrsTbf::settle(std::uint32_t place) {
  const std::uint32_t number = heap_[place];
  for (; place > 0 && before(number, heap_[(place - 1) / 2]); place = (place - 1) / 2)
    put(place, heap_[(place - 1) / 2]);
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (std::uint32_t child = 2 * place + 1; child < size; child = 2 * place + 1) {
    if (child + 1 < size && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], number)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, number);
}

} // namespace lustrum::lustre
