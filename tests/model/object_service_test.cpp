// Rates, refusals, sessions, listings, uploads, names and caches of an object store.
#include "tests/model/object_fixture.hpp"

using namespace lustrum;
using namespace lustrum::object;
using namespace lustrum::test;
using doctest::Approx;

namespace {

const Caller kCaller{ClientIndex{0}, JobIndex{0}, 0};

// Requests one after the other, `count` of them; or until `until_s`.
kernel::Task stat_files(ObjectRun& run, Caller caller, FileIndex first, std::uint32_t count,
                        Outcome& sum) {
  for (std::uint32_t i = 0; i < count; ++i) {
    Outcome outcome;
    co_await run.storage.stat(caller, FileIndex{first.value() + i}, outcome);
    sum += outcome;
  }
}

ClientSettings patient() {
  // Never gives up, and pauses so briefly that the store is always pressed.
  ClientSettings c = ClientSettings::crt(BytesPerSecond{10e9 / 8});
  c.connections = c.in_flight = 100;
  c.retries = 1'000'000;
  c.retry_tokens = 0;
  c.backoff_base = Seconds{0.020};
  c.backoff_limit = Seconds{0.020};
  return c;
}

} // namespace

TEST_CASE("object: requests per second are partitions times the rate of one") {
  // 100 connections of 10 ms each could do 10,000 HEAD/s; a prefix takes 550/s (and one second's
  // worth saved up): n prefixes together n x 550/s, as long as that is less.
  for (const std::uint32_t prefixes : {1U, 3U}) {
    ServiceSettings service = round_service();
    service.reads = PerSecond{550};
    service.max_partitions = 1;
    ObjectRun run(service, with_client(patient()));
    constexpr std::uint32_t kEach = 85; // of each file
    std::vector<Outcome> sums(64 * prefixes);
    std::size_t n = 0;
    for (std::uint32_t p = 0; p < prefixes; ++p) {
      const auto directory = run.storage.place_directory(kRootDirectory);
      const auto files = run.place(64, 1_KiB, directory);
      for (std::uint32_t t = 0; t < 64; ++t, ++n)
        run.world.spawn(
            [](ObjectRun& r, FileIndex file, Outcome& sum) -> kernel::Task {
              for (std::uint32_t i = 0; i < kEach; ++i) co_await r.storage.stat(kCaller, file, sum);
            }(run, files[t], sums[n]),
            {"stat", t});
    }
    const double seconds = run.finish();
    const double requests = prefixes * 64.0 * kEach;
    const double least_s = (requests - prefixes * 550) / (prefixes * 550);
    CHECK(seconds >= least_s * (1 - 1e-9));
    CHECK(seconds == Approx(least_s).epsilon(0.03));
    // Nothing is lost or done twice: each request was answered once, each refusal retried once.
    const ServiceUsage usage = run.service.usage();
    CHECK(usage.count(RequestClass::head) == static_cast<std::uint64_t>(requests));
    CHECK(usage.throttled > 0);
    CHECK(usage.throttled == run.storage.pool_counts().retries);
    CHECK(run.storage.pool_counts().begun == static_cast<std::uint64_t>(requests));
    for (const Outcome& sum : sums) CHECK(sum.ok());
  }
}

TEST_CASE("object: partitions double while 503s go on") {
  // 100/s at first, twice as many for every 10 s of pressure; objects are spread by a hash. The
  // time for 20,000 requests: 100/s for 10 s, 200/s for 10 s, ... = 1000 (2^k - 1) after k steps: k
  // = 4 brings 15,000 by 40 s, the rest at 1600/s; plus what each partition had saved up (one
  // second).
  ServiceSettings service = round_service();
  service.reads = PerSecond{100};
  service.split_after = Seconds{10};
  service.max_partitions = 64;
  ObjectRun run(service, with_client(patient()));
  const auto files = run.place(20'000, 1_KiB);
  std::vector<Outcome> sums(100);
  for (std::uint32_t t = 0; t < 100; ++t)
    run.world.spawn(stat_files(run, kCaller, files[200 * t], 200, sums[t]), {"stat", t});
  const double seconds = run.finish();
  CHECK(seconds > 37);
  CHECK(seconds < 50);
  CHECK(run.service.rates().partitions() >= 16);
  CHECK(run.service.rates().partitions() <= 32);
}

TEST_CASE("object: a client that runs out of retries fails, and says so") {
  ServiceSettings service = round_service();
  service.reads = PerSecond{1};
  service.max_partitions = 1;
  ClientSettings client = ClientSettings::crt(BytesPerSecond{10e9 / 8});
  client.retries = 1;
  client.backoff_base = Seconds{1e-3};
  ObjectRun run(service, with_client(client));
  const auto files = run.place(3, 1_KiB);
  Outcome& outcome = run.start_reading(kCaller, files);
  run.finish();
  CHECK(outcome.error == StorageError::io);
  CHECK(run.storage.pool_counts().given_up == 2);
  CHECK(run.storage.totals().read_failed == 2_KiB);
  CHECK(run.storage.totals().errors == 2);
  CHECK(outcome.time[Cause::throttle] > 0);
}

TEST_CASE("object: Express counts by bucket, and a session serves many requests") {
  ServiceSettings service = round_service();
  service.sessions = true;
  service.session_life = Seconds{1};
  ObjectRun run(service, with_client(ClientSettings::naive()));
  run.start_reading(kCaller, run.place(200, Bytes{150'000})); // 16.5 ms each: 3.3 s
  const double seconds = run.finish();
  CHECK(run.service.usage().count(RequestClass::session) == 4);
  CHECK(seconds == Approx(200 * 0.0165 + 4 * 0.005));
}

TEST_CASE("object: connections cost a handshake, and again when they were idle") {
  ServiceSettings service = round_service();
  service.connect = Seconds{0.1};
  ObjectRun run(service, with_client(ClientSettings::naive()));
  const auto files = run.place(2, Bytes{150'000});
  const auto with_a_pause = [](ObjectRun& r, std::vector<FileIndex> f,
                               Outcome& sum) -> kernel::Task {
    co_await r.read_files(kCaller, f, kWholeFile, sum);
    co_await r.world.delay(r.clock, Seconds{6}); // the store closes after 5
    co_await r.read_files(kCaller, f, kWholeFile, sum);
  };
  Outcome sum;
  run.world.spawn(with_a_pause(run, files, sum), {"reader", 0});
  CHECK(run.finish() == Approx(4 * 0.0165 + 2 * 0.1 + 6));
  CHECK(run.storage.pool_counts().connects == 2);
}

TEST_CASE("object: another zone adds its distance to each request") {
  ServiceSettings service = round_service();
  service.zone_distance = Seconds{0.001};
  ObjectRun run(service, with_client(ClientSettings::naive()));
  run.start_reading(kCaller, run.place(10, Bytes{150'000}));
  CHECK(run.finish() == Approx(10 * 0.0175 + 0.001)); // and to the connection
}

TEST_CASE("object: a listing comes in pages of a thousand keys, one after the other") {
  ServiceSettings service = round_service();
  service.list_entry = Bytes{};
  ObjectRun run(service, with_client(ClientSettings::naive()));
  run.place(2500, 1_KiB);
  std::vector<FileIndex> found;
  Outcome outcome;
  run.world.spawn(run.storage.list(kCaller, kRootDirectory, found, outcome), {"list", 0});
  CHECK(run.finish() == Approx(3 * 0.030));
  CHECK(found.size() == 2500);
  CHECK(run.service.usage().count(RequestClass::list) == 3);
}

TEST_CASE("object: multipart uploads") {
  // 100 MB in parts of 8 MiB = 11 full ones and the rest, at most 4 at once, after the call that
  // begins it (20 ms) and before the one that completes it (20 ms). A part takes 8.388608 MB at 100
  // MB/s and 20 ms. Writing takes no time, so parts run in three rounds of four.
  ClientSettings client = ClientSettings::crt(BytesPerSecond{10e9 / 8});
  client.upload_parts = 4;
  ObjectRun run(round_service(), with_client(client));
  const FileIndex file = run.storage.reserve_file(kRootDirectory);
  const Outcome& outcome = run.start_writing(kCaller, file, Bytes{100'000'000}, 1_MiB);
  const double seconds = run.finish();
  CHECK(outcome.ok());
  CHECK(seconds == Approx(0.020 + 3 * (0.08388608 + 0.020) + 0.020).epsilon(1e-6));
  CHECK(run.service.usage().count(RequestClass::put) == 12 + 2);
  CHECK(run.service.usage().uploaded == Bytes{100'000'000});
  CHECK(run.service.usage().stored == Bytes{100'000'000});
  CHECK(run.storage.totals().write_stored == Bytes{100'000'000});
  CHECK(run.storage.file_size(file) == Bytes{100'000'000});
}

TEST_CASE("object: small objects are one PUT, at close") {
  ObjectRun run(round_service(), with_client(ClientSettings::crt(BytesPerSecond{10e9 / 8})));
  const FileIndex file = run.storage.reserve_file(kRootDirectory);
  const Outcome& outcome = run.start_writing(kCaller, file, 5_MiB, 1_MiB);
  CHECK(run.finish() == Approx(5.24288e6 / 100e6 + 0.020));
  CHECK(outcome.ok());
  CHECK(run.service.usage().count(RequestClass::put) == 1);
}

TEST_CASE("object: objects cannot be changed, only replaced") {
  ObjectRun run(round_service(), with_client(ClientSettings::crt(BytesPerSecond{10e9 / 8})));
  const FileIndex file = run.storage.place_file(kRootDirectory, 1_MiB);
  const auto writes = [](ObjectRun& r, FileIndex f) -> kernel::Task {
    Outcome in_the_middle;
    std::unique_ptr<OpenFile> open;
    co_await r.storage.open(kCaller, f, {.write = true}, open, in_the_middle);
    co_await r.storage.write(*open, 4_KiB, 4_KiB, in_the_middle);
    CHECK(in_the_middle.error == StorageError::io);
    Outcome closing;
    co_await r.storage.close(std::move(open), closing);
    CHECK(r.storage.file_size(f) == 1_MiB);
    Outcome replacing;
    co_await r.storage.open(kCaller, f, {.write = true, .truncate = true}, open, replacing);
    co_await r.storage.write(*open, 0_B, 4_KiB, replacing);
    co_await r.storage.sync(*open, replacing);
    CHECK(r.storage.file_size(f) == 4_KiB);
    Outcome too_late;
    co_await r.storage.write(*open, 4_KiB, 4_KiB, too_late);
    CHECK(too_late.error == StorageError::io);
    co_await r.storage.close(std::move(open), replacing);
    CHECK(replacing.ok());
    Outcome appending;
    co_await r.storage.open(kCaller, f, {.write = true, .append = true}, open, appending);
    CHECK(appending.error == StorageError::io);
    Outcome removing;
    co_await r.storage.remove(kCaller, f, removing);
    CHECK(removing.ok());
    co_await r.storage.open(kCaller, f, {}, open, removing);
    // The Common Runtime asks for no name: it is the GET that would say so.
    CHECK(removing.error == StorageError::no_entry);
  };
  run.world.spawn(writes(run, file), {"writes", 0});
  run.finish();
  CHECK(run.service.usage().stored == 0_B);
  CHECK(run.service.usage().stored_peak == 1_MiB);
  CHECK(run.service.usage().count(RequestClass::del) == 1);
}

TEST_CASE("object: a local cache serves what fits, and nothing of a scan that does not") {
  // Eight files of 1 MiB, four epochs in the same order. A cache of 8 MiB serves epochs 2 to 4; one
  // of 7 MiB evicts each file just before its turn.
  for (const std::uint64_t mib : {8U, 7U}) {
    ClientSettings client = ClientSettings::mountpoint(BytesPerSecond{10e9 / 8});
    client.local_cache = Bytes{mib * kMib};
    client.metadata_life = Seconds{60};
    ObjectRun run(round_service(), with_client(client));
    const auto files = run.place(8, 1_MiB);
    std::vector<FileIndex> epochs;
    for (int epoch = 0; epoch < 4; ++epoch) epochs.insert(epochs.end(), files.begin(), files.end());
    run.start_reading(kCaller, epochs);
    run.finish();
    const IoTotals t = run.storage.totals();
    CHECK(t.read_delivered == 32_MiB);
    CHECK(t.read_cached == (mib == 8 ? 24_MiB : 0_B));
    CHECK(run.service.usage().count(RequestClass::get) == (mib == 8 ? 8 : 32));
    CHECK(run.service.usage().count(RequestClass::head) == 8); // known for 60 s
    CHECK(run.storage.local_cache_stats().hit_share() == Approx(mib == 8 ? 0.75 : 0));
  }
}

TEST_CASE("object: a pipe brings objects in their order, before they are asked for") {
  // 100 objects of 1 MB: 15 + 10 ms each. One after the other 2.5 s; with 16 ahead and ten
  // connections the reader waits for the first only, then ten come every 25 ms.
  ClientSettings client = ClientSettings::sagemaker_pipe();
  ObjectRun run(round_service(), with_client(client));
  const auto files = run.place(100, Bytes{1'000'000});
  run.storage.set_order(kCaller, files);
  const Outcome& outcome = run.start_reading(kCaller, files);
  CHECK(run.finish() == Approx(10 * 0.025).epsilon(0.01));
  CHECK(outcome.ok());
  CHECK(run.service.usage().count(RequestClass::get) == 100);
}

TEST_CASE("object: a pipe has no random access") {
  ObjectRun run(round_service(), with_client(ClientSettings::sagemaker_pipe()));
  const auto files = run.place(2, 1_MiB);
  run.storage.set_order(kCaller, files);
  const Outcome& outcome = run.start_reading(kCaller, {files[1]});
  run.finish();
  CHECK(outcome.error == StorageError::io);
}

TEST_CASE("object: prefixes per directory spread the load") {
  // DCP's prefix strategies: 100 writes/s on one prefix; ten of them take ten times as many.
  for (const std::uint32_t prefixes : {1U, 10U}) {
    ServiceSettings service = round_service();
    service.writes = PerSecond{100};
    service.rate_burst = Seconds{0.01};
    service.max_partitions = 1;
    ObjectStorageSettings settings = with_client(patient());
    settings.prefixes_per_directory = prefixes;
    ObjectRun run(service, settings);
    for (std::uint32_t f = 0; f < 1000; ++f)
      run.start_writing({ClientIndex{0}, JobIndex{0}, f}, run.storage.reserve_file(kRootDirectory),
                        1_KiB, 1_KiB);
    const double seconds = run.finish();
    CHECK(seconds == Approx(10.0 / prefixes).epsilon(0.3)); // ten prefixes are not hit evenly
  }
}
