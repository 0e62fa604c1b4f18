// Who is in one sealed room. Members lie densely, so that a broadcast is a walk through `recipients`; the
// order of members means nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "codec/seal/room_keys.h"
#include "codec/wire/endpoint.h"
#include "relay/core/sealed_session.h"

namespace hubbub::relay {

class SealedRoom {
 public:
  // `number` names this room among all that ever were, since its id may come again.
  SealedRoom(const seal::RoomId& id, std::uint64_t number) : id_(id), number_(number) {}

  [[nodiscard]] const seal::RoomId& id() const { return id_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] std::span<const Recipient> recipients() const { return recipients_; }
  [[nodiscard]] std::span<Session* const> members() const { return members_; }
  // The member with this SSRC; nothing where there is none.
  [[nodiscard]] Session* find(std::uint32_t ssrc) const;

  // The SSRC is not taken.
  void add(Session& session, std::uint32_t ssrc);
  void remove(Session& session);
  // The member is reached on another path from now on.
  void move(Session& session) { recipients_[session.member] = session.path; }
  // Puts the member last, so that all others are one stretch: one call of the system's for a broadcast.
  void put_last(Session& session);

 private:
  seal::RoomId id_;
  std::uint64_t number_;
  std::vector<Session*> members_;
  std::vector<Recipient> recipients_;
  std::unordered_map<std::uint32_t, Session*> by_ssrc_;
};

}  // namespace hubbub::relay
