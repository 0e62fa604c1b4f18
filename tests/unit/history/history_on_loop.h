// A history on a loop of its own, and everything it called back with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "relay/history/sqlite_history.h"
#include "relay/net/clock.h"

namespace hubbub::relay {

inline seal::RoomId room_of(unsigned char number) {
  seal::RoomId room{};
  room.fill(std::byte{number});
  return room;
}

inline LogEntry entry_of(std::uint64_t number, std::size_t bytes = 200) {
  LogEntry entry{.number = number, .id = {}, .object = {}};
  for (std::size_t i = 0; i < 8; ++i) entry.id[i] = static_cast<std::byte>(number >> (8 * i));
  entry.object.assign(bytes, static_cast<std::byte>(number));
  return entry;
}

inline std::vector<std::uint64_t> numbers_of(const std::vector<LogEntry>& entries) {
  std::vector<std::uint64_t> numbers;
  for (const LogEntry& entry : entries) numbers.push_back(entry.number);
  return numbers;
}

// Another program's connection to the file.
class OtherProgram {
 public:
  explicit OtherProgram(const std::filesystem::path& file) {
    EXPECT_EQ(sqlite3_open(file.c_str(), &connection_), SQLITE_OK);
    sqlite3_busy_timeout(connection_, 5'000);
  }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;
  ~OtherProgram() { sqlite3_close(connection_); }
  void run(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection_);
  }
  std::int64_t number(const std::string& sql) {
    std::int64_t result = -1;
    const auto take = [](void* to, int, char** values, char**) {
      *static_cast<std::int64_t*>(to) = std::stoll(values[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(connection_, sql.c_str(), take, &result, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection_);
    return result;
  }

 private:
  sqlite3* connection_ = nullptr;
};

class HistoryOnLoop {
 public:
  explicit HistoryOnLoop(const HistoryOptions& options)
      : history(
            loop_, options,
            {.loaded = [this](const seal::RoomId& room,
                              std::vector<LogEntry> entries) { loaded[room].push_back(std::move(entries)); },
             .stored =
                 [this](const seal::RoomId& room, std::uint64_t through) {
                   stored[room] = through;
                   ++stored_calls;
                 },
             .notice = [this](const std::string& sentence) { notices.push_back(sentence); }}) {}

  // Runs the loop until `condition` holds, or false after `most`.
  bool until(const std::function<bool()>& condition, Duration most = 10s) {
    const TimePoint deadline = net::now() + most;
    bool holds = false;
    net::Timer timer(loop_, [&](TimePoint now) {
      const TimePoint began = net::now();
      holds = condition();
      longest_callback = std::max(longest_callback, net::now() - began);
      if (holds || now >= deadline) loop_.stop();
    });
    timer.start(Duration::zero(), 1ms);
    loop_.run();
    return holds;
  }
  bool until_stored(const seal::RoomId& room, std::uint64_t through, Duration most = 10s) {
    return until([&] { return stored.contains(room) && stored[room] >= through; }, most);
  }
  std::vector<LogEntry> load(const seal::RoomId& room) {
    const std::size_t before = loaded[room].size();
    history.load(room);
    if (until([&] { return loaded[room].size() > before; })) return loaded[room].back();
    ADD_FAILURE() << "no answer to a load";
    return {};
  }
  void append(const seal::RoomId& room, std::uint64_t first, std::uint64_t last, std::size_t bytes = 200) {
    for (std::uint64_t number = first; number <= last; ++number)
      history.append(room, entry_of(number, bytes));
  }

  std::map<seal::RoomId, std::vector<std::vector<LogEntry>>> loaded;
  std::map<seal::RoomId, std::uint64_t> stored;
  std::size_t stored_calls = 0;
  std::vector<std::string> notices;
  Duration longest_callback{};

 private:
  net::Loop loop_;

 public:
  SqliteHistory history;
};

class HistoryTest : public testing::Test {
 protected:
  HistoryTest()
      : directory(std::filesystem::temp_directory_path() /
                  ("hubbub_history_" + std::to_string(::getpid()) + "_" +
                   testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    options.file = directory / "history.db";
  }
  ~HistoryTest() override { std::filesystem::remove_all(directory); }

  // Files beside the history whose names hold `part`.
  [[nodiscard]] std::vector<std::filesystem::path> files_with(const std::string& part) const {
    std::vector<std::filesystem::path> found;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      if (file.path().filename().string().find(part) != std::string::npos) found.push_back(file.path());
    }
    return found;
  }

  std::filesystem::path directory;
  HistoryOptions options;
};

}  // namespace hubbub::relay
