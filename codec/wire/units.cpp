#include "codec/wire/units.h"

#include <array>
#include <charconv>

namespace hubbub {
namespace {

struct Unit {
  std::string_view suffix;
  Duration length;
};
// Longer suffixes first: "ms" ends in "s" too.
constexpr std::array<Unit, 4> kUnits = {{{"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}}};

// Durations beyond this overflow nothing and serve nobody.
constexpr double kLongestSeconds = 10.0 * 365 * 24 * 3600;

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    const std::string_view digits = text.substr(0, text.size() - unit.suffix.size());
    double number = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end != digits.data() + digits.size()) continue;
    const double seconds = number * to_seconds(unit.length);
    if (!(seconds >= 0 && seconds <= kLongestSeconds)) return std::nullopt;
    return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
  }
  return std::nullopt;
}

std::string duration_text(Duration duration) {
  const auto ms = std::chrono::round<std::chrono::milliseconds>(duration).count();
  if (ms % 1000 != 0 || ms == 0) return std::to_string(ms) + "ms";
  const auto seconds = ms / 1000;
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds % 60 == 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

}  // namespace hubbub
