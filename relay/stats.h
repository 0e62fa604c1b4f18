// The summary of the relay's books, for people (one line a port) and for programs (one JSON object).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/wire/units.h"
#include "relay/core/books.h"
#include "relay/core/sealed_books.h"
#include "relay/history/options.h"

namespace hubbub::relay {

struct RoomSummary {
  std::uint16_t port = 0;
  std::size_t peers = 0;
  std::size_t waiting = 0;
  std::uint64_t unsettled = 0;
  std::uint64_t kernel_dropped = 0;  // before they reached us, so outside the books
  Books books;
};

struct SealedSummary {
  std::uint16_t port = 0;
  std::size_t rooms = 0;
  std::size_t sessions = 0;
  std::size_t members = 0;
  std::size_t waiting = 0;
  std::uint64_t unsettled = 0;
  std::uint64_t kernel_dropped = 0;
  SealedBooks books;
};

struct Summary {
  Duration uptime{};
  std::optional<SealedSummary> sealed{};
  std::vector<RoomSummary> rooms{};
  std::optional<HistoryCounters> history{};
};

std::string summary_text(const Summary& summary);
std::string summary_json(const Summary& summary);

}  // namespace hubbub::relay
