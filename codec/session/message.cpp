#include "codec/session/message.h"

#include <algorithm>

#include "codec/seal/digest.h"
#include "codec/seal/hpke.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"
#include "codec/wire/limits.h"
#include "codec/wire/sealed.h"
#include "codec/wire/text.h"

namespace hubbub::session {
namespace {

// The first byte of what is sealed for the room. Said and done are themselves; the third is for one member.
constexpr std::uint8_t kDirect = 2;
constexpr std::string_view kMessageContext = "hubbub message v1";
constexpr std::string_view kDirectContext = "hubbub direct v1";
constexpr std::string_view kPresenceContext = "hubbub presence v1";
constexpr std::size_t kSignatureBytes = sizeof(seal::Signature);

using Bytes = std::span<const std::byte>;
using Buffer = std::array<std::byte, kMaxSealedDatagramBytes>;

// What is signed: never the same bytes for two uses, two rooms or two messages.
std::vector<std::byte> signed_bytes(std::initializer_list<Bytes> parts) {
  std::vector<std::byte> all;
  for (const Bytes part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

void write_name_and_text(ByteWriter& writer, const Message& message) {
  writer.u8(static_cast<std::uint8_t>(message.name.size()));
  writer.text(message.name);
  writer.text(message.text);
}

// The rest of a body, but for the signature at its end: name and text, as a person may see them.
std::optional<DropReason> read_name_and_text(Bytes rest, Message& message) {
  ByteReader reader(rest);
  const auto name = as_text(reader.bytes(reader.u8()));
  const auto text = as_text(reader.rest());
  if (!reader.ok()) return DropReason::kTruncated;
  if (name.size() + text.size() > kMaxSealedTextBytes) return DropReason::kTextTooLong;
  if (!is_utf8(name) || !is_utf8(text)) return DropReason::kNotUtf8;
  message.name = checked_name(printable(name)).value_or("");
  message.text = printable(text);
  if (columns_of(message.text) == 0) return DropReason::kEmptyText;
  return std::nullopt;
}

std::vector<std::byte> sealed(ObjectSealer& sealer, Bytes metadata, Bytes plaintext) {
  Buffer object{};
  const auto bytes = sealer.seal(metadata, plaintext, object);
  return {bytes.begin(), bytes.end()};
}

Result<Message::Kind, DropReason> kind_of(std::uint8_t byte) {
  if (byte > static_cast<std::uint8_t>(Message::Kind::kAction)) return DropReason::kUnknownKind;
  return static_cast<Message::Kind>(byte);
}

// Takes the signature off the end of `bytes`; false where it is not the author's of what is before it.
bool take_signature(Bytes& bytes, const seal::IdentityKey& author, std::initializer_list<Bytes> context) {
  std::vector<std::byte> message = signed_bytes(context);
  const Bytes body = bytes.first(bytes.size() - kSignatureBytes);
  message.insert(message.end(), body.begin(), body.end());
  const bool good = seal::verify(author, message, bytes.last<kSignatureBytes>());
  bytes = body;
  return good;
}

Result<std::optional<Message>, DropReason> open_direct(const seal::RoomKeys& room, const Identity& reader,
                                                       const MessageId& id, Bytes for_one) {
  const auto info = signed_bytes({as_bytes(kDirectContext), room.room_id()});
  const auto opened = seal::hpke_open(reader.direct(), info, id, for_one);
  if (!opened) return std::optional<Message>();  // for somebody else
  constexpr std::size_t kFixed = 1 + 32 + 32 + 8 + 1;
  Bytes body = *opened;
  if (body.size() < kFixed + kSignatureBytes) return DropReason::kTruncated;
  ByteReader fields(body);
  Message message;
  const auto kind = kind_of(fields.u8());
  if (!kind) return kind.error();
  message.kind = *kind;
  fields.into(message.author);
  fields.into(message.recipient.emplace());
  message.sent_unix_ms = fields.u64();
  if (*message.recipient != reader.public_key() ||
      !take_signature(body, message.author, {as_bytes(kDirectContext), room.room_id(), id}))
    return DropReason::kBadSignature;
  if (const auto problem = read_name_and_text(body.subspan(kFixed - 1), message)) return *problem;
  return std::optional(std::move(message));
}

}  // namespace

EntryDigest digest_of_entry(const MessageId& id, std::span<const std::byte> object) {
  const auto digest = seal::sha256({id, object});
  EntryDigest half{};
  std::copy_n(digest.begin(), half.size(), half.begin());
  return half;
}

std::vector<std::byte> seal_message(const seal::RoomKeys& room, const Identity& author, ObjectSealer& sealer,
                                    const MessageId& id, const Message& message) {
  CHECK(message.name.size() + message.text.size() <= kMaxSealedTextBytes);
  Buffer plaintext{};
  ByteWriter writer(plaintext);
  writer.u8(static_cast<std::uint8_t>(message.kind));
  writer.bytes(author.public_key());
  writer.u64(message.sent_unix_ms);
  writer.u64(message.run);
  writer.u32(message.count);
  writer.u64(message.seen);
  writer.bytes(message.seen_digest);
  write_name_and_text(writer, message);
  const auto signature =
      author.signing().sign(signed_bytes({as_bytes(kMessageContext), room.room_id(), id, writer.written()}));
  writer.bytes(signature);
  CHECK(writer.ok());
  return sealed(sealer, id, writer.written());
}

std::optional<std::vector<std::byte>> seal_direct(const seal::RoomKeys& room, const Identity& author,
                                                  ObjectSealer& sealer, const MessageId& id,
                                                  const Message& message,
                                                  const seal::PublicKey& recipient_key,
                                                  seal::Random& random) {
  CHECK(message.recipient && message.name.size() + message.text.size() <= kMaxSealedTextBytes);
  Buffer plaintext{};
  ByteWriter writer(plaintext);
  writer.u8(static_cast<std::uint8_t>(message.kind));
  writer.bytes(author.public_key());
  writer.bytes(*message.recipient);
  writer.u64(message.sent_unix_ms);
  write_name_and_text(writer, message);
  const auto signature =
      author.signing().sign(signed_bytes({as_bytes(kDirectContext), room.room_id(), id, writer.written()}));
  writer.bytes(signature);
  CHECK(writer.ok());
  const auto info = signed_bytes({as_bytes(kDirectContext), room.room_id()});
  const auto for_one = seal::hpke_seal(recipient_key, info, id, writer.written(), random);
  if (!for_one) return std::nullopt;
  std::vector<std::byte> for_room{std::byte{kDirect}};
  for_room.insert(for_room.end(), for_one->begin(), for_one->end());
  return sealed(sealer, id, for_room);
}

Result<std::optional<Message>, DropReason> open_message(const seal::RoomKeys& room, const Identity& reader,
                                                        const MessageId& id,
                                                        std::span<const std::byte> object) {
  Buffer plaintext{};
  const auto opened = open_object(room, kTextLabel, object, id, plaintext);
  if (!opened) return opened.error();
  Bytes body = opened->plaintext;
  if (body.empty()) return DropReason::kTruncated;
  const auto first = std::to_integer<std::uint8_t>(body[0]);
  if (first == kDirect) return open_direct(room, reader, id, body.subspan(1));

  constexpr std::size_t kFixed = 1 + 32 + 8 + 8 + 4 + 8 + 16 + 1;
  if (body.size() < kFixed + kSignatureBytes) return DropReason::kTruncated;
  ByteReader fields(body);
  Message message;
  const auto kind = kind_of(fields.u8());
  if (!kind) return kind.error();
  message.kind = *kind;
  fields.into(message.author);
  message.sent_unix_ms = fields.u64();
  message.run = fields.u64();
  message.count = fields.u32();
  message.seen = fields.u64();
  fields.into(message.seen_digest);
  if (!take_signature(body, message.author, {as_bytes(kMessageContext), room.room_id(), id}))
    return DropReason::kBadSignature;
  if (const auto problem = read_name_and_text(body.subspan(kFixed - 1), message)) return *problem;
  return std::optional(std::move(message));
}

std::vector<std::byte> seal_presence(const seal::RoomKeys& room, const Identity& identity,
                                     ObjectSealer& sealer, const Presence& presence) {
  Buffer plaintext{};
  ByteWriter writer(plaintext);
  writer.bytes(identity.public_key());
  writer.bytes(identity.direct().public_key);
  writer.u64(presence.since_unix_ms);
  writer.u8(presence.muted ? 1 : 0);
  writer.u8(static_cast<std::uint8_t>(presence.name.size()));
  writer.text(presence.name);
  std::array<std::byte, 8> stream{};
  ByteWriter numbers(stream);
  numbers.u32(presence.stream.ssrc);
  numbers.u32(presence.stream.kid);
  const auto signature = identity.signing().sign(
      signed_bytes({as_bytes(kPresenceContext), room.room_id(), stream, writer.written()}));
  writer.bytes(signature);
  CHECK(writer.ok());
  return sealed(sealer, {}, writer.written());
}

Result<Presence, DropReason> open_presence(const seal::RoomKeys& room, std::uint32_t ssrc,
                                           std::span<const std::byte> object) {
  Buffer plaintext{};
  const auto opened = open_object(room, kPresenceLabel, object, {}, plaintext);
  if (!opened) return opened.error();
  if (opened->stream.ssrc != ssrc) return DropReason::kForeignSsrc;
  constexpr std::size_t kFixed = 32 + 32 + 8 + 1 + 1;
  Bytes body = opened->plaintext;
  if (body.size() < kFixed + kSignatureBytes) return DropReason::kTruncated;
  std::array<std::byte, 8> stream{};
  ByteWriter numbers(stream);
  numbers.u32(opened->stream.ssrc);
  numbers.u32(opened->stream.kid);
  Presence presence;
  presence.stream = opened->stream;
  ByteReader fields(body);
  fields.into(presence.identity);
  if (!take_signature(body, presence.identity, {as_bytes(kPresenceContext), room.room_id(), stream}))
    return DropReason::kBadSignature;
  ByteReader rest(body.subspan(32));
  rest.into(presence.direct_key);
  presence.since_unix_ms = rest.u64();
  presence.muted = (rest.u8() & 1U) != 0;
  const auto name = as_text(rest.bytes(rest.u8()));
  if (!rest.finish()) return DropReason::kBadElement;
  presence.name = checked_name(printable(name)).value_or("");
  return presence;
}

}  // namespace hubbub::session
