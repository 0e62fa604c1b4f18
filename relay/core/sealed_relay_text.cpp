// A sealed port, what its members write and who they are: the log's numbers, its order and its gaps, and the
// changes of the roster. All of it is sealed by members for members, but for the numbers.
#include <algorithm>
#include <utility>

#include "codec/wire/check.h"
#include "codec/wire/room_elements.h"
#include "relay/core/sealed_relay.h"

namespace hubbub::relay {
namespace {

LogEntryElement element_of(const TextLog& log, std::size_t index) {
  const LogEntry& entry = log.at(index);
  return {.number = entry.number, .previous = log.previous(index), .id = entry.id, .object = entry.object};
}

}  // namespace

// --- The text log

std::optional<DropReason> SealedRelay::text(const Arrival& arrival, const Element& element) {
  const auto message = TextElement::parse(element.body);
  if (!message) return message.error();
  Session& session = arrival.session;
  const TextLog& log = session.room->log;
  session.next_text = std::max(session.next_text, message->floor);
  // The same message again: its acknowledgement was lost, or the session in which it came.
  if (const auto index = log.find(message->id)) {
    session.next_text = std::max(session.next_text, message->sequence + 1);
    acknowledge(message->sequence, log, *index);
    return std::nullopt;
  }
  if (message->sequence < session.next_text) return DropReason::kDuplicate;
  if (message->sequence > session.next_text) return DropReason::kAhead;
  // Taken, it would push out another before anybody got that: who wrote it waits for its acknowledgement.
  if (queue_.space(Queue::Class::kData) == 0) return DropReason::kOverloaded;

  ++session.next_text;
  rooms_.append(arrival.now, *session.room, message->id, message->object);
  const std::size_t index = log.size() - 1;
  acknowledge(message->sequence, log, index);

  std::array<std::byte, kMaxSealedDatagramBytes> bundle{};
  ByteWriter writer(bundle);
  writer.u8(static_cast<std::uint8_t>(SealedKind::kBundle));
  CHECK(element_of(log, index).serialize(writer));
  broadcast(arrival, Queue::Class::kData, writer.written());
  return std::nullopt;
}

void SealedRelay::acknowledge(std::uint32_t sequence, const TextLog& log, std::size_t index) {
  acks_.push_back({.sequence = sequence, .number = log.at(index).number, .previous = log.previous(index)});
}

// Those of one envelope go in one.
void SealedRelay::send_acks(const Arrival& arrival) {
  std::array<std::byte, Envelope::kMaxPlaintextBytes> bytes{};
  ByteWriter writer(bytes);
  for (const TextAck& ack : acks_) {
    if (!ack.serialize(writer)) break;  // it asks again
  }
  acks_.clear();
  if (writer.size() > 0) answer_sealed(arrival.channel, arrival.session.path, writer.written());
}

std::optional<DropReason> SealedRelay::text_ask(const Arrival& arrival, const Element& element) {
  const auto ask = TextAsk::parse(element.body);
  if (!ask) return ask.error();
  const TextLog& log = arrival.session.room->log;
  std::size_t index = log.first_after(ask->after);
  index -= std::min<std::size_t>(index, ask->before);
  // In every datagram the same, so that whoever begins here misses nothing when the first one is lost.
  const std::uint64_t after = ask->before == 0 ? ask->after : log.previous(index);
  for (std::size_t datagram = 0; datagram < kAnswerDatagrams; ++datagram) {
    if (datagram > 0 && index >= log.size()) break;
    if (datagram > 0 && !pay(arrival)) return DropReason::kRateLimited;
    std::array<std::byte, Envelope::kMaxPlaintextBytes> bytes{};
    ByteWriter writer(bytes);
    const TextRange range{.after = after, .newest = log.newest(), .lost = log.lost()};
    CHECK(range.serialize(writer));
    while (index < log.size() && element_of(log, index).serialize(writer)) ++index;
    if (answers_.size() >= kMaxAnswers) return DropReason::kOverloaded;
    answer_sealed(arrival.channel, arrival.session.path, writer.written());
  }
  return std::nullopt;
}

// --- The roster

std::optional<DropReason> SealedRelay::roster_ask(const Arrival& arrival, const Element& element) {
  const auto ask = RosterAsk::parse(element.body);
  if (!ask) return ask.error();
  const Roster& roster = arrival.session.room->roster;
  std::uint64_t after = ask->after;
  bool more = true;
  for (std::size_t datagram = 0; datagram < kAnswerDatagrams && (datagram == 0 || more); ++datagram) {
    if (datagram > 0 && !pay(arrival)) return DropReason::kRateLimited;
    std::array<std::byte, Envelope::kMaxPlaintextBytes> bytes{};
    ByteWriter writer(bytes);
    const RosterRange range{.after = ask->after, .newest = roster.newest(), .lost = roster.lost()};
    CHECK(range.serialize(writer));
    while (more) {
      const auto change = roster.next_after(after);
      more = change.has_value();
      if (!change || !change->serialize(writer)) break;
      after = change->number;
    }
    if (answers_.size() >= kMaxAnswers) return DropReason::kOverloaded;
    answer_sealed(arrival.channel, arrival.session.path, writer.written());
  }
  return std::nullopt;
}

}  // namespace hubbub::relay
