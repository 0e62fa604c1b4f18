// The summary of the relay's books, for people (one line a room) and for programs (one JSON object).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "codec/wire/units.h"
#include "relay/core/books.h"

namespace hubbub::relay {

struct RoomSummary {
  std::uint16_t port = 0;
  std::size_t peers = 0;
  std::size_t waiting = 0;
  std::uint64_t unsettled = 0;
  std::uint64_t kernel_dropped = 0;  // before they reached us, so outside the books
  Books books;
};

std::string summary_text(std::span<const RoomSummary> rooms, Duration uptime);
std::string summary_json(std::span<const RoomSummary> rooms, Duration uptime);

}  // namespace hubbub::relay
