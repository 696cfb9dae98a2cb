// Reading from an object store, against closed forms.
#include "tests/model/object_fixture.hpp"

using namespace lustrum;
using namespace lustrum::object;
using namespace lustrum::test;
using doctest::Approx;

namespace {

const Caller kCaller{ClientIndex{0}, JobIndex{0}, 0};

} // namespace

TEST_CASE("object: a request is overhead and size over rate") {
  // 150 KB at 15 ms to the first byte: with an endless rate 10 MB/s of a connection (003-3), with
  // 100 MB/s 150e3 / (0.015 + 0.0015) = 9.09 MB/s.
  for (const auto& [rate, expected_mb_s] :
       {std::pair{kBoundless, 10.0}, std::pair{100e6, 150e3 / 0.0165 / 1e6}}) {
    ServiceSettings service = round_service();
    service.connection_rate = BytesPerSecond{rate};
    ObjectRun run(service, with_client(ClientSettings::naive()));
    constexpr std::uint32_t kFiles = 100;
    run.start_reading(kCaller, run.place(kFiles, Bytes{150'000}));
    const double seconds = run.finish();
    CHECK(kFiles * 0.15 / seconds == Approx(expected_mb_s).epsilon(1e-6));
    CHECK(run.service.usage().count(RequestClass::get) == kFiles);
    CHECK(run.service.usage().retrieved == Bytes{150'000} * kFiles);
    CHECK(run.storage.pool_counts().connects == 1);
  }
}

TEST_CASE("object: the sources' rates of a connection, from one model") {
  // G.1: 8 MiB at 26 ms and 100 MB/s: 8.388608 MB / (0.026 + 0.08389) s = 76.3 MB/s.
  ServiceSettings service = round_service();
  service.get = {Seconds{0.026}, Seconds{0.026}};
  ObjectRun run(service, with_client(ClientSettings::naive()));
  run.start_reading(kCaller, run.place(1, 8_MiB));
  CHECK(8.388608 / run.finish() == Approx(76.3).epsilon(0.001));
}

TEST_CASE("object: parallel connections add up until the NIC is full") {
  // n processes read 100 MB objects over connections of 100 MB/s: n x 100 MB/s up to a NIC of
  // 1 GB/s; first bytes add 15 ms to each of 4 rounds of 1 s or more.
  for (const std::uint32_t n : {1U, 4U, 10U, 20U}) {
    ObjectRun run(round_service(), with_client(ClientSettings::naive()),
                  {.nic = BytesPerSecond{1e9}});
    for (std::uint32_t p = 0; p < n; ++p)
      run.start_reading({ClientIndex{0}, JobIndex{0}, p}, run.place(4, Bytes{100'000'000}));
    const double rate = n * 4 * 100e6 / run.finish();
    const double alone = n * 100e6 / 1.015;
    CHECK(rate <= 1e9 * (1 + 1e-9));
    CHECK(rate == Approx(std::min(alone, 1e9)).epsilon(0.012));
    // No run beats the roofline.
    const auto bound = run.storage.read_bound(Bytes{400'000'000ULL * n});
    CHECK(rate <= bound.capacity.count() * (1 + 1e-9));
    CHECK(bound.capacity.count() == Approx(std::min(n * 100e6, 1e9)));
    CHECK(bound.name == (n < 10 ? "connection" : bound.name));
  }
}

TEST_CASE("object: the Common Runtime splits one object over its connections") {
  // 1 GiB in 8 MiB ranges, 25 connections: 128 requests in ceil(128/25) = 6 rounds of
  // 15 ms + 8 MiB/100 MB/s = 98.9 ms; all but the last overlap fully.
  ObjectStorageSettings settings = with_client(ClientSettings::crt(BytesPerSecond{10e9 / 8}));
  settings.stored_part = 8_MiB;
  ObjectRun run(round_service(), settings);
  run.start_reading(kCaller, run.place(1, 1_GiB));
  CHECK(run.finish() == Approx(6 * (0.015 + 8.388608e6 / 100e6)).epsilon(1e-6));
  CHECK(run.service.usage().count(RequestClass::get) == 128);
  CHECK(run.storage.pool_counts().connects == 25);
}

TEST_CASE("object: several NICs, connections bound in turn, and what the CPU can move") {
  // 000-25: 1, 2, 4 NICs give 1, 2 and 2.5 of a NIC's rate with a host that moves 2.5.
  double one = 0;
  for (const std::uint32_t nics : {1U, 2U, 4U}) {
    ObjectStorageSettings settings =
        with_client(ClientSettings::crt(BytesPerSecond{4 * 1e9}, nics));
    settings.stored_part = 8_MiB;
    ObjectRun run(round_service(), settings,
                  {.nics = 4, .nic = BytesPerSecond{1e9}, .ceiling = BytesPerSecond{2.5e9}});
    run.start_reading(kCaller, run.place(1, 16_GiB));
    const double rate = Bytes{16_GiB}.as_double() / run.finish();
    if (nics == 1) one = rate;
    CHECK(rate / one == Approx(nics == 4 ? 2.5 : nics).epsilon(0.03));
  }
}

TEST_CASE("object: Mountpoint reads ahead while reads are sequential, and not otherwise") {
  ServiceSettings service = round_service();
  ObjectRun run(service, with_client(ClientSettings::mountpoint(BytesPerSecond{10e9 / 8})));
  const auto files = run.place(1, 64_MiB);
  run.start_reading(kCaller, files, 128_KiB);
  run.finish();
  // 1.125 MiB, then 62.875 MiB in parts of 8 MiB: 1 + 8; one lookup of HEAD and LIST.
  CHECK(run.service.usage().count(RequestClass::get) == 9);
  CHECK(run.service.usage().count(RequestClass::head) == 1);
  CHECK(run.service.usage().count(RequestClass::list) == 1);
  CHECK(run.service.usage().retrieved == 64_MiB);
}

namespace {

// Reads one block at each offset.
kernel::Task read_at(ObjectRun& run, FileIndex file, std::vector<std::uint64_t> offsets,
                     Bytes length) {
  Outcome outcome;
  std::unique_ptr<OpenFile> open;
  co_await run.storage.open(kCaller, file, {}, open, outcome);
  for (const std::uint64_t offset : offsets)
    co_await run.storage.read(*open, Bytes{offset}, length, outcome);
  co_await run.storage.close(std::move(open), outcome);
  CHECK(outcome.ok());
}

} // namespace

TEST_CASE("object: random reads through Mountpoint fetch more than they use") {
  ObjectRun run(round_service(), with_client(ClientSettings::mountpoint(BytesPerSecond{10e9 / 8})));
  const auto files = run.place(1, 1_GiB);
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t i = 0; i < 10; ++i) offsets.push_back((9 - i) * 64 * kMib);
  run.world.spawn(read_at(run, files[0], offsets, 256_KiB), {"random", 0});
  run.finish();
  // Each jump back starts with 1.125 MiB of which 256 KiB are used.
  CHECK(run.service.usage().count(RequestClass::get) == 10);
  CHECK(run.service.usage().retrieved == Bytes{kMib + 128 * kKib} * 10);
  CHECK(run.storage.totals().read_delivered == 256_KiB * 10);
}

TEST_CASE("object: partial loads ask for the ranges that they need") {
  ObjectRun run(round_service(), with_client(ClientSettings::s3_connector(true)));
  const auto files = run.place(1, 1_GiB);
  run.world.spawn(read_at(run, files[0], {0, 512 * kMib, 100 * kMib}, 20_MiB), {"partial", 0});
  const double seconds = run.finish();
  // 20 MiB are three ranges at once, 8 + 8 + 4 MiB: 15 ms + 8 MiB/100 MB/s.
  CHECK(run.service.usage().count(RequestClass::get) == 9);
  CHECK(run.service.usage().retrieved == 60_MiB);
  CHECK(seconds == Approx(3 * (0.015 + 8.388608e6 / 100e6)));
}

TEST_CASE("object: a body that nobody takes waits, and lends its connection") {
  // One process, one connection, two files of 64 MiB read in turns of 1 MiB: without lending, the
  // second GET would wait for the first for ever. No more than 8 MiB wait ahead of the reader.
  ObjectRun run(round_service(), with_client(ClientSettings::naive()));
  const auto files = run.place(2, 64_MiB);
  const auto interleaved = [](ObjectRun& r, std::vector<FileIndex> f) -> kernel::Task {
    Outcome outcome;
    std::unique_ptr<OpenFile> a;
    std::unique_ptr<OpenFile> b;
    co_await r.storage.open(kCaller, f[0], {}, a, outcome);
    co_await r.storage.open(kCaller, f[1], {}, b, outcome);
    for (Bytes at{}; at < 64_MiB; at += 1_MiB) {
      co_await r.storage.read(*a, at, 1_MiB, outcome);
      co_await r.storage.read(*b, at, 1_MiB, outcome);
    }
    CHECK(outcome.ok());
    co_await r.storage.close(std::move(a), outcome);
    co_await r.storage.close(std::move(b), outcome);
  };
  run.world.spawn(interleaved(run, files), {"two files", 0});
  const double seconds = run.finish();
  CHECK(run.service.usage().count(RequestClass::get) == 2);
  // The connection is never idle but for the two first bytes.
  CHECK(seconds == Approx(128 * 1.048576e6 / 100e6 + 0.030).epsilon(0.01));
}

TEST_CASE("object: a file closed early leaves its requests behind") {
  ObjectRun run(round_service(), with_client(ClientSettings::crt(BytesPerSecond{10e9 / 8})));
  const auto files = run.place(3, 256_MiB);
  for (const FileIndex file : files)
    run.world.spawn(read_at(run, file, {0}, 1_KiB), {"head of a file", file.value()});
  run.finish();
  CHECK(run.storage.totals().read_delivered == 3_KiB);
  CHECK(run.storage.totals().read_fetched == run.service.usage().retrieved);
}
