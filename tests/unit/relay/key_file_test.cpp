// The relay's key on disk: made once and for its owner alone, read back the same, and refused where it is
// damaged or others can read it.
#include "relay/key_file.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "relay/config.h"
#include "tests/unit/audio/temp_dir.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::relay {
namespace {

namespace fs = std::filesystem;

class KeyFile : public testing::Test {
 protected:
  // The sentence the operator gets; empty where all was well.
  std::string complaint(const fs::path& file) {
    try {
      static_cast<void>(load_or_create_identity(file, random_));
      return {};
    } catch (const ConfigError& error) {
      return error.what();
    }
  }
  static std::string token_complaint(const fs::path& file) {
    try {
      static_cast<void>(load_access_token(file));
      return {};
    } catch (const ConfigError& error) {
      return error.what();
    }
  }
  static void write(const fs::path& file, const std::string& text, fs::perms perms = fs::perms(0600)) {
    std::ofstream(file, std::ios::binary) << text;
    fs::permissions(file, perms);
  }
  static unsigned mode(const fs::path& file) { return static_cast<unsigned>(fs::status(file).permissions()); }

  audio::TempDir dir_;
  fs::path file_ = dir_ / "relay.key";
  seal::SeededRandom random_{1};
};

TEST_F(KeyFile, IsMadeOnceForItsOwnerAlone) {
  const Identity made = load_or_create_identity(file_, random_);
  EXPECT_TRUE(made.created);
  EXPECT_EQ(mode(file_), 0600U);
  EXPECT_EQ(fs::file_size(file_), 44U) << "43 characters and a line's end";
  const Identity again = load_or_create_identity(file_, random_);
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.keys.public_key, made.keys.public_key);
  EXPECT_EQ(again.keys.private_key, made.keys.private_key);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()), fs::directory_iterator()), 1)
      << "nothing else is left";
}

TEST_F(KeyFile, ItsDirectoryIsMadeToo) {
  const fs::path deep = dir_.path() / "state" / "hubbub" / "relay.key";
  EXPECT_TRUE(load_or_create_identity(deep, random_).created);
  EXPECT_EQ(mode(deep), 0600U);
}

TEST_F(KeyFile, ALeftoverOfAnEarlierLifeIsNoObstacle) {
  write(file_.string() + ".new." + std::to_string(getpid()), "half of a k");
  EXPECT_TRUE(load_or_create_identity(file_, random_).created);
  EXPECT_EQ(complaint(file_), "");
}

TEST_F(KeyFile, IsRefusedWhereOthersCanReadIt) {
  static_cast<void>(load_or_create_identity(file_, random_));
  for (const unsigned bits : {0640U, 0604U, 0620U, 0601U, 0644U}) {
    fs::permissions(file_, fs::perms(bits));
    EXPECT_EQ(complaint(file_), "key file " + file_.string() +
                                    ": can be read by others; make it your own with: chmod 600 " +
                                    file_.string());
  }
  fs::permissions(file_, fs::perms(0400));
  EXPECT_EQ(complaint(file_), "");
}

TEST_F(KeyFile, IsRefusedWhereItIsDamaged) {
  static_cast<void>(load_or_create_identity(file_, random_));
  std::string key;
  std::getline(std::ifstream(file_) >> std::ws, key);
  ASSERT_EQ(key.size(), 43U);
  const std::string rule =
      "key file " + file_.string() +
      ": is not a relay's key (43 characters of base64url); restore it, or move it away to get a "
      "new one";
  for (const std::string& text : {std::string(), std::string("\n"), key.substr(1), key + "A", key + "=",
                                  "!" + key.substr(1), "\n" + key}) {
    write(file_, text);
    EXPECT_EQ(complaint(file_), rule) << text;
  }
  write(file_, "  " + key + " \r\nand a second line\n");
  EXPECT_EQ(complaint(file_), "") << "white space around it does no harm";
}

TEST_F(KeyFile, IsNoDirectory) {
  EXPECT_EQ(complaint(dir_.path()), "key file " + dir_.path().string() + ": is not a file");
}

TEST_F(KeyFile, WhereNothingCanBeMadeItSaysSo) {
  write(dir_ / "file", "");
  const std::string sentence = complaint(dir_.path() / "file" / "relay.key");
  EXPECT_TRUE(sentence.starts_with("key file " + (dir_.path() / "file" / "relay.key").string() + ": "))
      << sentence;
}

TEST_F(KeyFile, TheAccessTokenIsAFilesFirstLine) {
  const fs::path token = dir_ / "token";
  write(token, " a long token with spaces\t\r\nnot this\n");
  EXPECT_EQ(load_access_token(token), "a long token with spaces");
  write(token, "no line's end");
  EXPECT_EQ(load_access_token(token), "no line's end");
  const std::string prefix = "access token file " + token.string() + ": ";
  write(token, "\ntoken\n");
  EXPECT_EQ(token_complaint(token), prefix + "is empty; its first line is the token");
  write(token, "token", fs::perms(0644));
  EXPECT_TRUE(token_complaint(token).starts_with(prefix + "can be read by others"));
  fs::remove(token);
  EXPECT_EQ(token_complaint(token), prefix + "is not there");
}

// --- Where it is kept

class WithEnvironment : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : kNames) {
      const char* value = std::getenv(name);
      before_.emplace_back(name, value == nullptr ? std::nullopt : std::optional<std::string>(value));
      unsetenv(name);
    }
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) {
      if (value) {
        setenv(name, value->c_str(), 1);
      } else {
        unsetenv(name);
      }
    }
  }

 private:
  static constexpr std::array<const char*, 3> kNames = {"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"};
  std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

TEST_F(WithEnvironment, TheDefaultIsTheStateDirectory) {
  EXPECT_THROW(default_key_file(), ConfigError);
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(default_key_file(), "/home/me/.local/state/hubbub/relay.key");
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(default_key_file(), "/state/hubbub/relay.key");
  setenv("STATE_DIRECTORY", "/var/lib/hubbub", 1);
  EXPECT_EQ(default_key_file(), "/var/lib/hubbub/relay.key");
  setenv("STATE_DIRECTORY", "", 1);
  EXPECT_EQ(default_key_file(), "/state/hubbub/relay.key") << "an empty one is none";
}

}  // namespace
}  // namespace hubbub::relay
