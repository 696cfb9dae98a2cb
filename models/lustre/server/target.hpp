// Whether an OST or MDT answers: up, down, or in recovery, and which clients it has evicted.
//
// An RPC that meets a target that is down waits until it has recovered (failover mode), or fails
// with EIO (failout). One that was under way when the target failed gets no reply: its sender finds
// another boot count than before and sends it again.
#pragma once

#include "models/storage.hpp"
#include "sim/kernel/world.hpp"

#include <algorithm>
#include <vector>

namespace lustrum::lustre {

// An OST or an MDT.
class TargetIndex {
public:
  TargetIndex(OstIndex ost) : number_(ost.value()) {}             // NOLINT: meant to convert
  TargetIndex(MdtIndex mdt) : number_(mdt.value()), mdt_(true) {} // NOLINT
  bool is_mdt() const { return mdt_; }
  std::uint32_t number() const { return number_; }
  OstIndex ost() const { return OstIndex{number_}; }
  MdtIndex mdt() const { return MdtIndex{number_}; }
  friend bool operator==(TargetIndex, TargetIndex) = default;

private:
  std::uint32_t number_;
  bool mdt_ = false;
};

class Target {
public:
  Target(kernel::World& world, std::uint32_t clients)
      : world_(world), evictions_(clients), silence_(clients), changed_(world) {}

  bool available() const { return available_; }
  // Rises with every failure.
  std::uint32_t boot() const { return boot_; }
  bool fails_out() const { return failout_; }
  kernel::Signal::Awaiter change() { return changed_.wait(); }

  // Seconds since `from_s` in which it did not answer; of its last failure only.
  double silent_since(double from_s) const {
    const double until_s = available_ ? recovered_s_ : world_.now().count();
    return std::max(0.0, until_s - std::max(from_s, failed_s_));
  }

  void fail() {
    if (available_) failed_s_ = world_.now().count();
    available_ = false;
    ++boot_;
    changed_.notify(); // in failout mode those who wait give up
  }
  void recover() {
    if (lost_) return;
    if (!available_) recovered_s_ = world_.now().count();
    available_ = true;
    changed_.notify();
  }
  // It never comes back: calls fail from now on.
  void lose() {
    lost_ = failout_ = true;
    fail();
  }
  bool lost() const { return lost_; }
  // `failout` instead of `failover`: calls fail at once while the target is down.
  void set_failout(bool failout) {
    failout_ = failout;
    changed_.notify();
  }

  // How often the client was evicted; what it held on this target is gone each time.
  std::uint32_t evictions(ClientIndex client) const { return evictions_[client.value()]; }
  // `silence`: in which of its silences, 0: it was not silent.
  void evict(ClientIndex client, std::uint32_t silence) {
    ++evictions_[client.value()];
    silence_[client.value()] = silence;
  }
  // Evicted in this silence: it does not wait for the client any more.
  bool has_given_up(ClientIndex client, std::uint32_t silence) const {
    return silence > 0 && silence_[client.value()] == silence;
  }

private:
  const kernel::World& world_;
  bool available_ = true;
  bool failout_ = false;
  bool lost_ = false;
  double failed_s_ = 0;
  double recovered_s_ = 0;
  std::uint32_t boot_ = 0;
  std::vector<std::uint32_t> evictions_; // [client]
  std::vector<std::uint32_t> silence_;   // [client]: in which it was evicted last
  kernel::Signal changed_;
};

} // namespace lustrum::lustre
