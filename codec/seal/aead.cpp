#include "codec/seal/aead.h"

#include <algorithm>
#include <array>
#include <memory>

#include <openssl/evp.h>

#include "codec/seal/octets.h"
#include "codec/seal/openssl.h"
#include "codec/wire/check.h"

namespace hubbub::seal {
namespace {

Nonce nonce_of(std::uint64_t counter) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::byte>((counter >> (8 * i)) & 0xFFU);
  return nonce;
}

enum class Direction : int { kOpen = 0, kSeal = 1 };

// One context a thread, given its key with each message: one for each member would be as large as all else
// that a relay keeps for a member, and making one for each message would cost more than sealing it. It holds
// its last key until the next one.
EVP_CIPHER_CTX* start(Direction direction, const Key& key, const Nonce& nonce,
                      std::span<const std::byte> ad) {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  thread_local const OpensslPtr<EVP_CIPHER_CTX> context = [] {
    OpensslPtr<EVP_CIPHER_CTX> made{EVP_CIPHER_CTX_new()};
    CHECK(algorithm != nullptr && made != nullptr);
    CHECK(EVP_CipherInit_ex2(made.get(), algorithm, nullptr, nullptr, 1, nullptr) == 1);
    return made;
  }();

  CHECK(EVP_CipherInit_ex2(context.get(), nullptr, octets(key.view()), octets(nonce),
                           static_cast<int>(direction), nullptr) == 1);
  int size = 0;
  if (!ad.empty()) CHECK(EVP_CipherUpdate(context.get(), nullptr, &size, octets(ad), length(ad)) == 1);
  return context.get();
}

// All of one text at once. OpenSSL takes an update without input for the end of the message.
void crypt(EVP_CIPHER_CTX* context, std::span<const std::byte> in, std::span<std::byte> out) {
  if (in.empty()) return;
  int size = 0;
  CHECK(EVP_CipherUpdate(context, octets(out), &size, octets(in), length(in)) == 1);
  CHECK(size == length(in));
}

}  // namespace

void aead_seal(const Key& key, std::uint64_t counter, std::span<const std::byte> ad,
               std::span<const std::byte> plaintext, std::span<std::byte> out) {
  aead_seal(key, nonce_of(counter), ad, plaintext, out);
}

void aead_seal(const Key& key, const Nonce& nonce, std::span<const std::byte> ad,
               std::span<const std::byte> plaintext, std::span<std::byte> out) {
  CHECK(out.size() >= plaintext.size() + kTagBytes);
  EVP_CIPHER_CTX* const context = start(Direction::kSeal, key, nonce, ad);
  crypt(context, plaintext, out);
  int size = 0;
  std::array<unsigned char, kTagBytes> none{};
  CHECK(EVP_CipherFinal_ex(context, none.data(), &size) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                            octets(out.subspan(plaintext.size(), kTagBytes))) == 1);
}

bool aead_open(const Key& key, std::uint64_t counter, std::span<const std::byte> ad,
               std::span<const std::byte> sealed, std::span<std::byte> out) {
  return aead_open(key, nonce_of(counter), ad, sealed, out);
}

bool aead_open(const Key& key, const Nonce& nonce, std::span<const std::byte> ad,
               std::span<const std::byte> sealed, std::span<std::byte> out) {
  if (sealed.size() < kTagBytes || out.size() < sealed.size() - kTagBytes) return false;
  const std::span<const std::byte> ciphertext = sealed.first(sealed.size() - kTagBytes);
  // OpenSSL wants the tag it compares with to be writable; and in place, `out` may lie over `sealed`.
  std::array<std::byte, kTagBytes> tag{};
  std::ranges::copy(sealed.last<kTagBytes>(), tag.begin());

  EVP_CIPHER_CTX* const context = start(Direction::kOpen, key, nonce, ad);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
  crypt(context, ciphertext, out);
  int size = 0;
  std::array<unsigned char, kTagBytes> none{};
  if (EVP_CipherFinal_ex(context, none.data(), &size) == 1) return true;
  wipe(out.first(ciphertext.size()));
  return false;
}

}  // namespace hubbub::seal
