// What strangers, eavesdroppers and members can do to a relay and to each other: nothing. Attacks on what
// members hear from a relay that is itself hostile are in sealed_hostile_relay_test.cpp.
#include <algorithm>
#include <array>
#include <deque>
#include <numeric>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "codec/session/stream_seal.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed_frame.h"
#include "tests/sim/attack_bench.h"
#include "tests/sim/sealed_world.h"
#include "tests/unit/session/raw_message.h"
#include "tools/impair/random.h"

namespace hubbub::sim {
namespace {

using Person = AttackBench::Person;

// A member that keeps to no rule but the relay's: what it sends is up to the test.
class Insider {
 public:
  Insider(AttackBench& bench, const Endpoint& endpoint)
      : bench_(bench),
        endpoint_(endpoint),
        ssrc_(bench.random().u32()),
        link_(bench.link_options(), ssrc_, bench.random(), [this](std::span<const std::byte> datagram) {
          out_.emplace_back(datagram.begin(), datagram.end());
        }) {
    bench.attach(endpoint, [this](std::span<const std::byte> datagram) {
      if (!link_.receive(bench_.now(), datagram)) ++odd_;
    });
  }
  void join() {
    link_.connect(bench_.now());
    while (!out_.empty()) flush();
  }
  void flush() {
    for (const Bytes& datagram : std::exchange(out_, {})) bench_.send(endpoint_, datagram);
  }
  // One element in an envelope of its own, sent at once.
  void send(ElementType type, std::span<const std::byte> body) {
    std::array<std::byte, Envelope::kMaxPlaintextBytes> bytes{};
    ByteWriter writer(bytes);
    EXPECT_TRUE(write_element(writer, type, body));
    link_.send(writer.written());
    flush();
  }
  // Envelopes that were sealed and not sent.
  std::deque<Bytes> seal_empty(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) link_.send({});
    return std::exchange(out_, {});
  }
  [[nodiscard]] std::uint32_t ssrc() const { return ssrc_; }
  [[nodiscard]] bool joined() const { return link_.joined(); }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  AttackBench& bench_;
  Endpoint endpoint_;
  std::uint32_t ssrc_;
  std::deque<Bytes> out_;
  std::uint64_t odd_ = 0;
  session::ClientLink link_;
};

std::uint64_t dropped(AttackBench& bench) {
  const auto& reasons = bench.relay().books().dropped;
  return std::accumulate(reasons.begin(), reasons.end(), std::uint64_t{0});
}

std::vector<std::string> texts(const Person& person) {
  std::vector<std::string> lines;
  for (const auto& event : person.events) {
    if (const auto* heard = std::get_if<client::TextHeard>(&event)) lines.push_back(heard->line.text);
  }
  return lines;
}

// --- Strangers

TEST(SealedAttacks, AMillionStrangersLeaveNothingBehind) {
  constexpr std::uint32_t kEach = 250'000;
  AttackBench bench(101);
  impair::Random random(101);
  Bytes noise(1 << 16);
  bench.random().fill(noise);
  const Bytes good = bench.hello({});
  Bytes unsigned_hello = good;
  Hello question;
  question.preamble.kind = SealedKind::kKeyRequest;
  std::array<std::byte, Hello::kBytes> key_request{};
  question.serialize(key_request);
  session::HelloKeys({}, {}).sign(key_request);

  std::uint64_t retries = 0;
  std::uint64_t keys = 0;
  std::uint32_t source = 0;
  for (std::uint32_t i = 0; i < kEach; ++i) {
    if (i % 1'000 == 0) bench.run(AttackBench::kStep);
    // Any bytes at all: but for Resets, which an envelope of a session that was may get, silence.
    const std::size_t size = random.next() % 1'300;
    const auto garbage = std::span(noise).subspan(random.next() % (noise.size() - size), size);
    for (const Bytes& answer : bench.send(anywhere(source++), garbage)) {
      ASSERT_EQ(sealed_kind_of(answer), SealedKind::kReset);
      ASSERT_LT(answer.size(), size);
    }
    // A Hello of somebody who does not know the relay's key.
    std::copy_n(noise.begin() + i % 60'000, 64, unsigned_hello.begin() + 2);
    ASSERT_TRUE(bench.send(anywhere(source++), unsigned_hello).empty());
    // One who knows it, without a cookie or with an invented one.
    Bytes hello = good;
    if (i % 1'000 == 0) {
      Cookie invented{};
      bench.random().fill(invented);
      hello = bench.hello(invented);
    }
    for (const Bytes& answer : bench.send(anywhere(source++), hello)) {
      ASSERT_EQ(sealed_kind_of(answer), SealedKind::kRetry);
      ASSERT_LE(answer.size(), hello.size());
      ++retries;
    }
    std::uint64_t answered = 0;
    for (const Bytes& answer : bench.send(anywhere(source++), key_request)) {
      ASSERT_EQ(sealed_kind_of(answer), SealedKind::kKeyAnswer);
      answered += answer.size();
      ++keys;
    }
    ASSERT_LE(answered, key_request.size());
    ASSERT_EQ(bench.relay().sessions(), 0U);
  }
  EXPECT_EQ(retries, kEach);
  EXPECT_GT(keys, 0U);
  EXPECT_EQ(bench.relay().books().handshakes, 0U);
  EXPECT_EQ(bench.relay().rooms(), 0U);
  EXPECT_TRUE(bench.relay().books_balance());
}

// 10,000 Hellos a second while people talk and somebody wants to join.
struct Flood {
  const char* what;
  std::uint32_t sources;
  bool cookies;
  int shut_out;  // of five who join meanwhile, at most
};
class SealedFlood : public testing::TestWithParam<Flood> {};

TEST_P(SealedFlood, DisturbsNobody) {
  AttackBench bench(107);
  Person& alice = bench.add("alice", person_at(1), tone_of(300));
  Person& bob = bench.add("bob", person_at(2), tone_of(400));
  bench.run(2s);
  std::vector<std::pair<Endpoint, Bytes>> hellos;
  for (std::uint32_t i = 0; i < GetParam().sources; ++i) {
    const Endpoint source = anywhere(i);
    hellos.emplace_back(source, bench.hello(GetParam().cookies ? bench.cookie_for(source) : Cookie{}));
  }
  std::size_t next = 0;
  const auto flood = [&] {
    for (int i = 0; i < 100; ++i, ++next)
      bench.send(hellos[next % hellos.size()].first, hellos[next % hellos.size()].second);
    ASSERT_LE(bench.relay().sessions(), kMaxPendingSessions + 7);
  };
  const auto before = bench.heard(bob, alice).first;
  bench.run(1s, flood);
  std::vector<Person*> newcomers;
  for (unsigned i = 3; i < 8; ++i)
    newcomers.push_back(&bench.add("carol " + std::to_string(i), person_at(i)));
  bench.run(2s, flood);
  int shut_out = 0;
  for (const Person* carol : newcomers) {
    shut_out += carol->joined_after ? 0 : 1;  // within these 2 s
    if (carol->joined_after) {
      EXPECT_GT(bench.heard(*carol, bob).first, 0U);
    }
  }
  EXPECT_LE(shut_out, GetParam().shut_out);
  const auto [received, lost] = bench.heard(bob, alice);
  EXPECT_GE(received - before, 149U);
  EXPECT_EQ(lost, 0U);
  bench.run(kPendingSessionLasts + 1s);
  EXPECT_EQ(bench.relay().sessions(), 7U);
}

INSTANTIATE_TEST_SUITE_P(
    SealedAttacks, SealedFlood,
    testing::Values(Flood{"CookielessFromOne", 1, false, 0}, Flood{"CookielessFromMany", 100'000, false, 0},
                    Flood{"WithCookiesFromOne", 1, true, 0}, Flood{"WithCookiesFromFifty", 50, true, 0},
                    // One in four shares a place of the limiter with one of the thousand.
                    Flood{"WithCookiesFromAThousand", 1'000, true, 2}),
    [](const auto& flood) { return flood.param.what; });

// What needs no proof of address must not use up what is kept for those who have given it.
TEST(SealedAttacks, WhoForgesMyAddressDoesNotKeepMeOut) {
  AttackBench bench(108);
  bench.run(1s);
  Hello question;
  question.preamble.kind = SealedKind::kKeyRequest;
  std::array<std::byte, Hello::kBytes> key_request{};
  question.serialize(key_request);
  session::HelloKeys({}, {}).sign(key_request);
  Bytes envelope(64, std::byte{1});
  envelope[0] = std::byte{static_cast<std::uint8_t>(SealedKind::kEnvelope)};
  const Endpoint forged{person_at(1).address, 55'555};
  const auto spoof = [&] {
    for (int i = 0; i < 10; ++i) {
      bench.send(forged, key_request);
      bench.send(forged, envelope);
    }
  };
  bench.run(3s, spoof);
  Person& alice = bench.add("alice", person_at(1));
  bench.run(3s, spoof);
  ASSERT_TRUE(alice.joined_after);
  EXPECT_LE(*alice.joined_after, 2s);
}

TEST(SealedAttacks, JoinsThatNeverFinishGiveWay) {
  AttackBench bench(109);
  bench.add("alice", person_at(1));
  bench.run(1s);
  std::uint32_t source = 0;
  std::size_t most = 0;
  std::uint64_t replies = 0;
  const auto trickle = [&] {
    for (int i = 0; i < 5; ++i) {
      const Endpoint from = anywhere(source++);
      const auto& answers = bench.send(from, bench.hello(bench.cookie_for(from)));
      replies += answers.empty() || sealed_kind_of(answers[0]) != SealedKind::kReply ? 0U : 1U;
    }
    most = std::max(most, bench.relay().sessions());
    ASSERT_LE(bench.relay().sessions(), kMaxPendingSessions + 2);
  };
  bench.run(4s, trickle);
  Person& bob = bench.add("bob", person_at(2));
  bench.run(2s, trickle);
  ASSERT_TRUE(bob.joined_after);
  EXPECT_LE(*bob.joined_after, 2s);
  EXPECT_EQ(replies, 3'000U);
  EXPECT_GE(most, kMaxPendingSessions);
  bench.run(kPendingSessionLasts + 1s);
  EXPECT_EQ(bench.relay().sessions(), 2U);
  EXPECT_EQ(bench.relay().members(), 2U);
}

// --- Eavesdroppers

relay::SealedOptions unlimited() {
  relay::SealedOptions options;
  options.peer_rate = 0;
  return options;
}

TEST(SealedAttacks, AMillionForgeriesAndAMillionReplaysAreRefused) {
  constexpr std::uint64_t kAttempts = 1'000'000;
  AttackBench bench(102, unlimited());
  Person& alice = bench.add("alice", person_at(1), tone_of(300));
  Person& bob = bench.add("bob", person_at(2));
  std::vector<Bytes> captured;
  bench.tap = [&](bool to_relay, const Endpoint& peer, std::span<const std::byte> datagram) {
    if (to_relay && peer == alice.endpoint && sealed_kind_of(datagram) == SealedKind::kEnvelope)
      captured.emplace_back(datagram.begin(), datagram.end());
  };
  bench.run(4s);
  bench.tap = {};
  ASSERT_GT(captured.size(), 180U);
  const auto accepted = bench.relay().books().envelopes;
  const auto heard = bench.heard(bob, alice).first;
  const auto received = [&] { return bench.relay().books().received; };
  const auto begun = received();
  const auto refused = dropped(bench) + bench.relay().books().resets;

  impair::Random random(102);
  Bytes noise(1 << 16);
  bench.random().fill(noise);
  for (std::uint64_t i = 0; i < kAttempts; ++i) {
    Bytes forged = captured[random.next() % captured.size()];
    switch (i % 4) {
      case 0: {  // one bit
        const auto bit = random.next() % (8 * forged.size());
        forged[bit / 8] ^= std::byte{1} << static_cast<int>(bit % 8);
        break;
      }
      case 1:  // cut short
        forged.resize(random.next() % forged.size());
        break;
      case 2:  // the session's next counters, and anything in them
        std::copy_n(noise.begin() + static_cast<std::ptrdiff_t>(random.next() % 60'000), forged.size() - 5,
                    forged.begin() + 5);
        break;
      default:  // what was sent, with another counter
        forged[7] ^= std::byte{static_cast<std::uint8_t>(1 + random.next() % 255)};
        break;
    }
    bench.send(i % 2 == 0 ? alice.endpoint : anywhere(static_cast<std::uint32_t>(i)), forged);
  }
  EXPECT_EQ(bench.relay().books().envelopes, accepted);
  for (std::uint64_t i = 0; i < kAttempts; ++i)
    bench.send(i % 2 == 0 ? alice.endpoint : anywhere(1), captured[i % captured.size()]);
  EXPECT_EQ(bench.relay().books().envelopes, accepted);
  EXPECT_EQ(received() - begun, 2 * kAttempts);
  EXPECT_EQ(dropped(bench) + bench.relay().books().resets - refused, 2 * kAttempts);
  EXPECT_GE(bench.relay().books().dropped_for(DropReason::kReplayed), kAttempts);
  EXPECT_EQ(bench.heard(bob, alice).first, heard);

  // And she is heard as ever, without a gap.
  bench.run(2s);
  EXPECT_GE(bench.heard(bob, alice).first, heard + 99);
  EXPECT_EQ(bench.heard(bob, alice).second, 0U);
}

TEST(SealedAttacks, WhatComesOutOfOrderCountsOnceUpToTheWindow) {
  AttackBench bench(103, unlimited());
  Insider mallory(bench, person_at(9));
  mallory.join();
  ASSERT_TRUE(mallory.joined());
  const auto& accepted = bench.relay().books().envelopes;
  auto envelopes = mallory.seal_empty(1'025);
  bench.send(mallory.endpoint(), envelopes.back());
  auto before = accepted;
  bench.send(mallory.endpoint(), envelopes.front());  // 1,024 behind the newest
  EXPECT_EQ(accepted, before);
  envelopes.pop_front();
  impair::Random random(103);
  for (std::size_t i = envelopes.size() - 1; i > 0; --i)
    std::swap(envelopes[i], envelopes[random.next() % (i + 1)]);
  for (const Bytes& envelope : envelopes) bench.send(mallory.endpoint(), envelope);
  EXPECT_EQ(accepted, before + 1'023);
  for (const Bytes& envelope : envelopes) bench.send(person_at(8), envelope);
  EXPECT_EQ(accepted, before + 1'023);
}

// Somebody on the way is faster than the genuine packet, and forges a victim's address.
struct Heard {
  std::array<std::uint64_t, 2> received{};
  std::array<std::uint64_t, 2> lost{};
  std::uint64_t copied_bytes = 0;
  std::uint64_t victim_bytes = 0;
  std::uint64_t moves = 0;
};

enum class Copies : std::uint8_t { kNone, kOne, kEveryOne };

Heard run_with_copies(Copies copies) {
  constexpr Endpoint kVictim{IpAddress::v4(203, 0, 113, 7), 5'353};
  SealedWorld world(104);
  for (const char* name : {"alice", "bob"}) {
    SealedClientOptions options;
    options.name = name;
    options.speaks = true;
    options.up.delay = options.down.delay = 20ms;
    world.add(options);
  }
  world.run(3s);
  Heard heard;
  bool done = copies == Copies::kNone;
  world.set_wire([&](bool to_relay, std::size_t client, std::vector<std::byte>& datagram) {
    if (!to_relay || client != 0 || done || sealed_kind_of(datagram) != SealedKind::kEnvelope) return true;
    done = copies == Copies::kOne;
    heard.copied_bytes += datagram.size();
    world.inject(kVictim, datagram);
    EXPECT_LE(world.bytes_to(kVictim), 3 * heard.copied_bytes);
    return true;
  });
  world.run(10s);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto info = world.heard(i, 1 - i);
    if (info) heard.received[i] = info->stats.received;
    if (info) heard.lost[i] = info->stats.lost;
  }
  heard.victim_bytes = world.bytes_to(kVictim);
  heard.moves = world.relay().books().moves;
  return heard;
}

TEST(SealedAttacks, ACopiedPacketAimsNothingAtABystander) {
  const Heard peace = run_with_copies(Copies::kNone);
  ASSERT_GT(peace.received[0], 600U);
  for (const Copies copies : {Copies::kOne, Copies::kEveryOne}) {
    const Heard war = run_with_copies(copies);
    // A copy that is faster brings the last frame sooner.
    for (std::size_t i = 0; i < 2; ++i) EXPECT_GE(war.received[i], peace.received[i]);
    EXPECT_EQ(war.lost, (std::array<std::uint64_t, 2>{}));
    EXPECT_EQ(war.moves, 0U);
    EXPECT_GT(war.victim_bytes, 0U);  // it is asked to prove itself
    EXPECT_LE(war.victim_bytes, 3 * war.copied_bytes);
    // Not for every packet, either.
    if (copies == Copies::kEveryOne) {
      EXPECT_LT(war.victim_bytes, war.copied_bytes / 10);
    }
  }
}

// --- Members

TEST(SealedAttacks, NobodySpeaksForAnother) {
  AttackBench bench(105);
  Person& bob = bench.add("bob", person_at(1), tone_of(300));
  Person& carol = bench.add("carol", person_at(2));
  Insider mallory(bench, person_at(3));
  mallory.join();
  std::optional<SealedFrame> last;
  Bytes last_bytes;
  bench.tap = [&](bool to_relay, const Endpoint&, std::span<const std::byte> datagram) {
    if (to_relay || sealed_kind_of(datagram) != SealedKind::kFrame) return;
    last_bytes.assign(datagram.begin(), datagram.end());
    if (const auto frame = SealedFrame::parse(last_bytes)) last = *frame;
  };
  bench.run(3s);
  ASSERT_TRUE(mallory.joined() && last && last->header.ssrc == bob.session->ssrc());
  const session::StreamId his{.ssrc = bob.session->ssrc(), .kid = last->kid};
  const session::StreamId other{.ssrc = his.ssrc, .kid = session::draw_kid(bench.random())};
  const session::StreamId mine{.ssrc = mallory.ssrc(), .kid = session::draw_kid(bench.random())};

  const auto frame_as = [&](const session::StreamId& id) {
    RtpHeader header = last->header;
    header.ssrc = id.ssrc;
    header.sequence = header.sequence + 20;
    session::FrameSealer sealer(bench.keys(), id, header.sequence);
    std::array<std::byte, SealedFrame::kMaxBytes> frame{};
    const std::array<std::byte, 80> opus{std::byte{0x78}};
    Bytes body{std::byte{0x80}};
    const auto sealed = sealer.seal(header, opus, frame);
    body.insert(body.end(), sealed.begin(), sealed.end());
    mallory.send(ElementType::kFrame, body);
  };
  const auto object_as = [&](ElementType type, std::string_view label, const session::StreamId& id,
                             Bytes head, std::span<const std::byte> metadata, std::string_view plaintext) {
    session::ObjectSealer sealer(bench.keys(), label, id);
    std::array<std::byte, 256> object{};
    const auto sealed = sealer.seal(metadata, as_bytes(plaintext), object);
    head.insert(head.end(), sealed.begin(), sealed.end());
    mallory.send(type, head);
  };
  const auto everything_as = [&](const session::StreamId& id) {
    Bytes target(4);
    ByteWriter writer(target);
    writer.u32(carol.session->ssrc());
    Bytes askers{std::byte{1}};
    askers.insert(askers.end(), target.begin(), target.end());
    frame_as(id);
    object_as(ElementType::kAsk, session::kAskLabel, id, target, target, "0123456789abcdef");
    object_as(ElementType::kEcho, session::kEchoLabel, id, askers, {}, std::string_view("whatever it says"));
  };

  std::uint64_t to_carol = 0;
  bench.tap = [&](bool to_relay, const Endpoint& peer, std::span<const std::byte>) {
    to_carol += !to_relay && peer == carol.endpoint ? 1U : 0U;
  };
  everything_as(his);
  everything_as(other);
  EXPECT_EQ(bench.relay().books().refused_for(DropReason::kForeignSsrc), 6U);
  EXPECT_EQ(to_carol, 0U);
  everything_as(mine);  // the same under her own name goes through
  EXPECT_EQ(bench.relay().books().refused_for(DropReason::kForeignSsrc), 6U);
  EXPECT_GE(to_carol, 3U);
  bench.tap = {};

  bench.run(3s);
  ASSERT_EQ(carol.session->speakers().size(), 1U);
  EXPECT_EQ(bench.heard(carol, bob).second, 0U);
}

// Words are their author's, whoever's stream and name they come under.
TEST(SealedAttacks, NobodyWritesForAnother) {
  AttackBench bench(106);
  Person& bob = bench.add("bob", person_at(1));
  Person& carol = bench.add("carol", person_at(2));
  Insider mallory(bench, person_at(3));
  mallory.join();
  bench.run(2s);
  ASSERT_FALSE(bob.session->say(bench.now(), "it is me"));
  bench.run(1s);
  ASSERT_EQ(texts(carol), (std::vector<std::string>{"it is me"}));
  const session::Identity hers(bench.random().secret<32>());
  const session::StreamId stream{.ssrc = mallory.ssrc(), .kid = session::draw_kid(bench.random())};
  session::ObjectSealer sealer(bench.keys(), session::kTextLabel, stream);
  std::uint32_t sequence = 0;
  const auto write_as = [&](const seal::IdentityKey& author, std::string_view text) {
    session::MessageId id{};
    bench.random().fill(id);
    session::RawMessage message{.author = author, .count = sequence + 1, .name = "bob", .text = text};
    const Bytes object = session::seal_raw(bench.keys(), hers, sealer, id, message);
    TextElement element{.floor = sequence, .sequence = sequence, .id = id, .object = object};
    ++sequence;
    Bytes bytes(kMaxSealedDatagramBytes);
    ByteWriter writer(bytes);
    EXPECT_TRUE(element.serialize(writer));
    mallory.send(ElementType::kText, writer.written().subspan(Element::kHeaderBytes));
  };
  write_as(*bob.session->identity(), "send me your keys");
  bench.run(1s);
  EXPECT_EQ(texts(carol).size(), 1U);
  EXPECT_GE(AttackBench::dropped(carol, DropReason::kBadSignature), 1U);
  EXPECT_EQ(texts(bob), texts(carol)) << "nor is he made to have said it himself";
  write_as(hers.public_key(), "so it is me");
  bench.run(1s);
  EXPECT_EQ(texts(carol), (std::vector<std::string>{"it is me", "so it is me"}));
  std::optional<seal::IdentityKey> author;
  for (const auto& event : carol.events) {
    if (const auto* heard = std::get_if<client::TextHeard>(&event)) author = heard->author;
  }
  EXPECT_EQ(author, hers.public_key()) << "whatever name she gives";
}

}  // namespace
}  // namespace hubbub::sim
