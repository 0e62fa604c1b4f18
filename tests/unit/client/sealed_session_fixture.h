// A client in a sealed room, before a relay that does as it is told and beside a member whose keys the test
// has.
#pragma once

#include <cmath>

#include <gtest/gtest.h>

#include "codec/session/stream_seal.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/voice_elements.h"
#include "tests/unit/session/raw_message.h"
#include "tests/unit/session/scripted_relay.h"
#include "voiceclient/core/sealed_session.h"

namespace hubbub::client {
using session::element_of;
using session::Heard;
using session::ping_of;

inline constexpr TimePoint kStart{1h};
inline constexpr session::StreamId kBob{.ssrc = 0x0B0B, .kid = 0xB000'0001};

class SealedSessionTest : public testing::Test {
 protected:
  void tick() {
    session_.tick(now_);
    collect();
  }
  void run(Duration duration) {
    for (const TimePoint end = now_ + duration; now_ < end;) {
      now_ += Session::kTick;
      tick();
    }
  }
  void hear(const Bytes& datagram) {
    session_.receive(now_, datagram);
    collect();
  }
  void seal(const Bytes& elements) { hear(relay_.seal(elements)); }
  void bundle(const Bytes& elements) {
    Bytes datagram = bytes_of({0x08});
    datagram.insert(datagram.end(), elements.begin(), elements.end());
    hear(datagram);
  }
  void collect() {
    while (const auto datagram = session_.next_datagram()) {
      if (sealed_kind_of(*datagram) == SealedKind::kHello) {
        hello_ = relay_.read_hello(*datagram);
      } else if (const auto opened = relay_.open(*datagram)) {
        for (const Heard& heard : opened->elements) {
          if (heard.type == ElementType::kJoin) revision_ = Join::parse(heard.body)->revision;
          sent_.push_back(heard);
        }
      }
    }
    while (auto event = session_.next_event()) events_.push_back(std::move(*event));
  }
  std::vector<Bytes> take(ElementType type) {
    std::vector<Bytes> bodies;
    std::erase_if(sent_, [&](const Heard& heard) {
      if (heard.type != type) return false;
      bodies.push_back(heard.body);
      return true;
    });
    return bodies;
  }
  template <class Wanted>
  std::vector<Wanted> take_events() {
    std::vector<Wanted> wanted;
    std::erase_if(events_, [&](const Event& event) {
      if (!std::holds_alternative<Wanted>(event)) return false;
      wanted.push_back(std::get<Wanted>(event));
      return true;
    });
    return wanted;
  }
  std::uint64_t dropped(DropReason reason) const {
    return session_.stats().dropped[static_cast<std::size_t>(reason)];
  }

  void welcome() { seal(element_of(Welcome{.ssrc = session_.ssrc(), .revision = revision_, .members = 2})); }
  void join(std::uint32_t session_id = 11) {
    if (!hello_) tick();
    ASSERT_TRUE(hello_.has_value());
    hear(relay_.reply(*hello_, session_id));
    hello_.reset();
    welcome();
    ASSERT_TRUE(session_.link().joined());
    // Nothing was said before, and nobody is in the roster.
    seal(element_of(TextRange{}));
    seal(element_of(RosterRange{}));
    static_cast<void>(take(ElementType::kJoin));
  }
  // So many frames of 20 ms.
  void speak(int frames) {
    std::vector<float> samples(static_cast<std::size_t>(960 * frames));
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i] = 0.3F * std::sin(0.03F * static_cast<float>(i));
    session_.capture(now_, samples);
    collect();
  }
  std::vector<SealedFrame> take_frames() {
    bodies_ = take(ElementType::kFrame);
    std::vector<SealedFrame> frames;
    for (const Bytes& body : bodies_) {
      const auto element = FrameElement::parse(body);
      EXPECT_TRUE(element.ok());
      const auto frame = SealedFrame::parse(element->frame);
      EXPECT_TRUE(frame.ok());
      if (frame.ok()) frames.push_back(*frame);
    }
    return frames;
  }

  // --- What bob seals
  // The next entry of the log, by bob.
  Bytes text_of_bob(std::string_view name, std::string_view text) {
    const session::MessageId id = next_id();
    const Bytes object =
        session::seal_raw(keys_, bob_, bob_text_, id,
                          {.author = bob_.public_key(), .count = ++bob_count_, .name = name, .text = text});
    return entry(id, object);
  }
  session::MessageId next_id() {
    session::MessageId id{};
    random_.fill(id);
    return id;
  }
  Bytes entry(const session::MessageId& id, const Bytes& object) {
    ++number_;
    return element_of(
        LogEntryElement{.number = number_, .previous = number_ - 1, .id = id, .object = object});
  }
  Bytes ask_of_bob(int mark, std::uint32_t target) {
    std::array<std::byte, 4> metadata{};
    ByteWriter writer(metadata);
    writer.u32(target);
    LiveNonce nonce;
    nonce.fill(static_cast<std::byte>(mark));
    Bytes out(100);
    return element_of(Ask{.target = target, .object = bob_ask_.seal(metadata, nonce, out)});
  }
  static SessionOptions options() {
    SessionOptions options;
    options.name = "alice";
    options.format.complexity = 0;
    return options;
  }
  SealedRoom room() const {
    SealedRoom room;
    room.relay_key = relay_.public_key();
    return room;
  }

  session::ScriptedRelay relay_;
  seal::SeededRandom random_{5};
  session::Identity bob_{seal::key_from_hex(std::string(64, 'b'))};
  std::uint32_t bob_count_ = 0;
  std::uint64_t number_ = 0;    // of the newest entry of the log
  std::uint32_t revision_ = 0;  // of the last Join
  SealedSession session_{options(), room(), random_};
  seal::RoomKeys keys_{relay_.public_key(), {}};
  session::ObjectSealer bob_text_{keys_, session::kTextLabel, kBob};
  session::ObjectSealer bob_ask_{keys_, session::kAskLabel, kBob};
  session::ObjectSealer bob_echo_{keys_, session::kEchoLabel, kBob};
  session::FrameSealer bob_voice_{keys_, kBob, SequenceNumber{5}};
  TimePoint now_ = kStart;
  std::optional<Hello> hello_;
  std::vector<Heard> sent_;
  std::vector<Bytes> bodies_;
  std::vector<Event> events_;
};

}  // namespace hubbub::client
