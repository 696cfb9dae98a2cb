// Which content of a file the archive has: every change of a file makes a new version of it, and an
// archive action that succeeds puts the version with which it began into the archive. So it can be
// told whether anything that an application was told is written could be lost by a release, without
// a look at the flags that decide on it.
#pragma once

#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

class HsmVersions {
public:
  // The file was in the archive before the run, or has come from there.
  void imported(FileIndex file, Bytes size) {
    Row& row = this->row(file);
    row.archived = row.current;
    hold(row, size);
  }
  void changed(FileIndex file) { ++row(file).current; }
  std::uint32_t current(FileIndex file) const { return of(file).current; }
  // An archive action that began with this version has succeeded.
  void archived(FileIndex file, std::uint32_t version, Bytes size) {
    Row& row = this->row(file);
    row.archived = version;
    hold(row, size);
  }
  // Its copy is gone.
  void forget(FileIndex file) {
    if (file.value() >= rows_.size()) return;
    hold(rows_[file.value()], Bytes{});
    rows_[file.value()].archived = kNone;
  }
  bool in_archive(FileIndex file) const { return of(file).archived != kNone; }
  // Whether the archive has what was written last; a file that was never written has nothing to
  // lose, but no copy either.
  bool is_newest(FileIndex file) const { return of(file).archived == of(file).current; }
  // Written since it was archived last, or never archived.
  bool is_changed(FileIndex file) const {
    const Row row = of(file);
    return row.archived == kNone ? row.current > 0 : row.archived != row.current;
  }
  Bytes held() const { return held_; } // of all copies

private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Row {
    std::uint32_t current = 0;
    std::uint32_t archived = kNone;
    Bytes size{};
  };
  Row of(FileIndex file) const { return file.value() < rows_.size() ? rows_[file.value()] : Row{}; }
  Row& row(FileIndex file) {
    if (file.value() >= rows_.size()) rows_.resize(file.value() + std::size_t{1});
    return rows_[file.value()];
  }
  void hold(Row& row, Bytes size) {
    held_ += size;
    held_ -= row.size;
    row.size = size;
  }

  std::vector<Row> rows_; // [file], as far as any was in the archive or changed
  Bytes held_{};
};

} // namespace lustrum::lustre
