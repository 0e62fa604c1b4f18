#include "voiceclient/core/sealed_session.h"

#include <algorithm>
#include <utility>

#include "codec/seal/base64url.h"
#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/text.h"
#include "codec/wire/voice_elements.h"

namespace hubbub::client {
namespace {

using session::Obstacle;

// A gap in our own ticks so long that the machine slept, or worse: nobody knows what was sent meanwhile.
constexpr Duration kSuspendGap = 5s;
// While the relay is away, a new handshake this often: it may have forgotten us.
constexpr Duration kConnectInterval = 5s;
// Those who ask while an answer is not yet due are answered together.
constexpr Duration kEchoInterval = 20ms;
constexpr std::uint32_t kLastCtr = 0xFFFF'0000;
constexpr std::size_t kMaxAskersWaiting = 256;
constexpr Duration kStallPingInterval = 1s;
constexpr std::size_t kNonceBytes = sizeof(LiveNonce);

// Of the log or the roster.
bool is_chat(ElementType type) {
  return type >= ElementType::kLogEntry && type <= ElementType::kRosterRange;
}

session::LinkOptions link_options(const SealedRoom& room, const seal::RoomKeys& keys) {
  return {.relay_key = room.relay_key,
          .psk = room.psk,
          .unknown_psk = room.unknown_psk,
          .room_id = keys.room_id()};
}

std::string sentence_for(const session::ClientLink& link, const std::string& if_other_key) {
  switch (link.obstacle()) {
    case Obstacle::kOtherKey:
      return "a relay answers there, but with another key than the one expected: " +
             seal::base64url_encode(link.other_key()) + "; " + if_other_key;
    case Obstacle::kVersion:
      return "the relay speaks version " + std::to_string(link.relay_version()) +
             " of the protocol, and this program version " + std::to_string(kSealedVersion) +
             "; bring the older of the two up to date";
    case Obstacle::kToken:
      return "the relay wants an access token, or another one; give it with --access-token-file";
    case Obstacle::kRelayFull:
      return "the relay is full; try again later";
    case Obstacle::kRoomFull:
      return "the room is full; try again later";
    case Obstacle::kBadRelayKey:
      return "the link's relay key is not one that a relay can have; ask for a new link";
    case Obstacle::kNone:
    case Obstacle::kSilence:
    case Obstacle::kNameTaken:  // told apart, with a name that is free
      break;
  }
  return "nothing answers there";
}

}  // namespace

SealedSession::SealedSession(const SessionOptions& options, const SealedRoom& room, seal::Random& random)
    : options_(options),
      if_other_key_(room.if_other_key),
      seal_random_(random),
      random_(random.u64()),
      keys_(room.relay_key, room.room_secret),
      sender_(options.format, random_),
      own_(draw_stream()),
      link_(link_options(room, keys_), own_.id.ssrc, random,
            [this](std::span<const std::byte> datagram) { outgoing_.push(datagram); }),
      watch_(kSealedPingInterval),
      chat_(options, room.identity_seed, keys_, link_, random, events_),
      speakers_(options.playout_delay),
      streams_(keys_, random,
               [this](TimePoint arrived, const RtpPacket& packet) { hear_packet(arrived, packet); }) {
  sender_.set_muted(options.muted);
  streams_.set_own_ssrc(own_.id.ssrc);
  chat_.set_stream({}, own_.id);
}

SealedSession::OwnStream SealedSession::draw_stream() {
  const session::StreamId id{.ssrc = sender_.ssrc(), .kid = session::draw_kid(seal_random_)};
  return {keys_, id, sender_.next_sequence()};
}

void SealedSession::become_someone_new(TimePoint now) {
  sender_.change_identity(random_);
  own_ = draw_stream();
  streams_.set_own_ssrc(own_.id.ssrc);
  sent_frames_.clear();
  link_.change_ssrc(now, own_.id.ssrc);
  chat_.set_stream(now, own_.id);
}

// --- Timers

void SealedSession::tick(TimePoint now) {
  if (last_tick_ && now - *last_tick_ >= kSuspendGap) {
    become_someone_new(now);
    way_changed_ = true;
  }
  // Years away, and still no counter is ever used twice.
  if (own_.voice.next_ctr() >= kLastCtr) become_someone_new(now);
  last_tick_ = now;
  if (std::exchange(way_changed_, false)) {
    // A session outlives its address: a ping shows the relay the new one.
    if (link_.joined()) {
      watch_.restart();
    } else {
      last_connect_ = now;
      link_.connect(now);
    }
  }
  link_.tick(now);
  if (link_.take_ssrc_taken()) become_someone_new(now);
  watch_relay(now);
  chat_.tick(now, watch_.round_trip());
  name_speakers();
  ask_for_life(now);
  answer_askers(now);
  speakers_.tick(now, events_);
  streams_.tick(now);
  authors_.tick(now);
}

void SealedSession::watch_relay(TimePoint now) {
  if (link_.take_welcome()) {
    ever_joined_ = true;
    reported_ = Obstacle::kNone;
    watch_ = RelayWatch(kSealedPingInterval);
    chat_.welcome(now);
    chat_.tick(now, std::nullopt);  // what waited goes at once
  }
  if (link_.take_name_taken()) chat_.name_taken(now);
  if (link_.take_relay_left()) {
    away();
    link_.connect(now);
    last_connect_ = now;
  }
  if (link_.joined()) {
    if (last_voice_ && now - *last_voice_ >= kStallPing && now - *last_voice_ < kStallPingInterval &&
        (!last_stall_ping_ || now - *last_stall_ping_ >= kStallPingInterval)) {
      last_stall_ping_ = now;
      watch_.restart();
    }
    if (const auto token = watch_.ping_due(now, random_)) {
      std::array<std::byte, Element::kHeaderBytes + PingElement::kBytes> bytes{};
      ByteWriter writer(bytes);
      CHECK(PingElement{*token}.serialize(writer));
      chat_.asking();
      link_.send(writer.written());
    }
    if (watch_.update(now)) {
      if (watch_.state() == RelayWatch::State::kHere) {
        state_ = RelayWatch::State::kHere;
        events_.add(RelayHere{watch_.round_trip()});
      } else if (watch_.state() == RelayWatch::State::kAway) {
        away();
      }
    }
  }
  if (state_ == RelayWatch::State::kAway && (!last_connect_ || now - *last_connect_ >= kConnectInterval)) {
    last_connect_ = now;
    if (!link_.rejoining()) link_.connect(now);
  }
  report_obstacle();
}

void SealedSession::away() {
  if (std::exchange(state_, RelayWatch::State::kAway) != RelayWatch::State::kAway) events_.add(RelayAway{});
}

// A new client ends with a sentence; one that was in the room before says it, and goes on trying.
void SealedSession::report_obstacle() {
  const Obstacle obstacle = link_.obstacle();
  if (obstacle == reported_) return;
  reported_ = obstacle;
  if (obstacle == Obstacle::kNone || obstacle == Obstacle::kNameTaken) return;
  if (obstacle == Obstacle::kSilence) {
    away();
  } else if (ever_joined_) {
    away();
    events_.add(Notice{sentence_for(link_, if_other_key_)});
  } else {
    events_.add(Refused{sentence_for(link_, if_other_key_)});
  }
}

void SealedSession::refused() {
  // Of a session that is there, its pings tell.
  if (!link_.joined()) away();
}

// --- Our own voice and text

void SealedSession::capture(TimePoint, std::span<const float> samples) {
  sender_.capture(samples, [&](std::span<const std::byte> packet) { send_voice(packet); });
}

void SealedSession::end_capture(TimePoint) {
  sender_.flush([&](std::span<const std::byte> packet) { send_voice(packet); });
}

void SealedSession::send_voice(std::span<const std::byte> packet) {
  const auto rtp = RtpPacket::parse(packet);
  CHECK(rtp.ok());
  std::array<std::byte, SealedFrame::kMaxBytes> sealed{};
  const auto frame = own_.voice.seal(rtp->header, rtp->payload, sealed);
  std::array<std::byte, Element::kHeaderBytes + 1 + SealedFrame::kMaxBytes> bytes{};
  ByteWriter writer(bytes);
  const FrameElement element{.level = {.voice = true, .minus_dbov = sender_.level_minus_dbov()},
                             .frame = frame};
  CHECK(element.serialize(writer));
  if (!link_.send(writer.written())) return;  // not yet in: nobody could hear it
  if (sent_frames_.size() >= kSentFrames) {
    std::rotate(sent_frames_.begin(), sent_frames_.begin() + 1, sent_frames_.end());
  } else {
    sent_frames_.emplace_back();
  }
  sent_frames_.back().sequence = rtp->header.sequence.value;
  sent_frames_.back().element.assign(writer.written().begin(), writer.written().end());
}

void SealedSession::set_muted(TimePoint now, bool muted) {
  sender_.set_muted(muted);
  chat_.set_muted(now, muted);
}

std::optional<DropReason> SealedSession::say(TimePoint now, std::string_view typed) {
  return chat_.say(now, session::Message::Kind::kSaid, typed);
}

std::optional<DropReason> SealedSession::act(TimePoint now, std::string_view typed) {
  return chat_.say(now, session::Message::Kind::kAction, typed);
}

std::optional<std::string> SealedSession::tell(TimePoint now, std::string_view name, std::string_view typed) {
  return chat_.tell(now, name, typed);
}

std::optional<std::string> SealedSession::set_name(TimePoint now, const std::string& name) {
  chat_.set_name(now, name);
  return std::nullopt;
}

void SealedSession::leave(TimePoint) {
  link_.leave();
}

void SealedSession::answer_nack(const Element& element) {
  const auto nack = Nack::parse(element.body);
  if (!nack) return drop(nack.error());
  if (nack->ssrc != own_.id.ssrc) return drop(DropReason::kForeignSsrc);
  for (const Nack::Item& item : nack->items) {
    for (const SentFrame& frame : sent_frames_) {
      const int distance = SequenceNumber{frame.sequence} - SequenceNumber{item.pid};
      const bool wanted = distance == 0 || (distance > 0 && distance <= 16 &&
                                            (item.blp & (1U << static_cast<unsigned>(distance - 1))) != 0);
      if (wanted) link_.send(frame.element);
    }
  }
}

// --- What comes

void SealedSession::receive(TimePoint now, std::span<const std::byte> datagram) {
  ++stats_.datagrams_received;
  if (sealed_kind_of(datagram) == SealedKind::kFrame) {
    receive_frame(now, datagram);
  } else {
    const auto received = link_.receive(now, datagram);
    if (!received) return drop(received.error());
    receive_elements(now, received->elements, received->sealed);
    if (link_.take_ssrc_taken()) become_someone_new(now);
    watch_relay(now);
  }
  ask_for_life(now);
}

void SealedSession::receive_frame(TimePoint now, std::span<const std::byte> frame) {
  const auto problem = streams_.receive(now, frame);
  drop(problem);
  if (problem) return;
  last_voice_ = now;
  // A frame that opens came through the relay: the way is good.
  watch_.heard(now);
}

void SealedSession::hear_packet(TimePoint arrived, const RtpPacket& packet) {
  if (chat_.company().ignores(packet.header.ssrc)) return;
  drop(speakers_.put(arrived, packet, events_));
  if (!tap_) return;
  std::array<std::byte, RtpHeader::kBytes + SealedFrame::kMaxOpusBytes> datagram{};
  ByteWriter writer(datagram);
  packet.header.serialize(writer);
  writer.bytes(packet.payload);
  tap_(arrived, writer.written());
}

void SealedSession::receive_elements(TimePoint now, std::span<const std::byte> elements, bool sealed) {
  ElementReader reader(elements);
  std::span<const std::byte> last_frame;
  bool chat = false;
  while (const auto element = reader.next()) {
    receive_element(now, *element, sealed, last_frame);
    chat = chat || is_chat(element->type);
  }
  drop(reader.problem());
  // What is missing is asked for at once, not at the next tick; but not before the datagram is through, which
  // may bring it.
  if (chat) chat_.tick(now, watch_.round_trip());
}

void SealedSession::receive_element(TimePoint now, const Element& element, bool sealed,
                                    std::span<const std::byte>& last_frame) {
  switch (element.type) {
    case ElementType::kFrame: {
      const auto frame = FrameElement::parse(element.body);
      if (!frame) return drop(frame.error());
      last_frame = frame->frame;
      return receive_frame(now, last_frame);
    }
    case ElementType::kSibling: {
      const auto sibling = Sibling::parse(element.body);
      if (!sibling) return drop(sibling.error());
      return drop(streams_.receive_sibling(now, *sibling, last_frame));
    }
    case ElementType::kRepair: {
      const auto symbol = RepairSymbol::parse(element.body);
      if (!symbol) return drop(symbol.error());
      return drop(streams_.receive_repair(now, *symbol));
    }
    case ElementType::kAsk:
      return receive_ask(now, element);
    case ElementType::kEcho:
      return receive_echo(now, element);
    case ElementType::kLogEntry:
      return receive_chat(now, element, sealed);
    default:
      break;
  }
  // The rest counts only where the relay itself sealed it.
  if (!sealed) return;
  if (element.type == ElementType::kPong) {
    const auto pong = Pong::parse(element.body);
    if (pong && watch_.pong(now, pong->token)) chat_.pong(now, *pong);
  } else if (is_chat(element.type)) {
    receive_chat(now, element, true);
  } else if (element.type == ElementType::kNack) {
    answer_nack(element);
  } else if (element.type == ElementType::kReport) {
    const auto report = Report::parse(element.body);
    if (report && report->ssrc == own_.id.ssrc) own_report_ = *report;
  }
}

void SealedSession::receive_chat(TimePoint now, const Element& element, bool sealed) {
  drop(chat_.receive(now, element, sealed));
  while (const auto refusal = chat_.next_refusal()) drop(*refusal);
  name_speakers();
  if (sealed) watch_.heard(now);
}

// A name that its owner signed stands above one that an Echo gave.
void SealedSession::name_speakers() {
  if (std::exchange(named_version_, chat_.company().roster().version()) == chat_.company().roster().version())
    return;
  for (const auto& [ssrc, presence] : chat_.company().roster().members()) {
    if (!presence.name.empty() && speakers_.knows(ssrc)) speakers_.rename(ssrc, presence.name);
  }
}

// --- Signs of life

void SealedSession::ask_for_life(TimePoint now) {
  if (!link_.joined()) return;
  while (const auto question = streams_.next_question(now)) {
    std::array<std::byte, 4> target{};
    ByteWriter target_writer(target);
    target_writer.u32(question->ssrc);
    std::array<std::byte, 128> object{};
    Ask ask;
    ask.target = question->ssrc;
    ask.object = own_.ask.seal(target, question->nonce, object);
    std::array<std::byte, 160> bytes{};
    ByteWriter writer(bytes);
    CHECK(ask.serialize(writer));
    link_.send(writer.written());
  }
}

void SealedSession::receive_ask(TimePoint now, const Element& element) {
  const auto ask = Ask::parse(element.body);
  if (!ask) return drop(ask.error());
  if (ask->target != own_.id.ssrc) return drop(DropReason::kForeignSsrc);
  std::array<std::byte, kMaxSealedDatagramBytes> plaintext{};
  const auto opened =
      session::open_object(keys_, session::kAskLabel, ask->object, element.body.first(4), plaintext);
  if (!opened) return drop(opened.error());
  if (opened->plaintext.size() != kNonceBytes) return drop(DropReason::kBadElement);
  if (askers_.size() >= kMaxAskersWaiting) return drop(DropReason::kOverloaded);
  Asker asker{.ssrc = opened->stream.ssrc};
  std::ranges::copy(opened->plaintext, asker.nonce.begin());
  askers_.push_back(asker);
  answer_askers(now);
}

void SealedSession::answer_askers(TimePoint now) {
  if (last_echo_ && now - *last_echo_ < kEchoInterval) return;
  while (!askers_.empty()) {
    last_echo_ = now;
    Echo echo;
    echo.asker_count = std::min(askers_.size(), Echo::kMaxAskers);
    std::array<std::byte, 4 + 4 + 1 + kMaxNameBytes + 1 + Echo::kMaxAskers * kNonceBytes> plaintext{};
    ByteWriter plain(plaintext);
    plain.u32(own_.id.kid);
    plain.u32(own_.voice.next_ctr() - 1);
    plain.u8(static_cast<std::uint8_t>(name().size()));
    plain.text(name());
    plain.u8(static_cast<std::uint8_t>(echo.asker_count));
    for (std::size_t i = 0; i < echo.asker_count; ++i) {
      echo.askers[i] = askers_.front().ssrc;
      plain.bytes(askers_.front().nonce);
      askers_.pop_front();
    }
    CHECK(plain.ok());
    std::array<std::byte, Envelope::kMaxPlaintextBytes> object{};
    echo.object = own_.echo.seal({}, plain.written(), object);
    std::array<std::byte, Envelope::kMaxPlaintextBytes> bytes{};
    ByteWriter writer(bytes);
    CHECK(echo.serialize(writer));
    link_.send(writer.written());
  }
}

void SealedSession::receive_echo(TimePoint now, const Element& element) {
  const auto echo = Echo::parse(element.body);
  if (!echo) return drop(echo.error());
  std::array<std::byte, kMaxSealedDatagramBytes> plaintext{};
  const auto opened = session::open_object(keys_, session::kEchoLabel, echo->object, {}, plaintext);
  if (!opened) return drop(opened.error());
  ByteReader reader(opened->plaintext);
  const std::uint32_t kid = reader.u32();
  const std::uint32_t ctr = reader.u32();
  const auto name = reader.bytes(reader.u8());
  std::vector<LiveNonce> nonces(reader.u8());
  for (LiveNonce& nonce : nonces) {
    const auto bytes = reader.bytes(nonce.size());
    std::ranges::copy(bytes, nonce.begin());
  }
  if (!reader.finish() || kid != opened->stream.kid) return drop(DropReason::kBadElement);
  if (!streams_.answers(now, opened->stream, nonces)) return;
  // The name first, so that it stands beside the first word.
  const auto* presence = chat_.company().presence_of(opened->stream.ssrc);
  const auto checked = presence != nullptr && !presence->name.empty()
                           ? std::optional(presence->name)
                           : checked_name(printable(as_text(name)));
  if (checked && speakers_.admit(now, opened->stream.ssrc, events_))
    speakers_.rename(opened->stream.ssrc, *checked);
  streams_.prove(now, opened->stream, ctr);
}

// --- Out

std::optional<std::span<const std::byte>> SealedSession::next_datagram() {
  const auto datagram = outgoing_.pop();
  if (datagram) ++stats_.datagrams_sent;
  return datagram;
}

// People, where we know them all; else sessions, by the relay's count.
std::uint32_t SealedSession::member_count() const {
  const std::size_t people = chat_.company().roster().complete() ? chat_.company().members().size() : 0;
  return people > 0 ? static_cast<std::uint32_t>(people) : link_.members();
}

SessionStats SealedSession::stats() const {
  SessionStats stats = stats_;
  stats.texts_sent = chat_.texts_sent();
  stats.texts_received = chat_.texts_received();
  stats.voice_packets_sent = sender_.packets_sent();
  stats.voice_bytes_sent = sender_.payload_bytes_sent();
  return stats;
}

}  // namespace hubbub::client
