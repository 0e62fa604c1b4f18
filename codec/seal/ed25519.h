// Ed25519 signatures (RFC 8032): who somebody is, beyond one room and one session.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include <openssl/types.h>

#include "codec/seal/secret.h"

namespace hubbub::seal {

using IdentityKey = std::array<std::byte, 32>;  // an Ed25519 public key
using Signature = std::array<std::byte, 64>;

// The private half. It is OpenSSL's, which wipes it when it goes.
class SigningKey {
 public:
  // RFC 8032 section 5.1.5, where the seed is called the private key.
  static SigningKey from_seed(const Key& seed);

  [[nodiscard]] const IdentityKey& public_key() const { return public_key_; }
  // Section 5.1.6: the same message has the same signature every time.
  [[nodiscard]] Signature sign(std::span<const std::byte> message) const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const noexcept;
  };
  explicit SigningKey(EVP_PKEY* key);

  std::unique_ptr<EVP_PKEY, Free> key_;
  IdentityKey public_key_{};
};

// Section 5.1.7, and stricter about the key: false also for one of small order, under which a signature can
// be made that fits many messages, and for one that is not the only spelling of its point.
[[nodiscard]] bool verify(const IdentityKey& key, std::span<const std::byte> message,
                          std::span<const std::byte, 64> signature);

}  // namespace hubbub::seal
