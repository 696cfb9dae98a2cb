#include "sim/trace/read_trace.hpp"

#include "sim/trace/readers.hpp"
#include "sim/trace/trace_builder.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {
namespace {

namespace fs = std::filesystem;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Names with numbers by value, so that file 10 follows file 9.
bool natural_less(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (!is_digit(a.front()) || !is_digit(b.front())) {
      if (a.front() != b.front()) return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    const auto take_number = [](std::string_view& text) {
      text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
      std::size_t length = 0;
      while (length < text.size() && is_digit(text[length])) ++length;
      const std::string_view digits = text.substr(0, length);
      text.remove_prefix(length);
      return digits;
    };
    const std::string_view x = take_number(a);
    const std::string_view y = take_number(b);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
  }
  return a.size() < b.size();
}

// The trace files of a folder, in order; the others are named in the report.
std::vector<fs::path> files_of(const fs::path& folder, ReadReport& report) {
  std::vector<fs::path> files;
  std::vector<std::string> others;
  std::array<std::optional<fs::path>, 2> darshan; // counters and DXT
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    try {
      const TraceFormat format = detect_format(entry.path());
      files.push_back(entry.path());
      if (format == TraceFormat::darshan_counters) darshan[0] = entry.path();
      if (format == TraceFormat::darshan_dxt) darshan[1] = entry.path();
    } catch (const ReadError&) {
      others.push_back(entry.path().filename().string());
    }
  }
  if (files.empty()) throw ReadError("no trace in folder `" + folder.string() + "`");
  if (darshan[0] && darshan[1])
    throw ReadError("`" + darshan[0]->string() + "` and `" + darshan[1]->string() +
                    "` tell of the same I/O, as totals and call by call: name one of them");
  std::ranges::sort(others);
  for (const std::string& other : others)
    report.notes.push_back("not read, as it is no trace: " + (folder / other).string());
  std::ranges::sort(files, [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename().string();
    const std::string y = b.filename().string();
    return natural_less(x, y) || (!natural_less(y, x) && x < y);
  });
  return files;
}

void read_file(const ReadContext& context) {
  switch (detect_format(context.path)) {
  case TraceFormat::native:
    return read_native(context);
  case TraceFormat::dftracer:
    return read_dftracer(context);
  case TraceFormat::darshan_dxt:
    return read_darshan_dxt(context);
  case TraceFormat::darshan_counters:
    return read_darshan_counters(context);
  case TraceFormat::strace:
    return read_strace(context);
  case TraceFormat::kineto:
    return read_kineto(context);
  }
}

// Counts the events on their way.
class Counting : public EventSink {
public:
  explicit Counting(EventSink& to) : to_(to) {}

  void begin_file() override { to_.begin_file(); }
  void begin_source(const EventSource& source) override { to_.begin_source(source); }
  void add(const Event& event) override {
    ++events_;
    to_.add(event);
  }
  void explain_file(std::string_view hash, std::string_view path) override {
    to_.explain_file(hash, path);
  }
  void explain_host(std::string_view hash, std::string_view host) override {
    to_.explain_host(hash, host);
  }
  void set_rank(std::string_view host, std::string_view host_hash, std::int64_t pid,
                std::int32_t rank) override {
    to_.set_rank(host, host_hash, pid, rank);
  }
  void declare_file(std::string_view path, bool is_storage, std::uint64_t extent) override {
    to_.declare_file(path, is_storage, extent);
  }
  void declare_process(std::string_view host, std::int64_t pid, std::int32_t rank) override {
    to_.declare_process(host, pid, rank);
  }
  void declare_thread(std::string_view host, std::int64_t pid, std::int64_t tid,
                      std::uint32_t source, bool offsets_final) override {
    to_.declare_thread(host, pid, tid, source, offsets_final);
  }
  void declare_name(std::string_view name) override { to_.declare_name(name); }

  std::uint64_t events() const { return events_; }

private:
  EventSink& to_;
  std::uint64_t events_ = 0;
};

std::string damage_text(const ReadReport& report, std::uint64_t events) {
  std::string text = "the trace is damaged:\n";
  for (const DamagedLine& line : report.damage) text += "  " + line.text() + '\n';
  if (report.damaged_lines > report.damage.size())
    text += "  and " + std::to_string(report.damaged_lines - report.damage.size()) +
            " more places like these\n";
  for (const std::string& error : report.stream_errors) text += "  " + error + '\n';
  return text + "whole: " + std::to_string(events) + " events of " + std::to_string(report.lines) +
         " lines; salvaging keeps these";
}

} // namespace

std::string_view to_string(TraceFormat format) {
  constexpr std::array<std::string_view, 6> kNames{"Lustrum",          "DFTracer",
                                                   "Darshan DXT text", "Darshan counters text",
                                                   "strace",           "PyTorch profiler JSON"};
  return kNames.at(static_cast<std::size_t>(format));
}

void stream_trace(const std::vector<fs::path>& paths, const ReadOptions& options, EventSink& sink,
                  ReadReport& report) {
  Counting counting(sink);
  for (const fs::path& path : paths) {
    if (!fs::exists(path)) throw ReadError("no such file: `" + path.string() + "`");
    const std::vector<fs::path> files =
        fs::is_directory(path) ? files_of(path, report) : std::vector<fs::path>{path};
    for (const fs::path& file : files) {
      counting.begin_file();
      try {
        read_file({file, options, counting, report});
      } catch (const ReadError&) {
        throw;
      } catch (const fs::filesystem_error&) {
        throw;
      } catch (const std::runtime_error& error) {
        throw ReadError(error.what());
      }
      ++report.files;
    }
  }
  if (!options.salvage && !report.complete())
    throw DamagedTrace(damage_text(report, counting.events()));
}

void read_trace(const std::vector<fs::path>& paths, const ReadOptions& options, Trace& trace,
                ReadReport& report) {
  TraceBuilder builder;
  stream_trace(paths, options, builder, report);
  trace = builder.finish_trace(report);
}

ReadResult read_trace(const std::vector<fs::path>& paths, const ReadOptions& options) {
  ReadResult result;
  read_trace(paths, options, result.trace, result.report);
  return result;
}

} // namespace lustrum::trace
