// Elements: the walk ends, stays inside its datagram, and whatever is taken for an element is written back
// byte for byte.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed_object.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/voice_elements.h"

namespace {

using namespace hubbub;

template <class Message, class... More>
void check_body(std::span<const std::byte> body, More... more) {
  const auto parsed = Message::parse(body);
  if (!parsed.ok()) {
    CHECK(parsed.error() == DropReason::kTruncated || parsed.error() == DropReason::kTrailingBytes ||
          parsed.error() == DropReason::kBadElement);
    return;
  }
  std::vector<std::byte> bytes(Element::kHeaderBytes + body.size());
  ByteWriter writer(bytes);
  CHECK(parsed->serialize(writer, more...));
  CHECK(std::ranges::equal(std::span(bytes).subspan(Element::kHeaderBytes), body));
}

// Of a byte of flags at the end only the lowest means anything yet; the others are not written back.
template <class Message>
void check_body_with_flag(std::span<const std::byte> body) {
  std::vector<std::byte> known(body.begin(), body.end());
  if (!known.empty()) known.back() &= std::byte{1};
  CHECK(Message::parse(body).ok() == Message::parse(known).ok());
  check_body<Message>(known);
}

void check_as_everything(std::span<const std::byte> body) {
  check_body<FrameElement>(body);
  check_body<Sibling>(body);
  check_body<RepairSymbol>(body);
  check_body<Nack>(body);
  check_body<Report>(body);
  check_body<PingElement>(body, ElementType::kPing);
  check_body<Pong>(body);
  check_body<Join>(body);
  check_body_with_flag<Welcome>(body);
  check_body<TurnedAway>(body);
  check_body<Goodbye>(body);
  check_body<Ask>(body);
  check_body<Echo>(body);
  check_body<TextElement>(body);
  check_body<LogEntryElement>(body);
  check_body<TextAck>(body);
  check_body<TextAsk>(body);
  check_body<TextRange>(body);
  check_body<RosterChange>(body);
  check_body<RosterAsk>(body);
  check_body_with_flag<RosterRange>(body);
  const auto object = SealedObject::parse(body);
  CHECK(object.ok() == (body.size() >= 15));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  std::size_t walked = 0;
  ElementReader reader(bytes);
  while (const auto element = reader.next()) {
    walked += Element::kHeaderBytes + element->body.size();
    CHECK(walked <= size && element->body.data() + element->body.size() == bytes.data() + walked);
    check_as_everything(element->body);
  }
  CHECK(reader.problem().has_value() == (walked != size));
  check_as_everything(bytes.first(std::min<std::size_t>(size, 0xFFFF)));
  return 0;
}
