#include "voiceclient/core/datagram_ring.h"

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"

namespace hubbub::client {
namespace {

TEST(DatagramRing, GivesBackInOrderAndTheEmptyOneToo) {
  DatagramRing<4, 3> ring;
  EXPECT_FALSE(ring.pop());
  ring.push(as_bytes("one"));
  ring.push({});
  ring.push(as_bytes("four"));
  EXPECT_EQ(as_text(*ring.pop()), "one");
  EXPECT_EQ(as_text(*ring.pop()), "");
  EXPECT_EQ(as_text(*ring.pop()), "four");
  EXPECT_FALSE(ring.pop());
}

TEST(DatagramRing, TheOldestGivesWay) {
  DatagramRing<1, 3> ring;
  for (const char* datagram : {"a", "b", "c", "d", "e"}) ring.push(as_bytes(datagram));
  EXPECT_EQ(as_text(*ring.pop()), "c");
  ring.push(as_bytes("f"));
  EXPECT_EQ(as_text(*ring.pop()), "d");
  EXPECT_EQ(as_text(*ring.pop()), "e");
  EXPECT_EQ(as_text(*ring.pop()), "f");
  EXPECT_FALSE(ring.pop());
}

}  // namespace
}  // namespace hubbub::client
