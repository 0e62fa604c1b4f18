// One seed, one person: the same keys every time, and nothing that ties one room to another.
#include "codec/session/identity.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {
namespace {

seal::Key seed(char digit) {
  return seal::key_from_hex(std::string(64, digit));
}
seal::RoomId room(int mark) {
  seal::RoomId id{};
  id.fill(static_cast<std::byte>(mark));
  return id;
}

TEST(Identity, IsTheSameForTheSameSeed) {
  const Identity first(seed('1'));
  const Identity again(seed('1'));
  EXPECT_EQ(first.public_key(), again.public_key());
  EXPECT_EQ(first.direct().public_key, again.direct().public_key);
  EXPECT_EQ(first.owner_tag(room(1)), again.owner_tag(room(1)));
  EXPECT_EQ(first.public_key(), first.signing().public_key());
}

TEST(Identity, IsAnotherForAnotherSeed) {
  const Identity first(seed('1'));
  const Identity other(seed('2'));
  EXPECT_NE(first.public_key(), other.public_key());
  EXPECT_NE(first.direct().public_key, other.direct().public_key);
  EXPECT_NE(first.owner_tag(room(1)), other.owner_tag(room(1)));
}

TEST(Identity, ShowsEveryRelayAndRoomAnotherTag) {
  const Identity someone(seed('1'));
  std::set<seal::OwnerTag> tags;
  for (int mark = 0; mark < 200; ++mark) tags.insert(someone.owner_tag(room(mark)));
  EXPECT_EQ(tags.size(), 200U);
  EXPECT_FALSE(tags.contains(seal::OwnerTag{})) << "all zero is nobody";
}

}  // namespace
}  // namespace hubbub::session
