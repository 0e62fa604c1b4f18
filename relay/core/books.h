// The relay's books. Every datagram received and every copy due ends in exactly one counter, so they always
// balance:
//   received = keepalives + pings + forwarded + waiting + dropped (by reason)
//   due      = sent + unsent (by reason) + unsettled
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <string_view>

#include "codec/wire/drop_reason.h"

namespace hubbub::relay {

// Why a copy that was due did not leave.
enum class UnsentReason : std::uint8_t {
  kUnreachable,  // the system knows no way there
  kRefused,      // the system forbids it (a firewall, a broadcast address)
  kOtherError,   // any other error of the system's
  kShutdown,     // the relay stopped in the middle of a broadcast
  kCount
};
inline constexpr std::size_t kUnsentReasons = static_cast<std::size_t>(UnsentReason::kCount);

constexpr std::string_view name_of(UnsentReason reason) {
  constexpr std::array<std::string_view, kUnsentReasons> kNames = {"unreachable", "refused", "other_error",
                                                                   "shutdown"};
  return kNames[static_cast<std::size_t>(reason)];
}

template <std::size_t N>
constexpr std::uint64_t total_of(const std::array<std::uint64_t, N>& counters) {
  return std::accumulate(counters.begin(), counters.end(), std::uint64_t{0});
}

struct Books {
  // In.
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t keepalives = 0;
  std::uint64_t pings = 0;
  std::uint64_t forwarded = 0;  // taken up by the broadcaster
  std::array<std::uint64_t, kDropReasons> dropped{};
  // Out. Answers to pings count as copies due.
  std::uint64_t due = 0;
  std::uint64_t sent = 0;
  std::uint64_t sent_bytes = 0;
  std::array<std::uint64_t, kUnsentReasons> unsent{};
  // Peers.
  std::uint64_t peers_joined = 0;
  std::uint64_t peers_expired = 0;

  [[nodiscard]] std::uint64_t dropped_total() const { return total_of(dropped); }
  [[nodiscard]] std::uint64_t unsent_total() const { return total_of(unsent); }
  // `waiting` datagrams are queued, `unsettled` copies are under way.
  [[nodiscard]] bool balance(std::uint64_t waiting, std::uint64_t unsettled) const;

  void drop(DropReason reason) { ++dropped[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t dropped_for(DropReason reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
  void lose(UnsentReason reason, std::uint64_t copies) { unsent[static_cast<std::size_t>(reason)] += copies; }
};

}  // namespace hubbub::relay
