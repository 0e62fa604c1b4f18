// ChaCha20-Poly1305 (RFC 8439), with the nonce that Noise gives it (32 zero bits and a 64-bit little-endian
// counter) or with a whole one. The caller never uses a nonce twice under one key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/seal/secret.h"

namespace hubbub::seal {

inline constexpr std::size_t kTagBytes = 16;
using Nonce = std::array<std::byte, 12>;

// Writes the ciphertext and the tag: plaintext + 16 bytes, which `out` must hold. `out` may begin where
// `plaintext` begins.
void aead_seal(const Key& key, std::uint64_t counter, std::span<const std::byte> ad,
               std::span<const std::byte> plaintext, std::span<std::byte> out);
void aead_seal(const Key& key, const Nonce& nonce, std::span<const std::byte> ad,
               std::span<const std::byte> plaintext, std::span<std::byte> out);

// Writes the plaintext, sealed - 16 bytes; `out` may begin where `sealed` begins. False when the tag does not
// verify, when there is none, or when `out` is too small: then `out` holds nothing of the plaintext.
[[nodiscard]] bool aead_open(const Key& key, std::uint64_t counter, std::span<const std::byte> ad,
                             std::span<const std::byte> sealed, std::span<std::byte> out);
[[nodiscard]] bool aead_open(const Key& key, const Nonce& nonce, std::span<const std::byte> ad,
                             std::span<const std::byte> sealed, std::span<std::byte> out);

}  // namespace hubbub::seal
