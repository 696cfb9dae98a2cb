// Where a GPU's time can go. Every second of every GPU belongs to exactly one cause; storage
// requests carry the same causes, so that waiting for data can be split by what it waited for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lustrum {

enum class Cause : std::uint8_t {
  compute,
  metadata,       // open, close, stat: MDS service and its round trips
  lock,           // LDLM extent lock enqueue
  rpc_slots,      // waiting for max_rpcs_in_flight
  ost_queue,      // waiting for an ost_io thread; CPU of the OSS
  disk,           // OST device: queue and service
  throttle,       // burst credits spent, provisioned rate reached, TBF rule
  oss_nic,        // server's network card
  network,        // latency, per-flow cap, per-client ceiling
  client_nic,     // client's network card
  host_bus,       // PCIe and memory bus of the client
  client_cpu,     // copy between page cache and application, checksums
  write_back,     // writer blocked: dirty pages or grant used up
  restore,        // HSM: file being copied back
  failure,        // target, server or link down; recovery
  decode,         // preprocessing of samples in the loader
  worker_startup, // loader workers being started at an epoch's beginning
  loader,         // the loader was at work on other batches: not prefetched far enough
  step_overhead,  // per step outside load and compute: log line, reduction
  barrier,        // waiting for slower ranks
  checkpoint,
  other, // before the first epoch, after the last; think time of a replayed trace
};

inline constexpr std::size_t kCauses = static_cast<std::size_t>(Cause::other) + 1;

struct CauseRow {
  Cause cause;
  std::string_view key; // in results: stalls.<key>_pct
  bool storage;         // a faster storage design could shorten it
  std::string_view text;
};

inline constexpr std::array<CauseRow, kCauses> kCauseTable{{
    {Cause::compute, "compute", false, "the GPU computes"},
    {Cause::metadata, "metadata", true, "open, close, stat at the MDS"},
    {Cause::lock, "lock", true, "LDLM extent lock enqueue"},
    {Cause::rpc_slots, "rpc_slots", true, "max_rpcs_in_flight reached"},
    {Cause::ost_queue, "ost_queue", true, "waiting for an ost_io thread or the CPU of the OSS"},
    {Cause::disk, "disk", true, "OST device, queue and service"},
    {Cause::throttle, "throttle", true, "burst credit spent or provisioned rate reached"},
    {Cause::oss_nic, "oss_nic", true, "server network card"},
    {Cause::network, "network", true, "latency, per-flow cap, per-client ceiling"},
    {Cause::client_nic, "client_nic", true, "client network card"},
    {Cause::host_bus, "host_bus", true, "PCIe and memory bus of the client"},
    {Cause::client_cpu, "client_cpu", true, "copy to or from the page cache, checksums"},
    {Cause::write_back, "write_back", true, "dirty pages or grant used up"},
    {Cause::restore, "restore", true, "HSM restore of a released file"},
    {Cause::failure, "failure", true, "target or link down, recovery"},
    {Cause::decode, "decode", false, "preprocessing of samples"},
    {Cause::worker_startup, "worker_startup", false, "loader workers starting at an epoch"},
    {Cause::loader, "loader", false, "loader busy outside storage (hand-over, order of batches)"},
    {Cause::step_overhead, "step_overhead", false, "per step outside load and compute"},
    {Cause::barrier, "barrier", false, "waiting for slower ranks"},
    {Cause::checkpoint, "checkpoint", true, "checkpoint being written or read back"},
    {Cause::other, "other", false, "outside the training loop"},
}};

// Seconds by cause, of the causes from `First` to `Last`.
template <Cause First, Cause Last> class TimeByCause {
public:
  double& operator[](Cause cause) { return seconds_[place(cause)]; }
  double operator[](Cause cause) const { return seconds_[place(cause)]; }
  double total() const {
    double sum = 0;
    for (double s : seconds_) sum += s;
    return sum;
  }
  // The other account may have fewer causes.
  template <Cause F, Cause L> TimeByCause& operator+=(const TimeByCause<F, L>& other) {
    for_each_of(other, [&](double& mine, double theirs) { mine += theirs; });
    return *this;
  }
  TimeByCause& operator-=(const TimeByCause& other) {
    for_each_of(other, [&](double& mine, double theirs) { mine -= theirs; });
    return *this;
  }
  // Adds `elapsed_s`, split as `other` is split; to `fallback` when `other` is empty. For things
  // done in parallel: their summed accounts say what the elapsed time was spent on.
  template <Cause F, Cause L>
  void add_split_as(const TimeByCause<F, L>& other, double elapsed_s, Cause fallback) {
    const double sum = other.total();
    if (!(sum > 0)) {
      (*this)[fallback] += elapsed_s;
      return;
    }
    for_each_of(other, [&](double& mine, double theirs) { mine += theirs / sum * elapsed_s; });
  }

private:
  template <Cause F, Cause L> friend class TimeByCause;
  static constexpr std::size_t place(Cause cause) {
    return static_cast<std::size_t>(cause) - static_cast<std::size_t>(First);
  }
  template <Cause F, Cause L, typename Do>
  void for_each_of(const TimeByCause<F, L>& other, const Do& apply) {
    static_assert(F >= First && L <= Last);
    for (std::size_t i = 0; i < other.seconds_.size(); ++i)
      apply(seconds_[place(F) + i], other.seconds_[i]);
  }

  static constexpr std::size_t kCount =
      static_cast<std::size_t>(Last) - static_cast<std::size_t>(First) + 1;
  std::array<double, kCount> seconds_{};
};

using TimeAccount = TimeByCause<Cause::compute, Cause::other>;
// What a bulk RPC can spend its time on: two cache lines, where all causes take three.
using RpcTime = TimeByCause<Cause::rpc_slots, Cause::client_cpu>;

} // namespace lustrum
