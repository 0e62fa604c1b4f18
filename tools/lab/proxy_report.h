// What a proxy did, for people and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "tools/lab/proxy_core.h"

namespace hubbub::lab {

std::string report_text(const ProxyStats& stats, std::uint64_t seed);  // a small table
std::string report_json(const ProxyStats& stats, std::uint64_t seed);  // one line

}  // namespace hubbub::lab
