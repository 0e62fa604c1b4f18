#include "codec/wire/sealed.h"

#include <algorithm>

namespace hubbub {

Preamble Preamble::parse(ByteReader& reader) {
  Preamble preamble;
  preamble.kind = static_cast<SealedKind>(reader.u8());
  preamble.version = reader.u8();
  reader.into(preamble.nonce);
  return preamble;
}

void Preamble::serialize(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.u8(version);
  writer.bytes(nonce);
}

Result<Hello, DropReason> Hello::parse(std::span<const std::byte> datagram) {
  ByteReader reader(datagram);
  Hello hello;
  hello.preamble = Preamble::parse(reader);
  reader.into(hello.cookie);
  reader.into(hello.noise);
  reader.bytes(kMac1At - Preamble::kBytes - sizeof(Cookie) - kNoiseBytes);  // padding: not looked at
  reader.into(hello.key_mac);
  reader.into(hello.token_mac);
  if (const auto problem = reader.problem()) return *problem;
  return hello;
}

void Hello::serialize(std::span<std::byte, kBytes> out) const {
  std::fill(out.begin(), out.end(), std::byte{0});
  ByteWriter writer(out);
  preamble.serialize(writer);
  writer.bytes(cookie);
  writer.bytes(noise);
}

Result<Retry, DropReason> Retry::parse(std::span<const std::byte> datagram) {
  ByteReader reader(datagram);
  Retry retry;
  retry.preamble = Preamble::parse(reader);
  reader.into(retry.cookie);
  reader.into(retry.mac);
  if (const auto problem = reader.problem()) return *problem;
  return retry;
}

void Retry::serialize(ByteWriter& writer) const {
  preamble.serialize(writer);
  writer.bytes(cookie);
  writer.bytes(mac);
}

Result<Refusal, DropReason> Refusal::parse(std::span<const std::byte> datagram) {
  ByteReader reader(datagram);
  Refusal refusal;
  refusal.preamble = Preamble::parse(reader);
  const std::uint8_t reason = reader.u8();
  reader.into(refusal.mac);
  if (const auto problem = reader.problem()) return *problem;
  if (reason < 1 || reason > 3) return DropReason::kUnknownKind;
  refusal.reason = static_cast<RefusalReason>(reason);
  return refusal;
}

void Refusal::serialize(ByteWriter& writer) const {
  preamble.serialize(writer);
  writer.u8(static_cast<std::uint8_t>(reason));
  writer.bytes(mac);
}

Result<KeyAnswer, DropReason> KeyAnswer::parse(std::span<const std::byte> datagram) {
  ByteReader reader(datagram);
  KeyAnswer answer;
  answer.preamble = Preamble::parse(reader);
  reader.into(answer.relay_key);
  reader.into(answer.mac);
  if (const auto problem = reader.problem()) return *problem;
  return answer;
}

void KeyAnswer::serialize(ByteWriter& writer) const {
  preamble.serialize(writer);
  writer.bytes(relay_key);
  writer.bytes(mac);
}

Grant Grant::parse(ByteReader& reader) {
  Grant grant;
  grant.session_id = reader.u32();
  reader.into(grant.reset_token);
  grant.idle_timeout_ms = reader.u32();
  return grant;
}

void Grant::serialize(ByteWriter& writer) const {
  writer.u32(session_id);
  writer.bytes(reset_token);
  writer.u32(idle_timeout_ms);
}

Result<Reply, DropReason> Reply::parse(std::span<const std::byte> datagram) {
  ByteReader reader(datagram);
  Reply reply;
  reply.preamble = Preamble::parse(reader);
  reader.into(reply.noise);
  if (const auto problem = reader.problem()) return *problem;
  return reply;
}

void Reply::serialize(ByteWriter& writer) const {
  preamble.serialize(writer);
  writer.bytes(noise);
}

Result<Envelope, DropReason> Envelope::parse(std::span<const std::byte> datagram) {
  if (datagram.size() > kMaxSealedDatagramBytes) return DropReason::kOversize;
  if (datagram.size() < kOverheadBytes) return DropReason::kTruncated;
  ByteReader reader(datagram);
  reader.u8();
  Envelope envelope;
  envelope.session_id = reader.u32();
  envelope.counter_low = static_cast<std::uint32_t>(reader.u8()) << 16U;
  envelope.counter_low |= reader.u16();
  envelope.header = datagram.first(kHeaderBytes);
  envelope.sealed = reader.rest();
  return envelope;
}

void Envelope::serialize_header(std::uint32_t session_id, std::uint64_t counter, ByteWriter& writer) {
  writer.u8(static_cast<std::uint8_t>(SealedKind::kEnvelope));
  writer.u32(session_id);
  writer.u8(static_cast<std::uint8_t>((counter >> 16U) & 0xFFU));
  writer.u16(static_cast<std::uint16_t>(counter & 0xFFFFU));
}

std::uint64_t Envelope::extend(std::uint32_t counter_low, std::uint64_t newest) {
  constexpr std::uint64_t kRound = std::uint64_t{1} << kCounterBits;
  constexpr std::uint64_t kHalf = kRound / 2;
  const std::uint64_t expected = newest + 1;
  const std::uint64_t candidate = (expected & ~(kRound - 1)) | counter_low;
  if (candidate + kHalf <= expected && candidate < ~std::uint64_t{0} - kRound) return candidate + kRound;
  if (candidate > expected + kHalf && candidate >= kRound) return candidate - kRound;
  return candidate;
}

Result<Reset, DropReason> Reset::parse(std::span<const std::byte> datagram) {
  ByteReader reader(datagram);
  reader.u8();
  Reset reset;
  reset.session_id = reader.u32();
  reader.into(reset.token);
  if (const auto problem = reader.problem()) return *problem;
  return reset;
}

void Reset::serialize(ByteWriter& writer) const {
  writer.u8(static_cast<std::uint8_t>(SealedKind::kReset));
  writer.u32(session_id);
  writer.bytes(token);
}

}  // namespace hubbub
