// Who is in a sealed room: sessions by the people whose they are, who came and who left, whom we ignore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codec/seal/ed25519.h"
#include "codec/seal/room_keys.h"
#include "codec/session/message.h"
#include "codec/wire/room_elements.h"
#include "voiceclient/core/roster_follower.h"
#include "voiceclient/core/session.h"

namespace hubbub::client {

class Company {
 public:
  // `room` outlives it.
  Company(const seal::RoomKeys& room, const seal::IdentityKey& own) : room_(room), own_(own) {}

  // --- What the relay says
  void welcome(TimePoint now, const Welcome& welcome) { roster_.welcome(now, welcome); }
  void announce(TimePoint now, const Pong& pong) { roster_.announce(now, pong.newest_change, pong.members); }
  std::optional<DropReason> change(TimePoint now, const RosterChange& change) {
    return roster_.change(now, room_, change);
  }
  void range(TimePoint now, const RosterRange& range) { roster_.range(now, range); }
  std::optional<RosterAsk> ask_due(TimePoint now) { return roster_.ask_due(now); }

  // --- Who is here
  [[nodiscard]] const RosterFollower& roster() const { return roster_; }
  [[nodiscard]] std::vector<MemberInfo> members() const;
  [[nodiscard]] const session::Presence* presence_of(std::uint32_t ssrc) const;
  // Also those who left, as far as they are remembered.
  [[nodiscard]] const std::map<seal::IdentityKey, session::Presence>& met() const { return met_; }
  // Who came and left since the last time, where it is time to tell.
  std::optional<MembersChanged> changes(TimePoint now);
  // Whether anybody was told of.
  [[nodiscard]] bool announced() const { return announced_once_; }

  void ignore(const seal::IdentityKey& identity, bool ignored);
  [[nodiscard]] bool ignores(const seal::IdentityKey& identity) const { return ignored_.contains(identity); }
  [[nodiscard]] bool ignores(std::uint32_t ssrc) const;

 private:
  static constexpr std::size_t kMaxMet = 256;
  using People = std::map<seal::IdentityKey, MemberInfo>;

  [[nodiscard]] People by_identity() const;
  void find_newcomers(const People& people, MembersChanged& changed);
  void find_missing(TimePoint now, const People& people, MembersChanged& changed);

  const seal::RoomKeys& room_;
  seal::IdentityKey own_;
  RosterFollower roster_;
  std::uint64_t version_ = 0;
  bool announced_once_ = false;
  People announced_;
  std::map<seal::IdentityKey, TimePoint> missing_since_;
  std::map<seal::IdentityKey, session::Presence> met_;
  std::optional<TimePoint> next_announcement_;
  std::set<seal::IdentityKey> ignored_;
};

}  // namespace hubbub::client
