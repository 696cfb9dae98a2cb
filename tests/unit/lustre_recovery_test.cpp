#include "models/lustre/policy/recovery.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

// The whole time line for clients that are alive or not: when the target serves again.
Seconds serves_again(const RecoverySettings& settings, const std::vector<bool>& alive) {
  const Seconds mounted{30};
  RecoveryWindow window(settings, static_cast<std::uint32_t>(alive.size()), mounted);
  Seconds last{};
  for (std::uint32_t c = 0; c < alive.size(); ++c) {
    if (!alive[c]) continue;
    const Seconds back = mounted + reconnect_delay(settings, {.seed = 7, .client = ClientIndex{c}});
    window.returned(ClientIndex{c}, back);
    last = std::max(last, back);
  }
  return window.complete() ? last : window.deadline();
}

} // namespace

TEST_CASE("recovery: the window and the limit of silence") {
  // obd_support.h: ping every 25 s, eviction after 6 of them; tgt_mount.c: soft 300 s, hard 900 s;
  // with imperative recovery soft * ir_factor / 10, at least 120 s.
  auto settings = RecoverySettings::from(LustreTunables::defaults());
  CHECK(settings.imperative);
  CHECK(settings.silence_limit() == Seconds{150});
  CHECK(settings.hard_limit == Seconds{900});
  CHECK(settings.window() == Seconds{150});
  settings.ir_factor = 1;
  CHECK(settings.window() == Seconds{120});
  settings.ir_factor = 10;
  CHECK(settings.window() == Seconds{300});
  settings.ir_factor = 5;
  settings.imperative = false;
  CHECK(settings.window() == Seconds{300});

  auto tunables = LustreTunables::defaults();
  tunables.mgs_live_state = "disabled";
  tunables.obdfilter_recovery_time_soft = Seconds{60};
  CHECK(RecoverySettings::from(tunables).window() == Seconds{60});
}

TEST_CASE("recovery, L19: who pays for the window") {
  // Takeover H = 30 s. All alive: H and the notification of 41 ms, or up to 50 s without imperative
  // recovery. One dead client: H + 150 s, without imperative recovery H + 300 s.
  RecoverySettings settings;
  const std::vector<bool> all(64, true);
  std::vector<bool> one_dead = all;
  one_dead[17] = false;
  CHECK(serves_again(settings, all).count() == doctest::Approx(30.041));
  CHECK(serves_again(settings, one_dead) == Seconds{180});
  settings.imperative = false;
  // The last of 64 draws that are uniform in [0, 50): 95 % of the time beyond 47.7 s.
  CHECK(serves_again(settings, all) > Seconds{70});
  CHECK(serves_again(settings, all) < Seconds{80});
  CHECK(serves_again(settings, one_dead) == Seconds{330});
}

TEST_CASE("recovery: without a notification clients return evenly over the retry time") {
  RecoverySettings settings;
  settings.imperative = false;
  const auto delay = [&](std::uint32_t target, std::uint32_t failure, std::uint32_t client) {
    return reconnect_delay(
               settings,
               {.seed = 1, .target = target, .failure = failure, .client = ClientIndex{client}})
        .count();
  };
  // Mean of n = 4000 uniform draws in [0, 50): 25 with a deviation of 50 / sqrt(12 n) = 0.23.
  double sum = 0;
  for (std::uint32_t c = 0; c < 4000; ++c) {
    sum += delay(0, 0, c);
    CHECK(delay(0, 0, c) < 50);
  }
  CHECK(sum / 4000 == doctest::Approx(25).epsilon(0.04));
  CHECK(delay(0, 0, 5) == delay(0, 0, 5));
  CHECK(delay(0, 0, 5) != delay(0, 1, 5));
  CHECK(delay(0, 0, 5) != delay(1, 0, 5));
}

TEST_CASE("recovery: a late client moves the deadline on, up to the hard limit") {
  // Mounted at 0, window 300 s without imperative recovery. A return at 100 s leaves 200 s: nothing
  // moves. One at 290 s moves the deadline to 340 s, one at 340 s to 390 s, and so on, never beyond
  // 900 s.
  RecoverySettings settings;
  settings.imperative = false;
  RecoveryWindow window(settings, 100, Seconds{});
  window.returned(ClientIndex{0}, Seconds{100});
  CHECK(window.deadline() == Seconds{300});
  window.returned(ClientIndex{1}, Seconds{290});
  CHECK(window.deadline() == Seconds{340});
  window.returned(ClientIndex{1}, Seconds{320}); // it is in already
  CHECK(window.deadline() == Seconds{340});
  for (std::uint32_t c = 2; c < 90; ++c) window.returned(ClientIndex{c}, window.deadline());
  CHECK(window.deadline() == Seconds{900});
  CHECK(window.missing().size() == 10);
  CHECK(window.missing().front() == ClientIndex{90});
}

TEST_CASE("recovery: who comes after the deadline stays out") {
  RecoveryWindow window({}, 2, Seconds{30});
  window.returned(ClientIndex{0}, Seconds{31});
  window.returned(ClientIndex{1}, Seconds{180.5});
  CHECK_FALSE(window.complete());
  CHECK_FALSE(window.has_returned(ClientIndex{1}));
  CHECK(window.missing() == std::vector{ClientIndex{1}});
  CHECK(window.deadline() == Seconds{180});
}
