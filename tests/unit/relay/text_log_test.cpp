// The log a relay keeps: numbers that only go up, each message once, and bounds that hold.
#include "relay/core/text_log.h"

#include <gtest/gtest.h>

#include "codec/wire/byte_io.h"

namespace hubbub::relay {
namespace {

constexpr std::uint64_t kBase = 1'000;

MessageId id_of(std::uint64_t mark) {
  MessageId id{};
  ByteWriter writer(id);
  writer.u64(mark);
  return id;
}
std::vector<std::byte> object_of(std::size_t bytes) {
  return std::vector<std::byte>(bytes, std::byte{7});
}
LogEntry past(std::uint64_t number, std::uint64_t mark) {
  return {.number = number, .id = id_of(mark), .object = object_of(20)};
}
std::vector<std::uint64_t> numbers_in(const TextLog& log) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < log.size(); ++i) numbers.push_back(log.at(i).number);
  return numbers;
}
// Whatever happens to a log, whoever walks through it goes up, from the newest that is gone.
void expect_whole(const TextLog& log) {
  std::uint64_t last = log.lost();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(log.previous(i), last);
    EXPECT_GT(log.at(i).number, last);
    last = log.at(i).number;
    EXPECT_EQ(log.find(log.at(i).id), i);
    EXPECT_EQ(log.first_after(last), i + 1);
    bytes += TextLog::kEntryOverheadBytes + log.at(i).object.size();
  }
  EXPECT_EQ(log.newest(), last);
  EXPECT_EQ(log.bytes(), bytes);
}

TEST(TextLog, CountsUpFromItsBase) {
  TextLog log(kBase);
  EXPECT_EQ(log.newest(), 0U);
  EXPECT_EQ(log.lost(), 0U);
  EXPECT_EQ(log.first_after(0), 0U);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const LogEntry& entry = log.append(id_of(i), object_of(i));
    EXPECT_EQ(entry.number, kBase + i);
    EXPECT_EQ(entry.object, object_of(i));
  }
  expect_whole(log);
  EXPECT_EQ(log.first_after(0), 0U);
  EXPECT_EQ(log.first_after(kBase + 2), 2U);
  EXPECT_EQ(log.first_after(kBase + 5), log.size());
  EXPECT_EQ(log.first_after(UINT64_MAX), log.size());
  EXPECT_FALSE(log.find(id_of(6)));
}

TEST(TextLog, HoldsSoManyEntriesAndTheNewestOfThem) {
  TextLog log(kBase);
  for (std::uint64_t i = 1; i <= kMaxLogEntries; ++i) log.append(id_of(i), object_of(1));
  EXPECT_EQ(log.size(), kMaxLogEntries);
  EXPECT_EQ(log.lost(), 0U);
  for (std::uint64_t i = 1; i <= 5; ++i) log.append(id_of(kMaxLogEntries + i), object_of(1));
  EXPECT_EQ(log.size(), kMaxLogEntries);
  EXPECT_EQ(log.lost(), kBase + 5);
  EXPECT_FALSE(log.find(id_of(5)));
  EXPECT_EQ(log.find(id_of(6)), 0U);
  expect_whole(log);
}

TEST(TextLog, HoldsSoManyBytes) {
  TextLog log(kBase);
  constexpr std::size_t kEach = 1'000;
  constexpr std::size_t kFit = kMaxLogBytes / (kEach + TextLog::kEntryOverheadBytes);
  for (std::uint64_t i = 1; i <= kFit; ++i) log.append(id_of(i), object_of(kEach));
  EXPECT_EQ(log.lost(), 0U);
  log.append(id_of(kFit + 1), object_of(kEach));
  EXPECT_EQ(log.size(), kFit);
  EXPECT_EQ(log.lost(), kBase + 1);
  EXPECT_LE(log.bytes(), kMaxLogBytes);
  expect_whole(log);
}

TEST(TextLog, ShrinksFromItsOldestAndGoesOnCounting) {
  TextLog log(kBase);
  for (std::uint64_t i = 1; i <= 10; ++i) log.append(id_of(i), object_of(40));
  log.shrink(log.bytes());
  EXPECT_EQ(log.size(), 10U);
  log.shrink(3 * (40 + TextLog::kEntryOverheadBytes));
  EXPECT_EQ(numbers_in(log), (std::vector<std::uint64_t>{kBase + 8, kBase + 9, kBase + 10}));
  log.shrink(0);
  EXPECT_EQ(log.size(), 0U);
  EXPECT_EQ(log.newest(), kBase + 10) << "it was, though it is gone";
  EXPECT_EQ(log.append(id_of(11), object_of(1)).number, kBase + 11);
  expect_whole(log);
}

TEST(TextLog, TakesInThePastWhereverItBelongs) {
  TextLog log(kBase);
  log.append(id_of(1), object_of(1));
  log.merge({past(5, 105), past(7, 107), past(kBase + 1, 200), past(kBase + 9, 209)});
  EXPECT_EQ(numbers_in(log), (std::vector<std::uint64_t>{5, 7, kBase + 1, kBase + 9}));
  EXPECT_EQ(log.at(2).id, id_of(1)) << "a number is given once";
  EXPECT_EQ(log.append(id_of(2), object_of(1)).number, kBase + 10) << "and never again";
  log.merge({past(6, 107), past(8, 108)});
  EXPECT_EQ(numbers_in(log), (std::vector<std::uint64_t>{5, 7, 8, kBase + 1, kBase + 9, kBase + 10}))
      << "a message stands once, too";
  expect_whole(log);
}

TEST(TextLog, OfThePastTheOldestIsLeftOut) {
  TextLog log(1'000'000);
  log.append(id_of(1), object_of(1));
  std::vector<LogEntry> much;
  for (std::uint64_t i = 1; i <= kMaxLogEntries; ++i) much.push_back(past(i, 1'000 + i));
  log.merge(std::move(much));
  EXPECT_EQ(log.size(), kMaxLogEntries);
  EXPECT_EQ(log.lost(), 1U);
  expect_whole(log);
}

TEST(TextLog, WhatWasDroppedDoesNotComeBack) {
  TextLog log(kBase);
  for (std::uint64_t i = 1; i <= 4; ++i) log.append(id_of(i), object_of(40));
  log.shrink(40 + TextLog::kEntryOverheadBytes);
  ASSERT_EQ(log.lost(), kBase + 3);
  log.merge({past(5, 105), past(kBase + 2, 2), past(kBase + 4, 4)});
  EXPECT_EQ(numbers_in(log), (std::vector<std::uint64_t>{kBase + 4}));
  EXPECT_EQ(log.lost(), kBase + 3) << "which only goes up";
  expect_whole(log);
}

}  // namespace
}  // namespace hubbub::relay
