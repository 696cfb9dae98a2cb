#include "sim/trace/trace_split.hpp"

#include "sim/trace/native_writer.hpp"

#include <map>
#include <memory>
#include <stdexcept>

namespace lustrum::trace {
namespace {

constexpr std::uint64_t kMostParts = 100'000;
constexpr std::size_t kOpenAtOnce = 200; // files; 1,024 is the usual limit of a process
constexpr std::uint64_t kNoRank = kMostParts;

// Which ids of the whole a part has, in the order of the whole.
struct Part {
  std::map<std::uint32_t, std::uint64_t> threads; // records of each
  std::vector<bool> files;
  std::vector<bool> names;
  std::uint64_t records = 0;
};

std::uint64_t key_of(const SplitSettings& settings, const TraceTables& tables,
                     const Record& record) {
  switch (settings.by) {
  case SplitBy::rank: {
    const std::int32_t rank = tables.processes[record.process].rank;
    return rank == kNoNumber ? kNoRank : static_cast<std::uint64_t>(rank);
  }
  case SplitBy::process:
    return record.process;
  case SplitBy::time:
    return static_cast<std::uint64_t>(record.start_s / settings.window.count());
  }
  return 0;
}

// First reading: what each part needs.
class Survey : public RecordVisitor {
public:
  explicit Survey(const SplitSettings& settings) : settings_(settings) {}

  void begin(const TraceTables& tables, const std::vector<bool>& /*offsets_final*/) override {
    tables_ = &tables;
  }
  void record(const Record& record) override {
    const std::uint64_t key = key_of(settings_, *tables_, record);
    if (key > kMostParts || parts_.size() > kMostParts)
      throw ReadError("there would be more than " + std::to_string(kMostParts) + " parts");
    Part& part = parts_[key];
    ++part.records;
    ++part.threads[record.thread];
    mark(part.names, record.name);
    if (record.file != kNoIndex) mark(part.files, record.file);
  }
  std::map<std::uint64_t, Part>& parts() { return parts_; }

private:
  static void mark(std::vector<bool>& ids, std::uint32_t id) {
    if (ids.size() <= id) ids.resize(id + 1, false);
    ids[id] = true;
  }

  const SplitSettings& settings_;
  const TraceTables* tables_ = nullptr;
  std::map<std::uint64_t, Part> parts_;
};

// Writes one part: its tables with ids of their own.
class PartWriter {
public:
  PartWriter(const std::filesystem::path& path, const Part& part, const TraceTables& whole,
             const std::vector<bool>& offsets_final)
      : writer_(path) {
    TraceTables tables;
    tables.sources = whole.sources;
    tables.epoch_origin_ns = whole.epoch_origin_ns;
    std::vector<bool> final;
    for (const auto& [thread, records] : part.threads) {
      ThreadEntry entry = whole.threads[thread];
      const auto [process, is_new] = processes_.try_emplace(
          entry.process, static_cast<std::uint32_t>(tables.processes.size()));
      if (is_new) tables.processes.push_back(whole.processes[entry.process]);
      entry.process = process->second;
      entry.record_count = records;
      threads_[thread] = static_cast<std::uint32_t>(tables.threads.size());
      tables.threads.push_back(entry);
      final.push_back(offsets_final[thread]);
    }
    take(part.files, whole.files, files_, tables.files);
    take(part.names, whole.names, names_, tables.names);
    writer_.begin(tables, final);
  }

  void record(Record record) {
    record.thread = threads_.at(record.thread);
    record.process = processes_.at(record.process);
    record.name = names_.at(record.name);
    if (record.file != kNoIndex) record.file = files_.at(record.file);
    writer_.record(record);
  }
  void end() { writer_.end(); }

private:
  template <class T>
  static void take(const std::vector<bool>& used, const std::vector<T>& whole,
                   std::map<std::uint32_t, std::uint32_t>& ids, std::vector<T>& out) {
    for (std::uint32_t id = 0; id < used.size(); ++id) {
      if (!used[id]) continue;
      ids[id] = static_cast<std::uint32_t>(out.size());
      out.push_back(whole[id]);
    }
  }

  NativeWriter writer_;
  std::map<std::uint32_t, std::uint32_t> processes_;
  std::map<std::uint32_t, std::uint32_t> threads_;
  std::map<std::uint32_t, std::uint32_t> files_;
  std::map<std::uint32_t, std::uint32_t> names_;
};

std::filesystem::path file_of(const SplitSettings& settings, std::uint64_t key) {
  std::string name = "no_rank";
  if (settings.by != SplitBy::rank || key != kNoRank) {
    const char* const kind = settings.by == SplitBy::rank      ? "rank"
                             : settings.by == SplitBy::process ? "process"
                                                               : "time";
    std::string digits = std::to_string(key);
    if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
    name = std::string{kind} + "_" + digits;
  }
  return settings.folder / (name + (settings.compress ? ".lustrum.gz" : ".lustrum"));
}

// Second reading: writes some of the parts.
class Writing : public RecordVisitor {
public:
  using Parts = std::map<std::uint64_t, Part>;

  Writing(const SplitSettings& settings, Parts::const_iterator begin, Parts::const_iterator end)
      : settings_(settings), begin_(begin), end_(end) {}

  void begin(const TraceTables& tables, const std::vector<bool>& offsets_final) override {
    tables_ = &tables;
    for (auto part = begin_; part != end_; ++part)
      writers_.emplace(part->first,
                       std::make_unique<PartWriter>(file_of(settings_, part->first), part->second,
                                                    tables, offsets_final));
  }
  void record(const Record& record) override {
    const auto found = writers_.find(key_of(settings_, *tables_, record));
    if (found != writers_.end()) found->second->record(record);
  }
  void end() override {
    for (const auto& [key, writer] : writers_) writer->end();
  }

private:
  const SplitSettings& settings_;
  Parts::const_iterator begin_;
  Parts::const_iterator end_;
  const TraceTables* tables_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<PartWriter>> writers_;
};

} // namespace

std::vector<SplitPart> split_trace(const EventSourceFunction& source, const SplitSettings& settings,
                                   ReadReport& report) {
  Survey survey(settings);
  stream_records(source, survey, report);
  const auto& parts = survey.parts();
  for (auto begin = parts.begin(); begin != parts.end();) {
    auto end = begin;
    for (std::size_t n = 0; n < kOpenAtOnce && end != parts.end(); ++n) ++end;
    Writing writing(settings, begin, end);
    ReadReport ignored;
    stream_records(source, writing, ignored);
    begin = end;
  }
  std::vector<SplitPart> written;
  written.reserve(parts.size());
  for (const auto& [key, part] : parts) written.push_back({file_of(settings, key), part.records});
  return written;
}

} // namespace lustrum::trace
