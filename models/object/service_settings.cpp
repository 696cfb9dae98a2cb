// Sources by their short names: S3-OPT is the S3 user guide, "Optimizing performance" (June 2023);
// the percentiles are independent measurements of small random reads (December 2025) and of 500 KiB
// objects (eu-north-1, March 2025).
#include "models/object/service_settings.hpp"

namespace lustrum::object {

std::string_view to_string(RequestClass request) {
  switch (request) {
  case RequestClass::get:
    return "GET";
  case RequestClass::put:
    return "PUT";
  case RequestClass::list:
    return "LIST";
  case RequestClass::head:
    return "HEAD";
  case RequestClass::del:
    return "DELETE";
  case RequestClass::session:
    return "CreateSession";
  }
  return "?";
}

namespace {

using S = ServiceSettings;

ParameterTable latency_rows() {
  return {
      {.key = "connect",
       .field = field<&S::connect>,
       .default_text = "5 ms",
       .min = 0,
       .doc = "A new connection: name, TCP and TLS handshakes.",
       .source = "assumed: four round trips within a Region and the server's share of TLS"},
      {.key = "get_p50",
       .field = field<&S::get, &LatencySpread::p50>,
       .default_text = "26.79 ms",
       .min = 0,
       .doc = "First byte of a GET, median; log-normal between this and get_p99.",
       .source = "measured, small random reads, December 2025"},
      {.key = "get_p99",
       .field = field<&S::get, &LatencySpread::p99>,
       .default_text = "113.35 ms",
       .min = 0,
       .doc = "First byte of a GET, 99th percentile. Equal to the median: a constant.",
       .source = "measured, small random reads, December 2025"},
      {.key = "put_p50",
       .field = field<&S::put, &LatencySpread::p50>,
       .default_text = "64 ms",
       .min = 0,
       .doc = "From the last byte of a PUT to its answer, median.",
       .source = "measured 69.75 ms for 500 KiB (March 2025), less 5.8 ms of transfer at 88 MB/s"},
      {.key = "put_p99",
       .field = field<&S::put, &LatencySpread::p99>,
       .default_text = "131.4 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "measured 137.23 ms for 500 KiB (March 2025), less 5.8 ms of transfer"},
      {.key = "list_p50",
       .field = field<&S::list, &LatencySpread::p50>,
       .default_text = "50 ms",
       .min = 0,
       .doc = "One page of a listing, median.",
       .source = "assumed: twice a GET; no figure is published"},
      {.key = "list_p99",
       .field = field<&S::list, &LatencySpread::p99>,
       .default_text = "200 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "assumed"},
      {.key = "head_p50",
       .field = field<&S::head, &LatencySpread::p50>,
       .default_text = "26.79 ms",
       .min = 0,
       .doc = "A HEAD or DELETE, median.",
       .source = "assumed: as the first byte of a GET"},
      {.key = "head_p99",
       .field = field<&S::head, &LatencySpread::p99>,
       .default_text = "113.35 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "assumed: as the first byte of a GET"},
      {.key = "zone_distance",
       .field = field<&S::zone_distance>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Added to each request of a client in another availability zone than the store.",
       .source = "not published; 1 ms is a plausible guess for S3 Express across zones"},
      {.key = "throttle_answer",
       .field = field<&S::throttle_answer>,
       .default_text = "10 ms",
       .min = 0,
       .doc = "Until a 503 Slow Down arrives.",
       .source = "assumed; users saw first bytes of 503s after 8 ms (mountpoint-s3 issue 574)"},
  };
}

ParameterTable rate_rows() {
  constexpr double kMany = 1e6;
  return {
      {.key = "connection_rate",
       .field = field<&S::connection_rate>,
       .default_text = "88 MB/s",
       .min = 1,
       .doc = "What one connection moves, each way.",
       .source = "S3-OPT: one request per 85 to 90 MB/s of wanted throughput"},
      {.key = "total_rate",
       .field = field<&S::total_rate>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "What the whole store moves for this job, each way; 0: no limit.",
       .source = "none is published"},
      {.key = "rate_scope",
       .field = field<&S::rate_scope>,
       .default_text = "prefix",
       .choices = {"prefix", "bucket"},
       .doc = "What request rates hold for: a prefix (here: a directory), or a bucket.",
       .source = "S3-OPT"},
      {.key = "buckets",
       .field = field<&S::buckets>,
       .default_text = "1",
       .min = 1,
       .max = kMany,
       .doc = "Buckets over which the objects are spread."},
      {.key = "reads_per_second",
       .field = field<&S::reads>,
       .default_text = "5500 /s",
       .min = 0,
       .doc = "GET, HEAD and LIST per second and partition; 0: no limit.",
       .source = "S3-OPT: at least 5,500 per partitioned prefix"},
      {.key = "writes_per_second",
       .field = field<&S::writes>,
       .default_text = "3500 /s",
       .min = 0,
       .doc = "PUT and DELETE per second and partition; 0: no limit.",
       .source = "S3-OPT: at least 3,500 per partitioned prefix"},
      {.key = "rate_burst",
       .field = field<&S::rate_burst>,
       .default_text = "1 s",
       .min = 0.001,
       .doc = "How long a request rate may be saved up.",
       .source = "assumed: rates are counted by the second"},
      {.key = "partitions",
       .field = field<&S::partitions>,
       .default_text = "1",
       .min = 1,
       .max = kMany,
       .doc = "Partitions of each prefix at the start: more where the bucket was busy before."},
      {.key = "max_partitions",
       .field = field<&S::max_partitions>,
       .default_text = "1024",
       .min = 1,
       .max = kMany,
       .doc = "Partitions of a prefix at most.",
       .source = "S3-OPT: no limit; ours keeps a run finite"},
      {.key = "split_after",
       .field = field<&S::split_after>,
       .default_text = "300 s",
       .min = 0,
       .doc = "When 503s have come for so long, the partitions double.",
       .source = "assumed: S3-OPT says only gradual, not instantaneous"},
  };
}

ParameterTable session_and_list_rows() {
  constexpr double kMaxPage = 10000;
  return {
      {.key = "sessions",
       .field = field<&S::sessions>,
       .default_text = "false",
       .doc = "Requests need a session token (S3 Express)."},
      {.key = "session_life",
       .field = field<&S::session_life>,
       .default_text = "300 s",
       .min = 1,
       .doc = "How long a token serves.",
       .source = "S3 API reference, CreateSession: 5 minutes"},
      {.key = "session_p50",
       .field = field<&S::session, &LatencySpread::p50>,
       .default_text = "10 ms",
       .min = 0,
       .doc = "CreateSession, median.",
       .source = "assumed"},
      {.key = "session_p99",
       .field = field<&S::session, &LatencySpread::p99>,
       .default_text = "40 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "assumed"},
      {.key = "list_page",
       .field = field<&S::list_page>,
       .default_text = "1000",
       .min = 1,
       .max = kMaxPage,
       .doc = "Keys in a page of a listing.",
       .source = "S3 API reference, ListObjectsV2"},
      {.key = "list_entry",
       .field = field<&S::list_entry>,
       .default_text = "400 B",
       .min = 0,
       .doc = "Bytes of a listing's answer per key.",
       .source = "assumed: an XML element with a key of about 60 characters"},
  };
}

} // namespace

const ParameterTable& ServiceSettings::parameters() {
  static const ParameterTable kTable =
      joined_tables({latency_rows(), rate_rows(), session_and_list_rows()});
  return kTable;
}

ServiceSettings ServiceSettings::s3_standard() {
  return with_defaults<ServiceSettings>(parameters());
}

ServiceSettings ServiceSettings::s3_express() {
  // Percentiles: small random reads, December 2025. Rates: user guide, S3 Express performance; up
  // to 2,000,000 reads and 200,000 writes per second on request. Lists, PUT: assumed in proportion.
  constexpr double kReads = 200'000;
  constexpr double kWrites = 100'000;
  constexpr Seconds kP50{2.48e-3};
  constexpr Seconds kP99{9.29e-3};
  ServiceSettings s = s3_standard();
  s.get = s.head = {kP50, kP99};
  s.put = s.list = {kP50 * 2, kP99 * 2};
  s.rate_scope = "bucket";
  s.reads = PerSecond{kReads};
  s.writes = PerSecond{kWrites};
  s.max_partitions = 1;
  s.sessions = true;
  return s;
}

ServiceSettings ServiceSettings::gcs() {
  // About 5,000 reads and 1,000 writes per second in a new bucket, doubling no faster than every 20
  // minutes (ramp guidance, remembered); first byte about 50 ms uncached (source document 003). The
  // spread and the rate of a connection are assumed to be those of S3.
  constexpr double kReads = 5'000;
  constexpr double kWrites = 1'000;
  constexpr Seconds kP50{0.050};
  constexpr double kSpread = 113.35 / 26.79;
  constexpr Seconds kRamp{1200};
  ServiceSettings s = s3_standard();
  s.get = s.head = {kP50, kP50 * kSpread};
  s.list = s.put = {kP50 * 2, kP50 * 2 * kSpread};
  s.rate_scope = "bucket";
  s.reads = PerSecond{kReads};
  s.writes = PerSecond{kWrites};
  s.split_after = kRamp;
  return s;
}

} // namespace lustrum::object
