// Bounds and byte order of ByteReader and ByteWriter, at every edge.
#include "codec/wire/byte_io.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/wire/test_bytes.h"

namespace hubbub {
namespace {

TEST(ByteReader, ReadsBigEndian) {
  const Bytes data =
      bytes_of({0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF});
  ByteReader reader(data);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u32(), 0x04050607U);
  EXPECT_EQ(reader.remaining(), 8U);
  EXPECT_FALSE(reader.finish());
  EXPECT_EQ(reader.u64(), 0xF8F9FAFBFCFDFEFFU);
  EXPECT_TRUE(reader.finish());
}

TEST(ByteReader, OverrunSticksAndGivesZero) {
  const Bytes data = bytes_of({0xFF, 0xFF, 0xFF});
  ByteReader reader(data);
  EXPECT_EQ(reader.u32(), 0U);  // one byte short: nothing of it is believed
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);  // though bytes were there
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_TRUE(reader.rest().empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.finish());
}

TEST(ByteReader, TakesExactlyWhatIsThere) {
  const Bytes data = bytes_of({1, 2, 3});
  ByteReader reader(data);
  EXPECT_TRUE(same(reader.bytes(0), {}));
  EXPECT_TRUE(same(reader.bytes(3), data));
  EXPECT_TRUE(reader.finish());
  EXPECT_TRUE(reader.bytes(0).empty());
  EXPECT_TRUE(reader.ok()) << "nothing asked of nothing is no overrun";
  EXPECT_TRUE(reader.bytes(1).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, HugeCountIsAnOverrunNotAWrap) {
  const Bytes data = bytes_of({1, 2, 3});
  ByteReader reader(data);
  reader.u8();
  EXPECT_TRUE(reader.bytes(static_cast<std::size_t>(-1)).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, RestTakesAllAndTrailingBytesAreSeen) {
  const Bytes data = bytes_of({9, 8, 7});
  ByteReader reader(data);
  reader.u8();
  EXPECT_FALSE(reader.finish());
  EXPECT_EQ(reader.rest().size(), 2U);
  EXPECT_TRUE(reader.finish());
}

TEST(ByteReader, AnEmptyInputIsFinishedUntilRead) {
  ByteReader reader({});
  EXPECT_TRUE(reader.finish());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.finish());
}

TEST(ByteReader, FailForgetsTheRest) {
  const Bytes data = bytes_of({1, 2});
  ByteReader reader(data);
  reader.fail();
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteWriter, WritesBigEndianAndFillsExactly) {
  std::array<std::byte, 15> out{};
  ByteWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0203);
  writer.u32(0x04050607);
  writer.u64(0xF8F9FAFBFCFDFEFF);
  EXPECT_TRUE(writer.ok());
  EXPECT_TRUE(same(writer.written(), bytes_of({0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xF8, 0xF9, 0xFA,
                                               0xFB, 0xFC, 0xFD, 0xFE, 0xFF})));
  writer.u8(1);
  EXPECT_FALSE(writer.ok());
}

TEST(ByteWriter, OverrunSticksAndWritesNothingMore) {
  std::array<std::byte, 3> out{};
  ByteWriter writer(out);
  writer.u8(0xAA);
  writer.u32(0xBBBBBBBB);  // does not fit: not one byte of it is written
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.size(), 1U);
  writer.u8(0xCC);  // would fit, but the error sticks
  writer.bytes(bytes_of({1}));
  EXPECT_EQ(writer.size(), 1U);
  EXPECT_TRUE(same(out, bytes_of({0xAA, 0, 0})));
}

TEST(ByteWriter, BytesAndTextAtTheEdge) {
  std::array<std::byte, 4> out{};
  ByteWriter writer(out);
  writer.text("");
  writer.bytes({});
  EXPECT_EQ(writer.size(), 0U);
  writer.text("ab");
  writer.bytes(bytes_of({0, 255}));
  EXPECT_TRUE(writer.ok());
  writer.bytes({});
  EXPECT_TRUE(writer.ok()) << "nothing fits into nothing";
  EXPECT_TRUE(same(writer.written(), bytes_of({'a', 'b', 0, 255})));
  writer.text("c");
  EXPECT_FALSE(writer.ok());
}

TEST(ByteIo, TextAndBytesAreViewsOfEachOther) {
  using namespace std::string_view_literals;
  const auto text = "a\0\xFF"sv;
  EXPECT_EQ(as_bytes(text).size(), 3U);
  EXPECT_EQ(as_text(as_bytes(text)), text);
  EXPECT_EQ(as_text(as_bytes(text)).data(), text.data());
  EXPECT_EQ(as_text({}), "");
}

}  // namespace
}  // namespace hubbub
