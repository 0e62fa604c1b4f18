#include "relay/core/roster_teller.h"

#include <utility>

#include "codec/wire/byte_io.h"
#include "codec/wire/limits.h"
#include "codec/wire/sealed.h"

namespace hubbub::relay {

void RosterTeller::changed(SealedRoom& room) {
  if (room.told_change < room.roster.newest() && !std::exchange(room.waits_to_tell, true))
    to_tell_.push_back(room.number());
}

std::optional<RosterTeller::Due> RosterTeller::next(TimePoint now) {
  while (telling_ || start(now)) {
    SealedRoom* room = rooms_.find(telling_->room);
    if (room == nullptr || telling_->members.empty()) {
      telling_.reset();
      if (room != nullptr) changed(*room);  // what did not fit, or came meanwhile
      continue;
    }
    Session* member = room->find(telling_->members.back());
    telling_->members.pop_back();
    if (member != nullptr && !member->leaving) return Due{*member, telling_->elements};
  }
  return std::nullopt;
}

// Begins with the first room whose tick has come. True where there is one.
bool RosterTeller::start(TimePoint now) {
  while (!to_tell_.empty()) {
    SealedRoom* room = rooms_.find(to_tell_.front());
    if (room != nullptr && now < room->next_telling) return false;
    to_tell_.pop_front();
    if (room == nullptr) continue;
    room->waits_to_tell = false;
    room->next_telling = now + kRosterTick;
    auto elements = untold(*room);
    if (elements.empty()) continue;
    telling_.emplace(Telling{.room = room->number(), .members = {}, .elements = std::move(elements)});
    for (const Session* member : room->members()) telling_->members.push_back(member->ssrc);
    return true;
  }
  return false;
}

// One datagram's worth of what the members do not know yet; what does not fit waits for the next tick.
std::vector<std::byte> RosterTeller::untold(SealedRoom& room) {
  std::vector<std::byte> elements(Envelope::kMaxPlaintextBytes);
  ByteWriter writer(elements);
  while (const auto change = room.roster.next_after(room.told_change)) {
    if (!change->serialize(writer)) break;
    room.told_change = change->number;
  }
  // What was made void by what came later is told with it.
  if (!room.roster.next_after(room.told_change)) room.told_change = room.roster.newest();
  elements.resize(writer.size());
  return elements;
}

}  // namespace hubbub::relay
