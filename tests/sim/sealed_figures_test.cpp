// How much voice a change of address costs in a sealed room, in virtual time: the figures that README.md
// names.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/sim/sealed_world.h"

namespace hubbub::sim {
namespace {

constexpr Duration kFrame = 20ms;
constexpr std::size_t kSpeaker = 0;
constexpr std::size_t kListener = 1;

// What a listener missed of a speaker.
struct Gap {
  std::uint64_t frames = 0;  // that never came
  Duration longest{};        // from one frame to the next, beyond the usual
};

// One speaker, one listener, `round_trip` from either to the relay and back; at `phase` of the client's
// timers something happens.
Gap gap_after(Duration round_trip, Duration phase, const std::function<void(SealedWorld&)>& happen) {
  SealedWorld world(1);
  for (const bool speaks : {true, false}) {
    SealedClientOptions person;
    person.name = speaks ? "speaker" : "listener";
    person.speaks = speaks;
    person.up.delay = person.down.delay = round_trip / 2;
    world.add(person);
  }
  world.run(3s + phase);  // midway between two pings, which would show the new address by chance
  const std::uint64_t before = world.received(kListener, kSpeaker);
  EXPECT_GT(before, 50U);
  happen(world);

  constexpr Duration kWatched = 2s;
  Gap gap;
  TimePoint last = world.now();
  std::uint64_t received = before;
  for (const TimePoint end = world.now() + kWatched; world.now() < end;) {
    world.run(SealedWorld::kStep);
    const std::uint64_t so_far = world.received(kListener, kSpeaker);
    if (so_far == received) continue;
    gap.longest = std::max(gap.longest, world.now() - last - kFrame);
    received = so_far;
    last = world.now();
  }
  EXPECT_LE(world.now() - last, 2 * kFrame) << "voice goes on";
  EXPECT_EQ(world.relay().books().moves, 1U) << "the session moved, and no new one was needed";
  const auto due = static_cast<std::uint64_t>(kWatched / kFrame);
  gap.frames = due - std::min(received - before, due);
  return gap;
}

// The worst of all phases of the client's timers, and of its frames.
Gap worst_gap(Duration round_trip, const std::function<void(SealedWorld&)>& happen) {
  Gap worst;
  for (Duration phase{}; phase < client::Session::kTick; phase += SealedWorld::kStep) {
    const Gap gap = gap_after(round_trip, phase, happen);
    worst.frames = std::max(worst.frames, gap.frames);
    worst.longest = std::max(worst.longest, gap.longest);
  }
  return worst;
}

constexpr auto kListenerRoams = [](SealedWorld& world) { world.roam(kListener); };
constexpr auto kSpeakerRoams = [](SealedWorld& world) { world.roam(kSpeaker); };
constexpr auto kNatForgetsListener = [](SealedWorld& world) { world.rebind(kListener); };
constexpr auto kNatForgetsSpeaker = [](SealedWorld& world) { world.rebind(kSpeaker); };

std::string cell(const Gap& gap) {
  return std::to_string(gap.frames) + " (" +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(gap.longest).count()) + " ms)";
}

class Roaming : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] Duration round_trip() const { return std::chrono::milliseconds(GetParam()); }
};

// Two round trips (the ping that shows the new address, the path check, and what was on its way to the old
// one), and five frames for the client's timers.
TEST_P(Roaming, CostsAtMostTwoRoundTripsAndFiveFrames) {
  const Duration aim = 2 * round_trip() + 5 * kFrame;
  const Gap listener = worst_gap(round_trip(), kListenerRoams);
  const Gap speaker = worst_gap(round_trip(), kSpeakerRoams);
  EXPECT_LE(listener.longest, aim);
  EXPECT_LE(listener.frames, static_cast<std::uint64_t>(aim / kFrame));
  EXPECT_EQ(speaker.frames, 0U) << "frames count wherever they come from";
  EXPECT_LE(speaker.longest, SealedWorld::kStep);

  // Nobody tells the client of these: voice that stops does.
  const Gap listener_nat = worst_gap(round_trip(), kNatForgetsListener);
  const Gap speaker_nat = worst_gap(round_trip(), kNatForgetsSpeaker);
  EXPECT_LE(listener_nat.longest, aim + kStallPing);
  EXPECT_EQ(speaker_nat.frames, 0U);

  std::printf("%8s  %10s  %15s  %14s  %18s  %17s\n", "rtt", "aim", "listener roams", "speaker roams",
              "listener's NAT", "speaker's NAT");
  std::printf("%5d ms  %10s  %15s  %14s  %18s  %17s\n", GetParam(),
              (std::to_string(aim / kFrame) + " (" + std::to_string(aim / 1ms) + " ms)").c_str(),
              cell(listener).c_str(), cell(speaker).c_str(), cell(listener_nat).c_str(),
              cell(speaker_nat).c_str());
}

INSTANTIATE_TEST_SUITE_P(RoundTripMs, Roaming, testing::Values(20, 50, 100, 200));

}  // namespace
}  // namespace hubbub::sim
