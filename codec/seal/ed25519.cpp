#include "codec/seal/ed25519.h"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "codec/seal/octets.h"
#include "codec/seal/openssl.h"
#include "codec/wire/check.h"

namespace hubbub::seal {
namespace {

// A key's bytes are y, little-endian, with the sign of x in the top bit.
constexpr std::byte kSignOfX{0x80};

// Ys of small order spell either sign of x alike, and are compared without it: 0 has order 4, 1 order 1, p -
// 1 order 2, the other two order 8.
bool has_small_order(const IdentityKey& y) {
  constexpr IdentityKey kZero{};
  constexpr IdentityKey kOne{std::byte{1}};
  constexpr auto kMinusOne = [] {
    IdentityKey key{};
    key.fill(std::byte{0xFF});
    key.front() = std::byte{0xEC};
    key.back() = std::byte{0x7F};
    return key;
  }();
  constexpr std::array<unsigned char, 32> kEight = {
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
      0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05};
  constexpr std::array<unsigned char, 32> kMinusEight = {
      0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
      0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A};
  const auto is = [&](const std::array<unsigned char, 32>& other) {
    return std::ranges::equal(y, std::as_bytes(std::span(other)));
  };
  return y == kZero || y == kOne || y == kMinusOne || is(kEight) || is(kMinusEight);
}

// y below p = 2^255 - 19 (RFC 8032 section 5.1.3 step 1), which OpenSSL does not ask for.
bool is_canonical(const IdentityKey& y) {
  const bool at_the_top =
      y.back() == std::byte{0x7F} &&
      std::all_of(y.begin() + 1, y.end() - 1, [](std::byte b) { return b == std::byte{0xFF}; });
  return !at_the_top || y.front() < std::byte{0xED};
}

bool is_acceptable(const IdentityKey& key) {
  IdentityKey y = key;
  y.back() &= ~kSignOfX;
  return is_canonical(y) && !has_small_order(y);
}

}  // namespace

void SigningKey::Free::operator()(EVP_PKEY* key) const noexcept {
  EVP_PKEY_free(key);
}

SigningKey::SigningKey(EVP_PKEY* key) : key_(key) {
  std::size_t size = public_key_.size();
  CHECK(key != nullptr && EVP_PKEY_get_raw_public_key(key, octets(public_key_), &size) == 1);
  CHECK(size == public_key_.size());
}

SigningKey SigningKey::from_seed(const Key& seed) {
  return SigningKey(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, octets(seed.view()), seed.view().size()));
}

Signature SigningKey::sign(std::span<const std::byte> message) const {
  const OpensslPtr<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  CHECK(context != nullptr);
  CHECK(EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(), nullptr) == 1);
  Signature signature{};
  std::size_t size = signature.size();
  CHECK(EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()) == 1);
  CHECK(size == signature.size());
  return signature;
}

bool verify(const IdentityKey& key, std::span<const std::byte> message,
            std::span<const std::byte, 64> signature) {
  if (!is_acceptable(key)) return false;
  const OpensslPtr<EVP_PKEY> pkey{
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(key), key.size())};
  const OpensslPtr<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  CHECK(pkey != nullptr && context != nullptr);
  CHECK(EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey.get(), nullptr) == 1);
  const bool verified = EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                                         message.size()) == 1;
  ERR_clear_error();  // a refusal leaves an error behind for nobody to read
  return verified;
}

}  // namespace hubbub::seal
