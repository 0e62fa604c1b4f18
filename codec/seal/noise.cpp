#include "codec/seal/noise.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "codec/seal/aead.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"

namespace hubbub::seal {
namespace {

constexpr std::size_t kPublicKeyBytes = std::tuple_size_v<PublicKey>;
static_assert(NoiseHandshake::kOverheadBytes == kPublicKeyBytes + kTagBytes);

// Section 5.2, InitializeSymmetric: a name that fits is padded, one that doesn't is hashed.
Digest hash_of_name(bool with_psk) {
  constexpr std::string_view kPlain = "Noise_NK_25519_ChaChaPoly_SHA256";
  constexpr std::string_view kWithPsk = "Noise_NKpsk0_25519_ChaChaPoly_SHA256";
  static_assert(kPlain.size() == std::tuple_size_v<Digest> && kWithPsk.size() > std::tuple_size_v<Digest>);
  if (with_psk) return sha256({as_bytes(kWithPsk)});
  Digest name{};
  std::ranges::copy(as_bytes(kPlain), name.begin());
  return name;
}

// Section 4.3's HKDF: RFC 5869's, with the chaining key as its salt and no info.
template <std::size_t kOutputs>
std::array<Key, kOutputs> hkdf(const Key& chaining_key, std::span<const std::byte> input) {
  Secret<kOutputs * Key::kBytes> all;
  hkdf_expand(hkdf_extract(chaining_key.view(), input), {}, all.view());
  std::array<Key, kOutputs> keys;
  for (std::size_t i = 0; i < kOutputs; ++i) {
    std::ranges::copy(all.view().subspan(i * Key::kBytes, Key::kBytes), keys[i].view().begin());
  }
  return keys;
}

}  // namespace

void NoiseHandshake::SymmetricState::mix_hash(std::span<const std::byte> data) {
  hash = sha256({hash, data});
}

void NoiseHandshake::SymmetricState::mix_key(std::span<const std::byte> input) {
  const auto [next_chaining_key, next_key] = hkdf<2>(chaining_key, input);
  chaining_key = next_chaining_key;
  key = next_key;
  counter = 0;
}

void NoiseHandshake::SymmetricState::mix_key_and_hash(std::span<const std::byte> input) {
  const auto [next_chaining_key, for_hash, next_key] = hkdf<3>(chaining_key, input);
  chaining_key = next_chaining_key;
  mix_hash(for_hash.view());
  key = next_key;
  counter = 0;
}

void NoiseHandshake::SymmetricState::encrypt_and_hash(std::span<const std::byte> plaintext,
                                                      std::span<std::byte> out) {
  aead_seal(key, counter++, hash, plaintext, out);
  mix_hash(out.first(plaintext.size() + kTagBytes));
}

bool NoiseHandshake::SymmetricState::decrypt_and_hash(std::span<const std::byte> sealed,
                                                      std::span<std::byte> out) {
  // What arrived is hashed before it is decrypted, since `out` may lie over it.
  const Digest before = hash;
  mix_hash(sealed);
  return aead_open(key, counter++, before, sealed, out);
}

NoiseHandshake NoiseHandshake::initiator(std::span<const std::byte> prologue, const PublicKey& responder,
                                         const std::optional<Key>& psk, Random& random) {
  NoiseHandshake handshake(Role::kInitiator, prologue, responder, psk, random);
  handshake.remote_static_ = responder;
  return handshake;
}

NoiseHandshake NoiseHandshake::responder(std::span<const std::byte> prologue, const KeyPair& own,
                                         const std::optional<Key>& psk, Random& random) {
  NoiseHandshake handshake(Role::kResponder, prologue, own.public_key, psk, random);
  handshake.static_ = own;
  return handshake;
}

// Section 5.3, Initialize. The ephemeral's public half waits until it is needed: a stranger whose message is
// refused shall not cost it.
NoiseHandshake::NoiseHandshake(Role role, std::span<const std::byte> prologue, const PublicKey& responder,
                               const std::optional<Key>& psk, Random& random)
    : role_(role), psk_(psk) {
  symmetric_.hash = hash_of_name(psk.has_value());
  symmetric_.chaining_key = Key::from(symmetric_.hash);
  symmetric_.mix_hash(prologue);
  symmetric_.mix_hash(responder);
  ephemeral_.private_key = random.secret<Key::kBytes>();
}

// The initiator writes the first message, the responder the second.
bool NoiseHandshake::writes_next() const {
  return messages_ == (role_ == Role::kInitiator ? 0 : 1);
}

bool NoiseHandshake::reads_next() const {
  return messages_ == (role_ == Role::kInitiator ? 1 : 0);
}

// Tokens "psk", before the first message's ephemeral, and "e"; with a pre-shared key the ephemeral is mixed
// into the key as well (section 9.2).
void NoiseHandshake::mix_ephemeral(SymmetricState& symmetric, const PublicKey& ephemeral) const {
  if (psk_ && messages_ == 0) symmetric.mix_key_and_hash(psk_->view());
  symmetric.mix_hash(ephemeral);
  if (psk_) symmetric.mix_key(ephemeral);
}

std::size_t NoiseHandshake::write_message(std::span<const std::byte> payload, std::span<std::byte> out) {
  CHECK(writes_next());
  const std::size_t size = payload.size() + kOverheadBytes;
  CHECK(size <= kMaxMessageBytes && size <= out.size());

  // Tokens "es" and "ee": our ephemeral with the responder's static, then with the initiator's ephemeral.
  ephemeral_ = KeyPair::from_private(ephemeral_.private_key);
  const auto shared = x25519(ephemeral_, role_ == Role::kInitiator ? remote_static_ : remote_ephemeral_);
  if (!shared) return 0;

  mix_ephemeral(symmetric_, ephemeral_.public_key);
  symmetric_.mix_key(shared->view());
  symmetric_.encrypt_and_hash(payload, out.subspan(kPublicKeyBytes));
  std::ranges::copy(ephemeral_.public_key, out.begin());
  ++messages_;
  return size;
}

std::optional<std::size_t> NoiseHandshake::read_message(std::span<const std::byte> message,
                                                        std::span<std::byte> payload_out) {
  if (!reads_next()) return std::nullopt;
  if (message.size() < kOverheadBytes || message.size() > kMaxMessageBytes) return std::nullopt;
  const std::size_t payload_size = message.size() - kOverheadBytes;
  if (payload_out.size() < payload_size) return std::nullopt;

  PublicKey ephemeral{};
  std::ranges::copy(message.first<kPublicKeyBytes>(), ephemeral.begin());
  const auto shared = x25519(role_ == Role::kResponder ? static_ : ephemeral_, ephemeral);
  if (!shared) return std::nullopt;

  SymmetricState symmetric = symmetric_;
  mix_ephemeral(symmetric, ephemeral);
  symmetric.mix_key(shared->view());
  if (!symmetric.decrypt_and_hash(message.subspan(kPublicKeyBytes), payload_out)) return std::nullopt;
  symmetric_ = symmetric;
  remote_ephemeral_ = ephemeral;
  ++messages_;
  return payload_size;
}

TransportKeys NoiseHandshake::split() const {
  CHECK(complete());
  const auto [first, second] = hkdf<2>(symmetric_.chaining_key, {});
  return {.initiator_to_responder = first, .responder_to_initiator = second};
}

}  // namespace hubbub::seal
