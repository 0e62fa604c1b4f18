// Links to sealed rooms: what a person is sent, and what is made of it. What stands behind '#' is for the
// client alone; no sentence here ever repeats it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/result.h"

namespace hubbub::seal {

// hubbub://HOST:PORT/#<relay key | room secret>   an invite: whoever has it has the room
// hubbub://HOST:PORT/ROOM[#<relay key>]           a room with a passphrase, which is told some other way
// hubbub://HOST:PORT[/#<relay key>]               a relay, and no room yet
struct Invite {
  static constexpr std::string_view kScheme = "hubbub://";

  HostPort relay;
  std::optional<PublicKey> relay_key;  // always there beside a room secret
  std::optional<Key> room_secret;
  std::string room;  // a passphrase room's name; empty for the other two

  // A link as it was pasted: white space around it does no harm, and the port may be left out. Otherwise one
  // sentence, fit to be shown, that says what is wrong.
  static Result<Invite, std::string> parse(std::string_view link);
  // To a new room, of a secret just drawn.
  static Invite to_new_room(const HostPort& relay, const PublicKey& relay_key, Random& random);

  // Secrets included; `parse` gives the same back.
  [[nodiscard]] std::string to_link() const;
  // Without what stands behind '#': for a screen, where others may look on.
  [[nodiscard]] std::string shown() const;

  [[nodiscard]] bool names_room() const { return room_secret || !room.empty(); }
  [[nodiscard]] bool needs_passphrase() const { return !room_secret && !room.empty(); }

  friend bool operator==(const Invite& a, const Invite& b) {
    return a.relay.host == b.relay.host && a.relay.port == b.relay.port && a.relay_key == b.relay_key &&
           a.room_secret == b.room_secret && a.room == b.room;
  }
};

// 1 to kMaxRoomNameBytes bytes of UTF-8 with something to see, and nothing that hides or moves the rest.
[[nodiscard]] bool is_room_name(std::string_view name);

// A link without the white space that comes along when it is pasted.
[[nodiscard]] std::string_view trimmed_link(std::string_view link);
// Whether it begins as `Invite::parse` wants it.
[[nodiscard]] bool is_sealed_link(std::string_view link);

// Without what may be secret: every run of characters behind a '#' becomes "...". For text that may hold a
// link.
[[nodiscard]] std::string without_secrets(std::string_view text);

}  // namespace hubbub::seal
