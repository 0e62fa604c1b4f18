// The datagrams of a sealed port: each structure at its size and read back as it was written, everything
// shorter or longer refused, and envelope counters at every edge of their 24 bits.
#include "codec/wire/sealed.h"

#include <numeric>

#include <gtest/gtest.h>

#include "tests/unit/wire/test_bytes.h"

namespace hubbub {
namespace {

// 1, 2, 3 ... from `first` on, so that no two fields look alike.
template <std::size_t N>
std::array<std::byte, N> counting(int first) {
  std::array<std::byte, N> bytes{};
  for (std::size_t i = 0; i < N; ++i) bytes[i] = static_cast<std::byte>(first + static_cast<int>(i));
  return bytes;
}

template <class Message>
Bytes written(const Message& message) {
  Bytes bytes(kMaxSealedDatagramBytes);
  ByteWriter writer(bytes);
  message.serialize(writer);
  EXPECT_TRUE(writer.ok());
  bytes.resize(writer.size());
  return bytes;
}

Preamble preamble(SealedKind kind, std::uint8_t version = kSealedVersion) {
  return {.kind = kind, .version = version, .nonce = counting<8>(0xE0)};
}

TEST(SealedKindOf, IsTheFirstByte) {
  EXPECT_FALSE(sealed_kind_of({}).has_value());
  for (int first = 0; first < 256; ++first) {
    const auto kind = sealed_kind_of(bytes_of({first}));
    if (first >= 0x80 && first <= 0xBF) {
      EXPECT_EQ(kind, SealedKind::kFrame) << first;
    } else if (first >= 0x01 && first <= 0x09) {
      EXPECT_EQ(kind, static_cast<SealedKind>(first)) << first;
    } else {
      EXPECT_FALSE(kind.has_value()) << first;
    }
  }
}

TEST(SealedHello, LiesAsTheProtocolSays) {
  Hello hello;
  hello.preamble = preamble(SealedKind::kHello, 7);
  hello.cookie = counting<16>(0x10);
  hello.noise = counting<48>(0x40);
  hello.key_mac = counting<16>(1);
  Bytes bytes(Hello::kBytes, std::byte{0xFF});
  hello.serialize(std::span<std::byte, Hello::kBytes>(bytes));
  EXPECT_TRUE(
      same(std::span(bytes).first(10), bytes_of({0x01, 7, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7})));
  EXPECT_TRUE(same(std::span(bytes).subspan(10, 16), counting<16>(0x10)));
  EXPECT_TRUE(same(std::span(bytes).subspan(26, 48), counting<48>(0x40)));
  for (std::size_t i = 74; i < Hello::kBytes; ++i) EXPECT_EQ(bytes[i], std::byte{0}) << i;
}

TEST(SealedHello, IsReadBackWithItsMacs) {
  Hello hello;
  hello.preamble = preamble(SealedKind::kKeyRequest);
  hello.cookie = counting<16>(0x10);
  hello.noise = counting<48>(0x40);
  Bytes bytes(Hello::kBytes);
  hello.serialize(std::span<std::byte, Hello::kBytes>(bytes));
  std::ranges::copy(counting<16>(0x70), bytes.begin() + 480);
  std::ranges::copy(counting<16>(0xA0), bytes.begin() + 496);
  expect_one_length<Hello>(bytes);
  bytes[479] = std::byte{0xFF};  // padding: not looked at
  const auto parsed = Hello::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->preamble.kind, SealedKind::kKeyRequest);
  EXPECT_EQ(parsed->preamble.version, kSealedVersion);
  EXPECT_EQ(parsed->preamble.nonce, counting<8>(0xE0));
  EXPECT_EQ(parsed->cookie, counting<16>(0x10));
  EXPECT_EQ(parsed->noise, counting<48>(0x40));
  EXPECT_EQ(parsed->key_mac, counting<16>(0x70));
  EXPECT_EQ(parsed->token_mac, counting<16>(0xA0));
}

TEST(SealedRetry, IsReadBack) {
  const Bytes bytes = written(
      Retry{.preamble = preamble(SealedKind::kRetry), .cookie = counting<16>(1), .mac = counting<16>(0x21)});
  EXPECT_EQ(bytes.size(), 42U);
  EXPECT_EQ(bytes[0], std::byte{0x02});
  expect_one_length<Retry>(bytes);
  const auto parsed = Retry::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->preamble.nonce, counting<8>(0xE0));
  EXPECT_EQ(parsed->cookie, counting<16>(1));
  EXPECT_EQ(parsed->mac, counting<16>(0x21));
}

TEST(SealedReply, IsReadBack) {
  const Bytes bytes = written(Reply{.preamble = preamble(SealedKind::kReply), .noise = counting<72>(1)});
  EXPECT_EQ(bytes.size(), 82U);
  EXPECT_EQ(bytes[0], std::byte{0x03});
  expect_one_length<Reply>(bytes);
  const auto parsed = Reply::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->preamble.nonce, counting<8>(0xE0));
  EXPECT_EQ(parsed->noise, counting<72>(1));
}

TEST(SealedRefusal, IsReadBackForEachReason) {
  for (const auto reason : {RefusalReason::kVersion, RefusalReason::kToken, RefusalReason::kFull}) {
    const Bytes bytes = written(
        Refusal{.preamble = preamble(SealedKind::kRefusal, 9), .reason = reason, .mac = counting<16>(0x31)});
    EXPECT_EQ(bytes.size(), 27U);
    EXPECT_EQ(bytes[0], std::byte{0x04});
    expect_one_length<Refusal>(bytes);
    const auto parsed = Refusal::parse(bytes);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->preamble.version, 9) << "the relay's own";
    EXPECT_EQ(parsed->reason, reason);
    EXPECT_EQ(parsed->mac, counting<16>(0x31));
  }
}

TEST(SealedRefusal, OfAnUnknownReasonIsNone) {
  Bytes bytes = written(Refusal{});
  for (const int reason : {0, 4, 255}) {
    bytes[10] = static_cast<std::byte>(reason);
    const auto parsed = Refusal::parse(bytes);
    ASSERT_FALSE(parsed.ok()) << reason;
    EXPECT_EQ(parsed.error(), DropReason::kUnknownKind);
  }
}

TEST(SealedKeyAnswer, IsReadBack) {
  const Bytes bytes = written(KeyAnswer{
      .preamble = preamble(SealedKind::kKeyAnswer), .relay_key = counting<32>(5), .mac = counting<16>(0x90)});
  EXPECT_EQ(bytes.size(), 58U);
  EXPECT_EQ(bytes[0], std::byte{0x06});
  expect_one_length<KeyAnswer>(bytes);
  const auto parsed = KeyAnswer::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->relay_key, counting<32>(5));
  EXPECT_EQ(parsed->mac, counting<16>(0x90));
}

TEST(SealedReset, IsReadBackAndShorterThanAnyEnvelope) {
  const Bytes bytes = written(Reset{.session_id = 0x01020304, .token = counting<16>(0x50)});
  EXPECT_EQ(bytes.size(), 21U);
  EXPECT_TRUE(same(std::span(bytes).first(5), bytes_of({0x09, 1, 2, 3, 4})));
  expect_one_length<Reset>(bytes);
  const auto parsed = Reset::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->session_id, 0x01020304U);
  EXPECT_EQ(parsed->token, counting<16>(0x50));
}

TEST(SealedGrant, IsReadBack) {
  const Bytes bytes =
      written(Grant{.session_id = 0xA1B2C3D4, .reset_token = counting<16>(7), .idle_timeout_ms = 30'000});
  ASSERT_EQ(bytes.size(), Grant::kBytes);
  EXPECT_TRUE(same(std::span(bytes).last(4), bytes_of({0, 0, 0x75, 0x30})));
  ByteReader reader(bytes);
  const Grant grant = Grant::parse(reader);
  EXPECT_TRUE(reader.finish());
  EXPECT_EQ(grant.session_id, 0xA1B2C3D4U);
  EXPECT_EQ(grant.reset_token, counting<16>(7));
  EXPECT_EQ(grant.idle_timeout_ms, 30'000U);
}

TEST(SealedEnvelope, HeaderHoldsTheLow24BitsOfItsCounter) {
  Bytes bytes(24);
  ByteWriter writer(bytes);
  Envelope::serialize_header(0x00ABCDEF, 0x1122'3344'5566'7788U, writer);
  EXPECT_TRUE(same(writer.written(), bytes_of({0x07, 0x00, 0xAB, 0xCD, 0xEF, 0x66, 0x77, 0x88})));
  const auto parsed = Envelope::parse(bytes);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->session_id, 0x00ABCDEFU);
  EXPECT_EQ(parsed->counter_low, 0x667788U);
  EXPECT_EQ(parsed->header.data(), bytes.data());
  EXPECT_EQ(parsed->header.size(), 8U);
  EXPECT_EQ(parsed->sealed.data(), bytes.data() + 8);
  EXPECT_EQ(parsed->sealed.size(), 16U);
}

TEST(SealedEnvelope, LimitsAtTheirEdges) {
  const auto problem = [](std::size_t size) -> std::optional<DropReason> {
    const Bytes bytes(size);
    const auto parsed = Envelope::parse(bytes);
    return parsed.ok() ? std::nullopt : std::optional(parsed.error());
  };
  EXPECT_EQ(problem(0), DropReason::kTruncated);
  EXPECT_EQ(problem(23), DropReason::kTruncated);
  EXPECT_EQ(problem(24), std::nullopt);
  EXPECT_EQ(problem(1'200), std::nullopt);
  EXPECT_EQ(problem(1'201), DropReason::kOversize);
  EXPECT_EQ(Envelope::kMaxPlaintextBytes, 1'176U);
}

// The number with these low bits that is nearest to newest + 1; of two as near, the greater.
TEST(SealedEnvelope, ExtendTable) {
  constexpr std::uint64_t kRound = 0x100'0000;
  constexpr std::uint64_t kHalf = kRound / 2;
  struct Row {
    std::uint64_t newest;
    std::uint32_t low;
    std::uint64_t expected;
  };
  for (const Row& row : std::initializer_list<Row>{
           {0, 0, 0},
           {0, 1, 1},
           {0, kRound - 1, kRound - 1},  // nothing is below 0, however near it would be
           {100, 50, 50},
           {kRound - 2, kRound - 1, kRound - 1},
           {kRound - 1, 0, kRound},  // the wrap, forwards
           {kRound - 1, kRound - 1, kRound - 1},
           {kRound, kRound - 1, kRound - 1},  // and backwards
           {kRound, 0, kRound},
           {kRound + 5, kRound - 3, kRound - 3},
           {kHalf - 1, 0, kRound},  // exactly half a round on either side: the newer
           {kHalf - 2, 0, 0},
           {kHalf, 0, kRound},
           {kRound + kHalf - 1, 0, 2 * kRound},
           {kRound + kHalf - 2, 0, kRound},
           {kRound + 10, 11 + kHalf, kRound + 11 + kHalf},  // as far ahead as it can be
           {kRound + 10, 12 + kHalf, 12 + kHalf},           // one more is behind
           {5 * kRound + 7, 8, 5 * kRound + 8},
           {0x1'0000'0000, 0xFF'FFFF, 0xFFFF'FFFF},
           {0xFFFF'FFFF, 0, 0x1'0000'0000},
           {~std::uint64_t{0} - kRound, 0xFF'FFFF, ~std::uint64_t{0} - kRound},
       }) {
    EXPECT_EQ(Envelope::extend(row.low, row.newest), row.expected) << row.newest << ", " << row.low;
  }
}

TEST(SealedEnvelope, ExtendIsNeverMoreThanHalfARoundOff) {
  for (std::uint64_t newest = 0x100'0000; newest < 0x500'0000; newest += 0x3'1337) {
    for (std::uint32_t low = 0; low < 0x100'0000; low += 0x1'0FF1) {
      const std::uint64_t extended = Envelope::extend(low, newest);
      ASSERT_EQ(extended & 0xFF'FFFFU, low);
      const auto off = static_cast<std::int64_t>(extended - (newest + 1));
      ASSERT_GE(off, -0x80'0000) << newest << ", " << low;
      ASSERT_LE(off, 0x80'0000) << newest << ", " << low;
    }
  }
}

}  // namespace
}  // namespace hubbub
