// An object store as figures: Amazon S3 Standard, S3 Express One Zone, Google Cloud Storage.
#pragma once

#include "models/storage/latency_spread.hpp"
#include "sim/base/parameter.hpp"
#include "sim/base/units.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace lustrum::object {

// As price lists tell requests apart. PUT: also POST, COPY, parts of a multipart upload.
enum class RequestClass : std::uint8_t { get, put, list, head, del, session };
inline constexpr std::size_t kRequestClasses = 6;
std::string_view to_string(RequestClass request);

// Requests that a rate limit counts as reads.
constexpr bool is_read(RequestClass request) {
  return request != RequestClass::put && request != RequestClass::del;
}

struct ServiceSettings {
  // --- time of a request, beside the transfer of its body
  Seconds connect{};       // DNS, TCP and TLS of a new connection
  LatencySpread get{};     // until the first byte, authentication included
  LatencySpread put{};     // from the last byte to the answer
  LatencySpread list{};    // of one page
  LatencySpread head{};    // and of DELETE
  Seconds zone_distance{}; // added to each request by a client in another zone
  // --- rates
  BytesPerSecond connection_rate{}; // of one connection, each way
  BytesPerSecond total_rate{};      // of the bucket, each way; 0: no limit
  // What request rates hold for: `prefix` (S3 Standard) or `bucket`.
  std::string rate_scope;
  std::uint32_t buckets = 1;    // objects are spread over them
  PerSecond reads{};            // GET, HEAD, LIST per partition of a prefix, or per bucket; 0: none
  PerSecond writes{};           // PUT, DELETE; 0: no limit
  Seconds rate_burst{};         // of these rates, that may be saved up
  std::uint32_t partitions = 1; // of each prefix or bucket at the start of the run
  std::uint32_t max_partitions = 1;
  Seconds split_after{};     // 503s for so long double the partitions
  Seconds throttle_answer{}; // until a 503 is there
  // --- sessions (S3 Express)
  bool sessions = false;
  Seconds session_life{};
  LatencySpread session{};
  // --- listing
  std::uint32_t list_page = 1000; // keys
  Bytes list_entry{};             // of an answer, per key

  static const ParameterTable& parameters();
  // The defaults of the table.
  static ServiceSettings s3_standard();
  static ServiceSettings s3_express();
  static ServiceSettings gcs();
};

// What a run has used: the quantities that price lists name.
struct ServiceUsage {
  std::array<std::uint64_t, kRequestClasses> requests{}; // answered with success
  std::uint64_t throttled = 0;                           // answered with 503
  Bytes retrieved{};
  Bytes uploaded{};
  Bytes stored{};
  Bytes stored_peak{};
  double stored_byte_seconds = 0; // for storage billed by the second

  std::uint64_t count(RequestClass request) const {
    return requests[static_cast<std::size_t>(request)];
  }
  std::uint64_t all_requests() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : requests) sum += n;
    return sum;
  }
};

} // namespace lustrum::object
