#include "tools/bench/text_crowd.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/text.h"
#include "relay/net/clock.h"
#include "tools/bench/load.h"

namespace hubbub::bench {
namespace {

constexpr std::uint32_t kFirstTextSsrc = 0x7E87'0000;
// Each member's timers run this often, a few members at a time, so that a room does not ping in step.
constexpr Duration kTick = 50ms;
// Longer than a roster's tick: what it had to tell is told.
constexpr Duration kSettled = 3 * kRosterTick;

seal::Key seed_from(seal::Random& random) {
  return random.secret<32>();
}

}  // namespace

// --- What is written

Author::Author(const seal::RoomKeys& keys)
    : keys_(keys),
      identity_(seed_from(random_)),
      sealer_(keys, session::kTextLabel, {.ssrc = random_.u32(), .kid = session::draw_kid(random_)}),
      run_(random_.u64()) {}

Author::Sealed Author::write() {
  session::Message message;
  message.author = identity_.public_key();
  message.sent_unix_ms = net::unix_ms();
  message.name = "author";
  message.text = std::string(kTextCharacters, 'x');
  message.run = run_;
  message.count = ++count_;
  Sealed sealed;
  random_.fill(sealed.id);
  sealed.object = seal_message(keys_, identity_, sealer_, sealed.id, message);
  return sealed;
}

// --- A member

void TextMember::show(const seal::RoomKeys& keys, std::uint32_t ssrc, seal::Random& random) {
  const session::Identity identity(seed_from(random));
  session::Presence presence;
  presence.stream = {.ssrc = ssrc, .kid = session::draw_kid(random)};
  presence.since_unix_ms = net::unix_ms();
  presence.name = "member " + std::to_string(ssrc - kFirstTextSsrc);
  session::ObjectSealer sealer(keys, session::kPresenceLabel, presence.stream);
  link_.set_membership(net::now(), {.name_tag = keys.name_tag(folded_name(presence.name)),
                                    .owner = identity.owner_tag(keys.room_id()),
                                    .presence = seal_presence(keys, identity, sealer, presence)});
}

void TextMember::say(TimePoint now, const session::MessageId& id, std::vector<std::byte> object) {
  outbox_.add(now, id, std::move(object));
  ++tally_.said;
  send_due(now);
}

void TextMember::receive(TimePoint now, std::span<const std::byte> datagram) {
  const auto received = link_.receive(now, datagram);
  if (!received) return;
  if (link_.take_welcome()) {
    outbox_.welcome(now, link_.welcome());
    log_.welcome(now, link_.welcome());
  }
  ElementReader reader(received->elements);
  bool roster = false;
  while (const auto element = reader.next()) {
    roster = roster || element->type == ElementType::kRosterChange;
    act_on(now, *element, received->sealed);
  }
  tally_.roster_datagrams += roster ? 1U : 0U;
  while (log_.next()) ++tally_.given_out;
  send_due(now);
}

void TextMember::act_on(TimePoint now, const Element& element, bool sealed) {
  if (element.type == ElementType::kLogEntry) {
    const auto entry = LogEntryElement::parse(element.body);
    if (!entry) return;
    ++(sealed ? tally_.asked_for : tally_.live);
    log_.put(now, *entry, sealed);
  } else if (element.type == ElementType::kTextAck && sealed) {
    const auto ack = TextAck::parse(element.body);
    const auto* item = ack ? outbox_.acknowledge(now, *ack) : nullptr;
    if (item == nullptr) return;
    log_.put(now, {.number = ack->number, .previous = ack->previous, .id = item->id, .object = item->object},
             true);
  } else if (element.type == ElementType::kTextRange && sealed) {
    if (const auto range = TextRange::parse(element.body)) log_.range(now, *range);
  } else if (element.type == ElementType::kPong && sealed) {
    const auto pong = Pong::parse(element.body);
    if (pong && watch_.pong(now, pong->token)) log_.announce(now, pong->newest_text, known_at_ping_);
  }
}

void TextMember::send_due(TimePoint now) {
  if (!link_.joined()) return;
  outbox_.send_due(now, watch_.round_trip(),
                   [this](std::span<const std::byte> elements) { link_.send(elements); });
  if (const auto ask = log_.ask_due(now)) {
    std::array<std::byte, Element::kHeaderBytes + TextAsk::kBytes> bytes{};
    ByteWriter writer(bytes);
    CHECK(ask->serialize(writer));
    link_.send(writer.written());
    ++tally_.asks;
  }
}

void TextMember::tick(TimePoint now) {
  link_.tick(now);
  if (!link_.joined()) return;
  if (const auto token = watch_.ping_due(now, tokens_)) {
    std::array<std::byte, Element::kHeaderBytes + PingElement::kBytes> bytes{};
    ByteWriter writer(bytes);
    CHECK(PingElement{*token}.serialize(writer));
    known_at_ping_ = log_.known();
    link_.send(writer.written());
  }
  send_due(now);
}

// --- All of them

TextCrowd::TextCrowd(Crowd& crowd, std::uint16_t relay_port, const seal::Invite& invite, Presence presence)
    : crowd_(crowd),
      relay_port_(relay_port),
      keys_(*invite.relay_key, *invite.room_secret),
      options_{.relay_key = *invite.relay_key, .psk = {}, .unknown_psk = {}, .room_id = keys_.room_id()},
      presence_(presence),
      ticked_at_(net::now()) {}

void TextCrowd::join(std::size_t members) {
  std::size_t in = members_.size();
  TimePoint deadline = net::now() + kJoinPatience;
  while (in < members) {
    const TimePoint now = net::now();
    while (members_.size() < std::min(members, in + kJoiningAtOnce)) {
      const std::size_t peer = members_.size();
      const std::uint32_t ssrc = kFirstTextSsrc + static_cast<std::uint32_t>(peer);
      members_.emplace_back(options_, ssrc, random_, [this, peer](std::span<const std::byte> datagram) {
        up_.add(datagram.size());
        crowd_.send(peer, relay_port_, datagram);
      });
      if (presence_ == Presence::kShown) members_.back().show(keys_, ssrc, random_);
      members_.back().connect(now);
    }
    turn(now);
    for (; in < members_.size() && members_[in].joined(); ++in) deadline = now + kJoinPatience;
    if (now >= deadline)
      throw std::runtime_error("of " + std::to_string(members) + " members only " + std::to_string(in) +
                               " are in the relay's sealed room");
  }
}

bool TextCrowd::turn(TimePoint now) {
  const auto copies = crowd_.receive();
  for (const Crowd::Copy& copy : copies) {
    if (copy.peer >= members_.size()) continue;
    down_.add(copy.bytes.size());
    members_[copy.peer].receive(now, copy.bytes);
  }
  // As many members as the time since the last turn is worth.
  const Duration each = kTick / static_cast<int>(std::max<std::size_t>(1, members_.size()));
  ticked_at_ = std::max(ticked_at_, now - kTick);
  for (; !members_.empty() && ticked_at_ + each <= now; ticked_at_ += each)
    members_[next_tick_++ % members_.size()].tick(now);
  return !copies.empty();
}

void TextCrowd::settle() {
  std::uint64_t heard = 0;
  for (TimePoint quiet_since = net::now(); net::now() - quiet_since < kSettled;) {
    if (!turn(net::now())) std::this_thread::sleep_for(1ms);
    const TextMember::Tally all = total();
    const std::uint64_t now_heard = all.roster_datagrams + all.live + all.asked_for;
    if (std::exchange(heard, now_heard) != now_heard) quiet_since = net::now();
  }
}

TextMember::Tally TextCrowd::total() const {
  TextMember::Tally sum;
  for (const TextMember& member : members_) {
    const TextMember::Tally& tally = member.tally();
    sum.said += tally.said;
    sum.given_out += tally.given_out;
    sum.live += tally.live;
    sum.asked_for += tally.asked_for;
    sum.asks += tally.asks;
    sum.roster_datagrams += tally.roster_datagrams;
  }
  return sum;
}

}  // namespace hubbub::bench
