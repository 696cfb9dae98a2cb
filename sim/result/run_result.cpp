#include "sim/result/run_result.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace lustrum {
namespace {

using Json = nlohmann::ordered_json;

// --- the keys, once: the writer, the reader and the lister below all walk through these
// ------------

// A visitor that reads JSON fills the struct; the others only look at it.
template <class V, class T> using Seen = std::conditional_t<V::kFills, T, const T>;

template <class V> void fields(V& v, Seen<V, RunMetrics>& m) {
  v("au_mean_pct", m.au_mean_pct);
  v("gpu_utilization_pct", m.gpu_utilization_pct);
  v("makespan_s", m.makespan_s);
  v("epoch_time_s", m.epoch_time_s);
  v("samples_per_s", m.samples_per_s);
  v("throughput_mib_per_s", m.throughput_mib_per_s);
  v("au_per_epoch_pct", m.au_per_epoch_pct);
  v("au_threshold_pct", m.au_threshold_pct);
  v("au_pass", m.au_pass);
  v("steps_per_epoch", m.steps_per_epoch);
  v("ranks", m.ranks);
  v("step_time_p50_s", m.step_time_p50_s);
  v("step_time_p95_s", m.step_time_p95_s);
  v("step_time_p99_s", m.step_time_p99_s);
  v("read_bytes", m.read_bytes);
  v("write_bytes", m.write_bytes);
  v("files_opened", m.files_opened);
  v("errors", m.errors);
  v("failed_samples", m.failed_samples);
  v("rpcs", m.rpcs);
  v("fetched_bytes", m.fetched_bytes);
  v("metadata_rpcs", m.metadata_rpcs);
}

template <class V> void fields(V& v, Seen<V, GpuTimeShares>& shares) {
  for (const CauseRow& row : kCauseTable) v(fmt::format("{}_pct", row.key), shares[row.cause]);
}

template <class V> void fields(V& v, Seen<V, PhaseRow>& p) {
  v("job", p.job);
  v("name", p.name);
  v("repetitions", p.repetitions);
  v("operations", p.operations);
  v("bytes", p.bytes);
  v("errors", p.errors);
  v("time_s", p.time_s);
  v("rate", p.rate);
  v("rate_min", p.rate_min);
  v("rate_max", p.rate_max);
  v("unit", p.unit);
}

template <class V> void fields(V& v, Seen<V, JobRow>& j) {
  v("name", j.name);
  v("kind", j.kind);
  v("background", j.background);
  v("clients", j.clients);
  v("ranks", j.ranks);
  v("start_s", j.start_s);
  v("makespan_s", j.makespan_s);
  v("au_mean_pct", j.au_mean_pct);
  v("gpu_utilization_pct", j.gpu_utilization_pct);
  v("samples_per_s", j.samples_per_s);
  v("throughput_mib_per_s", j.throughput_mib_per_s);
  v("read_bytes", j.read_bytes);
  v("write_bytes", j.write_bytes);
  v("errors", j.errors);
  v("failed_samples", j.failed_samples);
  v("stalls", j.stalls);
}

template <class V> void fields(V& v, Seen<V, FaultRow>& f) {
  v("kind", f.kind);
  v("target", f.target);
  v("at_s", f.at_s);
  v("detected_s", f.detected_s);
  v("recovered_s", f.recovered_s);
  v("clients_evicted", f.clients_evicted);
  v("lost_bytes", f.lost_bytes);
  v("failed_calls", f.failed_calls);
}

template <class V> void fields(V& v, Seen<V, CheckpointRow>& c) {
  v("job", c.job);
  v("written", c.written);
  v("bytes", c.bytes);
  v("stall_s", c.stall_s);
  v("stall_max_s", c.stall_max_s);
  v("write_time_s", c.write_time_s);
  v("restores", c.restores);
  v("restore_s", c.restore_s);
  v("failures", c.failures);
  v("lost_s", c.lost_s);
  v("restart_s", c.restart_s);
  v("goodput_pct", c.goodput_pct);
  v("interval_s", c.interval_s);
  v("mtbf_s", c.mtbf_s);
  v("young_interval_s", c.young_interval_s);
  v("daly_interval_s", c.daly_interval_s);
}

template <class V> void fields(V& v, Seen<V, HsmStateRow>& s) {
  v("state", s.state);
  v("files", s.files);
  v("bytes", s.bytes);
}

template <class V> void fields(V& v, Seen<V, RepositoryReport>& r) {
  v("exports", r.exports);
  v("export_lag_mean_s", r.export_lag_mean_s);
  v("export_lag_max_s", r.export_lag_max_s);
  v("exports_failed", r.exports_failed);
  v("exports_left", r.exports_left);
  v("imports", r.imports);
  v("import_lag_mean_s", r.import_lag_mean_s);
  v("import_lag_max_s", r.import_lag_max_s);
  v("imports_left", r.imports_left);
  v("conflicts", r.conflicts);
  v("stale_opens", r.stale_opens);
}

template <class V> void fields(V& v, Seen<V, HsmReport>& h) {
  v("states", h.states);
  v("resident_files", h.resident_files);
  v("resident_bytes", h.resident_bytes);
  v("released_files", h.released_files);
  v("released_bytes", h.released_bytes);
  v("preload_s", h.preload_s);
  v("restores", h.restores);
  v("restored_bytes", h.restored_bytes);
  v("archives", h.archives);
  v("archived_bytes", h.archived_bytes);
  v("releases", h.releases);
  v("joined", h.joined);
  v("failed", h.failed);
  v("no_space", h.no_space);
  v("waits", h.waits);
  v("archive_gets", h.archive_gets);
  v("archive_puts", h.archive_puts);
  v("archive_deletes", h.archive_deletes);
  v("archive_bytes", h.archive_bytes);
  v("repository", h.repository);
}

template <class V> void fields(V& v, Seen<V, PccReport>& p) {
  v("pcc_attach", p.pcc_attach);
  v("pcc_detach", p.pcc_detach);
  v("pcc_attach_bytes", p.pcc_attach_bytes);
  v("pcc_hit_bytes", p.pcc_hit_bytes);
}

template <class V> void fields(V& v, Seen<V, NetworkRow>& n) {
  v("name", n.name);
  v("data_rpcs", n.data_rpcs);
  v("metadata_rpcs", n.metadata_rpcs);
  v("read_bytes", n.read_bytes);
  v("written_bytes", n.written_bytes);
}

template <class V> void fields(V& v, Seen<V, StationRow>& s) {
  v("name", s.name);
  v("class", s.station_class);
  v("discipline", s.discipline);
  v("utilization_pct", s.utilization_pct);
  v("queue_mean", s.queue_mean);
  v("requests", s.requests);
  v("capacity_text", s.capacity_text);
}

template <class V> void fields(V& v, Seen<V, StationClassRow>& s) {
  v("class", s.station_class);
  v("stations", s.stations);
  v("utilization_mean_pct", s.utilization_mean_pct);
  v("utilization_max_pct", s.utilization_max_pct);
  v("queue_mean", s.queue_mean);
}

template <class V> void fields(V& v, Seen<V, Bottleneck>& b) {
  v("name", b.name);
  v("class", b.station_class);
  v("utilization_pct", b.utilization_pct);
  v("why", b.why);
}

template <class V> void fields(V& v, Seen<V, BoundPart>& p) {
  v("name", p.name);
  v("throughput_mib_per_s", p.throughput_mib_per_s);
}

template <class V> void fields(V& v, Seen<V, ThroughputBound>& b) {
  v("name", b.name);
  v("throughput_mib_per_s", b.throughput_mib_per_s);
  v("parts", b.parts);
}

template <class V> void fields(V& v, Seen<V, CostLine>& l) {
  v("component", l.component);
  v("quantity", l.quantity);
  v("unit", l.unit);
  v("unit_price_usd", l.unit_price_usd);
  v("cost_usd", l.cost_usd);
  v("basis", l.basis);
  v("source", l.source);
  v("as_of", l.as_of);
  v("kind", l.kind);
}

template <class V> void fields(V& v, Seen<V, RunCost>& c) {
  v("total_usd", c.total_usd);
  v("usage_usd", c.usage_usd);
  v("per_epoch_usd", c.per_epoch_usd);
  v("per_sample_usd", c.per_sample_usd);
  v("idle_gpu_usd", c.idle_gpu_usd);
  v("per_hour_usd", c.per_hour_usd);
  v("per_month_usd", c.per_month_usd);
  v("complete", c.complete);
  v("lines", c.lines);
}

template <class V> void fields(V& v, Seen<V, AssumedRow>& a) {
  v("key", a.key);
  v("value", a.value);
  v("kind", a.kind);
  v("source", a.source);
}

template <class V> void fields(V& v, Seen<V, ReplayCheckRow>& r) {
  v("name", r.name);
  v("value", r.value);
  v("unit", r.unit);
}

template <class V> void fields(V& v, Seen<V, RunInput>& i) {
  v("path", i.path);
  v("digest", i.digest);
}

template <class V> void fields(V& v, Seen<V, RunProvenance>& p) {
  v("version", p.version);
  v("seed", p.seed);
  v("scenario", p.scenario);
  v("inputs", p.inputs);
  v("simgrid", p.simgrid);
  v("data_path", p.data_path);
  v("command", p.command);
}

template <class V> void fields(V& v, Seen<V, RunResult>& r) {
  v("schema_version", r.schema_version);
  v("name", r.name);
  v("description", r.description);
  v("storage_kind", r.storage_kind);
  v("metrics", r.metrics);
  v("stalls", r.stalls);
  v("jobs", r.jobs);
  v("phases", r.phases);
  v("checkpoints", r.checkpoints);
  v("hsm", r.hsm);
  v("pcc", r.pcc);
  v("networks", r.networks);
  v("faults", r.faults);
  v("stations", r.stations);
  v("station_classes", r.station_classes);
  v("bottleneck", r.bottleneck);
  v("bound", r.bound);
  v("cost", r.cost);
  v("assumed", r.assumed);
  v("warnings", r.warnings);
  v("notes", r.notes);
  v("replay_check", r.replay_check);
  v("provenance", r.provenance);
}

// --- writing
// ---------------------------------------------------------------------------------------

class Writer {
public:
  static constexpr bool kFills = false;
  template <class T> void operator()(const std::string& key, const T& value) {
    object_[key] = json_of(value);
  }

  template <class T> static Json json_of(const T& value) {
    if constexpr (std::is_same_v<T, double>) {
      assert(std::isfinite(value)); // JSON has no way to write it
      return value;
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
      return value;
    } else {
      Writer writer;
      fields(writer, value);
      return std::move(writer.object_);
    }
  }
  template <class T> static Json json_of(const std::optional<T>& value) {
    return value ? json_of(*value) : Json(nullptr);
  }
  template <class T> static Json json_of(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(json_of(value));
    return list;
  }

private:
  Json object_ = Json::object();
};

// --- reading
// ---------------------------------------------------------------------------------------

[[noreturn]] void reject(const std::string& path, std::string_view problem) {
  throw std::runtime_error(fmt::format("result: `{}` {}", path, problem));
}

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

class Reader {
public:
  static constexpr bool kFills = true;
  Reader(const Json& object, std::string path) : object_(object), path_(std::move(path)) {
    if (!object.is_object()) reject(path_.empty() ? "." : path_, "is not an object");
  }

  template <class T> void operator()(const std::string& key, T& value) {
    const std::string path = joined(path_, key);
    const auto found = object_.find(key);
    if (found == object_.end()) reject(path, "is missing");
    read(*found, path, value);
    known_.push_back(key);
  }

  void reject_unknown_keys() const {
    for (const auto& [key, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), key) == known_.end())
        reject(joined(path_, key), "is not a key of a result");
  }

  static void read(const Json& json, const std::string& path, double& value) {
    if (!json.is_number()) reject(path, "is not a number");
    value = json.get<double>();
    if (!std::isfinite(value)) reject(path, "is too large a number");
  }
  static void read(const Json& json, const std::string& path, std::uint64_t& value) {
    if (!json.is_number_unsigned()) reject(path, "is not a whole number of 0 or more");
    value = json.get<std::uint64_t>();
  }
  static void read(const Json& json, const std::string& path, std::uint32_t& value) {
    std::uint64_t wide = 0;
    read(json, path, wide);
    if (wide > std::numeric_limits<std::uint32_t>::max()) reject(path, "is too large a number");
    value = static_cast<std::uint32_t>(wide);
  }
  static void read(const Json& json, const std::string& path, bool& value) {
    if (!json.is_boolean()) reject(path, "is neither true nor false");
    value = json.get<bool>();
  }
  static void read(const Json& json, const std::string& path, std::string& value) {
    if (!json.is_string()) reject(path, "is not a text");
    value = json.get<std::string>();
  }
  template <class T>
  static void read(const Json& json, const std::string& path, std::optional<T>& value) {
    if (json.is_null()) return value.reset();
    read(json, path, value.emplace());
  }
  template <class T>
  static void read(const Json& json, const std::string& path, std::vector<T>& values) {
    if (!json.is_array()) reject(path, "is not a list");
    for (std::size_t i = 0; i < json.size(); ++i)
      read(json[i], fmt::format("{}[{}]", path, i), values.emplace_back());
  }
  template <class T> static void read(const Json& json, const std::string& path, T& value) {
    Reader reader(json, path);
    fields(reader, value);
    reader.reject_unknown_keys();
  }

private:
  const Json& object_;
  std::string path_;
  std::vector<std::string> known_;
};

Json parse(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // The library's message starts with its name for the error, in brackets.
    const std::string_view message = error.what();
    const std::size_t bracket = message.find("] ");
    throw std::runtime_error(
        fmt::format("result: not JSON: {}",
                    bracket == std::string_view::npos ? message : message.substr(bracket + 2)));
  }
}

// Before anything else: the keys of another version are not mistakes.
void check_schema_version(const Json& json) {
  std::uint32_t version = 0;
  if (!json.is_object()) reject(".", "is not an object");
  const auto found = json.find("schema_version");
  if (found == json.end()) reject("schema_version", "is missing");
  Reader::read(*found, "schema_version", version);
  if (version != kResultSchemaVersion)
    reject("schema_version",
           fmt::format("is {}; this program reads {}", version, kResultSchemaVersion));
}

// --- listing
// ---------------------------------------------------------------------------------------

class Lister {
public:
  static constexpr bool kFills = false;
  explicit Lister(std::vector<std::pair<std::string, double>>& numbers) : numbers_(numbers) {}

  template <class T> void operator()(const std::string& key, const T& value) {
    list(joined(path_, key), value);
  }

private:
  template <class T> void list(const std::string& path, const T& value) {
    if constexpr (std::is_arithmetic_v<T>) {
      numbers_.emplace_back(path, static_cast<double>(value));
    } else if constexpr (!std::is_same_v<T, std::string>) {
      Lister inner(numbers_);
      inner.path_ = path;
      fields(inner, value);
    }
  }
  template <class T> void list(const std::string& path, const std::optional<T>& value) {
    if (value) list(path, *value);
  }
  template <class T> void list(const std::string& path, const std::vector<T>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) list(fmt::format("{}[{}]", path, i), values[i]);
  }

  std::vector<std::pair<std::string, double>>& numbers_;
  std::string path_;
};

} // namespace

GpuTimeShares shares_of(const TimeAccount& time) {
  constexpr double kPercent = 100;
  const double total_s = time.total();
  assert(total_s > 0);
  GpuTimeShares shares;
  for (const CauseRow& row : kCauseTable) shares[row.cause] = time[row.cause] / total_s * kPercent;
  return shares;
}

std::string to_json(const RunResult& result) {
  constexpr int kIndent = 2;
  return Writer::json_of(result).dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n";
}

RunResult from_json(std::string_view text) {
  const Json json = parse(text);
  check_schema_version(json);
  RunResult result;
  Reader::read(json, "", result);
  return result;
}

std::vector<std::pair<std::string, double>> list_numbers(const RunResult& result) {
  std::vector<std::pair<std::string, double>> numbers;
  Lister lister(numbers);
  fields(lister, result);
  return numbers;
}

} // namespace lustrum
