// The bounded queue: order, classes, the oldest going first, and nobody starving.
#include "relay/core/broadcast_queue.h"

#include <deque>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub::relay {
namespace {

using Class = BroadcastQueue::Class;

constexpr TimePoint kStart{std::chrono::hours(1)};
const Endpoint kOrigin{IpAddress::v4(10, 0, 0, 1), 40'000};

std::string pop(BroadcastQueue& queue) {
  QueuedDatagram out;
  queue.pop_into(out);
  return std::string(as_text(out.bytes()));
}
bool push(BroadcastQueue& queue, Class kind, const std::string& text, TimePoint at = kStart) {
  return queue.push(kind, at, kOrigin, as_bytes(text));
}

TEST(BroadcastQueue, KeepsBytesOriginAndInstant) {
  BroadcastQueue queue;
  EXPECT_TRUE(queue.empty());
  const Endpoint origin{IpAddress::parse("fe80::1").value(), 1'024, 3};
  Bytes largest(kMaxOpenDatagramBytes);
  for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = static_cast<std::byte>(i * 7);
  EXPECT_FALSE(queue.push(Class::kVoice, kStart + 5ms, origin, largest));
  EXPECT_EQ(queue.size(), 1U);
  QueuedDatagram out;
  queue.pop_into(out);
  EXPECT_TRUE(same(out.bytes(), largest));
  EXPECT_EQ(out.origin, origin);
  EXPECT_EQ(out.arrived, kStart + 5ms);
  EXPECT_TRUE(queue.empty());
}

TEST(BroadcastQueue, IsFirstInFirstOutWithinAClass) {
  for (const Class kind : {Class::kVoice, Class::kData}) {
    BroadcastQueue queue;
    for (const char* text : {"a", "bb", "", "c"}) push(queue, kind, text);
    EXPECT_EQ(pop(queue), "a");
    EXPECT_EQ(pop(queue), "bb");
    EXPECT_EQ(pop(queue), "");
    EXPECT_EQ(pop(queue), "c");
  }
}

TEST(BroadcastQueue, AFullClassPushesOutItsOwnOldest) {
  for (const Class kind : {Class::kVoice, Class::kData}) {
    const Class other = kind == Class::kVoice ? Class::kData : Class::kVoice;
    const std::size_t limit = kind == Class::kVoice ? kVoiceQueueDatagrams : kDataQueueDatagrams;
    BroadcastQueue queue;
    push(queue, other, "other");
    for (std::size_t i = 0; i < limit; ++i)
      ASSERT_FALSE(push(queue, kind, std::to_string(i))) << "the edge is not beyond the limit";
    EXPECT_EQ(queue.size(), limit + 1);
    EXPECT_TRUE(push(queue, kind, "newest"));
    EXPECT_EQ(queue.size(), limit + 1);
    std::vector<std::string> popped;
    while (!queue.empty()) popped.push_back(pop(queue));
    std::erase(popped, "other");
    ASSERT_EQ(popped.size(), limit);
    EXPECT_EQ(popped.front(), "1") << "0 was the oldest";
    EXPECT_EQ(popped.back(), "newest");
  }
}

TEST(BroadcastQueue, DataGoesFirstButVoiceGetsItsTurn) {
  BroadcastQueue queue;
  for (int i = 0; i < 3; ++i) push(queue, Class::kVoice, "v" + std::to_string(i));
  for (int i = 0; i < 10; ++i) push(queue, Class::kData, "d" + std::to_string(i));
  std::string order;
  while (!queue.empty()) order += pop(queue) + " ";
  EXPECT_EQ(order, "d0 d1 d2 d3 v0 d4 d5 d6 d7 v1 d8 d9 v2 ");
}

TEST(BroadcastQueue, ALongRunOfDataOwesVoiceOneTurnOnly) {
  BroadcastQueue queue;
  for (int i = 0; i < 1'000; ++i) {
    push(queue, Class::kData, "d");
    EXPECT_EQ(pop(queue), "d");
  }
  for (int i = 0; i < 3; ++i) push(queue, Class::kVoice, "v");
  for (int i = 0; i < 5; ++i) push(queue, Class::kData, "d");
  std::string order;
  while (!queue.empty()) order += pop(queue);
  EXPECT_EQ(order, "vddddvdv");
}

TEST(BroadcastQueue, VoicePastItsUseGoesAtTheExactEdge) {
  BroadcastQueue queue;
  push(queue, Class::kData, "d", kStart);
  push(queue, Class::kVoice, "v0", kStart);
  push(queue, Class::kVoice, "v1", kStart + 1ms);
  push(queue, Class::kVoice, "v2", kStart + 2ms);
  EXPECT_EQ(queue.discard_stale_voice(kStart), 0U) << "as old as may be is still of use";
  EXPECT_EQ(queue.discard_stale_voice(kStart + 1ns), 1U);
  EXPECT_EQ(queue.discard_stale_voice(kStart + 1ms), 0U);
  EXPECT_EQ(queue.discard_stale_voice(kStart + 2ms), 1U);
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(pop(queue), "d") << "data never is too old";
  EXPECT_EQ(pop(queue), "v2");
  EXPECT_EQ(queue.discard_stale_voice(kStart + 24h), 0U);
}

TEST(BroadcastQueueDeathTest, OurOwnBugsAreCaught) {
  BroadcastQueue queue;
  QueuedDatagram out;
  EXPECT_DEATH(queue.pop_into(out), "bug: CHECK");
  const Bytes too_long(kMaxOpenDatagramBytes + 1);
  EXPECT_DEATH(queue.push(Class::kVoice, kStart, kOrigin, too_long), "bug: CHECK");
}

// Against a model of two plain queues, through many turns of both rings.
TEST(BroadcastQueue, AgreesWithAModel) {
  struct Entry {
    TimePoint at;
    std::string text;
  };
  std::mt19937_64 random(20'240'601);
  BroadcastQueue queue;
  std::deque<Entry> voice;
  std::deque<Entry> data;
  int data_in_a_row = 0;
  TimePoint now = kStart;
  for (int step = 0; step < 60'000; ++step) {
    now += std::chrono::microseconds(random() % 400);
    const bool filling = (step / 3'000) % 2 == 0;
    const auto roll = random() % 100;
    if (roll < (filling ? 70U : 30U)) {
      const bool is_voice = random() % 5 != 0;
      std::deque<Entry>& model = is_voice ? voice : data;
      const std::size_t limit = is_voice ? kVoiceQueueDatagrams : kDataQueueDatagrams;
      const std::string text = std::to_string(step) + std::string(random() % 50, 'x');
      const bool full = model.size() == limit;
      if (full) model.pop_front();
      model.push_back({now, text});
      ASSERT_EQ(push(queue, is_voice ? Class::kVoice : Class::kData, text, now), full);
    } else if (roll < 99) {
      if (queue.empty()) continue;
      const bool take_voice = !voice.empty() && (data.empty() || data_in_a_row >= kDataBurst);
      std::deque<Entry>& model = take_voice ? voice : data;
      data_in_a_row = take_voice ? 0 : data_in_a_row + 1;
      ASSERT_EQ(pop(queue), model.front().text) << step;
      model.pop_front();
    } else {
      const TimePoint oldest = now - std::chrono::milliseconds(random() % 300);
      std::size_t stale = 0;
      while (!voice.empty() && voice.front().at < oldest) voice.pop_front(), ++stale;
      ASSERT_EQ(queue.discard_stale_voice(oldest), stale);
    }
    ASSERT_EQ(queue.size(), voice.size() + data.size());
  }
}

}  // namespace
}  // namespace hubbub::relay
