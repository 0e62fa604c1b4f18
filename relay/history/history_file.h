// The file of a history as it fares: locked against a second relay, opened when it can be, begun anew when it
// is damaged or somebody took it away. Used by one thread at a time, and may wait for the disk.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "codec/wire/units.h"
#include "relay/history/options.h"
#include "relay/history/store.h"

namespace hubbub::relay {

// Held for as long as it lives, on a file of its own: SQLite's locks on the database go when any descriptor
// of it is closed.
class FileLock {
 public:
  // Throws HistoryError where another process has it, or there can be no such file.
  explicit FileLock(const std::filesystem::path& history);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int descriptor_ = -1;
};

class HistoryFile {
 public:
  // Told sentences for the operator.
  using Tell = std::function<void(std::string)>;

  // Throws HistoryError where the file is not to be used; what may pass, such as a full disk, is left to the
  // first call of another function.
  HistoryFile(HistoryOptions options, Tell tell);

  // These throw StoreError, and open the file where it is not.
  void open();
  std::vector<std::size_t> save(std::span<const Kept> batch);
  std::vector<LogEntry> load(const seal::RoomId& room);
  void begin_pruning();
  // False: there is nothing more to delete.
  bool prune();

  // After a fault. True: what failed can be tried again at once. Throws StoreError where mending fails.
  bool mend(Fault fault);
  void close() noexcept { store_.reset(); }
  [[nodiscard]] const std::filesystem::path& path() const { return options_.file; }

 private:
  // Which file a path leads to; none where there is none.
  struct Which {
    dev_t device = 0;
    ino_t node = 0;
    friend bool operator==(const Which&, const Which&) = default;
  };
  static Which which(const std::filesystem::path& file);
  [[nodiscard]] std::filesystem::path beside(const char* ending) const;

  void create_where_missing();
  void make_private() const;
  void notice_removal();
  void leave_removed();
  void set_aside();

  HistoryOptions options_;
  Tell tell_;
  FileLock lock_;
  std::unique_ptr<Store> store_;
  Which database_file_;
  Which log_file_;
  TimePoint looked_{};
  TimePoint set_aside_{};
};

}  // namespace hubbub::relay
