#include "relay/history/store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "codec/wire/check.h"
#include "codec/wire/limits.h"

namespace hubbub::relay {
namespace {

std::int64_t signed_number(std::uint64_t number) {
  CHECK(number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  return static_cast<std::int64_t>(number);
}

// The rooms' short names in the file, of one transaction: another may delete a room that is empty.
class Rooms {
 public:
  explicit Rooms(Database& database)
      : find_(database, "SELECT id FROM rooms WHERE room_id = ?1"),
        add_(database, "INSERT INTO rooms(room_id) VALUES(?1) RETURNING id") {}

  std::int64_t id_of(const seal::RoomId& room) {
    const auto [known, is_new] = ids_.try_emplace(room, 0);
    if (is_new) known->second = look_up(room);
    return known->second;
  }

 private:
  std::int64_t look_up(const seal::RoomId& room) {
    if (const auto id = only_id(find_.bind(1, room))) return *id;
    const auto id = only_id(add_.bind(1, room));
    CHECK(id.has_value());
    return *id;
  }
  static std::optional<std::int64_t> only_id(Statement& statement) {
    std::optional<std::int64_t> id;
    while (statement.step()) id = statement.number(0);
    return id;
  }

  Statement find_;
  Statement add_;
  std::map<seal::RoomId, std::int64_t> ids_;
};

}  // namespace

Store::Store(const std::filesystem::path& file, std::int64_t days, std::int64_t messages)
    : database_(file), pruner_(days, messages) {
  recognise();
  if (database_.text("PRAGMA journal_mode = WAL") != "wal")
    throw StoreError(Fault::kRefused, "the file system cannot hold it; it needs one on this machine");
  // A commit survives a power cut.
  database_.run("PRAGMA synchronous = FULL");
  // What is deleted is overwritten: that it is gone after some days is a promise. The pages are not given
  // back to the file system but filled by the next messages, since a relay's history has a size that it comes
  // back to, and moving pages to shorten the file would cost more writes than the messages.
  database_.text("PRAGMA secure_delete = ON");
  if (database_.number("PRAGMA user_version") == 0) create();
  sync_what_is_there();
  pruner_.begin_with_all(database_);
}

// After an error in writing, what stands in the log may stand in memory only; this copies it into the file,
// and syncs. A full disk is no reason not to read.
void Store::sync_what_is_there() {
  try {
    database_.run("PRAGMA wal_checkpoint(PASSIVE)");
  } catch (const StoreError& error) {
    if (error.fault() != Fault::kFull && error.fault() != Fault::kBusy) throw;
  }
}

// Before anything is changed in it.
void Store::recognise() {
  const std::int64_t application = database_.number("PRAGMA application_id");
  const std::int64_t version = database_.number("PRAGMA user_version");
  const bool is_blank =
      application == 0 && version == 0 && database_.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (is_blank) return;
  if (application != kApplicationId || version < 1)
    throw StoreError(Fault::kRefused, "is another program's database");
  if (version > kVersion)
    throw StoreError(Fault::kRefused, "was written by a newer hubbub-relay (version " +
                                          std::to_string(version) + " of the file; this one knows " +
                                          std::to_string(kVersion) + ")");
}

void Store::create() {
  Transaction transaction(database_);
  database_.run(("PRAGMA application_id = " + std::to_string(kApplicationId) + ";" +
                 "PRAGMA user_version = " + std::to_string(kVersion) + ";" +
                 "CREATE TABLE rooms(id INTEGER PRIMARY KEY, room_id BLOB NOT NULL UNIQUE);"
                 "CREATE TABLE messages(room INTEGER NOT NULL, number INTEGER NOT NULL, id BLOB NOT NULL,"
                 " at INTEGER NOT NULL, object BLOB NOT NULL, PRIMARY KEY(room, number)) WITHOUT ROWID;"
                 "CREATE INDEX messages_by_age ON messages(at);")
                    .c_str());
  transaction.commit();
}

std::vector<std::size_t> Store::save(std::span<const Kept> batch, std::int64_t unix_now) {
  std::vector<std::size_t> refused;
  std::map<std::int64_t, std::int64_t> grown;
  Transaction transaction(database_);
  {
    Rooms rooms(database_);
    Statement insert(
        database_, "INSERT OR IGNORE INTO messages(room, number, id, at, object) VALUES(?1, ?2, ?3, ?4, ?5)");
    Statement same(database_, "SELECT count(*) FROM messages WHERE room = ?1 AND number = ?2 AND id = ?3");
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const LogEntry& entry = batch[i].entry;
      const std::int64_t room = rooms.id_of(batch[i].room);
      const std::int64_t number = signed_number(entry.number);
      insert.bind(1, room).bind(2, number).bind(3, entry.id).bind(4, unix_now).bind(5, entry.object).finish();
      if (database_.changes() > 0) {
        ++grown[room];
        continue;
      }
      same.bind(1, room).bind(2, number).bind(3, entry.id);
      while (same.step()) {
        if (same.number(0) == 0) refused.push_back(i);
      }
    }
  }
  transaction.commit();
  for (const auto& [room, more] : grown) pruner_.has_grown(room, more);
  return refused;
}

std::vector<LogEntry> Store::load(const seal::RoomId& room) {
  Statement newest(database_,
                   "SELECT number, messages.id, object FROM messages WHERE room = "
                   "(SELECT rooms.id FROM rooms WHERE room_id = ?1) ORDER BY number DESC LIMIT ?2");
  newest.bind(1, room).bind(2, static_cast<std::int64_t>(kMaxLogEntries));
  std::vector<LogEntry> entries;
  std::size_t bytes = 0;
  while (newest.step()) {
    const auto id = newest.blob(1);
    if (id.size() != MessageId().size())
      throw StoreError(Fault::kDamaged, "a message's id has a wrong length");
    LogEntry entry;
    entry.number = static_cast<std::uint64_t>(newest.number(0));
    std::ranges::copy(id, entry.id.begin());
    const auto object = newest.blob(2);
    bytes += object.size();
    if (bytes > kMaxLogBytes) break;
    entry.object.assign(object.begin(), object.end());
    entries.push_back(std::move(entry));
  }
  std::ranges::reverse(entries);
  return entries;
}

void trim_to_log(std::vector<LogEntry>& entries) {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (auto entry = entries.rbegin(); entry != entries.rend() && kept < kMaxLogEntries; ++entry, ++kept) {
    bytes += entry->object.size();
    if (bytes > kMaxLogBytes) break;
  }
  entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(kept));
}

}  // namespace hubbub::relay
