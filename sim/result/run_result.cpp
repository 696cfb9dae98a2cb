#include "sim/result/run_result.hpp"

#include "sim/result/result_keys.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace lustrum {
namespace {

using Json = nlohmann::ordered_json;

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
