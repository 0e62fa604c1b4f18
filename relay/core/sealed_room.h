// One sealed room: who is in it, what they are called as far as the relay knows, and what was written.
// Members lie densely, so that a broadcast is a walk through `recipients`; the order of members means
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "codec/seal/room_keys.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "relay/core/roster.h"
#include "relay/core/sealed_session.h"
#include "relay/core/text_log.h"

namespace hubbub::relay {

class SealedRoom {
 public:
  // `number` names this room among all that ever were, since its id may come again; `epoch` does so for those
  // who were in a room of this id before.
  SealedRoom(const seal::RoomId& id, std::uint64_t number, std::uint64_t epoch, std::uint64_t log_base)
      : log(log_base), id_(id), number_(number), epoch_(epoch) {}

  TextLog log;
  Roster roster;
  std::uint64_t stored_text = 0;  // all of the log up to this one outlives the relay
  std::uint64_t told_change = 0;  // all changes of the roster up to this one were told to members
  bool waits_to_tell = false;     // others, at `next_telling`
  TimePoint next_telling{};
  std::optional<TimePoint> waiting_until{};  // for its history; nobody is let in before
  bool unentered = false;                    // since it was made; until `enter_by` somebody may be coming
  TimePoint enter_by{};
  TimePoint empty_since{};
  bool listed_as_empty = false;  // by the relay, perhaps of a time before

  [[nodiscard]] const seal::RoomId& id() const { return id_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] std::span<const Recipient> recipients() const { return recipients_; }
  [[nodiscard]] std::span<Session* const> members() const { return members_; }
  // The member with this SSRC; nothing where there is none.
  [[nodiscard]] Session* find(std::uint32_t ssrc) const;

  // Whether somebody else has this name: somebody who does not know what its owner knows.
  [[nodiscard]] bool name_taken(const seal::NameTag& name, const seal::OwnerTag& owner) const;
  // Another name, or none (all zero); it is not taken. The members of one owner may share theirs.
  void set_name(Session& session, const seal::NameTag& name, const seal::OwnerTag& owner);

  // The SSRC is not taken.
  void add(Session& session, std::uint32_t ssrc);
  void remove(Session& session);
  // The member is reached on another path from now on.
  void move(Session& session) { recipients_[session.member] = session.path; }
  // Puts the member last, so that all others are one stretch: one call of the system's for a broadcast.
  void put_last(Session& session);

 private:
  struct Holder {
    seal::OwnerTag owner{};
    std::size_t members = 0;
  };
  void let_go_of_name(Session& session);

  seal::RoomId id_;
  std::uint64_t number_;
  std::uint64_t epoch_;
  std::vector<Session*> members_;
  std::vector<Recipient> recipients_;
  std::unordered_map<std::uint32_t, Session*> by_ssrc_;
  std::map<seal::NameTag, Holder> names_;  // a tree: tags are what their senders say they are
};

}  // namespace hubbub::relay
