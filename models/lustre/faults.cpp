#include "models/lustre/faults.hpp"

#include "sim/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

namespace {

constexpr Seconds kTakeover{30};
// "A few minutes" in the FSx for Lustre guide: assumed.
constexpr Seconds kFewMinutes{180};

using enum FaultScope;

// Durations and factors are assumed.
constexpr std::array<FaultRules, kFaultKinds> kRules{{
    {"ost_failover", ost, kTakeover, {}, 1},
    {"mdt_failover", mdt, kTakeover, {}, 1},
    {"oss_failover", oss, kTakeover, {}, 1},
    {"mds_failover", mdt, kTakeover, {}, 1},
    {"server_replacement", oss, kFewMinutes, {}, 1},
    {"throughput_scaling", filesystem, kFewMinutes, {}, 1},
    {"client_dead", client, {}, {}, 1},
    {"client_hang", client, {}, Seconds{120}, 1},
    {"client_evict", client, {}, {}, 1},
    {"raid_rebuild", ost, {}, Seconds{14400}, 0.7},
    {"slow_ost", ost, {}, Seconds{600}, 0.5},
    {"link_down", link, {}, Seconds{60}, 1},
    {"link_slow", link, {}, Seconds{600}, 0.5},
    {"router_down", router, {}, Seconds{60}, 1},
    {"scratch_loss", ost, {}, {}, 1},
}};

} // namespace

const FaultRules& rules_of(FaultKind kind) { return kRules[static_cast<std::size_t>(kind)]; }

std::optional<FaultKind> find_fault_kind(std::string_view name) {
  for (std::size_t i = 0; i < kFaultKinds; ++i)
    if (kRules[i].name == name) return static_cast<FaultKind>(i);
  return std::nullopt;
}

Faults::Faults(kernel::World& world, Filesystem& filesystem, std::vector<Fault> faults,
               std::uint64_t seed)
    : world_(world), fs_(filesystem), faults_(std::move(faults)), seed_(seed),
      oss_away_(filesystem.osss()), mds_away_(filesystem.mdts()) {
  for (Fault& fault : faults_) {
    const FaultRules& rules = rules_of(fault.kind);
    if (fault.takeover == Seconds{}) fault.takeover = rules.takeover;
    if (fault.duration == Seconds{}) fault.duration = rules.duration;
    if (fault.factor == 0) fault.factor = rules.factor;
    assert(fault.factor > 0 && fault.factor <= 1);
    assert(!fault.component || *fault.component < components(fault) || rules.scope == link);
  }
}

void Faults::start() {
  for (std::uint32_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    if (fault.at) {
      world_.spawn(strike_once(i), {"fault", i});
      continue;
    }
    // A component that is named stands for itself; a link's number holds the client and its NIC.
    const std::uint32_t first = fault.component.value_or(0);
    const std::uint32_t count = fault.component ? 1 : components(fault);
    for (std::uint32_t c = first; c < first + count; ++c)
      world_.spawn(strike_again_and_again(i, c), {"fault", i});
  }
}

// --- What is struck ---------------------------------------------------------------------------

std::uint32_t Faults::components(const Fault& fault) const {
  switch (rules_of(fault.kind).scope) {
  case ost:
    return fs_.osts();
  case mdt:
    return fs_.mdts();
  case oss:
    return fs_.osss();
  case client:
    return fs_.job_clients();
  case link:
    return fault.of_server ? fs_.osss() : fs_.job_clients();
  case router:
    return fs_.settings().fabric.routers.count;
  case filesystem:
    return 1;
  }
  return 0;
}

std::string Faults::name_of(const Fault& fault, std::uint32_t component) const {
  switch (rules_of(fault.kind).scope) {
  case ost:
    return fmt::format("ost {}", component);
  case mdt:
    return fmt::format("mdt {}", component);
  case oss:
    return fmt::format("oss {}", component);
  case client:
    return fmt::format("client {}", component);
  case link:
    return fault.of_server ? fmt::format("oss {} nic", component)
                           : fmt::format("client {} nic {}", component, fault.nic);
  case router:
    return fmt::format("router {}", component);
  case filesystem:
    return "file system";
  }
  return {};
}

// The targets that go away: those that serve now.
std::vector<TargetIndex> Faults::targets_of(const Fault& fault, std::uint32_t component) const {
  const FaultScope scope = rules_of(fault.kind).scope;
  std::vector<TargetIndex> targets;
  for (std::uint32_t m = 0; m < fs_.mdts(); ++m)
    if (scope == filesystem ||
        (scope == mdt && component == (fault.kind == FaultKind::mds_failover
                                           ? fs_.mds(MdtIndex{m}).host().index().value()
                                           : m)))
      targets.emplace_back(MdtIndex{m});
  for (std::uint32_t t = 0; t < fs_.osts(); ++t)
    if (scope == filesystem || (scope == ost && t == component) ||
        (scope == oss && fs_.ost(OstIndex{t}).oss().index().value() == component))
      targets.emplace_back(OstIndex{t});
  std::erase_if(targets, [&](TargetIndex index) { return !fs_.target(index).available(); });
  return targets;
}

fabric::LinkId Faults::link_of(const Fault& fault, std::uint32_t component) const {
  if (rules_of(fault.kind).scope == router) return fabric::LinkId::router(component);
  if (fault.of_server) return fabric::LinkId::server(OssIndex{component});
  return fabric::LinkId::client_nic(ClientIndex{component}, fault.nic);
}

// --- When -------------------------------------------------------------------------------------

Task Faults::strike_once(std::uint32_t number) {
  const Fault& fault = faults_[number];
  co_await pause(*fault.at);
  const auto any = static_cast<std::uint32_t>(
      random::below(components(fault), seed_, random::component("fault.component"), number));
  co_await strike(fault, fault.component.value_or(any));
}

Task Faults::strike_again_and_again(std::uint32_t number, std::uint32_t component) {
  const Fault& fault = faults_[number];
  const std::uint64_t mine =
      random::component("fault.time", (std::uint64_t{number} << 32U | component) + 1);
  for (std::uint64_t i = 0;; ++i) {
    co_await pause(fault.mtbf * random::exponential(seed_, mine, i));
    co_await strike(fault, component);
  }
}

// --- What happens -----------------------------------------------------------------------------

Task Faults::strike(const Fault& fault, std::uint32_t component) {
  const bool takes_targets = rules_of(fault.kind).takeover > Seconds{};
  if (takes_targets && targets_of(fault, component).empty()) co_return;
  const FaultScope scope = rules_of(fault.kind).scope;
  if (scope == client && !fs_.runs(ClientIndex{component})) co_return;
  Record& record = records_.emplace_back(
      Record{.event = {.kind = fault.kind, .target = name_of(fault, component), .at = world_.now()},
             .before = counts()});
  if (!takes_targets && scope != client) record.event.detected = world_.now();
  co_await play(fault, component, record);
}

Task Faults::play(const Fault& fault, std::uint32_t component, Record& record) {
  switch (fault.kind) {
  case FaultKind::throughput_scaling:
    for (std::uint32_t s = 0; s < fs_.osss(); ++s) fs_.oss(OssIndex{s}).restart();
    return take_over(targets_of(fault, component), fault.takeover, {}, record);
  case FaultKind::server_replacement:
    fs_.oss(OssIndex{component}).restart();
    return take_over(targets_of(fault, component), fault.takeover, {}, record);
  case FaultKind::ost_failover:
  case FaultKind::mdt_failover:
    return take_over(targets_of(fault, component), fault.takeover, {}, record);
  case FaultKind::oss_failover:
    return fail_server(fault, OssIndex{component}, record);
  case FaultKind::mds_failover:
    return fail_mds(fault, MdtIndex{component}, record);
  default:
    return play_other(fault, component, record);
  }
}

Task Faults::play_other(const Fault& fault, std::uint32_t component, Record& record) {
  const ClientIndex client{component};
  const OstIndex ost{component};
  switch (fault.kind) {
  case FaultKind::client_dead:
    record.silent = client;
    fs_.kill(client);
    co_return;
  case FaultKind::client_hang:
    co_await hang_client(fault, client, record);
    break;
  case FaultKind::client_evict:
    record.silent = client;
    fs_.evict(client);
    break;
  case FaultKind::raid_rebuild:
  case FaultKind::slow_ost:
    co_await slow_target(fault, ost);
    break;
  case FaultKind::scratch_loss:
    record.event.lost += fs_.files().space().used(ost);
    fs_.lose_target(ost);
    co_return;
  default:
    co_await disturb_link(fault, component);
  }
  close(record);
}

Task Faults::take_over(std::vector<TargetIndex> targets, Seconds takeover,
                       std::optional<fabric::ServerNode> to, Record& record) {
  for (const TargetIndex index : targets) fs_.fail_target(index);
  co_await pause(takeover);
  for (const TargetIndex index : targets)
    if (to) fs_.move_target(index, *to);
  if (!record.event.detected) record.event.detected = world_.now();
  const auto number = static_cast<std::uint32_t>(recoveries_.size());
  const RecoverySettings rules = targets.front().is_mdt() ? settings().of_mdts() : settings();
  Recovery& recovery = recoveries_.emplace_back(Recovery{
      {rules, fs_.clients(), world_.now()}, world_.now(), std::move(targets), record, number});
  co_await await_clients(recovery);
}

Task Faults::hang_client(const Fault& fault, ClientIndex client, Record& record) {
  record.silent = client;
  fs_.hang(client);
  co_await pause(fault.duration);
  fs_.wake(client);
  for (Recovery& recovery : recoveries_)
    if (!recovery.done && !recovery.window.has_returned(client))
      world_.spawn(return_later(recovery, client), {"client reconnecting", client.value()});
  co_await pause(settings().notification); // until it has heard what became of it
}

double Faults::Condition::speed() const {
  double product = 1;
  for (const double factor : factors) product *= factor;
  return product;
}

void Faults::Condition::end(double factor) { factors.erase(std::ranges::find(factors, factor)); }

Task Faults::slow_target(const Fault& fault, OstIndex ost) {
  Condition& condition = conditions_[name_of(fault, ost.value())];
  const bool known = fault.kind == FaultKind::raid_rebuild;
  condition.factors.push_back(fault.factor);
  condition.downs += known ? 1 : 0;
  fs_.set_target_speed(ost, condition.speed(), condition.downs > 0);
  co_await pause(fault.duration);
  condition.end(fault.factor);
  condition.downs -= known ? 1 : 0;
  fs_.set_target_speed(ost, condition.speed(), condition.downs > 0);
}

Task Faults::disturb_link(const Fault& fault, std::uint32_t component) {
  Condition& condition = conditions_[name_of(fault, component)];
  const fabric::LinkId id = link_of(fault, component);
  if (fault.kind == FaultKind::link_slow) {
    condition.factors.push_back(fault.factor);
    fs_.fabric().set_link_factor(id, condition.speed());
    co_await pause(fault.duration);
    condition.end(fault.factor);
    fs_.fabric().set_link_factor(id, condition.speed());
    co_return;
  }
  if (++condition.downs == 1) fs_.fabric().set_down(id, true);
  co_await pause(fault.duration);
  if (--condition.downs == 0) fs_.fabric().set_down(id, false);
}

// --- Recovery ---------------------------------------------------------------------------------

Task Faults::await_clients(Recovery& recovery) {
  struct Return {
    Seconds at{};
    ClientIndex client{};
  };
  const Seconds mounted = world_.now();
  std::vector<Return> returns;
  for (std::uint32_t c = 0; c < fs_.clients(); ++c) {
    const ClientIndex client{c};
    if (fs_.runs(client))
      returns.push_back(
          {mounted + reconnect_delay(settings(), {.seed = seed_,
                                                  .target = recovery.targets[0].number(),
                                                  .failure = recovery.number,
                                                  .client = client}),
           client});
    else if (std::ranges::all_of(recovery.targets,
                                 [&](TargetIndex index) { return fs_.is_given_up(client, index); }))
      recovery.window.returned(client, mounted);
  }
  std::ranges::stable_sort(returns, {}, &Return::at);
  for (const Return& back : returns) {
    if (back.at > world_.now()) co_await pause(back.at - world_.now());
    if (fs_.runs(back.client)) note_return(recovery, back.client);
  }
  // Who wakes until then is noted by return_later(), and so may be the end.
  while (!recovery.done && world_.now() < recovery.window.deadline())
    co_await pause(recovery.window.deadline() - world_.now());
  finish(recovery);
}

Task Faults::return_later(Recovery& recovery, ClientIndex client) {
  co_await pause(reconnect_delay(settings(), {.seed = seed_,
                                              .target = recovery.targets[0].number(),
                                              .failure = recovery.number,
                                              .client = client}));
  if (fs_.runs(client)) note_return(recovery, client);
}

void Faults::note_return(Recovery& recovery, ClientIndex client) {
  if (recovery.done) return;
  recovery.window.returned(client, world_.now());
  if (recovery.window.complete()) finish(recovery);
}

void Faults::finish(Recovery& recovery) {
  if (recovery.done) return;
  recovery.done = true;
  const std::vector<ClientIndex> missing = recovery.window.missing();
  for (const ClientIndex client : missing)
    for (const TargetIndex index : recovery.targets) fs_.evict(client, index);
  const RecoveryReport report{.mounted = recovery.mounted,
                              .duration = world_.now() - recovery.mounted,
                              .clients = fs_.clients(),
                              .completed =
                                  fs_.clients() - static_cast<std::uint32_t>(missing.size()),
                              .imperative = settings().imperative};
  for (const TargetIndex index : recovery.targets) fs_.recover_target(index, report);
  close(recovery.record);
}

// --- What is reported -------------------------------------------------------------------------

Faults::Counts Faults::counts() const {
  const IoTotals totals = fs_.totals();
  return {fs_.evictions(), totals.write_lost, totals.errors};
}

void Faults::close(Record& record) {
  record.after = counts();
  record.event.recovered = world_.now();
}

std::vector<FaultEvent> Faults::events() const {
  std::vector<FaultEvent> events;
  for (const Record& record : records_) {
    FaultEvent& event = events.emplace_back(record.event);
    const Counts after = record.after.value_or(counts());
    event.clients_evicted = after.evictions - record.before.evictions;
    event.lost += after.lost - record.before.lost;
    event.failed_calls = after.errors - record.before.errors;
    if (!record.silent) continue;
    if (const auto evicted = fs_.last_eviction(*record.silent); evicted && *evicted >= event.at)
      event.detected = evicted;
  }
  return events;
}

} // namespace lustrum::lustre
