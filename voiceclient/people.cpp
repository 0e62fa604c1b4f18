#include "voiceclient/people.h"

#include <utility>

#include "codec/seal/verification_code.h"
#include "codec/wire/text.h"

namespace hubbub::client {
namespace {

// People of one run; a room's worth and more.
constexpr std::size_t kMaxMet = 5'000;

}  // namespace

People::People(const std::optional<std::filesystem::path>& file, const seal::RoomId& room,
               const seal::IdentityKey& own, Say say)
    : known_(file), room_(room), own_(own), say_(std::move(say)) {}

Trust People::trust_in(const seal::IdentityKey& identity, const std::string& name) const {
  const auto person = known_.lookup(room_, identity);
  if (person && person->verified) return Trust::kVerified;
  if (changed_.contains(identity)) return Trust::kChanged;
  if (identity == own_ || name.empty()) return Trust::kSeen;
  const auto holder = known_.holder(room_, folded_name(name));
  return holder && holder->verified && holder->identity != identity ? Trust::kChanged : Trust::kSeen;
}

Trust People::meet(const seal::IdentityKey& identity, const std::string& name) {
  if (identity == own_) return Trust::kSeen;
  if (met_.size() >= kMaxMet) met_.clear();
  const bool first = met_.insert(identity).second;
  if (first && !name.empty()) {
    const auto holder = known_.holder(room_, folded_name(name));
    if (holder && holder->identity != identity && !known_.lookup(room_, identity)) {
      changed_.insert(identity);
      say_("this " + name + " (" + seal::fingerprint(identity) + ") is not the " + name +
           (holder->verified ? " whom you verified (" : " who was here before (") +
           seal::fingerprint(holder->identity) +
           "): another person, or the same with a new identity; /verify " + name + " tells");
    }
  }
  if (first) warn(known_.remember(room_, identity, name));
  return trust_in(identity, name);
}

Person People::person(const MemberInfo& member) const {
  return {.member = member,
          .trust = trust_in(member.identity, member.name),
          .fingerprint = seal::fingerprint(member.identity),
          .ignored = ignored_.contains(member.identity)};
}

std::string People::code_with(const seal::IdentityKey& identity) const {
  return seal::verification_code(own_, identity);
}

void People::set_verified(const seal::IdentityKey& identity, const std::string& name, bool verified) {
  changed_.erase(identity);
  if (verified) return warn(known_.verify(room_, identity, name));
  warn(known_.forget(room_, identity));
  warn(known_.remember(room_, identity, name));
}

bool People::toggle_ignored(const seal::IdentityKey& identity) {
  if (ignored_.erase(identity) > 0) return false;
  ignored_.insert(identity);
  return true;
}

// Once: it goes on failing for as long as it does.
void People::warn(const std::optional<std::string>& problem) {
  if (problem && !std::exchange(warned_, true)) say_(*problem);
}

}  // namespace hubbub::client
