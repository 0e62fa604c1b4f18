#include "tools/impair/link.h"

#include <cmath>
#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace hubbub::impair {
namespace {

constexpr TimePoint kStart{};
constexpr std::uint64_t kSeed = 20'240'501;

LinkOptions bernoulli(double loss) {
  LinkOptions options;
  options.loss = loss;
  return options;
}

LinkOptions gilbert(double loss, double burst) {
  LinkOptions options;
  options.loss_model = LossModel::kGilbertElliott;
  options.loss = loss;
  options.burst = burst;
  return options;
}

// A voice stream: `count` packets of `bytes`, one every 20 ms.
std::vector<Verdict> run(Link& link, int count, std::size_t bytes = 100, Duration interval = 20ms) {
  std::vector<Verdict> verdicts;
  verdicts.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) verdicts.push_back(link.push(kStart + i * interval, bytes));
  EXPECT_TRUE(link.stats().balances());
  return verdicts;
}

std::vector<bool> losses(const std::vector<Verdict>& verdicts) {
  std::vector<bool> lost;
  lost.reserve(verdicts.size());
  for (const Verdict& verdict : verdicts) lost.push_back(verdict.fate == Fate::kLostRandom);
  return lost;
}

struct Bursts {
  double loss = 0;
  double mean_length = 0;
  double loss_after_loss = 0;
};

Bursts bursts_of(const std::vector<bool>& lost) {
  int total = 0;
  int bursts = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < lost.size(); ++i) {
    if (!lost[i]) continue;
    ++total;
    if (i == 0 || !lost[i - 1]) ++bursts;
    if (i + 1 < lost.size() && lost[i + 1]) ++pairs;
  }
  return {static_cast<double>(total) / static_cast<double>(lost.size()), static_cast<double>(total) / bursts,
          static_cast<double>(pairs) / total};
}

TEST(Link, APerfectLinkDeliversAtOnceAndWhole) {
  Link link(LinkOptions(), kSeed, kStart);
  for (const Verdict& verdict : run(link, 1'000)) {
    ASSERT_EQ(verdict.fate, Fate::kDelivered);
    ASSERT_EQ(verdict.copies, 1U);
    ASSERT_EQ(verdict.flipped_bit, std::nullopt);
  }
  EXPECT_EQ(link.push(kStart + 1h, 10).deliveries().front(), kStart + 1h);
  EXPECT_EQ(link.stats().delivered, 1'001U);
  EXPECT_EQ(link.stats().bytes_in, 100'010U);
  EXPECT_EQ(link.stats().bytes_delivered, 100'010U);
}

TEST(Link, BernoulliLosesItsShareIndependently) {
  Link link(bernoulli(0.1), kSeed, kStart);
  const Bursts found = bursts_of(losses(run(link, 100'000)));
  // Four standard errors: sqrt(0.1 * 0.9 / 100,000) * 4 = 0.0038, and of the tenth that were lost, 0.012.
  EXPECT_NEAR(found.loss, 0.1, 0.0038);
  EXPECT_NEAR(found.loss_after_loss, 0.1, 0.012) << "a loss says nothing of the next packet";
}

TEST(Link, GilbertElliottMeetsItsMeanLossAndBurstLength) {
  for (const auto& [loss, burst] : {std::pair{0.05, 2.5}, {0.2, 2.5}, {0.3, 5.0}, {0.1, 1.5}}) {
    Link link(gilbert(loss, burst), kSeed, kStart);
    const Bursts found = bursts_of(losses(run(link, 400'000)));
    EXPECT_NEAR(found.loss, loss, 0.03 * loss + 0.002) << loss << " in bursts of " << burst;
    EXPECT_NEAR(found.mean_length, burst, 0.04 * burst) << loss << " in bursts of " << burst;
  }
}

TEST(Link, GilbertElliottBurstsAreGeometric) {
  Link link(gilbert(0.2, 2.5), kSeed, kStart);
  const auto lost = losses(run(link, 400'000));
  std::map<int, int> lengths;
  int length = 0;
  int bursts = 0;
  for (const bool l : lost) {
    if (l) {
      ++length;
    } else if (length > 0) {
      ++lengths[length];
      ++bursts;
      length = 0;
    }
  }
  for (int n = 1; n <= 6; ++n) {
    const double expected = 0.4 * std::pow(0.6, n - 1);
    EXPECT_NEAR(static_cast<double>(lengths[n]) / bursts, expected, 4 * std::sqrt(expected / bursts)) << n;
  }
}

TEST(Link, BurstsOfOneNeverLoseTwoInARow) {
  Link link(gilbert(0.4, 1), kSeed, kStart);
  const Bursts found = bursts_of(losses(run(link, 50'000)));
  EXPECT_NEAR(found.loss, 0.4, 0.01);
  EXPECT_EQ(found.mean_length, 1);
}

// The first packet is drawn from the chain's long run, not from a known state.
TEST(Link, GilbertElliottStartsAsItGoesOn) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    Link link(gilbert(0.3, 5), seed, kStart);
    lost += link.push(kStart, 100).fate == Fate::kLostRandom ? 1 : 0;
  }
  EXPECT_NEAR(lost, 3'000, 4 * std::sqrt(10'000 * 0.3 * 0.7));
}

TEST(Link, TheNoneModelLosesNothingAndAFullLossEverything) {
  LinkOptions none = bernoulli(1);
  none.loss_model = LossModel::kNone;
  Link kept(none, kSeed, kStart);
  run(kept, 1'000);
  EXPECT_EQ(kept.stats().delivered, 1'000U);

  Link all(bernoulli(1), kSeed, kStart);
  run(all, 1'000);
  EXPECT_EQ(all.stats().lost_random, 1'000U);
}

TEST(Link, DelayIsExact) {
  LinkOptions options;
  options.delay = 40ms;
  Link link(options, kSeed, kStart);
  EXPECT_EQ(link.push(kStart + 5ms, 100).deliveries().front(), kStart + 45ms);
}

TEST(Link, JitterIsUniformFromNothingToItsSize) {
  LinkOptions options;
  options.delay = 40ms;
  options.jitter = 10ms;
  Link link(options, kSeed, kStart);
  double sum = 0;
  std::array<int, 10> bins{};
  constexpr int kPackets = 50'000;
  for (int i = 0; i < kPackets; ++i) {
    const TimePoint now = kStart + i * 20ms;  // further apart than the jitter: order holds nothing back
    const Duration extra = link.push(now, 100).deliveries().front() - now - 40ms;
    ASSERT_GE(extra, 0ms);
    ASSERT_LT(extra, 10ms);
    sum += to_ms(extra);
    ++bins[static_cast<std::size_t>(extra / 1ms)];
  }
  EXPECT_NEAR(sum / kPackets, 5, 0.06);
  for (const int count : bins) EXPECT_NEAR(count, 5'000, 4 * std::sqrt(kPackets * 0.09));
}

TEST(Link, WithoutReorderingNoPacketArrivesBeforeAnEarlierOne) {
  LinkOptions options;
  options.jitter = 100ms;
  options.duplicate = 0.2;
  Link link(options, kSeed, kStart);
  TimePoint newest = kStart;
  int held_back = 0;
  for (const Verdict& verdict : run(link, 10'000)) {
    for (const TimePoint at : verdict.deliveries()) {
      ASSERT_GE(at, newest);
      held_back += at == newest ? 1 : 0;
      newest = at;
    }
  }
  EXPECT_GT(held_back, 1'000) << "at five packets in the jitter, many would have overtaken";
}

TEST(Link, WithReorderingPacketsOvertakeAndKeepTheirOwnDelay) {
  LinkOptions options;
  options.jitter = 100ms;
  options.reorder = true;
  Link link(options, kSeed, kStart);
  const auto verdicts = run(link, 10'000);
  int overtakings = 0;
  for (std::size_t i = 1; i < verdicts.size(); ++i) {
    overtakings += verdicts[i].arrivals[0] < verdicts[i - 1].arrivals[0] ? 1 : 0;
    ASSERT_LT(verdicts[i].arrivals[0] - (kStart + static_cast<int>(i) * 20ms), 100ms);
  }
  // Of two uniform delays, the later packet's is smaller by more than 20 of 100 ms with probability 0.8^2
  // / 2.
  EXPECT_NEAR(overtakings, 3'200, 200);
}

TEST(Link, DuplicatesAreASecondCopyWithADelayOfItsOwn) {
  LinkOptions options;
  options.duplicate = 0.1;
  options.jitter = 10ms;
  options.reorder = true;
  Link link(options, kSeed, kStart);
  int twice = 0;
  int together = 0;
  for (const Verdict& verdict : run(link, 50'000)) {
    ASSERT_LE(verdict.copies, 2U);
    if (verdict.copies < 2) continue;
    ++twice;
    together += verdict.arrivals[0] == verdict.arrivals[1] ? 1 : 0;
  }
  EXPECT_NEAR(twice, 5'000, 4 * std::sqrt(50'000 * 0.09));
  EXPECT_LT(together, 5);
  EXPECT_EQ(link.stats().duplicated, static_cast<std::uint64_t>(twice));
  EXPECT_EQ(link.stats().delivered, 50'000U + static_cast<std::uint64_t>(twice));
  EXPECT_EQ(link.stats().bytes_delivered, 100 * link.stats().delivered);
}

TEST(Link, CorruptionFlipsOneBitAnywhereInThePacket) {
  LinkOptions options;
  options.corrupt = 0.5;
  Link link(options, kSeed, kStart);
  std::array<int, 32> bits{};
  int corrupted = 0;
  for (const Verdict& verdict : run(link, 32'000, 4)) {
    std::array<std::byte, 4> packet{};
    verdict.flip(packet);
    int flipped = 0;
    for (std::size_t bit = 0; bit < 32; ++bit) {
      const bool is_set = (packet[bit / 8] >> (bit % 8) & std::byte{1}) != std::byte{0};
      flipped += is_set ? 1 : 0;
      bits[bit] += is_set ? 1 : 0;
    }
    ASSERT_EQ(flipped, verdict.flipped_bit ? 1 : 0);
    corrupted += flipped;
  }
  EXPECT_NEAR(corrupted, 16'000, 4 * std::sqrt(32'000 * 0.25));
  EXPECT_EQ(link.stats().corrupted, static_cast<std::uint64_t>(corrupted));
  for (const int count : bits) EXPECT_NEAR(count, 500, 4 * std::sqrt(500.0));
}

TEST(Link, AnEmptyDatagramHasNoBitToFlip) {
  LinkOptions options;
  options.corrupt = 1;
  Link link(options, kSeed, kStart);
  EXPECT_EQ(link.push(kStart, 0).flipped_bit, std::nullopt);
  EXPECT_EQ(link.stats().corrupted, 0U);
}

// 97 bytes of payload are 125 on the wire: 1,000 bits, which take 10 ms at 100 kbit/s.
constexpr std::size_t kThousandBits = 125 - kHeaderBytes;

LinkOptions hundred_kilobits(std::optional<std::variant<Duration, std::size_t>> queue) {
  LinkOptions options;
  options.rate_bits_per_second = 100'000;
  options.queue = queue;
  return options;
}

TEST(Link, ALimitedRateSendsOnePacketAfterAnother) {
  Link link(hundred_kilobits(Duration(1s)), kSeed, kStart);
  EXPECT_EQ(link.push(kStart, kThousandBits).deliveries().front(), kStart + 10ms);
  EXPECT_EQ(link.push(kStart, kThousandBits).deliveries().front(), kStart + 20ms);
  EXPECT_EQ(link.push(kStart + 5ms, kThousandBits).deliveries().front(), kStart + 30ms);
  EXPECT_EQ(link.push(kStart + 100ms, kThousandBits).deliveries().front(), kStart + 110ms) << "idle again";
}

TEST(Link, AFullQueueDropsWhatComesLast) {
  // A queue of 30 ms, or the same 375 bytes, holds three such packets, the one being sent included.
  for (const auto& queue : {std::variant<Duration, std::size_t>(Duration(30ms)),
                            std::variant<Duration, std::size_t>(std::size_t{375})}) {
    Link link(hundred_kilobits(queue), kSeed, kStart);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(link.push(kStart, kThousandBits).fate, Fate::kDelivered) << i;
    EXPECT_EQ(link.push(kStart, kThousandBits).fate, Fate::kDroppedQueue);
    EXPECT_EQ(link.push(kStart + 9ms, kThousandBits).fate, Fate::kDroppedQueue);
    EXPECT_EQ(link.push(kStart + 10ms, kThousandBits).fate, Fate::kDelivered) << "one has left";
    EXPECT_EQ(link.stats().dropped_queue, 2U);
    EXPECT_TRUE(link.stats().balances());
  }
}

TEST(Link, AnIdleLinkTakesAPacketLargerThanItsQueue) {
  Link link(hundred_kilobits(Duration(1ms)), kSeed, kStart);
  EXPECT_EQ(link.push(kStart, 1'000).fate, Fate::kDelivered);
  EXPECT_EQ(link.push(kStart, 1).fate, Fate::kDroppedQueue);
}

TEST(Link, AnOverloadedLinkDeliversItsRate) {
  Link link(hundred_kilobits(std::nullopt), kSeed, kStart);
  run(link, 10'000, kThousandBits, 5ms);  // twice the rate for 50 s
  EXPECT_NEAR(static_cast<double>(link.stats().delivered), 5'000, 11) << "and the queue's ten";
}

TEST(Link, AnOutageLosesExactlyItsWindow) {
  LinkOptions options;
  options.outages = {{1s, 500ms}, {3s, 20ms}};
  const TimePoint begun = kStart + 7h;
  Link link(options, kSeed, begun);
  const auto fate_at = [&](Duration age) { return link.push(begun + age, 100).fate; };
  EXPECT_EQ(fate_at(999ms), Fate::kDelivered);
  EXPECT_EQ(fate_at(1s), Fate::kLostOutage);
  EXPECT_EQ(fate_at(1s + 499ms), Fate::kLostOutage);
  EXPECT_EQ(fate_at(1s + 500ms), Fate::kDelivered);
  EXPECT_EQ(fate_at(3s), Fate::kLostOutage);
  EXPECT_EQ(fate_at(3s + 20ms), Fate::kDelivered);
  EXPECT_EQ(link.stats().lost_outage, 3U);
  EXPECT_TRUE(link.stats().balances());
}

LinkOptions everything() {
  LinkOptions options = gilbert(0.1, 2.5);
  options.delay = 40ms;
  options.jitter = 60ms;
  options.reorder = true;
  options.duplicate = 0.05;
  options.corrupt = 0.05;
  options.rate_bits_per_second = 50'000;
  options.queue = Duration(80ms);
  options.outages = {{10s, 2s}};
  return options;
}

bool same(const Verdict& a, const Verdict& b) {
  return a.fate == b.fate && a.copies == b.copies && a.arrivals == b.arrivals &&
         a.flipped_bit == b.flipped_bit;
}

TEST(Link, TheSameSeedGivesTheSameRunAndAnotherADifferentOne) {
  Link first(everything(), kSeed, kStart);
  Link second(everything(), kSeed, kStart);
  Link other(everything(), kSeed + 1, kStart);
  const auto a = run(first, 5'000);
  const auto b = run(second, 5'000);
  const auto c = run(other, 5'000);
  int different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_TRUE(same(a[i], b[i])) << i;
    different += same(a[i], c[i]) ? 0 : 1;
  }
  EXPECT_GT(different, 1'000);
}

// A run's exact outcome, so that no change of code or library alters what an old seed means without this test
// saying so.
TEST(Link, ASeedMeansThisRunEverywhere) {
  Link link(everything(), 1, kStart);
  std::uint64_t digest = 0;
  for (const Verdict& verdict : run(link, 2'000)) {
    digest = digest * 31 + static_cast<std::uint64_t>(verdict.fate);
    digest = digest * 31 + verdict.flipped_bit.value_or(0);
    for (const TimePoint at : verdict.deliveries()) {
      digest = digest * 31 + static_cast<std::uint64_t>(at.time_since_epoch().count());
    }
  }
  EXPECT_EQ(digest, 1'054'108'884'186'792'668U);
}

TEST(Link, TheBooksBalanceWithEveryFaultAtOnce) {
  Link link(everything(), kSeed, kStart);
  run(link, 20'000);
  const LinkStats& stats = link.stats();
  EXPECT_EQ(stats.in, 20'000U);
  for (const std::uint64_t count :
       {stats.duplicated, stats.lost_random, stats.lost_outage, stats.corrupted}) {
    EXPECT_GT(count, 0U);
  }
  LinkStats twice = stats;
  twice += stats;
  EXPECT_EQ(twice.in, 2 * stats.in);
  EXPECT_EQ(twice.bytes_delivered, 2 * stats.bytes_delivered);
  EXPECT_TRUE(twice.balances());
}

// Each packet costs the same draws, so a setting changes its own effect and no other.
TEST(Link, OneSettingDoesNotShiftAnother) {
  const LinkOptions lossy = gilbert(0.1, 2.5);
  Link plain(lossy, kSeed, kStart);
  const auto expected = losses(run(plain, 5'000));

  LinkOptions with_more = lossy;
  with_more.delay = 40ms;
  with_more.jitter = 30ms;
  with_more.reorder = true;
  with_more.duplicate = 0.3;
  with_more.corrupt = 0.3;
  Link more(with_more, kSeed, kStart);
  EXPECT_EQ(losses(run(more, 5'000)), expected);

  LinkOptions with_outage = lossy;
  with_outage.outages = {{10s, 2s}};
  Link outage(with_outage, kSeed, kStart);
  const auto found = losses(run(outage, 5'000));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i < 500 || i >= 600) {
      ASSERT_EQ(found[i], expected[i]) << i;
    }
  }

  // And the other way round: loss does not shift which packets are corrupted, nor where.
  LinkOptions without_loss = with_more;
  without_loss.loss = 0;
  Link lossless(without_loss, kSeed, kStart);
  Link again(with_more, kSeed, kStart);
  const auto all = run(lossless, 5'000);
  const auto some = run(again, 5'000);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (some[i].fate == Fate::kDelivered) {
      ASSERT_TRUE(same(some[i], all[i])) << i;
    }
  }
}

}  // namespace
}  // namespace hubbub::impair
