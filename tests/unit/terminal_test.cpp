#include "reports/number_text.hpp"
#include "reports/page.hpp"
#include "reports/terminal.hpp"
#include "sim/base/units.hpp"
#include "tests/unit/sample_result.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>

namespace lustrum::reports {
namespace {

constexpr std::string_view kWhole = R"text(
unet3d_h100_p2_250
3D U-Net on 2 p5.48xlarge against FSx for Lustre PERSISTENT_2-250, 9,600 GiB.

  AU               71.25 %   ██████████████▎·····  FAIL: 90 % needed
  GPU utilization  69.75 %   ██████████████······  16 ranks
  Goodput          trainer: 81.2 % of the time in steps that counted;
                   2 failures: 2.013 min of work done again, 1 min of restarts
  Held back by     ost0.disk, 98.2 % busy: 8 OSTs deliver all that their class
                   provides.
  Bound            2,400 MiB/s at most, by ost_disk; this run reached
                   2,313 MiB/s, 96.4 % of it
  Cost             $12.65, $4.22 per epoch; $3.73 of it (29.5 %) paid for idle
                   GPUs
  Run              6.725 min, 3 epochs of 20 steps; 16.69 samples/s
  Data             909.9 GiB read at 2,313 MiB/s (909 GiB fetched), 64 GiB
                   written, 6,720 files opened, 244,480 RPCs, 13,440 of them to
                   MDTs
  Step time        6.5 s median, 8.25 s 95th, 9.5 s 99th percentile

Warnings
  - AU is below the threshold in every epoch.

Phases             operations    data       time         rate
  neighbour write      65,536  64 GiB  5.671 min  192.6 MiB/s
  neighbour write: 32 repetitions, 150.5 to 201.2 MiB/s
  neighbour write: 2 calls failed

Jobs           clients  ranks  start       time      AU     GPU  MiB/s
  unet3d             2     16    0 s  6.725 min  71.2 %  69.8 %  2,313
  neighbour *        1      4  1 min  5.725 min       -       -  190.5
  * in the background: repeats until the others have ended

Where GPU time went
  compute                69.8 %  ████████▍     the GPU computes
  waiting for storage    24.2 %
    disk                 18.5 %  ██▎           OST device, queue and service
    oss_nic               4.5 %  ▌             server network card
    network               1.2 %  ▏             latency, per-flow cap, per-client
                                               ceiling
    each under 0.05 %     0.1 %
  not storage             6.0 %
    step_overhead         3.8 %  ▌             per step outside load and compute
    barrier               1.8 %  ▎             waiting for slower ranks
    loader                0.5 %                loader busy outside storage
                                               (hand-over, order of batches)
  all GPU time          100.0 %

Epochs       time       AU
  1     2.285 min  70.50 %
  2     2.225 min  71.50 %
  3     2.204 min  71.75 %

Checkpoints of trainer
  Written: 6 of 911.2 GiB, 14.12 s each; training stood still for 1.508 min,
           20.25 s at most
  Read back: 2 times, 31.5 s in all
  Failures: 2; 2.013 min of work done again, 1 min until the ranks ran again
  Goodput: 81.2 % of the time went into steps that counted
  Interval: 2.508 min between checkpoints; best by Young 5.492 min, by Daly
            5.329 min

HSM, state at the end       files      data
  exists archived             160    21 GiB
  released exists archived      8  1.05 GiB
  Preload: 12.5 s before the job
  Restored: 161 files, 21.13 GiB; 6 calls waited for one, 0.0 % of the time;
            3 files released
  Archived: 1 file, 4 KiB
  Exported: 12 files; 11.5 s after their close on average, 14.25 s at most;
            3 yet to come; 1 given up
  Imported: 40 changes; 10.5 s after they were made on average, 12.75 s at most;
            4 yet to come; 5 opens of files that had changed; 1 conflict with
            changes here
  Failed: 2 actions, 1 for lack of room

Copies on the clients' disks (PCC)
  12 files copied, 1.75 MiB; 7 MiB read from copies; 4 given up

LNet   data RPCs  metadata RPCs     read  written
  efa    231,040              0  909 GiB   64 GiB
  tcp          0         13,440    1 MiB      0 B

Faults                          at  noticed after  over after
  ost_failover, ost 3        1 min           30 s     30.04 s
  client_dead, client 1  3.342 min              -           -
  client_dead, client 1: 1 client evicted, 4 MiB lost, 7 calls failed

Stations      count  mean busy  most busy  requests present
  ost_disk        8     96.1 %     98.2 %             12.50  <- bottleneck
  oss_nic         4     61.2 %     62.5 %              3.75
  client_nic      2     12.5 %     12.8 %              1.25
  Alone they would allow: ost_disk 2,400 MiB/s, oss_nic 6,144 MiB/s, client_nic
                          23,842 MiB/s

Cost of the run               quantity  unit        unit price    cost
  p5.48xlarge                   0.2242  node-hours      $55.04  $12.34
  PERSISTENT_2-250, capacity     1.474  GB-months        $0.21   $0.31
  total                                                         $12.65
  $112.84 per hour, $82,373.20 per month of continuous use, $4.22 per epoch,
  $0.0019 per sample
  price of p5.48xlarge: AWS Price List, us-east-1 (vendor, 2026-07-28)
  price of PERSISTENT_2-250, capacity: AWS Price List, us-west-2 (vendor,
           2026-06-01)

Replay beside the recording
  measured_utilization_pct   70.5  %

Assumptions: 2 figures assumed or fitted
  - filesystem.disk_latency = 500 us (assumed): AWS says sub-millisecond and
    gives no figure; half a millisecond is in the middle
  - client.copy_bandwidth = 2000 MiB/s (fitted): calibration.csv, rows 3 to 9

Notes
  - the dataset is 5.2 times as large as the memory of all clients

replay: lustrum run configs/unet3d_h100.yaml --seed 7   (version 0.1.0)
)text";

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string without_escapes(const std::string& text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\033')
      at = text.find('m', at);
    else
      plain += text[at];
  }
  return plain;
}

TEST_CASE("terminal: all of a small result") {
  CHECK(terminal_text(sample_result()) == kWhole.substr(1)); // the literal starts with a line break
}

TEST_CASE("terminal: colour changes nothing but colour") {
  const std::string text = terminal_text(sample_result(), {.colour = true});
  CHECK(without_escapes(text) == terminal_text(sample_result()));
  CHECK(has(text, "\033[1;31mFAIL: 90 % needed\033[0m\n"));
  RunResult passing = sample_result();
  passing.metrics.au_mean_pct = 93.5;
  passing.metrics.au_pass = true;
  CHECK(has(terminal_text(passing, {.colour = true}), "\033[32mpass: 90 % needed\033[0m\n"));
}

TEST_CASE("terminal: ASCII alone where asked for") {
  RunResult result = sample_result();
  result.metrics.step_time_p50_s = 250e-6;
  const std::string text = terminal_text(result, {.unicode = false});
  CHECK(std::all_of(text.begin(), text.end(),
                    [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  CHECK(has(text, "  AU               71.25 %   ##############......  FAIL: 90 % needed\n"));
  CHECK(has(text, "  Step time        250 us median"));
}

TEST_CASE("terminal: lines keep to the width, which is 72 to 100") {
  for (const std::size_t width : {0U, 72U, 73U, 80U, 99U, 100U, 500U}) {
    std::istringstream lines(terminal_text(sample_result(), {.width = width}));
    for (std::string line; std::getline(lines, line);) {
      CHECK_MESSAGE(columns(line) <= std::clamp<std::size_t>(width, 72, 100), line);
      CHECK_FALSE(line.ends_with(' '));
    }
  }
}

TEST_CASE("terminal: a replayed trace has no AU, no epochs and perhaps no prices") {
  RunResult result;
  result.name = "replay";
  result.metrics.gpu_utilization_pct = 0;
  result.metrics.makespan_s = 12.5;
  result.metrics.ranks = 1;
  result.stalls[Cause::other] = 100;
  result.replay_check = {{"measured_utilization", 70.5, "%"}, {"explained", 1234.5, "s"}};
  result.provenance.version = "0.1.0";
  result.provenance.data_path = "simgrid";
  result.provenance.command = "lustrum run trace.pfw";
  CHECK(terminal_text(result) == R"(replay

  GPU utilization  0.00 %    ····················  1 rank
  Cost             no prices given
  Run              12.5 s
  Data             0 B read at 0 MiB/s, 0 files opened, 0 RPCs

Where GPU time went
  compute                 0.0 %                the GPU computes
  waiting for storage     0.0 %
  not storage           100.0 %
    other               100.0 %  ████████████  outside the training loop
  all GPU time          100.0 %

Replay beside the recording
  measured_utilization        70.5  %
  explained                  1,234  s

replay: lustrum run trace.pfw   (version 0.1.0, data path simgrid)
)");
}

TEST_CASE("terminal: a load generator alone has phases and no GPUs") {
  RunResult result;
  result.name = "load";
  result.metrics.makespan_s = 4;
  result.metrics.ranks = 8;
  result.metrics.errors = 1;
  result.stalls[Cause::disk] = 75;
  result.stalls[Cause::barrier] = 25;
  result.jobs = {{.name = "ior", .kind = "ior", .clients = 2, .ranks = 8, .makespan_s = 4}};
  result.phases = {{.job = "ior",
                    .name = "write",
                    .repetitions = 1,
                    .operations = 4096,
                    .bytes = 4 * kGib,
                    .errors = 1,
                    .time_s = 2,
                    .rate = 2048,
                    .rate_min = 2048,
                    .rate_max = 2048,
                    .unit = "MiB/s"},
                   {.job = "ior",
                    .name = "stat",
                    .repetitions = 1,
                    .operations = 8,
                    .unit = "ops/s"}}; // took no time: no rate
  result.provenance.version = "0.1.0";
  result.provenance.command = "lustrum run load.yaml";
  CHECK(terminal_text(result) == R"(load

  Cost             no prices given
  Run              4 s
  Data             0 B read at 0 MiB/s, 0 files opened, 0 RPCs
  Errors           1 call failed

Phases   operations   data  time         rate
  write       4,096  4 GiB   2 s  2,048 MiB/s
  stat            8      -   0 s            -
  write: 1 call failed

Where the processes' time went
  waiting for storage    75.0 %
    disk                 75.0 %  █████████     OST device, queue and service
  not storage            25.0 %
    barrier              25.0 %  ███           waiting for slower ranks
  all of their time     100.0 %

replay: lustrum run load.yaml   (version 0.1.0)
)");
}

// Two minutes of four went into repeated work: half of what is billed by time, $10 of 20; the $4
// by usage are not.
TEST_CASE("terminal: goodput and what repeated work cost stand beside the utilization") {
  RunResult result = sample_result();
  result.jobs.resize(1);
  result.metrics.makespan_s = 240;
  result.cost.total_usd = 24;
  result.cost.usage_usd = 4;
  result.checkpoints[0].lost_s = 120;
  CHECK(has(terminal_text(result), "counted; 2 failures: 2 min\n                   of work done "
                                   "again ($10.00 of the cost), 1 min of restarts\n"));
  result.checkpoints[0].failures = 0;
  CHECK_FALSE(has(terminal_text(result), "  Goodput  "));
}

// 2 epochs of 100 s at 512 MiB/s are 100 GiB of samples; the rest were checkpoints.
TEST_CASE("terminal: bytes of samples, time and rate fit; other bytes stand apart") {
  RunResult result = sample_result();
  result.metrics.epoch_time_s = {100, 100};
  result.metrics.throughput_mib_per_s = 512;
  result.metrics.read_bytes = 700 * kGib;
  const std::string text = terminal_text(result);
  CHECK(has(text, "100 GiB of samples read at 512 MiB/s in epochs, 600 GiB of"));
  result.metrics.read_bytes = 100 * kGib;
  CHECK(has(terminal_text(result), "100 GiB read at 512 MiB/s ("));
}

TEST_CASE("terminal: each kind of storage has its own words") {
  RunResult result = sample_result();
  result.stalls[Cause::rpc_slots] = 1;
  result.stalls[Cause::write_back] = 1;
  for (const char* kind : {"object", "fileserver", "local"}) {
    result.storage_kind = kind;
    const std::string text = terminal_text(result, {.width = 100});
    for (const char* word : {"OST device", "max_rpcs_in_flight", "grant", "RPCs, 13", "MDT"})
      CHECK_FALSE_MESSAGE(has(text, word), kind << ": " << word);
  }
  result.storage_kind = "lustre";
  CHECK(has(terminal_text(result, {.width = 100}), "max_rpcs_in_flight reached"));
}

TEST_CASE("terminal: what has no price is said, not shown as $0.00") {
  RunResult result = sample_result();
  CostLine& node = result.cost.lines[0];
  node.unit_price_usd.reset();
  node.cost_usd.reset();
  result.cost.total_usd = *result.cost.lines[1].cost_usd;
  result.cost.idle_gpu_usd.reset();
  const std::string text = terminal_text(result);
  CHECK(has(text, "  Cost             at least $0.31, "));
  CHECK(has(text, "node-hours   not known  not known\n"));
  CHECK(has(text, "  total of what has a price "));
  CHECK(has(text, "  price of p5.48xlarge: not known, so the total leaves it out\n"));
  CHECK_FALSE(has(text, "idle"));
}

TEST_CASE("terminal: lines by usage are marked; small sums show more than cents") {
  RunResult result = sample_result();
  result.cost.lines[1].component = "GET requests";
  result.cost.lines[1].basis = "usage";
  result.cost.lines[1].cost_usd = 0.0123;
  const std::string text = terminal_text(result);
  CHECK(has(text, "  GET requests *"));
  CHECK(has(text, "  $0.012\n"));
  CHECK(has(text, "$12.338\n"));
  CHECK(has(text, "  * by usage; the other lines are billed for the time of the run\n"));
}

TEST_CASE("terminal: of many epochs the first are shown") {
  RunResult result = sample_result();
  result.metrics.epoch_time_s.assign(50, 2);
  result.metrics.au_per_epoch_pct.assign(50, 99);
  const std::string text = terminal_text(result);
  CHECK(has(text, "  8      2 s  99.00 %\n  and 42 more in the JSON\n"));
}

TEST_CASE("terminal: texts of others cannot send control characters") {
  RunResult result = sample_result();
  for (std::string* text : {&result.name, &result.description, &result.warnings[0],
                            &result.station_classes[0].station_class, &result.bottleneck->why,
                            &result.cost.lines[0].component, &result.assumed[0].source,
                            &result.replay_check[0].unit, &result.provenance.command})
    *text = "a\033[2Jb\nc\x7F";
  const std::string text = terminal_text(result);
  CHECK(text.find('\033') == std::string::npos);
  CHECK(text.find('\x7F') == std::string::npos);
  CHECK(text.starts_with("a?[2Jb c?\n"));
}

TEST_CASE("terminal: a long name gives way to the numbers of its row") {
  RunResult result = sample_result();
  result.cost.lines[1].component =
      "FSx for Lustre PERSISTENT_2 with 250 MB/s per TiB in us-west-2, capacity";
  const std::string text = terminal_text(result);
  CHECK(has(text,
            "  FSx for Lustre PERSISTENT_2 with         1.474  GB-months        $0.21   $0.31\n"
            "    250 MB/s per TiB in us-west-2,\n"
            "    capacity\n"
            "  total                      "));
}

TEST_CASE("terminal: numbers as people read them") {
  CHECK(whole(0) == "0");
  CHECK(whole(999) == "999");
  CHECK(whole(1234567) == "1,234,567");
  CHECK(fixed(-1234.5, 2) == "-1,234.50");
  CHECK(number(0) == "0");
  CHECK(number(2) == "2");
  CHECK(number(0.66666) == "0.6667");
  CHECK(number(0.000123456) == "0.0001235");
  CHECK(number(999.96) == "1,000");
  CHECK(number(1234567.8) == "1,234,568");
  CHECK(percent(84.25, 2) == "84.25 %");
  CHECK(money(0) == "$0.00");
  CHECK(money(0.456) == "$0.46");
  CHECK(money(0.00188) == "$0.0019");
  CHECK(money(1234567.891) == "$1,234,567.89");
  CHECK(price(55) == "$55.00");
  CHECK(price(21.957642) == "$21.957642");
  CHECK(price(0.145) == "$0.145");
  CHECK(counted(1, "epoch") == "1 epoch");
  CHECK(counted(0, "epoch") == "0 epochs");
  CHECK(printable("a\tb\r\u00B5") == "a b?\u00B5");
}

} // namespace
} // namespace lustrum::reports
