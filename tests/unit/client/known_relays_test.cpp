#include "voiceclient/known_relays.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/audio/temp_dir.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;

const HostPort kRelay{.host = "example.org", .port = 5240};
// The base64url of 32 bytes 0x00, and 0xFF.
const std::string kZeros(43, 'A');
const std::string kOnes = std::string(42, '_') + "8";

seal::PublicKey all(int value) {
  seal::PublicKey key{};
  key.fill(static_cast<std::byte>(value));
  return key;
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

class KnownRelaysTest : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_) << text; }
  std::string text() {
    std::ostringstream all;
    all << std::ifstream(file_).rdbuf();
    return all.str();
  }
  std::string complaint() {
    try {
      static_cast<void>(known_.list());
      return {};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

  audio::TempDir dir_;
  fs::path file_ = dir_.path() / "known_relays";
  KnownRelays known_{file_};
};

TEST_F(KnownRelaysTest, RemembersTheFirstKeyAndRefusesAnother) {
  EXPECT_FALSE(known_.lookup(kRelay)) << "a file that is not there is an empty one";
  EXPECT_FALSE(known_.problem_with(kRelay, all(1)));
  EXPECT_FALSE(known_.pin(kRelay, all(1)));
  ASSERT_TRUE(known_.lookup(kRelay));
  EXPECT_EQ(known_.lookup(kRelay)->key, all(1));
  EXPECT_FALSE(known_.problem_with(kRelay, all(1)));
  EXPECT_FALSE(known_.lookup({.host = "example.org", .port = 5241})) << "another port is another relay";

  EXPECT_FALSE(known_.pin(kRelay, all(2)));
  EXPECT_EQ(known_.lookup(kRelay)->key, all(1)) << "never replaced";
  const auto problem = known_.problem_with(kRelay, all(2));
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("example.org:5240 has changed"), std::string::npos) << *problem;
  EXPECT_NE(problem->find("remove line 2 of " + file_.string()), std::string::npos) << *problem;
}

TEST_F(KnownRelaysTest, ALinksKeyIsCheckedAgainstTheFile) {
  seal::Invite link;
  link.relay = kRelay;
  EXPECT_EQ(*known_.key_for(link), std::nullopt);
  link.relay_key = all(1);
  EXPECT_EQ(*known_.key_for(link), all(1));
  write("example.org:5240 " + kZeros + "\n");
  const auto refused = known_.key_for(link);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("remove line 1 of"), std::string::npos) << refused.error();
  link.relay_key.reset();
  EXPECT_EQ(*known_.key_for(link), all(0));
}

TEST_F(KnownRelaysTest, KeepsWhatElseStandsInTheFile) {
  const std::string before =
      "# mine\n\n  home.example:1\t" + kZeros + "  # the attic\r\n[2001:db8::1]:5240 " + kOnes;
  write(before);
  EXPECT_EQ(known_.lookup({.host = "home.example", .port = 1})->key, all(0));
  EXPECT_EQ(known_.lookup({.host = "home.example", .port = 1})->line, 3U);
  EXPECT_EQ(known_.lookup({.host = "2001:db8::1", .port = 5240})->key, all(0xFF));
  EXPECT_FALSE(known_.pin(kRelay, all(0)));
  EXPECT_EQ(text(), before + "\nexample.org:5240 " + kZeros + "\n");
  EXPECT_EQ(known_.list().size(), 3U);
}

TEST_F(KnownRelaysTest, ADamagedLineIsNamed) {
  const std::string good = "example.org:5240 " + kZeros + "\n";
  for (const std::string& line :
       {std::string("example.org:5240"), "example.org " + kZeros, "example.org:5240 " + kZeros.substr(1),
        "example.org:5240 " + kZeros + " more", "example.org:5240 " + std::string(43, '!'),
        std::string("\x01\x1b[2J")}) {
    write("# first\nother.example:1 " + kOnes + "\n" + line + "\n" + good);
    EXPECT_NE(complaint().find(file_.string() + ", line 3: "), std::string::npos)
        << line << ": " << complaint();
    EXPECT_EQ(complaint().find('\x1b'), std::string::npos);
    const auto problem = known_.pin({.host = "new.example", .port = 1}, all(1));
    ASSERT_TRUE(problem) << "a damaged file is not written over";
    EXPECT_NE(problem->find("not remembered"), std::string::npos) << *problem;
  }
  write(good + good);
  EXPECT_NE(complaint().find("line 2: example.org:5240 has a line above already"), std::string::npos)
      << complaint();
}

TEST_F(KnownRelaysTest, OnlyItsOwnerReadsIt) {
  const KnownRelays deep(dir_.path() / "config" / "hubbub" / "known_relays");
  EXPECT_FALSE(deep.pin(kRelay, all(1)));
  EXPECT_EQ(mode_of(dir_.path() / "config" / "hubbub"), 0700U);
  EXPECT_EQ(mode_of(dir_.path() / "config" / "hubbub" / "known_relays"), 0600U);
  EXPECT_EQ(
      std::distance(fs::directory_iterator(dir_.path() / "config" / "hubbub"), fs::directory_iterator()), 1)
      << "nothing temporary is left";
}

TEST_F(KnownRelaysTest, ALinkToTheFileStaysOne) {
  fs::create_directory(dir_.path() / "elsewhere");
  std::ofstream(dir_.path() / "elsewhere" / "relays") << "# mine\n";
  fs::create_symlink(dir_.path() / "elsewhere" / "relays", file_);
  EXPECT_FALSE(known_.pin(kRelay, all(1)));
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_TRUE(known_.lookup(kRelay));
}

TEST_F(KnownRelaysTest, SaysSoWhereItCannotBeReadOrWritten) {
  const KnownRelays directory{dir_.path()};
  EXPECT_THROW(static_cast<void>(directory.list()), std::runtime_error);
  write("x");
  const auto problem = KnownRelays(file_ / "below").pin(kRelay, all(1));
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("not remembered"), std::string::npos);
  write(std::string((1U << 20U) + 1, '#'));
  EXPECT_NE(complaint().find("larger than"), std::string::npos) << complaint();
}

TEST_F(KnownRelaysTest, WithoutAFileNothingIsKnownAndNothingRemembered) {
  const KnownRelays none{std::nullopt};
  EXPECT_FALSE(none.pin(kRelay, all(1)));
  EXPECT_TRUE(none.list().empty());
}

TEST(KnownRelays, LiesWhereTheEnvironmentSays) {
  const char* home = std::getenv("HOME");
  const std::string home_before = home == nullptr ? "" : home;
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const std::string config_before = config == nullptr ? "" : config;
  setenv("HOME", "/home/zoe", 1);
  setenv("XDG_CONFIG_HOME", "/etc/zoe", 1);
  EXPECT_EQ(KnownRelays::default_file(), "/etc/zoe/hubbub/known_relays");
  setenv("XDG_CONFIG_HOME", "relative", 1);
  EXPECT_EQ(KnownRelays::default_file(), "/home/zoe/.config/hubbub/known_relays");
  unsetenv("XDG_CONFIG_HOME");
  unsetenv("HOME");
  EXPECT_EQ(KnownRelays::default_file(), std::nullopt);
  if (!home_before.empty()) setenv("HOME", home_before.c_str(), 1);
  if (!config_before.empty()) setenv("XDG_CONFIG_HOME", config_before.c_str(), 1);
}

}  // namespace
}  // namespace hubbub::client
