// The counter files of the servers, and all hosts together.
#include "models/lustre/counter_files.hpp"

#include "models/lustre/counter_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

namespace lustrum::lustre {

namespace {

std::string service_stats(const ServiceCounters& service, std::vector<StatsLine> more,
                          Seconds now) {
  std::vector<StatsLine> lines = {{"req_waittime", "usecs", service.wait},
                                  {"req_qdepth", "reqs", service.queued},
                                  {"req_active", "reqs", service.active}};
  lines.insert(lines.end(), more.begin(), more.end());
  return stats_text(now, lines);
}

OstCounters::Bulk all_jobs(const OstCounters& counters) {
  OstCounters::Bulk sum;
  for (const OstCounters::Bulk& job : counters.jobs) {
    sum.read_bytes += job.read_bytes;
    sum.write_bytes += job.write_bytes;
    sum.read_time += job.read_time;
    sum.write_time += job.write_time;
  }
  return sum;
}

std::vector<StatsLine> bulk_lines(const OstCounters::Bulk& bulk) {
  return {{"read_bytes", "bytes", bulk.read_bytes},
          {"write_bytes", "bytes", bulk.write_bytes},
          {"read", "usecs", bulk.read_time},
          {"write", "usecs", bulk.write_time}};
}

std::string obdfilter_stats(const OstCounters& counters, Seconds now) {
  std::vector<StatsLine> lines = bulk_lines(all_jobs(counters));
  lines.push_back({"punch", "usecs", counters.punch});
  lines.push_back({"sync", "usecs", counters.sync});
  lines.push_back({"destroy", "usecs", counters.destroy});
  lines.push_back({"create", "usecs", counters.create});
  return stats_text(now, lines);
}

std::string brw_stats(const OstCounters& counters, Seconds now) {
  const OstCounters::Brw& read = counters.read;
  const OstCounters::Brw& write = counters.write;
  const auto power = BucketLabels::power;
  return time_header(now, true) +
         brw_histogram({.name = "pages per bulk r/w",
                        .unit = "rpcs",
                        .labels = power,
                        .read = &read.pages,
                        .write = &write.pages}) +
         brw_histogram({.name = "disk I/Os in flight",
                        .unit = "ios",
                        .read = &read.in_flight,
                        .write = &write.in_flight}) +
         brw_histogram({.name = "I/O time (1/1000s)",
                        .unit = "ios",
                        .labels = power,
                        .read = &read.time,
                        .write = &write.time}) +
         brw_histogram({.name = "disk I/O size",
                        .unit = "ios",
                        .labels = power,
                        .read = &read.size,
                        .write = &write.size});
}

// INACTIVE: nothing to recover from since the target was mounted. One that is lost tells nothing.
// Requests are sent again, not replayed from a log. Source: lustre/ldlm/ldlm_lib.c,
// lustre/obdclass/lprocfs_status_server.c.
std::string recovery_status(const Filesystem& filesystem, TargetIndex index) {
  const Target& target = filesystem.target(index);
  if (target.lost()) return {};
  if (!target.available()) return "status: RECOVERING\n";
  const std::optional<RecoveryReport>& last = filesystem.last_recovery(index);
  if (!last) return "status: INACTIVE\n";
  return fmt::format("status: COMPLETE\nrecovery_start: {:.0f}\nrecovery_duration: {:.0f}\n"
                     "completed_clients: {}/{}\nreplayed_requests: 0\nlast_transno: 0\n"
                     "VBR: DISABLED\nIR: {}\n",
                     std::floor(last->mounted.count()), std::ceil(last->duration.count()),
                     last->completed, last->clients, last->imperative ? "ENABLED" : "DISABLED");
}

// Requests that wait or are served are put down to the policy that was started last.
std::string nrs_policies(NrsPolicy started, std::uint64_t queued, std::uint64_t active) {
  struct Row {
    NrsPolicy policy;
    std::string_view name;
  };
  constexpr std::array<Row, 5> kRows{{{NrsPolicy::fifo, "fifo"},
                                      {NrsPolicy::crrn, "crrn"},
                                      {NrsPolicy::orr, "orr"},
                                      {NrsPolicy::trr, "trr"},
                                      {NrsPolicy::tbf, "tbf"}}};
  const auto queue = [&](std::string_view title, NrsPolicy policy, bool counted) {
    std::string text = fmt::format("\n{}:\n", title);
    for (const Row& row : kRows) {
      const bool on = row.policy == policy || row.policy == NrsPolicy::fifo;
      const bool counts = counted && row.policy == policy;
      text += fmt::format("  - name: {}\n    state: {}\n    fallback: {}\n    queued: {:<20}\n"
                          "    active: {:<20}\n\n",
                          row.name, on ? "started" : "stopped",
                          row.policy == NrsPolicy::fifo ? "yes" : "no", counts ? queued : 0,
                          counts ? active : 0);
    }
    return text;
  };
  return queue("regular_requests", started, true) +
         queue("high_priority_requests", NrsPolicy::fifo, false);
}

// Lines of mdt.*.md_stats in Lustre's order. A rename counts twice there.
std::vector<StatsLine> md_lines(const PerOperation<SampleCounter>& times) {
  constexpr std::array<std::string_view, 15> kLines{
      "open",           "close",           "unlink",  "mkdir",  "rmdir",
      "rename",         "getattr",         "setattr", "statfs", "sync",
      "samedir_rename", "crossdir_rename", "read",    "write",  "readpage"};
  std::vector<StatsLine> lines;
  for (const std::string_view name : kLines) {
    StatsLine line{.name = name, .unit = "usecs"};
    for (const MetadataOperationRow& row : kMetadataOperationTable)
      if (row.stats == name || (name == "rename" && row.stats.ends_with("_rename")))
        line.counter += times[lustre::number(row.operation)];
    lines.push_back(line);
  }
  return lines;
}

// Requests of the service `mdt` by the kind of their RPC.
std::vector<StatsLine> rpc_lines(const PerOperation<SampleCounter>& times) {
  using enum MetadataOperation;
  StatsLine enqueue{.name = "ldlm_ibits_enqueue", .unit = "usecs"};
  StatsLine reint{.name = "mds_reint", .unit = "usecs"};
  for (const MetadataOperation op : {open, create, getattr, lookup, readdir, layout, instantiate})
    enqueue.counter += times[lustre::number(op)];
  for (const MetadataOperation op : {setattr, rename, rename_across, unlink, mkdir, rmdir})
    reint.counter += times[lustre::number(op)];
  return {enqueue, reint};
}

std::string_view hsm_status(HsmStatus status) {
  switch (status) {
  case HsmStatus::waiting:
    return "WAITING";
  case HsmStatus::started:
    return "STARTED";
  case HsmStatus::succeed:
    return "SUCCEED";
  case HsmStatus::failed:
    return "FAILED";
  case HsmStatus::cancelled:
    return "CANCELED";
  }
  return "";
}

std::string_view hsm_action(HsmAction action) {
  switch (action) {
  case HsmAction::archive:
    return "ARCHIVE";
  case HsmAction::restore:
    return "RESTORE";
  case HsmAction::release:
    return "RELEASE";
  case HsmAction::remove:
    return "REMOVE";
  }
  return "";
}

// mdt.*.hsm.agents: what coordinators of all MDTs have sent to each.
std::string hsm_agents(const HsmCoordinator& coordinator) {
  std::string text;
  std::uint32_t number = 0;
  for (const HsmAgent* agent : coordinator.agents())
    text += fmt::format("uuid=00000000-0000-4000-8000-{:012x} archive_id=ANY "
                        "requests=[current:{} ok:{} errors:{}]\n",
                        number++, agent->active(), agent->succeeded(), agent->failed());
  return text;
}

std::string fid_fields(FileIndex file) {
  return fmt::format("fid=[0x200000400:{0:#x}:0x0] dfid=[0x200000400:{0:#x}:0x0]",
                     file.value() + 1);
}

// mdt.*.hsm.active_requests: what agents are at.
std::string hsm_active_requests(const HsmCoordinator& coordinator) {
  std::string text;
  std::uint32_t cookie = 0;
  for (const HsmCoordinator::Row& row : coordinator.actions()) {
    ++cookie;
    if (row.status == HsmStatus::started)
      text += fmt::format("{} compound/cookie=0/{:#x} action={} archive#=1 flags=0x0 "
                          "extent=0x0-0xffffffffffffffff gid=0x0 data=[] canceled=no\n",
                          fid_fields(row.file), cookie, hsm_action(row.action));
  }
  return text;
}

// mdt.*.hsm.actions: a file's number stands for the object number of its FID.
std::string hsm_actions(const HsmCoordinator& coordinator) {
  std::string text;
  for (const HsmCoordinator::Row& row : coordinator.actions())
    text += fmt::format("{} action={} archive#=1 flags=0x0 extent=0x0-0xffffffffffffffff gid=0x0 "
                        "datalen=0 status={} data=[]\n",
                        fid_fields(row.file), hsm_action(row.action), hsm_status(row.status));
  return text;
}

void add_times(PerOperation<SampleCounter>& sum, const PerOperation<SampleCounter>& times) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += times[i];
}

std::string mdt_job_stats(const Mds& mds, Seconds now, const CounterNames& names) {
  std::vector<PerOperation<SampleCounter>> jobs(names.job_ids.size());
  for (std::size_t c = 0; c < names.job_of.size(); ++c)
    if (names.job_of[c] < jobs.size()) add_times(jobs[names.job_of[c]], mds.times()[c]);
  std::string text = "job_stats:\n";
  for (std::size_t j = 0; j < jobs.size(); ++j)
    text += job_text(now, names.job_ids[j], md_lines(jobs[j]));
  return text;
}

std::string ost_job_stats(const OstCounters& counters, Seconds now, const CounterNames& names) {
  std::string text = "job_stats:\n";
  for (std::size_t j = 0; j < counters.jobs.size(); ++j)
    text += job_text(now, j < names.job_ids.size() ? names.job_ids[j] : "hsm_agent",
                     bulk_lines(counters.jobs[j]));
  return text;
}

std::string df_row(std::string_view name, std::uint64_t total, std::uint64_t used,
                   std::string_view where) {
  const std::uint64_t percent = total > 0 ? (used * 100 + total - 1) / total : 0;
  return fmt::format("{:<20} {:>13} {:>11} {:>13} {:>3}% {}\n", name, total, used, total - used,
                     percent, where);
}

// `lfs df` of the OSTs, in KiB.
std::string lfs_df(const Filesystem& filesystem, const CounterNames& names) {
  const OstSpace& space = filesystem.files().space();
  std::string text = fmt::format("{:<20} {:>13} {:>11} {:>13} {:>4} Mounted on\n", "UUID",
                                 "1K-blocks", "Used", "Available", "Use%");
  std::uint64_t total_kib = 0;
  std::uint64_t used_kib = 0;
  for (const Ost& ost : filesystem.all_osts()) {
    const Bytes modelled = space.total(ost.index());
    const std::uint64_t used = space.used(ost.index()) / Bytes{kKib};
    const std::uint64_t total = std::max(
        used, (names.ost_capacity > Bytes{} ? names.ost_capacity : modelled) / Bytes{kKib});
    text += df_row(ost_name(ost.index()) + "_UUID", total, used,
                   fmt::format("/mnt/lustre[OST:{}]", ost.index().value()));
    total_kib += total;
    used_kib += used;
  }
  return text + "\n" + df_row("filesystem_summary:", total_kib, used_kib, "/mnt/lustre");
}

} // namespace

std::string ost_name(OstIndex ost) { return fmt::format("lustre-OST{:04x}", ost.value()); }
std::string mdt_name(MdtIndex mdt) { return fmt::format("lustre-MDT{:04x}", mdt.value()); }

void oss_counter_files(const Filesystem& filesystem, const Oss& oss, Seconds now,
                       const CounterNames& names, std::vector<CounterFile>& files) {
  const std::string host = fmt::format("oss{}", oss.index().value());
  OstCounters::Bulk all;
  for (const Ost& ost : filesystem.all_osts()) {
    if (&ost.oss() != &oss) continue;
    const std::string folder = fmt::format("{}/obdfilter/{}/", host, ost_name(ost.index()));
    files.push_back({folder + "stats", obdfilter_stats(ost.counters(), now)});
    files.push_back({folder + "brw_stats", brw_stats(ost.counters(), now)});
    files.push_back({folder + "job_stats", ost_job_stats(ost.counters(), now, names)});
    files.push_back({folder + "recovery_status", recovery_status(filesystem, ost.index())});
    const OstCounters::Bulk sum = all_jobs(ost.counters());
    all.read_time += sum.read_time;
    all.write_time += sum.write_time;
  }
  const std::string service = host + "/ost/OSS/ost_io/";
  files.push_back({service + "stats", service_stats(oss.counters(),
                                                    {{"ost_read", "usecs", all.read_time},
                                                     {"ost_write", "usecs", all.write_time}},
                                                    now)});
  files.push_back(
      {service + "nrs_policies",
       nrs_policies(oss.settings().nrs.policy, oss.threads().waiting(), oss.threads().held())});
}

void mds_counter_files(const Filesystem& filesystem, const Mds& mds, Seconds now,
                       const CounterNames& names, std::vector<CounterFile>& files) {
  const std::string host = fmt::format("mds{}", mds.index().value());
  PerOperation<SampleCounter> all{};
  for (const PerOperation<SampleCounter>& client : mds.times()) add_times(all, client);
  const std::string folder = fmt::format("{}/mdt/{}/", host, mdt_name(mds.index()));
  files.push_back({folder + "md_stats", stats_text(now, md_lines(all))});
  files.push_back({folder + "job_stats", mdt_job_stats(mds, now, names)});
  files.push_back({folder + "recovery_status", recovery_status(filesystem, mds.index())});
  if (const HsmService* hsm = filesystem.hsm()) {
    const HsmCoordinator& coordinator = hsm->coordinator(mds.index());
    files.push_back({folder + "hsm/actions", hsm_actions(coordinator)});
    files.push_back({folder + "hsm/active_requests", hsm_active_requests(coordinator)});
    files.push_back({folder + "hsm/agents", hsm_agents(coordinator)});
  }
  const auto service = [&](std::string_view name, MdsPortal portal, std::vector<StatsLine> more) {
    files.push_back({fmt::format("{}/mds/MDS/{}/stats", host, name),
                     service_stats(mds.service(portal), std::move(more), now)});
  };
  service("mdt", MdsPortal::mdt, rpc_lines(all));
  service("mdt_readpage", MdsPortal::mdt_readpage, {});
  service("mdt_io", MdsPortal::mdt_io, {});
}

std::vector<CounterFile> counter_files(const Filesystem& filesystem, Seconds now,
                                       const CounterNames& names) {
  std::vector<CounterFile> files;
  const auto mounts = static_cast<std::uint32_t>(filesystem.all_clients().size());
  const auto clients = static_cast<std::uint32_t>(names.job_of.size());
  for (std::uint32_t c = 0; c < mounts; ++c)
    client_counter_files(
        filesystem, c,
        c < clients ? fmt::format("client{}", c) : fmt::format("agent{}", c - clients), now, files);
  files.push_back({"client0/lfs_df", lfs_df(filesystem, names)});
  constexpr std::uint32_t kFilesShown = 100;
  if (std::string text = lfs_getstripe(filesystem.files(), kFilesShown); !text.empty())
    files.push_back({"client0/lfs_getstripe", std::move(text)});
  lnet_counter_files(filesystem, files);
  lock_counter_files(filesystem, files);
  for (const Mds& mds : filesystem.all_mds()) mds_counter_files(filesystem, mds, now, names, files);
  for (const Oss& oss : filesystem.all_oss()) oss_counter_files(filesystem, oss, now, names, files);
  return files;
}

} // namespace lustrum::lustre
