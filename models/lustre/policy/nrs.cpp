#include "models/lustre/policy/nrs.hpp"

namespace lustrum::lustre {

std::unique_ptr<RequestScheduler> make_nrs(const NrsSettings& settings) {
  using Settings = RoundRobinSettings;
  switch (settings.policy) {
  case NrsPolicy::fifo:
    return nullptr;
  case NrsPolicy::crrn:
    return std::make_unique<NrsRoundRobin>(
        Settings{.turns = Turns::clients, .quantum = settings.crrn_quantum});
  case NrsPolicy::orr:
    return std::make_unique<NrsRoundRobin>(Settings{.turns = Turns::objects,
                                                    .quantum = settings.orr_quantum,
                                                    .by_offset = true,
                                                    .ordered = settings.orr_supported});
  case NrsPolicy::trr:
    return std::make_unique<NrsRoundRobin>(Settings{.turns = Turns::targets,
                                                    .quantum = settings.trr_quantum,
                                                    .by_offset = true,
                                                    .ordered = settings.orr_supported});
  case NrsPolicy::tbf:
    return std::make_unique<NrsTbf>(settings.tbf);
  }
  return nullptr;
}

} // namespace lustrum::lustre
