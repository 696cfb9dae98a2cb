#include "sim/trace/line_source.hpp"
#include "sim/trace/number_text.hpp"
#include "sim/trace/operation_names.hpp"
#include "sim/trace/readers.hpp"
#include "sim/trace/strace_calls.hpp"
#include "sim/trace/strace_line.hpp"
#include "sim/trace/strace_tasks.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {
namespace {

std::string absolute(std::string_view folder, const std::string& path) {
  if (path.starts_with('/') || folder.empty())
    return std::filesystem::path{path}.lexically_normal().string();
  return (std::filesystem::path{folder} / path).lexically_normal().string();
}

class Reader {
public:
  explicit Reader(const ReadContext& context) : context_(context), source_(context.path) {}

  void read() {
    context_.sink.begin_source({context_.path.string(), true});
    while (const std::optional<std::string_view> line = source_.next()) take(*line);
    ReadReport& report = context_.report;
    report.lines += source_.line_number();
    if (const std::uint64_t calls = tasks_.pending() + ended_within_; calls != 0)
      report.unused_rows["calls that had not returned at the end"] += calls;
    if (timed_ == 0 && events_ > 0)
      report.notes.push_back("strace without -T: " + context_.path.string() +
                             " has no durations, its calls take no time");
    if (!source_.stream_error().empty())
      report.stream_errors.push_back(source_.stream_error() + " in " + context_.path.string() +
                                     " after " + std::to_string(source_.line_number()) + " lines");
  }

private:
  void take(std::string_view line) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    std::size_t at = 0;
    StraceLine parts;
    if (const std::string_view problem = parse_strace_line(line, parts, at); !problem.empty())
      return damaged(line, at, problem);
    if (parts.kind == StraceLine::Kind::signal) {
      ++context_.report.unused_rows["signals"];
      return;
    }
    StraceTask& task = tasks_.of(parts.tid);
    switch (parts.kind) {
    case StraceLine::Kind::exit:
      if (task.pending) ++ended_within_;
      task.pending.reset();
      return tasks_.ended(parts.tid);
    case StraceLine::Kind::unfinished:
      if (task.pending) ++ended_within_;
      task.pending = StraceTask::Pending{std::string{parts.name}, std::string{parts.rest},
                                         parts.time_ns, false};
      return;
    case StraceLine::Kind::resumed:
      return resume(line, task, parts);
    default:
      finish(line, task, parts.name, parts.rest, parts.time_ns);
    }
  }

  void resume(std::string_view line, StraceTask& task, const StraceLine& parts) {
    if (!task.pending || task.pending->name != parts.name) {
      ++context_.report.unused_rows["calls whose beginning is missing"];
      return;
    }
    const StraceTask::Pending begun = std::move(*task.pending);
    task.pending.reset();
    finish(line, task, begun.name, begun.text + std::string{parts.rest}, begun.time_ns);
  }

  // `text` is `(...) = 0 <0.1>`, of the line or of both halves.
  void finish(std::string_view line, StraceTask& task, std::string_view name, std::string_view text,
              std::int64_t time_ns) {
    std::size_t at = 0;
    StraceCall call;
    if (const std::string_view problem = parse_strace_call(text, call, at); !problem.empty()) {
      const bool in_line = text.data() >= line.data() && text.data() < line.data() + line.size();
      const std::size_t begin = in_line ? static_cast<std::size_t>(text.data() - line.data()) : 0;
      return damaged(line, begin + at, problem);
    }
    if (StraceTasks::is_fork(name)) {
      if (call.returned > 0) tasks_.forked(task, text, *call.returned);
      ++context_.report.unused_rows[kNoFile];
      return;
    }
    if (name.starts_with("dup") || name == "fcntl") duplicate(task, name, call);
    const SystemCall* const known = find_system_call(name);
    if (known == nullptr || !emit(task, *known, call, time_ns))
      ++context_.report.unused_rows[kNoFile];
  }

  static constexpr const char* kNoFile = "system calls about no file";

  static void duplicate(StraceTask& task, std::string_view name, const StraceCall& call) {
    if (!call.returned || *call.returned < 0 || call.arguments.empty()) return;
    if (name == "fcntl" && (call.arguments.size() < 2 || !call.arguments[1].starts_with("F_DUPFD")))
      return;
    const auto from = parse_descriptor(call.arguments[0]);
    if (!from) return;
    const auto found = task.descriptors->find(from->fd);
    if (found != task.descriptors->end())
      (*task.descriptors)[*call.returned] = std::shared_ptr{found->second};
    else
      task.descriptors->erase(*call.returned);
  }

  static std::string_view argument(const StraceCall& call, int position) {
    const auto index = static_cast<std::size_t>(position);
    return position >= 0 && index < call.arguments.size() ? call.arguments[index]
                                                          : std::string_view{};
  }

  // The file that a path argument means; its descriptor too, where there is one.
  static std::optional<StraceDescriptor> file_of(const StraceTask& task, const SystemCall& known,
                                                 const StraceCall& call) {
    if (known.by == FileArgument::descriptor) return parse_descriptor(argument(call, known.file));
    StraceDescriptor file;
    std::string folder = *task.folder;
    int position = known.file;
    if (known.by == FileArgument::folder_and_path) {
      const auto given = parse_descriptor(argument(call, position++));
      if (!given) return std::nullopt;
      if (!given->path.empty()) folder = given->path;
    }
    const auto path = parse_quoted(argument(call, position));
    if (!path) return std::nullopt;
    file.path = path->empty() ? folder : absolute(folder, *path); // empty: AT_EMPTY_PATH
    return file;
  }

  // False when the call turns out to be about no file.
  bool emit(StraceTask& task, const SystemCall& known, const StraceCall& call,
            std::int64_t time_ns) {
    std::optional<StraceDescriptor> file = file_of(task, known, call);
    if (!file || (known.by == FileArgument::descriptor && file->fd < 0)) return false;
    const OperationKind kind = kind_of_call(known.name).value_or(OperationKind::other_call);
    const bool failed = call.returned && *call.returned < 0;
    Event event{.kind = kind,
                .name = known.name,
                .pid = task.pid,
                .tid = task.tid,
                .start_ns = time_ns,
                .duration_ns = call.duration_ns.value_or(0)};
    if (call.duration_ns) ++timed_;
    ++events_;
    if (file->fd >= 0) event.fd = file->fd;
    if (known.name != "mmap" && call.returned) event.returned = *call.returned;
    if (const auto size = parse_integer(argument(call, known.size)); size && *size >= 0)
      event.requested = *size;
    if (const auto offset = parse_integer(argument(call, known.offset)); offset && *offset >= 0)
      event.offset = *offset;
    if (kind == OperationKind::open) {
      open(task, known, call, *file, event);
    } else if (known.by == FileArgument::descriptor) {
      follow(task, *file, failed, event);
    } else if (known.name == "chdir" && !failed) {
      *task.folder = file->path;
    }
    event.file = file->path;
    context_.sink.add(event);
    return true;
  }

  static void open(StraceTask& task, const SystemCall& known, const StraceCall& call,
                   StraceDescriptor& file, Event& event) {
    const int position = known.file + (known.by == FileArgument::folder_and_path ? 2 : 1);
    std::string_view flags = argument(call, position);
    if (flags.starts_with("{flags=")) // openat2
      flags = flags.substr(7, flags.find_first_of(",}") - 7);
    event.flags =
        known.name == "creat" ? open_flags_of("O_WRONLY|O_CREAT|O_TRUNC") : open_flags_of(flags);
    if (!call.returned || *call.returned < 0) return;
    event.fd = *call.returned;
    const bool appends = (event.flags & open_flags_of("O_APPEND")) != 0;
    if (!call.returned_path.empty())
      if (const auto real = parse_descriptor("0<" + std::string{call.returned_path} + ">"))
        file.path = real->path;
    (*task.descriptors)[event.fd] = std::make_shared<OpenDescription>(OpenDescription{
        file.path, appends ? std::optional<std::uint64_t>{} : std::optional<std::uint64_t>{0}});
  }

  // Gives sequential reads and writes their offset, and moves the descriptor.
  static void follow(StraceTask& task, StraceDescriptor& file, bool failed, Event& event) {
    const auto found = task.descriptors->find(file.fd);
    OpenDescription* open = found == task.descriptors->end() ? nullptr : found->second.get();
    if (open != nullptr && file.path.empty()) file.path = open->path;
    // A path that changed: renamed, or a descriptor that was passed or reopened unseen.
    if (open != nullptr && file.path != open->path) open = nullptr;
    switch (*event.kind) {
    case OperationKind::close:
      task.descriptors->erase(file.fd);
      return;
    case OperationKind::seek:
      if (failed || event.returned == kAbsent) return;
      event.offset = event.returned;
      if (open == nullptr) { // opened before the recording: known from now on
        (*task.descriptors)[file.fd] = std::make_shared<OpenDescription>(
            OpenDescription{file.path, static_cast<std::uint64_t>(event.returned)});
      } else {
        open->position = static_cast<std::uint64_t>(event.returned);
      }
      return;
    case OperationKind::read:
    case OperationKind::write:
      break;
    default:
      return;
    }
    if (open == nullptr || event.offset != kAbsent || failed || !open->position) return;
    constexpr std::uint64_t kFarthest = std::uint64_t{1} << 62;
    event.offset = static_cast<std::int64_t>(std::min(*open->position, kFarthest));
    if (event.returned == kAbsent)
      open->position.reset();
    else
      open->position =
          std::min(*open->position + static_cast<std::uint64_t>(event.returned), kFarthest);
  }

  void damaged(std::string_view line, std::size_t at, std::string_view problem) {
    const bool is_cut = !source_.ended() && line.size() < LineSource::kMaxLine;
    context_.damaged(source_.line_number(), (is_cut ? line.size() : at) + 1,
                     is_cut ? "cut off" : problem, line);
  }

  const ReadContext& context_;
  LineSource source_;
  StraceTasks tasks_;
  std::uint64_t ended_within_ = 0; // calls begun by tasks that then ended
  std::uint64_t events_ = 0;
  std::uint64_t timed_ = 0;
};

} // namespace

void read_strace(const ReadContext& context) { Reader{context}.read(); }

} // namespace lustrum::trace
