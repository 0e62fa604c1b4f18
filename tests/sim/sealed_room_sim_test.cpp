// What must hold in sealed rooms whatever the network does. Each test names its seed when it fails.
#include <gtest/gtest.h>

#include "tests/sim/sealed_world.h"

namespace hubbub::sim {
namespace {

template <class Wanted>
int count_events(const SealedWorld& world, std::size_t client) {
  int count = 0;
  for (const auto& event : world.events(client)) count += std::holds_alternative<Wanted>(event) ? 1 : 0;
  return count;
}

std::vector<std::string> texts(const SealedWorld& world, std::size_t client) {
  std::vector<std::string> lines;
  for (const auto& event : world.events(client)) {
    if (const auto* heard = std::get_if<client::TextHeard>(&event))
      lines.push_back(heard->line.author + ": " + heard->line.text);
  }
  return lines;
}

SealedClientOptions person(const std::string& name, bool speaks, Duration delay = 20ms) {
  SealedClientOptions options;
  options.name = name;
  options.speaks = speaks;
  options.up.delay = options.down.delay = delay;
  return options;
}

TEST(SealedRoomSim, APerfectNetworkLosesNothing) {
  SealedWorld world(1);
  for (const char* name : {"alice", "bob", "carol"})
    world.add(person(name, std::string_view(name) != "carol"));
  world.run(1s);
  world.session(2).say(world.now(), "hello all");
  world.run(9s);
  for (std::size_t listener = 0; listener < 3; ++listener) {
    for (std::size_t speaker = 0; speaker < 2; ++speaker) {
      if (listener == speaker) continue;
      const auto heard = world.heard(listener, speaker);
      ASSERT_TRUE(heard) << listener << " of " << speaker;
      EXPECT_EQ(heard->name, speaker == 0 ? "alice" : "bob");
      EXPECT_EQ(heard->stats.lost, 0U);
      EXPECT_EQ(heard->stats.duplicates, 0U);
      EXPECT_GE(heard->stats.played, 470U);  // of 10 s of 20 ms frames, less the joining
    }
    EXPECT_GT(world.loudness(listener), 0.02);
    EXPECT_EQ(texts(world, listener), std::vector<std::string>{"carol: hello all"});
    EXPECT_EQ(count_events<client::RelayHere>(world, listener), 1);
    EXPECT_EQ(count_events<client::RelayAway>(world, listener), 0);
    EXPECT_EQ(world.session(listener).member_count(), 3U);
  }
}

}  // namespace
}  // namespace hubbub::sim
