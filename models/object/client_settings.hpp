// A client of an object store as a policy: how many connections, which ranges, how far ahead, what
// it remembers. One model, and each real client a set of figures.
#pragma once

#include "models/object/connection_pool.hpp"
#include "models/storage/read_window.hpp"
#include "sim/base/parameter.hpp"

namespace lustrum::object {

struct ClientSettings {
  // --- connections
  bool per_process = false; // each process has its own; else all of a host share them
  std::uint32_t connections = 1;
  std::uint32_t in_flight = 1; // requests that wait for a connection or hold one
  std::uint32_t nics = 1;
  Seconds connection_idle{};
  std::uint32_t retries = 0;
  Seconds backoff_base{};
  Seconds backoff_limit{};
  std::uint32_t retry_tokens = 0;
  std::uint32_t retry_cost = 0;
  // --- reading
  Bytes first_request{};     // after a jump. 0: the whole object
  Bytes request{};           // those that follow. 0: the whole object
  Bytes window{};            // how far ahead of the reader at most. 0: the whole object
  bool window_grows = false; // begins with first_request and doubles; else it is so large at once
  Bytes seek_forward{};      // a jump by no more is read over
  Bytes seek_backward{};
  bool exact = false;            // ranges as read() asks for them: nothing ahead
  bool fit_stored_parts = false; // CRT: requests no larger than the parts of the upload
  // --- names
  bool lookup_head = true;            // an unknown name costs a HEAD ...
  bool lookup_list = false;           // ... and, at the same time, a LIST (is it a directory?)
  Seconds metadata_life{};            // how long a name is known afterwards
  std::uint32_t metadata_entries = 1; // so many names
  bool directory_objects = false;     // a directory is an empty object
  // --- writing
  Bytes upload_part{};
  std::uint32_t upload_parts = 1; // under way for one object
  Bytes multipart_above{};        // smaller objects go as one PUT
  // --- the client's own
  BytesPerSecond copy_rate{}; // of one process, to or from the application; 0: takes no time
  Seconds call_overhead{};    // of a read() or write(): FUSE, Python
  Seconds open_overhead{};    // of an open for reading: a process that fetches
  bool stream_only = false;   // objects can only be read from their beginning to their end
  Bytes page_cache{};         // of the host's memory, kept over open and close; 0: none
  Bytes local_cache{};        // on the host's disks; 0: none
  Bytes local_cache_block{};
  // Pipe mode: objects fetched ahead of the reader, in the order of set_order(). 0: not a pipe.
  std::uint32_t pipe_objects = 0;

  static const ParameterTable& parameters();

  // --- the clients of facts.md; each starts from the table's defaults
  // One connection per process, one GET per object: boto3's get_object, s3fs.
  static ClientSettings naive();
  // The AWS Common Runtime told to reach `target`, over this many NICs of the host.
  static ClientSettings crt(BytesPerSecond target, std::uint32_t nics = 1, bool express = false);
  static ClientSettings mountpoint(BytesPerSecond target, std::uint32_t nics = 1);
  // S3 Connector for PyTorch: a CRT client per process. `ranges`: the reader for partial loads.
  static ClientSettings s3_connector(bool ranges = false);
  static ClientSettings sagemaker_fast_file();
  static ClientSettings sagemaker_pipe();
  // WebDataset with `pipe:curl ...` as its URLs: a process and a connection for each shard.
  static ClientSettings webdataset();
  // What File mode copies with, before the job starts (block/copy_in.hpp).
  static ClientSettings sagemaker_file();
  // Cloud Storage FUSE. `file_cache`: the size of its cache directory; 0: none.
  static ClientSettings gcsfuse(Bytes file_cache);

  ReadWindowSettings window_settings() const;
  ConnectionSettings connection_settings() const;
};

} // namespace lustrum::object
