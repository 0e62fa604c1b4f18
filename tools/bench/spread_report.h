// How a spread of measurements is written in a report.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tools/bench/statistics.h"

namespace hubbub::bench {

// The median, and in brackets the range.
[[nodiscard]] std::string spread_text(const Spread& spread, int digits = 2);
[[nodiscard]] nlohmann::ordered_json spread_json(const Spread& spread);

}  // namespace hubbub::bench
