#include "models/assembly/catalog.hpp"
#include "models/assembly/catalog_tables.hpp"

namespace lustrum {

using S = LustreSystem;

ParameterTable network_rate_rows() {
  return {
      {.key = "network.per_tib",
       .field = field<&S::network_per_tib>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Network rate that lasts, per TiB of capacity. Either this or network.per_oss.",
       .source = kNotStated},
      {.key = "network.burst_per_tib",
       .field = field<&S::network_burst_per_tib>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Network rate while burst credit lasts, per TiB; equal to network.per_tib: no burst.",
       .source = kNotStated},
      {.key = "network.per_oss",
       .field = field<&S::network_per_oss>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Network rate of one server.",
       .source = kNotStated},
  };
}

// NOLINTNEXTLINE(readability-function-size): a table, row after row
ParameterTable lnet_rows() {
  return {
      {.key = "lnet.tcp.latency",
       .field = field<&S::tcp_latency>,
       .default_text = kRequired,
       .min = 0,
       .max = 1,
       .doc = "One way from client to server over TCP, software of both ends included."},
      {.key = "lnet.efa.latency",
       .field = field<&S::efa_latency>,
       .default_text = "0 s",
       .min = 0,
       .max = 1,
       .doc = "One way from client to server over EFA (on premises: over the RDMA network).",
       .source = kNotStated},
      {.key = "lnet.efa.metadata",
       .field = field<&S::efa_metadata>,
       .default_text = "false",
       .doc = "Metadata RPCs use it too; else they stay on TCP.",
       .source = kNotStated},
      {.key = "lnet.tcp.client_ceiling",
       .field = field<&S::tcp_client_ceiling>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Most that one client gets over TCP; 0 B/s: what its network card gives.",
       .source = kNotStated},
      {.key = "lnet.tcp.flow_ceiling",
       .field = field<&S::tcp_flow_ceiling>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Most that one client gets from one server over TCP; 0 B/s: no such limit.",
       .source = kNotStated},
      {.key = "lnet.efa.client_ceiling",
       .field = field<&S::efa_client_ceiling>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Most that one client gets over EFA; 0 B/s: what its network cards give.",
       .source = kNotStated},
      {.key = "lnet.efa.gds",
       .field = field<&S::gds>,
       .default_text = "false",
       .doc = "Whether its servers serve clients with GPUDirect Storage.",
       .source = kNotStated},
      {.key = "lnet.efa.gds_client_ceiling",
       .field = field<&S::gds_client_ceiling>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Most that one client gets with GPUDirect Storage; 0 B/s: what its network cards "
              "give.",
       .source = kNotStated},
      {.key = "lnet.efa.connections",
       .field = field<&S::efa_connections>,
       .default_text = "0",
       .max = 1e6,
       .doc = "Most EFA connections of a file system, one for each network card of a client; 0: no "
              "limit.",
       .source = kNotStated},
      {.key = "lnet.efa.lnd",
       .field = field<&S::rdma_lnd>,
       .default_text = "efa",
       .choices = {"efa", "o2ib"},
       .doc = "Network driver behind the figures under `efa`: EFA, or InfiniBand (o2ib).",
       .source = kNotStated},
      {.key = "lnet.tcp.per_connection",
       .field = field<&S::tcp_per_connection>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Most that one TCP connection gets; Lustre opens several to each server. 0 B/s: no "
              "such limit.",
       .source = kNotStated},
      {.key = "lnet.tcp.copy_bandwidth",
       .field = field<&S::tcp_copy>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Rate at which one thread receives over TCP: it copies. 0 B/s: no such limit.",
       .source = kNotStated},
  };
}

} // namespace lustrum
