// A history's file, open: what stands in it and how it gets there. What is kept is what the members sealed,
// when it came, and the number and the id that it has in the open anyway: nobody's name, address or words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "relay/history/backlog.h"
#include "relay/history/database.h"
#include "relay/history/pruner.h"

namespace hubbub::relay {

class Store {
 public:
  // "Hbub", in the file's header: the file is ours.
  static constexpr std::int64_t kApplicationId = 0x48627562;
  static constexpr std::int64_t kVersion = 1;

  // Makes what is not there. Throws StoreError; kRefused where the file is another program's, or of a newer
  // version.
  Store(const std::filesystem::path& file, std::int64_t days, std::int64_t messages);

  // One transaction, on the disk when this returns. The places of those that were not taken, since another
  // message has their number.
  std::vector<std::size_t> save(std::span<const Kept> batch, std::int64_t unix_now);
  // The newest, as many as a room's log holds, by their numbers.
  std::vector<LogEntry> load(const seal::RoomId& room);
  void begin_pruning() { pruner_.begin(); }
  // False: there is nothing more to delete.
  bool prune(std::int64_t unix_now) { return pruner_.step(database_, unix_now); }
  // Everything into the one file, as far as nobody is reading.
  void checkpoint() { database_.run("PRAGMA wal_checkpoint(TRUNCATE)"); }
  void keep_log_on_close() noexcept { database_.keep_log_on_close(); }

 private:
  void recognise();
  void create();
  void sync_what_is_there();

  Database database_;
  Pruner pruner_;
};

// Drops the oldest where it is more than a room's log holds.
void trim_to_log(std::vector<LogEntry>& entries);

}  // namespace hubbub::relay
