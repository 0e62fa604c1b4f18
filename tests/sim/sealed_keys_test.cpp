// What is sealed under which key and counter, and what somebody who reads along gets of a sealed room.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/seal/random.h"
#include "codec/session/stream_seal.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/sealed_object.h"
#include "codec/wire/session_elements.h"
#include "tests/sim/attack_bench.h"
#include "tools/impair/random.h"

namespace hubbub::sim {
namespace {

using Person = AttackBench::Person;

// --- Keys and counters

// What was ever sealed under which key and counter, by what the relay sends on.
class Nonces {
 public:
  void note(std::span<const std::byte> datagram) {
    if (is(datagram, SealedKind::kFrame)) {
      const auto frame = SealedFrame::parse(datagram);
      ASSERT_TRUE(frame);
      streams_.emplace(frame->header.ssrc, frame->kid);
      add("frame", frame->header.ssrc, frame->kid, frame->ctr, datagram);
    } else if (is(datagram, SealedKind::kBundle)) {
      ElementReader reader(datagram.subspan(1));
      while (const auto element = reader.next()) note(*element);
    }
  }
  [[nodiscard]] std::size_t streams() const { return streams_.size(); }
  [[nodiscard]] std::size_t seals() const { return seals_.size(); }
  [[nodiscard]] std::size_t twice() const { return twice_; }

 private:
  void note(const Element& element) {
    const std::size_t skip = element.type == ElementType::kAsk    ? 4
                             : element.type == ElementType::kEcho ? 1
                                                                  : LogEntryElement::kFixedBytes;
    const auto object = SealedObject::parse(element.body.subspan(skip));
    ASSERT_TRUE(object);
    ByteReader reader(object->sealed);
    const auto header = seal::SframeHeader::parse(reader);
    ASSERT_TRUE(header);
    add(std::to_string(static_cast<int>(element.type)), object->ssrc, header->kid, header->ctr,
        object->sealed);
  }
  // The same bytes again are a second copy: what must never be is other bytes under the same key and counter.
  void add(const std::string& label, std::uint32_t ssrc, std::uint64_t kid, std::uint64_t ctr,
           std::span<const std::byte> bytes) {
    Bytes copy(bytes.begin(), bytes.end());
    const auto [entry, fresh] = seals_.try_emplace({label, ssrc, kid, ctr}, copy);
    if (!fresh && entry->second != copy) ++twice_;
  }
  std::map<std::tuple<std::string, std::uint32_t, std::uint64_t, std::uint64_t>, Bytes> seals_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> streams_;
  std::size_t twice_ = 0;
};

TEST(SealedKeys, TenThousandStartsUseNoKeyAndCounterTwice) {
  constexpr int kStarts =
      HUBBUB_SIM_SEEDS < 20 ? 100 : 1'000;  // under a sanitizer they take many times as long
  constexpr int kResumes = 9;               // of each
  relay::SealedOptions options;
  options.door.join_rate =
      1;  // resumes go on in the session that is there: handshakes are not what this is about
  AttackBench bench(301, options);
  seal::SystemRandom random;
  Nonces nonces;
  // Somebody must be there to be spoken to.
  const Endpoint ear = person_at(1);
  std::vector<Bytes> out;
  session::ClientLink listener(
      bench.link_options(), 1, bench.random(),
      [&](std::span<const std::byte> datagram) { out.emplace_back(datagram.begin(), datagram.end()); });
  bench.attach(ear, [&](std::span<const std::byte> datagram) {
    nonces.note(datagram);
    if (!is(datagram, SealedKind::kFrame)) {
      EXPECT_TRUE(listener.receive(bench.now(), datagram));
    }
  });
  listener.connect(bench.now());
  while (!out.empty()) {
    for (const Bytes& datagram : std::exchange(out, {})) bench.send(ear, datagram);
  }
  ASSERT_TRUE(listener.joined());
  for (int start = 0; start < kStarts; ++start) {
    Person& alice =
        bench.add("alice", person_at(2 + static_cast<unsigned>(start) % 200), tone_of(300), &random);
    bench.run(60ms);
    for (int resume = 0; resume <= kResumes; ++resume) {
      EXPECT_FALSE(alice.session->say(TimePoint{}, "again"));
      bench.run(20ms);  // one frame
      // Asleep for a while, and then somebody new.
      if (resume < kResumes) alice.session->tick(bench.now() + 10s * (resume + 1));
    }
    bench.leave(alice);
    if (start % 20 == 0) {
      std::array<std::byte, Element::kHeaderBytes + PingElement::kBytes> ping{};
      ByteWriter writer(ping);
      EXPECT_TRUE(PingElement{}.serialize(writer));
      listener.send(ping);
      for (const Bytes& datagram : std::exchange(out, {})) bench.send(ear, datagram);
    }
  }
  EXPECT_GE(nonces.streams(), std::size_t{kStarts} * (kResumes + 1));
  EXPECT_GE(nonces.seals(), 2 * nonces.streams());
  EXPECT_EQ(nonces.twice(), 0U);
}

// Entropy that begins alike in two clients, as in clones of a virtual machine, gives both the same SSRC.
class AlikeAtFirst final : public seal::Random {
 public:
  void fill(std::span<std::byte> out) override {
    if (std::exchange(first_, false)) {
      std::ranges::fill(out, std::byte{7});
    } else {
      system_.fill(out);
    }
  }

 private:
  bool first_ = true;
  seal::SystemRandom system_;
};

TEST(SealedKeys, WhoseSsrcIsTakenDrawsAnotherKey) {
  AttackBench bench(302);
  Nonces nonces;
  bench.tap = [&](bool to_relay, const Endpoint&, std::span<const std::byte> datagram) {
    if (!to_relay) nonces.note(datagram);
  };
  std::array<AlikeAtFirst, 4> randoms;
  std::vector<Person*> people;
  bench.add("listener", person_at(10));
  for (unsigned i = 0; i < randoms.size(); ++i)
    people.push_back(&bench.add("clone " + std::to_string(i), person_at(i + 1), tone_of(300), &randoms[i]));
  const auto taken = people[0]->session->ssrc();
  for (const Person* person : people) ASSERT_EQ(person->session->ssrc(), taken);
  bench.run(5s);
  std::set<std::uint32_t> ssrcs;
  for (const Person* person : people) {
    EXPECT_TRUE(person->session->link().joined());
    ssrcs.insert(person->session->ssrc());
  }
  EXPECT_EQ(ssrcs.size(), randoms.size());
  EXPECT_GE(nonces.streams(), randoms.size());
  EXPECT_GT(nonces.seals(), 900U);
  EXPECT_EQ(nonces.twice(), 0U);
}

// --- Who reads along

bool contains(const Bytes& haystack, std::span<const std::byte> needle) {
  return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) != haystack.end();
}

TEST(SealedCapture, HoldsNoWordsNoNamesAndNoKeys) {
  AttackBench bench(303);
  Bytes capture;
  std::set<session::StreamId> streams;
  bench.tap = [&](bool, const Endpoint&, std::span<const std::byte> datagram) {
    capture.insert(capture.end(), datagram.begin(), datagram.end());
    const auto frame = SealedFrame::parse(datagram);
    if (is(datagram, SealedKind::kFrame) && frame)
      streams.insert({.ssrc = frame->header.ssrc, .kid = frame->kid});
  };
  Person& alice = bench.add("Alice of Nowhere", person_at(1), tone_of(300));
  Person& bob = bench.add("Bob the Unheard", person_at(2), tone_of(400));
  bench.run(2s);
  alice.session->say(TimePoint{}, "the crow flies at midnight");
  bob.session->say(TimePoint{}, "bring the silver key");
  bench.run(3s);
  ASSERT_GT(bench.heard(bob, alice).first, 200U);
  bench.leave(alice);  // a goodbye is captured too
  ASSERT_GT(capture.size(), 100'000U);
  ASSERT_EQ(streams.size(), 2U);
  for (const char* words : {"Alice", "Bob the", "crow", "midnight", "silver", "hubbub"})
    EXPECT_FALSE(contains(capture, as_bytes(words))) << words;
  const auto keys = bench.keys();
  EXPECT_FALSE(contains(capture, keys.room_id()));
  EXPECT_FALSE(contains(capture, std::span(bench.room().room_secret.view()).first(8)));
  EXPECT_FALSE(contains(capture, std::span(bench.relay_keys().private_key.view()).first(8)));
  EXPECT_FALSE(contains(capture, std::span(bench.relay_keys().public_key).first(8)));
  for (const auto& stream : streams) {
    for (const auto label : {seal::kVoiceLabel, session::kTextLabel, session::kEchoLabel, session::kAskLabel})
      EXPECT_FALSE(
          contains(capture, std::span(keys.base_key(label, stream.ssrc, stream.kid).view()).first(8)));
  }
}

TEST(SealedCapture, LengthsAreTheSameWhateverIsSaid) {
  const auto lengths_of = [](const AttackBench::Sound& sound) {
    AttackBench bench(304);
    std::vector<std::pair<bool, std::size_t>> lengths;
    bench.tap = [&](bool to_relay, const Endpoint&, std::span<const std::byte> datagram) {
      lengths.emplace_back(to_relay, datagram.size());
    };
    bench.add("alice", person_at(1), sound);
    bench.add("bob", person_at(2));
    bench.run(8s);
    return lengths;
  };
  const auto silence = lengths_of([](std::int64_t) { return 0.0F; });
  ASSERT_GT(silence.size(), 800U);
  // Noise in syllables, with pauses between the words.
  impair::Random random(304);
  const auto speech = lengths_of([&random](std::int64_t sample) {
    const double t = static_cast<double>(sample) / kSampleRate;
    const bool pause = std::fmod(t, 1.7) > 1.1;
    const double envelope = pause ? 0.0 : std::abs(std::sin(2 * std::numbers::pi * 2.5 * t));
    return static_cast<float>(0.3 * envelope * (random.uniform() - 0.5));
  });
  const auto music = lengths_of([](std::int64_t sample) {
    const double t = static_cast<double>(sample) / kSampleRate;
    double sum = 0;
    for (const double hertz : {220.0, 277.2, 329.6, 1'760.0, 5'274.0})
      sum += std::sin(2 * std::numbers::pi * hertz * t);
    return static_cast<float>(0.15 * sum);
  });
  EXPECT_EQ(speech, silence);
  EXPECT_EQ(music, silence);
}

}  // namespace
}  // namespace hubbub::sim
