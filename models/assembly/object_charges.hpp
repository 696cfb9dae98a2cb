// What an object store charges for a run: room, requests by class, and data where it asks for that.
#pragma once

#include "models/cost/cost.hpp"
#include "models/object/object_service.hpp"

#include <string>
#include <vector>

namespace lustrum {

struct Scenario;

// \pre the run has ended at `now`
std::vector<Charge> object_charges(const Scenario& scenario, const std::string& product,
                                   const object::ServiceUsage& usage, Seconds now);

} // namespace lustrum
