// A session's events until the shell takes them, which it does after every call.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "voiceclient/core/session.h"

namespace hubbub::client {

class EventQueue {
 public:
  // More than this means that nobody is looking.
  static constexpr std::size_t kMaxEvents = 1'024;

  // An event of somebody else's making: one too many is lost.
  void offer(Event event) {
    if (events_.size() < kMaxEvents) events_.push_back(std::move(event));
  }
  // An event of our own or the relay's state, of which there are few: it is never lost.
  void add(Event event) { events_.push_back(std::move(event)); }

  std::optional<Event> next() {
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

 private:
  std::deque<Event> events_;
};

}  // namespace hubbub::client
