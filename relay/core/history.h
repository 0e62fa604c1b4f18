// What the relay's core asks of whoever keeps its rooms' text over restarts. Neither call waits: the answers
// come later, by way of SealedRelay::history_loaded and history_stored, or never, and the rooms go on. What
// is loaded is not said to be stored with that: some of it may still wait for the disk.
#pragma once

#include "codec/seal/room_keys.h"
#include "relay/core/log_entry.h"

namespace hubbub::relay {

class History {
 public:
  virtual ~History() = default;

  // The newest entries of this room are wanted, as many as a room's log holds (kMaxLogEntries, kMaxLogBytes).
  virtual void load(const seal::RoomId& room) = 0;
  // Keep this entry. Calls for one room come in the order of their numbers.
  virtual void append(const seal::RoomId& room, const LogEntry& entry) = 0;

 protected:
  History() = default;
  History(const History&) = default;
  History(History&&) = default;
  History& operator=(const History&) = default;
  History& operator=(History&&) = default;
};

}  // namespace hubbub::relay
