// What is too old, or too much for one room, goes: in small steps, so that no commit waits long for it.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "relay/history/database.h"

namespace hubbub::relay {

class Pruner {
 public:
  // Rows that one step deletes at most.
  static constexpr std::int64_t kRowsAStep = 300;

  Pruner(std::int64_t days, std::int64_t messages) : days_(days), messages_(messages) {}

  // A round over every room, as after opening: nobody knows what was stored before.
  void begin_with_all(Database& database);
  // A round over the rooms that have grown since their last.
  void begin();
  // One transaction; false: the round is over.
  bool step(Database& database, std::int64_t unix_now);
  // A room has `more` entries more.
  void has_grown(std::int64_t room, std::int64_t more) { grown_[room] += more; }

 private:
  bool delete_old(Database& database, std::int64_t unix_now);
  bool delete_beyond_limit(Database& database, std::int64_t room);
  bool delete_empty_rooms(Database& database);

  std::int64_t days_;
  std::int64_t messages_;
  std::map<std::int64_t, std::int64_t> grown_;
  bool age_is_due_ = false;
  std::set<std::int64_t> due_;  // rooms
  bool has_deleted_old_ = false;
};

}  // namespace hubbub::relay
