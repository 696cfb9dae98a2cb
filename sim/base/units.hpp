// Quantities with their unit in the type, so that seconds cannot be added to bytes and two
// swapped arguments do not compile. A quantity holds one number in its base unit (bytes, seconds,
// bytes per second, US dollars ...); count() gives that number at boundaries.
//
//   Seconds t = 4_MiB / BytesPerSecond{1e9};       // 4.19 ms
//   Usd price = UsdPerHour{55.04} * Seconds{3600}; // 55.04 USD
#pragma once

#include <cassert>
#include <compare>
#include <cstdint>

namespace lustrum {

// A real-valued quantity; the tag makes each unit its own type.
template <class Tag> class Quantity {
public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double count) : count_(count) {}
  constexpr double count() const { return count_; }

  constexpr Quantity& operator+=(Quantity other) { return count_ += other.count_, *this; }
  constexpr Quantity& operator-=(Quantity other) { return count_ -= other.count_, *this; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return a += b; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return a -= b; }
  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity{a.count_ * k}; }
  friend constexpr Quantity operator*(double k, Quantity a) { return a * k; }
  friend constexpr Quantity operator/(Quantity a, double k) { return Quantity{a.count_ / k}; }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.count_ / b.count_; }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

private:
  double count_ = 0;
};

using Seconds = Quantity<struct SecondsTag>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag>;
using PerSecond = Quantity<struct PerSecondTag>; // operations per second
using Usd = Quantity<struct UsdTag>;
using UsdPerHour = Quantity<struct UsdPerHourTag>;
using UsdPerGibMonth = Quantity<struct UsdPerGibMonthTag>;

// A number of bytes: whole, never negative. Subtracting more than there is is a bug, not a wrap.
class Bytes {
public:
  constexpr Bytes() = default;
  constexpr explicit Bytes(std::uint64_t count) : count_(count) {}
  constexpr std::uint64_t count() const { return count_; }
  constexpr double as_double() const { return static_cast<double>(count_); }

  constexpr Bytes& operator+=(Bytes other) {
    assert(count_ + other.count_ >= count_);
    return count_ += other.count_, *this;
  }
  constexpr Bytes& operator-=(Bytes other) {
    assert(count_ >= other.count_);
    return count_ -= other.count_, *this;
  }
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return a += b; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return a -= b; }
  friend constexpr Bytes operator*(Bytes a, std::uint64_t k) { return Bytes{a.count_ * k}; }
  friend constexpr Bytes operator/(Bytes a, std::uint64_t k) { return Bytes{a.count_ / k}; }
  friend constexpr Bytes operator%(Bytes a, Bytes b) { return Bytes{a.count_ % b.count_}; }
  friend constexpr std::uint64_t operator/(Bytes a, Bytes b) { return a.count_ / b.count_; }
  friend constexpr auto operator<=>(Bytes, Bytes) = default;

private:
  std::uint64_t count_ = 0;
};

constexpr Seconds operator/(Bytes b, BytesPerSecond rate) {
  return Seconds{b.as_double() / rate.count()};
}
constexpr BytesPerSecond operator/(Bytes b, Seconds t) {
  return BytesPerSecond{b.as_double() / t.count()};
}
constexpr double operator*(BytesPerSecond rate, Seconds t) { return rate.count() * t.count(); }
constexpr Usd operator*(UsdPerHour price, Seconds t) {
  constexpr double kSecondsPerHour = 3600;
  return Usd{price.count() * t.count() / kSecondsPerHour};
}

// An index into one kind of thing; OST 3 is not client 3.
template <class Tag> class Index {
public:
  constexpr Index() = default;
  constexpr explicit Index(std::uint32_t value) : value_(value) {}
  constexpr std::uint32_t value() const { return value_; }
  friend constexpr auto operator<=>(Index, Index) = default;

private:
  std::uint32_t value_ = 0;
};

using ClientIndex = Index<struct ClientTag>;
using OstIndex = Index<struct OstTag>;
using OssIndex = Index<struct OssTag>;
using MdtIndex = Index<struct MdtTag>;
using FileIndex = Index<struct FileTag>;
using DirectoryIndex = Index<struct DirectoryTag>;
using JobIndex = Index<struct JobTag>;
using RankIndex = Index<struct RankTag>;

constexpr std::uint64_t kKib = 1024;
constexpr std::uint64_t kMib = 1024 * kKib;
constexpr std::uint64_t kGib = 1024 * kMib;
constexpr std::uint64_t kTib = 1024 * kGib;

inline namespace literals {
constexpr Bytes operator""_B(unsigned long long n) { return Bytes{n}; }
constexpr Bytes operator""_KiB(unsigned long long n) { return Bytes{n * kKib}; }
constexpr Bytes operator""_MiB(unsigned long long n) { return Bytes{n * kMib}; }
constexpr Bytes operator""_GiB(unsigned long long n) { return Bytes{n * kGib}; }
} // namespace literals

} // namespace lustrum
