// Whether a client's machine runs, hangs (and may wake again) or is dead.
#pragma once

#include "models/storage.hpp"
#include "sim/kernel/world.hpp"

namespace lustrum::lustre {

class ClientState {
public:
  explicit ClientState(kernel::World& world) : world_(world), changed_(world) {}

  bool runs() const { return mode_ == Mode::runs; }
  bool dead() const { return mode_ == Mode::dead; }
  // How often it has fallen silent.
  std::uint32_t silences() const { return silences_; }

  void hang() {
    if (runs()) fall_silent(Mode::hangs);
  }
  void wake() {
    if (mode_ != Mode::hangs) return;
    mode_ = Mode::runs;
    changed_.notify();
  }
  void die() {
    if (!dead()) fall_silent(Mode::dead);
  }

  // Ends when the client runs; on a dead one the call fails instead.
  kernel::Task until_it_runs(Outcome& outcome) {
    const double start_s = world_.now().count();
    while (mode_ == Mode::hangs) co_await changed_.wait();
    outcome.time[Cause::failure] += world_.now().count() - start_s;
    if (dead()) outcome.fail(StorageError::io);
  }

private:
  enum class Mode : std::uint8_t { runs, hangs, dead };

  void fall_silent(Mode mode) {
    mode_ = mode;
    ++silences_;
    changed_.notify(); // of a dead client: its calls fail
  }

  kernel::World& world_;
  Mode mode_ = Mode::runs;
  std::uint32_t silences_ = 0;
  kernel::Signal changed_;
};

} // namespace lustrum::lustre
