// A small result with everything in it: each list has a row, each optional a value.
#pragma once

#include "sim/result/run_result.hpp"

namespace lustrum {

inline RunResult sample_result() {
  RunResult r;
  r.name = "unet3d_h100_p2_250";
  r.description = "3D U-Net on 2 p5.48xlarge against FSx for Lustre PERSISTENT_2-250, 9,600 GiB.";
  r.storage_kind = "lustre";
  r.metrics = {.au_mean_pct = 71.25,
               .gpu_utilization_pct = 69.75,
               .makespan_s = 403.5,
               .epoch_time_s = {137.125, 133.5, 132.25},
               .samples_per_s = 16.6875,
               .throughput_mib_per_s = 2312.75,
               .au_per_epoch_pct = {70.5, 71.5, 71.75},
               .au_threshold_pct = 90,
               .au_pass = false,
               .steps_per_epoch = 20,
               .ranks = 16,
               .step_time_p50_s = 6.5,
               .step_time_p95_s = 8.25,
               .step_time_p99_s = 9.5,
               .read_bytes = 977'000'000'000,
               .write_bytes = 68'719'476'736,
               .files_opened = 6720,
               .errors = 0,
               .rpcs = 244'480,
               .fetched_bytes = 976'000'000'000,
               .metadata_rpcs = 13'440};
  r.stalls[Cause::compute] = 69.75;
  r.stalls[Cause::disk] = 18.5;
  r.stalls[Cause::oss_nic] = 4.5;
  r.stalls[Cause::lock] = 0.03125;
  r.stalls[Cause::metadata] = 0.03125;
  r.stalls[Cause::network] = 1.1875;
  r.stalls[Cause::loader] = 0.5;
  r.stalls[Cause::step_overhead] = 3.75;
  r.stalls[Cause::barrier] = 1.75;
  r.jobs = {{.name = "unet3d",
             .kind = "dlio",
             .clients = 2,
             .ranks = 16,
             .makespan_s = 403.5,
             .au_mean_pct = 71.25,
             .gpu_utilization_pct = 69.75,
             .samples_per_s = 16.6875,
             .throughput_mib_per_s = 2312.75,
             .read_bytes = 977'000'000'000,
             .stalls = r.stalls},
            {.name = "neighbour",
             .kind = "ior",
             .background = true,
             .clients = 1,
             .ranks = 4,
             .start_s = 60,
             .makespan_s = 343.5,
             .throughput_mib_per_s = 190.5,
             .write_bytes = 68'719'476'736,
             .errors = 2}};
  r.jobs.back().stalls[Cause::disk] = 100;
  r.phases = {{"neighbour", "write", 32, 65'536, 68'719'476'736, 2, 340.25, 192.61, 150.5, 201.25,
               "MiB/s"}};
  r.checkpoints = {{.job = "trainer",
                    .written = 6,
                    .bytes = 978'421'710'848,
                    .stall_s = 90.5,
                    .stall_max_s = 20.25,
                    .write_time_s = 14.125,
                    .restores = 2,
                    .restore_s = 31.5,
                    .failures = 2,
                    .lost_s = 120.75,
                    .restart_s = 60,
                    .goodput_pct = 81.25,
                    .interval_s = 150.5,
                    .mtbf_s = 3600,
                    .young_interval_s = 329.5,
                    .daly_interval_s = 319.75}};
  r.hsm = {.states = {{"exists archived", 160, 22'548'578'304},
                      {"released exists archived", 8, 1'127'428'915}},
           .resident_files = 160,
           .resident_bytes = 22'548'578'304,
           .released_files = 8,
           .released_bytes = 1'127'428'915,
           .preload_s = 12.5,
           .restores = 161,
           .restored_bytes = 22'689'509'918,
           .archives = 1,
           .archived_bytes = 4096,
           .releases = 3,
           .joined = 5,
           .failed = 2,
           .no_space = 1,
           .waits = 6,
           .archive_gets = 320,
           .archive_puts = 24,
           .archive_deletes = 2,
           .archive_bytes = 23'676'007'219,
           .repository = RepositoryReport{.exports = 12,
                                          .export_lag_mean_s = 11.5,
                                          .export_lag_max_s = 14.25,
                                          .exports_failed = 1,
                                          .exports_left = 3,
                                          .imports = 40,
                                          .import_lag_mean_s = 10.5,
                                          .import_lag_max_s = 12.75,
                                          .imports_left = 4,
                                          .conflicts = 1,
                                          .stale_opens = 5}};
  r.pcc = {12, 4, 1'835'008, 7'340'032};
  r.networks = {{"efa", 231'040, 0, 976'000'000'000, 68'719'476'736},
                {"tcp", 0, 13'440, 1'048'576, 0}};
  r.faults = {{"ost_failover", "ost 3", 60, 90, 90.041, 0, 0, 0},
              {.kind = "client_dead",
               .target = "client 1",
               .at_s = 200.5,
               .clients_evicted = 1,
               .lost_bytes = 4'194'304,
               .failed_calls = 7}};
  r.stations = {{"ost0.disk", "ost_disk", "fifo", 98.25, 12.5, 30'560, "1 server"}};
  r.station_classes = {{"client_nic", 2, 12.5, 12.75, 1.25},
                       {"oss_nic", 4, 61.25, 62.5, 3.75},
                       {"ost_disk", 8, 96.125, 98.25, 12.5}};
  r.bottleneck = {"ost0.disk", "ost_disk", 98.25, "8 OSTs deliver all that their class provides."};
  r.bound = {"ost_disk", 2400, {{"ost_disk", 2400}, {"oss_nic", 6144}, {"client_nic", 23842}}};
  r.cost = {.total_usd = 12.6474609375,
            .per_epoch_usd = 4.2158203125,
            .per_sample_usd = 0.0018818359375,
            .idle_gpu_usd = 3.73,
            .per_hour_usd = 112.84,
            .per_month_usd = 82373.2,
            .lines = {{"p5.48xlarge", 0.22416666666666665, "node-hours", 55.04, 12.338133333333333,
                       "baseline", "AWS Price List, us-east-1", "2026-07-28", "vendor"},
                      {"PERSISTENT_2-250, capacity", 1.4739726027397, "GB-months", 0.21,
                       0.309534246575337, "baseline", "AWS Price List, us-west-2", "2026-06-01",
                       "vendor"}}};
  r.assumed = {
      {"filesystem.disk_latency", "500 us", "assumed",
       "AWS says sub-millisecond and gives no figure; half a millisecond is in the middle"},
      {"client.copy_bandwidth", "2000 MiB/s", "fitted", "calibration.csv, rows 3 to 9"}};
  r.warnings = {"AU is below the threshold in every epoch."};
  r.notes = {"the dataset is 5.2 times as large as the memory of all clients"};
  r.replay_check = {{"measured_utilization_pct", 70.5, "%"}};
  r.provenance = {.version = "0.1.0",
                  .seed = 7,
                  .scenario = "configs/unet3d_h100.yaml",
                  .inputs = {{"configs/unet3d_h100.yaml", "xxh64:0123456789abcdef"}},
                  .simgrid = {"network/model:CM02"},
                  .data_path = "stations",
                  .command = "lustrum run configs/unet3d_h100.yaml --seed 7"};
  return r;
}

} // namespace lustrum
