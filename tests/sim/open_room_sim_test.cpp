// What must hold in an open room whatever the network does. Each test names its seed when it fails.
#include <array>

#include <gtest/gtest.h>

#include "tests/sim/world.h"

namespace hubbub::sim {
namespace {

using client::RelayAway;
using client::RelayHere;

template <class Wanted>
int count_events(const World& world, std::size_t client) {
  int count = 0;
  for (const auto& event : world.events(client)) count += std::holds_alternative<Wanted>(event) ? 1 : 0;
  return count;
}

std::vector<std::string> texts(const World& world, std::size_t client) {
  std::vector<std::string> lines;
  for (const auto& event : world.events(client)) {
    if (const auto* heard = std::get_if<client::TextHeard>(&event))
      lines.push_back(heard->line.author + ": " + heard->line.text);
  }
  return lines;
}

TEST(OpenRoomSim, APerfectNetworkLosesNothing) {
  World world(1, {});
  for (const char* name : {"alice", "bob", "carol", "dave"}) {
    ClientOptions options;
    options.name = name;
    options.speaks = std::string_view(name) < "carol";
    options.up.delay = options.down.delay = 20ms;
    world.add(options);
  }
  world.run(1s);
  world.session(2).say(world.now(), "hello all");
  world.run(19s);

  for (std::size_t listener = 0; listener < 4; ++listener) {
    for (std::size_t speaker = 0; speaker < 2; ++speaker) {
      const auto heard = world.heard(listener, speaker);
      if (listener == speaker) {
        EXPECT_FALSE(heard) << "nobody hears themselves";
        continue;
      }
      ASSERT_TRUE(heard);
      EXPECT_EQ(heard->name, speaker == 0 ? "alice" : "bob");
      EXPECT_EQ(heard->stats.lost, 0U);
      EXPECT_EQ(heard->stats.late, 0U);
      EXPECT_EQ(heard->stats.concealed, 0U);
      EXPECT_EQ(heard->stats.duplicates, 0U);
      EXPECT_GE(heard->stats.played, 980U);  // 20 s of 20 ms frames, less what is under way
    }
    EXPECT_GT(world.loudness(listener), 0.02);
    EXPECT_EQ(texts(world, listener),
              listener == 2 ? std::vector<std::string>{} : std::vector<std::string>{"carol: hello all"});
    EXPECT_EQ(count_events<RelayHere>(world, listener), 1);
    EXPECT_EQ(count_events<RelayAway>(world, listener), 0);
  }
  EXPECT_EQ(world.copies_to_origin(), 0U);
}

TEST(OpenRoomSim, TheSameSeedReplaysExactly) {
  const auto run = [](std::uint64_t seed) {
    World world(seed, {});
    for (int i = 0; i < 3; ++i) {
      ClientOptions options;
      options.speaks = i == 0;
      options.up.loss = 0.1;
      options.down.jitter = 40ms;
      options.down.reorder = true;
      world.add(options);
    }
    world.run(3s);
    return world.fingerprint();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

// Loss, bursts, jitter, reordering, duplication: whatever is sent is, at each listener, either received or
// lost, and what is received is heard, late or still buffered.
TEST(OpenRoomSim, EveryPacketIsAccountedForOnBadLinks) {
  for (std::uint64_t seed = 0; seed < 48; ++seed) {
    World world(seed, {});
    for (int i = 0; i < 4; ++i) {
      ClientOptions options;
      options.speaks = i < 2;
      options.up.loss_model = options.down.loss_model =
          seed % 2 == 0 ? impair::LossModel::kBernoulli : impair::LossModel::kGilbertElliott;
      if (seed % 2 == 1) options.up.burst = options.down.burst = 2.5;
      options.up.loss = options.down.loss = 0.02 * static_cast<double>(seed % 8);
      options.up.delay = options.down.delay = 30ms;
      options.up.jitter = options.down.jitter = 10ms * static_cast<int>(seed % 5);
      options.up.reorder = options.down.reorder = seed % 3 == 0 && options.up.jitter > 0ms;
      options.down.duplicate = 0.05;
      world.add(options);
    }
    world.run(3s);  // by now everybody is known to the relay, whatever was lost
    const auto count = [&world](std::size_t listener, std::size_t speaker) {
      const auto heard = world.heard(listener, speaker);
      return heard ? heard->stats.received + heard->stats.lost : 0;
    };
    std::array<std::array<std::uint64_t, 2>, 4> before{};
    std::array<std::uint64_t, 2> sent_before{};
    for (std::size_t speaker = 0; speaker < 2; ++speaker) {
      sent_before[speaker] = world.session(speaker).stats().voice_packets_sent;
      for (std::size_t listener = 0; listener < 4; ++listener)
        before[listener][speaker] = count(listener, speaker);
    }
    world.run(4s);
    for (std::size_t listener = 0; listener < 4; ++listener) {
      for (std::size_t speaker = 0; speaker < 2; ++speaker) {
        if (listener == speaker) continue;
        const auto heard = world.heard(listener, speaker);
        ASSERT_TRUE(heard) << "seed " << seed;
        const auto& s = heard->stats;
        const auto buffered = static_cast<std::uint64_t>(heard->depth / 20ms);
        EXPECT_EQ(s.received, s.played + s.late + s.skipped + buffered) << "seed " << seed;
        const auto sent =
            static_cast<double>(world.session(speaker).stats().voice_packets_sent - sent_before[speaker]);
        const auto known = static_cast<double>(count(listener, speaker) - before[listener][speaker]);
        EXPECT_NEAR(known, sent, 12) << "seed " << seed
                                     << ": all but what is under way, or lost at the very end";
      }
      EXPECT_GT(world.loudness(listener), 0.01) << "seed " << seed;
    }
    EXPECT_EQ(world.room().peers(), 4U) << "seed " << seed;
    EXPECT_EQ(world.copies_to_origin(), 0U) << "seed " << seed;
  }
}

// A bit flipped anywhere must cost no more than its own packet: no crash, no endless speakers, no unbalanced
// book.
TEST(OpenRoomSim, CorruptedDatagramsDoNoHarm) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    World world(seed, {});
    for (int i = 0; i < 3; ++i) {
      ClientOptions options;
      options.speaks = i == 0;
      options.up.corrupt = options.down.corrupt = 0.1;
      world.add(options);
    }
    for (int i = 0; i < 20; ++i) {
      world.session(1).say(world.now(), "some text, some of it broken on the way");
      world.run(250ms);
    }
    EXPECT_LE(world.session(2).speakers().size(), kMaxStreams) << "seed " << seed;
    const auto heard = world.heard(2, 0);
    ASSERT_TRUE(heard) << "seed " << seed;
    EXPECT_GT(heard->stats.played, 150U) << "seed " << seed;
  }
}

TEST(OpenRoomSim, AnOutageCostsItsOwnLengthOnly) {
  World world(3, {});
  ClientOptions speaker;
  speaker.speaks = true;
  world.add(speaker);
  ClientOptions listener;
  listener.down.outages = {{.start = 5s, .duration = 3s}};
  world.add(listener);
  world.run(5s);
  const auto before = world.heard(1, 0)->stats;
  world.run(3s);
  world.run(500ms);
  world.run(5s);
  const auto after = world.heard(1, 0)->stats;
  EXPECT_EQ(after.lost - before.lost, 150U);      // 3 s of 20 ms frames, and not one more
  EXPECT_GE(after.played - before.played, 270U);  // of the 275 after it
  EXPECT_LE(after.concealed, 2U * 4'800U);        // concealment gives up after 100 ms
  EXPECT_EQ(after.late, before.late);
}

TEST(OpenRoomSim, ARelayThatRestartsIsNoticedAndFoundAgain) {
  World world(4, {});
  ClientOptions options;
  options.speaks = true;
  world.add(options);
  options.speaks = false;
  world.add(options);
  world.run(7s);
  ASSERT_EQ(count_events<RelayHere>(world, 1), 1);
  world.set_relay_up(false);
  world.run(10s);
  EXPECT_EQ(count_events<RelayAway>(world, 0), 1);
  EXPECT_EQ(count_events<RelayAway>(world, 1), 1);
  const auto before = world.heard(1, 0)->stats.played;
  world.set_relay_up(true);
  world.run(2s);  // the next ping makes the listener known again
  EXPECT_EQ(count_events<RelayHere>(world, 0), 2);
  EXPECT_EQ(count_events<RelayHere>(world, 1), 2);
  EXPECT_GT(world.heard(1, 0)->stats.played, before + 40);
}

TEST(OpenRoomSim, ASilentPeerIsForgottenAndTheOthersStay) {
  relay::OpenRoomOptions room;
  room.timeout = 30s;
  World world(5, room);
  world.add({});
  ClientOptions gone;
  gone.up.outages = {{.start = 10s, .duration = 60s}};
  world.add(gone);
  world.run(9s);
  EXPECT_EQ(world.room().peers(), 2U);
  world.run(32s);
  EXPECT_EQ(world.room().peers(), 1U);
  world.run(40s);
  EXPECT_EQ(world.room().peers(), 2U) << "back by its own pings";
}

// Two clocks are never one: playout follows the sender's, and the delay stays where it was.
TEST(OpenRoomSim, ClockDriftIsFollowedWithoutGrowingDelay) {
  for (const double clock : {0.998, 1.002}) {
    World world(6, {});
    ClientOptions speaker;
    speaker.speaks = true;
    speaker.clock = clock;
    world.add(speaker);
    world.add({});
    world.run(60s);
    const auto heard = world.heard(1, 0);
    ASSERT_TRUE(heard);
    EXPECT_LE(heard->depth, 140ms) << "clock " << clock;
    EXPECT_GE(heard->depth, 20ms) << "clock " << clock;
    EXPECT_EQ(heard->stats.late, 0U) << "clock " << clock;
    // 60 s at 0.2 % are 120 ms: six frames to leave out, or to make up.
    const double corrected =
        static_cast<double>(heard->stats.skipped) + static_cast<double>(heard->stats.concealed) / 960;
    EXPECT_GE(corrected, 3) << "clock " << clock;
    EXPECT_LE(corrected, 8) << "clock " << clock;
  }
}

TEST(OpenRoomSim, AnIntermittentTalkerIsHeardWholeSpurtBySpurt) {
  World world(8, {});
  ClientOptions options;
  options.speaks = true;
  world.add(options);
  world.add({});
  for (int spurt = 0; spurt < 10; ++spurt) {
    world.session(0).set_muted(world.now(), false);
    world.run(1s);
    world.session(0).set_muted(world.now(), true);
    world.run(700ms);
  }
  const auto stats = world.heard(1, 0)->stats;
  EXPECT_EQ(stats.played, world.session(0).stats().voice_packets_sent);
  EXPECT_EQ(stats.lost, 0U);
  EXPECT_EQ(stats.late, 0U);
  EXPECT_EQ(stats.concealed, 0U) << "a pause is no loss";
  int begins = 0;
  for (const auto& event : world.events(1)) {
    if (const auto* speaking = std::get_if<client::Speaking>(&event)) begins += speaking->begins ? 1 : 0;
  }
  EXPECT_EQ(begins, 10);
}

}  // namespace
}  // namespace hubbub::sim
