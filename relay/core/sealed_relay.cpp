#include "relay/core/sealed_relay.h"

#include <algorithm>
#include <utility>

#include "codec/session/handshake.h"
#include "codec/wire/check.h"
#include "codec/wire/voice_elements.h"

namespace hubbub::relay {
namespace {

// Changes of rosters that may go before one waiting broadcast.
constexpr int kTellingBurst = 32;
// Session ids carry their worker's number in the top eight bits; there is one worker, number 0.
constexpr std::uint32_t kSessionIdMask = 0x00FF'FFFF;

// What only a member may send.
bool is_members(ElementType type) {
  switch (type) {
    case ElementType::kFrame:
    case ElementType::kSibling:
    case ElementType::kRepair:
    case ElementType::kNack:
    case ElementType::kReport:
    case ElementType::kAsk:
    case ElementType::kEcho:
    case ElementType::kText:
    case ElementType::kTextAsk:
    case ElementType::kRosterAsk:
      return true;
    default:
      return false;
  }
}

}  // namespace

SealedRelay::SealedRelay(const SealedOptions& options, const SourcePolicy& policy, TimePoint now,
                         seal::Random& random)
    : options_(options),
      policy_(policy),
      random_(random),
      doorman_(options.door, now, random),
      rooms_(now, options.started_unix_ms, options.max_logs_bytes, random) {}

// --- Receive: count, check the source, and then by the datagram's kind

void SealedRelay::receive(TimePoint now, const Endpoint& from, const IpAddress& to,
                          std::span<const std::byte> bytes, bool truncated) {
  ++books_.received;
  books_.received_bytes += bytes.size();
  if (const auto reason = policy_.unanswerable(from)) return books_.drop(*reason);
  if (truncated || bytes.size() > kMaxSealedDatagramBytes) return books_.drop(DropReason::kOversize);
  const Recipient source{.to = from, .from = to};
  switch (sealed_kind_of(bytes).value_or(SealedKind::kRetry)) {
    case SealedKind::kHello:
    case SealedKind::kKeyRequest:
      return meet(now, source, bytes);
    case SealedKind::kEnvelope:
      return open_envelope(now, source, bytes);
    default:
      return books_.drop(DropReason::kUnknownKind);
  }
}

// --- Strangers

void SealedRelay::meet(TimePoint now, const Recipient& stranger, std::span<const std::byte> datagram) {
  const bool full = sessions_.size() >= options_.max_sessions;
  const auto verdict = doorman_.hear(now, stranger.to, datagram, full);
  if (const auto* silence = std::get_if<DropReason>(&verdict)) return books_.drop(*silence);
  if (const auto* hello = std::get_if<Hello>(&verdict)) return let_in(now, stranger, *hello);
  if (answers_.size() >= kMaxAnswers) return books_.drop(DropReason::kOverloaded);
  ++(datagram[0] == std::byte{static_cast<std::uint8_t>(SealedKind::kHello)} ? books_.hellos
                                                                             : books_.key_requests);
  answer(stranger, std::get<Doorman::Answer>(verdict).view());
}

void SealedRelay::let_in(TimePoint now, const Recipient& stranger, const Hello& hello) {
  if (answers_.size() >= kMaxAnswers) return books_.drop(DropReason::kOverloaded);
  Grant grant;
  grant.session_id = draw_session_id();
  grant.reset_token = doorman_.reset_token(grant.session_id);
  grant.idle_timeout_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.timeout).count());
  Reply reply{.preamble = {.kind = SealedKind::kReply, .nonce = hello.preamble.nonce}};
  const auto established =
      session::respond(options_.door.keys, options_.door.psk, {}, hello.noise, grant, random_, reply.noise);
  if (!established) return books_.drop(DropReason::kBadHandshake);

  ++books_.hellos;
  ++books_.handshakes;
  auto session = std::make_unique<Session>(
      Session{.channel = session::SealedChannel(grant.session_id, established->keys, seal::Role::kResponder),
              .hash = established->hash,
              .path = stranger,
              .last_heard = now,
              .envelopes = TokenBucket(options_.peer_rate, now),
              .asks = TokenBucket(kAsksASecond, now),
              .place = sessions_.size()});
  by_id_[grant.session_id] = session.get();
  sessions_.push_back(std::move(session));
  pending_.push_back(grant.session_id);
  // Those who never finish give way, the oldest first.
  while (pending_.size() > kMaxPendingSessions) {
    const auto oldest = by_id_.find(pending_.front());
    pending_.pop_front();
    if (oldest != by_id_.end() && !oldest->second->confirmed) end_session(now, *oldest->second);
  }
  std::array<std::byte, Reply::kBytes> bytes{};
  ByteWriter writer(bytes);
  reply.serialize(writer);
  answer(stranger, writer.written());
}

std::uint32_t SealedRelay::draw_session_id() {
  std::uint32_t id = 0;
  while (id == 0 || by_id_.contains(id)) id = random_.u32() & kSessionIdMask;
  return id;
}

// --- Sessions: find, open, and only then does anything change

void SealedRelay::open_envelope(TimePoint now, const Recipient& from, std::span<const std::byte> datagram) {
  const auto envelope = Envelope::parse(datagram);
  if (!envelope) return books_.drop(envelope.error());
  const auto found = by_id_.find(envelope->session_id);
  if (found == by_id_.end()) {
    const auto reset =
        answers_.size() < kMaxAnswers ? doorman_.reset(now, from.to, envelope->session_id) : std::nullopt;
    if (!reset) return books_.drop(DropReason::kUnknownSession);
    ++books_.resets;
    return answer(from, reset->view());
  }
  Session& session = *found->second;
  session::SealedChannel* channel = channel_of(session, envelope->session_id);
  CHECK(channel != nullptr);
  const auto opened = channel->open(*envelope, plaintext_);
  if (!opened) return books_.drop(opened.error());
  if (options_.peer_rate > 0 && !session.envelopes.take(options_.peer_rate, now))
    return books_.drop(DropReason::kRateLimited);

  ++books_.envelopes;
  session.last_heard = now;
  confirm(now, session, *channel);
  // Confirming may have moved the channel to its place as the one in use.
  channel = channel_of(session, envelope->session_id);
  check_path(now, session, from, datagram.size(), opened->newest && channel == &session.channel);
  act_on({.now = now, .session = session, .channel = *channel, .from = from}, opened->elements);
}

// --- Elements: admit, and route

// One datagram's worth of what a member may cost.
bool SealedRelay::pay(const Arrival& arrival) const {
  return options_.peer_rate <= 0 || arrival.session.envelopes.take(options_.peer_rate, arrival.now);
}

void SealedRelay::act_on(const Arrival& arrival, std::span<const std::byte> elements) {
  ElementReader reader(elements);
  std::span<const std::byte> last_frame;
  bool first = true;
  acks_.clear();
  while (const auto element = reader.next()) {
    if (arrival.session.leaving) return;
    // The envelope has been paid for, and one element with it; many in one are no way to have more.
    if (!std::exchange(first, false) && !pay(arrival)) {
      books_.refuse(DropReason::kRateLimited);
      break;
    }
    const auto type = static_cast<std::uint8_t>(element->type);
    const bool of_session = type >= static_cast<std::uint8_t>(ElementType::kPing) &&
                            type <= static_cast<std::uint8_t>(ElementType::kRekeyed);
    const auto problem = of_session ? act_on_session_element(arrival, *element)
                                    : act_on_member_element(arrival, *element, last_frame);
    if (problem) books_.refuse(*problem);
    if (element->type == ElementType::kGoodbye && !problem) return;  // the session may be no more
  }
  if (const auto problem = reader.problem()) books_.refuse(*problem);
  send_acks(arrival);
}

std::optional<DropReason> SealedRelay::act_on_session_element(const Arrival& arrival,
                                                              const Element& element) {
  Session& session = arrival.session;
  switch (element.type) {
    case ElementType::kPing: {
      const auto ping = PingElement::parse(element.body);
      if (!ping) return ping.error();
      std::array<std::byte, Element::kHeaderBytes + Pong::kBytes> bytes{};
      ByteWriter writer(bytes);
      Pong pong{.token = ping->token};
      if (const SealedRoom* room = session.room) {
        pong.members = static_cast<std::uint32_t>(room->size());
        pong.newest_text = room->log.newest();
        pong.stored_text = room->stored_text;
        // What is not told yet will be: nobody needs to ask for it.
        pong.newest_change = room->told_change;
      }
      CHECK(pong.serialize(writer));
      answer_sealed(session.channel, session.path, writer.written());
      return std::nullopt;
    }
    case ElementType::kJoin:
      return join(arrival, element);
    case ElementType::kRekey:
      return rekey(arrival, element);
    case ElementType::kPathResponse:
      return path_response(arrival, element);
    case ElementType::kGoodbye: {
      const auto goodbye = Goodbye::parse(element.body);
      if (!goodbye) return goodbye.error();
      end_session(arrival.now, session);
      return std::nullopt;
    }
    default:
      return DropReason::kUnknownKind;
  }
}

std::optional<DropReason> SealedRelay::act_on_member_element(const Arrival& arrival, const Element& element,
                                                             std::span<const std::byte>& last_frame) {
  if (element.type == ElementType::kPadding) return std::nullopt;
  if (!is_members(element.type)) return DropReason::kUnknownKind;
  if (arrival.session.room == nullptr) return DropReason::kNotJoined;
  switch (element.type) {
    case ElementType::kFrame: {
      const auto parsed = FrameElement::parse(element.body);
      if (!parsed) return parsed.error();
      last_frame = parsed->frame;
      return frame(arrival, parsed->frame);
    }
    case ElementType::kSibling:
      return sibling(arrival, element, last_frame);
    case ElementType::kRepair:
      return repair(arrival, element);
    case ElementType::kNack:
      return nack(arrival, element);
    case ElementType::kReport: {
      // What a listener says of its link; who acts on it comes with redundancy downstream.
      const auto report = Report::parse(element.body);
      return report ? std::nullopt : std::optional(report.error());
    }
    case ElementType::kText:
      return text(arrival, element);
    case ElementType::kTextAsk:
      return text_ask(arrival, element);
    case ElementType::kRosterAsk:
      return roster_ask(arrival, element);
    case ElementType::kAsk:
      return ask(arrival, element);
    default:
      return echo(arrival, element);
  }
}

std::optional<DropReason> SealedRelay::join(const Arrival& arrival, const Element& element) {
  const auto wish = Join::parse(element.body);
  if (!wish) return wish.error();
  if (wish->name_tag != seal::NameTag{} && wish->owner == seal::OwnerTag{}) return DropReason::kBadElement;
  Session& session = arrival.session;
  const bool moves =
      session.room == nullptr || session.room->id() != wish->room_id || session.ssrc != wish->ssrc;
  // Indices must hold still while the room is being sent to; the client asks again.
  if (moves && session.room != nullptr && session.room == broadcasting_) return DropReason::kOverloaded;
  SealedRoom* room = rooms_.open(arrival.now, wish->room_id);
  if (room == nullptr) return DropReason::kOverloaded;

  std::array<std::byte, Element::kHeaderBytes + Welcome::kBytes> bytes{};
  ByteWriter writer(bytes);
  if (const auto reason = objection(*room, session, *wish)) {
    CHECK((TurnedAway{.ssrc = wish->ssrc, .revision = wish->revision, .reason = *reason}.serialize(writer)));
  } else {
    if (session.room == room && moves) {
      room->remove(session);  // and at once back again, so that the room does not end in between
      room->add(session, wish->ssrc);
      ++books_.members_left;
      ++books_.members_joined;
      begin_membership(session);
    } else if (moves) {
      if (session.room != nullptr) leave_room(arrival.now, session);
      rooms_.enter(*room, session, wish->ssrc);
      ++books_.members_joined;
      begin_membership(session);
    }
    // An earlier one that comes late says nothing any more.
    if (moves || wish->revision >= session.revision) {
      session.revision = wish->revision;
      room->set_name(session, wish->name_tag, wish->owner);
      room->roster.put(session.ssrc, wish->presence);
      teller_.changed(*room);
    }
    const Welcome welcome{.ssrc = wish->ssrc,
                          .revision = wish->revision,
                          .members = static_cast<std::uint32_t>(room->size()),
                          .newest_text = room->log.newest(),
                          .stored_text = room->stored_text,
                          .newest_change = room->roster.newest(),
                          .epoch = room->epoch(),
                          .keeps_history = rooms_.keep_history()};
    CHECK(welcome.serialize(writer));
  }
  answer_sealed(arrival.channel, session.path, writer.written());
  return std::nullopt;
}

void SealedRelay::begin_membership(Session& session) {
  session.stream.reset();
  session.next_text = 0;
  session.revision = 0;
}

void SealedRelay::leave_room(TimePoint now, Session& session) {
  ++books_.members_left;
  if (SealedRoom* room = rooms_.leave(now, session)) teller_.changed(*room);
}

std::optional<TurnedAway::Reason> SealedRelay::objection(const SealedRoom& room, const Session& session,
                                                         const Join& wish) const {
  const Session* holder = room.find(wish.ssrc);
  if (holder != nullptr && holder != &session) return TurnedAway::Reason::kSsrcTaken;
  if (room.size() >= options_.max_members && session.room != &room) return TurnedAway::Reason::kRoomFull;
  if (room.name_taken(wish.name_tag, wish.owner)) return TurnedAway::Reason::kNameTaken;
  return std::nullopt;
}

// --- Broadcast

void SealedRelay::broadcast(const Arrival& arrival, Queue::Class kind, std::span<const std::byte> payload) {
  ++books_.accepted;
  const Origin origin{.room = arrival.session.room->number(), .ssrc = arrival.session.ssrc};
  if (queue_.push(kind, arrival.now, origin, payload)) books_.discard(DropReason::kQueueFull);
}

void SealedRelay::answer(const Recipient& recipient, std::span<const std::byte> bytes) {
  ++books_.due;
  answers_.push_back({.recipient = recipient, .bytes = {bytes.begin(), bytes.end()}});
}

void SealedRelay::answer_sealed(session::SealedChannel& channel, const Recipient& recipient,
                                std::span<const std::byte> elements) {
  if (answers_.size() >= kMaxAnswers) return;
  std::array<std::byte, kMaxSealedDatagramBytes> datagram{};
  const std::size_t size = channel.seal(elements, datagram);
  answer(recipient, std::span(datagram).first(size));
}

std::optional<Outgoing> SealedRelay::next(TimePoint now) {
  if (!answers_.empty())
    return Outgoing{.payload = answers_.front().bytes,
                    .recipients = std::span(&answers_.front().recipient, 1)};
  while (cursor_ == end_) {
    broadcasting_ = nullptr;
    end_leaving(now);
    if (tell_next(now)) {
      return Outgoing{.payload = answers_.front().bytes,
                      .recipients = std::span(&answers_.front().recipient, 1)};
    }
    books_.discard(DropReason::kStale, queue_.discard_stale_voice(now - kVoiceUsefulFor));
    if (queue_.empty()) return std::nullopt;
    start_broadcast();
  }
  return Outgoing{.payload = current_.bytes(),
                  .recipients = broadcasting_->recipients().subspan(cursor_, end_ - cursor_)};
}

// True where a member was told of changes in its room's roster. A burst of that lets a broadcast through.
bool SealedRelay::tell_next(TimePoint now) {
  if (!queue_.empty() && told_in_a_row_ >= kTellingBurst) {
    told_in_a_row_ = 0;
    return false;
  }
  const auto due = teller_.next(now);
  if (!due) return false;
  ++told_in_a_row_;
  answer_sealed(due->member.channel, due->member.path, due->elements);
  return true;
}

// All who are in the room now but the sender; who joins meanwhile is behind `end_`, and nobody leaves until
// it is done.
void SealedRelay::start_broadcast() {
  queue_.pop_into(current_);
  ++books_.forwarded;
  cursor_ = 0;
  end_ = 0;
  broadcasting_ = rooms_.find(current_.origin.room);
  if (broadcasting_ == nullptr) return;  // everybody left meanwhile
  end_ = broadcasting_->size();
  if (Session* origin = broadcasting_->find(current_.origin.ssrc)) {
    broadcasting_->put_last(*origin);
    --end_;
  }
  books_.due += end_;
}

void SealedRelay::settle(std::size_t done, std::size_t unsent, UnsentReason reason) {
  CHECK(unsent <= done);
  books_.sent += done - unsent;
  books_.lose(reason, unsent);
  if (!answers_.empty()) {
    CHECK(done <= 1);
    books_.sent_bytes += (done - unsent) * answers_.front().bytes.size();
    if (done == 1) answers_.pop_front();
    return;
  }
  CHECK(cursor_ + done <= end_);
  books_.sent_bytes += (done - unsent) * current_.size;
  cursor_ += done;
}

// --- The end

void SealedRelay::say_goodbye(TimePoint) {
  std::array<std::byte, Element::kHeaderBytes + Goodbye::kBytes> bytes{};
  ByteWriter writer(bytes);
  CHECK((Goodbye{.reason = Goodbye::Reason::kRelayStops}.serialize(writer)));
  for (const auto& session : sessions_) {
    if (!session->confirmed) continue;
    // The bound on answers is for what strangers cause; this happens once.
    std::array<std::byte, kMaxSealedDatagramBytes> datagram{};
    const std::size_t size = session->channel.seal(writer.written(), datagram);
    answer(session->path, std::span(datagram).first(size));
  }
}

void SealedRelay::shut_down() {
  books_.lose(UnsentReason::kShutdown, unsettled());
  answers_.clear();
  cursor_ = end_;
  broadcasting_ = nullptr;
  books_.discard(DropReason::kShutdown, queue_.size());
  while (!queue_.empty()) queue_.pop_into(current_);
}

}  // namespace hubbub::relay
