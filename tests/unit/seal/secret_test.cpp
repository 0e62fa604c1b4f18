// Secrets: wiped, comparable, never half copied.
#include "codec/seal/secret.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <type_traits>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::seal {
namespace {

Key numbered(int first) {
  Key key;
  for (std::byte& b : key.view()) b = static_cast<std::byte>(first++);
  return key;
}

TEST(Secret, BeginsAsZeros) {
  EXPECT_TRUE(std::ranges::all_of(Key().view(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST(Secret, IsWipedOnDestruction) {
  alignas(Key) std::array<std::byte, sizeof(Key)> memory{};
  Key* const key = new (memory.data()) Key(numbered(1));
  ASSERT_TRUE(same(memory, numbered(1).view())) << "the test looks in the wrong place";
  std::destroy_at(key);
  EXPECT_EQ(to_hex(memory), std::string(64, '0'));
}

TEST(Secret, WhatAMoveLeavesBehindIsWipedToo) {
  alignas(Key) std::array<std::byte, sizeof(Key)> memory{};
  Key* const key = new (memory.data()) Key(numbered(1));
  const Key moved = std::move(*key);
  EXPECT_EQ(moved, numbered(1));
  std::destroy_at(key);
  EXPECT_EQ(to_hex(memory), std::string(64, '0'));
}

TEST(Secret, CopiesAreEqualAndApart) {
  const Key original = numbered(7);
  Key copy = original;
  EXPECT_EQ(copy, original);
  copy.view()[31] ^= std::byte{1};
  EXPECT_FALSE(copy == original);
  EXPECT_EQ(original, numbered(7));
  copy = original;
  EXPECT_EQ(copy, original);
}

TEST(Secret, DiffersInEveryBit) {
  const Key key = numbered(100);
  for_each_flipped_bit(bytes_of(key.view()), [&](const Bytes& flipped, std::size_t bit) {
    EXPECT_FALSE(Key::from(std::span(flipped).first<32>()) == key) << bit;
  });
}

TEST(Equal, ComparesLengthAndContent) {
  EXPECT_TRUE(equal({}, {}));
  EXPECT_TRUE(equal(bytes_of({1, 2}), bytes_of({1, 2})));
  EXPECT_FALSE(equal(bytes_of({1, 2}), bytes_of({1, 3})));
  EXPECT_FALSE(equal(bytes_of({1, 2}), bytes_of({1, 2, 0})));
  EXPECT_FALSE(equal(bytes_of({1, 2}), {}));
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Key>, "a secret has no way into a log");

}  // namespace
}  // namespace hubbub::seal
