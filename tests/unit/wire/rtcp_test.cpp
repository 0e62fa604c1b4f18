// RTCP: our own report, byte for byte and read back; what others may send; what is refused.
#include "codec/wire/rtcp.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/wire/test_bytes.h"

namespace hubbub {
namespace {

Bytes serialized(const RtcpReport& report) {
  std::array<std::byte, RtcpReport::kMaxBytes> out{};
  ByteWriter writer(out);
  report.serialize(writer);
  EXPECT_TRUE(writer.ok());
  return bytes_of(writer.written());
}

TEST(RtcpReport, IsWrittenAsRfc3550Says) {
  const Bytes bytes = serialized({.ssrc = 0xAABBCCDD,
                                  .sender_clock = 5s + 500ms,
                                  .timestamp = {0x01020304},
                                  .packets_sent = 7,
                                  .payload_bytes_sent = 0x0100,
                                  .cname = "c",
                                  .name = "nm",
                                  .leaving = true});
  EXPECT_TRUE(same(bytes, bytes_of({
                              0x80, 200, 0, 6, 0xAA, 0xBB, 0xCC, 0xDD,                // SR
                              0,    0,   0, 5, 0x80, 0,    0,    0,                   // NTP: 5.5 s
                              1,    2,   3, 4, 0,    0,    0,    7,    0, 0, 1,   0,  //
                              0x81, 202, 0, 3, 0xAA, 0xBB, 0xCC, 0xDD, 1, 1, 'c', 2, 2, 'n', 'm', 0,  // SDES
                              0x81, 203, 0, 1, 0xAA, 0xBB, 0xCC, 0xDD,                                // BYE
                          })));
}

// Every length of the name, so every alignment of the padding, and the largest report there is.
TEST(RtcpReport, ReadsBackAtEveryLength) {
  const std::string letters(255, 'n');
  for (const std::size_t cname_length : {1U, 2U, 3U, 4U, 255U}) {
    for (std::size_t length = 0; length <= 255; ++length) {
      const std::string_view name = std::string_view(letters).substr(0, length);
      const bool leaving = length % 2 == 1;
      const Bytes bytes = serialized({.ssrc = 42,
                                      .timestamp = {},
                                      .cname = std::string_view(letters).substr(0, cname_length),
                                      .name = name,
                                      .leaving = leaving});
      ASSERT_EQ(bytes.size() % 4, 0U);
      const auto parsed = RtcpSummary::parse(bytes);
      ASSERT_TRUE(parsed.ok()) << length;
      ASSERT_EQ(parsed->descriptions.size(), 1U);
      EXPECT_EQ(parsed->descriptions[0].ssrc, 42U);
      EXPECT_EQ(parsed->descriptions[0].name.size(), length == 0 ? cname_length : length);
      EXPECT_EQ(parsed->leaving.size(), leaving ? 1U : 0U);
    }
  }
  EXPECT_EQ(serialized({.timestamp = {}, .cname = letters, .name = letters, .leaving = true}).size(),
            28U + 8 + 514 + 2 + 8);
}

TEST(RtcpReport, TheFractionOfASecondStaysBelowOne) {
  const Bytes bytes = serialized({.sender_clock = 2s - 1ns, .timestamp = {}, .cname = "c", .name = {}});
  EXPECT_TRUE(same(std::span(bytes).subspan(8, 4), bytes_of({0, 0, 0, 1})));
  EXPECT_EQ(bytes[12], std::byte{0xFF});
}

TEST(RtcpReportDeathTest, ANameThatDoesNotFitIsABug) {
  const std::string long_name(256, 'n');
  std::array<std::byte, 2'000> out{};
  ByteWriter writer(out);
  EXPECT_DEATH((RtcpReport{.timestamp = {}, .cname = long_name, .name = {}}.serialize(writer)), "bug: CHECK");
  EXPECT_DEATH((RtcpReport{.timestamp = {}, .cname = "c", .name = long_name}.serialize(writer)),
               "bug: CHECK");
}

TEST(RtcpSummary, NameWinsOverCnameInAnyOrder) {
  for (const auto& items : {bytes_of({1, 1, 'c', 2, 1, 'n', 0, 0}), bytes_of({2, 1, 'n', 1, 1, 'c', 0, 0})}) {
    Bytes bytes = bytes_of({0x81, 202, 0, 3, 0, 0, 0, 9});
    bytes.insert(bytes.end(), items.begin(), items.end());
    const auto parsed = RtcpSummary::parse(bytes);
    ASSERT_TRUE(parsed.ok());
    ASSERT_EQ(parsed->descriptions.size(), 1U);
    EXPECT_EQ(parsed->descriptions[0].name, "n");
  }
}

TEST(RtcpSummary, SeveralChunksAndUnknownItems) {
  const auto parsed = RtcpSummary::parse(bytes_of({
      0x83, 202, 0,   9,  // three chunks
      0,    0,   0,   1, 2, 3, 'a', 'b',
      'c',  0,   0,   0,  // "abc", then the end and two bytes of padding
      0,    0,   0,   2, 7, 2, 'x', 'y',
      1,    1,   'd', 0,                // NOTE is skipped, CNAME is used; the end fills the word
      0,    0,   0,   3, 0, 0, 0,   0,  // no items at all: a whole word of zeros
  }));
  ASSERT_FALSE(parsed.ok()) << "9 words claimed, 8 there";
  const auto exact = RtcpSummary::parse(bytes_of({
      0x83, 202, 0, 8, 0,   0,   0, 1, 2,   3, 'a', 'b', 'c', 0, 0, 0, 0, 0,
      0,    2,   7, 2, 'x', 'y', 1, 1, 'd', 0, 0,   0,   0,   3, 0, 0, 0, 0,
  }));
  ASSERT_TRUE(exact.ok());
  ASSERT_EQ(exact->descriptions.size(), 3U);
  EXPECT_EQ(exact->descriptions[0].name, "abc");
  EXPECT_EQ(exact->descriptions[1].name, "d");
  EXPECT_EQ(exact->descriptions[1].ssrc, 2U);
  EXPECT_EQ(exact->descriptions[2].name, "");
  EXPECT_EQ(exact->descriptions[2].ssrc, 3U);
}

TEST(RtcpSummary, ByeOfSeveralAndWithAReason) {
  const auto parsed =
      RtcpSummary::parse(bytes_of({0x82, 203, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 3, 'b', 'y', 'e', 0, 0, 0, 0}));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->leaving, (std::vector<std::uint32_t>{1, 2}));
}

TEST(RtcpSummary, SkipsReportsOfOthersAndUnknownTypes) {
  const auto parsed = RtcpSummary::parse(bytes_of({
      0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
      0,    0,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // RR
      0x80, 210, 0, 1, 9, 9, 9, 9,                          // unknown
      0x80, 210, 0, 0,                                      // a header alone
      0x81, 203, 0, 1, 0, 0, 0, 5,
  }));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->leaving, (std::vector<std::uint32_t>{5}));
  EXPECT_TRUE(parsed->descriptions.empty());
}

TEST(RtcpSummary, RefusesWhatIsShorterThanItSays) {
  const Bytes whole =
      serialized({.ssrc = 1, .timestamp = {}, .cname = "cname", .name = "name", .leaving = true});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const bool between_packets = size == 28 || size == whole.size() - 8;
    EXPECT_EQ(RtcpSummary::parse(cut).ok(), between_packets) << size;
    if (!between_packets) {
      EXPECT_EQ(problem<RtcpSummary>(cut), DropReason::kTruncated) << size;
    }
  }
}

TEST(RtcpSummary, RefusesChunksThatRunOutOfTheirPacket) {
  // Each inside a compound packet whose outer lengths are true, so the inner one must be caught by itself.
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x81, 202, 0, 1, 0, 0, 0, 1})), DropReason::kTruncated)
      << "no end of items";
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x81, 202, 0, 2, 0, 0, 0, 1, 2, 9, 'a', 'b'})),
            DropReason::kTruncated)
      << "item too long";
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x81, 202, 0, 2, 0, 0, 0, 1, 2, 2, 'a', 'b'})),
            DropReason::kTruncated)
      << "full word, no end";
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x82, 202, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0})), DropReason::kTruncated)
      << "second chunk missing";
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x81, 202, 0, 0, 0x80, 201, 0, 1, 0, 0, 0, 0})),
            DropReason::kTruncated)
      << "chunk in the next packet";
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x82, 203, 0, 1, 0, 0, 0, 1})), DropReason::kTruncated)
      << "second SSRC missing";
}

TEST(RtcpSummary, OnlyVersionTwo) {
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x40, 201, 0, 0})), DropReason::kBadVersion);
  EXPECT_EQ(problem<RtcpSummary>(bytes_of({0x80, 201, 0, 0, 0xC0, 201, 0, 0})), DropReason::kBadVersion);
}

TEST(RtcpSummary, NamesComeAsTheyAre) {
  const auto parsed =
      RtcpSummary::parse(bytes_of({0x81, 202, 0, 3, 0, 0, 0, 1, 2, 4, 0x1B, 0xFF, 0, '>', 0, 0}));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->descriptions[0].name, std::string("\x1B\xFF\0>", 4));
}

}  // namespace
}  // namespace hubbub
