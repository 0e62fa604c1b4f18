// What people write: signed by its author, sealed for the room, or within that for one recipient alone
// (PROTOCOL.md, section 2.8). The relay sees an id and a length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/seal/ed25519.h"
#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/session/identity.h"
#include "codec/session/stream_seal.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub::session {

inline constexpr std::string_view kPresenceLabel = "hubbub presence v1";

using MessageId = std::array<std::byte, 16>;
// Of a log entry: the first half of SHA-256 over its id and its object.
using EntryDigest = std::array<std::byte, 16>;
[[nodiscard]] EntryDigest digest_of_entry(const MessageId& id, std::span<const std::byte> object);

struct Message {
  enum class Kind : std::uint8_t { kSaid = 0, kAction = 1 };

  Kind kind = Kind::kSaid;
  seal::IdentityKey author{};
  std::uint64_t sent_unix_ms = 0;  // by the author's clock
  std::string name;                // of the author, as they give it
  std::string text;

  // Of a message to the room: where it stands among its author's own, and after which of everybody's.
  std::uint64_t run = 0;      // drawn at every start of the author's program
  std::uint32_t count = 0;    // of the messages of this run, from 1
  std::uint64_t seen = 0;     // the number of the newest entry that the author had
  EntryDigest seen_digest{};  // of that entry

  // Of a direct message: whom it is for.
  std::optional<seal::IdentityKey> recipient{};
};

// The object of a message to the room.
[[nodiscard]] std::vector<std::byte> seal_message(const seal::RoomKeys& room, const Identity& author,
                                                  ObjectSealer& sealer, const MessageId& id,
                                                  const Message& message);
// The object of a message to one member, for the key of their presence; nothing where that is no key.
[[nodiscard]] std::optional<std::vector<std::byte>> seal_direct(const seal::RoomKeys& room,
                                                                const Identity& author, ObjectSealer& sealer,
                                                                const MessageId& id, const Message& message,
                                                                const seal::PublicKey& recipient_key,
                                                                seal::Random& random);

// What is in an object: a message; nothing where it is a direct one for somebody else; why not, where it is
// none, or not its author's.
Result<std::optional<Message>, DropReason> open_message(const seal::RoomKeys& room, const Identity& reader,
                                                        const MessageId& id,
                                                        std::span<const std::byte> object);

// A member as the others see it.
struct Presence {
  StreamId stream;  // of their voice
  seal::IdentityKey identity{};
  seal::PublicKey direct_key{};
  std::uint64_t since_unix_ms = 0;  // when they came, by their clock
  bool muted = false;
  std::string name;  // NFC; empty: none
};

[[nodiscard]] std::vector<std::byte> seal_presence(const seal::RoomKeys& room, const Identity& identity,
                                                   ObjectSealer& sealer, const Presence& presence);
// The presence of the member with this SSRC; why not, where it is another's, or not signed by whose it is.
Result<Presence, DropReason> open_presence(const seal::RoomKeys& room, std::uint32_t ssrc,
                                           std::span<const std::byte> object);

}  // namespace hubbub::session
