#include "relay/history/pruner.h"

#include <algorithm>

namespace hubbub::relay {
namespace {

constexpr std::int64_t kSecondsADay = 86'400;
// Finding the oldest that may stay walks over all that do, so a room is looked at when it has grown by this
// part of its limit, not at every message.
constexpr std::int64_t kLimitToGrowth = 100;

}  // namespace

void Pruner::begin_with_all(Database& database) {
  due_.clear();
  Statement rooms(database, "SELECT id FROM rooms");
  while (rooms.step()) due_.insert(rooms.number(0));
  grown_.clear();
  age_is_due_ = days_ > 0;
  has_deleted_old_ = true;  // a life before may have been cut off between its messages and its rooms
}

void Pruner::begin() {
  std::erase_if(grown_, [&](const auto& room) {
    const bool is_due = room.second >= std::max<std::int64_t>(1, messages_ / kLimitToGrowth);
    if (is_due) due_.insert(room.first);
    return is_due;
  });
  age_is_due_ = days_ > 0;
}

bool Pruner::step(Database& database, std::int64_t unix_now) {
  if (age_is_due_) {
    age_is_due_ = delete_old(database, unix_now);
  } else if (!due_.empty()) {
    if (!delete_beyond_limit(database, *due_.begin())) due_.erase(due_.begin());
  } else if (has_deleted_old_) {
    has_deleted_old_ = delete_empty_rooms(database);
  }
  return age_is_due_ || !due_.empty() || has_deleted_old_;
}

bool Pruner::delete_old(Database& database, std::int64_t unix_now) {
  Statement old(database,
                "DELETE FROM messages WHERE (room, number) IN "
                "(SELECT room, number FROM messages WHERE at < ?1 ORDER BY at LIMIT ?2)");
  old.bind(1, unix_now - days_ * kSecondsADay).bind(2, kRowsAStep).finish();
  if (database.changes() > 0) has_deleted_old_ = true;
  return database.changes() == kRowsAStep;
}

bool Pruner::delete_beyond_limit(Database& database, std::int64_t room) {
  Statement newest_beyond(
      database, "SELECT number FROM messages WHERE room = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2");
  newest_beyond.bind(1, room).bind(2, messages_);
  if (!newest_beyond.step()) return false;
  const std::int64_t last = newest_beyond.number(0);
  while (newest_beyond.step()) {
  }
  Statement beyond(database,
                   "DELETE FROM messages WHERE room = ?1 AND number IN "
                   "(SELECT number FROM messages WHERE room = ?1 AND number <= ?2 ORDER BY number LIMIT ?3)");
  beyond.bind(1, room).bind(2, last).bind(3, kRowsAStep).finish();
  return database.changes() == kRowsAStep;
}

bool Pruner::delete_empty_rooms(Database& database) {
  Statement empty(database,
                  "DELETE FROM rooms WHERE id IN (SELECT id FROM rooms WHERE NOT EXISTS "
                  "(SELECT 1 FROM messages WHERE room = rooms.id) LIMIT ?1)");
  empty.bind(1, kRowsAStep).finish();
  return database.changes() == kRowsAStep;
}

}  // namespace hubbub::relay
