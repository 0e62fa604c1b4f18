#include "voiceclient/core/company.h"

#include <algorithm>
#include <utility>

namespace hubbub::client {
namespace {

// Comings and goings are told together, so often at most.
constexpr Duration kAnnouncementInterval = 1s;
// Who is gone this long has left: a client that changes its stream is gone for a moment.
constexpr Duration kLeftAfter = 2s;

}  // namespace

Company::People Company::by_identity() const {
  People people;
  for (const auto& [ssrc, presence] : roster_.members()) {
    auto& person = people[presence.identity];
    const bool first = person.ssrcs.empty();
    person.identity = presence.identity;
    person.own = presence.identity == own_;
    // Of several sessions the newest says what they are called, and all say whether they can be heard.
    if (first || presence.since_unix_ms >= person.since_unix_ms) person.name = presence.name;
    person.since_unix_ms =
        first ? presence.since_unix_ms : std::min(person.since_unix_ms, presence.since_unix_ms);
    person.muted = first ? presence.muted : person.muted && presence.muted;
    person.ssrcs.push_back(ssrc);
  }
  return people;
}

std::vector<MemberInfo> Company::members() const {
  std::vector<MemberInfo> list;
  for (auto& [identity, person] : by_identity()) list.push_back(std::move(person));
  std::ranges::sort(list, {}, &MemberInfo::name);
  return list;
}

const session::Presence* Company::presence_of(std::uint32_t ssrc) const {
  const auto found = roster_.members().find(ssrc);
  return found == roster_.members().end() ? nullptr : &found->second;
}

void Company::ignore(const seal::IdentityKey& identity, bool ignored) {
  ignored ? static_cast<void>(ignored_.insert(identity)) : static_cast<void>(ignored_.erase(identity));
}

bool Company::ignores(std::uint32_t ssrc) const {
  if (ignored_.empty()) return false;
  const auto* presence = presence_of(ssrc);
  return presence != nullptr && ignored_.contains(presence->identity);
}

std::optional<MembersChanged> Company::changes(TimePoint now) {
  if (!roster_.complete() || (next_announcement_ && now < *next_announcement_)) return std::nullopt;
  if (roster_.version() == version_ && missing_since_.empty()) return std::nullopt;
  version_ = roster_.version();
  for (const auto& [ssrc, presence] : roster_.members()) {
    if (met_.size() < kMaxMet || met_.contains(presence.identity)) met_[presence.identity] = presence;
  }
  MembersChanged changed;
  changed.first = !std::exchange(announced_once_, true);
  const People people = by_identity();
  find_newcomers(people, changed);
  find_missing(now, people, changed);
  if (!changed.first && changed.joined.empty() && changed.left.empty() && changed.renamed.empty())
    return std::nullopt;
  std::ranges::sort(changed.joined, {}, &MemberInfo::name);
  std::ranges::sort(changed.left, {}, &MemberInfo::name);
  next_announcement_ = now + kAnnouncementInterval;
  return changed;
}

void Company::find_newcomers(const People& people, MembersChanged& changed) {
  for (const auto& [identity, person] : people) {
    missing_since_.erase(identity);
    const auto before = announced_.find(identity);
    if (before == announced_.end()) {
      if (!person.own) changed.joined.push_back(person);
    } else if (before->second.name != person.name && !person.own) {
      changed.renamed.emplace_back(before->second.name, person);
    }
    announced_[identity] = person;
  }
}

void Company::find_missing(TimePoint now, const People& people, MembersChanged& changed) {
  for (auto before = announced_.begin(); before != announced_.end();) {
    const auto& [identity, person] = *before;
    if (people.contains(identity) ||
        now - missing_since_.try_emplace(identity, now).first->second < kLeftAfter) {
      ++before;
      continue;
    }
    if (!person.own) changed.left.push_back(person);
    missing_since_.erase(identity);
    before = announced_.erase(before);
  }
}

}  // namespace hubbub::client
