#include "voiceclient/core/player_stream.h"

#include <vector>

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"
#include "codec/wire/rtcp.h"

namespace hubbub::client {
namespace {

using Bytes = std::vector<std::byte>;

constexpr TimePoint kStart{1h};
constexpr std::uint32_t kAlice = 0xA11CE;
constexpr std::uint32_t kBob = 0xB0B;
constexpr std::byte kOpus20ms{0x78};  // code 0: one frame of 20 ms, mono

Bytes voice(std::uint32_t ssrc, int sequence, std::uint32_t timestamp, std::uint8_t type = kOpusPayloadType) {
  Bytes datagram(RtpHeader::kBytes + 8, std::byte{7});
  ByteWriter writer(datagram);
  RtpHeader{.payload_type = type,
            .sequence = {static_cast<std::uint16_t>(sequence)},
            .timestamp = {timestamp},
            .ssrc = ssrc}
      .serialize(writer);
  datagram[RtpHeader::kBytes] = kOpus20ms;
  return datagram;
}

class PlayerStreamTest : public testing::Test {
 protected:
  std::optional<RtpHeader> hand_on(Duration at, const Bytes& datagram) {
    const auto handed = stream_.hand_on(kStart + at, datagram);
    if (!handed) return std::nullopt;
    const auto packet = RtpPacket::parse(*handed);
    EXPECT_TRUE(packet);
    EXPECT_EQ(Bytes(packet->payload.begin(), packet->payload.end()),
              Bytes(datagram.begin() + RtpHeader::kBytes, datagram.end()));
    return packet->header;
  }

  PlayerStream stream_{std::mt19937_64(1)};
};

TEST_F(PlayerStreamTest, SpeakersInTurnAreOneStream) {
  const auto first = hand_on(0ms, voice(kAlice, 65'535, 0xFFFFFFFF));
  const auto second = hand_on(20ms, voice(kAlice, 0, 959));
  // Bob begins 980 ms after Alice's last, anywhere in his counters, and with another payload type.
  const auto other = hand_on(1s, voice(kBob, 40'000, 7, 96));
  ASSERT_TRUE(first && second && other);
  EXPECT_TRUE(first->marker);
  EXPECT_FALSE(second->marker);
  EXPECT_TRUE(other->marker);
  EXPECT_EQ(second->sequence - first->sequence, 1);
  EXPECT_EQ(other->sequence - second->sequence, 1);
  EXPECT_EQ(second->timestamp - first->timestamp, 960);
  EXPECT_EQ(other->timestamp - second->timestamp, samples_in(980ms));
  EXPECT_EQ(other->payload_type, kOpusPayloadType);
  EXPECT_EQ(first->ssrc, other->ssrc);
}

TEST_F(PlayerStreamTest, WhoeverTalksIntoItIsLeftOutUntilTheFloorIsFree) {
  ASSERT_TRUE(hand_on(0ms, voice(kAlice, 1, 0)));
  EXPECT_FALSE(hand_on(10ms, voice(kBob, 1, 0)));
  ASSERT_TRUE(hand_on(20ms, voice(kAlice, 2, 960)));
  EXPECT_FALSE(hand_on(20ms + PlayerStream::kFloorKept - 1ns, voice(kBob, 20, 0)));
  EXPECT_TRUE(hand_on(20ms + PlayerStream::kFloorKept, voice(kBob, 21, 960)));
  EXPECT_FALSE(hand_on(430ms, voice(kAlice, 3, 1'920))) << "a straggler of the last speaker";
}

TEST_F(PlayerStreamTest, AGoodbyeFreesTheFloorAtOnce) {
  const auto goodbye = [](std::uint32_t ssrc) {
    Bytes datagram(RtcpReport::kMaxBytes);
    ByteWriter writer(datagram);
    RtcpReport report;
    report.ssrc = ssrc;
    report.cname = "c";
    report.leaving = true;
    report.serialize(writer);
    datagram.resize(writer.size());
    return datagram;
  };
  const auto alice = hand_on(0ms, voice(kAlice, 1, 0));
  ASSERT_TRUE(alice);
  EXPECT_FALSE(hand_on(1ms, goodbye(kBob)));
  EXPECT_FALSE(hand_on(2ms, voice(kBob, 1, 0))) << "somebody else's goodbye frees nothing";
  EXPECT_FALSE(hand_on(3ms, goodbye(kAlice))) << "and none is handed on";
  const auto bob = hand_on(5ms, voice(kBob, 2, 960));
  ASSERT_TRUE(bob);
  EXPECT_GE(bob->timestamp - alice->timestamp, 960) << "not into Alice's last packet";
}

TEST_F(PlayerStreamTest, LossesAndReorderingStayVisible) {
  const auto first = hand_on(0ms, voice(kAlice, 10, 0));
  const auto fourth = hand_on(60ms, voice(kAlice, 13, 2'880));
  const auto third = hand_on(61ms, voice(kAlice, 12, 1'920));
  ASSERT_TRUE(first && third && fourth);
  EXPECT_EQ(fourth->sequence - first->sequence, 3);
  EXPECT_EQ(third->sequence - first->sequence, 2);
  EXPECT_EQ(third->timestamp - first->timestamp, 1'920);
  // The next speaker comes after the newest, not after what came last.
  const auto bob = hand_on(1s, voice(kBob, 0, 0));
  ASSERT_TRUE(bob);
  EXPECT_EQ(bob->sequence - fourth->sequence, 1);
}

TEST_F(PlayerStreamTest, NothingButOpusVoice) {
  EXPECT_FALSE(hand_on(0ms, {}));
  EXPECT_FALSE(hand_on(0ms, Bytes(5, std::byte{'x'})));
  EXPECT_FALSE(hand_on(0ms, voice(kAlice, 1, 0, 0))) << "a static payload type";
  EXPECT_FALSE(hand_on(0ms, voice(kAlice, 1, 0, 72))) << "RTCP";
  Bytes malformed = voice(kAlice, 1, 0);
  malformed.resize(RtpHeader::kBytes);
  EXPECT_FALSE(hand_on(0ms, malformed)) << "no payload";
  Bytes large = voice(kAlice, 1, 0);
  large.resize(RtpHeader::kBytes + kMaxOpusPacketBytes + 1);
  EXPECT_FALSE(hand_on(0ms, large));
  large.pop_back();
  EXPECT_TRUE(hand_on(0ms, large)) << "the largest";
}

}  // namespace
}  // namespace hubbub::client
