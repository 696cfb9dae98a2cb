#include "sim/trace/dftracer_reader.hpp"

#include "sim/trace/dftracer_event.hpp"
#include "sim/trace/line_source.hpp"
#include "sim/trace/trace_builder.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace lustrum::trace {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kExcerpt = 160;

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

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && (name.ends_with(".pfw") || name.ends_with(".pfw.gz")))
      files.push_back(entry.path());
  }
  if (files.empty()) throw ReadError("no *.pfw or *.pfw.gz in `" + folder.string() + "`");
  std::ranges::sort(files, [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename().string();
    const std::string y = b.filename().string();
    return natural_less(x, y) || (!natural_less(y, x) && x < y);
  });
  return files;
}

// Hashes of the lines of one file.
class HashSet {
public:
  // False when the text was there.
  bool insert(std::string_view text) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    const std::uint64_t hash = std::max<std::uint64_t>(std::hash<std::string_view>{}(text), 1);
    if (!place(hash)) return false;
    ++count_;
    return true;
  }

private:
  bool place(std::uint64_t hash) {
    for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i] == hash) return false;
      if (slots_[i] != 0) continue;
      slots_[i] = hash;
      return true;
    }
  }
  void grow() {
    const std::vector<std::uint64_t> old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(old.size() * 2, 1024), 0);
    for (const std::uint64_t hash : old)
      if (hash != 0) place(hash);
  }

  std::vector<std::uint64_t> slots_; // 0: free; a power of two of them
  std::size_t count_ = 0;
};

std::string_view trim(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  line = line.substr(first, line.find_last_not_of(kBlank) - first + 1);
  if (line.ends_with(',')) line.remove_suffix(1);
  return line;
}

class FileReader {
public:
  FileReader(const fs::path& path, const ReadOptions& options, DftracerParser& parser,
             TraceBuilder& builder, ReadReport& report)
      : path_(path.string()), source_(path), options_(options), parser_(parser), builder_(builder),
        report_(report) {}

  void read() {
    builder_.begin_source(path_);
    while (const std::optional<std::string_view> line = source_.next()) take(*line);
    drop_pending();
    ++report_.files;
    report_.lines += source_.line_number();
    if (source_.stream_error().empty()) return;
    report_.stream_errors.push_back(source_.stream_error() + " in " + path_ + " after " +
                                    std::to_string(source_.line_number()) + " lines");
  }

private:
  struct Pending {
    std::uint64_t line = 0;
    std::string text;
    std::string reason;
  };

  void take(std::string_view line) {
    const std::string_view text = trim(line);
    if (pending_ && !text.starts_with('{') && join(text)) return;
    drop_pending();
    if (text.empty() || text == "[" || text == "]") return;
    const std::string_view problem = parser_.parse(text, event_);
    if (problem.empty()) return keep(text);
    const std::string reason{text.ends_with('}') ? problem : "cut off"};
    if (text.starts_with('{') && !text.ends_with('}'))
      pending_ = Pending{source_.line_number(), std::string{text}, reason};
    else
      damaged(source_.line_number(), text, reason);
  }

  // DFTracer writes names as they are: one with a line break cuts its line in two.
  bool join(std::string_view rest) {
    std::string whole = pending_->text + "\\n" + std::string{rest};
    const std::size_t length = whole.size();
    whole.resize(length + LineSource::kPadding);
    const std::string_view text = std::string_view{whole}.substr(0, length);
    if (!parser_.parse(text, event_).empty()) return false;
    pending_.reset();
    report_.rejoined_lines += 2;
    keep(text);
    return true;
  }

  void keep(std::string_view text) {
    ++report_.event_lines;
    if (options_.drop_duplicates && !seen_.insert(text)) {
      ++report_.duplicate_lines;
      return;
    }
    switch (event_.phase) {
    case DftracerEvent::Phase::complete:
      builder_.add_event(event_);
      return;
    case DftracerEvent::Phase::metadata:
      ++report_.metadata_rows;
      builder_.add_metadata(event_);
      return;
    case DftracerEvent::Phase::other:
      ++report_.other_rows;
      return;
    }
  }

  void drop_pending() {
    if (!pending_) return;
    damaged(pending_->line, pending_->text, pending_->reason);
    pending_.reset();
  }

  void damaged(std::uint64_t line, std::string_view text, std::string_view reason) {
    ++report_.damaged_lines;
    if (report_.damage.size() >= options_.max_damage_kept) return;
    report_.damage.push_back(
        {path_, line, std::string{reason}, std::string{text.substr(0, kExcerpt)}});
  }

  std::string path_;
  LineSource source_;
  const ReadOptions& options_;
  DftracerParser& parser_;
  TraceBuilder& builder_;
  ReadReport& report_;
  DftracerEvent event_;
  HashSet seen_;
  std::optional<Pending> pending_; // a line that may go on in the next
};

} // namespace

ReadResult read_dftracer(const std::vector<fs::path>& paths, const ReadOptions& options) {
  ReadResult result;
  TraceBuilder builder;
  DftracerParser parser;
  for (const fs::path& path : paths) {
    if (!fs::exists(path)) throw ReadError("no such file: `" + path.string() + "`");
    const std::vector<fs::path> files =
        fs::is_directory(path) ? files_of(path) : std::vector<fs::path>{path};
    for (const fs::path& file : files) {
      try {
        FileReader{file, options, parser, builder, result.report}.read();
      } catch (const fs::filesystem_error&) {
        throw;
      } catch (const std::runtime_error& error) {
        throw ReadError(error.what());
      }
    }
  }
  result.trace = builder.finish(result.report);
  return result;
}

} // namespace lustrum::trace
