#include "models/training/au.hpp"
#include "models/training/sampler.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace lustrum;
using namespace lustrum::training;
using doctest::Approx;

namespace {

// Four steps that begin at t = 10: waits 3, 0, 1, 0; computes 2 each; 0.5 after each.
double au_of(const AuSettings& settings) {
  AuBlock block(settings, 4, Seconds{10});
  for (const double wait : {3.0, 0.0, 1.0, 0.0}) block.add_step(Seconds{wait + 2}, Seconds{2});
  return block.au(Seconds{10 + 3 + 1 + 4 * 2.5});
}

} // namespace

TEST_CASE("AU as DLIO v1.0 computes it") {
  // sum(compute[1:]) = 6; block 14; proc[0] = 5: 6 / 9.
  CHECK(au_of({.formula = AuFormula::v1_0}) == Approx(6.0 / 9));
}

TEST_CASE("AU as DLIO v2.0 computes it, with steps excluded on both sides") {
  CHECK(au_of({.formula = AuFormula::v2_0}) == Approx(6.0 / 9));
  // s = 1, e = n - 2: sum(compute[1..2]) = 4; 14 - proc[0] - proc[3] = 14 - 5 - 2 = 7.
  CHECK(au_of({.formula = AuFormula::v2_0, .exclude_start_steps = 1, .exclude_end_steps = 1}) ==
        Approx(4.0 / 7));
  // s = 0: sum(compute) = 8 over the whole block of 14.
  CHECK(au_of({.formula = AuFormula::v2_0, .exclude_start_steps = 0}) == Approx(8.0 / 14));
}

TEST_CASE("each sample is read by one rank once per epoch, in another order each epoch") {
  const SamplerSettings settings{.samples = 1000, .ranks = 8, .shuffle = true, .seed = 3};
  for (const auto share : {&Sampler::samples_of, &Sampler::files_of}) {
    Sampler sampler(settings);
    std::set<std::uint32_t> seen;
    for (std::uint32_t rank = 0; rank < 8; ++rank)
      for (const std::uint32_t sample : (sampler.*share)(0, rank))
        CHECK(seen.insert(sample).second);
    CHECK(seen.size() == 1000);
    CHECK((sampler.*share)(0, 0) != (sampler.*share)(1, 0));
    Sampler again(settings);
    CHECK((sampler.*share)(1, 0) == (again.*share)(1, 0));
  }
}

TEST_CASE("steps that do not fill a batch on every rank are dropped") {
  CHECK(steps_per_epoch(1024 * 1251, 400, 64) == 50);
  CHECK(steps_per_epoch(168, 7, 64) == 0);
}
