#include "tools/bench/spread_report.h"

#include <fmt/format.h>

namespace hubbub::bench {

std::string spread_text(const Spread& spread, int digits) {
  return fmt::format("{0:.{3}f} ({1:.{3}f}-{2:.{3}f})", spread.median, spread.least, spread.most, digits);
}

nlohmann::ordered_json spread_json(const Spread& spread) {
  return {{"median", spread.median}, {"least", spread.least}, {"most", spread.most}};
}

}  // namespace hubbub::bench
