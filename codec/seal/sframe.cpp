#include "codec/seal/sframe.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include <openssl/evp.h>

#include "codec/seal/octets.h"
#include "codec/wire/check.h"

namespace hubbub::seal {
namespace {

constexpr std::uint16_t kSuite = 1;  // section 8.1: AES_128_CTR_HMAC_SHA256_80
constexpr std::size_t kCipherKeyBytes = 16;
constexpr std::uint64_t kInline = 7;  // the greatest value that the configuration byte holds itself

std::size_t bytes_of(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value)) + 7) / 8;
}
std::size_t extra_bytes_of(std::uint64_t value) {
  return value <= kInline ? 0 : bytes_of(value);
}

// Half of the configuration byte: the value, or a flag and the number of its bytes less one.
std::uint8_t field_of(std::uint64_t value) {
  return static_cast<std::uint8_t>(value <= kInline ? value : 8 + bytes_of(value) - 1);
}

void write_extra(ByteWriter& writer, std::uint64_t value) {
  for (std::size_t left = extra_bytes_of(value); left > 0; --left) {
    writer.u8(static_cast<std::uint8_t>(value >> (8 * (left - 1))));
  }
}

std::uint64_t read_field(ByteReader& reader, unsigned field) {
  if (field <= kInline) return field;
  std::uint64_t value = 0;
  for (const std::byte b : reader.bytes(field - 8 + 1)) value = (value << 8U) | std::to_integer<unsigned>(b);
  return value;
}

}  // namespace

std::size_t SframeHeader::size() const {
  return 1 + extra_bytes_of(kid) + extra_bytes_of(ctr);
}

Result<SframeHeader, DropReason> SframeHeader::parse(ByteReader& reader) {
  const unsigned config = reader.u8();
  const SframeHeader header{.kid = read_field(reader, config >> 4U),
                            .ctr = read_field(reader, config & 0xFU)};
  if (!reader.ok()) return DropReason::kTruncated;
  const bool compact = config == ((unsigned{field_of(header.kid)} << 4U) | field_of(header.ctr));
  if (!compact) return DropReason::kBadFrame;
  return header;
}

void SframeHeader::serialize(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>((unsigned{field_of(kid)} << 4U) | field_of(ctr)));
  write_extra(writer, kid);
  write_extra(writer, ctr);
}

void AesCtrHmac::Free::operator()(EVP_CIPHER_CTX* context) const noexcept {
  EVP_CIPHER_CTX_free(context);
}

AesCtrHmac::AesCtrHmac(std::span<const std::byte, kKeyBytes> key)
    : cipher_(EVP_CIPHER_CTX_new()), authenticator_(key.subspan<kCipherKeyBytes>()) {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr);
  CHECK(algorithm != nullptr && cipher_ != nullptr);
  CHECK(EVP_EncryptInit_ex2(cipher_.get(), algorithm, octets(key), nullptr, nullptr) == 1);
}

// Section 4.5.1, compute_tag.
AesCtrHmac::Tag AesCtrHmac::tag_of(const Nonce& nonce, std::span<const std::byte> aad_first,
                                   std::span<const std::byte> aad_second,
                                   std::span<const std::byte> ciphertext) {
  std::array<std::byte, 24> lengths{};
  ByteWriter writer(lengths);
  writer.u64(aad_first.size() + aad_second.size());
  writer.u64(ciphertext.size());
  writer.u64(kSframeTagBytes);
  const Digest whole = authenticator_({lengths, nonce, aad_first, aad_second, ciphertext});
  Tag tag{};
  std::ranges::copy(std::span(whole).first<kSframeTagBytes>(), tag.begin());
  return tag;
}

// Counter mode is its own inverse. The block counter is the last 32 bits and begins at zero.
void AesCtrHmac::crypt(const Nonce& nonce, std::span<const std::byte> in, std::span<std::byte> out) {
  if (in.empty()) return;
  std::array<std::byte, 16> block{};
  std::ranges::copy(nonce, block.begin());
  CHECK(EVP_EncryptInit_ex2(cipher_.get(), nullptr, nullptr, octets(block), nullptr) == 1);
  int size = 0;
  CHECK(EVP_EncryptUpdate(cipher_.get(), octets(out), &size, octets(in), length(in)) == 1);
  CHECK(size == length(in));
}

void AesCtrHmac::seal(const Nonce& nonce, std::span<const std::byte> aad_first,
                      std::span<const std::byte> aad_second, std::span<const std::byte> plaintext,
                      std::span<std::byte> out) {
  CHECK(out.size() >= plaintext.size() + kSframeTagBytes);
  crypt(nonce, plaintext, out);
  const Tag tag = tag_of(nonce, aad_first, aad_second, out.first(plaintext.size()));
  std::ranges::copy(tag, out.subspan(plaintext.size()).begin());
}

bool AesCtrHmac::open(const Nonce& nonce, std::span<const std::byte> aad_first,
                      std::span<const std::byte> aad_second, std::span<const std::byte> sealed,
                      std::span<std::byte> out) {
  if (sealed.size() < kSframeTagBytes || out.size() < sealed.size() - kSframeTagBytes) return false;
  const auto ciphertext = sealed.first(sealed.size() - kSframeTagBytes);
  if (!equal(tag_of(nonce, aad_first, aad_second, ciphertext), sealed.last<kSframeTagBytes>())) return false;
  crypt(nonce, ciphertext, out);
  return true;
}

SframeKey::SframeKey(std::span<const std::byte> base_key, std::uint64_t kid)
    : SframeKey(derive(base_key, kid), kid) {}

SframeKey::SframeKey(const Derived& derived, std::uint64_t kid)
    : kid_(kid), salt_(derived.salt), aead_(derived.key.view()) {}

SframeKey::Derived SframeKey::derive(std::span<const std::byte> base_key, std::uint64_t kid) {
  std::array<std::byte, 10> suffix{};
  ByteWriter writer(suffix);
  writer.u64(kid);
  writer.u16(kSuite);
  const Key secret = hkdf_extract({}, base_key);
  Derived derived;
  hkdf_expand(secret, {as_bytes("SFrame 1.0 Secret key "), suffix}, derived.key.view());
  hkdf_expand(secret, {as_bytes("SFrame 1.0 Secret salt "), suffix}, derived.salt.view());
  return derived;
}

// Section 4.4.3: the counter, in as many bytes as the salt, over the salt.
AesCtrHmac::Nonce SframeKey::nonce_of(std::uint64_t ctr) const {
  AesCtrHmac::Nonce nonce{};
  ByteWriter writer{std::span(nonce).last<8>()};
  writer.u64(ctr);
  std::ranges::transform(nonce, salt_.view(), nonce.begin(), std::bit_xor{});
  return nonce;
}

std::size_t SframeKey::seal(std::uint64_t ctr, std::span<const std::byte> metadata,
                            std::span<const std::byte> plaintext, std::span<std::byte> out) {
  const std::size_t size = sealed_size(ctr, plaintext.size());
  CHECK(out.size() >= size);
  ByteWriter writer(out);
  SframeHeader{.kid = kid_, .ctr = ctr}.serialize(writer);
  aead_.seal(nonce_of(ctr), writer.written(), metadata, plaintext, out.subspan(writer.size()));
  return size;
}

Result<std::size_t, DropReason> SframeKey::open(const SframeHeader& header,
                                                std::span<const std::byte> header_bytes,
                                                std::span<const std::byte> metadata,
                                                std::span<const std::byte> sealed, std::span<std::byte> out) {
  if (sealed.size() < kSframeTagBytes) return DropReason::kTruncated;
  if (sealed.size() - kSframeTagBytes > out.size()) return DropReason::kOversize;
  if (header.kid != kid_) return DropReason::kBadTag;
  if (!aead_.open(nonce_of(header.ctr), header_bytes, metadata, sealed, out)) return DropReason::kBadTag;
  return sealed.size() - kSframeTagBytes;
}

}  // namespace hubbub::seal
