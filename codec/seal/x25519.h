// Diffie-Hellman over Curve25519 (RFC 7748).
#pragma once

#include <optional>

#include "codec/seal/random.h"
#include "codec/seal/secret.h"

namespace hubbub::seal {

struct KeyPair {
  Key private_key;
  PublicKey public_key{};

  static KeyPair generate(Random& random);
  static KeyPair from_private(const Key& private_key);
};

// The shared secret; `nullopt` when it is all zero, which only a public key of low order makes it (RFC 7748
// section 6.1).
[[nodiscard]] std::optional<Key> x25519(const Key& private_key, const PublicKey& public_key);
// The same in half the time: OpenSSL wants our own public key too, and works it out unless it is told.
[[nodiscard]] std::optional<Key> x25519(const KeyPair& own, const PublicKey& public_key);

}  // namespace hubbub::seal
