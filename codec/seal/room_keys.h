// A room's keys, all from its secret and bound to one relay's public key: the relay learns the room's id and
// its members' name tags, and nothing of what either stands for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/seal/secret.h"

namespace hubbub::seal {

using RoomId = std::array<std::byte, 16>;
using NameTag = std::array<std::byte, 16>;
using OwnerTag = std::array<std::byte, 16>;  // what only a name's holder knows

inline constexpr std::string_view kVoiceLabel = "hubbub voice v1";

class RoomKeys {
 public:
  RoomKeys(const PublicKey& relay, const Key& room_secret);

  [[nodiscard]] const RoomId& room_id() const { return room_id_; }
  // What one sender's SFrame keys derive from. Each use has its label; no label is another's beginning.
  [[nodiscard]] Key base_key(std::string_view label, std::uint32_t ssrc, std::uint32_t kid) const;
  // Of a name in NFC and casefolded, so that the relay keeps two people from holding one name.
  [[nodiscard]] NameTag name_tag(std::string_view folded_name) const;

 private:
  Key prk_;
  RoomId room_id_{};
};

// A passphrase room's secret: scrypt with 64 MiB. Not on a thread that has anything else to do.
[[nodiscard]] Key room_secret_from_passphrase(std::string_view passphrase, std::string_view room,
                                              const PublicKey& relay);
// A private relay's pre-shared key: scrypt with 32 MiB.
[[nodiscard]] Key access_token_psk(std::string_view token, const PublicKey& relay);

}  // namespace hubbub::seal
