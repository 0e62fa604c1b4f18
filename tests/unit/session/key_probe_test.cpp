// Asking a relay for its key: when it asks, which answers it believes, and when it gives up.
#include "codec/session/key_probe.h"

#include <gtest/gtest.h>

#include "tests/unit/session/scripted_relay.h"

namespace hubbub::session {
namespace {

constexpr TimePoint kStart{1h};

class KeyProbeTest : public testing::Test {
 protected:
  Nonce asked_nonce() {
    EXPECT_FALSE(sent_.empty());
    return Hello::parse(sent_.back())->preamble.nonce;
  }

  seal::SeededRandom random_{1};
  seal::Key psk_ = random_.secret<32>();
  std::vector<Bytes> sent_;
  KeyProbe probe_{psk_, random_,
                  [this](std::span<const std::byte> bytes) { sent_.push_back(bytes_of(bytes)); }};
  ScriptedRelay relay_;
};

TEST_F(KeyProbeTest, AsksWithTheTokenAndAKeyOfZeros) {
  EXPECT_TRUE(probe_.tick(kStart));
  ASSERT_EQ(sent_.size(), 1U);
  ASSERT_EQ(sent_[0].size(), Hello::kBytes);
  EXPECT_EQ(sealed_kind_of(sent_[0]), SealedKind::kKeyRequest);
  const std::span<const std::byte, Hello::kBytes> bytes(sent_[0]);
  EXPECT_TRUE(HelloKeys({}, psk_).knows_key(bytes));
  EXPECT_TRUE(HelloKeys({}, psk_).knows_token(bytes));
  EXPECT_FALSE(HelloKeys({}, {}).knows_token(bytes));
}

TEST_F(KeyProbeTest, AsksAgainAtItsPaceAndGivesUp) {
  std::vector<Duration> at;
  TimePoint now = kStart;
  bool waiting = true;
  for (; waiting; now += 10ms) {
    const std::size_t before = sent_.size();
    waiting = probe_.tick(now);
    if (sent_.size() > before) at.push_back(now - kStart);
  }
  EXPECT_EQ(at, (std::vector<Duration>{0ms, 250ms, 750ms, 1'750ms, 2'750ms, 3'750ms}));
  EXPECT_EQ(now - 10ms - kStart, Duration(KeyProbe::kGivesUpAfter));
  for (const Bytes& datagram : sent_) EXPECT_EQ(datagram, sent_[0]) << "the same question every time";
}

TEST_F(KeyProbeTest, BelievesTheAnswerToItsQuestion) {
  static_cast<void>(probe_.tick(kStart));
  probe_.receive(relay_.key_answer(asked_nonce()));
  EXPECT_EQ(probe_.key(), relay_.public_key());
  EXPECT_TRUE(probe_.tick(kStart + 1s));
  EXPECT_EQ(sent_.size(), 1U) << "and asks no more";
  EXPECT_TRUE(probe_.tick(kStart + 10s)) << "what came in time is good for ever";
}

TEST_F(KeyProbeTest, BelievesNothingElse) {
  static_cast<void>(probe_.tick(kStart));
  Nonce other = asked_nonce();
  other[7] ^= std::byte{1};
  probe_.receive(relay_.key_answer(other));
  probe_.receive({});
  const Bytes genuine = relay_.key_answer(asked_nonce());
  for (std::size_t size = 0; size < genuine.size(); ++size) probe_.receive(std::span(genuine).first(size));
  Hello hello;
  hello.preamble.nonce = asked_nonce();
  probe_.receive(relay_.retry(hello, 1));
  EXPECT_FALSE(probe_.key());
  // All but the version, which is another one's to judge, is under the MAC of the very key that is told.
  seal::for_each_flipped_bit(genuine, [&](const Bytes& flipped, std::size_t bit) {
    probe_.receive(flipped);
    ASSERT_FALSE(probe_.key()) << bit;
  });
  probe_.receive(genuine);
  EXPECT_EQ(probe_.key(), relay_.public_key());
}

}  // namespace
}  // namespace hubbub::session
