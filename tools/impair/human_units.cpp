#include "tools/impair/human_units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <span>

namespace hubbub::impair {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 8> kDurationUnits = {{{"ns", 1},
                                                 {"us", 1e3},
                                                 {"ms", 1e6},
                                                 {"s", 1e9},
                                                 {"sec", 1e9},
                                                 {"m", 60e9},
                                                 {"min", 60e9},
                                                 {"h", 3600e9}}};
constexpr std::array<Unit, 8> kRateUnits = {{{"bit", 1},
                                             {"kbit", 1e3},
                                             {"Mbit", 1e6},
                                             {"Gbit", 1e9},
                                             {"bit/s", 1},
                                             {"kbit/s", 1e3},
                                             {"Mbit/s", 1e6},
                                             {"Gbit/s", 1e9}}};
constexpr std::array<Unit, 3> kByteUnits = {{{"B", 1}, {"kB", 1e3}, {"MB", 1e6}}};

// The largest whole number that a double, and every integer type used here, holds exactly.
constexpr double kLargestWhole = 9'007'199'254'740'992.0;

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

struct Quantity {
  double number;
  std::string_view unit;
};

// A decimal number and what follows it; no sign, space, exponent, infinity or NaN.
std::optional<Quantity> split(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  return Quantity{number, text.substr(static_cast<std::size_t>(end - text.data()))};
}

// The number in units of factor 1, rounded; `nullopt` where the text is not a number and one of the units.
std::optional<double> scaled(std::string_view text, std::span<const Unit> units) {
  const auto quantity = split(text);
  if (!quantity) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != quantity->unit) continue;
    const double value = std::round(quantity->number * unit.factor);
    return value <= kLargestWhole ? std::optional(value) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Result<double, std::string> parse_number(std::string_view text) {
  const auto quantity = split(text);
  if (!quantity || !quantity->unit.empty()) return quoted(text) + " is not a number such as 2.5";
  return quantity->number;
}

Result<std::uint64_t, std::string> parse_seed(std::string_view text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) {
    return quoted(text) + " is not a seed: give a whole number from 0 to 18446744073709551615";
  }
  return seed;
}

Result<double, std::string> parse_probability(std::string_view text) {
  const auto quantity = split(text);
  if (!quantity || (!quantity->unit.empty() && quantity->unit != "%")) {
    return quoted(text) + " is not a probability: give it as 5% or 0.05";
  }
  if (quantity->unit == "%") {
    if (quantity->number > 100) return quoted(text) + " is more than 100%";
    return quantity->number / 100;
  }
  if (quantity->number > 1)
    return quoted(text) + " is more than 1: for a percentage, write " + quoted(std::string(text) + "%");
  return quantity->number;
}

Result<Duration, std::string> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  const auto nanoseconds = scaled(text, kDurationUnits);
  if (!nanoseconds) return quoted(text) + " is not a duration: give it with its unit, as 40ms, 1.5s or 2min";
  return Duration(static_cast<std::int64_t>(*nanoseconds));
}

Result<std::uint64_t, std::string> parse_bit_rate(std::string_view text) {
  const auto bits = scaled(text, kRateUnits);
  if (!bits) return quoted(text) + " is not a rate: give it in bits a second, as 256kbit or 1.5Mbit";
  return static_cast<std::uint64_t>(*bits);
}

Result<std::size_t, std::string> parse_byte_count(std::string_view text) {
  const auto bytes = scaled(text, kByteUnits);
  if (!bytes) return quoted(text) + " is not a number of bytes: give it as 1500B or 32kB";
  return static_cast<std::size_t>(*bytes);
}

Result<Outage, std::string> parse_outage(std::string_view text) {
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    const auto start = parse_duration(text.substr(0, plus));
    const auto duration = parse_duration(text.substr(plus + 1));
    if (start && duration) return Outage{*start, *duration};
  }
  return quoted(text) + " is not an outage: give its start and its length, as 10s+2s";
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.12g", value);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string duration_text(Duration duration) {
  const auto nanoseconds = static_cast<double>(duration.count());
  if (duration == Duration::zero()) return "0ms";
  if (duration < 1us) return number_text(nanoseconds) + "ns";
  if (duration < 1ms) return number_text(nanoseconds / 1e3) + "us";
  if (duration < 1s) return number_text(nanoseconds / 1e6) + "ms";
  return number_text(nanoseconds / 1e9) + "s";
}

std::string probability_text(double probability) {
  return number_text(probability * 100) + "%";
}

}  // namespace hubbub::impair
