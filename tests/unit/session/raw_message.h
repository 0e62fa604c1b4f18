// Messages put together by hand: what `seal_message` would never make, and what a reader must be ready for.
#pragma once

#include <string_view>

#include <gtest/gtest.h>

#include "codec/session/message.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/sealed.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub::session {

struct RawMessage {
  int kind = 0;
  seal::IdentityKey author{};
  std::uint64_t run = 1;
  std::uint32_t count = 1;
  std::uint64_t seen = 0;
  EntryDigest seen_digest{};
  std::string_view name{};
  std::string_view text{};
};

// As `signer` signs it, whoever it says that it is of.
inline Bytes seal_raw(const seal::RoomKeys& room, const Identity& signer, ObjectSealer& sealer,
                      const MessageId& id, const RawMessage& message) {
  Bytes plaintext(2'048);
  ByteWriter writer(plaintext);
  writer.u8(static_cast<std::uint8_t>(message.kind));
  writer.bytes(message.author);
  writer.u64(0);
  writer.u64(message.run);
  writer.u32(message.count);
  writer.u64(message.seen);
  writer.bytes(message.seen_digest);
  writer.u8(static_cast<std::uint8_t>(message.name.size()));
  writer.text(message.name);
  writer.text(message.text);
  Bytes signed_part = bytes_of(std::string_view("hubbub message v1"));
  const auto add = [&signed_part](std::span<const std::byte> part) {
    signed_part.insert(signed_part.end(), part.begin(), part.end());
  };
  add(room.room_id());
  add(id);
  add(writer.written());
  writer.bytes(signer.signing().sign(signed_part));
  EXPECT_TRUE(writer.ok());
  Bytes object(3'000);
  return bytes_of(sealer.seal(id, writer.written(), object));
}

}  // namespace hubbub::session
