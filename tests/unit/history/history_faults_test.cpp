// Full disks, locks, damage and removal: nothing that was claimed is lost, nothing waits on the loop, and the
// operator is told once when it begins and once when it is over.
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/unit/history/history_on_loop.h"

namespace hubbub::relay {
namespace {

constexpr Duration kNoWait = 50ms;  // a machine under load may take this for nothing at all

bool tells(const std::string& notice, const std::string& part) {
  return notice.find(part) != std::string::npos;
}

TEST_F(HistoryTest, OutlastsALock) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 1);
  ASSERT_TRUE(relay.until_stored(room_of(1), 1));
  OtherProgram other(options.file);
  other.run("BEGIN EXCLUSIVE");
  const TimePoint began = net::now();
  relay.append(room_of(1), 2, 3);
  EXPECT_LT(net::now() - began, kNoWait);
  EXPECT_FALSE(relay.until_stored(room_of(1), 2, 2'500ms));
  ASSERT_EQ(relay.notices.size(), 1);
  EXPECT_TRUE(tells(relay.notices[0], "another program has it locked"));
  EXPECT_EQ(relay.history.counters().waiting, 2);
  EXPECT_EQ(relay.load(room_of(1)).size(), 3);  // reading goes on, and knows what waits
  other.run("COMMIT");
  ASSERT_TRUE(relay.until_stored(room_of(1), 3));
  ASSERT_TRUE(relay.until([&] { return relay.notices.size() == 2; }));
  EXPECT_TRUE(tells(relay.notices[1], "works again"));
  EXPECT_FALSE(relay.until([&] { return relay.notices.size() > 2; }, 1'500ms));
  EXPECT_EQ(relay.load(room_of(1)).size(), 3);
}

TEST_F(HistoryTest, GivesUpTheOldestAndNeverClaimsThem) {
  options.max_waiting_bytes = 20 * (sizeof(Kept) + 200);
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 1);
  ASSERT_TRUE(relay.until_stored(room_of(1), 1));
  OtherProgram other(options.file);
  other.run("BEGIN EXCLUSIVE");
  relay.append(room_of(1), 2, 2);
  ASSERT_TRUE(relay.until([&] { return !relay.notices.empty(); }));
  relay.append(room_of(1), 3, 30);
  relay.append(room_of(2), 1, 1);
  EXPECT_GE(relay.history.counters().given_up, 9);
  EXPECT_LE(relay.history.counters().waiting_bytes, options.max_waiting_bytes);
  other.run("COMMIT");
  ASSERT_TRUE(relay.until_stored(room_of(2), 1));
  relay.append(room_of(1), 31, 31);
  relay.append(room_of(2), 2, 2);
  ASSERT_TRUE(relay.until_stored(room_of(2), 2));
  EXPECT_EQ(relay.stored[room_of(1)], 1);
  EXPECT_EQ(relay.load(room_of(1)).back().number, 31);
  ASSERT_TRUE(relay.until([&] { return relay.notices.size() == 2; }));
  EXPECT_TRUE(tells(relay.notices[1], "were given up"));
}

// A write beyond `fits` bytes of a file fails, until it is lifted.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t fits) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit lower{.rlim_cur = fits, .rlim_max = limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &lower);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    lift();
    std::signal(SIGXFSZ, before_);
  }
  void lift() { setrlimit(RLIMIT_FSIZE, &limit_); }

 private:
  rlimit limit_{};
  sighandler_t before_;
};

TEST_F(HistoryTest, OutlastsAFileThatMayNotGrow) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 1);
  ASSERT_TRUE(relay.until_stored(room_of(1), 1));
  FileSizeLimit limit(200'000);
  relay.append(room_of(1), 2, 5'000);
  ASSERT_TRUE(relay.until([&] { return !relay.notices.empty(); }));
  EXPECT_TRUE(tells(relay.notices[0], "no room")) << relay.notices[0];
  EXPECT_FALSE(relay.until_stored(room_of(1), 5'000, 1'500ms));
  EXPECT_EQ(relay.load(room_of(1)).back().number, 5'000);
  limit.lift();
  ASSERT_TRUE(relay.until_stored(room_of(1), 5'000));
  ASSERT_TRUE(relay.until([&] { return relay.notices.size() == 2; }));
  EXPECT_TRUE(tells(relay.notices[1], "works again"));
  EXPECT_EQ(relay.load(room_of(1)).size(), 5'000);
}

TEST_F(HistoryTest, OutlastsAFullDisk) {
  const auto disk = directory / "disk";
  std::filesystem::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "mounting needs privileges";
  options.file = disk / "history.db";
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 10'000);
    EXPECT_TRUE(relay.until([&] { return !relay.notices.empty(); }));
    EXPECT_TRUE(!relay.notices.empty() && tells(relay.notices[0], "no room"));
    EXPECT_LT(relay.stored[room_of(1)], 10'000);
    EXPECT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
    EXPECT_TRUE(relay.until_stored(room_of(1), 10'000));
    EXPECT_TRUE(relay.until([&] { return relay.notices.size() == 2; }));
    EXPECT_EQ(relay.load(room_of(1)).size(), 10'000);
  }
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

TEST_F(HistoryTest, MovesADamagedFileAsideAtTheStart) {
  std::ofstream(options.file) << std::string(20'000, 'x');
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 2);
  ASSERT_TRUE(relay.until_stored(room_of(1), 2));
  ASSERT_EQ(relay.notices.size(), 1);
  EXPECT_TRUE(tells(relay.notices[0], "was damaged"));
  const auto aside = files_with(".damaged-");
  ASSERT_EQ(aside.size(), 1);
  EXPECT_EQ(std::filesystem::file_size(aside[0]), 20'000);
  EXPECT_EQ(relay.load(room_of(1)).size(), 2);
}

// By another process: closing a descriptor of the file in this one would drop SQLite's locks.
void overwrite(const std::filesystem::path& file, std::size_t from_page) {
  const std::string command =
      "dd if=/dev/urandom of='" + file.string() +
      "' bs=4096 conv=notrunc status=none count=2000 seek=" + std::to_string(from_page);
  ASSERT_EQ(std::system(command.c_str()), 0);
}

TEST_F(HistoryTest, MovesADamagedFileAsideWhileItRuns) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 10'000, 300);
  relay.append(room_of(2), 1, 10'000, 900);  // more than is cached
  ASSERT_TRUE(relay.until_stored(room_of(2), 10'000));
  overwrite(options.file, 2);
  relay.append(room_of(2), 10'001, 10'001);
  relay.load(room_of(1));
  ASSERT_TRUE(relay.until([&] { return !relay.notices.empty(); }));
  EXPECT_TRUE(tells(relay.notices[0], "was damaged"));
  EXPECT_FALSE(files_with(".damaged-").empty());
  relay.append(room_of(3), 1, 5);
  ASSERT_TRUE(relay.until_stored(room_of(3), 5));
  EXPECT_EQ(relay.load(room_of(3)).size(), 5);
  EXPECT_EQ(relay.notices.size(), 1);
}

TEST_F(HistoryTest, NoticesThatItWasDeleted) {
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 5);
    ASSERT_TRUE(relay.until_stored(room_of(1), 5));
    for (const char* ending : {"", "-wal", "-shm"}) std::filesystem::remove(options.file.string() + ending);
    relay.until([] { return false; }, 1'100ms);
    relay.append(room_of(1), 6, 8);
    ASSERT_TRUE(relay.until_stored(room_of(1), 8));
    ASSERT_EQ(relay.notices.size(), 1);
    EXPECT_TRUE(tells(relay.notices[0], "removed or replaced"));
  }
  HistoryOnLoop relay(options);
  EXPECT_EQ(numbers_of(relay.load(room_of(1))), (std::vector<std::uint64_t>{6, 7, 8}));
}

TEST_F(HistoryTest, AFileThatWasMovedAwayIsWhole) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 5);
  ASSERT_TRUE(relay.until_stored(room_of(1), 5));
  std::filesystem::rename(options.file, directory / "moved.db");
  relay.until([] { return false; }, 1'100ms);
  relay.append(room_of(1), 6, 8);
  ASSERT_TRUE(relay.until_stored(room_of(1), 8));
  EXPECT_EQ(OtherProgram(directory / "moved.db").number("SELECT count(*) FROM messages"), 5);
  EXPECT_EQ(relay.load(room_of(1)).size(), 3);
}

TEST_F(HistoryTest, ALogThatWasDeletedCostsNothing) {
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 5);
    ASSERT_TRUE(relay.until_stored(room_of(1), 5));
    std::filesystem::remove(options.file.string() + "-wal");
    relay.until([] { return false; }, 1'100ms);
    relay.append(room_of(1), 6, 8);
    ASSERT_TRUE(relay.until_stored(room_of(1), 8));
    EXPECT_EQ(relay.notices.size(), 1);
  }
  HistoryOnLoop relay(options);
  EXPECT_EQ(relay.load(room_of(1)).size(), 8);
}

// A rollback journal's exclusive lock keeps readers out, too: as of a file that nobody gets to.
TEST_F(HistoryTest, ALoadThatCannotBeDoneIsAnsweredWithNothingAndLaterInFull) {
  {
    HistoryOnLoop relay(options);
    relay.append(room_of(1), 1, 5);
  }
  OtherProgram other(options.file);
  other.run("PRAGMA journal_mode = DELETE");
  other.run("BEGIN EXCLUSIVE");
  HistoryOnLoop relay(options);
  const TimePoint began = net::now();
  EXPECT_TRUE(relay.load(room_of(1)).empty());
  EXPECT_GE(net::now() - began, SqliteHistory::kLoadPatience);
  EXPECT_LT(net::now() - began, SqliteHistory::kLoadPatience + 1s);
  other.run("COMMIT");
  ASSERT_TRUE(relay.until([&] { return relay.loaded[room_of(1)].size() == 2; }));
  EXPECT_EQ(relay.loaded[room_of(1)][1].size(), 5);
  ASSERT_TRUE(relay.until([&] { return relay.notices.size() == 2; }));
}

TEST_F(HistoryTest, StopsInTimeWhateverIsLocked) {
  OtherProgram other(options.file);
  TimePoint began;
  {
    HistoryOnLoop relay(options);
    ASSERT_TRUE(relay.load(room_of(1)).empty());
    other.run("BEGIN EXCLUSIVE");
    relay.append(room_of(1), 1, 5);
    began = net::now();
    relay.history.finish();
    ASSERT_FALSE(relay.notices.empty());
    EXPECT_TRUE(tells(relay.notices.back(), "5 texts could not be stored"));
    EXPECT_FALSE(relay.stored.contains(room_of(1)));
  }
  EXPECT_GE(net::now() - began, SqliteHistory::kFinishPatience);
  EXPECT_LT(net::now() - began, SqliteHistory::kFinishPatience + 2s);
}

TEST_F(HistoryTest, FinishingSaysWhatIsStored) {
  HistoryOnLoop relay(options);
  relay.append(room_of(1), 1, 5'000);
  relay.history.finish();
  EXPECT_EQ(relay.stored[room_of(1)], 5'000);
}

TEST_F(HistoryTest, NothingWaitsOnTheLoop) {
  HistoryOnLoop relay(options);
  OtherProgram other(options.file);
  ASSERT_TRUE(relay.load(room_of(1)).empty());
  Duration longest{};
  std::uint64_t number = 0;
  TimePoint last = net::now();
  other.run("BEGIN EXCLUSIVE");
  relay.until(
      [&] {
        longest = std::max(longest, net::now() - last);
        for (int i = 0; i < 20; ++i) relay.history.append(room_of(1), entry_of(++number));
        relay.history.load(room_of(2));
        last = net::now();
        return false;
      },
      1s);
  other.run("COMMIT");
  EXPECT_LT(longest, 200ms);
  EXPECT_LT(relay.longest_callback, 200ms);
  EXPECT_TRUE(relay.until_stored(room_of(1), number));
}

}  // namespace
}  // namespace hubbub::relay
