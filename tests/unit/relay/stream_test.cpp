// One voice as a relay sees it: each frame once, the last 250 ms for whoever missed one, what siblings and
// repair symbols bring back, and the arithmetic of reports.
#include "relay/core/stream.h"

#include <gtest/gtest.h>

#include "codec/repair/encoder.h"
#include "codec/wire/limits.h"
#include "codec/wire/voice_elements.h"
#include "tests/unit/relay/sealed_peers.h"

namespace hubbub::relay {
namespace {

constexpr TimePoint kStart{1h};
constexpr std::uint32_t kFirst = SealedFrame::kLeast + 100;
constexpr std::uint32_t kKid = 0xA0000001;
constexpr std::uint32_t kSsrc = 7;

class StreamTest : public testing::Test {
 protected:
  std::optional<DropReason> take(std::uint32_t ctr, TimePoint now = kStart, std::uint32_t kid = kKid) {
    const Bytes bytes = bare_frame(kSsrc, ctr, 20, kid);
    return stream_.take(now, *SealedFrame::parse(bytes), bytes);
  }
  Bytes cached(std::uint32_t ctr, TimePoint now = kStart) {
    return bytes_of(stream_.cached(now, SequenceNumber{static_cast<std::uint16_t>(ctr)}));
  }
  static Bytes symbol_of(std::uint32_t ctr) {
    const Bytes bytes = bare_frame(kSsrc, ctr);
    const auto frame = SealedFrame::parse(bytes);
    Bytes symbol(frame->symbol_bytes());
    ByteWriter writer(symbol);
    frame->write_symbol(writer);
    return symbol;
  }
  // Over the frames [first, first + count).
  std::optional<DropReason> repair(std::uint32_t first, std::uint16_t count, std::uint16_t key = 5) {
    repair::Encoder encoder;
    for (std::uint32_t ctr = first; ctr < first + count; ++ctr) EXPECT_TRUE(encoder.add(ctr, symbol_of(ctr)));
    Bytes symbol(encoder.symbol_size());
    const auto window = encoder.make(count, key, symbol);
    EXPECT_TRUE(window.has_value());
    return stream_.repair(
        {.ssrc = kSsrc, .kid = kKid, .repair_key = key, .window = count, .first = first, .symbol = symbol});
  }
  std::vector<Bytes> recovered() {
    std::vector<Bytes> frames;
    while (const auto bytes = stream_.next_recovered()) {
      frames.push_back(bytes_of(*bytes));
      EXPECT_EQ(stream_.take(kStart, *SealedFrame::parse(frames.back()), frames.back()), std::nullopt);
    }
    return frames;
  }

  Stream stream_;
};

TEST_F(StreamTest, TakesEachFrameOnceInAnyOrder) {
  for (const std::uint32_t i : {3U, 1U, 0U, 2U}) EXPECT_EQ(take(kFirst + i), std::nullopt) << i;
  for (const std::uint32_t i : {0U, 1U, 2U, 3U}) EXPECT_EQ(take(kFirst + i), DropReason::kDuplicate) << i;
  EXPECT_EQ(take(kFirst + 1'026), std::nullopt);
  EXPECT_EQ(take(kFirst + 2), DropReason::kDuplicate) << "1,024 behind: too old to tell";
  EXPECT_EQ(take(kFirst + 4), std::nullopt) << "1,022 behind";
}

TEST_F(StreamTest, AnotherKidIsAnotherLife) {
  take(kFirst + 50);
  EXPECT_EQ(take(kFirst, kStart, kKid + 1), std::nullopt);
  EXPECT_EQ(take(kFirst, kStart, kKid + 1), DropReason::kDuplicate);
  EXPECT_TRUE(cached(kFirst + 50).empty());
  EXPECT_EQ(stream_.report(kSsrc)->highest, kFirst);
}

TEST_F(StreamTest, KeepsFramesFor250Ms) {
  EXPECT_TRUE(cached(kFirst).empty()) << "before there is any";
  take(kFirst);
  EXPECT_EQ(cached(kFirst, kStart + kFrameCacheLasts), bare_frame(kSsrc, kFirst));
  EXPECT_TRUE(cached(kFirst, kStart + kFrameCacheLasts + 1ns).empty());
  EXPECT_TRUE(cached(kFirst + 1).empty());
  EXPECT_TRUE(cached(kFirst + 32).empty()) << "of the same place in the ring";
}

TEST_F(StreamTest, KeepsTheLast32) {
  for (std::uint32_t i = 0; i <= Stream::kCachedFrames; ++i) take(kFirst + i);
  EXPECT_TRUE(cached(kFirst).empty());
  for (std::uint32_t i = 1; i <= Stream::kCachedFrames; ++i)
    EXPECT_EQ(cached(kFirst + i), bare_frame(kSsrc, kFirst + i));
}

TEST_F(StreamTest, FindsFramesAcrossTheWrapOfTheSequenceNumber) {
  constexpr std::uint32_t kBeforeWrap = SealedFrame::kLeast + 0xFFFF;
  take(kBeforeWrap);
  take(kBeforeWrap + 1);
  EXPECT_EQ(cached(0xFFFF), bare_frame(kSsrc, kBeforeWrap));
  EXPECT_EQ(cached(0x0000), bare_frame(kSsrc, kBeforeWrap + 1));
}

TEST_F(StreamTest, ARepairSymbolBringsALostFrameBack) {
  EXPECT_EQ(repair(kFirst, 4), DropReason::kBadFrame) << "of a stream that is not there yet";
  for (const std::uint32_t i : {0U, 1U, 3U}) take(kFirst + i);
  EXPECT_EQ(repair(kFirst, 4), std::nullopt);
  EXPECT_EQ(recovered(), (std::vector<Bytes>{bare_frame(kSsrc, kFirst + 2)}));
  EXPECT_TRUE(recovered().empty()) << "once";
  EXPECT_EQ(take(kFirst + 2), DropReason::kDuplicate) << "then it comes late";
}

TEST_F(StreamTest, TwoSymbolsBringTwoBack) {
  for (const std::uint32_t i : {0U, 3U, 4U}) take(kFirst + i);
  EXPECT_EQ(repair(kFirst, 5, 1), std::nullopt);
  EXPECT_TRUE(recovered().empty());
  EXPECT_EQ(repair(kFirst, 5, 2), std::nullopt);
  EXPECT_EQ(recovered(), (std::vector<Bytes>{bare_frame(kSsrc, kFirst + 1), bare_frame(kSsrc, kFirst + 2)}));
}

TEST_F(StreamTest, AFrameMayComeAfterItsSymbol) {
  take(kFirst);
  EXPECT_EQ(repair(kFirst, 3), std::nullopt);
  EXPECT_TRUE(recovered().empty());
  take(kFirst + 1);
  EXPECT_EQ(recovered(), (std::vector<Bytes>{bare_frame(kSsrc, kFirst + 2)}));
}

TEST_F(StreamTest, SymbolsOfAnotherStreamOrLengthAreRefused) {
  take(kFirst);
  const Bytes symbol(symbol_of(kFirst).size() + 1);
  const RepairSymbol good{.ssrc = kSsrc, .kid = kKid, .window = 2, .first = kFirst, .symbol = symbol};
  EXPECT_EQ(stream_.repair(good), DropReason::kBadElement) << "longer than the stream's";
  RepairSymbol other = good;
  other.kid = kKid + 1;
  EXPECT_EQ(stream_.repair(other), DropReason::kBadFrame);
  other = good;
  other.ssrc = kSsrc + 1;
  EXPECT_EQ(stream_.repair(other), DropReason::kBadFrame);
}

TEST_F(StreamTest, ASymbolOfNoFrameIsForgotten) {
  for (const std::uint32_t i : {0U, 1U, 3U}) take(kFirst + i);
  // Over zeros, and one frame that is missed: what comes out has another payload type.
  Bytes symbol(symbol_of(kFirst).size());
  EXPECT_EQ(
      stream_.repair(
          {.ssrc = kSsrc, .kid = kKid, .repair_key = 1, .window = 4, .first = kFirst, .symbol = symbol}),
      std::nullopt);
  EXPECT_TRUE(recovered().empty());
  EXPECT_EQ(repair(kFirst, 4, 2), std::nullopt);
  EXPECT_EQ(recovered().size(), 1U) << "and does not spoil the genuine one";
}

// --- Reports

TEST_F(StreamTest, NothingToReportWhereNothingCame) {
  EXPECT_FALSE(stream_.report(kSsrc));
  take(kFirst);
  EXPECT_TRUE(stream_.report(kSsrc));
  EXPECT_FALSE(stream_.report(kSsrc)) << "since the last";
}

TEST_F(StreamTest, CountsWhatWasLostSinceTheLastReport) {
  for (const std::uint32_t i : {0U, 1U, 2U, 3U}) take(kFirst + i);
  auto report = stream_.report(kSsrc);
  EXPECT_EQ(report->ssrc, kSsrc);
  EXPECT_EQ(report->fraction_lost, 0);
  EXPECT_EQ(report->lost, 0U);
  EXPECT_EQ(report->highest, kFirst + 3);
  EXPECT_EQ(report->mean_burst, 0);
  for (const std::uint32_t i : {5U, 9U, 10U, 11U}) take(kFirst + i);  // lost: 4, and 6 to 8
  report = stream_.report(kSsrc);
  EXPECT_EQ(report->fraction_lost, 128);
  EXPECT_EQ(report->lost, 4U);
  EXPECT_EQ(report->mean_burst, 32) << "two bursts, of two frames in the mean";
  take(kFirst + 12);
  report = stream_.report(kSsrc);
  EXPECT_EQ(report->fraction_lost, 0);
  EXPECT_EQ(report->lost, 4U) << "since the start";
}

TEST_F(StreamTest, ReportsHoldAtTheirEdges) {
  take(kFirst);
  take(kFirst + 0x200'0000);
  const auto report = stream_.report(kSsrc);
  EXPECT_EQ(report->fraction_lost, 255);
  EXPECT_EQ(report->lost, 0xFF'FFFFU);
  EXPECT_EQ(report->mean_burst, 255);
}

TEST_F(StreamTest, JitterIsRfc3550s) {
  // Every second frame 16 ms late: each change of transit is 768 samples.
  double expected = 0;
  for (std::uint32_t i = 0; i < 50; ++i) {
    take(kFirst + i, kStart + i * 20ms + (i % 2 == 1 ? 16ms : 0ms));
    if (i > 0) expected += (768.0 - expected) / 16;
  }
  EXPECT_EQ(stream_.report(kSsrc)->jitter, static_cast<std::uint32_t>(expected));
}

TEST_F(StreamTest, SteadyFramesHaveNoJitter) {
  for (std::uint32_t i = 0; i < 50; ++i) take(kFirst + i, kStart + i * 20ms);
  EXPECT_EQ(stream_.report(kSsrc)->jitter, 0U);
}

}  // namespace
}  // namespace hubbub::relay
