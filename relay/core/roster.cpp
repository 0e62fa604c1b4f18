#include "relay/core/roster.h"

#include <algorithm>
#include <iterator>

#include "codec/wire/limits.h"

namespace hubbub::relay {

void Roster::put(std::uint32_t ssrc, std::span<const std::byte> presence) {
  if (presence.empty()) return remove(ssrc);
  if (const auto here = numbers_.find(ssrc); here != numbers_.end()) {
    const auto change = changes_.find(here->second);
    if (std::ranges::equal(change->second.presence, presence)) return;
    changes_.erase(change);
  }
  numbers_[ssrc] = next_;
  add(ssrc, presence);
}

void Roster::remove(std::uint32_t ssrc) {
  const auto here = numbers_.find(ssrc);
  if (here == numbers_.end()) return;
  changes_.erase(here->second);
  numbers_.erase(here);
  add(ssrc, {});
  forget_departures();
}

void Roster::add(std::uint32_t ssrc, std::span<const std::byte> presence) {
  changes_.emplace_hint(changes_.end(), next_++,
                        Change{.ssrc = ssrc, .presence = {presence.begin(), presence.end()}});
}

void Roster::forget_departures() {
  while (changes_.size() - numbers_.size() > kMaxDepartures) {
    auto oldest = changes_.lower_bound(oldest_departure_);
    while (!oldest->second.presence.empty()) ++oldest;
    lost_departure_ = oldest->first;
    oldest_departure_ = oldest->first + 1;
    changes_.erase(oldest);
  }
}

std::optional<RosterChange> Roster::next_after(std::uint64_t number) const {
  const auto change = changes_.upper_bound(number);
  if (change == changes_.end()) return std::nullopt;
  return RosterChange{.number = change->first,
                      .previous = change == changes_.begin() ? 0 : std::prev(change)->first,
                      .ssrc = change->second.ssrc,
                      .presence = change->second.presence};
}

}  // namespace hubbub::relay
