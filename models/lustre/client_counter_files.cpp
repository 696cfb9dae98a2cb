// The counter files of a client: llite, osc, mdc, ldlm.
#include "models/lustre/counter_files.hpp"
#include "models/lustre/counter_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::lustre {

namespace {

// A mount has the address of its superblock in its name; ours tells the clients apart.
std::string mount_name(std::uint32_t client) { return fmt::format("ffff8800{:05x}000", client); }

std::string_view unit_of(LliteStat stat) {
  return kLliteStatNames[static_cast<std::size_t>(stat)].ends_with("_bytes") ? "bytes" : "usecs";
}

std::string llite_stats(const Client& client, Seconds now) {
  std::vector<StatsLine> lines;
  for (std::size_t i = 0; i < kLliteStats; ++i)
    lines.push_back(
        {kLliteStatNames[i], unit_of(static_cast<LliteStat>(i)), client.counters().stats[i]});
  const auto calls = [&](LliteStat stat) {
    return client.counters().stats[static_cast<std::size_t>(stat)].samples;
  };
  const std::string switched =
      count_lines("reqs", {{"hybrid_writesize_switch", calls(LliteStat::hybrid_write_bytes)},
                           {"hybrid_readsize_switch", calls(LliteStat::hybrid_read_bytes)}});
  if (!client.pcc()) return stats_text(now, lines) + switched;
  const PccCache::Stats& pcc = client.pcc()->stats();
  lines.push_back({"pcc_hit_bytes", "bytes", pcc.hits});
  lines.push_back({"pcc_attach_bytes", "bytes", pcc.attached});
  return stats_text(now, lines) + switched +
         count_lines("reqs", {{"pcc_attach", pcc.attach},
                              {"pcc_detach", pcc.detach},
                              {"pcc_auto_attach", pcc.auto_attach}});
}

std::string read_ahead_stats(const ReadaheadStats& s, Seconds now) {
  return counts_text(now, "pages",
                     {{"hits", s.hits},
                      {"misses", s.misses},
                      {"readpage_not_consecutive", s.readpage_not_consecutive},
                      {"miss_inside_window", s.miss_inside_window},
                      {"failed_lock_match", s.failed_lock_match},
                      {"read_but_discarded", s.read_but_discarded},
                      {"zero_size_window", s.zero_size_window},
                      {"readahead_to_eof", s.readahead_to_eof},
                      {"hit_max_readahead_issue", s.hit_max_readahead_issue},
                      {"async_readahead", s.async_readahead},
                      {"failed_to_fast_read", s.failed_to_fast_read},
                      {"readahead_pages", s.readahead_pages}});
}

std::string statahead_stats(const MetadataClient& metadata) {
  const StataheadStats& s = metadata.statahead_stats();
  return fmt::format("statahead total: {}\nstatahead wrong: {}\nagl total: {}\nlist_total: {}\n"
                     "fname_total: {}\nhit_total: {}\nmiss_total: {}\n",
                     s.total, s.wrong, metadata.glimpses_ahead(), s.total - s.fname_total,
                     s.fname_total, s.hit_total, s.miss_total);
}

std::string max_cached_mb(const Filesystem& filesystem, const Client& client) {
  const LustreTunables& tunables = filesystem.settings().tunables;
  const std::uint64_t most = tunables.llite_max_cached_mb;
  const std::uint64_t used = client.objects().pages().used() / Bytes{kMib};
  return fmt::format("max_cached_mb: {}\nused_mb: {}\nunused_mb: {}\nmax_read_ahead_mb: {}\n"
                     "used_read_ahead_mb: {}\n",
                     most, used, most > used ? most - used : 0, tunables.llite_max_read_ahead_mb,
                     client.objects().ahead_in_flight() / Bytes{kMib});
}

// `dirty`: written to the page cache and not on the OST yet.
std::string osc_rpc_stats(const RpcCounters& c, Bytes dirty, Seconds now) {
  std::string text = time_header(now, true);
  text += fmt::format("read RPCs in flight:  {}\nwrite RPCs in flight: {}\n", c.read.in_flight,
                      c.write.in_flight);
  // Those of direct writes are in flight, but never dirty.
  const Bytes pending = std::max(dirty, c.write.bytes_in_flight) - c.write.bytes_in_flight;
  text += fmt::format("pending write pages:  {}\n", pending / kPageSize);
  text += rpc_histogram({.name = "pages per rpc",
                         .unit = "rpcs",
                         .labels = BucketLabels::power,
                         .read = &c.read.pages,
                         .write = &c.write.pages});
  text += rpc_histogram({.name = "rpcs in flight",
                         .unit = "rpcs",
                         .first = 1,
                         .read = &c.read.at_once,
                         .write = &c.write.at_once});
  text += rpc_histogram({.name = "offset",
                         .unit = "rpcs",
                         .labels = BucketLabels::zero_power,
                         .read = &c.read.offset,
                         .write = &c.write.offset});
  const Histogram read_latency = c.read.by_size.of_all_sizes();
  const Histogram write_latency = c.write.by_size.of_all_sizes();
  text += rpc_histogram({.name = "RPC latency (us)       ", // as wide as Lustre has it
                         .unit = "count",
                         .labels = BucketLabels::power,
                         .read = &read_latency,
                         .write = &write_latency});
  return text;
}

// Sizes from the least, reads before writes; buckets without a sample are left out.
std::string io_latency_stats(const RpcCounters& c, Seconds now) {
  std::string text = "io_latency_by_size:\n" + time_header(now, true);
  for (std::size_t size = 0; size < Histogram::kBuckets; ++size)
    for (const auto& [name, way] : {std::pair{"rd", &c.read}, std::pair{"wr", &c.write}})
      for (const LatencyBySize::Row& row : way->by_size.rows) {
        if (row.size_log2 != size) continue;
        text += fmt::format("{}_{}K: {{ ", name, std::uint64_t{4} << size);
        for (std::size_t n = 0; n < Histogram::kBuckets; ++n)
          if (row.times[n] > 0)
            text += fmt::format("{}us: {}, ", std::uint64_t{1} << n, row.times[n]);
        text += "}\n";
      }
  return text;
}

std::string osc_stats(const RpcCounters& c, Seconds now) {
  SampleCounter wait = c.read.time;
  wait += c.write.time;
  return stats_text(now, {{"req_waittime", "usecs", wait},
                          {"read_bytes", "bytes", c.read.bytes},
                          {"write_bytes", "bytes", c.write.bytes},
                          {"ost_read", "usecs", c.read.time},
                          {"ost_write", "usecs", c.write.time}});
}

std::string data_averages(std::string_view name, const RpcCounters::Way& way) {
  if (way.time.samples == 0) return {};
  const std::uint64_t bytes = way.bytes.sum / way.bytes.samples;
  const std::uint64_t time = way.time.sum / way.time.samples;
  // Bytes per microsecond are megabytes per second.
  const double rate = time > 0 ? static_cast<double>(bytes) / static_cast<double>(time) : 0;
  return fmt::format("    {}_data_averages:\n       bytes_per_rpc: {}\n       usec_per_rpc: {}\n"
                     "       MB_per_sec: {:.2f}\n",
                     name, bytes, time, rate);
}

std::string import_text(std::string_view device, std::string_view target, const Osc& osc) {
  const RpcCounters& c = osc.counters();
  SampleCounter time = c.read.time;
  time += c.write.time;
  return fmt::format("import:\n    name: {}\n    target: {}_UUID\n    state: {}\n    rpcs:\n"
                     "       inflight: {}\n       avg_waittime: {} usec\n",
                     device, target, osc.ost().target().available() ? "FULL" : "DISCONN",
                     c.read.in_flight + c.write.in_flight,
                     time.samples > 0 ? time.sum / time.samples : 0) +
         data_averages("read", c.read) + data_averages("write", c.write);
}

std::string mdc_rpc_stats(const ModSlots& slots, Seconds now) {
  return time_header(now, true) + fmt::format("modify_RPCs_in_flight:  {}\n", slots.in_flight()) +
         modify_histogram(slots.at_once());
}

std::string number(std::uint64_t value) { return fmt::format("{}\n", value); }

} // namespace

void client_counter_files(const Filesystem& filesystem, std::uint32_t index,
                          const std::string& host, Seconds now, std::vector<CounterFile>& files) {
  const Client& client = filesystem.all_clients()[index];
  const std::string mount = mount_name(index);
  const auto add = [&](std::string_view folder, std::string_view name, std::string text) {
    files.push_back({fmt::format("{}/{}/{}", host, folder, name), std::move(text)});
  };
  const std::string llite = "llite/lustre-" + mount;
  add(llite, "stats", llite_stats(client, now));
  add(llite, "read_ahead_stats", read_ahead_stats(client.read_ahead_stats(), now));
  add(llite, "statahead_stats", statahead_stats(client.metadata()));
  add(llite, "max_cached_mb", max_cached_mb(filesystem, client));
  add(llite, "extents_stats",
      time_header(now, true) +
          extents_histogram(client.counters().read_extents, client.counters().write_extents));
  const LustreTunables& tunables = filesystem.settings().tunables;
  for (const Ost& ost : filesystem.all_osts()) {
    const Osc* osc = client.objects().osc(ost.index());
    if (!osc) continue;
    const std::string target = ost_name(ost.index());
    const std::string device = fmt::format("{}-osc-{}", target, mount);
    add("osc/" + device, "rpc_stats", osc_rpc_stats(osc->counters(), osc->dirty().dirty(), now));
    add("osc/" + device, "io_latency_stats", io_latency_stats(osc->counters(), now));
    add("osc/" + device, "stats", osc_stats(osc->counters(), now));
    add("osc/" + device, "import", import_text(device, target, *osc));
    add("osc/" + device, "cur_dirty_bytes", number(osc->dirty().dirty().count()));
    add("osc/" + device, "cur_grant_bytes", number(osc->dirty().grant().count()));
    add("ldlm/namespaces/" + device, "lock_count", number(osc->locks().size()));
    add("ldlm/namespaces/" + device, "lru_size",
        number(tunables.ldlm_lru_size > 0 ? tunables.ldlm_lru_size : osc->locks().unused()));
    // The server tells its limit to the clients.
    add("ldlm/namespaces/" + device + "/pool", "granted", number(osc->locks().size()));
    if (const std::uint64_t limit = ost.oss().settings().lock_limit; limit > 0)
      add("ldlm/namespaces/" + device + "/pool", "limit", number(limit));
  }
  const std::vector<std::uint32_t> locks = client.metadata().locks_by_mdt();
  for (const Mds& mds : filesystem.all_mds()) {
    const std::string device = fmt::format("{}-mdc-{}", mdt_name(mds.index()), mount);
    const std::size_t m = mds.index().value();
    add("mdc/" + device, "rpc_stats", mdc_rpc_stats(client.metadata().mdc(m).mod_slots(), now));
    add("ldlm/namespaces/" + device, "lock_count", number(locks[m]));
    add("ldlm/namespaces/" + device, "lru_size",
        number(tunables.ldlm_lru_size > 0 ? tunables.ldlm_lru_size : locks[m]));
    add("ldlm/namespaces/" + device + "/pool", "granted", number(locks[m]));
  }
}

} // namespace lustrum::lustre
