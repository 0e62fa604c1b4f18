// What a history keeps, gives back and forgets, and which files it refuses.
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "codec/wire/limits.h"
#include "tests/unit/history/history_on_loop.h"

namespace hubbub::relay {
namespace {

constexpr std::int64_t kDay = 86'400;

TEST_F(HistoryTest, KeepsAndLoads) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 3);
  relay.append(room_of(2), 7, 7);
  ASSERT_TRUE(relay.until_stored(room_of(1), 3));
  ASSERT_TRUE(relay.until_stored(room_of(2), 7));
  const auto entries = relay.load(room_of(1));
  EXPECT_EQ(numbers_of(entries), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(entries[1].id, entry_of(2).id);
  EXPECT_EQ(entries[1].object, entry_of(2).object);
  EXPECT_EQ(numbers_of(relay.load(room_of(2))), (std::vector<std::uint64_t>{7}));
  EXPECT_TRUE(relay.load(room_of(3)).empty());
  const auto counters = relay.history.counters();
  EXPECT_EQ(counters.stored, 4);
  EXPECT_EQ(counters.waiting, 0);
  EXPECT_EQ(counters.waiting_bytes, 0);
  EXPECT_TRUE(counters.last_error.empty());
  EXPECT_TRUE(relay.notices.empty());
}

TEST_F(HistoryTest, SurvivesBeingOpenedAgain) {
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 2'500);
  }  // what was handed over is stored before it ends
  HistoryOnLoop relay(options);
  EXPECT_EQ(relay.load(room_of(1)).size(), 2'500);
}

TEST_F(HistoryTest, StoresManyInOneCommitAndSaysSoOnceForARoom) {
  OtherProgram other(options.file);
  HistoryOnLoop relay(options);
  ASSERT_TRUE(relay.load(room_of(1)).empty());
  other.run("BEGIN IMMEDIATE");  // so that they wait together
  relay.append(room_of(1), 1, 500);
  relay.append(room_of(2), 1, 500);
  other.run("COMMIT");
  ASSERT_TRUE(relay.until_stored(room_of(2), 500));
  EXPECT_LE(relay.history.counters().commits, 3);
  EXPECT_LE(relay.stored_calls, 6);
}

TEST_F(HistoryTest, LoadsTheNewestInOrder) {
  HistoryOnLoop relay(options);
  const std::size_t bytes = 1'000;
  relay.append(room_of(1), 1, 5'000, bytes);
  ASSERT_TRUE(relay.until_stored(room_of(1), 5'000));
  const auto entries = relay.load(room_of(1));
  ASSERT_EQ(entries.size(), kMaxLogBytes / bytes);
  EXPECT_EQ(entries.back().number, 5'000);
  for (std::size_t i = 1; i < entries.size(); ++i) ASSERT_EQ(entries[i].number, entries[i - 1].number + 1);
}

TEST_F(HistoryTest, AnEntryStoredTwiceIsOne) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 2);
  relay.append(room_of(1), 2, 3);
  ASSERT_TRUE(relay.until_stored(room_of(1), 3));
  EXPECT_EQ(relay.load(room_of(1)).size(), 3);
  EXPECT_EQ(relay.history.counters().given_up, 0);
}

TEST_F(HistoryTest, ANumberThatIsTakenIsNotClaimed) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 2);
  ASSERT_TRUE(relay.until_stored(room_of(1), 2));
  auto other = entry_of(2);
  other.id.fill(std::byte{0xee});
  relay.stored.clear();
  relay.history.append(room_of(1), other);
  relay.append(room_of(1), 3, 3);
  relay.append(room_of(2), 1, 1);
  ASSERT_TRUE(relay.until_stored(room_of(2), 1));
  EXPECT_FALSE(relay.stored.contains(room_of(1)));
  EXPECT_EQ(relay.history.counters().given_up, 1);
}

TEST_F(HistoryTest, ForgetsByAge) {
  std::int64_t now = 1'000 * kDay;
  options.days = 30;
  options.unix_now = [&] { return now; };
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 1'000);
    relay.append(room_of(2), 1, 10);
    ASSERT_TRUE(relay.until_stored(room_of(2), 10));
  }
  now += 29 * kDay;
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1'001, 1'001);
    ASSERT_TRUE(relay.until_stored(room_of(1), 1'001));
    EXPECT_EQ(relay.load(room_of(1)).size(), 1'001);
  }
  now += 2 * kDay;
  HistoryOnLoop relay(options);
  OtherProgram other(options.file);
  ASSERT_TRUE(relay.until([&] { return other.number("SELECT count(*) FROM rooms") == 1; }));
  EXPECT_EQ(numbers_of(relay.load(room_of(1))), (std::vector<std::uint64_t>{1'001}));
  EXPECT_TRUE(relay.load(room_of(2)).empty());
}

TEST_F(HistoryTest, KeepsForEverWhereToldTo) {
  std::int64_t now = 1'000 * kDay;
  options.days = 0;
  options.unix_now = [&] { return now; };
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 10);
  }
  now *= 10;
  options.prune_every = 10ms;
  HistoryOnLoop relay(options);
  relay.until([] { return false; }, 200ms);
  EXPECT_EQ(relay.load(room_of(1)).size(), 10);
}

TEST_F(HistoryTest, ForgetsBeyondEachRoomsLimitWhileItRuns) {
  options.messages = 50;
  options.prune_every = 20ms;
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 1'000);
  relay.append(room_of(2), 1, 50);
  ASSERT_TRUE(relay.until_stored(room_of(2), 50));
  OtherProgram other(options.file);
  ASSERT_TRUE(relay.until([&] { return other.number("SELECT count(*) FROM messages") == 100; }));
  const auto entries = relay.load(room_of(1));
  EXPECT_EQ(entries.size(), 50);
  EXPECT_EQ(entries.back().number, 1'000);
  EXPECT_EQ(relay.load(room_of(2)).size(), 50);
}

TEST_F(HistoryTest, ALowerLimitHoldsFromTheNextStart) {
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 1'000);
  }
  options.messages = 10;
  HistoryOnLoop relay(options);
  OtherProgram other(options.file);
  EXPECT_TRUE(relay.until([&] { return other.number("SELECT count(*) FROM messages") == 10; }));
}

TEST_F(HistoryTest, NobodyElseMayReadIt) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 1);
  ASSERT_TRUE(relay.until_stored(room_of(1), 1));
  const auto files = files_with("history.db");
  EXPECT_EQ(files.size(), 4);  // with -wal, -shm and .lock
  for (const auto& file : files) {
    struct stat status {};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600) << file;
  }
}

std::string refusal(const HistoryOptions& options) {
  try {
    const HistoryOnLoop relay(options);
  } catch (const HistoryError& error) {
    return error.what();
  }
  return "";
}

TEST_F(HistoryTest, RefusesANewerVersion) {
  { const HistoryOnLoop relay(options); }
  OtherProgram(options.file).run("PRAGMA user_version = 2");
  EXPECT_NE(refusal(options).find("newer"), std::string::npos);
}

TEST_F(HistoryTest, RefusesAnotherProgramsDatabase) {
  OtherProgram(options.file).run("CREATE TABLE bookmarks(url TEXT)");
  EXPECT_NE(refusal(options).find("another program's"), std::string::npos);
  EXPECT_EQ(OtherProgram(options.file).number("SELECT count(*) FROM sqlite_schema"), 1);
  OtherProgram(options.file).run("PRAGMA application_id = 7; PRAGMA user_version = 1");
  EXPECT_NE(refusal(options).find("another program's"), std::string::npos);
}

TEST_F(HistoryTest, RefusesASecondRelay) {
  const HistoryOnLoop relay(options);
  EXPECT_NE(refusal(options).find("another relay"), std::string::npos);
}

TEST_F(HistoryTest, RefusesADirectoryThatIsNotThere) {
  options.file = directory / "missing" / "history.db";
  EXPECT_NE(refusal(options).find("cannot be made"), std::string::npos);
}

}  // namespace
}  // namespace hubbub::relay
