// What a run of the swarm is made of, drawn from its seed.
#pragma once

#include "models/lustre/faults.hpp"
#include "sim/base/random.hpp"

#include <string>
#include <vector>

namespace lustrum::test {

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
inline constexpr Seconds kSpan{600};

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
  lustre::FilesystemSettings settings;
  std::vector<Bytes> files;
  std::vector<Process> processes;
  std::vector<lustre::Fault> faults;
};

Plan draw_plan(std::uint64_t seed);
lustre::HsmAction draw_action(Dice& dice);
// For whoever looks into a run that failed.
std::string describe(const Plan& plan);

} // namespace lustrum::test
