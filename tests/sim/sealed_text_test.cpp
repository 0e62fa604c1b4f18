// Text in sealed rooms, whatever the network and the relay go through: every message arrives, once, and in
// one order everywhere. Each test names its seed when it fails.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/sim/sealed_world.h"

namespace hubbub::sim {
namespace {

impair::LinkOptions good_link() {
  impair::LinkOptions link;
  link.delay = 20ms;
  return link;
}

SealedClientOptions person(const std::string& name, const impair::LinkOptions& link = good_link()) {
  SealedClientOptions options;
  options.name = name;
  options.up = options.down = link;
  return options;
}

impair::LinkOptions bad_link() {
  impair::LinkOptions link;
  link.delay = 30ms;
  link.jitter = 40ms;
  link.reorder = true;
  link.loss = 0.3;
  link.duplicate = 0.05;
  return link;
}

std::vector<std::string> lines(const SealedWorld& world, std::size_t client) {
  std::vector<std::string> lines;
  for (const auto& text : world.texts(client)) lines.push_back(text.line.author + ": " + text.line.text);
  return lines;
}

std::vector<std::string> notices(const SealedWorld& world, std::size_t client) {
  std::vector<std::string> sentences;
  for (const auto& event : world.events(client)) {
    if (const auto* notice = std::get_if<client::Notice>(&event)) sentences.push_back(notice->sentence);
  }
  return sentences;
}

void run_until_all_are_in(SealedWorld& world, std::size_t people) {
  for (int i = 0; i < 600; ++i) {
    bool all = true;
    for (std::size_t c = 0; c < people; ++c) all = all && world.session(c).link().joined();
    if (all) return world.run(2s);  // newcomers have asked for what was before
    world.run(100ms);
  }
}

TEST(SealedText, ArrivesOnceInOneOrderOverALinkThatLosesAThirdDuplicatesAndReorders) {
  constexpr std::size_t kPeople = 4;
  constexpr int kMessages = 1'000;
  SealedWorld world(4'001);
  for (const char* name : {"alice", "bob", "carol", "dora"}) world.add(person(name, bad_link()));
  run_until_all_are_in(world, kPeople);
  const TimePoint begun = world.now();
  std::vector<int> said(kPeople, 0);
  const auto all_said = [&] { return std::ranges::all_of(said, [](int n) { return n == kMessages; }); };
  while (!all_said()) {
    for (std::size_t i = 0; i < kPeople; ++i) {
      while (said[i] < kMessages && !world.session(i).say(world.now(), "message " + std::to_string(said[i])))
        ++said[i];
    }
    world.run(100ms);
    ASSERT_LT(world.now() - begun, 30min) << "the messages do not get through";
  }
  for (int i = 0; i < 600 && !std::ranges::all_of(
                                 std::vector<std::size_t>{0, 1, 2, 3},
                                 [&](std::size_t c) { return world.texts(c).size() >= kPeople * kMessages; });
       ++i)
    world.run(1s);
  const auto of_alice = lines(world, 0);
  ASSERT_EQ(of_alice.size(), kPeople * kMessages);
  EXPECT_EQ(std::set<std::string>(of_alice.begin(), of_alice.end()).size(), of_alice.size());
  for (std::size_t i = 1; i < kPeople; ++i) EXPECT_EQ(lines(world, i), of_alice);
  for (std::size_t i = 0; i < kPeople; ++i) EXPECT_EQ(notices(world, i), std::vector<std::string>());
  // What one wrote stands as it was written.
  int next = 0;
  for (const std::string& line : of_alice) {
    if (line.starts_with("bob: ")) {
      EXPECT_EQ(line, "bob: message " + std::to_string(next++));
    }
  }
  std::printf("took %ld s of the room's time\n", static_cast<long>((world.now() - begun) / 1s));
  RecordProperty("seconds", std::to_string((world.now() - begun) / 1s));
}

bool settled(SealedWorld& world, std::size_t people, std::size_t lines) {
  for (int i = 0; i < 600; ++i) {
    bool all = true;
    for (std::size_t c = 0; c < people; ++c) all = all && world.texts(c).size() >= lines;
    if (all) return true;
    world.run(100ms);
  }
  return false;
}

template <class Wanted>
std::vector<Wanted> events_of(const SealedWorld& world, std::size_t client) {
  std::vector<Wanted> wanted;
  for (const auto& event : world.events(client)) {
    if (const auto* one = std::get_if<Wanted>(&event)) wanted.push_back(*one);
  }
  return wanted;
}

TEST(SealedText, WhoWasAwayForAnHourCatchesUp) {
  constexpr int kMessages = 600;
  SealedWorld world(4'002);
  for (const char* name : {"alice", "bob", "carol"}) world.add(person(name));
  run_until_all_are_in(world, 3);
  world.suspend(2, 1h);
  for (int i = 0; i < kMessages; ++i) {
    EXPECT_FALSE(world.session(static_cast<std::size_t>(i % 2)).say(world.now(), std::to_string(i)));
    world.run(6s);
  }
  EXPECT_EQ(world.texts(0).size(), static_cast<std::size_t>(kMessages));
  EXPECT_TRUE(world.texts(2).empty());
  const TimePoint awake = world.now();
  ASSERT_TRUE(settled(world, 3, kMessages));
  std::printf("caught up on %d messages in %ld ms\n", kMessages,
              static_cast<long>((world.now() - awake) / 1ms));
  EXPECT_LE(world.now() - awake, 10s);
  EXPECT_EQ(lines(world, 2), lines(world, 0));
  EXPECT_EQ(notices(world, 2), std::vector<std::string>());
}

// A relay without a history forgets everything; what those who are here have written does not depend on it.
TEST(SealedText, ARelayThatIsKilledWhileEverybodyTypesLosesNoLine) {
  constexpr std::size_t kPeople = 3;
  SealedWorld world(4'003);
  for (const char* name : {"alice", "bob", "carol"}) world.add(person(name));
  run_until_all_are_in(world, kPeople);
  std::size_t said = 0;
  const auto type = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < kPeople; ++i) {
        EXPECT_FALSE(world.session(i).say(world.now(), "line " + std::to_string(said)));
        ++said;
      }
      world.run(70ms);
    }
  };
  for (int life = 0; life < 4; ++life) {
    type(10);
    world.set_relay_up(false);
    type(5);
    world.set_relay_up(true);
    const TimePoint back = world.now();
    EXPECT_TRUE(settled(world, kPeople, said));
    std::printf("life %d: everything everywhere %ld ms after the relay was back\n", life,
                static_cast<long>((world.now() - back) / 1ms));
    EXPECT_LE(world.now() - back, 10s);
  }
  world.run(5s);
  std::multiset<std::string> all;
  for (std::size_t i = 0; i < said; ++i) all.insert("line " + std::to_string(i));
  for (std::size_t i = 0; i < kPeople; ++i) {
    std::multiset<std::string> got;
    for (const auto& text : world.texts(i)) got.insert(text.line.text);
    EXPECT_EQ(got, all) << i;
    EXPECT_EQ(notices(world, i), std::vector<std::string>()) << i;
    EXPECT_EQ(world.session(i).texts_waiting().unacknowledged, 0U);
  }
}

// A relay that is killed over and over, each time with lines that are not on its disk yet. In the end nobody
// who wrote them is there any more, and whoever comes then has them all.
TEST(SealedText, WhatIsStoredOutlivesItsAuthorsAndItsRelay) {
  constexpr std::size_t kPeople = 3;
  for (const std::uint64_t seed : {4'008U, 4'009U, 4'010U, 4'011U, 4'012U, 4'013U, 4'014U, 4'015U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SealedWorld world(seed);
    world.keep_history();
    for (const char* name : {"alice", "bob", "carol"}) world.add(person(name));
    run_until_all_are_in(world, kPeople);
    std::multiset<std::string> all;
    for (int life = 0; life < 3; ++life) {
      for (std::size_t i = 0; i < 5 * kPeople; ++i) {
        const std::string line = std::to_string(life) + "." + std::to_string(i);
        EXPECT_FALSE(world.session(i % kPeople).say(world.now(), line));
        all.insert(line);
        world.run(20ms);
      }
      world.set_relay_up(false);
      world.run(300ms);
      world.set_relay_up(true);
      ASSERT_TRUE(settled(world, kPeople, all.size()));
    }
    world.run(10s);
    for (std::size_t i = 0; i < kPeople; ++i) {
      EXPECT_EQ(world.session(i).texts_waiting().unacknowledged, 0U);
      EXPECT_EQ(world.session(i).texts_waiting().unstored, 0U);
      EXPECT_EQ(notices(world, i), std::vector<std::string>());
      world.cut(i, true);
    }
    world.set_relay_up(false);
    world.set_relay_up(true);
    const auto newcomer = world.add(person("dora"));
    world.run(10s);
    std::multiset<std::string> got;
    for (const auto& text : world.texts(newcomer)) {
      EXPECT_TRUE(text.earlier);
      got.insert(text.line.text);
    }
    EXPECT_EQ(got, all);
  }
}

// A relay that comes back without the last lines has a log that ends before what its members know. They have
// all that is in it, and ask for no more than what they cannot know to be stored.
TEST(SealedText, WhatWasThereBeforeOneCameStaysThereWhenTheRelayIsKilled) {
  for (const std::uint64_t seed : {4'020U, 4'021U, 4'022U, 4'023U, 4'024U, 4'025U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SealedWorld world(seed);
    world.keep_history();
    for (const char* name : {"alice", "bob"}) world.add(person(name));
    run_until_all_are_in(world, 2);
    for (int i = 0; i < 120; ++i) {
      EXPECT_FALSE(world.session(0).say(world.now(), "before " + std::to_string(i)));
      world.run(20ms);
    }
    world.run(10s);
    const auto dora = world.add(person("dora"));
    run_until_all_are_in(world, 3);
    for (int i = 0; i < 10; ++i)
      EXPECT_FALSE(world.session(0).say(world.now(), "after " + std::to_string(i)));
    world.run(60ms);  // they are everywhere, and hardly any of them on the disk
    world.set_relay_up(false);
    world.cut(0, true);  // who could send them again is the last to come back
    world.run(300ms);
    world.set_relay_up(true);
    world.run(5s);
    world.cut(0, false);
    world.run(10s);
    const auto got = lines(world, dora);
    EXPECT_EQ(got.size(), kEarlierTexts + 10);
    EXPECT_EQ(std::set<std::string>(got.begin(), got.end()).size(), got.size());
    EXPECT_EQ(notices(world, dora), std::vector<std::string>());
  }
}

TEST(SealedText, ANewcomerSeesTheLastFiftyAsEarlier) {
  SealedWorld world(4'004);
  world.add(person("alice"));
  run_until_all_are_in(world, 1);
  for (int i = 0; i < 80; ++i) {
    EXPECT_FALSE(world.session(0).say(world.now(), std::to_string(i)));
    world.run(20ms);
  }
  world.run(1s);
  const auto bob = world.add(person("bob"));
  run_until_all_are_in(world, 2);
  ASSERT_EQ(world.texts(bob).size(), kEarlierTexts);
  for (std::size_t i = 0; i < kEarlierTexts; ++i) {
    EXPECT_TRUE(world.texts(bob)[i].earlier);
    EXPECT_EQ(world.texts(bob)[i].line.text, std::to_string(80 - kEarlierTexts + i));
  }
  EXPECT_FALSE(world.session(0).say(world.now(), "welcome"));
  world.run(1s);
  EXPECT_FALSE(world.texts(bob).back().earlier);
  EXPECT_EQ(notices(world, bob), std::vector<std::string>());
}

TEST(SealedText, ADirectMessageIsItsRecipientsAloneAndArrivesOverABadLink) {
  constexpr int kMessages = 50;
  SealedWorld world(4'005);
  for (const char* name : {"alice", "bob", "carol"}) world.add(person(name, bad_link()));
  run_until_all_are_in(world, 3);
  for (int i = 0; i < 100 && world.session(0).members()->size() < 3; ++i) world.run(100ms);
  for (int i = 0; i < kMessages; ++i) {
    EXPECT_EQ(world.session(0).tell(world.now(), "Bob", std::to_string(i)), std::nullopt);
    world.run(50ms);
  }
  for (int i = 0; i < 600 && world.texts(1).size() < kMessages; ++i) world.run(100ms);
  world.run(10s);
  ASSERT_EQ(world.texts(1).size(), static_cast<std::size_t>(kMessages));
  ASSERT_EQ(world.texts(0).size(), static_cast<std::size_t>(kMessages));
  for (int i = 0; i < kMessages; ++i) {
    const auto& got = world.texts(1)[static_cast<std::size_t>(i)];
    EXPECT_EQ(got.line.text, std::to_string(i));
    EXPECT_TRUE(got.direct);
    EXPECT_FALSE(got.own);
    const auto& own = world.texts(0)[static_cast<std::size_t>(i)];
    EXPECT_TRUE(own.direct && own.own);
    EXPECT_EQ(own.to, "bob");
  }
  EXPECT_TRUE(world.texts(2).empty());
  EXPECT_NE(world.session(0).tell(world.now(), "nobody", "psst"), std::nullopt);
  EXPECT_NE(world.session(0).tell(world.now(), "alice", "psst"), std::nullopt);
}

TEST(SealedText, OfTwoWhoWantOneNameTheSecondIsOfferedAnother) {
  SealedWorld world(4'006);
  world.add(person("alice"));
  run_until_all_are_in(world, 1);
  const auto second = world.add(person("Alice"));
  world.run(5s);
  EXPECT_FALSE(world.session(second).link().joined());
  const auto taken = events_of<client::NameTaken>(world, second);
  ASSERT_FALSE(taken.empty());
  EXPECT_EQ(taken[0].name, "Alice");
  EXPECT_FALSE(taken[0].joined);
  EXPECT_EQ(world.session(second).set_name(world.now(), taken[0].suggestion), std::nullopt);
  world.run(3s);
  EXPECT_TRUE(world.session(second).link().joined());
  ASSERT_EQ(world.session(0).members()->size(), 2U);
}

TEST(SealedText, WhoComesBackHasTheirNameAtOnceThoughTheyAreThereStill) {
  SealedWorld world(4'007);
  SeededRandom random(4'007);
  SealedClientOptions alice = person("alice");
  alice.identity = random.secret<32>();
  const auto before = world.add(alice);
  world.add(person("bob"));
  run_until_all_are_in(world, 2);
  world.cut(before, true);  // her program was killed: no goodbye
  const auto after = world.add(alice);
  world.run(1s);
  EXPECT_TRUE(world.session(after).link().joined());
  EXPECT_TRUE(events_of<client::NameTaken>(world, after).empty());
  world.run(2s);
  const auto members = world.session(1).members();
  ASSERT_TRUE(members);
  EXPECT_EQ(members->size(), 2U) << "she is one, in however many sessions";
}

// Seeds with which a Welcome, or the first datagram of a first answer, was lost at the wrong moment.
TEST(SealedText, IsNotMissedWhileOneIsComingIn) {
  for (const std::uint64_t seed : {3U, 26U, 47U, 1'006U, 1'108U, 1'122U}) {
    SealedWorld world(seed);
    for (const char* name : {"alice", "bob", "carol", "dora"}) world.add(person(name, bad_link()));
    for (int i = 0; i < 600 && world.relay().members() < 4; ++i) world.run(100ms);
    for (int i = 0; i < 100; ++i) {
      for (std::size_t c = 0; c < 4; ++c) EXPECT_FALSE(world.session(c).say(world.now(), std::to_string(i)));
    }
    world.run(90s);
    for (std::size_t c = 0; c < 4; ++c) EXPECT_EQ(world.texts(c).size(), 400U) << c << ", seed " << seed;
  }
}

}  // namespace
}  // namespace hubbub::sim
