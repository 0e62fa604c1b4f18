// The rooms of a sealed port over time: how they begin, wait for their history, fill with text, empty, and
// end. What all of them keep together is bounded here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/wire/units.h"
#include "relay/core/history.h"
#include "relay/core/log_entry.h"
#include "relay/core/sealed_room.h"
#include "relay/core/sealed_session.h"

namespace hubbub::relay {

class SealedRooms {
 public:
  // `unix_ms` is the time of day at `now`; `max_logs_bytes` bounds the logs of all rooms together. `random`
  // outlives the rooms.
  SealedRooms(TimePoint now, std::uint64_t unix_ms, std::size_t max_logs_bytes, seal::Random& random);

  // Who keeps the rooms' text over restarts, from before anybody joins; nobody any more, at the end.
  void keep_history_in(History* history) { history_ = history; }
  [[nodiscard]] bool keep_history() const { return history_ != nullptr; }

  // The room of this number; nothing where it has ended.
  [[nodiscard]] SealedRoom* find(std::uint64_t number) const;
  // The room of this id, for somebody to enter; made where there is none. Nothing while it waits for its
  // history, or while too many others do: ask again, and it will be there.
  SealedRoom* open(TimePoint now, const seal::RoomId& id);
  // The SSRC is not taken in the room, and the session is in none.
  void enter(SealedRoom& room, Session& session, std::uint32_t ssrc);
  // The room it was in, where others still are; without anybody it may have ended.
  SealedRoom* leave(TimePoint now, Session& session);

  // A new message in the log of a room in which somebody is. Where all logs together are too large, those of
  // empty rooms go first, and then this one's oldest.
  void append(TimePoint now, SealedRoom& room, const MessageId& id, std::span<const std::byte> object);
  // What the history answers: a room's newest entries, ascending, none where there are none; and that all
  // entries of a room up to this number outlive the relay.
  void history_loaded(const seal::RoomId& id, std::vector<LogEntry> entries);
  void history_stored(const seal::RoomId& id, std::uint64_t through);

  // Ends what nobody needs any more. To be called about once a second.
  void expire(TimePoint now);

  [[nodiscard]] std::size_t members() const { return members_; }
  [[nodiscard]] std::size_t occupied() const { return occupied_; }  // rooms with anybody in them
  [[nodiscard]] std::size_t log_bytes() const { return logs_bytes_; }

 private:
  struct RoomIdHash {
    std::uint64_t secret = 0;
    std::size_t operator()(const seal::RoomId& id) const noexcept;
  };

  SealedRoom* make(TimePoint now, const seal::RoomId& id);
  static bool still_waits(SealedRoom& room, TimePoint now);
  [[nodiscard]] std::uint64_t log_base(TimePoint now) const;
  void becomes_empty(SealedRoom& room, TimePoint now);
  void end(SealedRoom& room);
  void no_longer_unentered(SealedRoom& room);
  void end_unentered(TimePoint now);
  void end_empty(TimePoint now);

  TimePoint started_;
  std::uint64_t started_unix_ms_;
  std::size_t max_logs_bytes_;
  seal::Random& random_;
  History* history_ = nullptr;

  std::unordered_map<seal::RoomId, std::unique_ptr<SealedRoom>, RoomIdHash> by_id_;
  std::unordered_map<std::uint64_t, SealedRoom*> by_number_;
  std::uint64_t next_number_ = 1;
  std::size_t members_ = 0;
  std::size_t occupied_ = 0;
  std::size_t logs_bytes_ = 0;
  std::deque<std::uint64_t> empty_;  // in the order in which they became so
  std::size_t unentered_ = 0;
  std::deque<std::uint64_t> made_;  // the unentered ones among them, oldest first
};

}  // namespace hubbub::relay
