// Who reads which sample.
#include "models/training/sampler.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

using namespace lustrum::training;

namespace {

using Samples = std::vector<std::uint32_t>;

// How often each sample is read in an epoch.
Samples counts_of(const SamplerSettings& settings, std::uint32_t epoch) {
  Sampler sampler(settings);
  Samples counts(settings.samples);
  for (std::uint32_t rank = 0; rank < settings.ranks; ++rank)
    for (const std::uint32_t sample : sampler.samples_of(epoch, rank)) ++counts.at(sample);
  return counts;
}

} // namespace

TEST_CASE("DistributedSampler: every R-th sample; the rest is dropped or filled from the start") {
  Sampler padded(
      {.samples = 10, .ranks = 4, .sharding = Sharding::distributed, .drop_last = false});
  CHECK(padded.samples_per_rank() == 3);
  CHECK(padded.samples_of(0, 1) == Samples{1, 5, 9});
  CHECK(padded.samples_of(0, 2) == Samples{2, 6, 0}); // 10 and 11 are 0 and 1 again
  CHECK(padded.samples_of(0, 3) == Samples{3, 7, 1});
  Sampler dropped({.samples = 10, .ranks = 4, .sharding = Sharding::distributed});
  CHECK(dropped.samples_per_rank() == 2);
  CHECK(dropped.samples_of(0, 3) == Samples{3, 7});
  // Fewer samples than ranks: PyTorch repeats the list as often as it takes.
  Sampler few({.samples = 2, .ranks = 5, .sharding = Sharding::distributed, .drop_last = false});
  CHECK(few.samples_of(0, 4) == Samples{0});
}

TEST_CASE("property: sharding covers each sample exactly once an epoch") {
  CHECK(rc::check("coverage", [] {
    SamplerSettings settings;
    settings.samples = *rc::gen::inRange<std::uint32_t>(1, 500);
    settings.ranks = *rc::gen::inRange<std::uint32_t>(1, 20);
    settings.shuffle = *rc::gen::arbitrary<bool>();
    settings.new_order_each_epoch = *rc::gen::arbitrary<bool>();
    settings.seed = *rc::gen::arbitrary<std::uint64_t>();
    settings.sharding = static_cast<Sharding>(*rc::gen::inRange(0, 3));
    settings.drop_last = *rc::gen::arbitrary<bool>();
    settings.samples_per_shard = *rc::gen::inRange<std::uint32_t>(1, 40);
    settings.shuffled_shards = *rc::gen::inRange<std::uint32_t>(1, 5);
    const auto epoch = *rc::gen::inRange<std::uint32_t>(0, 5);
    const Samples counts = counts_of(settings, epoch);
    const std::uint32_t total = Sampler(settings).samples_per_rank() * settings.ranks;
    const auto read = static_cast<std::uint32_t>(
        std::count_if(counts.begin(), counts.end(), [](std::uint32_t c) { return c > 0; }));
    if (total <= settings.samples) { // a rest is dropped: the others exactly once
      RC_ASSERT(*std::max_element(counts.begin(), counts.end()) <= 1U);
      RC_ASSERT(read == total);
      RC_ASSERT(settings.samples - total < settings.ranks);
    } else { // filled up: each at least once, and the extra ones fewer than the ranks
      RC_ASSERT(read == settings.samples);
      RC_ASSERT(total - settings.samples < settings.ranks);
    }
  }));
}

TEST_CASE("a new order each epoch, when asked for") {
  Sampler changing({.samples = 100, .shuffle = true, .seed = 1});
  CHECK(changing.samples_of(0, 0) != changing.samples_of(1, 0));
  Sampler fixed({.samples = 100, .shuffle = true, .new_order_each_epoch = false, .seed = 1});
  CHECK(fixed.samples_of(0, 0) == fixed.samples_of(1, 0));
}

TEST_CASE("streaming: a rank's samples come from few shards at a time") {
  Sampler sampler({.samples = 1000,
                   .ranks = 1,
                   .shuffle = true,
                   .seed = 3,
                   .sharding = Sharding::shards,
                   .samples_per_shard = 100,
                   .shuffled_shards = 2});
  const Samples order = sampler.samples_of(0, 0);
  for (std::size_t block = 0; block < 5; ++block) {
    std::vector<bool> shards(10);
    for (std::size_t i = 0; i < 200; ++i) shards[order[block * 200 + i] / 100] = true;
    CHECK(std::count(shards.begin(), shards.end(), true) == 2);
  }
}

TEST_CASE("files are dealt out in turn") {
  Sampler sampler({.samples = 5, .ranks = 2});
  CHECK(sampler.files_of(0, 0) == Samples{0, 2, 4});
  CHECK(sampler.files_of(0, 1) == Samples{1, 3});
  Sampler few({.samples = 1, .ranks = 3});
  CHECK(few.files_of(0, 2) == Samples{0});
}

TEST_CASE("property: hosts with different files read each sample of theirs once, and no other") {
  CHECK(rc::check("parts", [] {
    SamplerSettings settings;
    settings.parts = *rc::gen::inRange<std::uint32_t>(1, 5);
    settings.samples_per_file = *rc::gen::inRange<std::uint32_t>(1, 5);
    const auto ranks_each = *rc::gen::inRange<std::uint32_t>(1, 5);
    const auto files = settings.parts * *rc::gen::inRange<std::uint32_t>(1, 20);
    settings.samples = files * settings.samples_per_file;
    settings.ranks = settings.parts * ranks_each;
    settings.shuffle = *rc::gen::arbitrary<bool>();
    settings.sharding = static_cast<Sharding>(*rc::gen::inRange(0, 2));
    Sampler sampler(settings);
    Samples counts(settings.samples);
    for (std::uint32_t rank = 0; rank < settings.ranks; ++rank)
      for (const std::uint32_t sample : sampler.samples_of(1, rank)) {
        RC_ASSERT(sample / settings.samples_per_file % settings.parts == rank / ranks_each);
        ++counts.at(sample);
      }
    const std::uint32_t each = settings.samples / settings.parts;
    const auto read = static_cast<std::uint32_t>(std::count(counts.begin(), counts.end(), 1U));
    RC_ASSERT(*std::max_element(counts.begin(), counts.end()) <= 1U);
    RC_ASSERT(read == each / ranks_each * ranks_each * settings.parts);
  }));
}

TEST_CASE("files of a host that has every second one, dealt out to its two ranks") {
  Sampler sampler({.samples = 9, .ranks = 4, .parts = 2}); // the last file is left out
  CHECK(sampler.files_of(0, 0) == Samples{0, 4});
  CHECK(sampler.files_of(0, 1) == Samples{2, 6});
  CHECK(sampler.files_of(0, 2) == Samples{1, 5});
  CHECK(sampler.files_of(0, 3) == Samples{3, 7});
}
