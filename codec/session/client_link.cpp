#include "codec/session/client_link.h"

#include <algorithm>

#include "codec/wire/check.h"

namespace hubbub::session {
namespace {

// A key that is asked for may come a moment before the silence is called one.
constexpr Duration kAskForKeyAfter = 2s;
constexpr Duration kSilenceAfter = 4s;
// A handshake is given up and begun anew: the relay may have another cookie key, or another life.
constexpr Duration kHandshakeLasts = 5s;
constexpr Duration kHandshakeEvery = 1s;  // at most, however many Resets come
constexpr Duration kRekeyRetry = 1s;
constexpr int kGoodbyes = 3;  // a goodbye is not acknowledged
// Joins that are refused for our own earlier session's sake before another SSRC is drawn.
constexpr int kPatienceWithSsrc = 4;
// A name that somebody else has may become free.
constexpr Duration kNameTakenRetry = 5s;

Duration next_interval(Duration interval) {
  return std::min(2 * interval, kEntrySlowestRetry);
}

}  // namespace

ClientLink::ClientLink(const LinkOptions& options, std::uint32_t ssrc, seal::Random& random, Send send)
    : options_(options),
      keys_(options.relay_key, options.psk),
      unknown_keys_({}, options.unknown_psk),
      ssrc_(ssrc),
      random_(random),
      send_(std::move(send)) {}

// --- Getting in

void ClientLink::connect(TimePoint now) {
  handshake_.emplace(options_, random_);
  if (!handshake_->initiator.usable()) {
    handshake_.reset();
    obstacle_ = Obstacle::kBadRelayKey;
    return;
  }
  random_.fill(handshake_->nonce);
  handshake_->started = now;
  handshake_->interval = kEntryFirstRetry;
  last_handshake_ = now;
  send_hello(now);
}

void ClientLink::send_hello(TimePoint now) {
  Hello hello;
  hello.preamble.nonce = handshake_->nonce;
  hello.cookie = handshake_->cookie;
  hello.noise = handshake_->initiator.hello();
  std::array<std::byte, Hello::kBytes> datagram{};
  hello.serialize(datagram);
  keys_.sign(datagram);
  send_(datagram);
  handshake_->next_hello = now + handshake_->interval;
  handshake_->interval = next_interval(handshake_->interval);
}

void ClientLink::send_key_request(TimePoint now) {
  Hello question;
  question.preamble.kind = SealedKind::kKeyRequest;
  question.preamble.nonce = handshake_->nonce;
  std::array<std::byte, Hello::kBytes> datagram{};
  question.serialize(datagram);
  unknown_keys_.sign(datagram);
  send_(datagram);
  handshake_->next_key_request = now + kEntrySlowestRetry;
}

void ClientLink::start_session(TimePoint now, const Established& established) {
  if (channel_) old_ = OldChannel{.channel = *channel_, .until = now + kOldKeysLast};
  channel_.emplace(established.grant.session_id, established.keys, seal::Role::kInitiator);
  grant_ = established.grant;
  hash_ = established.hash;
  established_ = now;
  idle_timeout_ = std::chrono::milliseconds(grant_.idle_timeout_ms);
  rekey_.reset();
}

void ClientLink::send_join(TimePoint now) {
  // Where we were a member in an old session, that one ends first: our SSRC is still bound to it.
  if (leave_old_ && old_) send_goodbye(old_->channel);
  std::array<std::byte, Element::kHeaderBytes + Join::kFixedBytes + Join::kMaxPresenceBytes> bytes{};
  ByteWriter writer(bytes);
  const Join join{.room_id = options_.room_id,
                  .name_tag = membership_.name_tag,
                  .owner = membership_.owner,
                  .ssrc = ssrc_,
                  .revision = revision_,
                  .presence = membership_.presence};
  CHECK(join.serialize(writer));
  send(writer.written());
  next_join_ = now + (join_tries_ == 0   ? kEntryFirstRetry
                      : join_tries_ == 1 ? 2 * kEntryFirstRetry
                                         : kEntrySlowestRetry);
  ++join_tries_;
}

void ClientLink::change_ssrc(TimePoint now, std::uint32_t ssrc) {
  ssrc_ = ssrc;
  joined_ = false;
  join_tries_ = 0;
  next_join_ = now;
}

void ClientLink::set_membership(TimePoint now, Membership membership) {
  membership_ = std::move(membership);
  ++revision_;
  membership_told_ = false;
  name_taken_ = false;
  if (obstacle_ == Obstacle::kNameTaken) obstacle_ = Obstacle::kNone;
  join_tries_ = 0;
  if (channel_) send_join(now);
}

// --- Staying in

void ClientLink::tick(TimePoint now) {
  if (old_ && now >= old_->until) old_.reset();
  if (handshake_) {
    if (now >= handshake_->next_hello) send_hello(now);
    const Duration waited = now - handshake_->started;
    if (!handshake_->answered && waited >= kAskForKeyAfter &&
        (!handshake_->next_key_request || now >= *handshake_->next_key_request)) {
      send_key_request(now);
    }
    if (!handshake_->answered && waited >= kSilenceAfter && obstacle_ == Obstacle::kNone)
      obstacle_ = Obstacle::kSilence;
    if (waited >= kHandshakeLasts) connect(now);
  }
  if (channel_ && (!joined_ || !membership_told_) && now >= next_join_) send_join(now);
  if (channel_ && joined_) rekey_when_due(now);
}

void ClientLink::rekey_when_due(TimePoint now) {
  if (!rekey_) {
    if (now - established_ < kRekeyAfter && channel_->sent() < kRekeyAfterEnvelopes) return;
    rekey_.emplace(
        Rekey{.initiator = Initiator(options_.relay_key, options_.psk, {.rekeyed = hash_}, random_),
              .next_try = now});
  }
  if (now < rekey_->next_try) return;
  rekey_->next_try = now + kRekeyRetry;
  std::array<std::byte, Element::kHeaderBytes + Hello::kNoiseBytes> bytes{};
  ByteWriter writer(bytes);
  CHECK(write_element(writer, ElementType::kRekey, rekey_->initiator.hello()));
  send(writer.written());
}

bool ClientLink::send(std::span<const std::byte> elements) {
  if (!channel_) return false;
  send_in(*channel_, elements);
  return true;
}

void ClientLink::send_in(SealedChannel& channel, std::span<const std::byte> elements) {
  std::array<std::byte, kMaxSealedDatagramBytes> datagram{};
  const std::size_t size = channel.seal(elements, datagram);
  send_(std::span(datagram).first(size));
}

void ClientLink::send_goodbye(SealedChannel& channel) {
  std::array<std::byte, Element::kHeaderBytes + Goodbye::kBytes> bytes{};
  ByteWriter writer(bytes);
  CHECK(Goodbye{}.serialize(writer));
  send_in(channel, writer.written());
}

void ClientLink::leave() {
  for (int i = 0; channel_ && i < kGoodbyes; ++i) send_goodbye(*channel_);
  channel_.reset();
  old_.reset();
  handshake_.reset();
  rekey_.reset();
  joined_ = false;
}

// --- What the relay says

Result<ClientLink::Received, DropReason> ClientLink::receive(TimePoint now,
                                                             std::span<const std::byte> datagram) {
  const auto kind = sealed_kind_of(datagram);
  if (!kind) return DropReason::kUnknownKind;
  std::optional<DropReason> problem;
  switch (*kind) {
    case SealedKind::kEnvelope:
      return receive_envelope(now, datagram);
    case SealedKind::kBundle:
      if (datagram.size() > kMaxSealedDatagramBytes) return DropReason::kOversize;
      return Received{.elements = datagram.subspan(1), .sealed = false};
    case SealedKind::kRetry:
      problem = receive_retry(now, datagram);
      break;
    case SealedKind::kReply:
      problem = receive_reply(now, datagram);
      break;
    case SealedKind::kRefusal:
      problem = receive_refusal(datagram);
      break;
    case SealedKind::kKeyAnswer:
      problem = receive_key_answer(datagram);
      break;
    case SealedKind::kReset:
      problem = receive_reset(now, datagram);
      break;
    case SealedKind::kHello:
    case SealedKind::kKeyRequest:
    case SealedKind::kFrame:
      return DropReason::kUnknownKind;
  }
  if (problem) return *problem;
  return Received{};
}

std::optional<DropReason> ClientLink::receive_retry(TimePoint now, std::span<const std::byte> datagram) {
  const auto retry = Retry::parse(datagram);
  if (!retry) return retry.error();
  if (!handshake_ || retry->preamble.nonce != handshake_->nonce) return DropReason::kBadHandshake;
  if (!keys_.verify_answer(datagram)) return DropReason::kBadMac;
  handshake_->answered = true;
  // Neither a duplicate nor a relay that is never content makes us send at once again.
  if (handshake_->cookie == retry->cookie) return DropReason::kDuplicate;
  const bool first = handshake_->cookie == Cookie{};
  handshake_->cookie = retry->cookie;
  if (!first) return std::nullopt;
  handshake_->interval = kEntryFirstRetry;
  send_hello(now);
  return std::nullopt;
}

std::optional<DropReason> ClientLink::receive_reply(TimePoint now, std::span<const std::byte> datagram) {
  const auto reply = Reply::parse(datagram);
  if (!reply) return reply.error();
  if (!handshake_ || reply->preamble.nonce != handshake_->nonce) return DropReason::kBadHandshake;
  const auto established = handshake_->initiator.finish(reply->noise);
  if (!established) return DropReason::kBadHandshake;
  handshake_.reset();
  ++handshakes_;
  leave_old_ = channel_.has_value();
  start_session(now, *established);
  joined_ = false;
  membership_told_ = false;
  join_tries_ = 0;
  send_join(now);
  return std::nullopt;
}

std::optional<DropReason> ClientLink::receive_refusal(std::span<const std::byte> datagram) {
  const auto refusal = Refusal::parse(datagram);
  if (!refusal) return refusal.error();
  if (!handshake_ || refusal->preamble.nonce != handshake_->nonce) return DropReason::kBadHandshake;
  if (!keys_.verify_answer(datagram)) return DropReason::kBadMac;
  handshake_->answered = true;
  switch (refusal->reason) {
    case RefusalReason::kVersion:
      obstacle_ = Obstacle::kVersion;
      relay_version_ = refusal->preamble.version;
      break;
    case RefusalReason::kToken:
      obstacle_ = Obstacle::kToken;
      break;
    case RefusalReason::kFull:
      obstacle_ = Obstacle::kRelayFull;
      break;
  }
  return std::nullopt;
}

// It can only be another key: ours would have answered the Hello.
std::optional<DropReason> ClientLink::receive_key_answer(std::span<const std::byte> datagram) {
  const auto answer = KeyAnswer::parse(datagram);
  if (!answer) return answer.error();
  if (!handshake_ || answer->preamble.nonce != handshake_->nonce) return DropReason::kBadHandshake;
  if (!HelloKeys(answer->relay_key, {}).verify_answer(datagram)) return DropReason::kBadMac;
  if (handshake_->answered || answer->relay_key == options_.relay_key) return std::nullopt;
  obstacle_ = Obstacle::kOtherKey;
  other_key_ = answer->relay_key;
  return std::nullopt;
}

std::optional<DropReason> ClientLink::receive_reset(TimePoint now, std::span<const std::byte> datagram) {
  const auto reset = Reset::parse(datagram);
  if (!reset) return reset.error();
  if (!channel_ || reset->session_id != channel_->session_id()) return DropReason::kUnknownSession;
  if (!seal::equal(reset->token, grant_.reset_token)) return DropReason::kBadMac;
  if (!handshake_ && (!last_handshake_ || now - *last_handshake_ >= kHandshakeEvery)) connect(now);
  return std::nullopt;
}

Result<ClientLink::Received, DropReason> ClientLink::receive_envelope(TimePoint now,
                                                                      std::span<const std::byte> datagram) {
  const auto envelope = Envelope::parse(datagram);
  if (!envelope) return envelope.error();
  SealedChannel* channel = nullptr;
  if (channel_ && envelope->session_id == channel_->session_id()) channel = &*channel_;
  if (old_ && envelope->session_id == old_->channel.session_id()) channel = &old_->channel;
  if (channel == nullptr) return DropReason::kUnknownSession;
  const auto opened = channel->open(*envelope, plaintext_);
  if (!opened) return opened.error();

  ElementReader reader(opened->elements);
  while (const auto element = reader.next()) act_on(now, *element, *channel);
  if (const auto problem = reader.problem()) return *problem;
  return Received{.elements = opened->elements, .sealed = true};
}

void ClientLink::receive_welcome(const Element& element) {
  const auto welcome = Welcome::parse(element.body);
  if (!welcome || welcome->ssrc != ssrc_) return;
  if (welcome->revision == revision_) membership_told_ = true;
  if (joined_) return;
  joined_ = true;
  welcomed_ = true;
  leave_old_ = false;
  obstacle_ = Obstacle::kNone;
  welcome_ = *welcome;
  members_ = welcome->members;
}

void ClientLink::receive_turned_away(TimePoint now, const Element& element) {
  const auto turned_away = TurnedAway::parse(element.body);
  if (!turned_away || turned_away->ssrc != ssrc_) return;
  if (turned_away->reason == TurnedAway::Reason::kNameTaken && turned_away->revision == revision_) {
    if (!joined_) next_join_ = now + kNameTakenRetry;
    if (std::exchange(membership_told_, true)) return;  // and said so already
    if (!joined_) obstacle_ = Obstacle::kNameTaken;
    name_taken_ = true;
    return;
  }
  if (joined_) return;
  if (turned_away->reason == TurnedAway::Reason::kRoomFull) obstacle_ = Obstacle::kRoomFull;
  if (turned_away->reason == TurnedAway::Reason::kSsrcTaken &&
      (!leave_old_ || join_tries_ >= kPatienceWithSsrc))
    ssrc_taken_ = true;
}

void ClientLink::act_on(TimePoint now, const Element& element, SealedChannel& channel) {
  // What the relay says of a membership in an old session says nothing of the one that counts.
  const bool current = &channel == &*channel_;
  if (element.type == ElementType::kWelcome) {
    if (current) receive_welcome(element);
  } else if (element.type == ElementType::kTurnedAway) {
    if (current) receive_turned_away(now, element);
  } else if (element.type == ElementType::kPathChallenge) {
    const auto challenge = PingElement::parse(element.body);
    if (!challenge) return;
    std::array<std::byte, Element::kHeaderBytes + PingElement::kBytes> bytes{};
    ByteWriter writer(bytes);
    CHECK(challenge->serialize(writer, ElementType::kPathResponse));
    send_in(channel, writer.written());
  } else if (element.type == ElementType::kRekeyed) {
    if (!rekey_ || element.body.size() != Reply::kNoiseBytes) return;
    NoiseReply reply;
    std::ranges::copy(element.body, reply.begin());
    if (const auto established = rekey_->initiator.finish(reply)) {
      ++rekeys_;
      start_session(now, *established);
      // The relay changes over at the first envelope: a listener sends none by itself.
      std::array<std::byte, Element::kHeaderBytes> padding{};
      send(padding);
    }
  } else if (element.type == ElementType::kPong) {
    const auto pong = Pong::parse(element.body);
    if (!pong || !current) return;
    members_ = pong->members;
    // Not even we: a Goodbye or a Join of ours came out of order.
    if (members_ == 0 && joined_) {
      joined_ = false;
      join_tries_ = 0;
      next_join_ = now;
    }
  } else if (element.type == ElementType::kGoodbye) {
    if (current) relay_left_ = true;  // it stops, and perhaps begins again
  }
}

}  // namespace hubbub::session
