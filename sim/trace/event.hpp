// What every reader hands on: one call or span with its names as text, good until the next one, and
// facts about files and processes, which may come before or after they are used.
//
//   class Counter : public EventSink { void add(const Event& e) override { ++calls[e.name]; } ...
//   }; stream_trace({"run1.pfw.gz"}, {}, counter, report);
#pragma once

#include "sim/trace/record.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {

constexpr std::int64_t kAbsent = kNoReturn;
constexpr std::int64_t kNsPerUs = 1'000;
constexpr std::int64_t kNsPerS = 1'000'000'000;
// Times of events lie in [0, kLatestNs]: then no sum of two of them overflows. In 2116.
constexpr std::int64_t kLatestNs = std::numeric_limits<std::int64_t>::max() / 2;

enum class EventClass : std::uint8_t { posix, stdio, span };

struct Event {
  EventClass type = EventClass::posix;
  std::optional<OperationKind> kind = {}; // absent: as the name says
  std::string_view name = {};
  std::string_view host = {}; // as text, or as a hash that is explained somewhere
  std::string_view host_hash = {};
  std::string_view file = {};
  std::string_view file_hash = {};
  std::int64_t pid = 0;
  std::int64_t tid = 0;
  std::int64_t start_ns = 0; // since 1970, or since the job's start where the format knows no more
  std::int64_t duration_ns = 0;
  std::int64_t requested = kAbsent; // bytes
  std::int64_t returned = kAbsent;  // bytes, descriptor of an open, or negative
  std::int64_t offset = kAbsent;    // of the first byte; of a seek: where it leads
  std::int64_t fd = kAbsent;
  std::int64_t flags = kAbsent; // of open(2)
  std::int64_t epoch = kAbsent;
  std::int64_t step = kAbsent;
};

// A file that was read, or that a native trace says it was made from.
struct EventSource {
  std::string path;
  // Reads and writes without an offset have none that could be found: the reader followed the
  // descriptors itself. Else the thread's own opens, seeks, reads and writes give it.
  bool offsets_final = false;
};

class EventSink {
public:
  EventSink() = default;
  virtual ~EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;

  // Once before each file that is read.
  virtual void begin_file() {}
  // The events that follow come from this source. Precondition of all others: a source was begun.
  virtual void begin_source(const EventSource& source) = 0;
  virtual void add(const Event& event) = 0;

  virtual void explain_file(std::string_view hash, std::string_view path) = 0;
  virtual void explain_host(std::string_view hash, std::string_view host) = 0;
  // Host as text or hash; `rank` is not negative.
  virtual void set_rank(std::string_view host, std::string_view host_hash, std::int64_t pid,
                        std::int32_t rank) = 0;

  // Tables of a native trace: entries take their place in the order declared, used or not. The
  // source of a thread counts from the first that this file began.
  virtual void declare_file(std::string_view path, bool is_storage, std::uint64_t extent) = 0;
  virtual void declare_process(std::string_view host, std::int64_t pid, std::int32_t rank) = 0;
  virtual void declare_thread(std::string_view host, std::int64_t pid, std::int64_t tid,
                              std::uint32_t source, bool offsets_final) = 0;
  virtual void declare_name(std::string_view name) = 0;
};

} // namespace lustrum::trace
