// A session's envelopes: sealed by one end, opened once by the other, and by nobody else; in any order within
// the window, and past the 24 bits of the counter that travel.
#include "codec/session/sealed_channel.h"

#include <gtest/gtest.h>

#include "codec/seal/aead.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {
namespace {

constexpr std::uint32_t kId = 0x00AB'CDEF;

seal::TransportKeys some_keys(std::uint64_t seed = 1) {
  seal::SeededRandom random(seed);
  return {.initiator_to_responder = random.secret<32>(), .responder_to_initiator = random.secret<32>()};
}

struct Ends {
  SealedChannel client{kId, some_keys(), seal::Role::kInitiator};
  SealedChannel relay{kId, some_keys(), seal::Role::kResponder};
};

Bytes sealed(SealedChannel& channel, const Bytes& elements) {
  Bytes datagram(kMaxSealedDatagramBytes);
  datagram.resize(channel.seal(elements, datagram));
  return datagram;
}

// What was opened, or why not.
struct Outcome {
  std::optional<DropReason> problem;
  Bytes elements;
  bool newest = false;
};
Outcome open(SealedChannel& channel, const Bytes& datagram) {
  const auto envelope = Envelope::parse(datagram);
  EXPECT_TRUE(envelope.ok());
  Bytes out(Envelope::kMaxPlaintextBytes);
  const auto opened = channel.open(*envelope, out);
  if (!opened.ok()) return {.problem = opened.error(), .elements = {}};
  return {.problem = {}, .elements = bytes_of(opened->elements), .newest = opened->newest};
}

TEST(SealedChannel, EachEndOpensWhatTheOtherSealed) {
  Ends ends;
  for (const std::size_t size : {0U, 1U, 100U, 1'176U}) {
    const Bytes elements(size, std::byte{0x5A});
    const Bytes up = sealed(ends.client, elements);
    EXPECT_EQ(up.size(), size + 24);
    EXPECT_EQ(open(ends.relay, up).elements, elements);
    const Bytes down = sealed(ends.relay, elements);
    EXPECT_NE(up, down) << "each direction has its own key";
    EXPECT_EQ(open(ends.client, down).elements, elements);
  }
  EXPECT_EQ(ends.client.sent(), 4U);
  EXPECT_EQ(ends.client.session_id(), kId);
}

TEST(SealedChannel, OneDirectionIsNotTheOther) {
  Ends ends;
  SealedChannel also_client(kId, some_keys(), seal::Role::kInitiator);
  EXPECT_EQ(open(also_client, sealed(ends.client, Bytes(3))).problem, DropReason::kBadTag);
  SealedChannel stranger(kId, some_keys(2), seal::Role::kResponder);
  EXPECT_EQ(open(stranger, sealed(ends.client, Bytes(3))).problem, DropReason::kBadTag);
}

TEST(SealedChannel, EveryFlippedBitIsRefusedAndChangesNothing) {
  Ends ends;
  const Bytes datagram = sealed(ends.client, bytes_of("some elements"));
  seal::for_each_flipped_bit(datagram, [&](const Bytes& flipped, std::size_t bit) {
    // The first byte and the session's id are looked at before, and are sealed in all the same.
    EXPECT_EQ(open(ends.relay, flipped).problem, DropReason::kBadTag) << bit;
  });
  const Outcome genuine = open(ends.relay, datagram);
  EXPECT_EQ(genuine.problem, std::nullopt);
  EXPECT_TRUE(genuine.newest) << "no forged counter was remembered";
}

TEST(SealedChannel, EachCounterIsTakenOnce) {
  Ends ends;
  std::vector<Bytes> datagrams;
  for (int i = 0; i < 5; ++i) datagrams.push_back(sealed(ends.client, bytes_of({i})));
  for (const std::size_t i : {2U, 0U, 4U, 1U, 3U})
    EXPECT_EQ(open(ends.relay, datagrams[i]).problem, std::nullopt) << i;
  for (const Bytes& datagram : datagrams)
    EXPECT_EQ(open(ends.relay, datagram).problem, DropReason::kReplayed);
}

TEST(SealedChannel, SaysWhichIsTheNewestSoFar) {
  Ends ends;
  std::vector<Bytes> datagrams;
  for (int i = 0; i < 4; ++i) datagrams.push_back(sealed(ends.client, {}));
  EXPECT_TRUE(open(ends.relay, datagrams[1]).newest) << "the first to come";
  EXPECT_FALSE(open(ends.relay, datagrams[0]).newest);
  EXPECT_TRUE(open(ends.relay, datagrams[3]).newest);
  EXPECT_FALSE(open(ends.relay, datagrams[2]).newest);
  SealedChannel another(kId, some_keys(), seal::Role::kResponder);
  EXPECT_TRUE(open(another, datagrams[0]).newest) << "counter 0, too, may be the newest";
}

TEST(SealedChannel, TheWindowAtItsEdge) {
  Ends ends;
  const Bytes first = sealed(ends.client, {});
  const Bytes second = sealed(ends.client, {});
  Bytes last;
  for (int i = 2; i <= 1'024; ++i) last = sealed(ends.client, {});
  EXPECT_EQ(open(ends.relay, last).problem, std::nullopt);
  EXPECT_EQ(open(ends.relay, first).problem, DropReason::kReplayed) << "1,024 behind";
  EXPECT_EQ(open(ends.relay, second).problem, std::nullopt) << "1,023 behind";
}

// An envelope with any counter, as a client that has sent so many would seal it.
Bytes sealed_at(std::uint64_t counter) {
  Bytes datagram(Envelope::kOverheadBytes);
  ByteWriter writer(datagram);
  Envelope::serialize_header(kId, counter, writer);
  seal::aead_seal(some_keys().initiator_to_responder, counter, writer.written(), {},
                  std::span(datagram).subspan(Envelope::kHeaderBytes));
  return datagram;
}

TEST(SealedChannel, CountsOnPast24Bits) {
  Ends ends;
  for (const std::uint64_t counter : {0x0ULL, 0x7F'FFFFULL, 0xFF'FFFDULL, 0x100'0000ULL, 0x100'0001ULL,
                                      0x17F'FFFFULL, 0x1FF'FFF0ULL, 0x200'0000ULL, 0x27F'0000ULL}) {
    const Outcome outcome = open(ends.relay, sealed_at(counter));
    ASSERT_EQ(outcome.problem, std::nullopt) << counter;
    ASSERT_TRUE(outcome.newest) << counter;
  }
  EXPECT_EQ(open(ends.relay, sealed_at(0x200'0000)).problem, DropReason::kReplayed);
}

TEST(SealedChannel, LooksBackAcrossThe24Bits) {
  Ends ends;
  EXPECT_EQ(open(ends.relay, sealed_at(0xFF'FFFE)).problem, std::nullopt);
  EXPECT_EQ(open(ends.relay, sealed_at(0x100'0002)).problem, std::nullopt);
  const Outcome late = open(ends.relay, sealed_at(0xFF'FFFF));
  EXPECT_EQ(late.problem, std::nullopt);
  EXPECT_FALSE(late.newest);
  EXPECT_EQ(open(ends.relay, sealed_at(0xFF'FFFE)).problem, DropReason::kReplayed);
}

TEST(SealedChannel, AGapOfMoreThanHalfARoundCannotBeTold) {
  Ends ends;
  EXPECT_EQ(open(ends.relay, sealed_at(0x100'0000 - 1)).problem, std::nullopt) << "the first says it all";
  EXPECT_EQ(open(ends.relay, sealed_at(0x100'0000 + 0x80'0001)).problem, DropReason::kReplayed)
      << "it seems to be far behind";
}

}  // namespace
}  // namespace hubbub::session
