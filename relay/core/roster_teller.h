// Tells the members of rooms who came, left or took another name: one datagram a member and tick, however
// many changes there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "codec/wire/units.h"
#include "relay/core/sealed_room.h"
#include "relay/core/sealed_rooms.h"
#include "relay/core/sealed_session.h"

namespace hubbub::relay {

class RosterTeller {
 public:
  // A member to be told, and what: roster changes, valid until the next call.
  struct Due {
    Session& member;
    std::span<const std::byte> elements;
  };

  // `rooms` outlives the teller.
  explicit RosterTeller(const SealedRooms& rooms) : rooms_(rooms) {}

  // Something may have changed in this room's roster: its members are told at the next tick, if it is not the
  // time for it now.
  void changed(SealedRoom& room);
  // Who is to be told next; nothing while nobody is.
  std::optional<Due> next(TimePoint now);

 private:
  // The members of a room that are being told, one after the other.
  struct Telling {
    std::uint64_t room = 0;
    std::vector<std::uint32_t> members;  // those still to be told: a broadcast between changes their order
    std::vector<std::byte> elements;
  };
  bool start(TimePoint now);
  static std::vector<std::byte> untold(SealedRoom& room);

  const SealedRooms& rooms_;
  std::deque<std::uint64_t> to_tell_;  // rooms whose rosters changed
  std::optional<Telling> telling_;
};

}  // namespace hubbub::relay
