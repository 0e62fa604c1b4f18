// A history in an SQLite file, as the relay's loop sees it: two calls that never wait, and answers that come
// on the loop. Commits are synced: what is said to be stored survives a power cut.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "relay/core/history.h"
#include "relay/history/keeper.h"
#include "relay/net/loop.h"

namespace hubbub::relay {

struct HistoryCallbacks {
  // Ascending numbers; empty where there is nothing, or it cannot be read now. What can be read later only
  // comes later, a second time.
  std::function<void(const seal::RoomId&, std::vector<LogEntry>)> loaded;
  // All that was handed over of this room with numbers up to `through` is on the disk.
  std::function<void(const seal::RoomId&, std::uint64_t through)> stored;
  // A sentence for the operator; never with a room's id.
  std::function<void(const std::string&)> notice;
};

class SqliteHistory final : public History {
 public:
  // A load is answered by then, with nothing if need be.
  static constexpr Duration kLoadPatience = 2s;
  static constexpr Duration kFinishPatience = 5s;

  // Opens the file. Throws HistoryError where it is not to be used; a file that is damaged is moved aside,
  // one that cannot be used just now is tried again later, and told of.
  SqliteHistory(net::Loop& loop, HistoryOptions options, HistoryCallbacks callbacks);
  SqliteHistory(const SqliteHistory&) = delete;
  SqliteHistory& operator=(const SqliteHistory&) = delete;
  // Finishes, but calls nobody back.
  ~SqliteHistory() override;

  void load(const seal::RoomId& room) override;
  void append(const seal::RoomId& room, const LogEntry& entry) override;
  // Waits for what was handed over, kFinishPatience at most, and calls back for all of it. Nothing may be
  // handed over afterwards.
  void finish();
  [[nodiscard]] HistoryCounters counters() const { return keeper_->counters(); }

 private:
  void deliver();
  void deliver(HistoryEvent& event);
  void give_empty_answers(TimePoint now);
  void stop_keeper();

  HistoryCallbacks callbacks_;
  net::Async events_;
  net::Timer impatience_;
  std::map<seal::RoomId, TimePoint> asked_;
  std::unique_ptr<Keeper> keeper_;
  bool is_finished_ = false;
  bool is_stuck_ = false;
};

}  // namespace hubbub::relay
