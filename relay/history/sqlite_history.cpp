#include "relay/history/sqlite_history.h"

#include <utility>

#include "codec/wire/check.h"
#include "relay/net/clock.h"

namespace hubbub::relay {
namespace {

constexpr Duration kLookEvery = 100ms;

}  // namespace

SqliteHistory::SqliteHistory(net::Loop& loop, HistoryOptions options, HistoryCallbacks callbacks)
    : callbacks_(std::move(callbacks)),
      events_(loop, [this] { deliver(); }),
      impatience_(loop, [this](TimePoint now) { give_empty_answers(now); }),
      keeper_(std::make_unique<Keeper>(std::move(options), [this] { events_.wake(); })) {}

SqliteHistory::~SqliteHistory() {
  stop_keeper();
  // A thread that hangs in the system, as on a dead disk, is left behind with what it uses: the process ends.
  if (is_stuck_) [[maybe_unused]]
    Keeper* left_behind = keeper_.release();
}

void SqliteHistory::load(const seal::RoomId& room) {
  CHECK(!is_finished_);
  if (asked_.empty()) impatience_.start(kLookEvery, kLookEvery);
  if (asked_.try_emplace(room, net::now() + kLoadPatience).second) keeper_->load(room);
}

void SqliteHistory::append(const seal::RoomId& room, const LogEntry& entry) {
  CHECK(!is_finished_);
  keeper_->append(room, entry);
}

void SqliteHistory::finish() {
  stop_keeper();
  impatience_.stop();
  deliver();
}

void SqliteHistory::stop_keeper() {
  if (std::exchange(is_finished_, true)) return;
  is_stuck_ = !keeper_->finish(kFinishPatience);
}

void SqliteHistory::deliver() {
  for (HistoryEvent& event : keeper_->take_events()) deliver(event);
}

void SqliteHistory::deliver(HistoryEvent& event) {
  if (auto* loaded = std::get_if<Loaded>(&event)) {
    const bool is_awaited = asked_.erase(loaded->room) > 0;
    if (asked_.empty()) impatience_.stop();
    // Nothing is what was answered already.
    if (is_awaited || !loaded->entries.empty()) callbacks_.loaded(loaded->room, std::move(loaded->entries));
  } else if (const auto* stored = std::get_if<Stored>(&event)) {
    callbacks_.stored(stored->room, stored->through);
  } else if (const auto* notice = std::get_if<Notice>(&event)) {
    callbacks_.notice(notice->sentence);
  }
}

void SqliteHistory::give_empty_answers(TimePoint now) {
  for (auto asked = asked_.begin(); asked != asked_.end();) {
    if (now < asked->second) {
      ++asked;
      continue;
    }
    const seal::RoomId room = asked->first;
    asked = asked_.erase(asked);
    callbacks_.loaded(room, {});
  }
  if (asked_.empty()) impatience_.stop();
}

}  // namespace hubbub::relay
