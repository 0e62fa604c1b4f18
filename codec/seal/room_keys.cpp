#include "codec/seal/room_keys.h"

#include <array>
#include <span>
#include <vector>

#include "codec/seal/digest.h"
#include "codec/wire/byte_io.h"

namespace hubbub::seal {
namespace {

constexpr std::uint32_t kScryptR = 8;
constexpr std::uint32_t kScryptP = 1;
// A room's passphrase protects what is said in it against whoever runs the relay; a token only the door.
constexpr std::uint64_t kRoomScryptN = std::uint64_t{1} << 16U;
constexpr std::uint64_t kTokenScryptN = std::uint64_t{1} << 15U;

// scrypt takes its salt in one piece.
Key scrypt_with_salt(std::string_view passphrase, std::string_view label, const PublicKey& relay,
                     std::string_view name, std::uint64_t n) {
  std::vector<std::byte> salt;
  for (const std::span<const std::byte> part :
       {as_bytes(label), std::span<const std::byte>(relay), as_bytes(name)}) {
    salt.insert(salt.end(), part.begin(), part.end());
  }
  return scrypt(passphrase, salt, n, kScryptR, kScryptP);
}

}  // namespace

RoomKeys::RoomKeys(const PublicKey& relay, const Key& room_secret)
    : prk_(hkdf_extract(sha256({relay}), room_secret.view())) {
  hkdf_expand(prk_, {as_bytes("hubbub room-id v1")}, room_id_);
}

Key RoomKeys::base_key(std::string_view label, std::uint32_t ssrc, std::uint32_t kid) const {
  std::array<std::byte, 8> numbers{};
  ByteWriter writer(numbers);
  writer.u32(ssrc);
  writer.u32(kid);
  Key key;
  hkdf_expand(prk_, {as_bytes(label), numbers}, key.view());
  return key;
}

NameTag RoomKeys::name_tag(std::string_view folded_name) const {
  NameTag tag{};
  hkdf_expand(prk_, {as_bytes("hubbub name v1"), as_bytes(folded_name)}, tag);
  return tag;
}

Key room_secret_from_passphrase(std::string_view passphrase, std::string_view room, const PublicKey& relay) {
  return scrypt_with_salt(passphrase, "hubbub room v1", relay, room, kRoomScryptN);
}

Key access_token_psk(std::string_view token, const PublicKey& relay) {
  return scrypt_with_salt(token, "hubbub access token v1", relay, {}, kTokenScryptN);
}

}  // namespace hubbub::seal
