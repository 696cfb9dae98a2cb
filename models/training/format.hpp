// What reading a sample does to a file: which stretches are read, in calls of which size. Pure; the
// loaders carry it out (sample_reader.hpp).
//
//   const ReadCalls calls = calls_for_sample(format, file_size, samples_per_file, 17);
//   for (const Stretch& stretch : calls) ... // read it in calls of stretch.call
#pragma once

#include "models/storage.hpp"
#include "sim/base/units.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace lustrum::training {

enum class Format : std::uint8_t {
  plain,    // the sample's bytes where they lie: a file each (JPEG, NPY), or a record of many
  npz,      // numpy.load: the zip directory at the end, then the array from the beginning
  direct,   // O_DIRECT: one call for the whole file, whatever its length
  tfrecord, // records one after the other, for streams
  tar,      // WebDataset: the same with a tar header and padding for each sample
  hdf5,     // superblock and object headers in small reads, then the sample in one
  parquet,  // the footer first, then the whole row group that holds the sample
  lmdb,     // one map of the file: the pages of a B-tree, then those of the value
};

struct FormatSettings {
  Format kind = Format::plain;
  bool gpu_direct = false; // past the page cache into GPU memory
  bool keep_open = false;  // a worker's file stays open until it needs another one
  // HDF5 (and what recordings show): small reads that find the data, at every open and before every
  // sample.
  std::uint32_t open_reads = 0;
  std::uint32_t sample_reads = 0;
  Bytes small_read{512};
  Bytes footer{};                      // Parquet: read at the end on opening
  std::uint32_t row_group_samples = 0; // Parquet; 0: the file is one row group
  std::uint32_t tree_levels = 3;       // LMDB: pages touched to find a value
};

// With what is known of the format's readers.
FormatSettings format_defaults(Format kind);

// The most bytes of one call where nothing is said: no limit.
inline constexpr Bytes kWhole{UINT64_MAX};

// Bytes of a file that are read one after the other in calls of at most `call`.
struct Stretch {
  Bytes offset{};
  Bytes length{};
  Bytes call = kWhole;

  std::uint64_t calls() const { return (length.count() - 1) / call.count() + 1; }
};

class ReadCalls {
public:
  static constexpr std::uint32_t kMost = 8;

  // What lies beyond the file's end is cut off; nothing is added for an empty stretch.
  void add(Bytes offset, Bytes length, Bytes call, Bytes file_size);
  const Stretch* begin() const { return stretches_.data(); }
  const Stretch* end() const { return stretches_.data() + count_; }
  std::uint64_t calls() const;
  Bytes bytes() const;

private:
  std::array<Stretch, kMost> stretches_{};
  std::uint32_t count_ = 0;
};

OpenMode open_mode(const FormatSettings& format);
// The reader asks for the file's size before it opens it.
inline bool asks_size(const FormatSettings& format) { return format.kind == Format::direct; }

// After opening a file, before its first sample. `read_call`: most bytes of one read().
ReadCalls calls_on_open(const FormatSettings& format, Bytes file_size, Bytes read_call);

// For one sample of a file that is open. \pre sample < samples_per_file
ReadCalls calls_for_sample(const FormatSettings& format, Bytes file_size, Bytes read_call,
                           std::uint32_t samples_per_file, std::uint32_t sample);

// What a sample takes in its file, with the headers and padding of the format.
Bytes stored_size(const FormatSettings& format, Bytes sample);

} // namespace lustrum::training
