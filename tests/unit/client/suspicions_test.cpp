// What is said of a relay is said once a minute, and of an entry that may still come not before it is sure.
#include "voiceclient/core/suspicions.h"

#include <gtest/gtest.h>

namespace hubbub::client {
namespace {

using Finding = MessageOrder::Finding;
constexpr TimePoint kStart{1h};

session::Message of(const std::string& name, int seen_mark = 0) {
  session::Message message;
  message.name = name;
  message.seen_digest.fill(static_cast<std::byte>(seen_mark));
  return message;
}

bool says(const std::optional<std::string>& sentence, std::string_view part) {
  return sentence && sentence->find(part) != std::string::npos;
}

TEST(Suspicions, NothingFoundIsNothingSaid) {
  Suspicions suspicions;
  EXPECT_FALSE(suspicions.found(kStart, Finding::kNone, of("bob"), false));
  EXPECT_FALSE(suspicions.found(kStart, Finding::kEarlier, of("bob"), false));
  EXPECT_FALSE(suspicions.overdue(kStart + 1h));
}

TEST(Suspicions, EachKindIsSaidAtOnceAndOnceAMinute) {
  Suspicions suspicions;
  EXPECT_TRUE(says(suspicions.found(kStart, Finding::kMissing, of("bob"), false), "of bob is missing"));
  EXPECT_FALSE(suspicions.found(kStart + 59s, Finding::kMissing, of("bob"), false));
  EXPECT_TRUE(says(suspicions.found(kStart + 59s, Finding::kReordered, of(""), false), "of somebody"));
  EXPECT_TRUE(says(suspicions.found(kStart + 59s, Finding::kForked, of("bob"), false), "do not trust"));
  EXPECT_TRUE(suspicions.found(kStart + 60s, Finding::kMissing, of("bob"), false));
}

TEST(Suspicions, AnEntryThatOthersHadSeenIsWaitedFor) {
  Suspicions suspicions;
  EXPECT_FALSE(suspicions.found(kStart, Finding::kUnseen, of("bob", 1), true));
  EXPECT_FALSE(suspicions.found(kStart + 1s, Finding::kUnseen, of("carol", 2), true));
  EXPECT_FALSE(suspicions.overdue(kStart + Suspicions::kPatience - 1ns));
  suspicions.came(of("", 1).seen_digest);
  EXPECT_FALSE(suspicions.overdue(kStart + Suspicions::kPatience)) << "it came";
  EXPECT_TRUE(says(suspicions.overdue(kStart + 1s + Suspicions::kPatience), "carol had seen"));
  EXPECT_FALSE(suspicions.overdue(kStart + 1h));
}

TEST(Suspicions, WhatWasWrittenInThisLogIsNotSentAgainSoNothingIsWaitedFor) {
  Suspicions suspicions;
  EXPECT_TRUE(says(suspicions.found(kStart, Finding::kUnseen, of("bob", 1), false), "bob had seen"));
}

TEST(Suspicions, WhatTheRelayNoLongerHasIsNotWaitedFor) {
  Suspicions suspicions;
  EXPECT_FALSE(suspicions.found(kStart, Finding::kUnseen, of("bob", 1), true));
  suspicions.gap();
  EXPECT_FALSE(suspicions.overdue(kStart + 1h));
}

TEST(Suspicions, WaitsForSoManyAndNoMore) {
  Suspicions suspicions;
  for (std::size_t i = 0; i < Suspicions::kMaxAwaited; ++i)
    EXPECT_FALSE(suspicions.found(kStart, Finding::kUnseen, of("bob", static_cast<int>(i)), true));
  EXPECT_TRUE(suspicions.found(kStart, Finding::kUnseen, of("bob", 99), true));
}

}  // namespace
}  // namespace hubbub::client
