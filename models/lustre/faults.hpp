// Failures and what the file system makes of them: at given times or drawn from mean times between
// failures, each played through as a task of the world.
//
//   Faults faults(world, filesystem, {{.kind = FaultKind::ost_failover, .at = Seconds{60},
//                                      .component = 3}}, seed);
//   faults.start();
//   ...                        // the run
//   for (const FaultEvent& event : faults.events()) ...
#pragma once

#include "models/lustre/filesystem.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::lustre {

enum class FaultKind : std::uint8_t {
  ost_failover,       // an OST is away for the takeover time, then recovers
  mdt_failover,       // an MDT is away for the takeover time, then recovers
  oss_failover,       // so are all OSTs of an OSS; its partner serves them until it is back
  mds_failover,       // so is an MDT; the MDS beside it serves it until its own is back
  server_replacement, // so are all OSTs of an OSS, which a new one serves from then on
  throughput_scaling, // so are all targets of the file system
  client_dead,        // a client's machine dies; its calls fail
  client_hang,        // a client does nothing for a while
  client_evict,       // all targets evict a client that is well
  raid_rebuild,       // an OST runs at a share of its rate, and new objects avoid it
  slow_ost,           // the same, but nobody knows
  link_down,          // a NIC is away; traffic takes others or waits
  link_slow,          // a NIC runs at a share of its rate
  router_down,        // an LNet router is away
  scratch_loss,       // an OST is gone for good with its data
};
inline constexpr std::size_t kFaultKinds = 15;

enum class FaultScope : std::uint8_t { ost, mdt, oss, client, link, router, filesystem };

// What a fault of a kind is about, and its defaults.
struct FaultRules {
  std::string_view name;
  FaultScope scope = FaultScope::ost;
  Seconds takeover{}; // 0: no target goes away
  Seconds duration{}; // 0: it has none
  double factor = 1;  // 1: it has none
};
const FaultRules& rules_of(FaultKind kind);
std::optional<FaultKind> find_fault_kind(std::string_view name);

struct Fault {
  FaultKind kind = FaultKind::ost_failover;
  // Either once at this time, or with each component's own mean time between failures, exponential.
  std::optional<Seconds> at{};
  Seconds mtbf{};
  // Of the kind's scope; none: any (with mtbf: each). Of a link: the client, or with `of_server`
  // the OSS.
  std::optional<std::uint32_t> component{};
  std::uint32_t nic = 0;
  bool of_server = false;
  // The kind's default where 0 is given.
  Seconds takeover{}; // from the failure to the mount
  // How long it lasts. Of oss_failover and mds_failover: when the server takes its targets back; 0:
  // not in this run.
  Seconds duration{};
  double factor = 0; // share of its rate that the component keeps
};

struct FaultEvent {
  FaultKind kind = FaultKind::ost_failover;
  std::string target; // `ost 3`
  Seconds at{};
  // The takeover is done and recovery begins; the servers have evicted the silent client. Others
  // are noticed at once.
  std::optional<Seconds> detected{};
  std::optional<Seconds> recovered{}; // all is as before; none: it is not
  std::uint64_t clients_evicted = 0;  // these three in all between `at` and the recovery
  Bytes lost{};                       // never synced, or on the lost OST
  std::uint64_t failed_calls = 0;
};

class Faults {
public:
  // The file system must outlive it. Pre: components exist; `factor` in (0, 1].
  Faults(kernel::World& world, Filesystem& filesystem, std::vector<Fault> faults,
         std::uint64_t seed);

  void start();

  // What has happened so far, in its order. A fault that finds its target down already changes
  // nothing and is not among them.
  std::vector<FaultEvent> events() const;

private:
  // Running totals, whose growth is put down to an event.
  struct Counts {
    std::uint64_t evictions = 0;
    Bytes lost{};
    std::uint64_t errors = 0;
  };
  struct Record {
    FaultEvent event;
    Counts before;
    std::optional<Counts> after{};
    std::optional<ClientIndex> silent{}; // who may be evicted for it
  };
  // Targets that have been mounted again and wait for their clients.
  struct Recovery {
    RecoveryWindow window;
    Seconds mounted{};
    std::vector<TargetIndex> targets;
    Record& record;
    std::uint32_t number; // of the failure: decides draws
    bool done = false;
  };
  // What several faults at once have done to one component.
  struct Condition {
    std::vector<double> factors;
    std::uint32_t downs = 0;
    double speed() const;
    void end(double factor);
  };

  std::uint32_t components(const Fault& fault) const;
  std::string name_of(const Fault& fault, std::uint32_t component) const;
  std::vector<TargetIndex> targets_of(const Fault& fault, std::uint32_t component) const;
  fabric::LinkId link_of(const Fault& fault, std::uint32_t component) const;
  // The server that takes over from the `n`-th of those: the other of a pair, or the next one that
  // is not away itself.
  static std::optional<std::uint32_t> partner_of(std::uint32_t n, const std::vector<bool>& away);
  Counts counts() const;

  kernel::Task strike_once(std::uint32_t number);
  kernel::Task strike_again_and_again(std::uint32_t number, std::uint32_t component);
  kernel::Task strike(const Fault& fault, std::uint32_t component);
  kernel::Task play(const Fault& fault, std::uint32_t component, Record& record);
  kernel::Task play_other(const Fault& fault, std::uint32_t component, Record& record);
  kernel::Task take_over(std::vector<TargetIndex> targets, Seconds takeover,
                         std::optional<fabric::ServerNode> to, Record& record);
  kernel::Task fail_server(const Fault& fault, OssIndex oss, Record& record);
  kernel::Task fail_mds(const Fault& fault, MdtIndex mdt, Record& record);
  kernel::Task hang_client(const Fault& fault, ClientIndex client, Record& record);
  kernel::Task slow_target(const Fault& fault, OstIndex ost);
  kernel::Task disturb_link(const Fault& fault, std::uint32_t component);
  kernel::Task await_clients(Recovery& recovery);
  kernel::Task return_later(Recovery& recovery, ClientIndex client);
  void note_return(Recovery& recovery, ClientIndex client);
  void finish(Recovery& recovery);
  void close(Record& record);
  auto pause(Seconds time) { return world_.delay(fs_.timer(), time); }
  const RecoverySettings& settings() const { return fs_.settings().recovery; }

  kernel::World& world_;
  Filesystem& fs_;
  std::vector<Fault> faults_;
  std::uint64_t seed_;
  std::deque<Record> records_;
  std::deque<Recovery> recoveries_;
  std::vector<bool> oss_away_;                  // [OSS]
  std::vector<bool> mds_away_;                  // [MDS]
  std::map<std::string, Condition> conditions_; // by the component's name
};

} // namespace lustrum::lustre
