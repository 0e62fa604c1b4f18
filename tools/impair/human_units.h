// Quantities as people write them, to values and back. Every error is a sentence that quotes the text and
// shows what would do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/wire/result.h"
#include "codec/wire/units.h"
#include "tools/impair/link_options.h"

namespace hubbub::impair {

Result<double, std::string> parse_number(std::string_view text);       // 2.5
Result<std::uint64_t, std::string> parse_seed(std::string_view text);  // 0 to 2^64 - 1
Result<double, std::string> parse_probability(std::string_view text);  // 5%, 0.05
Result<Duration, std::string> parse_duration(std::string_view text);   // 250us, 40ms, 1.5s, 2min, 1h, 0
Result<std::uint64_t, std::string> parse_bit_rate(
    std::string_view text);  // 64000bit, 256kbit, 1.5Mbit, 1Gbit
Result<std::size_t, std::string> parse_byte_count(std::string_view text);  // 1500B, 32kB, 1MB
Result<Outage, std::string> parse_outage(std::string_view text);  // 10s+2s: starts at 10 s, lasts 2 s

std::string number_text(double value);             // 2.5, to twelve digits
std::string duration_text(Duration duration);      // 40ms, 1.5s: what parse_duration takes
std::string probability_text(double probability);  // 5%

}  // namespace hubbub::impair
