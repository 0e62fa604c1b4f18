// A sealed port, its members' voice: what comes of a stream, on whatever way, goes on to the room once.
#include "codec/wire/check.h"
#include "codec/wire/sealed_object.h"
#include "codec/wire/voice_elements.h"
#include "relay/core/sealed_relay.h"

namespace hubbub::relay {

std::optional<DropReason> SealedRelay::frame(const Arrival& arrival, std::span<const std::byte> bytes) {
  const auto parsed = SealedFrame::parse(bytes);
  if (!parsed) return parsed.error();
  Session& session = arrival.session;
  if (parsed->header.ssrc != session.ssrc) return DropReason::kForeignSsrc;
  if (!session.stream) session.stream = std::make_unique<Stream>();
  if (const auto problem = session.stream->take(arrival.now, *parsed, bytes)) return problem;
  broadcast(arrival, Queue::Class::kVoice, bytes);
  return std::nullopt;
}

std::optional<DropReason> SealedRelay::sibling(const Arrival& arrival, const Element& element,
                                               std::span<const std::byte> last_frame) {
  const auto parsed = Sibling::parse(element.body);
  if (!parsed) return parsed.error();
  const auto beside = SealedFrame::parse(last_frame);
  if (!beside || beside->header.ssrc != arrival.session.ssrc || !arrival.session.stream)
    return DropReason::kBadElement;
  const auto restored = arrival.session.stream->restore(*parsed, *beside);
  if (!restored) return DropReason::kBadElement;
  const auto problem = frame(arrival, *restored);
  if (!problem) ++books_.recovered;
  return problem;
}

std::optional<DropReason> SealedRelay::repair(const Arrival& arrival, const Element& element) {
  const auto parsed = RepairSymbol::parse(element.body);
  if (!parsed) return parsed.error();
  if (!arrival.session.stream) return DropReason::kBadFrame;
  Stream& stream = *arrival.session.stream;
  if (const auto problem = stream.repair(*parsed)) return problem;
  while (const auto restored = stream.next_recovered()) {
    if (!frame(arrival, *restored)) ++books_.recovered;
  }
  return std::nullopt;
}

std::optional<DropReason> SealedRelay::nack(const Arrival& arrival, const Element& element) {
  const auto parsed = Nack::parse(element.body);
  if (!parsed) return parsed.error();
  const Session* speaker = arrival.session.room->find(parsed->ssrc);
  if (speaker == nullptr || speaker == &arrival.session || !speaker->stream) return DropReason::kNoSuchMember;
  for (const Nack::Item& item : parsed->items) {
    for (int i = 0; i <= 16; ++i) {
      if (i > 0 && (item.blp & (1U << static_cast<unsigned>(i - 1))) == 0) continue;
      const auto bytes = speaker->stream->cached(arrival.now, SequenceNumber{item.pid} + i);
      if (bytes.empty()) continue;
      if (answers_.size() >= kMaxAnswers) return DropReason::kOverloaded;
      // A request is small and what it asks for is not: a frame in answer counts as an envelope of the
      // asker's.
      if (!pay(arrival)) return DropReason::kRateLimited;
      answer(arrival.session.path, bytes);
      ++books_.resent;
    }
  }
  return std::nullopt;
}

// --- Whether a talker is really there

std::optional<DropReason> SealedRelay::ask(const Arrival& arrival, const Element& element) {
  const auto parsed = Ask::parse(element.body);
  if (!parsed) return parsed.error();
  const auto object = SealedObject::parse(parsed->object);
  if (!object) return object.error();
  if (object->ssrc != arrival.session.ssrc) return DropReason::kForeignSsrc;
  const Session* target = arrival.session.room->find(parsed->target);
  if (target == nullptr || target == &arrival.session) return DropReason::kNoSuchMember;
  if (!arrival.session.asks.take(kAsksASecond, arrival.now)) return DropReason::kRateLimited;
  if (answers_.size() >= kMaxAnswers) return DropReason::kOverloaded;
  std::array<std::byte, kMaxSealedDatagramBytes> bundle{};
  ByteWriter writer(bundle);
  writer.u8(static_cast<std::uint8_t>(SealedKind::kBundle));
  CHECK(parsed->serialize(writer));
  answer(target->path, writer.written());
  return std::nullopt;
}

std::optional<DropReason> SealedRelay::echo(const Arrival& arrival, const Element& element) {
  const auto parsed = Echo::parse(element.body);
  if (!parsed) return parsed.error();
  const auto object = SealedObject::parse(parsed->object);
  if (!object) return object.error();
  if (object->ssrc != arrival.session.ssrc) return DropReason::kForeignSsrc;
  Echo alone;
  alone.object = parsed->object;
  std::array<std::byte, kMaxSealedDatagramBytes> bundle{};
  ByteWriter writer(bundle);
  writer.u8(static_cast<std::uint8_t>(SealedKind::kBundle));
  CHECK(alone.serialize(writer));
  for (std::size_t i = 0; i < parsed->asker_count; ++i) {
    const Session* asker = arrival.session.room->find(parsed->askers[i]);
    if (asker == nullptr) continue;  // gone since
    if (i > 0 && !pay(arrival)) return DropReason::kRateLimited;
    if (answers_.size() >= kMaxAnswers) return DropReason::kOverloaded;
    answer(asker->path, writer.written());
  }
  return std::nullopt;
}

}  // namespace hubbub::relay
