#include "voiceclient/core/log_follower.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "codec/wire/limits.h"

namespace hubbub::client {

void LogFollower::welcome(TimePoint now, const Welcome& welcome) {
  const bool anew = epoch_ != 0 && welcome.epoch != epoch_;
  // What waits for its turn stood in a log that is no more, behind entries that may never come.
  if (anew) held_.clear();
  // The relay has let us in when it has our Join, and what was written since is ours, whenever its Welcome
  // comes; and so it is when the first one came, and nothing after it until now.
  if (!started_) {
    const std::uint64_t before_us =
        held_.empty() ? welcome.newest_text : std::min(welcome.newest_text, held_.begin()->second.previous);
    earlier_through_ = epoch_ == 0 ? before_us : std::min(earlier_through_, before_us);
  }
  // Another log, which ends before what we know: the relay lost the last of it, and goes on from what it had
  // stored, or it lost everything, its clock perhaps too.
  if (anew && welcome.newest_text < known_)
    known_ = welcome.newest_text < stored_ ? 0 : std::min(known_, stored_);
  epoch_ = welcome.epoch;
  stored_ = welcome.stored_text;
  trusted_ = known_;
  newest_ = welcome.newest_text;
  asks_.start(now, Duration::zero());
}

// A live entry's number is no more than a hint until the relay's own word covers it. Where that word falls
// short of what we held to be true, somebody on the way made the number up.
void LogFollower::announce(TimePoint now, std::uint64_t newest, std::uint64_t asked_at) {
  if (newest < asked_at && known_ > trusted_) {
    known_ = trusted_;
    held_.clear();
    asks_.start(now, Duration::zero());
  }
  if (newest >= known_) trusted_ = known_;
  if (newest > newest_ && newest > known_) asks_.start(now, Duration::zero());
  newest_ = std::max(newest_, newest);
}

void LogFollower::put(TimePoint now, const LogEntryElement& element, bool sealed) {
  if (element.number <= known_) return;
  if (sealed) newest_ = std::max(newest_, element.number);
  Held& held = held_[element.number];
  if (held.entry.number != 0 && !sealed) return;
  held.previous = element.previous;
  held.entry = {.number = element.number,
                .id = element.id,
                .object = {element.object.begin(), element.object.end()},
                .earlier = element.number <= earlier_through_,
                .sealed = sealed};
  if (held_.size() > kMaxHeld) held_.erase(std::prev(held_.end()));
  if (!asks_.started() && started_ && held_.begin()->second.previous > known_)
    asks_.start(now, AskTimer::kReorderWait);
}

void LogFollower::range(TimePoint now, const TextRange& range) {
  newest_ = std::max(newest_, range.newest);
  if (!started_) {
    started_ = true;
    // Where the answer's first datagram is lost, another one's is not the beginning: what was written since
    // we came would be passed over.
    known_ = std::min(range.after, earlier_through_);
  } else if (range.lost > known_) {
    gap_ = range.lost;
  }
  asks_.answered(now);
}

bool LogFollower::refuse(TimePoint now, const Entry& entry) {
  if (entry.sealed) return true;
  known_ = before_;
  asks_.start(now, Duration::zero());
  return false;
}

std::optional<LogFollower::Entry> LogFollower::next() {
  if (!started_) return std::nullopt;
  if (const auto gap = std::exchange(gap_, std::nullopt); gap && *gap > known_) {
    known_ = *gap;
    return Entry{.number = known_, .id = {}, .object = {}};
  }
  while (!held_.empty()) {
    const auto first = held_.begin();
    if (first->first > known_ && first->second.previous > known_) return std::nullopt;
    Entry entry = std::move(first->second.entry);
    held_.erase(first);
    if (entry.number <= known_) continue;
    before_ = std::exchange(known_, entry.number);
    if (entry.sealed) trusted_ = known_;
    asks_.progress();
    return entry;
  }
  return std::nullopt;
}

std::optional<TextAsk> LogFollower::ask_due(TimePoint now) {
  if (!asks_.due(now)) return std::nullopt;
  if (started_ && known_ >= newest_ && held_.empty()) {
    asks_.stop();
    return std::nullopt;
  }
  asks_.ask(now);
  if (started_) return TextAsk{.after = known_};
  return TextAsk{.after = earlier_through_, .before = kEarlierTexts};
}

}  // namespace hubbub::client
