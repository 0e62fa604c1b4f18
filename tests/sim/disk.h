// A relay's history in virtual time: a disk that takes its time, and that knows nothing of what it had not
// written yet when the relay is killed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "codec/wire/units.h"
#include "relay/core/history.h"
#include "relay/core/log_entry.h"
#include "relay/core/sealed_relay.h"
#include "tools/impair/random.h"

namespace hubbub::sim {

class Disk final : public relay::History {
 public:
  explicit Disk(std::uint64_t seed) : random_(seed) {}

  void load(const seal::RoomId& room) override { work_.push_back({.room = room, .is_load = true}); }
  void append(const seal::RoomId& room, const relay::LogEntry& entry) override {
    work_.push_back({.room = room, .entry = entry});
  }

  // What is done by now is told to the relay.
  void advance(TimePoint now, relay::SealedRelay& relay) {
    for (Work& work : work_) {
      if (work.done_at == TimePoint{}) work.done_at = busy_until_ = std::max(now, busy_until_) + some_time();
    }
    for (; !work_.empty() && work_.front().done_at <= now; work_.pop_front()) {
      const Work& work = work_.front();
      std::vector<relay::LogEntry>& entries = entries_[work.room];
      if (work.is_load) {
        relay.history_loaded(work.room, entries);
        if (!entries.empty()) relay.history_stored(work.room, entries.back().number);
      } else {
        entries.push_back(work.entry);
        relay.history_stored(work.room, work.entry.number);
      }
    }
  }
  void lose_what_waits() {
    work_.clear();
    busy_until_ = {};
  }

 private:
  struct Work {
    seal::RoomId room{};
    relay::LogEntry entry{};
    bool is_load = false;
    TimePoint done_at{};
  };
  // Mostly short, now and then half a second.
  Duration some_time() {
    const std::uint64_t most_ms = random_.next() % 8 == 0 ? 500 : 20;
    return std::chrono::milliseconds(random_.next() % most_ms);
  }

  impair::Random random_;
  std::deque<Work> work_;
  TimePoint busy_until_{};
  std::map<seal::RoomId, std::vector<relay::LogEntry>> entries_;
};

}  // namespace hubbub::sim
