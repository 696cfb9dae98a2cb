// How many calls and bytes each format makes of opening a file and reading a sample: by hand.
#include "models/training/format.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace lustrum;
using namespace lustrum::training;

namespace {

constexpr Bytes kCall{4 * kMib};

struct Count {
  std::uint64_t calls;
  std::uint64_t bytes;
  bool operator==(const Count&) const = default;
};

Count count(const ReadCalls& calls) { return {calls.calls(), calls.bytes().count()}; }

} // namespace

TEST_CASE("a file for each sample is read once, in calls of the reader's size") {
  const FormatSettings plain;
  CHECK(count(calls_on_open(plain, Bytes{9 * kMib}, kCall)) == Count{0, 0});
  CHECK(count(calls_for_sample(plain, Bytes{9 * kMib}, kCall, 1, 0)) == Count{3, 9 * kMib});
  // One of many records: where it lies.
  const ReadCalls calls = calls_for_sample(plain, Bytes{1000}, kCall, 10, 7);
  CHECK(calls.begin()->offset == Bytes{700});
  CHECK(count(calls) == Count{1, 100});
}

TEST_CASE("npz: one call at the beginning, the zip directory at the end, then 4 MiB calls") {
  // A file of 121,006,578 B, as in the recorded run: 29 calls for the array, the first of which
  // fetches again what the first of all fetched; 22 + 42 + 124 B at the end.
  const FormatSettings npz{.kind = Format::npz};
  const Bytes size{121'006'578};
  const ReadCalls open = calls_on_open(npz, size, kCall);
  CHECK(count(open) == Count{4, 4 * kMib + 22 + 42 + 124});
  CHECK((open.begin() + 1)->offset == Bytes{121'006'556});
  CHECK((open.begin() + 2)->offset == Bytes{121'006'536});
  CHECK((open.begin() + 3)->offset == Bytes{121'006'454});
  CHECK(count(calls_for_sample(npz, size, kCall, 1, 0)) == Count{29, size.count()});
}

TEST_CASE("the direct reader makes one call, past the page cache, after asking for the size") {
  const FormatSettings direct{.kind = Format::direct};
  CHECK(open_mode(direct).direct);
  CHECK(asks_size(direct));
  CHECK(count(calls_for_sample(direct, Bytes{147'000'000}, kCall, 1, 0)) == Count{1, 147'000'000});
}

TEST_CASE("HDF5: small reads first, then the sample in one") {
  const FormatSettings hdf5{
      .kind = Format::hdf5, .open_reads = 6, .sample_reads = 2, .small_read = Bytes{512}};
  const Bytes size{75 * kMib};
  CHECK(count(calls_on_open(hdf5, size, kCall)) == Count{6, 6 * 512});
  CHECK(count(calls_for_sample(hdf5, size, kCall, 15, 3)) == Count{3, 2 * 512 + 5 * kMib});
}

TEST_CASE("Parquet: the footer first, then all of the row group") {
  const FormatSettings parquet{
      .kind = Format::parquet, .footer = Bytes{64 * kKib}, .row_group_samples = 10};
  const Bytes size{25 * kMib};
  const ReadCalls open = calls_on_open(parquet, size, kCall);
  CHECK(count(open) == Count{1, 64 * kKib});
  CHECK(open.begin()->offset == size - Bytes{64 * kKib});
  // 25 samples in groups of 10, 10 and 5; sample 17 lies in the second one.
  const ReadCalls second = calls_for_sample(parquet, size, kCall, 25, 17);
  CHECK(second.begin()->offset == Bytes{10 * kMib});
  CHECK(count(second) == Count{3, 10 * kMib});
  CHECK(calls_for_sample(parquet, size, kCall, 25, 24).bytes() == Bytes{5 * kMib});
}

TEST_CASE("LMDB: one page for each level of the tree, then the value, in a map") {
  const FormatSettings lmdb{.kind = Format::lmdb, .tree_levels = 3};
  CHECK(open_mode(lmdb).map);
  const Bytes size{1'000'000 * 64 * kKib};
  const ReadCalls calls = calls_for_sample(lmdb, size, kCall, 1'000'000, 500'000);
  CHECK(count(calls) == Count{4, 3 * 4096 + 64 * kKib});
}

TEST_CASE("what a format adds to a sample") {
  CHECK(stored_size({}, Bytes{1000}) == Bytes{1000});
  CHECK(stored_size({.kind = Format::tfrecord}, Bytes{1000}) == Bytes{1016});
  CHECK(stored_size({.kind = Format::tar}, Bytes{1000}) == Bytes{512 + 1024});
  CHECK(stored_size({.kind = Format::lmdb}, Bytes{5000}) == Bytes{8192});
}

TEST_CASE("property: no format reads past the end of its file") {
  CHECK(rc::check("bounds", [] {
    FormatSettings format;
    format.kind = static_cast<Format>(*rc::gen::inRange(0, 8));
    format.open_reads = format.sample_reads = 3;
    format.footer = Bytes{64 * kKib};
    format.row_group_samples = *rc::gen::inRange<std::uint32_t>(0, 20);
    const auto samples = *rc::gen::inRange<std::uint32_t>(1, 50);
    const Bytes size{*rc::gen::inRange<std::uint64_t>(1, 1'000'000)};
    const auto sample = *rc::gen::inRange<std::uint32_t>(0, samples);
    for (const ReadCalls& calls : {calls_on_open(format, size, kCall),
                                   calls_for_sample(format, size, kCall, samples, sample)})
      for (const Stretch& stretch : calls) {
        RC_ASSERT(stretch.length > Bytes{});
        RC_ASSERT(stretch.offset + stretch.length <= size);
      }
  }));
}
