#include "tests/swarm/random_run.hpp"

#include "models/lustre/faults.hpp"
#include "sim/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

namespace lustrum::test {

namespace {

using namespace lustrum::lustre;
using kernel::Task;

// Draws in order; one stream per purpose, so that a longer one does not shift the others.
class Dice {
public:
  Dice(std::uint64_t seed, std::string_view purpose, std::uint64_t number = 0)
      : seed_(seed), purpose_(random::component(purpose, number + 1)) {}
  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>(random::below(n, seed_, purpose_, next_++));
  }
  std::uint32_t between(std::uint32_t low, std::uint32_t high) {
    return low + below(high - low + 1);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  Seconds exponential(Seconds mean) { return mean * random::exponential(seed_, purpose_, next_++); }
  template <class T> T choose(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::uint32_t>(values.size()))];
  }

private:
  std::uint64_t seed_;
  std::uint64_t purpose_;
  std::uint64_t next_ = 0;
};

// Faults and pauses between calls lie within this time, and so do recoveries mostly.
constexpr Seconds kSpan{600};

// What one process does to one file.
struct Process {
  ClientIndex client{};
  std::uint32_t file = 0;
  std::uint32_t calls = 0;
  std::uint32_t own_region = 0; // where it writes
  bool names = false;           // creates, lists, stats, removes instead of reading and writing
  bool locks_ahead = false;     // asks for the lock of the next write
  OpenMode mode{};
  Bytes call_size{};
};

struct Plan {
  FilesystemSettings settings;
  std::vector<Bytes> files;
  std::vector<Process> processes;
  std::vector<Fault> faults;
};

FilesystemSettings draw_filesystem(std::uint64_t seed) {
  Dice dice(seed, "filesystem");
  FilesystemSettings s;
  s.fabric.clients = dice.between(1, 5);
  s.fabric.servers = dice.between(1, 4);
  s.fabric.nics_per_client = dice.between(1, 2);
  s.fabric.client_nic = BytesPerSecond{dice.choose({0.3, 1.0, 12.0}) * 1e9};
  s.fabric.server_nic = BytesPerSecond{dice.choose({0.3, 1.0, 12.0}) * 1e9};
  s.fabric.latency = s.fabric.metadata_latency = Seconds{dice.choose({0.0, 5e-6, 1e-3})};
  if (dice.one_in(3)) s.fabric.routers = {.count = 2, .bandwidth = BytesPerSecond{1e9}};
  s.oss.osts = dice.between(1, 3);
  s.oss.threads = dice.choose({1U, 4U, 64U});
  s.oss.cores = 4;
  if (dice.one_in(3)) s.oss.cache.capacity = Bytes{64 * kMib};
  s.oss.rpc_service = Seconds{20e-6};
  s.oss.nvme() = {.latency = Seconds{100e-6},
                  .read_bandwidth = BytesPerSecond{0.8e9},
                  .write_bandwidth = BytesPerSecond{0.5e9},
                  .iops = PerSecond{1e5}};
  s.mdts = dice.between(1, 2);
  s.fabric.mdss = s.mdts;
  s.mds.cores = 4;
  s.mds.service.fill(Seconds{50e-6});
  s.layout = Layout({{.end = kToEnd,
                      .stripe_count = dice.between(1, 4),
                      .stripe_size = Bytes{dice.choose({64 * kKib, kMib, 4 * kMib})}}});
  s.tunables = LustreTunables::defaults();
  s.tunables.llite_hybrid_io = dice.one_in(3);
  s.tunables.osc_max_rpcs_in_flight = dice.choose({1U, 2U, 8U});
  s.tunables.osc_max_pages_per_rpc = dice.choose({16U, 256U, 1024U});
  s.tunables.osc_max_dirty_mb = dice.choose({1U, 4U, 64U});
  s.tunables.llite_max_cached_mb = dice.choose({8U, 64U, 4096U});
  s.recovery.imperative = !dice.one_in(3);
  if (dice.one_in(4))
    s.pcc = PccSettings{.mode = dice.one_in(3) ? PccMode::read_only : PccMode::read_write,
                        .capacity = Bytes{dice.choose({2 * kMib, 64 * kMib})},
                        .disk = {.latency = {},
                                 .read_bandwidth = BytesPerSecond{1e9},
                                 .write_bandwidth = BytesPerSecond{0.5e9},
                                 .iops = PerSecond{1e5}}};
  // Room for the files that are there from the start, and for some or all of what is written: an
  // OST that is nearly full has little to grant.
  Dice space(seed, "space");
  if (space.one_in(3)) s.ost_capacity = Bytes{space.choose({192 * kMib, 320 * kMib, kGib})};
  Dice names(seed, "names");
  s.tunables.llite_enable_statahead_fname = names.one_in(2);
  s.tunables.llite_statahead_batch_max = names.choose({0U, 64U});
  s.seed = seed;
  return s;
}

std::vector<Process> draw_processes(std::uint64_t seed, const Plan& plan) {
  Dice dice(seed, "processes");
  std::vector<Process> processes;
  for (std::uint32_t count = dice.between(1, 8), p = 0; p < count; ++p) {
    Process process;
    process.client = ClientIndex{dice.below(plan.settings.fabric.clients)};
    process.file = dice.below(static_cast<std::uint32_t>(plan.files.size()));
    process.calls = dice.between(3, 25);
    process.own_region = p;
    process.names = dice.one_in(4);
    process.mode.write = !dice.one_in(3);
    process.mode.direct = dice.one_in(4);
    process.mode.group_lock = dice.one_in(8);
    process.locks_ahead = dice.one_in(4);
    process.mode.map = !process.mode.write && !process.mode.direct && dice.one_in(3);
    process.call_size = Bytes{dice.choose({4 * kKib, 47'008UL, kMib, 5 * kMib + 4096})};
    processes.push_back(process);
  }
  return processes;
}

Fault draw_fault(Dice& dice, const Plan& plan) {
  Fault fault;
  do fault.kind = static_cast<FaultKind>(dice.below(kFaultKinds));
  while ((fault.kind == FaultKind::router_down && plan.settings.fabric.routers.count == 0) ||
         (fault.kind == FaultKind::scratch_loss && !dice.one_in(4)));
  fault.at = kSpan * (dice.below(1000) / 1000.0);
  fault.takeover = Seconds{dice.choose({0.0, 0.5, 60.0})};
  fault.duration = Seconds{dice.choose({0.0, 2.0, 90.0, 200.0})};
  fault.factor = dice.choose({0.0, 0.01, 0.5});
  fault.of_server = dice.one_in(2);
  return fault; // of any component
}

Plan draw_plan(std::uint64_t seed) {
  Plan plan;
  plan.settings = draw_filesystem(seed);
  Dice dice(seed, "files");
  for (std::uint32_t count = dice.between(1, 4), f = 0; f < count; ++f)
    plan.files.emplace_back(Bytes{dice.choose({0UL, 10'000UL, 3 * kMib, 40 * kMib})});
  plan.processes = draw_processes(seed, plan);
  // Each process is a job of its own, so that what it stored can be told from the others.
  plan.settings.jobs = static_cast<std::uint32_t>(plan.processes.size());
  Dice faults(seed, "faults");
  for (std::uint32_t count = faults.below(7), f = 0; f < count; ++f)
    plan.faults.push_back(draw_fault(faults, plan));
  return plan;
}

std::string describe(const Plan& plan) {
  const FilesystemSettings& s = plan.settings;
  std::string text = fmt::format(
      "  {} clients, {} OSSs x {} OSTs of {} B (0: without end), {} files, recovery {}\n",
      s.fabric.clients, s.fabric.servers, s.oss.osts, s.ost_capacity.count(), plan.files.size(),
      s.recovery.imperative ? "imperative" : "by retries");
  for (const Process& p : plan.processes)
    text +=
        fmt::format("  client {} {} file {}: {} calls of {} B{}{}{}\n", p.client.value(),
                    p.names        ? "names"
                    : p.mode.write ? "writes"
                    : p.mode.map   ? "maps"
                                   : "reads",
                    p.file, p.calls, p.call_size.count(), p.mode.direct ? ", direct" : "",
                    p.mode.group_lock ? ", group lock" : "", p.locks_ahead ? ", locks ahead" : "");
  for (const Fault& f : plan.faults)
    text += fmt::format("  {:.1f} s: {}, takeover {} s, duration {} s\n", f.at->count(),
                        rules_of(f.kind).name, f.takeover.count(), f.duration.count());
  return text;
}

// What a process knows about its own data.
struct Ledger {
  Bytes unsynced{}; // accepted since the last sync
  Bytes synced{};   // must be on the devices
  bool done = false;
};

class Player {
public:
  Player(kernel::World& world, Filesystem& fs, const Plan& plan, std::uint64_t seed)
      : world_(world), fs_(fs), plan_(plan), seed_(seed), ledgers_(plan.processes.size()),
        timer_(world.add_delay({"process", "process"})) {
    directory_ = fs.place_directory(kRootDirectory);
    other_directory_ = fs.place_directory(kRootDirectory); // on another MDT, if there is one
    for (const Bytes size : plan.files) files_.push_back(fs.place_file(directory_, size));
    for (std::uint32_t p = 0; p < plan.processes.size(); ++p)
      world.spawn(plan.processes[p].names ? run_names(p) : run(p), {"process", p});
  }
  const std::vector<Ledger>& ledgers() const { return ledgers_; }

private:
  Task run(std::uint32_t number) {
    const Process& process = plan_.processes[number];
    Dice dice(seed_, "process", number);
    Ledger& ledger = ledgers_[number];
    const Caller caller{process.client, JobIndex{number}, number};
    Outcome opening;
    std::unique_ptr<OpenFile> file;
    co_await fs_.open(caller, files_[process.file], process.mode, file, opening);
    for (std::uint32_t i = 0; file && i < process.calls; ++i) {
      if (dice.one_in(3)) co_await world_.delay(timer_, dice.exponential(kSpan / process.calls));
      co_await call(process, *file, i, dice, ledger);
    }
    if (file) co_await fs_.close(std::move(file), opening);
    ledger.done = true;
  }

  // Files of its own in the directory of all: created, written, listed, some truncated, renamed or
  // removed.
  Task run_names(std::uint32_t number) {
    const Process& process = plan_.processes[number];
    Dice dice(seed_, "process", number);
    const Caller caller{process.client, JobIndex{number}, number};
    std::vector<FileIndex> mine;
    for (std::uint32_t i = 0; i < process.calls; ++i) {
      Outcome outcome;
      if (dice.one_in(3)) co_await world_.delay(timer_, dice.exponential(kSpan / process.calls));
      const std::uint32_t what = dice.below(8);
      if (what < 3 || mine.empty()) {
        mine.push_back(fs_.reserve_file(directory_));
        std::unique_ptr<OpenFile> open;
        co_await fs_.open(caller, mine.back(), {.write = true, .create = true}, open, outcome);
        if (open) co_await fs_.write(*open, Bytes{}, process.call_size, outcome);
        if (open) co_await fs_.close(std::move(open), outcome);
      } else if (what == 3) {
        co_await fs_.remove(caller, mine.back(), outcome);
        mine.pop_back();
      } else if (what == 4) {
        co_await fs_.truncate(caller, mine[dice.below(static_cast<std::uint32_t>(mine.size()))],
                              Bytes{dice.below(20'000)}, outcome);
      } else if (what == 5) {
        std::vector<FileIndex> listed;
        co_await fs_.list(caller, directory_, listed, outcome);
        for (const FileIndex file : listed) co_await fs_.stat(caller, file, outcome);
        if (!listed.empty()) co_await read_some(caller, listed.back(), outcome);
      } else if (what == 6) {
        const DirectoryIndex to = dice.one_in(2) ? directory_ : other_directory_;
        co_await fs_.rename(caller, mine[dice.below(static_cast<std::uint32_t>(mine.size()))], to,
                            outcome);
      } else {
        co_await fs_.stat(caller, files_[process.file], outcome);
      }
    }
    ledgers_[number].done = true;
  }

  // Of a file that another process may be writing, keeping or removing.
  Task read_some(Caller caller, FileIndex file, Outcome& outcome) {
    std::unique_ptr<OpenFile> open;
    co_await fs_.open(caller, file, {}, open, outcome);
    if (open && fs_.file_size(file) > Bytes{})
      co_await fs_.read(*open, Bytes{}, fs_.file_size(file), outcome);
    if (open) co_await fs_.close(std::move(open), outcome);
  }

  Task call(const Process& process, OpenFile& file, std::uint32_t number, Dice& dice,
            Ledger& ledger) {
    Outcome outcome;
    if (process.mode.write && !dice.one_in(4)) {
      // Regions do not overlap, but their first and last pages may be shared with a neighbour.
      constexpr std::uint64_t kRegion = 130'000'001;
      const Bytes at{process.own_region * kRegion + number * process.call_size.count()};
      if (process.locks_ahead)
        co_await fs_.lock_ahead(file, at + process.call_size, process.call_size, outcome);
      co_await fs_.write(file, at, process.call_size, outcome);
      if (outcome.ok())
        (process.mode.direct ? ledger.synced : ledger.unsynced) += process.call_size;
    } else if (process.mode.write && dice.one_in(2)) {
      co_await fs_.sync(file, outcome);
      if (outcome.ok()) ledger.synced += ledger.unsynced;
      ledger.unsynced = Bytes{};
    } else if (const Bytes size = fs_.file_size(file.file()); size > Bytes{}) {
      const Bytes length = std::min(size, process.call_size);
      const Bytes last = size - length;
      const Bytes at = dice.one_in(2) ? std::min(process.call_size * number, last)
                                      : Bytes{random::below(last.count() + 1, seed_, 77, number)};
      co_await fs_.read(file, at, length, outcome);
    }
  }

  kernel::World& world_;
  Filesystem& fs_;
  const Plan& plan_;
  std::uint64_t seed_;
  DirectoryIndex directory_{};
  DirectoryIndex other_directory_{};
  std::vector<FileIndex> files_;
  std::vector<Ledger> ledgers_;
  kernel::DelayStation& timer_;
};

// Each call writes bytes of its own, so what is synced has been stored, page by page. An RPC holds
// what all processes of a client wrote to an object, so they are looked at together.
void check_synced(const Filesystem& fs, const Plan& plan, const std::vector<Ledger>& ledgers,
                  std::vector<std::string>& problems) {
  struct Sum {
    Bytes synced{};
    Bytes stored{};
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, Sum> sums; // by client and file
  for (std::uint32_t p = 0; p < ledgers.size(); ++p) {
    Sum& sum = sums[{plan.processes[p].client.value(), plan.processes[p].file}];
    sum.synced += ledgers[p].synced;
    sum.stored += fs.totals(JobIndex{p}).write_stored;
  }
  for (const auto& [key, sum] : sums)
    if (sum.stored < sum.synced)
      problems.push_back(fmt::format("client {}, file {}: {} bytes are synced and {} stored",
                                     key.first, key.second, sum.synced.count(),
                                     sum.stored.count()));
}

void check(const kernel::World& world, const Filesystem& fs, const Plan& plan,
           const std::vector<Ledger>& ledgers, std::vector<std::string>& problems) {
  for (std::string& text : world.check_laws()) problems.push_back(std::move(text));
  for (std::string& text : fs.check_laws()) problems.push_back(std::move(text));
  check_synced(fs, plan, ledgers, problems);
  if (!std::ranges::all_of(ledgers, &Ledger::done))
    problems.push_back("processes wait for ever:\n" + world.describe_waiting());
}

} // namespace

RandomRun play_random_run(std::uint64_t seed) {
  const Plan plan = draw_plan(seed);
  RandomRun run;
  run.description = describe(plan);
  kernel::World world;
  world.set_event_limit(20'000'000);
  Filesystem fs(world, plan.settings);
  Faults faults(world, fs, plan.faults, seed);
  faults.start();
  const Player player(world, fs, plan, seed);
  try {
    world.run_all();
  } catch (const std::exception& error) {
    run.problems.emplace_back(error.what());
  }
  check(world, fs, plan, player.ledgers(), run.problems);
  const IoTotals totals = fs.totals();
  run.events = world.events();
  run.faults = faults.events().size();
  run.evictions = fs.evictions();
  run.failed_calls = totals.errors;
  run.lost_bytes = totals.write_lost.count();
  run.digest = fmt::format("{} {} {} {} {} {} {}", world.now().count(), run.events,
                           totals.read_fetched.count(), totals.write_stored.count(), run.lost_bytes,
                           run.failed_calls, run.evictions);
  return run;
}

} // namespace lustrum::test
