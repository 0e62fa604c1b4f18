#include "voiceclient/core/roster_follower.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "codec/wire/limits.h"

namespace hubbub::client {
void RosterFollower::count(std::size_t members) {
  crowd_ = members > kMaxFollowed;
  pace_ = static_cast<int>(members) * kPaceEach;
}

void RosterFollower::start_over(TimePoint now) {
  collected_.clear();
  held_.clear();
  known_ = 0;
  begun_.reset();
  complete_ = false;
  asks_.start(now, Duration::zero());
}

void RosterFollower::welcome(TimePoint now, const Welcome& welcome) {
  newest_ = welcome.newest_change;
  count(welcome.members);
  if (welcome.epoch != epoch_ || welcome.newest_change < known_) {
    epoch_ = welcome.epoch;
    return start_over(now);
  }
  asks_.start(now, Duration::zero());
}

void RosterFollower::announce(TimePoint now, std::uint64_t newest, std::size_t members) {
  count(members);
  newest_ = std::max(newest_, newest);
  if (newest_ > known_ && !asks_.started()) asks_.start(now, Duration::zero());
}

std::optional<DropReason> RosterFollower::change(TimePoint now, const seal::RoomKeys& room,
                                                 const RosterChange& change) {
  newest_ = std::max(newest_, change.number);
  if (change.number <= known_ || crowd_) return std::nullopt;
  Held held{.previous = change.previous, .ssrc = change.ssrc, .presence = {}};
  std::optional<DropReason> problem;
  if (!change.presence.empty()) {
    auto presence = session::open_presence(room, change.ssrc, change.presence);
    if (presence) {
      held.presence = std::move(*presence);
    } else {
      problem = presence.error();  // nobody we can name; the others count
    }
  }
  held_[change.number] = std::move(held);
  if (held_.size() > kMaxHeld) held_.erase(std::prev(held_.end()));
  apply();
  if (!held_.empty() && !asks_.started()) asks_.start(now, AskTimer::kReorderWait);
  return problem;
}

void RosterFollower::range(TimePoint now, const RosterRange& range) {
  newest_ = std::max(newest_, range.newest);
  if (!begun_ && range.after == 0) begun_ = range.newest;
  // Somebody whom we know may have left without our ever hearing of it.
  if (range.lost > (complete_ ? known_ : begun_.value_or(range.lost))) return start_over(now);
  apply();
  asks_.answered(now, pace_);
}

void RosterFollower::apply() {
  auto& list = complete_ ? members_ : collected_;
  while (!held_.empty()) {
    const auto first = held_.begin();
    if (first->first > known_ && first->second.previous > known_) break;
    if (first->first > known_) {
      known_ = first->first;
      asks_.progress();
      ++version_;
      if (first->second.presence) {
        list[first->second.ssrc] = std::move(*first->second.presence);
      } else {
        list.erase(first->second.ssrc);
      }
    }
    held_.erase(first);
  }
  if (!complete_ && known_ >= newest_) {
    complete_ = true;
    members_ = std::exchange(collected_, {});
    ++version_;
  }
}

std::optional<RosterAsk> RosterFollower::ask_due(TimePoint now) {
  if (!asks_.due(now)) return std::nullopt;
  if (crowd_ || (complete_ && known_ >= newest_)) {
    asks_.stop();
    return std::nullopt;
  }
  asks_.ask(now);
  return RosterAsk{.after = known_};
}

}  // namespace hubbub::client
