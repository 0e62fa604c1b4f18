// A sealed port, what its members write and who they are: the log's numbers, its order and its gaps, and the
// changes of the roster. All of it is sealed by members for members, but for the numbers.
#include <algorithm>
#include <utility>

#include "codec/wire/check.h"
#include "relay/core/sealed_relay.h"

namespace hubbub::relay {
namespace {

// Changes of rosters that may go before one waiting broadcast.
constexpr int kTellingBurst = 32;

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
  TextLog& log = session.room->log;
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
  logs_bytes_ -= log.cost();
  const LogEntry& entry = log.append(message->id, message->object);
  logs_bytes_ += log.cost();
  if (logs_bytes_ > options_.max_logs_bytes) end_empty_rooms(arrival.now);
  if (logs_bytes_ > options_.max_logs_bytes) {
    logs_bytes_ -= log.cost();
    log.shrink(kLogFloorBytes);
    logs_bytes_ += log.cost();
  }
  if (history_ != nullptr) history_->append(session.room->id(), entry);
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

void SealedRelay::history_loaded(const seal::RoomId& id, std::vector<LogEntry> entries) {
  const auto found = rooms_.find(id);
  if (found == rooms_.end()) return;
  SealedRoom& room = *found->second;
  if (room.waiting_until) {
    room.waiting_until.reset();
    --waiting_rooms_;
  }
  if (!entries.empty()) room.stored_text = std::max(room.stored_text, entries.back().number);
  logs_bytes_ -= room.log.cost();
  room.log.merge(std::move(entries));
  logs_bytes_ += room.log.cost();
}

void SealedRelay::history_stored(const seal::RoomId& id, std::uint64_t through) {
  const auto found = rooms_.find(id);
  if (found != rooms_.end()) found->second->stored_text = std::max(found->second->stored_text, through);
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

// What happened in a room is told to its members at the next tick, if it is not the time for it now.
void SealedRelay::tell_changes(SealedRoom& room) {
  if (room.told_change < room.roster.newest() && !std::exchange(room.waits_to_tell, true))
    to_tell_.push_back(room.number());
}

// One datagram a member and tick, however many changes there are: what does not fit into it waits for the
// next. True where an answer was made.
bool SealedRelay::tell_next(TimePoint now) {
  if (!queue_.empty() && told_in_a_row_ >= kTellingBurst) {
    told_in_a_row_ = 0;
    return false;
  }
  if (!telling_) start_telling(now);
  while (telling_) {
    const auto room = by_number_.find(telling_->room);
    if (room == by_number_.end() || telling_->members.empty()) {
      if (room != by_number_.end()) tell_changes(*room->second);
      telling_.reset();
      start_telling(now);
      continue;
    }
    Session* member = room->second->find(telling_->members.back());
    telling_->members.pop_back();
    if (member == nullptr || member->leaving) continue;
    ++told_in_a_row_;
    answer_sealed(member->channel, member->path, telling_->elements);
    return true;
  }
  return false;
}

void SealedRelay::start_telling(TimePoint now) {
  while (!to_tell_.empty()) {
    const auto found = by_number_.find(to_tell_.front());
    if (found != by_number_.end() && now < found->second->next_telling) return;
    to_tell_.pop_front();
    if (found == by_number_.end()) continue;
    SealedRoom& room = *found->second;
    room.waits_to_tell = false;
    room.next_telling = now + kRosterTick;
    telling_.emplace(Telling{.room = room.number(), .members = {}, .elements = {}});
    for (const Session* member : room.members()) telling_->members.push_back(member->ssrc);
    telling_->elements.resize(Envelope::kMaxPlaintextBytes);
    ByteWriter writer(telling_->elements);
    while (const auto change = room.roster.next_after(room.told_change)) {
      if (!change->serialize(writer)) break;
      room.told_change = change->number;
    }
    // What was made void by what came later is told with it.
    if (!room.roster.next_after(room.told_change)) room.told_change = room.roster.newest();
    telling_->elements.resize(writer.size());
    if (writer.size() > 0) return;
    telling_.reset();
  }
}

}  // namespace hubbub::relay
