// When to ask the relay for what is missing, of a log or of a roster: again while nothing comes, more and
// more slowly; on when an answer is over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "codec/wire/limits.h"
#include "codec/wire/units.h"

namespace hubbub::client {

class AskTimer {
 public:
  // What is out of order comes by itself; and an answer's datagrams come one close behind the other.
  static constexpr Duration kReorderWait = 30ms;

  // Something is missing, and is asked for after this wait.
  void start(TimePoint now, Duration wait) {
    interval_ = kFirstInterval;
    next_ = now + wait;
  }
  void stop() { next_.reset(); }
  [[nodiscard]] bool started() const { return next_.has_value(); }
  [[nodiscard]] bool due(TimePoint now) const { return next_ && now >= *next_; }
  // The question goes out.
  void ask(TimePoint now) {
    answers_ = 0;
    next_ = now + interval_;
    interval_ = std::min(2 * interval_, kSlowestInterval);
  }
  // A datagram of the answer came; the next question goes `pace` after the last.
  void answered(TimePoint now, Duration pace = Duration::zero()) {
    start(now, ++answers_ >= kAnswerDatagrams ? pace : std::max(pace, kReorderWait));
  }
  // It goes on: what is asked next is not asked slowly.
  void progress() { interval_ = kFirstInterval; }

 private:
  static constexpr Duration kFirstInterval = 250ms;
  static constexpr Duration kSlowestInterval = 2s;

  std::optional<TimePoint> next_;
  Duration interval_{};
  std::size_t answers_ = 0;  // datagrams since the last question
};

}  // namespace hubbub::client
