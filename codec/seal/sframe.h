// SFrame (RFC 9605) with cipher suite 1, AES_128_CTR_HMAC_SHA256_80: a frame sealed by its sender for every
// listener, whatever lies between. Its contexts are made once for a key, so that a frame allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include <openssl/types.h>

#include "codec/seal/digest.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub::seal {

inline constexpr std::size_t kSframeTagBytes = 10;

// Section 4.3: which key, and which frame under it.
struct SframeHeader {
  static constexpr std::size_t kMaxBytes = 17;

  std::uint64_t kid = 0;
  std::uint64_t ctr = 0;

  [[nodiscard]] std::size_t size() const;
  static Result<SframeHeader, DropReason> parse(ByteReader& reader);
  void serialize(ByteWriter& writer) const;

  friend bool operator==(const SframeHeader&, const SframeHeader&) = default;
};

// Section 4.5.1: the AEAD made of AES-128 in counter mode and HMAC-SHA-256, its tag cut to 80 bits.
class AesCtrHmac {
 public:
  static constexpr std::size_t kKeyBytes = 48;  // encryption 16, authentication 32
  static constexpr std::size_t kNonceBytes = 12;
  using Nonce = std::array<std::byte, kNonceBytes>;

  explicit AesCtrHmac(std::span<const std::byte, kKeyBytes> key);

  // Writes ciphertext | tag: plaintext + 10 bytes, which `out` must hold. In place is allowed. The associated
  // data is its two parts, one after the other.
  void seal(const Nonce& nonce, std::span<const std::byte> aad_first, std::span<const std::byte> aad_second,
            std::span<const std::byte> plaintext, std::span<std::byte> out);
  // Writes sealed - 10 bytes, which `out` must hold, and only once the tag verified. In place is allowed.
  [[nodiscard]] bool open(const Nonce& nonce, std::span<const std::byte> aad_first,
                          std::span<const std::byte> aad_second, std::span<const std::byte> sealed,
                          std::span<std::byte> out);

 private:
  using Tag = std::array<std::byte, kSframeTagBytes>;
  [[nodiscard]] Tag tag_of(const Nonce& nonce, std::span<const std::byte> aad_first,
                           std::span<const std::byte> aad_second, std::span<const std::byte> ciphertext);
  void crypt(const Nonce& nonce, std::span<const std::byte> in, std::span<std::byte> out);

  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const noexcept;
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> cipher_;
  Hmac authenticator_;
};

// One sender's key, derived from a base key and its identifier (section 4.4.2). Move-only, about 2 KiB.
class SframeKey {
 public:
  SframeKey(std::span<const std::byte> base_key, std::uint64_t kid);

  [[nodiscard]] std::uint64_t kid() const { return kid_; }

  // What a frame of so many bytes is when sealed: header | ciphertext | tag.
  [[nodiscard]] std::size_t sealed_size(std::uint64_t ctr, std::size_t plaintext_bytes) const {
    return SframeHeader{.kid = kid_, .ctr = ctr}.size() + plaintext_bytes + kSframeTagBytes;
  }
  // Writes that and returns its size; `out` must hold it and not overlap `plaintext`. The caller never uses a
  // counter twice. `metadata` is authenticated and travels elsewhere: the RTP header.
  [[nodiscard]] std::size_t seal(std::uint64_t ctr, std::span<const std::byte> metadata,
                                 std::span<const std::byte> plaintext, std::span<std::byte> out);

  // The plaintext's length. `header_bytes` is the header as it arrived, `sealed` is ciphertext | tag. Refuses
  // with `kTruncated` what has no tag, `kOversize` what `out` does not hold, and `kBadTag` everything that
  // this key did not seal for this header and metadata; `out` is untouched then.
  Result<std::size_t, DropReason> open(const SframeHeader& header, std::span<const std::byte> header_bytes,
                                       std::span<const std::byte> metadata, std::span<const std::byte> sealed,
                                       std::span<std::byte> out);

 private:
  struct Derived {
    Secret<AesCtrHmac::kKeyBytes> key;
    Secret<AesCtrHmac::kNonceBytes> salt;
  };
  static Derived derive(std::span<const std::byte> base_key, std::uint64_t kid);
  SframeKey(const Derived& derived, std::uint64_t kid);
  [[nodiscard]] AesCtrHmac::Nonce nonce_of(std::uint64_t ctr) const;

  std::uint64_t kid_;
  Secret<AesCtrHmac::kNonceBytes> salt_;
  AesCtrHmac aead_;
};

}  // namespace hubbub::seal
