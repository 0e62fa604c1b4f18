#include "codec/seal/digest.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <tuple>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "codec/seal/octets.h"
#include "codec/seal/openssl.h"
#include "codec/wire/check.h"

namespace hubbub::seal {
namespace {

using Parts = std::initializer_list<std::span<const std::byte>>;

constexpr std::size_t kDigestBytes = std::tuple_size_v<Digest>;

// SHA-256 is part of every libcrypto's default provider: without it the program is built wrongly.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(algorithm != nullptr);
  return algorithm;
}

EVP_MAC_CTX* new_hmac_context() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  CHECK(algorithm != nullptr);
  EVP_MAC_CTX* const context = EVP_MAC_CTX_new(algorithm);
  CHECK(context != nullptr);
  char digest[] = "SHA256";  // a parameter's value is not const in OpenSSL
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  CHECK(EVP_MAC_CTX_set_params(context, params) == 1);
  return context;
}

void set_key(EVP_MAC_CTX* context, std::span<const std::byte> key) {
  // OpenSSL takes an absent key for "the same as before"; an empty one is a key, and HKDF's usual salt.
  constexpr std::array<unsigned char, 1> kEmpty{};
  const unsigned char* const start = key.empty() ? kEmpty.data() : octets(key);
  CHECK(EVP_MAC_init(context, start, key.size(), nullptr) == 1);
}

void add(EVP_MAC_CTX* context, std::span<const std::byte> part) {
  CHECK(EVP_MAC_update(context, octets(part), part.size()) == 1);
}

void finish(EVP_MAC_CTX* context, std::span<std::byte, kDigestBytes> out) {
  std::size_t size = 0;
  CHECK(EVP_MAC_final(context, octets(out), &size, out.size()) == 1 && size == out.size());
}

// One context a thread for all one-off keys, since making one takes longer than using it. It holds its last
// key until the next one.
EVP_MAC_CTX* shared_hmac_context() {
  thread_local const OpensslPtr<EVP_MAC_CTX> context{new_hmac_context()};
  return context.get();
}

}  // namespace

Digest sha256(Parts parts) {
  thread_local const OpensslPtr<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  CHECK(EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1);
  for (const auto part : parts) CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  Digest digest{};
  CHECK(EVP_DigestFinal_ex(context.get(), octets(digest), nullptr) == 1);
  return digest;
}

Digest hmac_sha256(std::span<const std::byte> key, Parts parts) {
  EVP_MAC_CTX* const context = shared_hmac_context();
  set_key(context, key);
  for (const auto part : parts) add(context, part);
  Digest digest{};
  finish(context, digest);
  return digest;
}

void Hmac::Free::operator()(EVP_MAC_CTX* context) const noexcept {
  EVP_MAC_CTX_free(context);
}

Hmac::Hmac(std::span<const std::byte> key) : context_(new_hmac_context()) {
  set_key(context_.get(), key);
}

Digest Hmac::operator()(Parts parts) {
  CHECK(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
  for (const auto part : parts) add(context_.get(), part);
  Digest digest{};
  finish(context_.get(), digest);
  return digest;
}

Key hkdf_extract(std::span<const std::byte> salt, Parts input) {
  EVP_MAC_CTX* const context = shared_hmac_context();
  set_key(context, salt);
  for (const auto part : input) add(context, part);
  Key prk;
  finish(context, prk.view());
  return prk;
}

Key hkdf_extract(std::span<const std::byte> salt, std::span<const std::byte> input) {
  return hkdf_extract(salt, Parts{input});
}

void hkdf_expand(const Key& prk, Parts info, std::span<std::byte> out) {
  CHECK(out.size() <= 255 * kDigestBytes);
  EVP_MAC_CTX* const context = shared_hmac_context();
  Key block;
  std::byte number{1};
  for (std::size_t at = 0; at < out.size(); at += kDigestBytes) {
    set_key(context, prk.view());
    if (at > 0) add(context, block.view());
    for (const auto part : info) add(context, part);
    add(context, std::span(&number, 1));
    finish(context, block.view());
    number = static_cast<std::byte>(std::to_integer<unsigned>(number) + 1);

    const std::size_t count = std::min(kDigestBytes, out.size() - at);
    std::ranges::copy(block.view().first(count), out.subspan(at).begin());
  }
}

Key scrypt(std::string_view passphrase, std::span<const std::byte> salt, std::uint64_t n, std::uint32_t r,
           std::uint32_t p) {
  // OpenSSL refuses above 32 MiB unless it is told the limit: RFC 7914's B, V and two scratch blocks.
  const std::uint64_t max_bytes = 128 * std::uint64_t{r} * (n + p + 2);
  Key key;
  if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), octets(salt), salt.size(), n, r, p, max_bytes,
                     octets(key.view()), key.view().size()) != 1) {
    ERR_clear_error();
    throw std::runtime_error("scrypt needs " + std::to_string(max_bytes >> 20U) +
                             " MiB of memory, and there is not that much");
  }
  return key;
}

}  // namespace hubbub::seal
