#include "codec/session/identity.h"

#include "codec/seal/digest.h"
#include "codec/wire/byte_io.h"

namespace hubbub::session {
namespace {

seal::KeyPair direct_keys(const seal::Key& prk) {
  seal::Key key;
  seal::hkdf_expand(prk, {as_bytes("hubbub direct key v1")}, key.view());
  return seal::KeyPair::from_private(key);
}

}  // namespace

Identity::Identity(const seal::Key& seed)
    : prk_(seal::hkdf_extract(as_bytes("hubbub identity v1"), seed.view())),
      signing_(seal::SigningKey::from_seed(seed)),
      direct_(direct_keys(prk_)) {}

seal::OwnerTag Identity::owner_tag(const seal::RoomId& room) const {
  seal::OwnerTag tag{};
  seal::hkdf_expand(prk_, {as_bytes("hubbub owner v1"), room}, tag);
  return tag;
}

}  // namespace hubbub::session
