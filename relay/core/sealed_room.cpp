#include "relay/core/sealed_room.h"

#include <utility>

#include "codec/wire/check.h"

namespace hubbub::relay {

Session* SealedRoom::find(std::uint32_t ssrc) const {
  const auto found = by_ssrc_.find(ssrc);
  return found == by_ssrc_.end() ? nullptr : found->second;
}

bool SealedRoom::name_taken(const seal::NameTag& name, const seal::OwnerTag& owner) const {
  const auto holder = names_.find(name);
  return holder != names_.end() && holder->second.owner != owner;
}

void SealedRoom::set_name(Session& session, const seal::NameTag& name, const seal::OwnerTag& owner) {
  CHECK(session.room == this && !name_taken(name, owner));
  if (session.name == name) return;
  let_go_of_name(session);
  session.name = name;
  if (name == seal::NameTag{}) return;
  Holder& holder = names_[name];
  holder.owner = owner;
  ++holder.members;
}

void SealedRoom::let_go_of_name(Session& session) {
  const auto holder = names_.find(session.name);
  session.name = {};
  if (holder != names_.end() && --holder->second.members == 0) names_.erase(holder);
}

void SealedRoom::add(Session& session, std::uint32_t ssrc) {
  CHECK(session.room == nullptr && by_ssrc_.emplace(ssrc, &session).second);
  session.room = this;
  session.member = members_.size();
  session.ssrc = ssrc;
  members_.push_back(&session);
  recipients_.push_back(session.path);
}

void SealedRoom::remove(Session& session) {
  CHECK(session.room == this);
  put_last(session);
  members_.pop_back();
  recipients_.pop_back();
  by_ssrc_.erase(session.ssrc);
  roster.remove(session.ssrc);
  let_go_of_name(session);
  session.room = nullptr;
}

void SealedRoom::put_last(Session& session) {
  const std::size_t here = session.member;
  const std::size_t last = members_.size() - 1;
  if (here == last) return;
  std::swap(members_[here], members_[last]);
  std::swap(recipients_[here], recipients_[last]);
  members_[here]->member = here;
  members_[last]->member = last;
}

}  // namespace hubbub::relay
