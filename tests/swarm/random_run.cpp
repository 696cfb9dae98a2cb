#include "tests/swarm/random_run.hpp"

#include "tests/swarm/random_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

namespace lustrum::test {

namespace {

using namespace lustrum::lustre;
using kernel::Task;

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
      } else if (fs_.hsm() && dice.one_in(2)) {
        HsmAnswer answer{};
        co_await fs_.hsm()->request(draw_action(dice), mine.back(), answer);
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
  if (plan.settings.hsm) fs.hsm()->start_repository();
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
