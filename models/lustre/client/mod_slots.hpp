// The slots of mdc.max_mod_rpcs_in_flight. One close more than that may be in flight while no other
// close is, so that closes never wait for opens that wait for closes.
// \source Lustre 2.15 lustre/obdclass/genops.c (obd_mod_rpc_slot_avail_locked)
#pragma once

#include "sim/base/histogram.hpp"
#include "sim/kernel/world.hpp"

namespace lustrum::lustre {

class ModSlots {
public:
  // `extra` is the station of the one close more.
  ModSlots(kernel::World& world, kernel::SlotsStation& slots, kernel::SlotsStation& extra)
      : world_(world), slots_(slots), extra_(extra) {}

  struct Awaiter {
    ModSlots& slots;
    bool close;
    bool await_ready() const noexcept { return slots.try_claim(close); }
    void await_suspend(kernel::Task::Handle task) const {
      (close ? slots.closes_ : slots.others_).push({slots.next_++, task});
    }
    void await_resume() const noexcept {}
  };
  // A right to a slot of station(), which then has one free.
  Awaiter claim(bool close) { return {*this, close}; }
  kernel::SlotsStation& station() { return slots_.held() < slots_.count() ? slots_ : extra_; }
  // The slot has been given back: the claim goes to the next in line.
  void release(bool close) {
    --in_flight_;
    if (close) --closes_in_flight_;
    pass_on();
  }

  std::uint32_t in_flight() const { return in_flight_; }
  // How many RPCs were in flight when each was sent, itself included.
  const Histogram& at_once() const { return at_once_; }

private:
  struct Waiting {
    std::uint64_t number = 0;
    kernel::Task::Handle task = nullptr;
  };

  bool may_go(bool close) const {
    return in_flight_ < slots_.count() || (close && closes_in_flight_ == 0);
  }
  void count(bool close) {
    ++in_flight_;
    at_once_.add(in_flight_);
    if (close) ++closes_in_flight_;
  }
  bool try_claim(bool close) {
    // Whoever waits already goes first, unless he may not go and this one may.
    const bool somebody_could = close ? !closes_.empty() : !closes_.empty() || !others_.empty();
    if (somebody_could || !may_go(close)) return false;
    count(close);
    return true;
  }
  void pass_on() {
    while (!closes_.empty() || !others_.empty()) {
      bool close = others_.empty();
      if (!closes_.empty() && !others_.empty())
        close = closes_.front().number < others_.front().number || !may_go(false);
      if (!may_go(close)) return;
      count(close);
      world_.make_ready((close ? closes_ : others_).pop().task);
    }
  }

  kernel::World& world_;
  kernel::SlotsStation& slots_;
  kernel::SlotsStation& extra_;
  kernel::Ring<Waiting> closes_;
  kernel::Ring<Waiting> others_;
  std::uint64_t next_ = 0;
  std::uint32_t in_flight_ = 0; // claims, used or about to be
  std::uint32_t closes_in_flight_ = 0;
  Histogram at_once_;
};

} // namespace lustrum::lustre
