// Hybrid public key encryption (RFC 9180), base mode, one message for each encapsulation: a secret for one
// recipient, from anybody. Who sealed it is for a signature to say.
// The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305 (0x0020, 0x0001, 0x0003).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "codec/seal/aead.h"
#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "codec/seal/x25519.h"

namespace hubbub::seal {

// What sealing adds: the ephemeral public key before the ciphertext, the tag after it.
inline constexpr std::size_t kHpkeOverheadBytes = 32 + kTagBytes;

// Section 6.1: enc (32 bytes), then the ciphertext and its tag. `nullopt` for a recipient's key of low order.
[[nodiscard]] std::optional<std::vector<std::byte>> hpke_seal(const PublicKey& recipient,
                                                              std::span<const std::byte> info,
                                                              std::span<const std::byte> aad,
                                                              std::span<const std::byte> plaintext,
                                                              Random& random);

// The plaintext, which is the caller's to wipe; `nullopt` for anything that was not sealed for this recipient
// with this `info` and `aad`.
[[nodiscard]] std::optional<std::vector<std::byte>> hpke_open(const KeyPair& recipient,
                                                              std::span<const std::byte> info,
                                                              std::span<const std::byte> aad,
                                                              std::span<const std::byte> sealed);

}  // namespace hubbub::seal
