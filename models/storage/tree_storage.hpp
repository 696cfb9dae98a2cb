// What storages other than Lustre have in common: names, sizes, and the totals of each job with the
// laws that they obey.
#pragma once

#include "models/storage/file_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace lustrum {

class TreeStorage : public Storage {
public:
  explicit TreeStorage(std::uint32_t jobs) : totals_(jobs) {}

  DirectoryIndex place_directory(DirectoryIndex parent) override {
    return tree_.add_directory(parent, true);
  }
  DirectoryIndex reserve_directory(DirectoryIndex parent) override {
    return tree_.add_directory(parent, false);
  }
  FileIndex place_file(DirectoryIndex directory, Bytes size) override {
    const FileIndex file = tree_.add_file(directory);
    tree_.create(file, size);
    placed(file);
    return file;
  }
  FileIndex reserve_file(DirectoryIndex directory) override { return tree_.add_file(directory); }
  Bytes file_size(FileIndex file) const override { return tree_.size(file); }

  IoTotals totals(JobIndex job) const override { return totals_[job.value()]; }
  IoTotals totals() const override {
    IoTotals sum;
    for (const IoTotals& job : totals_) sum += job;
    return sum;
  }

protected:
  const FileTree& tree() const { return tree_; }
  FileTree& tree() { return tree_; }
  IoTotals& totals_of(const Caller& caller) { return totals_[caller.job.value()]; }
  virtual void placed(FileIndex /*file*/) {}

  // Of the bytes that a read asks for, those that the file has: a read beyond its end is short.
  static Bytes readable(Bytes size, Bytes offset, Bytes length) {
    return std::min(length, size - std::min(offset, size));
  }

  // --- a call's way through the totals
  void begin_read(const Caller& caller, Bytes length) {
    IoTotals& t = totals_of(caller);
    ++t.reads;
    t.read_asked += length;
    t.read_under_way += length;
  }
  void end_read(const Caller& caller, Bytes length, const Outcome& call, Outcome& outcome) {
    IoTotals& t = totals_of(caller);
    t.read_under_way -= length;
    (call.ok() ? t.read_delivered : t.read_failed) += length;
    settle(caller, call, outcome);
  }
  void begin_write(const Caller& caller, Bytes length) {
    IoTotals& t = totals_of(caller);
    ++t.writes;
    t.write_asked += length;
    t.write_under_way += length;
  }
  void end_write(const Caller& caller, Bytes length, const Outcome& call, Outcome& outcome) {
    IoTotals& t = totals_of(caller);
    t.write_under_way -= length;
    (call.ok() ? t.write_accepted : t.write_failed) += length;
    settle(caller, call, outcome);
  }
  void settle(const Caller& caller, const Outcome& call, Outcome& outcome) {
    if (!call.ok()) ++totals_of(caller).errors;
    outcome += call;
  }

  // Bytes asked = delivered + failed + under way, for reads and writes; nothing is stored that was
  // not accepted. `idle`: nothing will happen any more.
  std::vector<std::string> check_totals(bool idle) const {
    std::vector<std::string> problems;
    const IoTotals t = totals();
    const auto expect = [&](bool holds, std::string_view what, Bytes left, Bytes right) {
      if (!holds)
        problems.push_back(fmt::format("{}: {} and {} bytes", what, left.count(), right.count()));
    };
    const Bytes reads = t.read_delivered + t.read_failed + t.read_under_way;
    expect(t.read_asked == reads, "reads asked are delivered, failed or under way", t.read_asked,
           reads);
    const Bytes writes = t.write_accepted + t.write_failed + t.write_under_way;
    expect(t.write_asked == writes, "writes asked are accepted, failed or under way", t.write_asked,
           writes);
    expect(!idle || t.read_under_way == Bytes{}, "reads end", Bytes{}, t.read_under_way);
    expect(!idle || t.write_under_way == Bytes{}, "writes end", Bytes{}, t.write_under_way);
    // A call that fails in its second half has stored some.
    const Bytes storable = t.write_accepted + t.write_failed + t.write_under_way;
    expect(t.write_stored + t.write_lost <= storable, "what is stored or lost was written",
           t.write_stored + t.write_lost, storable);
    return problems;
  }

private:
  FileTree tree_;
  std::deque<IoTotals> totals_; // by job
};

} // namespace lustrum
