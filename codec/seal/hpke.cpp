#include "codec/seal/hpke.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "codec/seal/digest.h"
#include "codec/wire/byte_io.h"

namespace hubbub::seal {
namespace {

constexpr std::size_t kEncBytes = 32;
constexpr std::string_view kVersion = "HPKE-v1";
// Section 4.1 and section 5.1, and all that a suite is made of: section 7.
constexpr std::string_view kKemSuite{"KEM\0\x20", 5};
constexpr std::string_view kHpkeSuite{"HPKE\0\x20\0\x01\0\x03", 10};

// Section 4: LabeledExtract.
Key labeled_extract(std::string_view suite, std::span<const std::byte> salt, std::string_view label,
                    std::span<const std::byte> input) {
  return hkdf_extract(salt, {as_bytes(kVersion), as_bytes(suite), as_bytes(label), input});
}

// Section 4: LabeledExpand.
void labeled_expand(std::string_view suite, const Key& prk, std::string_view label,
                    std::span<const std::byte> info, std::span<std::byte> out) {
  std::array<std::byte, 2> size{};
  ByteWriter(size).u16(static_cast<std::uint16_t>(out.size()));
  hkdf_expand(prk, {size, as_bytes(kVersion), as_bytes(suite), as_bytes(label), info}, out);
}

// Section 4.1: ExtractAndExpand with the context of Encap and of Decap.
Key kem_secret(const Key& dh, const PublicKey& enc, const PublicKey& recipient) {
  std::array<std::byte, 2 * kEncBytes> context{};
  ByteWriter writer(context);
  writer.bytes(enc);
  writer.bytes(recipient);
  const Key prk = labeled_extract(kKemSuite, {}, "eae_prk", dh.view());
  Key shared;
  labeled_expand(kKemSuite, prk, "shared_secret", context, shared.view());
  return shared;
}

struct Schedule {
  Key key;
  Nonce base_nonce{};  // the nonce of sequence number 0, and there is no other
};

// Section 5.1: KeySchedule in mode base, whose psk and psk_id are empty.
Schedule key_schedule(const Key& shared, std::span<const std::byte> info) {
  const Key psk_id_hash = labeled_extract(kHpkeSuite, {}, "psk_id_hash", {});
  const Key info_hash = labeled_extract(kHpkeSuite, {}, "info_hash", info);
  std::array<std::byte, 1 + 2 * Key::kBytes> context{};
  ByteWriter writer(context);
  writer.u8(0);  // mode_base
  writer.bytes(psk_id_hash.view());
  writer.bytes(info_hash.view());

  const Key secret = labeled_extract(kHpkeSuite, shared.view(), "secret", {});
  Schedule schedule;
  labeled_expand(kHpkeSuite, secret, "key", context, schedule.key.view());
  labeled_expand(kHpkeSuite, secret, "base_nonce", context, schedule.base_nonce);
  return schedule;
}

}  // namespace

std::optional<std::vector<std::byte>> hpke_seal(const PublicKey& recipient, std::span<const std::byte> info,
                                                std::span<const std::byte> aad,
                                                std::span<const std::byte> plaintext, Random& random) {
  const KeyPair ephemeral = KeyPair::generate(random);
  const auto dh = x25519(ephemeral, recipient);
  if (!dh) return std::nullopt;
  const Schedule schedule = key_schedule(kem_secret(*dh, ephemeral.public_key, recipient), info);
  std::vector<std::byte> sealed(plaintext.size() + kHpkeOverheadBytes);
  std::ranges::copy(ephemeral.public_key, sealed.begin());
  aead_seal(schedule.key, schedule.base_nonce, aad, plaintext, std::span(sealed).subspan(kEncBytes));
  return sealed;
}

std::optional<std::vector<std::byte>> hpke_open(const KeyPair& recipient, std::span<const std::byte> info,
                                                std::span<const std::byte> aad,
                                                std::span<const std::byte> sealed) {
  if (sealed.size() < kHpkeOverheadBytes) return std::nullopt;
  PublicKey enc{};
  std::ranges::copy(sealed.first(kEncBytes), enc.begin());
  const auto dh = x25519(recipient, enc);
  if (!dh) return std::nullopt;
  const Schedule schedule = key_schedule(kem_secret(*dh, enc, recipient.public_key), info);
  std::vector<std::byte> plaintext(sealed.size() - kHpkeOverheadBytes);
  if (!aead_open(schedule.key, schedule.base_nonce, aad, sealed.subspan(kEncBytes), plaintext))
    return std::nullopt;
  return plaintext;
}

}  // namespace hubbub::seal
