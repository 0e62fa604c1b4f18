// What a sealed relay does for a session's sake: paths that are proven before anything goes there, new keys,
// and the Reset of what it doesn't know.
#include "codec/wire/element.h"
#include "codec/wire/session_elements.h"
#include "tests/unit/relay/sealed_peers.h"

namespace hubbub::relay {
namespace {

class SealedSessions : public SealedPeers {
 protected:
  // The token of each challenge that was sent to this address.
  std::vector<std::uint64_t> challenges(Peer& peer, const Endpoint& where) {
    std::vector<std::uint64_t> tokens;
    const auto mail = take_mail(where);
    for (const Bytes& datagram : mail) {
      bytes_sent_ += datagram.size();
      const auto envelope = Envelope::parse(datagram);
      EXPECT_TRUE(envelope.ok());
      Bytes out(Envelope::kMaxPlaintextBytes);
      const auto opened = peer.channel->open(*envelope, out);
      EXPECT_TRUE(opened.ok());
      if (!opened.ok()) continue;
      for (const Heard& heard : session::elements_in(opened->elements)) {
        EXPECT_EQ(heard.type, ElementType::kPathChallenge);
        tokens.push_back(PingElement::parse(heard.body)->token);
      }
    }
    return tokens;
  }

  std::size_t bytes_sent_ = 0;
  const Endpoint elsewhere_ = {IpAddress::v4(203, 0, 113, 7), 1'234};
  Peer alice_ = member(1, 100);
  Peer bob_ = member(2, 200);
};

// --- Roaming

TEST_F(SealedSessions, AnAddressIsProvenBeforeAnythingGoesThere) {
  hear(elsewhere_, sealed(alice_, ping_of(1, ElementType::kPing)));
  const auto tokens = challenges(alice_, elsewhere_);
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(take_sealed(alice_, ElementType::kPong).size(), 1U) << "the Pong went to the old address";
  send(bob_, frame_element(bare_frame(200, SealedFrame::kLeast)));
  EXPECT_TRUE(take_mail(elsewhere_).empty());
  EXPECT_EQ(take_mail(alice_).size(), 1U) << "as everything goes on to do";

  hear(elsewhere_, sealed(alice_, ping_of(tokens[0], ElementType::kPathResponse)));
  EXPECT_EQ(relay_.books().moves, 1U);
  send(bob_, frame_element(bare_frame(200, SealedFrame::kLeast + 1)));
  EXPECT_TRUE(take_mail(alice_).empty());
  EXPECT_EQ(take_mail(elsewhere_).size(), 1U);
}

TEST_F(SealedSessions, OnlyTheRightResponseFromTheVeryAddressMovesASession) {
  hear(elsewhere_, sealed(alice_, {}));
  const auto tokens = challenges(alice_, elsewhere_);
  ASSERT_EQ(tokens.size(), 1U);
  hear(elsewhere_, sealed(alice_, ping_of(tokens[0] ^ 1U, ElementType::kPathResponse)));
  const Endpoint third = {IpAddress::v4(203, 0, 113, 8), 1'234};
  const Bytes late = sealed(alice_, ping_of(tokens[0], ElementType::kPathResponse));
  send(bob_, ping_of(tokens[0], ElementType::kPathResponse));
  EXPECT_EQ(refused(DropReason::kBadElement), 2U);
  hear(third, late);
  EXPECT_EQ(refused(DropReason::kBadElement), 3U);
  EXPECT_EQ(relay_.books().moves, 0U);
}

TEST_F(SealedSessions, OnlyTheNewestEnvelopeBeginsAMove) {
  const Bytes early = sealed(alice_, {});
  send(alice_, {});
  hear(elsewhere_, early);
  EXPECT_TRUE(take_mail(elsewhere_).empty()) << "it may have been on its way while the session moved on";
  EXPECT_EQ(dropped(DropReason::kReplayed), 0U) << "it counts all the same";
}

TEST_F(SealedSessions, AnEnvelopeFromTheOldAddressEndsTheCheck) {
  hear(elsewhere_, sealed(alice_, {}));
  const auto tokens = challenges(alice_, elsewhere_);
  send(alice_, {});
  hear(elsewhere_, sealed(alice_, ping_of(tokens.at(0), ElementType::kPathResponse)));
  EXPECT_EQ(relay_.books().moves, 0U);
}

TEST_F(SealedSessions, ChallengesGoEvery250MsAndNeverPastThreeTimesWhatCame) {
  std::size_t bytes_received = 0;
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i <= 100; ++i) {
    const Bytes datagram = sealed(alice_, {});
    bytes_received += datagram.size();
    hear(elsewhere_, datagram);
    for (const std::uint64_t token : challenges(alice_, elsewhere_)) tokens.push_back(token);
    EXPECT_LE(bytes_sent_, kPathAmplification * bytes_received);
    now_ += 10ms;
  }
  EXPECT_EQ(tokens.size(), 5U) << "in a second: at 0, 250, 500, 750 and 1,000 ms";
  for (const std::uint64_t token : tokens) EXPECT_EQ(token, tokens[0]) << "any of the answers will do";
}

TEST_F(SealedSessions, AForgedEnvelopeMovesNothing) {
  Bytes forged = sealed(alice_, {});
  forged.back() ^= std::byte{1};
  hear(elsewhere_, forged);
  EXPECT_TRUE(take_mail(elsewhere_).empty());
}

// --- Rekeying

class SealedRekeys : public SealedSessions {
 protected:
  session::Initiator rekey_of(const Peer& peer) {
    return {options_.door.keys.public_key, {}, {.rekeyed = peer.hash}, random_};
  }
  std::optional<session::Established> ask(Peer& peer, session::Initiator& noise) {
    send(peer, element_of(ElementType::kRekey, noise.hello()));
    const auto answers = take_sealed(peer, ElementType::kRekeyed);
    EXPECT_LE(answers.size(), 1U);
    if (answers.empty() || answers[0].size() != Reply::kNoiseBytes) return std::nullopt;
    session::NoiseReply reply{};
    std::ranges::copy(answers[0], reply.begin());
    return noise.finish(reply);
  }
};

TEST_F(SealedRekeys, NewKeysAreUsedFromTheFirstEnvelopeUnderThem) {
  auto noise = rekey_of(alice_);
  const auto established = ask(alice_, noise);
  ASSERT_TRUE(established);
  Peer renewed = alice_;
  take_up(renewed, *established);
  EXPECT_NE(renewed.grant.session_id, alice_.grant.session_id);
  EXPECT_NE(renewed.grant.reset_token, alice_.grant.reset_token);

  send(alice_, ping_of(1, ElementType::kPing));
  EXPECT_EQ(take_sealed(alice_, ElementType::kPong).size(), 1U) << "not before that";
  EXPECT_EQ(relay_.books().rekeys, 0U);
  send(renewed, element_of(ElementType::kPadding, {}));
  EXPECT_EQ(relay_.books().rekeys, 1U);
  send(alice_, ping_of(1, ElementType::kPing));
  EXPECT_TRUE(take_sealed(alice_).empty());
  EXPECT_EQ(take_sealed(renewed, ElementType::kPong).size(), 1U)
      << "and what it says from then on is under them";
  EXPECT_EQ(relay_.members(), 2U);
  EXPECT_EQ(relay_.sessions(), 2U) << "room, SSRC and all else are the old ones'";
  send(renewed, frame_element(bare_frame(100, SealedFrame::kLeast)));
  EXPECT_EQ(take_mail(bob_).size(), 1U);
}

TEST_F(SealedRekeys, TheSameQuestionGetsTheSameAnswer) {
  auto noise = rekey_of(alice_);
  const auto first = ask(alice_, noise);
  auto same_noise = noise;
  ASSERT_TRUE(first);
  send(alice_, element_of(ElementType::kRekey, noise.hello()));
  send(alice_, element_of(ElementType::kRekey, noise.hello()));
  const auto answers = take_sealed(alice_, ElementType::kRekeyed);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0], answers[1]);
}

TEST_F(SealedRekeys, TheOldKeysLastTenSeconds) {
  auto noise = rekey_of(alice_);
  const auto established = ask(alice_, noise);
  ASSERT_TRUE(established);
  Peer renewed = alice_;
  take_up(renewed, *established);
  send(renewed, {});
  expire(kOldKeysLast - 1ns);
  const std::uint64_t before = relay_.books().envelopes;
  send(alice_, {});
  EXPECT_EQ(relay_.books().envelopes, before + 1);
  expire(1ns);
  send(alice_, {});
  EXPECT_EQ(relay_.books().envelopes, before + 1);
  EXPECT_EQ(relay_.books().resets, 1U);
}

TEST_F(SealedRekeys, GoodbyeUnderEitherEndsTheSession) {
  auto noise = rekey_of(alice_);
  Peer renewed = alice_;
  take_up(renewed, *ask(alice_, noise));
  send(renewed, {});
  say_goodbye(alice_);
  EXPECT_EQ(relay_.sessions(), 1U);
  send(renewed, {});
  EXPECT_EQ(relay_.books().resets, 1U);
}

TEST_F(SealedRekeys, WhatIsNoRekeyOfThisSessionIsRefused) {
  auto of_bob = rekey_of(bob_);
  EXPECT_FALSE(ask(alice_, of_bob));
  EXPECT_EQ(refused(DropReason::kBadHandshake), 1U);
  now_ += 10s;
  send(alice_, element_of(ElementType::kRekey, Bytes(47)));
  send(alice_, element_of(ElementType::kRekey, Bytes(49)));
  EXPECT_EQ(refused(DropReason::kBadElement), 2U);
  auto noise = rekey_of(alice_);
  EXPECT_TRUE(ask(alice_, noise));
}

// --- Reset

TEST_F(SealedSessions, AnUnknownSessionIsAnsweredWithItsToken) {
  say_goodbye(alice_);
  send(alice_, {});
  const auto mail = take_mail(alice_);
  ASSERT_EQ(mail.size(), 1U);
  const auto reset = Reset::parse(mail[0]);
  ASSERT_TRUE(reset.ok());
  EXPECT_EQ(reset->session_id, alice_.grant.session_id);
  EXPECT_EQ(reset->token, alice_.grant.reset_token);
  EXPECT_EQ(relay_.books().resets, 1U);
}

TEST_F(SealedSessions, ARestartedRelayMakesTheSameToken) {
  seal::SeededRandom other_random(99);
  SealedRelay again(options_, policy_, now_, other_random);
  again.receive(now_, alice_.where, {}, sealed(alice_, {}), false);
  const auto outgoing = again.next(now_);
  ASSERT_TRUE(outgoing);
  const auto reset = Reset::parse(outgoing->payload);
  ASSERT_TRUE(reset.ok());
  EXPECT_EQ(reset->token, alice_.grant.reset_token);
}

}  // namespace
}  // namespace hubbub::relay
