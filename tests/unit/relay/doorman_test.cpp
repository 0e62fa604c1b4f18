// Who is told what at the door: the order of the checks, each of which hides all behind it; answers that are
// never longer than their questions; the rates at their edges.
#include "relay/core/doorman.h"

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::relay {
namespace {

constexpr TimePoint kStart{1h};
const Endpoint kSomewhere = {IpAddress::v4(198, 51, 100, 1), 40'000};

class DoormanTest : public testing::Test {
 protected:
  DoormanTest() {
    options_.keys = seal::KeyPair::generate(random_);
    options_.psk = random_.secret<32>();
    options_.unknown_psk = random_.secret<32>();
    options_.join_rate = 2;
    open();
  }
  void open() { doorman_.emplace(options_, kStart, random_); }

  // All that may be wrong with a Hello, in the order in which it is looked at.
  struct Wish {
    bool right_length = true;
    bool knows_key = true;
    std::uint8_t version = kSealedVersion;
    bool knows_token = true;
    Cookie cookie{};
    SealedKind kind = SealedKind::kHello;
  };
  Bytes hello(const Wish& wish) {
    Hello hello;
    hello.preamble = {.kind = wish.kind, .version = wish.version, .nonce = kNonce};
    hello.cookie = wish.cookie;
    std::array<std::byte, Hello::kBytes> bytes{};
    hello.serialize(bytes);
    const bool request = wish.kind == SealedKind::kKeyRequest;
    const seal::PublicKey key = request ? seal::PublicKey{} : options_.keys.public_key;
    const seal::Key psk = request ? options_.unknown_psk : options_.psk;
    session::HelloKeys(key, wish.knows_token ? psk : seal::Key()).sign(bytes);
    if (!wish.knows_key) bytes[Hello::kMac1At] ^= std::byte{1};
    Bytes datagram = bytes_of(bytes);
    if (!wish.right_length) datagram.push_back(std::byte{0});
    return datagram;
  }

  // What becomes of it: why there is silence, the answer's first byte and reason, or that it is let through.
  struct Outcome {
    std::optional<DropReason> silence{};
    Bytes answer{};
    bool let_through = false;

    [[nodiscard]] std::optional<RefusalReason> refusal() const {
      const auto parsed = Refusal::parse(answer);
      return !answer.empty() && answer[0] == std::byte{0x04} && parsed.ok() ? std::optional(parsed->reason)
                                                                            : std::nullopt;
    }
  };
  Outcome knock(const Bytes& datagram, TimePoint now = kStart, const Endpoint& from = kSomewhere,
                bool full = false) {
    const auto verdict = doorman_->hear(now, from, datagram, full);
    if (const auto* reason = std::get_if<DropReason>(&verdict)) return {.silence = *reason};
    if (std::holds_alternative<Hello>(verdict)) return {.let_through = true};
    const auto answer = std::get<Doorman::Answer>(verdict).view();
    EXPECT_LE(answer.size(), kMaxAnswerBytes);
    EXPECT_LT(answer.size(), datagram.size());
    EXPECT_TRUE(same(answer.subspan(2, 8), kNonce)) << "an answer carries its question's nonce";
    EXPECT_TRUE(session::HelloKeys(options_.keys.public_key, {}).verify_answer(answer));
    return {.answer = bytes_of(answer)};
  }
  Cookie cookie(const Endpoint& from = kSomewhere, TimePoint now = kStart) {
    const auto retry = Retry::parse(knock(hello({}), now, from).answer);
    EXPECT_TRUE(retry.ok());
    return retry.ok() ? retry->cookie : Cookie{};
  }
  // How many Hellos come through in a row.
  int come_through(const Endpoint& from, TimePoint now = kStart) {
    const Bytes good = hello({.cookie = cookie(from, now)});
    int count = 0;
    while (count < 5'000 && knock(good, now, from).let_through) ++count;
    return count;
  }

  static constexpr Nonce kNonce = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                   std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
  seal::SeededRandom random_{1};
  DoorOptions options_;
  std::optional<Doorman> doorman_;
};

TEST_F(DoormanTest, EachCheckHidesAllBehindIt) {
  Wish wish{.right_length = false, .knows_key = false, .version = 2, .knows_token = false};
  EXPECT_EQ(knock(hello(wish), kStart, kSomewhere, true).silence, DropReason::kTrailingBytes);
  wish.right_length = true;
  EXPECT_EQ(knock(hello(wish), kStart, kSomewhere, true).silence, DropReason::kBadMac);
  wish.knows_key = true;
  EXPECT_EQ(knock(hello(wish), kStart, kSomewhere, true).refusal(), RefusalReason::kVersion);
  wish.version = kSealedVersion;
  EXPECT_EQ(knock(hello(wish), kStart, kSomewhere, true).refusal(), RefusalReason::kToken);
  wish.knows_token = true;
  const Outcome retry = knock(hello(wish), kStart, kSomewhere, true);
  ASSERT_EQ(retry.answer.size(), Retry::kBytes);
  wish.cookie = Retry::parse(retry.answer)->cookie;
  EXPECT_EQ(knock(hello(wish), kStart, kSomewhere, true).refusal(), RefusalReason::kFull);
  EXPECT_TRUE(knock(hello(wish)).let_through);
}

TEST_F(DoormanTest, EveryOtherLengthIsSilence) {
  const Bytes good = hello({});
  for (std::size_t size = 1; size < good.size(); ++size)
    EXPECT_EQ(knock(bytes_of(std::span(good).first(size))).silence, DropReason::kTruncated) << size;
}

TEST_F(DoormanTest, ARefusalCarriesTheRelaysVersion) {
  const Outcome outcome = knock(hello({.version = 200}));
  ASSERT_EQ(outcome.answer.size(), Refusal::kBytes);
  EXPECT_EQ(Refusal::parse(outcome.answer)->preamble.version, kSealedVersion);
}

TEST_F(DoormanTest, ACookieIsOneAddresssAndWearsOut) {
  const Bytes good = hello({.cookie = cookie()});
  EXPECT_TRUE(knock(good).let_through);
  Endpoint other = kSomewhere;
  other.port = 40'001;
  EXPECT_EQ(knock(good, kStart, other).answer.size(), Retry::kBytes);
  EXPECT_TRUE(knock(good, kStart + 60s).let_through);
  EXPECT_EQ(knock(good, kStart + 120s).answer.size(), Retry::kBytes);
}

TEST_F(DoormanTest, HandshakesHaveARateForEachPrefix) {
  EXPECT_EQ(come_through(kSomewhere), 4) << "twice the rate in a burst";
  EXPECT_EQ(knock(hello({.cookie = cookie()})).silence, DropReason::kRateLimited);
  Endpoint same_machine = kSomewhere;
  same_machine.port = 1;
  EXPECT_EQ(come_through(same_machine), 0);
  EXPECT_EQ(come_through({IpAddress::v4(198, 51, 100, 2), 40'000}), 4);
  EXPECT_EQ(come_through(kSomewhere, kStart + 500ms), 1);
}

TEST_F(DoormanTest, HellosWithoutACookieCostTheirAddressNothing) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(knock(hello({})).answer.size(), Retry::kBytes);
    EXPECT_EQ(knock(hello({.knows_token = false})).refusal(), RefusalReason::kToken);
  }
  EXPECT_EQ(come_through(kSomewhere), 4) << "or anybody could use up what is another's";
}

TEST_F(DoormanTest, AllHandshakesHaveABudget) {
  options_.join_rate = 0;
  open();
  EXPECT_EQ(come_through(kSomewhere), static_cast<int>(kHandshakesASecond));
  EXPECT_EQ(knock(hello({.cookie = cookie()})).silence, DropReason::kOverloaded);
  EXPECT_EQ(come_through(kSomewhere, kStart + 100ms), static_cast<int>(kHandshakesASecond / 10));
}

TEST_F(DoormanTest, ToldAtItsDefaultTheRateIsTwentyASecond) {
  options_.join_rate = kDefaultJoinRate;
  open();
  EXPECT_EQ(come_through(kSomewhere), 40);
}

// --- Who are you?

TEST_F(DoormanTest, TellsItsKeyToWhoHasTheToken) {
  const Wish wish{.kind = SealedKind::kKeyRequest};
  const Outcome outcome = knock(hello(wish));
  ASSERT_EQ(outcome.answer.size(), KeyAnswer::kBytes);
  EXPECT_EQ(KeyAnswer::parse(outcome.answer)->relay_key, options_.keys.public_key);
  EXPECT_EQ(knock(hello({.knows_token = false, .kind = SealedKind::kKeyRequest})).silence,
            DropReason::kBadMac);
  EXPECT_EQ(knock(hello({.knows_key = false, .kind = SealedKind::kKeyRequest})).silence, DropReason::kBadMac);
  EXPECT_FALSE(knock(hello({.version = 77, .kind = SealedKind::kKeyRequest})).answer.empty())
      << "of any version";
}

TEST_F(DoormanTest, TellsItsKeyAtTheRateOfHandshakes) {
  const Bytes request = hello({.kind = SealedKind::kKeyRequest});
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(knock(request).answer.empty()) << i;
  EXPECT_EQ(knock(request).silence, DropReason::kRateLimited);
  EXPECT_FALSE(knock(request, kStart + 500ms).answer.empty());
}

TEST_F(DoormanTest, TellsNobodyWhereTheOperatorSaysSo) {
  options_.tell_key = false;
  open();
  EXPECT_EQ(knock(hello({.kind = SealedKind::kKeyRequest})).silence, DropReason::kBadMac);
}

// --- Resets

TEST_F(DoormanTest, AResetIsShorterThanWhatItAnswers) {
  const auto answer = doorman_->reset(kStart, kSomewhere, 0x0011'2233);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->size, Reset::kBytes);
  const auto reset = Reset::parse(answer->view());
  ASSERT_TRUE(reset.ok());
  EXPECT_EQ(reset->session_id, 0x0011'2233U);
  EXPECT_EQ(reset->token, doorman_->reset_token(0x0011'2233));
  EXPECT_NE(doorman_->reset_token(1), doorman_->reset_token(2));
  const auto before = doorman_->reset_token(7);
  open();
  EXPECT_EQ(doorman_->reset_token(7), before) << "the key is all that outlives a restart";
  options_.keys = seal::KeyPair::generate(random_);
  open();
  EXPECT_NE(doorman_->reset_token(7), before);
}

TEST_F(DoormanTest, ResetsHaveARateForEachPrefixAndABudget) {
  int from_one = 0;
  while (from_one < 1'000 && doorman_->reset(kStart, kSomewhere, 1)) ++from_one;
  EXPECT_EQ(from_one, 4);
  options_.join_rate = 0;
  open();
  int all = 0;
  while (all < 1'000 && doorman_->reset(kStart, kSomewhere, 1)) ++all;
  EXPECT_EQ(all, static_cast<int>(kResetsASecond));
  EXPECT_TRUE(doorman_->reset(kStart + 10ms, kSomewhere, 1));
}

}  // namespace
}  // namespace hubbub::relay
