#include "sim/base/did_you_mean.hpp"

#include <doctest/doctest.h>

using namespace lustrum;

TEST_CASE("edit distance counts a swap of neighbours once") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("bandwith", "bandwidth") == 1);
  CHECK(edit_distance("bandwitdh", "bandwidth") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3); // 2 if a part could be edited twice
}

TEST_CASE("one, two and three suggestions") {
  CHECK(did_you_mean("bandwith", {"latency", "bandwidth"}) == "did you mean `bandwidth`?");
  CHECK(did_you_mean("read", {"reads", "lead", "write"}) == "did you mean `lead` or `reads`?");
  CHECK(did_you_mean("rate", {"late", "date", "gate", "hate"}) ==
        "did you mean `date`, `gate` or `hate`?");
}

TEST_CASE("only the nearest, and none that is too far") {
  CHECK(did_you_mean("stripe_cout", {"stripe_count", "stripe_cost_"}) ==
        "did you mean `stripe_count`?");
  CHECK(did_you_mean("seed", {"duration"}).empty());
  CHECK(did_you_mean("os", {"mds"}).empty()); // 2 edits of 2 letters
  CHECK(did_you_mean("", {"a"}).empty());
  CHECK(did_you_mean("x", {}).empty());
}

TEST_CASE("upper case is no mistake of its own") {
  CHECK(did_you_mean("BANDWIDTH", {"bandwidth"}) == "did you mean `bandwidth`?");
}
