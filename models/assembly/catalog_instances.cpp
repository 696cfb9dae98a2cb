#include "models/assembly/catalog.hpp"

namespace lustrum {
namespace {

// Defaults of rows that an entry leaves out because the product does not have the thing.
constexpr std::string_view kNone = "the entry does not state it: not offered, or no limit";

} // namespace

// NOLINTNEXTLINE(readability-function-size): a table, row after row
const ParameterTable& Instance::parameters() {
  using I = Instance;
  static const ParameterTable table{
      {.key = "gpu.model",
       .field = field<&I::gpu_model>,
       .default_text = kRequired,
       .doc = "Accelerator, a name only: compute time comes from the workload."},
      {.key = "gpu.count",
       .field = field<&I::gpus>,
       .default_text = kRequired,
       .min = 1,
       .max = 1024,
       .doc = "Accelerators of one node; the job runs one rank on each."},
      {.key = "cpu.vcpus",
       .field = field<&I::vcpus>,
       .default_text = kRequired,
       .min = 1,
       .max = 4096,
       .doc = "Virtual processors of a node; defaults of the client's tunables depend on them."},
      {.key = "memory",
       .field = field<&I::memory>,
       .default_text = kRequired,
       .min = 1,
       .doc = "Memory of a node; defaults of the client's tunables depend on it."},
      {.key = "tcp.nic_bandwidth",
       .field = field<&I::tcp_bandwidth>,
       .default_text = kRequired,
       .min = 1,
       .doc = "Rate of the one network card that carries Lustre over TCP, each way."},
      {.key = "efa.nics",
       .field = field<&I::efa_nics>,
       .default_text = "0",
       .max = 64,
       .doc = "Network cards that Lustre may use over EFA (on premises: over RDMA); 0: none.",
       .source = kNone},
      {.key = "efa.nic_bandwidth",
       .field = field<&I::efa_nic_bandwidth>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Rate of each of them, each way.",
       .source = kNone},
      {.key = "efa.fsx",
       .field = field<&I::fsx_efa>,
       .default_text = "false",
       .doc = "Whether the file system accepts this instance as an EFA client; FSx for Lustre: "
              "Nitro v4 or newer.",
       .source = kNone},
      {.key = "efa.gds",
       .field = field<&I::gds>,
       .default_text = "false",
       .doc = "Whether it can read with GPUDirect Storage: from the network card into the GPU.",
       .source = kNone},
      {.key = "efa.gds_nics",
       .field = field<&I::gds_nics>,
       .default_text = "0",
       .max = 64,
       .doc = "Network cards that Lustre may use then; 0: efa.nics.",
       .source = kNone},
      {.key = "ebs_bandwidth",
       .field = field<&I::ebs_bandwidth>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "What a node moves to and from its network volumes at most, all of them together; "
              "0 B/s: as the volumes' entry says.",
       .source = kNone},
      {.key = "host.pcie_bandwidth",
       .field = field<&I::pcie_bandwidth>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "PCIe between the network cards for storage and the rest, each way; 0 B/s: no limit.",
       .source = kNone},
      {.key = "host.memory_bandwidth",
       .field = field<&I::memory_bandwidth>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Memory bandwidth of a node; a byte that is read through the page cache crosses it "
              "three times. 0 B/s: no limit.",
       .source = kNone},
  };
  return table;
}

} // namespace lustrum
