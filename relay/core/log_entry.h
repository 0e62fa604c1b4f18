// One entry of a room's text log: what members sealed for each other, and the number that the relay gave it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hubbub::relay {

// The author's name for a message, drawn at random: the same message sent again has the same id.
using MessageId = std::array<std::byte, 16>;

struct LogEntry {
  std::uint64_t number = 0;  // goes up with every entry of a room, and is never used twice; not without gaps
  MessageId id{};
  std::vector<std::byte> object;  // sealed end to end; opaque
};

}  // namespace hubbub::relay
