// A sealed port, its rooms and sessions over time: how they begin, empty, and end.
#include <algorithm>
#include <bit>
#include <utility>

#include "codec/wire/check.h"
#include "relay/core/sealed_relay.h"

namespace hubbub::relay {
namespace {

constexpr Duration kReportInterval = 1s;
// Rooms that wait for their history, and in which nobody is yet. One more is not made.
constexpr std::size_t kMaxWaitingRooms = 1'024;

}  // namespace

std::size_t SealedRelay::RoomIdHash::operator()(const seal::RoomId& id) const noexcept {
  return EndpointHash{secret}(Endpoint{IpAddress(std::bit_cast<std::array<std::uint8_t, 16>>(id)), 0});
}

// The room; a new one where there is none, which may have to wait for its history.
SealedRoom* SealedRelay::room_for(TimePoint now, const seal::RoomId& id) {
  if (const auto found = rooms_.find(id); found != rooms_.end()) return found->second.get();
  if (history_ != nullptr && waiting_rooms_ >= kMaxWaitingRooms) return nullptr;
  auto made = std::make_unique<SealedRoom>(id, next_room_number_++, random_.u64(), log_base(now));
  SealedRoom& room = *made;
  rooms_[id] = std::move(made);
  by_number_[room.number()] = &room;
  if (history_ != nullptr) {
    room.waiting_until = now + kHistoryPatience;
    unentered_rooms_.push_back(room.number());
    ++waiting_rooms_;
    history_->load(id);
  }
  return &room;
}

bool SealedRelay::still_waits(SealedRoom& room, TimePoint now) {
  if (!room.waiting_until) return false;
  if (now < *room.waiting_until) return true;
  room.waiting_until.reset();
  --waiting_rooms_;
  return false;
}

// Higher than any number that an earlier life of this relay can have given in this room, as long as the clock
// goes forward: 4,096 messages a millisecond are more than a relay takes.
std::uint64_t SealedRelay::log_base(TimePoint now) const {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
  return (options_.started_unix_ms + static_cast<std::uint64_t>(since)) << 12U;
}

void SealedRelay::enter_room(SealedRoom& room, Session& session, std::uint32_t ssrc) {
  if (room.size() == 0) ++occupied_rooms_;
  room.add(session, ssrc);
  ++members_;
  ++books_.members_joined;
  begin_membership(session);
}

void SealedRelay::begin_membership(Session& session) {
  session.stream.reset();
  session.next_text = 0;
  session.revision = 0;
}

void SealedRelay::leave_room(TimePoint now, Session& session) {
  SealedRoom& room = *session.room;
  room.remove(session);
  --members_;
  ++books_.members_left;
  if (room.size() > 0) return tell_changes(room);
  --occupied_rooms_;
  if (room.log.size() == 0) return end_room(room);
  becomes_empty(room, now);  // somebody may come back to what was written
}

void SealedRelay::becomes_empty(SealedRoom& room, TimePoint now) {
  room.empty_since = now;
  if (!std::exchange(room.listed_as_empty, true)) empty_rooms_.push_back(room.number());
}

void SealedRelay::end_room(SealedRoom& room) {
  logs_bytes_ -= room.log.cost();
  if (room.waiting_until) --waiting_rooms_;
  by_number_.erase(room.number());
  const seal::RoomId id = room.id();
  rooms_.erase(id);
}

// Rooms that waited for their history, and into which nobody came after all.
void SealedRelay::end_unentered_rooms(TimePoint now) {
  while (!unentered_rooms_.empty()) {
    const auto found = by_number_.find(unentered_rooms_.front());
    if (found != by_number_.end()) {
      SealedRoom& room = *found->second;
      if (room.waiting_until && now < *room.waiting_until + kHistoryPatience) return;
      if (room.size() == 0 && room.log.size() == 0) {
        end_room(room);
      } else if (room.size() == 0) {
        becomes_empty(room, now);
      }
    }
    unentered_rooms_.pop_front();
  }
}

// Rooms stand in the order in which they became empty; some are no longer so, or no more.
void SealedRelay::end_empty_rooms(TimePoint now) {
  while (!empty_rooms_.empty()) {
    const auto found = by_number_.find(empty_rooms_.front());
    if (found != by_number_.end()) found->second->listed_as_empty = false;
    if (found != by_number_.end() && found->second->size() == 0) {
      SealedRoom& room = *found->second;
      if (now - room.empty_since < kEmptyRoomLasts && logs_bytes_ <= options_.max_logs_bytes) {
        room.listed_as_empty = true;
        return;
      }
      end_room(room);
    }
    empty_rooms_.pop_front();
  }
}

// At once; or, where its room is being sent to, as soon as that is through: indices must hold still.
void SealedRelay::end_session(TimePoint now, Session& session) {
  if (session.room != nullptr && session.room == broadcasting_) {
    if (!std::exchange(session.leaving, true)) leaving_.push_back(&session);
    return;
  }
  if (session.room != nullptr) leave_room(now, session);
  by_id_.erase(session.channel.session_id());
  if (session.rekeying) by_id_.erase(session.rekeying->channel.session_id());
  if (session.old) by_id_.erase(session.old->channel.session_id());
  const std::size_t place = session.place;
  std::swap(sessions_[place], sessions_.back());
  sessions_[place]->place = place;
  sessions_.pop_back();
}

void SealedRelay::end_leaving(TimePoint now) {
  for (Session* session : std::exchange(leaving_, {})) end_session(now, *session);
}

void SealedRelay::expire(TimePoint now) {
  end_unentered_rooms(now);
  end_empty_rooms(now);
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    Session& session = *sessions_[i];
    if (session.old && now >= session.old->until) {
      by_id_.erase(session.old->channel.session_id());
      session.old.reset();
    }
    const Duration patience =
        session.confirmed ? options_.timeout : std::min(options_.timeout, kPendingSessionLasts);
    if (now - session.last_heard >= patience && !session.leaving) {
      ++books_.sessions_expired;
      end_session(now, session);
      continue;
    }
    if (!session.stream || now < session.next_report) continue;
    session.next_report = now + kReportInterval;
    if (const auto report = session.stream->report(session.ssrc)) {
      std::array<std::byte, Element::kHeaderBytes + Report::kBytes> bytes{};
      ByteWriter writer(bytes);
      CHECK(report->serialize(writer));
      answer_sealed(session.channel, session.path, writer.written());
    }
  }
  while (!pending_.empty()) {
    const auto oldest = by_id_.find(pending_.front());
    if (oldest != by_id_.end() && !oldest->second->confirmed) break;
    pending_.pop_front();
  }
}

}  // namespace hubbub::relay
