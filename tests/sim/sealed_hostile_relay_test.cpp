// What a relay that is itself hostile, or whoever reads along, can do to the members of a sealed room:
// nothing but withhold, delay and reorder.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>

#include <gtest/gtest.h>

#include "codec/seal/random.h"
#include "codec/session/handshake.h"
#include "codec/session/sealed_channel.h"
#include "codec/session/stream_seal.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/voice_elements.h"
#include "tests/sim/attack_bench.h"
#include "tests/sim/sealed_world.h"
#include "tools/impair/random.h"

namespace hubbub::sim {
namespace {

std::size_t add_person(SealedWorld& world, const std::string& name, bool speaks) {
  SealedClientOptions options;
  options.name = name;
  options.speaks = speaks;
  options.up.delay = options.down.delay = 20ms;
  return world.add(options);
}

std::uint64_t dropped(SealedWorld& world, std::size_t client) {
  const auto reasons = world.session(client).stats().dropped;
  return std::accumulate(reasons.begin(), reasons.end(), std::uint64_t{0});
}

std::uint64_t dropped(SealedWorld& world, std::size_t client, DropReason reason) {
  return world.session(client).stats().dropped[static_cast<std::size_t>(reason)];
}

Bytes bundle(ElementType type, std::span<const std::byte> body) {
  std::array<std::byte, kMaxSealedDatagramBytes> bytes{};
  ByteWriter writer(bytes);
  writer.u8(static_cast<std::uint8_t>(SealedKind::kBundle));
  EXPECT_TRUE(write_element(writer, type, body));
  return {writer.written().begin(), writer.written().end()};
}

template <class Message>
Bytes bundle_of(const Message& message) {
  std::array<std::byte, kMaxSealedDatagramBytes> bytes{};
  ByteWriter writer(bytes);
  writer.u8(static_cast<std::uint8_t>(SealedKind::kBundle));
  EXPECT_TRUE(message.serialize(writer));
  return {writer.written().begin(), writer.written().end()};
}

// --- What is changed

TEST(SealedHostileRelay, AnEchoThatIsChangedAnywhereLetsNobodyBeHeard) {
  SealedWorld world(201);
  add_person(world, "alice", true);
  const auto bob = add_person(world, "bob", false);
  std::size_t at = 0;
  world.set_wire([&](bool to_relay, std::size_t client, std::vector<std::byte>& datagram) {
    if (!to_relay && client == bob && is(datagram, SealedKind::kBundle))
      datagram[1 + at++ % (datagram.size() - 1)] ^= std::byte{0x01};
    return true;
  });
  world.run(30s);
  EXPECT_GT(at, 100U);  // it has asked all the time: every byte of an Echo was changed
  EXPECT_TRUE(world.session(bob).speakers().empty());
  EXPECT_EQ(world.loudness(bob), 0.0);
  EXPECT_GT(dropped(world, bob, DropReason::kBadTag), 60U);
  EXPECT_GT(dropped(world, bob, DropReason::kNotLive), 1'000U);
}

// Before every genuine frame come forgeries of it: every byte changed, and headers of other streams. None is
// heard, and none keeps the genuine one from being heard.
TEST(SealedHostileRelay, AFrameThatIsChangedAnywhereIsNotHeard) {
  SealedWorld world(202);
  const auto alice = add_person(world, "alice", true);
  const auto bob = add_person(world, "bob", true);
  const auto carol = add_person(world, "carol", false);
  std::array<std::vector<std::byte>, 2> newest;
  std::uint64_t forged = 0;
  bool attack = false;
  const auto forge = [&](const std::vector<std::byte>& frame) {
    ++forged;
    world.inject_to_client(carol, frame);
  };
  const auto take = [](std::vector<std::byte> into, const std::vector<std::byte>& from, std::size_t at,
                       std::size_t size) {
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), size,
                into.begin() + static_cast<std::ptrdiff_t>(at));
    return into;
  };
  std::size_t at = 0;
  world.set_wire([&](bool to_relay, std::size_t client, std::vector<std::byte>& datagram) {
    if (!attack || to_relay || client != carol || !is(datagram, SealedKind::kFrame)) return true;
    const auto frame = SealedFrame::parse(datagram);
    EXPECT_TRUE(frame);
    const std::size_t who = frame->header.ssrc == world.session(alice).ssrc() ? 0 : 1;
    newest[who] = datagram;
    for (int i = 0; i < 8; ++i, ++at) {
      auto changed = datagram;
      changed[at / 8 % changed.size()] ^= std::byte{1} << static_cast<int>(at % 8);
      forge(changed);
    }
    const auto& others = newest[1 - who];
    if (others.empty()) return true;
    constexpr std::size_t kSsrcAt = 8;
    constexpr std::size_t kKidAt = 13;
    constexpr std::size_t kCtrAt = 17;
    forge(take(datagram, others, kSsrcAt, 4));
    forge(take(datagram, others, kKidAt, 4));
    forge(take(take(datagram, others, kSsrcAt, 4), others, kKidAt, 4));
    forge(take(datagram, others, 0, SealedFrame::kHeaderBytes));
    forge(take(datagram, others, SealedFrame::kHeaderBytes, datagram.size() - SealedFrame::kHeaderBytes));
    forge(take(take(datagram, others, 2, 2), others, kCtrAt, 4));
    return true;
  });
  world.run(3s);
  const auto begun = dropped(world, carol);
  attack = true;
  world.run(6s);
  EXPECT_GT(at / 8, newest[0].size());  // every byte was changed
  EXPECT_EQ(dropped(world, carol) - begun, forged);
  ASSERT_EQ(world.session(carol).speakers().size(), 2U);
  for (const auto speaker : {alice, bob}) {
    const auto heard = world.heard(carol, speaker);
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->stats.lost, 0U);
    EXPECT_EQ(heard->stats.duplicates, 0U);
    EXPECT_GE(heard->stats.received, 420U);
  }
}

// --- What is old, or somebody else's

class OldRecording : public testing::Test {
 protected:
  OldRecording() {
    alice_ = add_person(world_, "alice", true);
    bob_ = add_person(world_, "bob", false);
    world_.set_wire([this](bool to_relay, std::size_t client, std::vector<std::byte>& datagram) {
      if (!to_relay && client == bob_ && is(datagram, SealedKind::kFrame)) frames_.push_back(datagram);
      if (!to_relay && client == bob_ && is(datagram, SealedKind::kBundle)) echoes_.push_back(datagram);
      return true;
    });
    world_.run(5s);
    world_.set_speaking(alice_, false);
    world_.set_wire({});
  }
  // To a newcomer, at the pace at which it was spoken.
  void play_to(std::size_t listener, bool with_echoes) {
    for (std::size_t i = 0; i < frames_.size(); i += 1) {
      world_.inject_to_client(listener, frames_[i]);
      if (with_echoes) {
        for (const auto& echo : echoes_) world_.inject_to_client(listener, echo);
      }
      if (i % 2 == 1) world_.run(40ms);
      loudest_ = std::max(loudest_, world_.loudness(listener));
    }
  }

  SealedWorld world_{203};
  std::size_t alice_ = 0;
  std::size_t bob_ = 0;
  std::vector<std::vector<std::byte>> frames_;
  std::vector<std::vector<std::byte>> echoes_;
  double loudest_ = 0;
};

TEST_F(OldRecording, OfSomebodyWhoLeftIsNotHeard) {
  ASSERT_GT(frames_.size(), 200U);
  ASSERT_FALSE(echoes_.empty());
  world_.session(alice_).leave(world_.now());
  const auto carol = add_person(world_, "carol", false);
  world_.run(1s);
  ASSERT_TRUE(world_.session(carol).link().joined());
  play_to(carol, true);
  EXPECT_TRUE(world_.session(carol).speakers().empty());
  EXPECT_EQ(loudest_, 0.0);
  EXPECT_GE(dropped(world_, carol, DropReason::kNotLive), frames_.size() - 64);
}

TEST_F(OldRecording, OfSomebodyWhoIsHereIsNotHeard) {
  world_.run(3s);
  const auto carol = add_person(world_, "carol", false);
  world_.run(1s);
  // All but the last second: alice answers, and her answer tells where she is.
  frames_.resize(frames_.size() - 50);
  play_to(carol, false);
  EXPECT_EQ(world_.received(carol, alice_), 0U);
  EXPECT_EQ(loudest_, 0.0);
  EXPECT_GE(dropped(world_, carol, DropReason::kNotLive), frames_.size() - 64);
  // And then she speaks.
  world_.set_speaking(alice_, true);
  world_.run(2s);
  EXPECT_GE(world_.received(carol, alice_), 95U);
}

TEST_F(OldRecording, WithAnEchoThatWasHeldBackIsNotHeard) {
  const auto carol = add_person(world_, "carol", false);
  std::vector<std::vector<std::byte>> held;
  world_.set_wire([&](bool to_relay, std::size_t client, std::vector<std::byte>& datagram) {
    if (to_relay || client != carol || is(datagram, SealedKind::kEnvelope) ||
        is(datagram, SealedKind::kRetry) || is(datagram, SealedKind::kReply))
      return true;
    held.push_back(datagram);
    return is(datagram, SealedKind::kFrame) && held.size() < 20;
  });
  world_.set_speaking(alice_, true);
  world_.run(5s);
  world_.set_speaking(alice_, false);
  world_.run(20s);
  ASSERT_TRUE(std::ranges::any_of(held, [](const auto& bytes) { return is(bytes, SealedKind::kBundle); }));
  world_.set_wire(
      [](bool, std::size_t, std::vector<std::byte>& datagram) { return !is(datagram, SealedKind::kBundle); });
  for (const auto& datagram : held) {
    world_.inject_to_client(carol, datagram);
    world_.run(20ms);
    loudest_ = std::max(loudest_, world_.loudness(carol));
  }
  EXPECT_TRUE(world_.session(carol).speakers().empty());
  EXPECT_EQ(loudest_, 0.0);
}

// A relay with the right key that sends a member back whatever it says, as if somebody else had said it.
class Mirror {
 public:
  Mirror(const seal::KeyPair& keys, seal::Random& random) : keys_(keys), random_(random) {}

  std::vector<Bytes> receive(std::span<const std::byte> datagram) {
    std::vector<Bytes> back;
    if (is(datagram, SealedKind::kHello)) {
      const auto hello = Hello::parse(datagram);
      Reply reply{.preamble = {.kind = SealedKind::kReply, .nonce = hello->preamble.nonce}};
      const Grant grant{.session_id = 7, .idle_timeout_ms = 30'000};
      const auto established = session::respond(keys_, {}, {}, hello->noise, grant, random_, reply.noise);
      EXPECT_TRUE(established);
      channel_.emplace(7, established->keys, seal::Role::kResponder);
      Bytes bytes(Reply::kBytes);
      ByteWriter writer(bytes);
      reply.serialize(writer);
      back.push_back(bytes);
    } else if (is(datagram, SealedKind::kEnvelope) && channel_) {
      const auto opened = channel_->open(*Envelope::parse(datagram), plaintext_);
      EXPECT_TRUE(opened);
      ElementReader reader(opened->elements);
      while (const auto element = reader.next()) reflect(*element, back);
    }
    return back;
  }

 private:
  void reflect(const Element& element, std::vector<Bytes>& back) {
    if (element.type == ElementType::kJoin) {
      const auto join = Join::parse(element.body);
      back.push_back(sealed(Welcome{.ssrc = join->ssrc, .revision = join->revision, .members = 2}));
    } else if (element.type == ElementType::kPing) {
      back.push_back(sealed(Pong{.token = PingElement::parse(element.body)->token, .members = 2}));
    } else if (element.type == ElementType::kFrame) {
      back.emplace_back(element.body.begin() + 1, element.body.end());
      back.push_back(bundle(ElementType::kFrame, element.body));
    } else if (element.type == ElementType::kEcho) {
      Echo echo;
      echo.object = Echo::parse(element.body)->object;
      back.push_back(bundle_of(echo));
    } else {
      back.push_back(bundle(element.type, element.body));
    }
  }
  template <class Message>
  Bytes sealed(const Message& message) {
    const Bytes plain = bundle_of(message);
    Bytes bytes(plain.size() - 1 + Envelope::kOverheadBytes);
    EXPECT_EQ(channel_->seal(std::span(plain).subspan(1), bytes), bytes.size());
    return bytes;
  }

  seal::KeyPair keys_;
  seal::Random& random_;
  std::optional<session::SealedChannel> channel_;
  std::array<std::byte, Envelope::kMaxPlaintextBytes> plaintext_{};
};

TEST(SealedHostileRelay, NobodyIsMadeToHearThemselves) {
  SeededRandom random(204);
  client::SealedRoom room;
  const auto keys = seal::KeyPair::generate(random);
  room.relay_key = keys.public_key;
  client::SessionOptions options;
  options.name = "alice";
  client::SealedSession alice(options, room, random);
  Mirror mirror(keys, random);
  const auto sound = tone_of(300);
  double loudest = 0;
  TimePoint now(1h);
  std::int64_t sample = 0;
  for (int i = 0; i < 500; ++i, now += 10ms) {
    std::array<float, 480> samples{};
    for (float& value : samples) value = sound(sample++);
    alice.capture(now, samples);
    alice.hear(now, samples);
    for (const float value : samples) loudest = std::max(loudest, std::abs(double{value}));
    alice.tick(now);
    std::vector<Bytes> back;
    while (const auto datagram = alice.next_datagram())
      std::ranges::move(mirror.receive(*datagram), std::back_inserter(back));
    for (const Bytes& datagram : back) alice.receive(now, datagram);
    if (i == 300) {
      EXPECT_FALSE(alice.say(now, "hello?"));
    }
  }
  ASSERT_TRUE(alice.link().joined());
  EXPECT_TRUE(alice.speakers().empty());
  EXPECT_EQ(loudest, 0.0);
  EXPECT_EQ(alice.stats().texts_received, 0U);
  EXPECT_GT(alice.stats().dropped[static_cast<std::size_t>(DropReason::kOwnStream)], 400U);
}

// --- What is invented

TEST(SealedHostileRelay, WhatOnlyASessionProvesCountsInNoBundle) {
  SealedWorld world(205);
  const auto alice = add_person(world, "alice", false);
  const auto stranger = add_person(world, "stranger", false);
  world.cut(stranger, true);
  world.run(2s);
  ASSERT_TRUE(world.session(alice).link().joined());
  const auto events = world.events(alice).size();
  const auto members = world.session(alice).member_count();
  const auto sent = world.session(alice).stats().datagrams_sent;
  for (const auto client : {alice, stranger}) {
    const std::uint32_t ssrc = world.session(client).ssrc();
    world.inject_to_client(client, bundle_of(Welcome{.ssrc = ssrc, .members = 99}));
    world.inject_to_client(client, bundle_of(Pong{.token = 1, .members = 99}));
    world.inject_to_client(client,
                           bundle_of(TurnedAway{.ssrc = ssrc, .reason = TurnedAway::Reason::kSsrcTaken}));
    world.inject_to_client(client, bundle_of(Goodbye{.reason = Goodbye::Reason::kRelayStops}));
    world.inject_to_client(client, bundle_of(Report{.ssrc = ssrc, .fraction_lost = 255}));
    world.inject_to_client(client, bundle(ElementType::kPathChallenge, std::array<std::byte, 8>{}));
    world.inject_to_client(client,
                           bundle(ElementType::kRekeyed, std::array<std::byte, Reply::kNoiseBytes>{}));
    Nack nack;
    nack.ssrc = ssrc;
    nack.items.push_back({.pid = 0, .blp = 0xFFFF});
    world.inject_to_client(client, bundle_of(nack));
    EXPECT_EQ(world.session(client).ssrc(), ssrc);
    EXPECT_FALSE(world.session(client).own_report());
  }
  EXPECT_EQ(world.session(alice).stats().datagrams_sent, sent);
  EXPECT_FALSE(world.session(stranger).link().joined());
  EXPECT_EQ(world.session(stranger).member_count(), 0U);
  EXPECT_NE(world.session(stranger).relay_state(), client::RelayWatch::State::kHere);
  EXPECT_TRUE(world.session(alice).link().joined());
  EXPECT_FALSE(world.session(alice).link().rejoining());
  EXPECT_EQ(world.session(alice).member_count(), members);
  EXPECT_EQ(world.events(alice).size(), events);
}

// Objects under one label are nothing under another, and nothing in another room.
TEST(SealedHostileRelay, AnObjectMeansOnlyWhatItWasSealedAs) {
  SealedWorld world(206);
  add_person(world, "alice", true);
  const auto bob = add_person(world, "bob", false);
  SealedClientOptions elsewhere;
  elsewhere.name = "dora";
  elsewhere.room = 1;
  const auto dora = world.add(elsewhere);
  struct Object {
    session::MessageId id{};  // of a text
    Bytes bytes;
  };
  std::vector<Object> objects;
  std::vector<std::vector<std::byte>> all;
  world.set_wire([&](bool to_relay, std::size_t client, std::vector<std::byte>& datagram) {
    if (to_relay || client != bob || is(datagram, SealedKind::kEnvelope)) return true;
    all.push_back(datagram);
    if (!is(datagram, SealedKind::kBundle)) return true;
    ElementReader reader(std::span<const std::byte>(datagram).subspan(1));
    while (const auto element = reader.next()) {
      Object object;
      std::span<const std::byte> bytes;
      if (element->type == ElementType::kLogEntry) {
        const auto entry = LogEntryElement::parse(element->body);
        object.id = entry->id;
        bytes = entry->object;
      } else {
        bytes = Echo::parse(element->body)->object;
      }
      object.bytes.assign(bytes.begin(), bytes.end());
      objects.push_back(std::move(object));
    }
    return true;
  });
  world.run(1s);
  world.session(0).say(world.now(), "only once");
  world.run(1s);
  world.set_wire({});
  ASSERT_GE(objects.size(), 2U);
  const auto texts = world.session(bob).stats().texts_received;
  EXPECT_EQ(texts, 1U);
  const auto begun = dropped(world, bob, DropReason::kBadTag);
  std::uint64_t number = std::uint64_t{1} << 60U;
  for (const auto& [id, object] : objects) {
    ++number;
    world.inject_to_client(
        bob, bundle_of(LogEntryElement{.number = number, .previous = 0, .id = id, .object = object}));
    Echo echo;
    echo.object = object;
    world.inject_to_client(bob, bundle_of(echo));
    Ask ask;
    ask.target = world.session(bob).ssrc();
    ask.object = object;
    world.inject_to_client(bob, bundle_of(ask));
  }
  // Of each three, one is what it says it is: the echo is old and the text came before.
  EXPECT_EQ(dropped(world, bob, DropReason::kBadTag) - begun, 2 * objects.size());
  EXPECT_EQ(world.session(bob).stats().texts_received, texts);
  for (const auto& datagram : all) world.inject_to_client(dora, datagram);
  world.run(1s);
  EXPECT_TRUE(world.session(dora).speakers().empty());
  EXPECT_EQ(world.session(dora).stats().texts_received, 0U);
  EXPECT_GE(dropped(world, dora, DropReason::kBadTag), all.size() - 2);
}

TEST(SealedHostileRelay, ForgedDatagramsLeaveASessionAsItWas) {
  SealedWorld world(207);
  const auto alice = add_person(world, "alice", true);
  const auto bob = add_person(world, "bob", false);
  std::vector<std::vector<std::byte>> captured;
  world.set_wire([&](bool to_relay, std::size_t client, std::vector<std::byte>& datagram) {
    if (!to_relay && client == bob) captured.push_back(datagram);
    return true;
  });
  world.run(3s);
  world.set_wire({});
  const auto handshakes = world.session(bob).link().handshakes();
  const auto begun = dropped(world, bob);
  impair::Random random(207);
  constexpr std::uint64_t kForgeries = 100'000;
  for (std::uint64_t i = 0; i < kForgeries; ++i) {
    auto forged = captured[random.next() % captured.size()];
    if (i % 2 == 0) {
      const auto bit = random.next() % (8 * forged.size());
      forged[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
    } else {
      forged.resize(random.next() % forged.size());
    }
    world.inject_to_client(bob, forged);
  }
  EXPECT_GE(dropped(world, bob) - begun,
            kForgeries * 99 / 100);  // a padding byte of a Hello's answer is nothing
  world.run(3s);
  EXPECT_EQ(world.session(bob).link().handshakes(), handshakes);
  const auto heard = world.heard(bob, alice);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->stats.lost, 0U);
  EXPECT_EQ(world.session(bob).speakers().size(), 1U);
}

}  // namespace
}  // namespace hubbub::sim
