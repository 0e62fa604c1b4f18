// Who the people of a room are to this person: what was remembered of them, who was verified, whose name was
// somebody else's before.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codec/seal/ed25519.h"
#include "codec/seal/room_keys.h"
#include "voiceclient/core/session.h"
#include "voiceclient/known_people.h"
#include "voiceclient/ui/frontend.h"

namespace hubbub::client {

class People {
 public:
  using Say = std::function<void(const std::string& sentence)>;

  // `say` gets what the person should know: that a name has changed hands, or that nothing can be remembered.
  // Throws std::runtime_error where the file cannot be read.
  People(const std::optional<std::filesystem::path>& file, const seal::RoomId& room,
         const seal::IdentityKey& own, Say say);

  // Somebody writes or comes under this name. Remembers them.
  Trust meet(const seal::IdentityKey& identity, const std::string& name);
  [[nodiscard]] Trust trust_in(const seal::IdentityKey& identity, const std::string& name) const;
  [[nodiscard]] Person person(const MemberInfo& member) const;

  // What both compare.
  [[nodiscard]] std::string code_with(const seal::IdentityKey& identity) const;
  void set_verified(const seal::IdentityKey& identity, const std::string& name, bool verified);
  // True where the person is ignored from now on.
  bool toggle_ignored(const seal::IdentityKey& identity);

 private:
  void warn(const std::optional<std::string>& problem);

  KnownPeople known_;
  seal::RoomId room_;
  seal::IdentityKey own_;
  Say say_;
  bool warned_ = false;
  std::set<seal::IdentityKey> met_;      // in this run
  std::set<seal::IdentityKey> changed_;  // who came under a name that was another's
  std::set<seal::IdentityKey> ignored_;
};

}  // namespace hubbub::client
