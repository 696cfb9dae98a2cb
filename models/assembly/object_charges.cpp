#include "models/assembly/object_charges.hpp"

#include "models/assembly/scenario.hpp"

#include <fmt/format.h>

namespace lustrum {

using object::RequestClass;

std::vector<Charge> object_charges(const Scenario& scenario, const std::string& product,
                                   const object::ServiceUsage& usage, Seconds now) {
  const auto charge = [&](std::string component, std::string_view what, double amount,
                          PriceUnit unit) {
    return Charge{.product = product,
                  .component = std::move(component),
                  .label = fmt::format("{}, {}", product, what),
                  .amount = amount,
                  .unit = unit,
                  .counted = {}};
  };
  const auto in_gib = [](double bytes) { return bytes / static_cast<double>(kGib); };
  const auto count = [&](std::initializer_list<RequestClass> classes) {
    double sum = 0;
    for (const RequestClass each : classes) sum += static_cast<double>(usage.count(each));
    return sum;
  };
  const double time_s = now.count();
  const double held = time_s > 0 ? usage.stored_byte_seconds / time_s : usage.stored.as_double();
  std::vector<Charge> charges{
      charge("capacity", "capacity", in_gib(held), PriceUnit::gib_month),
      charge("read_requests", "GET and HEAD", count({RequestClass::get, RequestClass::head}),
             PriceUnit::thousand_requests),
      charge("write_requests", "PUT and LIST", count({RequestClass::put, RequestClass::list}),
             PriceUnit::thousand_requests)};
  // Only some stores charge for data by size; those that do not have no such price.
  if (scenario.prices.find(product, "data_read"))
    charges.push_back(
        charge("data_read", "data read", in_gib(usage.retrieved.as_double()), PriceUnit::gib));
  if (scenario.prices.find(product, "data_written"))
    charges.push_back(
        charge("data_written", "data written", in_gib(usage.uploaded.as_double()), PriceUnit::gib));
  return charges;
}

} // namespace lustrum
