// The thread that keeps a history: what is handed to it is stored and read there, faults are outlasted, and
// what came of it is picked up by whoever was woken. No call of this waits for the file, but for `finish`.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "relay/history/backlog.h"
#include "relay/history/history_file.h"

namespace hubbub::relay {

struct Loaded {
  seal::RoomId room{};
  std::vector<LogEntry> entries{};
};
struct Stored {
  seal::RoomId room{};
  std::uint64_t through = 0;
};
struct Notice {
  std::string sentence;
};
using HistoryEvent = std::variant<Loaded, Stored, Notice>;

class Keeper {
 public:
  // `wake` is called from the thread when there are events, until `finish` has returned. Throws HistoryError.
  Keeper(HistoryOptions options, std::function<void()> wake);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  // After `finish` that gave true.
  ~Keeper();

  void append(const seal::RoomId& room, const LogEntry& entry);
  void load(const seal::RoomId& room);
  std::vector<HistoryEvent> take_events();
  [[nodiscard]] HistoryCounters counters() const;
  // Stores what waits, for as long as `most`. False: the thread is stuck in the system, and this must not be
  // destroyed: leave it behind.
  bool finish(Duration most);

 private:
  struct Work {
    bool over = false;
    bool due = false;  // what can wait for a fault to pass may be tried
    std::optional<seal::RoomId> room;
    bool was_tried = false;  // the room's load
  };

  void run();
  Work wait_for_work();
  void do_work(const Work& work);
  template <class Attempt>
  bool attempt(const Attempt& attempt);
  template <class Attempt>
  std::optional<StoreError> failure_of(const Attempt& attempt);
  bool commit();
  bool answer(const seal::RoomId& room);
  bool prune();
  void begin_trouble(const StoreError& error);
  void end_trouble();
  void finish_up();
  void tell(std::string sentence);
  // With the lock held.
  void add_event(HistoryEvent event);
  [[nodiscard]] bool is_settled() const { return backlog_.empty() && failed_loads_.empty(); }

  // Of the thread alone.
  bool in_trouble_ = false;
  TimePoint retry_at_{};
  bool pruning_ = true;
  TimePoint prune_at_{};
  Duration prune_every_;
  std::uint64_t given_up_before_ = 0;

  mutable std::mutex mutex_;  // for what follows
  std::condition_variable wanted_;
  std::condition_variable ended_;
  std::function<void()> wake_;
  Backlog backlog_;
  std::deque<seal::RoomId> loads_;
  std::deque<seal::RoomId> failed_loads_;
  std::vector<HistoryEvent> events_;
  std::uint64_t stored_ = 0;
  std::uint64_t commits_ = 0;
  std::string last_error_;
  bool stopping_ = false;
  TimePoint stop_by_{};
  bool has_ended_ = false;

  HistoryFile file_;  // of the thread, and before it, alone; tells of itself, so after the rest
  std::thread thread_;
};

}  // namespace hubbub::relay
