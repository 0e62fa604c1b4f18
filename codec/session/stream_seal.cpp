#include "codec/session/stream_seal.h"

#include "codec/wire/check.h"
#include "codec/wire/sealed_object.h"

namespace hubbub::session {

std::uint32_t draw_kid(seal::Random& random) {
  std::uint32_t kid = 0;
  while (kid < SealedFrame::kLeast) kid = random.u32();
  return kid;
}

FrameSealer::FrameSealer(const seal::RoomKeys& room, const StreamId& stream, SequenceNumber first)
    : stream_(stream),
      next_ctr_(SealedFrame::kLeast + first.value),
      key_(room.base_key(seal::kVoiceLabel, stream.ssrc, stream.kid).view(), stream.kid) {}

std::span<const std::byte> FrameSealer::seal(const RtpHeader& header, std::span<const std::byte> opus,
                                             std::span<std::byte> out) {
  CHECK(header.sequence == SequenceNumber{static_cast<std::uint16_t>(next_ctr_)});
  CHECK(header.ssrc == stream_.ssrc && opus.size() <= SealedFrame::kMaxOpusBytes);
  ByteWriter writer(out);
  header.serialize(writer);
  const std::size_t sealed = key_.seal(next_ctr_++, writer.written(), opus, out.subspan(writer.size()));
  return out.first(RtpHeader::kBytes + sealed);
}

FrameOpener::FrameOpener(const seal::RoomKeys& room, const StreamId& stream)
    : key_(room.base_key(seal::kVoiceLabel, stream.ssrc, stream.kid).view(), stream.kid) {}

Result<std::span<const std::byte>, DropReason> FrameOpener::open(const SealedFrame& frame,
                                                                 std::span<std::byte> out) {
  if (!window_.fresh(frame.ctr)) return DropReason::kDuplicate;
  const auto size =
      key_.open({.kid = frame.kid, .ctr = frame.ctr}, frame.sframe_header, frame.metadata, frame.sealed, out);
  if (!size) return size.error();
  window_.accept(frame.ctr);
  return std::span<const std::byte>(out).first(*size);
}

ObjectSealer::ObjectSealer(const seal::RoomKeys& room, std::string_view label, const StreamId& stream)
    : stream_(stream), key_(room.base_key(label, stream.ssrc, stream.kid).view(), stream.kid) {}

std::span<const std::byte> ObjectSealer::seal(std::span<const std::byte> metadata,
                                              std::span<const std::byte> plaintext,
                                              std::span<std::byte> out) {
  ByteWriter writer(out);
  writer.u32(stream_.ssrc);
  CHECK(out.size() >= writer.size() + key_.sealed_size(next_ctr_, plaintext.size()));
  const std::size_t sealed = key_.seal(next_ctr_++, metadata, plaintext, out.subspan(writer.size()));
  return out.first(writer.size() + sealed);
}

Result<OpenedObject, DropReason> open_object(const seal::RoomKeys& room, std::string_view label,
                                             std::span<const std::byte> object,
                                             std::span<const std::byte> metadata, std::span<std::byte> out) {
  const auto parsed = SealedObject::parse(object);
  if (!parsed) return parsed.error();
  ByteReader reader(parsed->sealed);
  const auto header = seal::SframeHeader::parse(reader);
  if (!header) return header.error();
  if (header->kid > UINT32_MAX) return DropReason::kBadElement;
  const auto header_bytes = parsed->sealed.first(parsed->sealed.size() - reader.remaining());
  const StreamId stream{.ssrc = parsed->ssrc, .kid = static_cast<std::uint32_t>(header->kid)};
  seal::SframeKey key(room.base_key(label, stream.ssrc, stream.kid).view(), stream.kid);
  const auto size = key.open(*header, header_bytes, metadata, reader.rest(), out);
  if (!size) return size.error();
  return OpenedObject{
      .stream = stream, .ctr = header->ctr, .plaintext = std::span<const std::byte>(out).first(*size)};
}

}  // namespace hubbub::session
