// The books of a sealed port. Three that balance, since a datagram may hold several elements, and an element
// has many copies:
//   received = hellos + key requests + resets + envelopes + dropped (by reason)
//   accepted = forwarded + waiting + discarded (by reason)         elements to be sent on to a room
//   due      = sent + unsent (by reason) + unsettled               copies and answers
#pragma once

#include <array>
#include <cstdint>

#include "codec/wire/drop_reason.h"
#include "relay/core/books.h"

namespace hubbub::relay {

struct SealedBooks {
  // Datagrams in.
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t hellos = 0;  // answered, whatever the answer
  std::uint64_t key_requests = 0;
  std::uint64_t resets = 0;  // envelopes answered with a Reset
  std::uint64_t envelopes = 0;
  std::array<std::uint64_t, kDropReasons> dropped{};
  // Elements: refused ones are of envelopes that were counted, so they stand apart.
  std::array<std::uint64_t, kDropReasons> refused{};
  std::uint64_t accepted = 0;
  std::uint64_t forwarded = 0;
  std::array<std::uint64_t, kDropReasons> discarded{};
  std::uint64_t recovered = 0;  // frames that a sibling or a repair symbol brought
  std::uint64_t resent = 0;     // frames that a NACK asked for
  // Copies out.
  std::uint64_t due = 0;
  std::uint64_t sent = 0;
  std::uint64_t sent_bytes = 0;
  std::array<std::uint64_t, kUnsentReasons> unsent{};
  // Sessions and members.
  std::uint64_t handshakes = 0;
  std::uint64_t rekeys = 0;
  std::uint64_t sessions_expired = 0;
  std::uint64_t members_joined = 0;
  std::uint64_t members_left = 0;
  std::uint64_t moves = 0;  // sessions that proved a new address

  void drop(DropReason reason) { ++dropped[static_cast<std::size_t>(reason)]; }
  void refuse(DropReason reason) { ++refused[static_cast<std::size_t>(reason)]; }
  void discard(DropReason reason, std::uint64_t elements = 1) {
    discarded[static_cast<std::size_t>(reason)] += elements;
  }
  void lose(UnsentReason reason, std::uint64_t copies) { unsent[static_cast<std::size_t>(reason)] += copies; }
  [[nodiscard]] std::uint64_t dropped_for(DropReason reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t refused_for(DropReason reason) const {
    return refused[static_cast<std::size_t>(reason)];
  }

  [[nodiscard]] bool balance(std::uint64_t waiting, std::uint64_t unsettled) const;
};

}  // namespace hubbub::relay
