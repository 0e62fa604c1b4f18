#include "voiceclient/core/speakers.h"

#include <vector>

#include <gtest/gtest.h>

#include "codec/voice/opus_codec.h"

namespace hubbub::client {
namespace {

constexpr TimePoint kStart{1h};
constexpr std::uint32_t kAlice = 0xA11CE;

class SpeakersTest : public testing::Test {
 protected:
  // A packet that never was RTP on any wire: opened from a seal, say.
  RtpPacket packet(std::uint32_t ssrc, int index) {
    const auto payload = encoder_.encode(std::vector<float>(960, 0.1F));
    payload_.assign(payload.begin(), payload.end());
    return {.header = {.sequence = {static_cast<std::uint16_t>(index)},
                       .timestamp = {static_cast<std::uint32_t>(960 * index)},
                       .ssrc = ssrc},
            .payload = payload_};
  }
  std::vector<Event> events() {
    std::vector<Event> list;
    while (auto event = queue_.next()) list.push_back(std::move(*event));
    return list;
  }

  voice::Encoder encoder_{voice::VoiceFormat{.complexity = 0}};
  std::vector<std::byte> payload_;
  EventQueue queue_;
  Speakers speakers_{60ms};
};

TEST_F(SpeakersTest, ANameKnownBeforeTheFirstPacketIsInItsEvent) {
  speakers_.rename(kAlice, "nobody yet");
  EXPECT_FALSE(speakers_.knows(kAlice)) << "naming a stranger remembers nothing";
  EXPECT_TRUE(speakers_.admit(kStart, kAlice, queue_));
  speakers_.rename(kAlice, "alice");
  EXPECT_TRUE(events().empty());
  EXPECT_FALSE(speakers_.put(kStart, packet(kAlice, 0), queue_));
  const auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(std::get<Speaking>(seen[0]).name, "alice");
}

TEST_F(SpeakersTest, WhatIsNoOpusAdmitsNobody) {
  RtpPacket bad = packet(kAlice, 0);
  bad.payload = {};
  EXPECT_EQ(speakers_.put(kStart, bad, queue_), DropReason::kBadOpus);
  EXPECT_FALSE(speakers_.knows(kAlice));
}

TEST_F(SpeakersTest, AFullHouseAdmitsNobodyUntilSomebodyWasSilent) {
  for (std::uint32_t ssrc = 0; ssrc < kMaxStreams; ++ssrc) {
    EXPECT_TRUE(speakers_.admit(kStart, ssrc, queue_));
  }
  EXPECT_FALSE(speakers_.admit(kStart, kAlice, queue_));
  EXPECT_EQ(speakers_.put(kStart, packet(kAlice, 0), queue_), DropReason::kTooManyStreams);
  EXPECT_TRUE(speakers_.admit(kStart, 0, queue_)) << "who is known stays known";
  EXPECT_TRUE(speakers_.admit(kStart + 2s, kAlice, queue_));
  EXPECT_EQ(speakers_.infos().size(), kMaxStreams);
}

TEST_F(SpeakersTest, EventsThatStrangersCauseAreBoundedAndOursAreNot) {
  for (std::size_t i = 0; i < EventQueue::kMaxEvents + 10; ++i) queue_.offer(Speaking{});
  queue_.add(Refused{"the relay is another one"});
  const auto seen = events();
  ASSERT_EQ(seen.size(), EventQueue::kMaxEvents + 1);
  EXPECT_EQ(std::get<Refused>(seen.back()).why, "the relay is another one");
}

}  // namespace
}  // namespace hubbub::client
