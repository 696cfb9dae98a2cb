// What every number of a result means: the one list from which help and documentation are made.
//
//   const Metric* metric = find_metric("stations[3].queue_mean");
//   metric->unit == "requests"
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lustrum {

// Which way is an improvement.
enum class Better : std::uint8_t { higher, lower, neither };

std::string_view to_string(Better better); // `higher`, `lower`; `-` for neither

struct Metric {
  std::string key; // path in the JSON, `[]` for each item of a list: `stations[].queue_mean`
  std::string unit;
  std::string definition; // one sentence, with the formula where there is one
  Better better = Better::neither;
};

// Every number and truth value of a RunResult, in the order of its JSON.
std::span<const Metric> metric_registry();

// Key of the number at a path: `stations[].queue_mean` of `stations[3].queue_mean`.
std::string metric_key(std::string_view path);

// By key or by the path of one number; nullptr when there is none.
const Metric* find_metric(std::string_view path);

} // namespace lustrum
