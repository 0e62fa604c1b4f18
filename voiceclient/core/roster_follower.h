// The roster as a member follows it: numbered changes, live or asked for, become the list of who is here.
// What the relay says counts only where it sealed it; who a member is, the member's own signature says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "codec/seal/room_keys.h"
#include "codec/session/message.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/units.h"
#include "voiceclient/core/ask_timer.h"

namespace hubbub::client {

class RosterFollower {
 public:
  // In a larger room nobody is followed but those who are heard or write.
  static constexpr std::size_t kMaxFollowed = 10'000;
  // Between two questions, for each member: however many ask for everybody at once, as after a restart, the
  // relay sends them no more than the voice of one.
  static constexpr Duration kPaceEach = 250us;
  static constexpr std::size_t kMaxHeld = 512;

  void welcome(TimePoint now, const Welcome& welcome);
  void announce(TimePoint now, std::uint64_t newest, std::size_t members);
  // Why a change says nothing, where it does not.
  std::optional<DropReason> change(TimePoint now, const seal::RoomKeys& room, const RosterChange& change);
  void range(TimePoint now, const RosterRange& range);
  std::optional<RosterAsk> ask_due(TimePoint now);

  // Everybody, ourselves included, by SSRC; as of when we last knew them all, while they are being asked for.
  [[nodiscard]] const std::map<std::uint32_t, session::Presence>& members() const { return members_; }
  // Whether these are all who are here.
  [[nodiscard]] bool complete() const { return complete_; }
  // Goes up whenever they change.
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  struct Held {
    std::uint64_t previous = 0;
    std::uint32_t ssrc = 0;
    std::optional<session::Presence> presence;  // nothing: left
  };
  void start_over(TimePoint now);
  void apply();
  void count(std::size_t members);

  std::map<std::uint32_t, session::Presence> members_;
  std::map<std::uint32_t, session::Presence> collected_;  // until they are all
  std::map<std::uint64_t, Held> held_;
  std::uint64_t known_ = 0;
  std::optional<std::uint64_t> begun_;  // the newest change when we began to collect
  std::uint64_t newest_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t version_ = 0;
  bool complete_ = false;
  bool crowd_ = false;
  Duration pace_{};
  AskTimer asks_;
};

}  // namespace hubbub::client
