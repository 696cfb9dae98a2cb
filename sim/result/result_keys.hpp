// The keys of a result, once: whoever writes, reads or lists results walks through these with a
// visitor, which is called with each key and its field. In the order of the JSON. For
// run_result.cpp.
#pragma once

#include "sim/result/run_result.hpp"

#include <fmt/format.h>

#include <type_traits>

namespace lustrum {

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

} // namespace lustrum
