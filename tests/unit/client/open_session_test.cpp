#include "voiceclient/core/open_session.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "codec/wire/open_room.h"
#include "codec/wire/rtp.h"

namespace hubbub::client {
namespace {

constexpr TimePoint kStart{1h};

using Bytes = std::vector<std::byte>;

std::vector<Bytes> drain(OpenSession& session) {
  std::vector<Bytes> sent;
  while (const auto datagram = session.next_datagram()) sent.emplace_back(datagram->begin(), datagram->end());
  return sent;
}

std::vector<Event> events(OpenSession& session) {
  std::vector<Event> list;
  while (auto event = session.next_event()) list.push_back(std::move(*event));
  return list;
}

Bytes bytes(std::string_view text) {
  const auto span = as_bytes(text);
  return {span.begin(), span.end()};
}

// Of `sent`, those of one kind.
std::vector<Bytes> only(const std::vector<Bytes>& sent, OpenKind kind) {
  std::vector<Bytes> chosen;
  for (const Bytes& datagram : sent) {
    if (kind_of(datagram) == kind) chosen.push_back(datagram);
  }
  return chosen;
}

std::uint64_t dropped(const OpenSession& session, DropReason reason) {
  return session.stats().dropped[static_cast<std::size_t>(reason)];
}

OpenSession named(const std::string& name, std::uint64_t seed = 1) {
  SessionOptions options;
  options.name = name;
  options.seed = seed;
  options.format.complexity = 0;
  return OpenSession(options);
}

std::vector<float> voice(std::size_t samples) {
  std::vector<float> wave(samples);
  for (std::size_t i = 0; i < samples; ++i) wave[i] = 0.3F * std::sin(0.03F * static_cast<float>(i));
  return wave;
}

TEST(OpenSession, SendsRtpAsTheStandardsSay) {
  OpenSession session = named("alice");
  session.capture(kStart, voice(960 * 3 + 100));
  const auto packets = only(drain(session), OpenKind::kRtp);
  ASSERT_EQ(packets.size(), 3U) << "a frame that is not full is not sent";
  RtpHeader previous;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto packet = RtpPacket::parse(packets[i]);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->header.marker, i == 0) << "the marker begins a talk spurt";
    EXPECT_EQ(packet->header.payload_type, 111);
    EXPECT_EQ(packet->header.ssrc, session.ssrc());
    EXPECT_EQ(packet->payload.size(), 80U);
    if (i > 0) {
      EXPECT_EQ(packet->header.sequence - previous.sequence, 1);
      EXPECT_EQ(packet->header.timestamp - previous.timestamp, 960);
    }
    previous = packet->header;
  }
}

TEST(OpenSession, DrawsItsIdentityAtRandom) {
  OpenSession first = named("a", 1);
  OpenSession second = named("a", 2);
  EXPECT_NE(first.ssrc(), second.ssrc());
  first.capture(kStart, voice(960));
  second.capture(kStart, voice(960));
  const auto a = only(drain(first), OpenKind::kRtp);
  const auto b = only(drain(second), OpenKind::kRtp);
  EXPECT_NE(RtpPacket::parse(a[0])->header.sequence, RtpPacket::parse(b[0])->header.sequence);
  EXPECT_NE(RtpPacket::parse(a[0])->header.timestamp, RtpPacket::parse(b[0])->header.timestamp);
}

TEST(OpenSession, MutingSendsNothingWhileMediaTimeGoesOn) {
  OpenSession session = named("alice");
  session.capture(kStart, voice(960));
  const auto before = RtpPacket::parse(only(drain(session), OpenKind::kRtp).at(0))->header;
  session.set_muted({}, true);
  session.capture(kStart + 20ms, voice(960 * 10));
  EXPECT_TRUE(drain(session).empty());
  session.set_muted({}, false);
  session.capture(kStart + 220ms, voice(960));
  const auto sent = drain(session);
  const auto after = RtpPacket::parse(only(sent, OpenKind::kRtp).at(0))->header;
  EXPECT_EQ(only(sent, OpenKind::kRtcp).size(), 1U) << "who speaks is said anew with each spurt";
  EXPECT_TRUE(after.marker);
  EXPECT_EQ(after.sequence - before.sequence, 1);
  EXPECT_EQ(after.timestamp - before.timestamp, 960 * 11);
}

TEST(OpenSession, HearsAnotherSessionByName) {
  OpenSession alice = named("alice", 1);
  OpenSession bob = named("bob", 2);
  TimePoint now = kStart;
  double energy = 0;
  for (int i = 0; i < 50; ++i, now += 20ms) {
    alice.capture(now, voice(960));
    for (const Bytes& datagram : drain(alice)) bob.receive(now, datagram);
    std::vector<float> mix(960);
    bob.hear(now, mix, [&](std::uint32_t ssrc, const std::string& name, std::span<const float> samples) {
      EXPECT_EQ(ssrc, alice.ssrc());
      EXPECT_EQ(name, "alice");
      EXPECT_EQ(samples.size(), 960U);
    });
    for (const float s : mix) energy += static_cast<double>(s) * static_cast<double>(s);
  }
  EXPECT_GT(energy, 100);
  ASSERT_EQ(bob.speakers().size(), 1U);
  EXPECT_TRUE(bob.speakers()[0].speaking);
  const auto first = events(bob);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(std::get<Speaking>(first[0]).begins);
  EXPECT_EQ(std::get<Speaking>(first[0]).name, "alice");

  alice.leave(now);
  for (const Bytes& datagram : drain(alice)) bob.receive(now, datagram);
  const auto last = events(bob);
  ASSERT_EQ(last.size(), 1U) << "goodbye ends the spurt at once";
  EXPECT_FALSE(std::get<Speaking>(last[0]).begins);

  // Voice that the goodbye overtook is heard, but begins nothing.
  alice.capture(now, voice(960));
  for (const Bytes& datagram : drain(alice)) bob.receive(now, datagram);
  EXPECT_TRUE(events(bob).empty());
}

TEST(OpenSession, ASilentSpeakerStopsSpeakingAndIsForgottenLater) {
  OpenSession alice = named("alice", 1);
  OpenSession bob = named("bob", 2);
  alice.capture(kStart, voice(960));
  for (const Bytes& datagram : drain(alice)) bob.receive(kStart, datagram);
  bob.tick(kStart + 399ms);
  EXPECT_TRUE(bob.speakers().at(0).speaking);
  bob.tick(kStart + 400ms);
  EXPECT_FALSE(bob.speakers().at(0).speaking);
  bob.tick(kStart + kHeardLately - 1ms);
  EXPECT_EQ(bob.speakers().size(), 1U);
  bob.tick(kStart + kHeardLately);
  EXPECT_TRUE(bob.speakers().empty());
}

TEST(OpenSession, TextGoesOutAsOneLineWithItsAuthor) {
  OpenSession session = named("zoë");
  EXPECT_FALSE(session.say({}, "  grüß dich\tWelt \x1b[31m "));
  const auto sent = drain(session);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(as_text(sent[0]), "<zoë> grüß dich Welt [31m\n");
  EXPECT_EQ(session.say({}, " \t "), DropReason::kEmptyText);
  EXPECT_EQ(session.say({}, "\xFF"), DropReason::kNotUtf8);
  const std::string author = "<zoë> ";
  EXPECT_FALSE(session.say({}, std::string(kMaxTextBytes - author.size() - 1, 'x')));
  EXPECT_EQ(session.say({}, std::string(kMaxTextBytes - author.size(), 'x')), DropReason::kTextTooLong);
}

TEST(OpenSession, TextOfAnyPeerIsCleanedBeforeItIsShown) {
  OpenSession session = named("bob");
  session.receive(kStart, bytes("plain nc line\n"));
  session.receive(kStart, bytes("<eve> \x1b]0;owned\x07hi\n"));
  session.receive(kStart, bytes("\xC3\x28 broken"));
  session.receive(kStart, bytes(std::string(kMaxTextBytes + 1, 'a')));
  const auto heard = events(session);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(std::get<TextHeard>(heard[0]).line.author, "");
  EXPECT_EQ(std::get<TextHeard>(heard[0]).line.text, "plain nc line");
  EXPECT_EQ(std::get<TextHeard>(heard[1]).line.author, "eve");
  EXPECT_EQ(std::get<TextHeard>(heard[1]).line.text, "]0;ownedhi");
  EXPECT_EQ(dropped(session, DropReason::kNotUtf8), 1U);
  EXPECT_EQ(dropped(session, DropReason::kTextTooLong), 1U);
  ASSERT_EQ(session.authors().size(), 1U);
  EXPECT_EQ(session.authors()[0].name, "eve");
}

TEST(OpenSession, WatchesItsRelay) {
  OpenSession session = named("bob");
  session.tick(kStart);
  const auto first = only(drain(session), OpenKind::kPing);
  ASSERT_EQ(first.size(), 1U);
  // Unanswered: asked again quickly, and after four seconds away.
  TimePoint now = kStart;
  for (; now < kStart + 3900ms; now += 50ms) session.tick(now);
  EXPECT_TRUE(events(session).empty());
  EXPECT_GE(only(drain(session), OpenKind::kPing).size(), 8U);
  for (; now <= kStart + 4100ms; now += 50ms) session.tick(now);
  auto seen = events(session);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<RelayAway>(seen[0]));

  // An answer to a ping that was never sent proves nothing.
  drain(session);
  now += 1s;
  session.tick(now);
  Bytes pong = only(drain(session), OpenKind::kPing).at(0);
  pong[0] = Probe::kPongByte;
  Bytes forged = pong;
  forged[8] ^= std::byte{1};
  session.receive(now, forged);
  session.tick(now);
  EXPECT_TRUE(events(session).empty());
  session.receive(now + 30ms, pong);
  session.tick(now + 30ms);
  seen = events(session);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(std::get<RelayHere>(seen[0]).round_trip, Duration(30ms));
}

TEST(OpenSession, SaysSoAtOnceWhenTheSystemRefuses) {
  OpenSession session = named("bob");
  session.tick(kStart);
  session.refused();
  session.tick(kStart + 50ms);
  const auto seen = events(session);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<RelayAway>(seen[0]));
}

TEST(OpenSession, TakesANewSsrcWhenSomebodyElseHasItsOwn) {
  OpenSession session = named("bob", 5);
  OpenSession twin = named("eve", 5);  // the same seed: the same SSRC
  const std::uint32_t before = session.ssrc();
  ASSERT_EQ(twin.ssrc(), before);
  twin.capture(kStart, voice(960));
  for (const Bytes& datagram : drain(twin)) session.receive(kStart, datagram);
  EXPECT_NE(session.ssrc(), before);
  EXPECT_EQ(dropped(session, DropReason::kOwnStream), 1U);
}

TEST(OpenSession, BoundsWhatStrangersCanMakeItRemember) {
  OpenSession session = named("bob");
  OpenSession source = named("eve", 9);
  source.capture(kStart, voice(960));
  Bytes packet = only(drain(source), OpenKind::kRtp).at(0);
  for (int i = 0; i < 1'000; ++i) {
    packet[8] = static_cast<std::byte>(i >> 8);
    packet[9] = static_cast<std::byte>(i);
    session.receive(kStart, packet);
    session.receive(kStart, bytes("<n" + std::to_string(i) + "> hi"));
  }
  EXPECT_EQ(session.speakers().size(), kMaxStreams);
  EXPECT_EQ(dropped(session, DropReason::kTooManyStreams), 1'000 - kMaxStreams);
  EXPECT_LE(session.authors().size(), 64U);
  // Who was silent for two seconds gives way.
  packet[8] = std::byte{0xFF};
  session.receive(kStart + 2s, packet);
  EXPECT_EQ(session.speakers().size(), kMaxStreams);
  EXPECT_EQ(dropped(session, DropReason::kTooManyStreams), 1'000 - kMaxStreams);
}

TEST(OpenSession, RefusesWhatIsNoOpus) {
  OpenSession session = named("bob");
  OpenSession source = named("eve", 9);
  source.capture(kStart, voice(960));
  const Bytes good = only(drain(source), OpenKind::kRtp).at(0);
  Bytes static_type = good;
  static_type[1] = std::byte{8};  // PCMA
  session.receive(kStart, static_type);
  Bytes empty = good;
  empty.resize(12);
  session.receive(kStart, empty);
  Bytes cut = good;
  cut.resize(7);
  session.receive(kStart, cut);
  session.receive(kStart, bytes("\x01\x02\x03"));
  EXPECT_EQ(dropped(session, DropReason::kBadPayloadType), 1U);
  EXPECT_EQ(dropped(session, DropReason::kBadOpus), 1U);
  EXPECT_EQ(dropped(session, DropReason::kTruncated), 1U);
  EXPECT_EQ(dropped(session, DropReason::kUnknownKind), 1U);
  EXPECT_TRUE(session.speakers().empty()) << "none of it costs memory";
}

TEST(OpenSession, AMixOfManyNeverExceedsFullScale) {
  OpenSession listener = named("bob", 100);
  std::vector<OpenSession> speakers;
  for (std::uint64_t i = 0; i < 8; ++i) speakers.push_back(named("s" + std::to_string(i), i));
  TimePoint now = kStart;
  std::vector<float> loud(960);
  for (std::size_t i = 0; i < loud.size(); ++i) loud[i] = 0.9F * std::sin(0.03F * static_cast<float>(i));
  float peak = 0;
  for (int i = 0; i < 30; ++i, now += 20ms) {
    for (OpenSession& speaker : speakers) {
      speaker.capture(now, loud);
      for (const Bytes& datagram : drain(speaker)) listener.receive(now, datagram);
    }
    std::vector<float> mix(960);
    listener.hear(now, mix);
    for (const float s : mix) peak = std::max(peak, std::abs(s));
  }
  EXPECT_GT(peak, 0.9F);
  EXPECT_LE(peak, 1.0F);
}

}  // namespace
}  // namespace hubbub::client
