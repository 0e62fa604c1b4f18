#include "voiceclient/private_input.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include "codec/wire/limits.h"
#include "tests/unit/audio/temp_dir.h"

namespace hubbub::client {
namespace {

// A pipe that holds a text and has ended.
class Piped {
 public:
  explicit Piped(const std::string& text) {
    EXPECT_EQ(pipe(ends_.data()), 0);
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(ends_[1]);
  }
  Piped(const Piped&) = delete;
  Piped& operator=(const Piped&) = delete;
  ~Piped() { close(ends_[0]); }
  [[nodiscard]] int out() const { return ends_[0]; }
  std::string rest() const {
    std::array<char, 64> bytes{};
    const ssize_t count = read(ends_[0], bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(count)};
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(PrivateInput, TakesOneLineAndLeavesTheRest) {
  const Piped piped("first line\r\n\nthird\nfourth\n");
  EXPECT_EQ(read_private_line(piped.out(), "").view(), "first line");
  EXPECT_EQ(read_private_line(piped.out(), "").view(), "");
  EXPECT_EQ(read_private_line(piped.out(), "").view(), "third");
  EXPECT_EQ(piped.rest(), "fourth\n");
}

TEST(PrivateInput, SaysSoWhereNoLineComes) {
  EXPECT_EQ(read_private_line(Piped("unended").out(), "").view(), "unended");
  EXPECT_THROW(read_private_line(Piped("").out(), ""), std::runtime_error);
  EXPECT_THROW(read_private_line(-1, ""), std::runtime_error);
  const std::string longest(kMaxLinkBytes, 'x');
  EXPECT_EQ(read_private_line(Piped(longest + "\r\n").out(), "").view(), longest);
  EXPECT_THROW(read_private_line(Piped(longest + "xx\n").out(), ""), std::runtime_error);
}

TEST(PrivateInput, AFilesFirstLine) {
  const audio::TempDir dir;
  const auto file = dir.path() / "secret";
  std::ofstream(file) << "correct horse\nnot this\n";
  EXPECT_EQ(read_private_file(file).view(), "correct horse");
  std::ofstream(file) << "\n";
  EXPECT_THROW(read_private_file(file), std::runtime_error);
  EXPECT_THROW(read_private_file(dir.path() / "missing"), std::runtime_error);
  EXPECT_THROW(read_private_file(dir.path()), std::runtime_error);
}

TEST(PrivateInput, AVariableIsTakenFromTheEnvironment) {
  setenv("HUBBUB_TEST_SECRET", "geheim", 1);
  const char* stood = std::getenv("HUBBUB_TEST_SECRET");
  EXPECT_EQ(take_private_variable("HUBBUB_TEST_SECRET")->view(), "geheim");
  EXPECT_EQ(std::getenv("HUBBUB_TEST_SECRET"), nullptr);
  EXPECT_STREQ(stood, "") << "nor does its place keep it";
  EXPECT_FALSE(take_private_variable("HUBBUB_TEST_SECRET"));
}

TEST(PrivateInput, HidesTheSecretOfALinkAmongTheArguments) {
  std::string program = "hubbub";
  std::string link = "hubbub://h/#secret";
  std::string flag = "--x=hubbub://h/room#key";
  std::string text = "we are #1";
  std::array<char*, 4> arguments = {program.data(), link.data(), flag.data(), text.data()};
  hide_arguments(arguments);
  EXPECT_EQ(link, "hubbub://h/#******");
  EXPECT_EQ(flag, "--x=hubbub://h/room#***");
  EXPECT_EQ(text, "we are #1");
}

TEST(PrivateInput, ATerminalShowsNothingOfTheAnswer) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const auto echoes = [&] {
    termios modes{};
    EXPECT_EQ(tcgetattr(slave, &modes), 0);
    return (modes.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
  };
  ASSERT_TRUE(echoes());
  PrivateText answer;
  std::thread asking([&] { answer = read_private_line(slave, "passphrase"); });
  while (echoes()) std::this_thread::yield();
  EXPECT_EQ(write(master, "geheim\n", 7), 7);
  asking.join();
  EXPECT_EQ(answer.view(), "geheim");
  EXPECT_TRUE(echoes()) << "as it was";
  std::array<char, 64> shown{};
  const ssize_t count = read(master, shown.data(), shown.size());
  EXPECT_EQ(std::string(shown.data(), static_cast<std::size_t>(count)), "\r\n");
  close(master);
  close(slave);
}

}  // namespace
}  // namespace hubbub::client
