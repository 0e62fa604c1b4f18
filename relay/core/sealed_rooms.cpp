#include "relay/core/sealed_rooms.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <utility>

#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"

namespace hubbub::relay {
namespace {

// Rooms that wait for their history, or in which nobody has been since it came. For one more the oldest goes,
// or, where it still waits, the one more is not made.
constexpr std::size_t kMaxUnentered = 1'024;

}  // namespace

std::size_t SealedRooms::RoomIdHash::operator()(const seal::RoomId& id) const noexcept {
  return EndpointHash{secret}(Endpoint{IpAddress(std::bit_cast<std::array<std::uint8_t, 16>>(id)), 0});
}

SealedRooms::SealedRooms(TimePoint now, std::uint64_t unix_ms, std::size_t max_logs_bytes,
                         seal::Random& random)
    : started_(now),
      started_unix_ms_(unix_ms),
      max_logs_bytes_(max_logs_bytes),
      random_(random),
      by_id_(16, RoomIdHash{random.u64()}) {}

// --- Begin

SealedRoom* SealedRooms::find(std::uint64_t number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

SealedRoom* SealedRooms::open(TimePoint now, const seal::RoomId& id) {
  const auto found = by_id_.find(id);
  SealedRoom* room = found == by_id_.end() ? make(now, id) : found->second.get();
  return room == nullptr || still_waits(*room, now) ? nullptr : room;
}

SealedRoom* SealedRooms::make(TimePoint now, const seal::RoomId& id) {
  if (history_ != nullptr && unentered_ >= kMaxUnentered) {
    end_unentered(now);
    if (unentered_ >= kMaxUnentered) return nullptr;
  }
  auto made = std::make_unique<SealedRoom>(id, next_number_++, random_.u64(), log_base(now));
  SealedRoom& room = *made;
  by_id_[id] = std::move(made);
  by_number_[room.number()] = &room;
  if (history_ != nullptr) {
    room.waiting_until = now + kHistoryPatience;
    room.enter_by = now + 2 * kHistoryPatience;
    room.unentered = true;
    ++unentered_;
    made_.push_back(room.number());
    history_->load(id);
  }
  return &room;
}

bool SealedRooms::still_waits(SealedRoom& room, TimePoint now) {
  if (!room.waiting_until) return false;
  if (now < *room.waiting_until) return true;
  room.waiting_until.reset();
  return false;
}

// Higher than any number that an earlier life of this relay can have given in this room, as long as the clock
// goes forward: 4,096 messages a millisecond are more than a relay takes.
std::uint64_t SealedRooms::log_base(TimePoint now) const {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
  return (started_unix_ms_ + static_cast<std::uint64_t>(since)) << 12U;
}

void SealedRooms::enter(SealedRoom& room, Session& session, std::uint32_t ssrc) {
  no_longer_unentered(room);
  if (room.size() == 0) ++occupied_;
  room.add(session, ssrc);
  ++members_;
}

// --- Fill

void SealedRooms::append(TimePoint now, SealedRoom& room, const MessageId& id,
                         std::span<const std::byte> object) {
  logs_bytes_ -= room.log.cost();
  const LogEntry& entry = room.log.append(id, object);
  logs_bytes_ += room.log.cost();
  if (logs_bytes_ > max_logs_bytes_) end_empty(now);
  if (logs_bytes_ > max_logs_bytes_) {
    logs_bytes_ -= room.log.cost();
    room.log.shrink(kLogFloorBytes);
    logs_bytes_ += room.log.cost();
  }
  if (history_ != nullptr) history_->append(room.id(), entry);
}

void SealedRooms::history_loaded(const seal::RoomId& id, std::vector<LogEntry> entries) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  SealedRoom& room = *found->second;
  room.waiting_until.reset();
  logs_bytes_ -= room.log.cost();
  room.log.merge(std::move(entries));
  logs_bytes_ += room.log.cost();
}

void SealedRooms::history_stored(const seal::RoomId& id, std::uint64_t through) {
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) found->second->stored_text = std::max(found->second->stored_text, through);
}

// --- Empty, and end

SealedRoom* SealedRooms::leave(TimePoint now, Session& session) {
  SealedRoom& room = *session.room;
  room.remove(session);
  --members_;
  if (room.size() > 0) return &room;
  --occupied_;
  if (room.log.size() == 0) {
    end(room);
  } else {
    becomes_empty(room, now);  // somebody may come back to what was written
  }
  return nullptr;
}

void SealedRooms::becomes_empty(SealedRoom& room, TimePoint now) {
  room.empty_since = now;
  if (!std::exchange(room.listed_as_empty, true)) empty_.push_back(room.number());
}

void SealedRooms::end(SealedRoom& room) {
  no_longer_unentered(room);
  logs_bytes_ -= room.log.cost();
  by_number_.erase(room.number());
  const seal::RoomId id = room.id();
  by_id_.erase(id);
}

void SealedRooms::expire(TimePoint now) {
  end_unentered(now);
  end_empty(now);
}

void SealedRooms::no_longer_unentered(SealedRoom& room) {
  if (std::exchange(room.unentered, false)) --unentered_;
}

// Rooms into which nobody came after all: those whose time is up, and the oldest where there are too many.
// Who asked for one comes back once a second, so it has to be there for longer.
void SealedRooms::end_unentered(TimePoint now) {
  for (; !made_.empty(); made_.pop_front()) {
    SealedRoom* room = find(made_.front());
    if (room == nullptr || !room->unentered) continue;
    if (still_waits(*room, now) || (now < room->enter_by && unentered_ < kMaxUnentered)) return;
    if (room->log.size() == 0) {
      end(*room);
    } else {
      no_longer_unentered(*room);
      becomes_empty(*room, now);
    }
  }
}

// Rooms stand in the order in which they became empty; some are no longer so, or no more.
void SealedRooms::end_empty(TimePoint now) {
  for (; !empty_.empty(); empty_.pop_front()) {
    SealedRoom* room = find(empty_.front());
    if (room == nullptr) continue;
    if (room->size() == 0) {
      if (now - room->empty_since < kEmptyRoomLasts && logs_bytes_ <= max_logs_bytes_) return;
      end(*room);
    } else {
      room->listed_as_empty = false;
    }
  }
}

}  // namespace hubbub::relay
