// The persistent client cache: whole files copied to a local disk of the client. Which files are
// let in, and which make room. A copy is valid while the client holds the file's layout lock; when
// that is revoked the caller detaches it.
// Source: lustre/llite/pcc.c, pcc.h; Lustre manual, PCC.
#pragma once

#include "sim/base/hash_index.hpp"
#include "sim/base/histogram.hpp"
#include "sim/base/units.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::lustre {

// What rules may ask of a file. Rules on uid and gid are not modelled: there are no users.
struct PccFile {
  std::uint32_t projid = 0;
  std::string_view name;
  Bytes size{};
};

// All conditions that are set must hold.
struct PccRule {
  std::optional<std::uint32_t> projid;
  std::string name;           // with * and ?; empty: any
  Bytes min_size{};           // size >= this
  Bytes max_size{UINT64_MAX}; // size <= this
};

// Whether a name fits a pattern in which * stands for any characters and ? for one.
bool name_matches(std::string_view pattern, std::string_view name);

enum class PccMode : std::uint8_t {
  read_only,  // read opens attach; files make room for one another, least recently used first
  read_write, // creates attach; what is cached is the only copy, so a full cache takes no more
};

class PccCache {
public:
  struct Settings {
    PccMode mode = PccMode::read_only;
    Bytes capacity{};
    std::vector<PccRule> rules;     // any of them admits
    Bytes inline_limit{256 * kMib}; // llite.pcc_async_threshold
  };
  enum class Admission : std::uint8_t {
    none,        // the normal path
    inline_copy, // the open waits for the copy
    async_copy,  // the file is read from the servers until the copy is there
  };
  struct Stats { // llite.*.stats pcc_*
    std::uint64_t attach = 0;
    std::uint64_t detach = 0;
    std::uint64_t auto_attach = 0;
    Bytes attach_bytes{};
    Bytes hit_bytes{};
    SampleCounter attached; // the same two, file by file and call by call
    SampleCounter hits;
  };

  explicit PccCache(Settings settings);

  // A file is opened (read_only) or created (read_write) that is not cached. Looks only.
  Admission admission(const PccFile& file) const;
  // Lets a file in; what had to go is appended to `detached`. False: no room, the normal path.
  // In read_write mode a file comes in when it is created, and grows: resize().
  bool attach(FileIndex file, Bytes size, std::vector<FileIndex>& detached);
  // A file that is cached has another size from now on. False: no room, and nothing changes.
  bool resize(FileIndex file, Bytes size);
  // The layout lock was revoked, or the user detached it. Nothing if it is not cached.
  void detach(FileIndex file);
  // A read or write of a cached file. False: it is not cached.
  bool hit(FileIndex file, Bytes bytes);

  bool cached(FileIndex file) const { return slots_.find(file.value()) != NumberIndex::kNone; }
  Bytes used() const { return used_; }
  bool full() const { return used_ >= settings_.capacity; }
  const Stats& stats() const { return stats_; }

private:
  struct Slot {
    std::uint32_t file = 0;
    std::uint32_t older = NumberIndex::kNone;
    std::uint32_t newer = NumberIndex::kNone;
    Bytes size{};
  };
  void unlink(std::uint32_t slot);
  void append(std::uint32_t slot);

  Settings settings_;
  Bytes used_{};
  Stats stats_;
  NumberIndex slots_; // of files
  std::vector<Slot> pool_;
  std::vector<std::uint32_t> free_slots_;
  std::uint32_t oldest_ = NumberIndex::kNone;
  std::uint32_t newest_ = NumberIndex::kNone;
};

} // namespace lustrum::lustre
