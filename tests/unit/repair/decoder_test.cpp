#include "codec/repair/decoder.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "codec/repair/coefficients.h"
#include "codec/repair/encoder.h"
#include "tests/unit/repair/stream.h"

namespace hubbub::repair {
namespace {

using Verdict = Decoder::Verdict;

struct Repair {
  RepairWindow window;
  Symbol symbol;
};

Repair make_repair(std::uint32_t first, std::uint16_t count, std::uint16_t key,
                   std::uint8_t density = kDensest, std::size_t size = kFrameBytes) {
  Encoder encoder;
  for (std::uint32_t i = 0; i < count; ++i) encoder.add(first + i, frame(first + i, size));
  Repair repair{.window = {}, .symbol = Symbol(size)};
  repair.window = encoder.make(count, key, repair.symbol, density).value();
  return repair;
}

Verdict add(Decoder& decoder, const Repair& repair) {
  return decoder.add_repair(repair.window, repair.symbol);
}

// Takes what is recovered as a caller does: what is authentic goes back in, else all is forgotten.
std::set<std::uint32_t> drain(Decoder& decoder, std::size_t size = kFrameBytes) {
  std::set<std::uint32_t> authentic;
  while (const auto recovered = decoder.next_recovered()) {
    if (copy_of(recovered->symbol) == frame(recovered->esi, size)) {
      EXPECT_TRUE(authentic.insert(recovered->esi).second);
      decoder.add_source(recovered->esi, recovered->symbol);
    } else {
      decoder.forget_equations();
    }
  }
  return authentic;
}

// --- Recovery --------------------------------------------------------------------------------------------

TEST(Decoder, RecoversEveryLossOfAWindowFromAsManyIndependentSymbols) {
  constexpr std::uint32_t kFirst = 500;
  constexpr std::uint16_t kWindow = 8;
  std::size_t dependent = 0;
  std::size_t cases = 0;
  for (const std::uint8_t density : {std::uint8_t{7}, kDensest}) {
    for (unsigned seed = 0; seed < 4; ++seed) {
      for (unsigned lost = 1; lost < (1U << kWindow); ++lost) {
        Decoder decoder;
        decoder.add_source(kFirst - 1, frame(kFirst - 1));
        for (std::uint32_t i = 0; i < kWindow; ++i) {
          if ((lost >> i & 1U) == 0) decoder.add_source(kFirst + i, frame(kFirst + i));
        }
        PlainSystem plain;
        const auto symbols = static_cast<std::uint16_t>(std::popcount(lost));
        for (std::uint16_t k = 0; k < symbols; ++k) {
          const auto key = static_cast<std::uint16_t>(seed * 16'384 + lost * 16 + k);
          const Repair repair = make_repair(kFirst, kWindow, key, density);
          add(decoder, repair);
          PlainSystem::Row row{};
          coding_coefficients(key, density, std::span(row).first(kWindow));
          for (std::uint32_t i = 0; i < kWindow; ++i)
            row[i] = (lost >> i & 1U) != 0 ? row[i] : std::uint8_t{0};
          plain.add(row);
        }
        std::set<std::uint32_t> expected;
        for (std::uint32_t i = 0; i < kWindow; ++i) {
          if (plain.determines(i)) expected.insert(kFirst + i);
        }
        ASSERT_EQ(drain(decoder), expected) << "lost " << lost << " seed " << seed;
        if (plain.rank() == symbols) {
          ASSERT_EQ(expected.size(), symbols);
        } else if (density == kDensest) {
          ++dependent;
        }
        ++cases;
      }
    }
  }
  // A random square matrix over GF(256) is singular once in 255 times.
  EXPECT_LT(static_cast<double>(dependent), 0.02 * static_cast<double>(cases / 2));
}

TEST(Decoder, RecoversInOrderAndOnce) {
  Decoder decoder;
  decoder.add_source(99, frame(99));
  for (std::uint16_t key = 0; key < 3; ++key)
    EXPECT_EQ(add(decoder, make_repair(100, 3, key)), Verdict::kKept);
  EXPECT_EQ(add(decoder, make_repair(100, 3, 99)), Verdict::kRedundant);
  for (std::uint32_t esi = 100; esi < 103; ++esi) {
    const auto recovered = decoder.next_recovered();
    ASSERT_TRUE(recovered);
    EXPECT_EQ(recovered->esi, esi);
    EXPECT_EQ(copy_of(recovered->symbol), frame(esi));
    EXPECT_EQ(decoder.add_source(recovered->esi, recovered->symbol), Verdict::kKept);
  }
  EXPECT_FALSE(decoder.next_recovered());
  EXPECT_EQ(decoder.equations(), 0U);
  EXPECT_EQ(add(decoder, make_repair(100, 3, 7)), Verdict::kRedundant);
}

TEST(Decoder, RecoversABurstOverLongWindows) {
  for (const std::size_t size : {1U, 63U, 111U, 1'200U}) {
    Decoder decoder;
    for (std::uint32_t esi = 0; esi < 12; ++esi) decoder.add_source(esi, frame(esi, size));
    // Twenty in a row are gone, and then each packet brings a frame and a symbol.
    std::set<std::uint32_t> recovered;
    std::uint32_t esi = 32;
    for (; esi < 54 && recovered.size() < 20; ++esi) {
      decoder.add_source(esi, frame(esi, size));
      add(decoder, make_repair(esi - 31, 32, static_cast<std::uint16_t>(esi), kDensest, size));
      recovered.merge(drain(decoder, size));
    }
    EXPECT_EQ(recovered.size(), 20U) << size;
    EXPECT_EQ(esi, 52U) << size;
  }
}

// A frame that comes late is as good as a recovered one.
TEST(Decoder, TakesALateFrameOutOfTheEquations) {
  Decoder decoder;
  decoder.add_source(0, frame(0));
  EXPECT_EQ(add(decoder, make_repair(0, 4, 1)), Verdict::kKept);
  EXPECT_EQ(add(decoder, make_repair(0, 4, 2)), Verdict::kKept);
  EXPECT_TRUE(drain(decoder).empty());
  EXPECT_EQ(decoder.add_source(2, frame(2)), Verdict::kKept);
  EXPECT_EQ(drain(decoder), (std::set<std::uint32_t>{1, 3}));
}

TEST(Decoder, TakesFramesAfterTheSymbolsThatCoverThem) {
  Decoder decoder;
  decoder.add_source(0, frame(0));
  EXPECT_EQ(add(decoder, make_repair(1, 32, 1)), Verdict::kKept);
  for (std::uint32_t esi = 32; esi > 1; --esi) {
    EXPECT_TRUE(drain(decoder).empty());
    decoder.add_source(esi, frame(esi));
  }
  EXPECT_EQ(drain(decoder), (std::set<std::uint32_t>{1}));
}

// Random streams, reordered and with duplicates, against an elimination that forgets nothing: the decoder
// recovers exactly what the symbols determine.
TEST(Decoder, RecoversExactlyWhatIsDetermined) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random(seed);
    constexpr std::uint32_t kFrames = 56;
    const double loss = 0.05 + 0.15 * (seed % 3);
    const std::uint8_t density = seed % 2 == 0 ? kDensest : std::uint8_t{4};
    struct Event {
      double at;
      std::uint32_t esi;
      bool repair;
    };
    std::vector<Event> events;
    std::bernoulli_distribution lost(loss);
    std::bernoulli_distribution twice(0.1);
    std::uniform_real_distribution<double> jitter(0, 6);
    for (std::uint32_t esi = 1; esi < kFrames; ++esi) {
      for (const bool repair : {false, true}) {
        if (lost(random)) continue;
        events.push_back({esi + jitter(random), esi, repair});
        if (twice(random)) events.push_back({esi + jitter(random), esi, repair});
      }
    }
    std::ranges::sort(events, {}, &Event::at);

    Decoder decoder;
    decoder.add_source(0, frame(0));
    std::set<std::uint32_t> here{0};
    PlainSystem plain;
    plain.add({1});
    for (const Event& event : events) {
      if (event.repair) {
        const auto count = static_cast<std::uint16_t>(std::min<std::uint32_t>(event.esi + 1, 3 + seed % 14));
        const std::uint32_t first = event.esi + 1 - count;
        const auto key = static_cast<std::uint16_t>(seed * 64 + event.esi);
        ASSERT_NE(add(decoder, make_repair(first, count, key, density)), Verdict::kContradictory);
        PlainSystem::Row row{};
        coding_coefficients(key, density, std::span(row).subspan(first, count));
        plain.add(row);
      } else {
        decoder.add_source(event.esi, frame(event.esi));
        here.insert(event.esi);
        PlainSystem::Row row{};
        row[event.esi] = 1;
        plain.add(row);
      }
      here.merge(drain(decoder));
      std::set<std::uint32_t> determined;
      for (std::uint32_t esi = 0; esi < kFrames; ++esi) {
        if (plain.determines(esi)) determined.insert(esi);
      }
      ASSERT_EQ(here, determined) << "seed " << seed;
    }
  }
}

// What is still missing W packets later where each packet brings a symbol over the W frames before its own
// and a fifth of the packets is lost: the figures that the choice of repair symbols rests on.
TEST(Decoder, LeavesTheResidualLossThatTheDesignCountsOn) {
  struct Case {
    std::uint16_t window;
    double expected;  // per cent
  };
  for (const Case& c : {Case{5, 1.4}, Case{8, 0.5}, Case{12, 0.13}}) {
    std::mt19937 random(20);
    std::bernoulli_distribution lost(0.2);
    constexpr std::uint32_t kPackets = 60'000;
    Encoder encoder;
    Decoder decoder;
    std::size_t in_time = 0;
    Symbol symbol(kFrameBytes);
    for (std::uint32_t esi = 0; esi < kPackets; ++esi) {
      const Symbol source = frame(esi);
      const auto window = encoder.make(c.window, static_cast<std::uint16_t>(esi), symbol);
      encoder.add(esi, source);
      if (lost(random)) continue;
      if (decoder.add_source(esi, source) == Verdict::kKept) ++in_time;
      if (!window) continue;
      decoder.add_repair(*window, symbol);
      for (const std::uint32_t recovered : drain(decoder)) in_time += esi - recovered <= c.window ? 1 : 0;
    }
    const double missing = 100.0 * static_cast<double>(kPackets - in_time) / kPackets;
    RecordProperty("missing_window_" + std::to_string(c.window), std::to_string(missing));
    EXPECT_GT(missing, 0.5 * c.expected) << c.window;
    EXPECT_LT(missing, 1.5 * c.expected) << c.window;
  }
}

// --- Bounds ----------------------------------------------------------------------------------------------

TEST(Decoder, RefusesWhatNoEncoderSends) {
  Decoder fresh;
  EXPECT_EQ(add(fresh, make_repair(0, 4, 1)), Verdict::kRefused) << "no frame came yet";
  EXPECT_FALSE(fresh.next_recovered());

  constexpr std::uint32_t kNewest = 10'000;
  Decoder decoder;
  decoder.add_source(kNewest, frame(kNewest));
  struct Row {
    const char* what;
    RepairWindow window;
    std::size_t size;
    Verdict verdict;
  };
  const Row rows[] = {
      {"no frames", {kNewest, 0, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"too many frames", {kNewest - 40, 65, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"far too many", {kNewest, 65'535, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"a threshold of five bits", {kNewest - 4, 4, 1, 16}, kFrameBytes, Verdict::kRefused},
      {"too short", {kNewest - 4, 4, 1, 15}, kFrameBytes - 1, Verdict::kRefused},
      {"too long", {kNewest - 4, 4, 1, 15}, kFrameBytes + 1, Verdict::kRefused},
      {"empty", {kNewest - 4, 4, 1, 15}, 0, Verdict::kRefused},
      {"ancient", {0, 4, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"just too old", {kNewest - 64, 4, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"just too far ahead", {kNewest + 30, 4, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"of a distant future", {0xFFFF'0000U, 4, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"over the wrap", {0xFFFF'FFFEU, 64, 1, 15}, kFrameBytes, Verdict::kRefused},
      {"only what is here", {kNewest, 1, 1, 15}, kFrameBytes, Verdict::kRedundant},
      {"the oldest", {kNewest - 63, 4, 1, 15}, kFrameBytes, Verdict::kKept},
      {"the longest", {kNewest - 63, 64, 1, 15}, kFrameBytes, Verdict::kKept},
      {"the farthest ahead", {kNewest + 29, 4, 1, 15}, kFrameBytes, Verdict::kKept},
  };
  for (const Row& row : rows)
    EXPECT_EQ(decoder.add_repair(row.window, frame(1, row.size)), row.verdict) << row.what;

  EXPECT_EQ(decoder.add_source(kNewest, frame(kNewest)), Verdict::kRedundant);
  EXPECT_EQ(decoder.add_source(kNewest - 64, frame(1)), Verdict::kRefused);
  EXPECT_EQ(decoder.add_source(kNewest - 63, frame(1)), Verdict::kKept);
  EXPECT_EQ(decoder.add_source(kLastEsi + 1, frame(1)), Verdict::kRefused);
  EXPECT_EQ(decoder.add_source(kNewest, {}), Verdict::kRefused);
  EXPECT_EQ(decoder.add_source(kNewest, frame(1, kMaxSymbolBytes + 1)), Verdict::kRefused);
  EXPECT_EQ(decoder.add_source(kLastEsi, frame(1)), Verdict::kKept);
  EXPECT_EQ(decoder.add_repair({kLastEsi - 3, 5, 1, 15}, frame(1)), Verdict::kRefused);
  EXPECT_EQ(decoder.add_repair({kLastEsi - 3, 4, 1, 15}, frame(1)), Verdict::kKept);
}

TEST(Decoder, ForgetsWhatIsPastAllHope) {
  Decoder decoder;
  decoder.add_source(100, frame(100));
  EXPECT_EQ(add(decoder, make_repair(101, 3, 1)), Verdict::kKept);
  EXPECT_EQ(add(decoder, make_repair(101, 3, 2)), Verdict::kKept);
  EXPECT_EQ(decoder.equations(), 2U);
  decoder.add_source(164, frame(164));
  EXPECT_EQ(decoder.equations(), 2U);
  decoder.add_source(165, frame(165));
  EXPECT_EQ(decoder.equations(), 1U) << "only the one that leads with 101";
  // ... and the other one still helps.
  EXPECT_EQ(decoder.add_source(102, frame(102)), Verdict::kKept);
  EXPECT_EQ(drain(decoder), (std::set<std::uint32_t>{103}));

  EXPECT_EQ(add(decoder, make_repair(160, 8, 1)), Verdict::kKept);
  decoder.add_source(1'000'000, frame(1'000'000));
  EXPECT_EQ(decoder.equations(), 0U);
}

TEST(Decoder, KeepsNoMoreEquationsThanItSays) {
  Decoder decoder;
  decoder.add_source(1'000, frame(1'000));
  for (std::uint16_t key = 0; key < 200; ++key) {
    decoder.add_repair({1'000U - 60U + key % 60U, 30, key, 15}, frame(key));
    EXPECT_LE(decoder.equations(), Decoder::kMaxEquations);
  }
}

TEST(Decoder, BeginsAnewWithAnotherLength) {
  Decoder decoder;
  decoder.add_source(100, frame(100));
  EXPECT_EQ(add(decoder, make_repair(101, 3, 1)), Verdict::kKept);
  EXPECT_EQ(decoder.add_source(5, frame(5, 200)), Verdict::kKept);
  EXPECT_EQ(decoder.symbol_size(), 200U);
  EXPECT_EQ(decoder.equations(), 0U);
  EXPECT_EQ(add(decoder, make_repair(5, 2, 1, kDensest, 200)), Verdict::kKept);
  EXPECT_EQ(drain(decoder, 200), (std::set<std::uint32_t>{6}));
}

// --- Forgery ---------------------------------------------------------------------------------------------

TEST(Decoder, NoticesASymbolThatContradictsAFrame) {
  Decoder decoder;
  decoder.add_source(100, frame(100));
  EXPECT_EQ(decoder.add_repair({101, 1, 1, 15}, frame(666)), Verdict::kKept);
  EXPECT_EQ(decoder.add_source(101, frame(101)), Verdict::kContradictory);
  EXPECT_EQ(decoder.equations(), 0U);
  EXPECT_EQ(decoder.add_source(101, frame(101)), Verdict::kRedundant) << "the frame itself was taken";
}

TEST(Decoder, NoticesSymbolsThatContradictEachOther) {
  Decoder decoder;
  decoder.add_source(100, frame(100));
  const Repair repair = make_repair(101, 4, 1);
  EXPECT_EQ(add(decoder, repair), Verdict::kKept);
  EXPECT_EQ(add(decoder, repair), Verdict::kRedundant);
  EXPECT_EQ(decoder.add_repair(repair.window, frame(666)), Verdict::kContradictory);
  EXPECT_EQ(decoder.equations(), 0U);
  EXPECT_EQ(add(decoder, repair), Verdict::kKept);
}

TEST(Decoder, ForgivesAForgedSymbolOnceItsFrameFails) {
  Decoder decoder;
  decoder.add_source(100, frame(100));
  decoder.add_source(103, frame(103));
  EXPECT_EQ(decoder.add_repair({101, 2, 1, 15}, frame(666)), Verdict::kKept);
  EXPECT_EQ(add(decoder, make_repair(100, 4, 2)), Verdict::kKept);
  EXPECT_TRUE(drain(decoder).empty());
  EXPECT_EQ(decoder.equations(), 0U);
  EXPECT_EQ(add(decoder, make_repair(100, 4, 3)), Verdict::kKept);
  EXPECT_EQ(add(decoder, make_repair(100, 4, 4)), Verdict::kKept);
  EXPECT_EQ(drain(decoder), (std::set<std::uint32_t>{101, 102}));
}

// Even a caller that never answers is not spoiled for longer than the decoder remembers.
TEST(Decoder, OutlivesForgeriesThatNobodyAnswersFor) {
  Decoder decoder;
  decoder.add_source(100, frame(100));
  for (std::uint16_t key = 0; key < 64; ++key) decoder.add_repair({90, 40, key, 15}, frame(1'000U + key));
  while (decoder.next_recovered()) {
  }
  for (std::uint32_t esi = 101; esi < 200; ++esi) {
    if (esi % 4 != 0) decoder.add_source(esi, frame(esi));
  }
  while (decoder.next_recovered()) {
  }
  for (std::uint16_t key = 0; key < 2; ++key) add(decoder, make_repair(191, 9, key));
  EXPECT_EQ(drain(decoder), (std::set<std::uint32_t>{192, 196}));
}

// Anything at all, in between a real stream: nothing but authentic frames is taken, the bounds hold, and when
// it stops, all is as before.
TEST(Decoder, SurvivesAStranger) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    std::mt19937 random(seed);
    Decoder decoder;
    Encoder encoder;
    Symbol symbol(kFrameBytes);
    std::size_t recovered_under_fire = 0;
    std::size_t missing_after = 0;
    for (std::uint32_t esi = 0; esi < 6'000; ++esi) {
      const bool under_fire = esi < 4'000;
      for (unsigned i = 0; under_fire && i < random() % 4; ++i) {
        const std::uint32_t anywhere =
            random() % 3 == 0 ? static_cast<std::uint32_t>(random()) : esi - 80 + random() % 128;
        const RepairWindow forged{
            .first = anywhere,
            .count = static_cast<std::uint16_t>(random() % 5 == 0 ? random() : random() % 66),
            .repair_key = static_cast<std::uint16_t>(random()),
            .density_threshold = static_cast<std::uint8_t>(random() % 17)};
        decoder.add_repair(forged, frame(static_cast<std::uint32_t>(random()),
                                         random() % 20 == 0 ? random() % 300 : kFrameBytes));
        ASSERT_LE(decoder.equations(), Decoder::kMaxEquations);
      }
      encoder.add(esi, frame(esi));
      const auto window = encoder.make(10, static_cast<std::uint16_t>(esi), symbol);
      if (esi % 5 != 3) decoder.add_source(esi, frame(esi));
      // More symbols than losses: with just as many, one frame that was given up would hang on to all later
      // ones.
      if (esi % 5 == 4 || esi % 5 == 0) decoder.add_repair(*window, symbol);
      const std::size_t recovered = drain(decoder).size();
      if (under_fire) recovered_under_fire += recovered;
      if (esi >= 4'100 && esi % 5 == 4 && recovered != 1) ++missing_after;
    }
    EXPECT_GT(recovered_under_fire, 0U);
    EXPECT_EQ(missing_after, 0U);
  }
}

}  // namespace
}  // namespace hubbub::repair
