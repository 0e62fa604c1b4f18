// Who somebody is, from one seed: the key that signs their words, the key that what is for them alone is
// sealed for, and what keeps their name theirs.
#pragma once

#include "codec/seal/ed25519.h"
#include "codec/seal/room_keys.h"
#include "codec/seal/secret.h"
#include "codec/seal/x25519.h"

namespace hubbub::session {

class Identity {
 public:
  explicit Identity(const seal::Key& seed);

  [[nodiscard]] const seal::IdentityKey& public_key() const { return signing_.public_key(); }
  [[nodiscard]] const seal::SigningKey& signing() const { return signing_; }
  // For direct messages (HPKE's recipient).
  [[nodiscard]] const seal::KeyPair& direct() const { return direct_; }
  // What shows a relay that a name in this room is ours; another in every room.
  [[nodiscard]] seal::OwnerTag owner_tag(const seal::RoomId& room) const;

 private:
  seal::Key prk_;
  seal::SigningKey signing_;
  seal::KeyPair direct_;
};

}  // namespace hubbub::session
