// SHA-256 and what is built on it: HMAC, HKDF, scrypt. A stranger's first datagram costs one HMAC, so none of
// these allocates or looks an algorithm up once a thread has used it, scrypt apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include <openssl/types.h>

#include "codec/seal/secret.h"

namespace hubbub::seal {

using Digest = std::array<std::byte, 32>;

// Of the parts, one after the other as if they were one (FIPS 180-4).
[[nodiscard]] Digest sha256(std::initializer_list<std::span<const std::byte>> parts);

// RFC 2104, of the parts one after the other.
[[nodiscard]] Digest hmac_sha256(std::span<const std::byte> key,
                                 std::initializer_list<std::span<const std::byte>> parts);

// HMAC-SHA-256 under one key for many messages: the key is set up once. About 1 KiB, so it is for a stream's
// key, not for a member's.
class Hmac {
 public:
  explicit Hmac(std::span<const std::byte> key);

  [[nodiscard]] Digest operator()(std::initializer_list<std::span<const std::byte>> parts);

 private:
  struct Free {
    void operator()(EVP_MAC_CTX* context) const noexcept;
  };
  std::unique_ptr<EVP_MAC_CTX, Free> context_;
};

// RFC 5869 section 2.2; `input` is its parts, one after the other.
[[nodiscard]] Key hkdf_extract(std::span<const std::byte> salt,
                               std::initializer_list<std::span<const std::byte>> input);
[[nodiscard]] Key hkdf_extract(std::span<const std::byte> salt, std::span<const std::byte> input);

// RFC 5869 section 2.3, at most 255 * 32 bytes; `info` is its parts, one after the other.
void hkdf_expand(const Key& prk, std::initializer_list<std::span<const std::byte>> info,
                 std::span<std::byte> out);

// RFC 7914: 128 * n * r bytes of memory and, by intention, a large part of a second. `n` is a power of two.
// An exception when there is not that much memory.
[[nodiscard]] Key scrypt(std::string_view passphrase, std::span<const std::byte> salt, std::uint64_t n,
                         std::uint32_t r, std::uint32_t p);

}  // namespace hubbub::seal
