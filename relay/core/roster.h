// Who is in a room, as numbered changes: who has seen all up to a number needs only those after it. A later
// change of a member makes the earlier one void, so there is one for each who is here, and one for each of
// the last who left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "codec/wire/room_elements.h"

namespace hubbub::relay {

class Roster {
 public:
  // The member came, or changed; no change where nothing differs. A member without presence is not told of.
  void put(std::uint32_t ssrc, std::span<const std::byte> presence);
  void remove(std::uint32_t ssrc);

  [[nodiscard]] std::uint64_t newest() const { return next_ - 1; }
  [[nodiscard]] std::size_t present() const { return numbers_.size(); }
  // The newest departure that is forgotten: they are not kept for ever.
  [[nodiscard]] std::uint64_t lost() const { return lost_departure_; }

  // The first change after `number`. Departures are told to newcomers too: what one of them was told before
  // it asked may have become void by one. Valid until the next change.
  [[nodiscard]] std::optional<RosterChange> next_after(std::uint64_t number) const;

 private:
  struct Change {
    std::uint32_t ssrc = 0;
    std::vector<std::byte> presence;  // empty: left
  };
  void add(std::uint32_t ssrc, std::span<const std::byte> presence);
  void forget_departures();

  std::map<std::uint64_t, Change> changes_;
  std::unordered_map<std::uint32_t, std::uint64_t> numbers_;  // of those who are here
  std::uint64_t next_ = 1;
  std::uint64_t lost_departure_ = 0;    // the newest that was forgotten
  std::uint64_t oldest_departure_ = 0;  // where to look for the next to forget
};

}  // namespace hubbub::relay
