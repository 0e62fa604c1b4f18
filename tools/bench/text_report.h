// What text costs, as tables for people or as JSON.
#pragma once

#include <string>

#include "tools/bench/text.h"

namespace hubbub::bench {

[[nodiscard]] std::string text_text(const TextOptions& options, const TextFigures& figures);
[[nodiscard]] std::string text_json(const TextOptions& options, const TextFigures& figures);

}  // namespace hubbub::bench
