#include "models/training/format.hpp"

#include <algorithm>

namespace lustrum::training {

namespace {

constexpr Bytes kPage{4 * kKib};

// A zip file of one member, as numpy.load reads it: the end record, the same with its comment, the
// central directory; all three lie within the last 124 bytes. \source a recorded DLIO run
// (DFTracer, NPZ on Lustre): reads of 22, 42 and 124 bytes at the end, then the file from its
// beginning again
constexpr std::array<Bytes, 3> kZipTail{Bytes{22}, Bytes{42}, Bytes{124}};

// \source TensorFlow tfrecord.md: length 8 B, two checksums of 4 B
constexpr Bytes kTfRecordFrame{16};
// \source POSIX ustar: blocks of 512 B, a header block for each member; WebDataset's samples here
// have one member
constexpr Bytes kTarBlock{512};

Bytes round_up(Bytes bytes, Bytes unit) {
  return Bytes{(bytes.count() + unit.count() - 1) / unit.count() * unit.count()};
}

// Where a value lies in the map: pages of the tree are among the first of the file, and those near
// the root are touched by every look-up.
void add_tree(ReadCalls& calls, const FormatSettings& format, Bytes file_size,
              std::uint32_t samples_per_file, std::uint32_t sample) {
  constexpr std::uint64_t kFanOut = 100; // assumed: keys of 30 to 40 bytes in a page of 4 KiB
  std::uint64_t pages_before = 2;        // the meta pages
  std::uint64_t pages_of_level = 1;
  const std::uint32_t levels = std::min(format.tree_levels, ReadCalls::kMost - 1);
  for (std::uint32_t level = 0; level < levels; ++level) {
    const std::uint64_t page =
        pages_before + pages_of_level * sample / std::max(1U, samples_per_file);
    calls.add(kPage * page, kPage, kPage, file_size);
    pages_before += pages_of_level;
    pages_of_level *= kFanOut;
  }
}

} // namespace

void ReadCalls::add(Bytes offset, Bytes length, Bytes call, Bytes file_size) {
  if (offset >= file_size || count_ == kMost) return;
  const Bytes cut = std::min(length, file_size - offset);
  if (cut > Bytes{}) stretches_[count_++] = {offset, cut, call > Bytes{} ? call : kWhole};
}

std::uint64_t ReadCalls::calls() const {
  std::uint64_t count = 0;
  for (const Stretch& stretch : *this) count += stretch.calls();
  return count;
}

Bytes ReadCalls::bytes() const {
  Bytes sum{};
  for (const Stretch& stretch : *this) sum += stretch.length;
  return sum;
}

FormatSettings format_defaults(Format kind) {
  FormatSettings format{.kind = kind};
  if (kind == Format::hdf5) {
    // \source a recorded run on Lustre (DFTracer, one rank): 61,908 small reads for 27,738 samples
    // and 405 opens
    format.open_reads = 16;
    format.sample_reads = 2;
    format.keep_open = true;
  }
  if (kind == Format::parquet) {
    // \source Apache Arrow, parquet/file_reader.cc: the last 64 KiB are read for the footer
    format.footer = Bytes{64 * kKib};
    format.keep_open = true;
  }
  if (kind == Format::lmdb) format.keep_open = true; // one environment for each process
  return format;
}

OpenMode open_mode(const FormatSettings& format) {
  OpenMode mode;
  mode.direct = format.kind == Format::direct || format.gpu_direct;
  mode.gpu = format.gpu_direct;
  mode.map = format.kind == Format::lmdb;
  return mode;
}

ReadCalls calls_on_open(const FormatSettings& format, Bytes file_size, Bytes read_call) {
  ReadCalls calls;
  switch (format.kind) {
  case Format::npz: {
    // The buffered reader fetches a whole call to see the first bytes of the file.
    calls.add(Bytes{}, std::min(read_call > Bytes{} ? read_call : file_size, file_size), read_call,
              file_size);
    for (const Bytes tail : kZipTail)
      calls.add(file_size - std::min(tail, file_size), tail, read_call, file_size);
    break;
  }
  case Format::hdf5:
    calls.add(Bytes{}, format.small_read * format.open_reads, format.small_read, file_size);
    break;
  case Format::parquet:
    calls.add(file_size - std::min(format.footer, file_size), format.footer, kWhole, file_size);
    break;
  case Format::plain: // 0 but for replays of recordings
    calls.add(Bytes{}, format.small_read * format.open_reads, format.small_read, file_size);
    break;
  default:
    break;
  }
  return calls;
}

ReadCalls calls_for_sample(const FormatSettings& format, Bytes file_size, Bytes read_call,
                           std::uint32_t samples_per_file, std::uint32_t sample) {
  ReadCalls calls;
  const Bytes record = file_size / samples_per_file;
  const Bytes at = record * sample;
  switch (format.kind) {
  case Format::plain:
  case Format::tfrecord:
  case Format::tar:
    if (samples_per_file == 1)
      calls.add(Bytes{}, file_size, read_call, file_size);
    else
      calls.add(at, record, read_call, file_size);
    break;
  case Format::npz: // an archive holds one compressed or stored array: it is read whole
    calls.add(Bytes{}, file_size, read_call, file_size);
    break;
  case Format::direct:
    calls.add(Bytes{}, file_size, kWhole, file_size);
    break;
  case Format::hdf5:
    calls.add(Bytes{}, format.small_read * format.sample_reads, format.small_read, file_size);
    calls.add(at, record, kWhole, file_size);
    break;
  case Format::parquet: {
    const std::uint32_t group =
        format.row_group_samples > 0 ? format.row_group_samples : samples_per_file;
    const std::uint32_t first = sample / group * group;
    calls.add(record * first, record * std::min(group, samples_per_file - first), read_call,
              file_size);
    break;
  }
  case Format::lmdb:
    add_tree(calls, format, file_size, samples_per_file, sample);
    calls.add(at, record, kPage * 32, file_size); // one fault brings in what lies around it
    break;
  }
  return calls;
}

Bytes stored_size(const FormatSettings& format, Bytes sample) {
  switch (format.kind) {
  case Format::tfrecord:
    return sample + kTfRecordFrame;
  case Format::tar:
    return kTarBlock + round_up(sample, kTarBlock);
  case Format::lmdb: // larger than half a page: pages of its own
    return round_up(sample, kPage);
  default:
    return sample;
  }
}

} // namespace lustrum::training
