// Sources by their short names: CRT is awslabs/aws-c-s3 @ 226c3e6; MP is awslabs/mountpoint-s3 @
// 58817ca; S3C is awslabs/s3-connector-for-pytorch @ 611b0ff; GCSF is GoogleCloudPlatform/gcsfuse @
// 7b39292.
#include "models/object/client_settings.hpp"

#include "models/object/crt_rules.hpp"

namespace lustrum::object {
namespace {

using S = ClientSettings;

constexpr double kMany = 1e6;

ParameterTable connection_rows() {
  return {
      {.key = "per_process",
       .field = field<&S::per_process>,
       .default_text = "false",
       .doc = "Each process has connections of its own; else all processes of a host share them."},
      {.key = "connections",
       .field = field<&S::connections>,
       .default_text = "25",
       .min = 1,
       .max = 10000,
       .doc = "Connections at most.",
       .source = "CRT: target throughput / 0.4 Gbit/s, here of the default 10 Gbit/s"},
      {.key = "in_flight",
       .field = field<&S::in_flight>,
       .default_text = "100",
       .min = 1,
       .max = kMany,
       .doc = "Requests that wait for a connection or hold one.",
       .source = "CRT: 4 per connection"},
      {.key = "nics",
       .field = field<&S::nics>,
       .default_text = "1",
       .min = 1,
       .max = 64,
       .doc = "NICs to which connections are bound in turn.",
       .source = "CRT: interface names are given by the caller, bound round-robin"},
      {.key = "connection_idle",
       .field = field<&S::connection_idle>,
       .default_text = "5 s",
       .min = 0,
       .doc = "A connection unused for longer is closed by the store.",
       .source = "CRT, a comment: about 5 s"},
      {.key = "retries",
       .field = field<&S::retries>,
       .default_text = "5",
       .min = 0,
       .max = kMany,
       .doc = "Of a request that was refused.",
       .source = "CRT"},
      {.key = "backoff_base",
       .field = field<&S::backoff_base>,
       .default_text = "500 ms",
       .min = 0,
       .doc = "The n-th pause is uniform between 0 and 2^n times this.",
       .source = "CRT: full jitter"},
      {.key = "backoff_limit",
       .field = field<&S::backoff_limit>,
       .default_text = "20 s",
       .min = 0,
       .doc = "No pause is longer.",
       .source = "CRT"},
      {.key = "retry_tokens",
       .field = field<&S::retry_tokens>,
       .default_text = "500",
       .min = 0,
       .doc = "Bucket of retry tokens of a client; when it is empty a refused request fails. 0: "
              "there is no bucket.",
       .source = "CRT (aws-c-io)"},
      {.key = "retry_cost",
       .field = field<&S::retry_cost>,
       .default_text = "5",
       .min = 0,
       .doc = "Tokens of one retry after a 503.",
       .source = "CRT (aws-c-io)"},
  };
}

ParameterTable read_rows() {
  return {
      {.key = "first_request",
       .field = field<&S::first_request>,
       .default_text = "0 B",
       .doc = "First range after open or a jump; 0: the whole object."},
      {.key = "request",
       .field = field<&S::request>,
       .default_text = "8 MiB",
       .doc = "The ranges that follow; 0: the whole object.",
       .source = "CRT: default part size"},
      {.key = "window",
       .field = field<&S::window>,
       .default_text = "0 B",
       .doc = "Fetched ahead of the reader at most; 0: the whole object."},
      {.key = "window_grows",
       .field = field<&S::window_grows>,
       .default_text = "false",
       .doc =
           "The window begins with first_request and doubles while reads are sequential; else it "
           "has its size at once."},
      {.key = "seek_forward",
       .field = field<&S::seek_forward>,
       .default_text = "0 B",
       .doc = "A jump forward by no more is read over."},
      {.key = "seek_backward",
       .field = field<&S::seek_backward>,
       .default_text = "0 B",
       .doc = "Data kept behind the reader."},
      {.key = "exact",
       .field = field<&S::exact>,
       .default_text = "false",
       .doc = "Ranges as read() asks for them, in requests of at most `request`; nothing ahead."},
      {.key = "fit_stored_parts",
       .field = field<&S::fit_stored_parts>,
       .default_text = "false",
       .doc = "Requests no larger than the parts in which the object was uploaded.",
       .source = "CRT"},
      {.key = "lookup_head",
       .field = field<&S::lookup_head>,
       .default_text = "true",
       .doc = "An unknown name costs a HEAD."},
      {.key = "lookup_list",
       .field = field<&S::lookup_list>,
       .default_text = "false",
       .doc = "And a LIST at the same time, since the name could be a directory.",
       .source = "mountpoint-s3 pull request 69"},
      {.key = "metadata_life",
       .field = field<&S::metadata_life>,
       .default_text = "0 s",
       .min = 0,
       .doc = "How long a name that was looked up or listed is known."},
      {.key = "metadata_entries",
       .field = field<&S::metadata_entries>,
       .default_text = "1000000",
       .min = 1,
       .doc = "Names that a client knows at most; then the one not used for longest is forgotten.",
       .source = "assumed"},
      {.key = "directory_objects",
       .field = field<&S::directory_objects>,
       .default_text = "false",
       .doc = "mkdir makes an empty object."},
      {.key = "pipe_objects",
       .field = field<&S::pipe_objects>,
       .default_text = "0",
       .max = kMany,
       .doc = "Pipe mode: objects fetched ahead of the reader in a fixed order; 0: not a pipe."},
  };
}

ParameterTable other_rows() {
  return {
      {.key = "upload_part",
       .field = field<&S::upload_part>,
       .default_text = "8 MiB",
       .min = static_cast<double>(5 * kMib),
       .doc = "Part of a multipart upload.",
       .source = "CRT: default; S3 API: 5 MiB to 5 GiB, 10,000 parts"},
      {.key = "upload_parts",
       .field = field<&S::upload_parts>,
       .default_text = "25",
       .min = 1,
       .max = 10000,
       .doc = "Parts of one object under way.",
       .source = "CRT: as many as there are connections, here of 10 Gbit/s"},
      {.key = "multipart_above",
       .field = field<&S::multipart_above>,
       .default_text = "8 MiB",
       .doc = "Objects up to this size go as one PUT.",
       .source = "CRT"},
      {.key = "copy_rate",
       .field = field<&S::copy_rate>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "What one process copies to or from the application; 0: takes no time."},
      {.key = "call_overhead",
       .field = field<&S::call_overhead>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Of a read() or write(): FUSE, Python."},
      {.key = "open_overhead",
       .field = field<&S::open_overhead>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Of an open for reading: a process that is started to fetch the object."},
      {.key = "stream_only",
       .field = field<&S::stream_only>,
       .default_text = "false",
       .doc = "Objects can only be read from their beginning to their end, as a pipe brings them."},
      {.key = "page_cache",
       .field = field<&S::page_cache>,
       .default_text = "0 B",
       .doc = "Host memory for file data, kept over open and close; 0: none."},
      {.key = "local_cache",
       .field = field<&S::local_cache>,
       .default_text = "0 B",
       .doc = "Cache on the host's disks; 0: none."},
      {.key = "local_cache_block",
       .field = field<&S::local_cache_block>,
       .default_text = "1 MiB",
       .min = 4096,
       .doc = "What it keeps or evicts as a whole.",
       .source = "MP: block size of its disk cache (remembered)"},
  };
}

S with_target(BytesPerSecond target, std::uint32_t nics) {
  auto s = with_defaults<S>(S::parameters());
  s.connections = crt::connections(target);
  s.in_flight = crt::requests_in_flight(s.connections);
  s.upload_parts = s.connections;
  s.nics = nics;
  return s;
}

Bytes whole_if_0(Bytes size) { return size > Bytes{} ? size : kWholeFile; }

constexpr BytesPerSecond kDefaultTarget{10 * crt::kBytesPerGigabit};

} // namespace

const ParameterTable& ClientSettings::parameters() {
  static const ParameterTable kTable =
      joined_tables({connection_rows(), read_rows(), other_rows()});
  return kTable;
}

ReadWindowSettings ClientSettings::window_settings() const {
  return {.first = exact ? whole_if_0(request) : whole_if_0(first_request),
          .piece = whole_if_0(request),
          .largest = whole_if_0(window),
          .grows = window_grows,
          .seek_forward = seek_forward,
          .seek_backward = seek_backward,
          .exact = exact};
}

ConnectionSettings ClientSettings::connection_settings() const {
  return {.connections = connections,
          .in_flight = in_flight,
          .nics = nics,
          .idle = connection_idle,
          .retry = {.retries = retries,
                    .base = backoff_base,
                    .longest = backoff_limit,
                    .tokens = retry_tokens,
                    .cost = retry_cost}};
}

ClientSettings ClientSettings::naive() {
  // What the socket buffers hold of a body that nobody reads: assumed.
  constexpr Bytes kBuffered{8 * kMib};
  auto s = with_defaults<ClientSettings>(parameters());
  s.per_process = true;
  s.connections = s.in_flight = s.upload_parts = 1;
  s.first_request = s.request = Bytes{};
  s.window = kBuffered;
  s.lookup_head = false;
  s.retry_tokens = 0;
  return s;
}

ClientSettings ClientSettings::crt(BytesPerSecond target, std::uint32_t nics, bool express) {
  ClientSettings s = with_target(target, nics);
  s.request = crt::request_range(crt::range_size(crt::memory_limit(target), s.connections), Bytes{},
                                 express);
  s.first_request = s.request;
  s.window = Bytes{};
  s.fit_stored_parts = true;
  s.lookup_head = false; // get_object finds out the size with its first range
  return s;
}

ClientSettings ClientSettings::mountpoint(BytesPerSecond target, std::uint32_t nics) {
  // MP: first read 1 MiB + 128 KiB, parts of 8 MiB, window up to 2 GiB, jumps of 16 MiB forward and
  // 1 MiB backward; names are known for next to no time unless there is a cache.
  constexpr Bytes kFirst{kMib + 128 * kKib};
  constexpr Bytes kWindow{2 * kGib};
  constexpr Bytes kForward{16 * kMib};
  constexpr Bytes kBackward{kMib};
  ClientSettings s = with_target(target, nics);
  s.first_request = kFirst;
  s.window = kWindow;
  s.window_grows = true;
  s.seek_forward = kForward;
  s.seek_backward = kBackward;
  s.lookup_list = true;
  return s;
}

ClientSettings ClientSettings::s3_connector(bool ranges) {
  // S3C: target 10 Gbit/s, parts of 8 MiB, 10 attempts; objects are known from a listing.
  constexpr std::uint32_t kAttempts = 10;
  ClientSettings s = with_target(kDefaultTarget, 1);
  s.per_process = true;
  s.first_request = s.request;
  s.retries = kAttempts - 1;
  s.lookup_head = false;
  s.exact = ranges;
  return s;
}

ClientSettings ClientSettings::sagemaker_fast_file() {
  // AWS does not say how it reads ahead: assumed to do as Mountpoint does, with fewer connections
  // and a smaller window. It lists at the start, so names are known.
  constexpr std::uint32_t kConnections = 10;
  constexpr Bytes kWindow{64 * kMib};
  ClientSettings s = mountpoint(kDefaultTarget);
  s.connections = s.upload_parts = kConnections;
  s.in_flight = crt::requests_in_flight(kConnections);
  s.window = kWindow;
  s.lookup_head = s.lookup_list = false;
  return s;
}

ClientSettings ClientSettings::sagemaker_pipe() {
  constexpr std::uint32_t kAhead = 16; // objects: assumed, "high concurrency"
  ClientSettings s = sagemaker_fast_file();
  s.first_request = s.request;
  s.window = Bytes{};
  s.window_grows = false;
  s.pipe_objects = kAhead;
  return s;
}

ClientSettings ClientSettings::webdataset() {
  // webdataset gopen.py: `pipe:` URLs run a command and read its output; what of the body is ahead
  // of the reader is in the pipe and in socket buffers, as of the naive client. Starting curl takes
  // 10 ms: assumed. Its connection ends with it.
  constexpr Seconds kStart{0.01};
  ClientSettings s = naive();
  s.connection_idle = Seconds{};
  s.retries = 0;
  s.open_overhead = kStart;
  s.stream_only = true;
  return s;
}

ClientSettings ClientSettings::sagemaker_file() {
  ClientSettings s = crt(kDefaultTarget);
  s.lookup_head = false;
  return s;
}

ClientSettings ClientSettings::gcsfuse(Bytes file_cache) {
  // GCSF: names are known for 60 s; without a cache sequential reads are requests of 200 MB on one
  // connection, of which the kernel's read-ahead (assumed 1 MiB) lets little wait; with one, 16
  // downloads of 200 MiB per file. HTTP/1 connections without a limit: 100 here. Streaming writes
  // in blocks of 32 MiB, one after the other. Retries up to 30 s apart, without a bucket.
  constexpr std::uint32_t kConnections = 100;
  constexpr Bytes kRequest{200'000'000};
  constexpr Bytes kChunk{200 * kMib};
  constexpr Bytes kReadAhead{kMib};
  constexpr Bytes kWriteBlock{32 * kMib};
  constexpr Seconds kLife{60};
  constexpr std::uint32_t kNames = 20'000; // stat cache of 34 MiB (remembered)
  constexpr Seconds kBackoffBase{1};
  constexpr Seconds kBackoff{30};
  constexpr std::uint32_t kRetries = 100;
  auto s = with_defaults<ClientSettings>(parameters());
  s.connections = kConnections;
  s.in_flight = 4 * kConnections;
  s.lookup_list = true;
  s.metadata_life = kLife;
  s.metadata_entries = kNames;
  s.directory_objects = true;
  s.upload_part = kWriteBlock;
  s.upload_parts = 1;
  s.multipart_above = kWriteBlock;
  s.retries = kRetries;
  s.backoff_base = kBackoffBase;
  s.backoff_limit = kBackoff;
  s.retry_tokens = 0;
  s.local_cache = file_cache;
  s.first_request = s.request = file_cache > Bytes{} ? kChunk : kRequest;
  s.window = file_cache > Bytes{} ? kChunk * 16 : kReadAhead;
  return s;
}

} // namespace lustrum::object
