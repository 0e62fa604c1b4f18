// A sealed relay driven by the fuzzer: strangers' datagrams, members' envelopes with anything inside, time,
// expiry, partial and failed sends. After each step the books balance and every limit holds; what a member
// sent reaches members of its room alone.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "codec/session/handshake.h"
#include "codec/session/hello_keys.h"
#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/sealed_object.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/voice_elements.h"
#include "relay/core/sealed_relay.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/fuzz_random.h"

namespace {

using namespace hubbub;
using namespace hubbub::relay;

constexpr std::size_t kPeers = 6;
constexpr std::uint32_t kSsrcsOfARoom = 16;  // an SSRC tells its room, whoever has it
constexpr std::size_t kMaxMembers = 3;
constexpr std::size_t kMaxWaiting = kVoiceQueueDatagrams + kDataQueueDatagrams;
constexpr std::size_t kMaxAnswers = 1'024;
const IpAddress kOurs = IpAddress::v4(192, 0, 2, 1);

struct Peer {
  std::optional<session::SealedChannel> channel;
  std::optional<std::uint32_t> room;  // as the relay last said
  std::uint32_t ssrc = 0;
  std::uint32_t ctr = SealedFrame::kLeast;
  std::uint64_t challenge = 0;
  std::uint32_t next_text = 0;
  int joins_unanswered = 0;
  bool used = true;  // by this input, or the one before
};

Endpoint home(std::size_t peer, bool away = false) {
  return {IpAddress::v4(10, away ? 1 : 0, 0, static_cast<std::uint8_t>(peer)), 40'000};
}

// The relay with its sessions, which one input leaves to the next: Diffie-Hellman is dear. An input begins
// with everybody in the room they began in, and nothing waiting.
class World {
 public:
  World() {
    for (std::size_t i = 0; i < kPeers; ++i) enter(i);
  }

  void begin() {
    now_ += 10s;
    relay_.expire(now_ - 10s);
    drain();
    for (std::size_t i = 0; i < kPeers; ++i) {
      Peer& peer = peers_[i];
      if (!relay_knows(i)) enter(i);
      if (!std::exchange(peer.used, false)) continue;
      peer.ctr = SealedFrame::kLeast + 1'000;
      peer.joins_unanswered = 0;
      // Under another SSRC and back: so its stream begins anew.
      for (const std::size_t ssrc : {std::size_t{14}, i}) {
        join(i, static_cast<std::uint32_t>(ssrc + (i % 3) * kSsrcsOfARoom), false);
        drain();
      }
    }
  }

  void run(FuzzInput& input) {
    for (int step = 0; step < 300 && !input.empty(); ++step) {
      act(input);
      check();
    }
    drain();
    check();
  }

 private:
  bool relay_knows(std::size_t i) {
    const std::uint64_t before = relay_.books().envelopes;
    if (!peers_[i].channel) return false;
    send(i, {}, false);
    return relay_.books().envelopes > before;
  }

  void enter(std::size_t i) {
    session::Initiator noise(options_.door.keys.public_key, {}, {}, random_);
    Hello hello;
    hello.noise = noise.hello();
    for (int turn = 0; turn < 2; ++turn) {
      std::array<std::byte, Hello::kBytes> bytes{};
      hello.serialize(bytes);
      keys_.sign(bytes);
      answer_.clear();
      now_ += 1s;
      relay_.receive(now_, home(i), kOurs, bytes, false);
      drain();
      if (const auto retry = Retry::parse(answer_)) hello.cookie = retry->cookie;
    }
    const auto reply = Reply::parse(answer_);
    if (!reply) return;  // the relay is full of strangers
    const auto established = noise.finish(reply->noise);
    CHECK(established.has_value());
    peers_[i] = {};
    peers_[i].channel.emplace(established->grant.session_id, established->keys, seal::Role::kInitiator);
  }

  void send(std::size_t i, std::span<const std::byte> elements, bool away) {
    if (!peers_[i].channel) return;
    std::array<std::byte, kMaxSealedDatagramBytes> datagram{};
    const std::size_t size = peers_[i].channel->seal(elements, datagram);
    relay_.receive(now_, home(i, away), kOurs, std::span(datagram).first(size), false);
  }

  void join(std::size_t i, std::uint32_t ssrc, bool away) {
    Join join;
    join.room_id.fill(static_cast<std::byte>(ssrc / kSsrcsOfARoom));
    join.ssrc = ssrc;
    std::array<std::byte, 64> bytes{};
    ByteWriter writer(bytes);
    CHECK(join.serialize(writer));
    send(i, writer.written(), away);
    ++peers_[i].joins_unanswered;
    peers_[i].next_text = 0;
  }
  // The same member under another name, with another presence.
  void rename(FuzzInput& input, std::size_t i) {
    Join join;
    join.room_id.fill(static_cast<std::byte>(peers_[i].ssrc / kSsrcsOfARoom));
    join.ssrc = peers_[i].ssrc;
    join.revision = input.byte();
    join.name_tag.fill(std::byte(input.byte() % 4));
    join.owner.fill(std::byte(input.byte() % 4));
    join.presence = input.bytes(input.byte());
    std::array<std::byte, 400> bytes{};
    ByteWriter writer(bytes);
    CHECK(join.serialize(writer));
    send(i, writer.written(), false);
    ++peers_[i].joins_unanswered;
  }

  void act(FuzzInput& input) {
    const std::uint8_t choice = input.byte();
    const std::size_t who = input.byte() % kPeers;
    peers_[who].used = true;
    const bool away = (choice & 0x80U) != 0;
    switch (choice % 16) {
      case 0:
        now_ += std::chrono::milliseconds(input.byte()) * (away ? 40 : 1);
        break;
      case 1:
        relay_.expire(now_);
        break;
      case 2:
      case 3:
        settle(input, away);
        break;
      case 4:
        stranger(input);
        break;
      case 5:
        join(who, input.byte() % (4 * kSsrcsOfARoom), away);
        break;
      case 6:
        send_frames(input, who, away);
        break;
      case 7:
        respond_to_challenge(who, away);
        break;
      case 8:
        for (std::size_t i = input.below(300); i > 0; --i) send_text(input, who);
        break;
      case 9:
        send_object(who, static_cast<ElementType>(0x20 + input.byte() % 2), input.bytes(input.byte()));
        break;
      case 10:
        if (input.byte() % 8 == 0) {
          constexpr std::array kGoodbye = {std::byte{0x17}, std::byte{0}, std::byte{1}, std::byte{0}};
          send(who, kGoodbye, away);
        }
        break;
      case 11:
        nack(input, who);
        break;
      case 12:
        ask(input, who);
        break;
      case 13:
        rename(input, who);
        break;
      default:
        // Any elements at all, well sealed.
        send(who, input.bytes(input.word() % Envelope::kMaxPlaintextBytes), away);
        break;
    }
  }

  void stranger(FuzzInput& input) {
    std::vector<std::byte> datagram(input.word() % 1'300);
    std::ranges::copy(input.bytes(datagram.size()), datagram.begin());
    const std::uint8_t how = input.byte();
    if (how % 4 == 0 && datagram.size() >= Hello::kBytes) {
      datagram.resize(Hello::kBytes);
      datagram[0] = std::byte{how % 8 == 0 ? std::uint8_t{1} : std::uint8_t{5}};
      keys_.sign(std::span<std::byte, Hello::kBytes>(datagram));
    }
    const Endpoint from = {IpAddress::v4(how % 16 == 1 ? 224 : 11, 0, 0, how), 40'000};
    relay_.receive(now_, from, kOurs, datagram, how == 255);
  }

  // A frame of the member's own, well-formed; sometimes with a sibling or a repair symbol beside it.
  void send_frames(FuzzInput& input, std::size_t who, bool away) {
    Peer& peer = peers_[who];
    std::array<std::byte, Envelope::kMaxPlaintextBytes> bytes{};
    ByteWriter writer(bytes);
    for (int count = 1 + input.byte() % 4; count > 0; --count) {
      peer.ctr += input.byte() % 8;
      const std::uint32_t ctr = peer.ctr - (input.byte() % 4 == 0 ? input.byte() : 0U);
      std::array<std::byte, SealedFrame::kOverheadBytes + 16> frame{};
      ByteWriter frame_writer(frame);
      SealedFrame::serialize_headers(
          {.sequence = {static_cast<std::uint16_t>(ctr)}, .timestamp = {960 * ctr}, .ssrc = peer.ssrc},
          SealedFrame::kLeast + input.byte() % 2, ctr, frame_writer);
      FrameElement{.level = {}, .frame = frame}.serialize(writer);
      if (input.byte() % 2 == 0) {
        Sibling{.distance = static_cast<std::uint8_t>(1 + input.byte() % 127),
                .sealed = std::span(frame).last(26)}
            .serialize(writer);
      }
      if (input.byte() % 2 == 0) {
        std::array<std::byte, SealedFrame::kSymbolHeaderBytes + 26> symbol{};
        symbol[0] = std::byte{input.byte()};
        RepairSymbol{.ssrc = peer.ssrc,
                     .kid = SealedFrame::kLeast,
                     .repair_key = input.byte(),
                     .window = static_cast<std::uint16_t>(1 + input.byte() % 32),
                     .first = ctr - input.byte() % 64,
                     .symbol = symbol}
            .serialize(writer);
      }
    }
    send(who, writer.written(), away);
  }

  void send_object(std::size_t who, ElementType type, std::span<const std::byte> rest) {
    std::array<std::byte, 512> body{};
    ByteWriter writer(body);
    if (type == ElementType::kAsk) writer.u32(peers_[(who + 1) % kPeers].ssrc);
    if (type == ElementType::kEcho) {
      writer.u8(2);
      for (const std::size_t i : {who + 1, who + 3}) writer.u32(peers_[i % kPeers].ssrc);
    }
    writer.u32(peers_[who].ssrc);
    writer.u64(0);
    writer.u64(0);
    writer.bytes(rest);
    std::array<std::byte, 600> bytes{};
    ByteWriter element(bytes);
    CHECK(write_element(element, type, writer.written()));
    send(who, element.written(), false);
  }

  // A message whose object says, to who can tell, which member's it is.
  void send_text(FuzzInput& input, std::size_t who) {
    Peer& peer = peers_[who];
    std::array<std::byte, 600> object{};
    ByteWriter object_writer(object);
    object_writer.u32(peer.ssrc);
    // Who does not know yet where the last Join led says nothing that can be told.
    object_writer.u64(peer.joins_unanswered == 0 ? mark_of(peer.ssrc) : 0);
    const std::uint8_t how = input.byte();
    TextElement text;
    text.sequence = how % 8 == 0 ? input.byte() : peer.next_text++;
    text.floor = how % 16 == 1 ? text.sequence : 0;
    ByteWriter id(text.id);
    id.u32(how % 8 == 2 ? input.byte() : ++messages_);
    id.u32(peer.ssrc);
    text.object = std::span(object).first(15 + 2 * static_cast<std::size_t>(how));
    std::array<std::byte, 700> bytes{};
    ByteWriter writer(bytes);
    CHECK(text.serialize(writer));
    send(who, writer.written(), false);
  }
  static std::uint64_t mark_of(std::uint32_t ssrc) { return 0x9E37'79B9'7F4A'7C15U * (ssrc + 1); }

  // About the log and the roster, from numbers that are, or are not.
  void ask(FuzzInput& input, std::size_t who) {
    const std::uint8_t how = input.byte();
    std::array<std::byte, 32> bytes{};
    ByteWriter writer(bytes);
    const std::uint64_t after = how % 4 == 0 ? 0 : how % 4 == 1 ? UINT64_MAX : newest_ - input.byte();
    if (how < 128) CHECK((TextAsk{.after = after, .before = input.word()}.serialize(writer)));
    if (how >= 128) CHECK((RosterAsk{.after = how % 4 == 2 ? input.word() : after}.serialize(writer)));
    send(who, writer.written(), false);
  }

  void nack(FuzzInput& input, std::size_t who) {
    const Peer& speaker = peers_[input.byte() % kPeers];
    Nack nack{.ssrc = speaker.ssrc, .items = {}};
    for (int i = 1 + input.byte() % 16; i > 0; --i)
      nack.items.push_back(
          {.pid = static_cast<std::uint16_t>(speaker.ctr - input.byte()), .blp = input.word()});
    std::array<std::byte, 128> bytes{};
    ByteWriter writer(bytes);
    CHECK(nack.serialize(writer));
    send(who, writer.written(), false);
  }

  void respond_to_challenge(std::size_t who, bool away) {
    std::array<std::byte, 16> bytes{};
    ByteWriter writer(bytes);
    PingElement{.token = peers_[who].challenge}.serialize(writer, ElementType::kPathResponse);
    send(who, writer.written(), away);
  }

  // --- What comes out

  void settle(FuzzInput& input, bool patiently) {
    do {
      const auto outgoing = relay_.next(now_);
      CHECK(relay_.books_balance());
      if (!outgoing) return;
      CHECK(!outgoing->recipients.empty() && outgoing->recipients.size() <= relay_.unsettled());
      const std::size_t count = outgoing->recipients.size();
      const std::size_t done = patiently ? count : input.below(count + 1);
      for (const Recipient& recipient : outgoing->recipients.first(done)) hear(recipient, outgoing->payload);
      const std::size_t unsent = patiently ? 0 : input.below(done + 1);
      relay_.settle(done, unsent, static_cast<UnsentReason>(input.byte() % kUnsentReasons));
      CHECK(relay_.books_balance());
      if (done == 0) return;
    } while (patiently);
  }
  void drain() {
    FuzzInput nothing(nullptr, 0);
    settle(nothing, true);
  }

  void hear(const Recipient& recipient, std::span<const std::byte> payload) {
    CHECK(!payload.empty() && payload.size() <= kMaxSealedDatagramBytes);
    const auto kind = sealed_kind_of(payload);
    CHECK(kind.has_value());
    const auto address = recipient.to.address.v4_number();
    const std::size_t who = address & 0xFFU;
    if (address >> 24U != 10) {
      CHECK(payload.size() <= kMaxAnswerBytes || *kind == SealedKind::kReply);
      return;
    }
    CHECK(who < kPeers);
    switch (*kind) {
      case SealedKind::kFrame:
        return check_room(peers_[who], SealedFrame::parse(payload)->header.ssrc);
      case SealedKind::kBundle:
        return hear_bundle(peers_[who], payload.subspan(1));
      case SealedKind::kEnvelope:
        return hear_envelope(peers_[who], payload);
      default:
        answer_.assign(payload.begin(), payload.end());
    }
  }

  static void check_room(const Peer& peer, std::uint32_t ssrc) {
    CHECK(peer.room.has_value() && *peer.room == ssrc / kSsrcsOfARoom);
  }
  void hear_entry(const Peer& peer, std::span<const std::byte> body) {
    const auto entry = LogEntryElement::parse(body);
    CHECK(entry.ok());
    newest_ = std::max(newest_, entry->number);
    ByteReader reader(entry->object);
    const std::uint32_t ssrc = reader.u32();
    if (reader.u64() == mark_of(ssrc)) check_room(peer, ssrc);
  }
  void hear_bundle(const Peer& peer, std::span<const std::byte> elements) {
    ElementReader reader(elements);
    while (const auto element = reader.next()) {
      if (element->type == ElementType::kLogEntry) {
        hear_entry(peer, element->body);
        continue;
      }
      std::span<const std::byte> object = element->body;
      if (element->type == ElementType::kAsk) object = Ask::parse(element->body)->object;
      if (element->type == ElementType::kEcho) object = Echo::parse(element->body)->object;
      check_room(peer, SealedObject::parse(object)->ssrc);
    }
    CHECK(!reader.problem());
  }
  void hear_envelope(Peer& peer, std::span<const std::byte> payload) {
    const auto envelope = Envelope::parse(payload);
    CHECK(envelope.ok());
    if (!peer.channel || envelope->session_id != peer.channel->session_id()) return;
    std::array<std::byte, Envelope::kMaxPlaintextBytes> plaintext{};
    const auto opened = peer.channel->open(*envelope, plaintext);
    CHECK(opened.ok());
    ElementReader reader(opened->elements);
    while (const auto element = reader.next()) {
      if (element->type == ElementType::kWelcome) {
        peer.ssrc = Welcome::parse(element->body)->ssrc;
        peer.room = peer.ssrc / kSsrcsOfARoom;
        if (peer.joins_unanswered > 0) --peer.joins_unanswered;
      } else if (element->type == ElementType::kPathChallenge) {
        peer.challenge = PingElement::parse(element->body)->token;
      } else if (element->type == ElementType::kLogEntry) {
        hear_entry(peer, element->body);
      } else if (element->type == ElementType::kTextAck) {
        CHECK(TextAck::parse(element->body).ok());
      } else if (element->type == ElementType::kTextRange) {
        CHECK(TextRange::parse(element->body).ok());
      } else if (element->type == ElementType::kRosterRange) {
        CHECK(RosterRange::parse(element->body).ok());
      } else if (element->type == ElementType::kRosterChange) {
        CHECK(RosterChange::parse(element->body).ok());
      }
    }
    CHECK(!reader.problem());
  }

  void check() const {
    CHECK(relay_.books_balance());
    CHECK(relay_.waiting() <= kMaxWaiting);
    CHECK(relay_.sessions() <= options_.max_sessions);
    CHECK(relay_.members() <= relay_.sessions() && relay_.rooms() <= relay_.members());
    CHECK(relay_.unsettled() <= kMaxAnswers + kMaxMembers);
    CHECK(relay_.log_bytes() <= options_.max_logs_bytes + kPeers * kLogFloorBytes);
    CHECK(relay_.books().members_joined - relay_.books().members_left == relay_.members());
  }

  static SealedOptions make_options(seal::Random& random) {
    SealedOptions options;
    options.door.keys = seal::KeyPair::generate(random);
    options.max_sessions = 16;
    options.max_members = kMaxMembers;
    options.max_logs_bytes = 128U << 10U;
    return options;
  }

  FuzzRandom random_;
  SealedOptions options_ = make_options(random_);
  session::HelloKeys keys_{options_.door.keys.public_key, {}};
  SourcePolicy policy_{true};
  TimePoint now_{1h};
  SealedRelay relay_{options_, policy_, now_, random_};
  std::array<Peer, kPeers> peers_;
  std::uint32_t messages_ = 0;
  std::uint64_t newest_ = 0;       // number that anybody heard of
  std::vector<std::byte> answer_;  // the last that a peer got outside a session
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<World> world;
  static int runs = 0;
  if (runs++ % 1'000 == 0) world = std::make_unique<World>();
  FuzzInput input(data, size);
  world->begin();
  world->run(input);
  return 0;
}
