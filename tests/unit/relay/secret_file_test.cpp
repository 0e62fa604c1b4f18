// A secret's file: never half of one, and never over another's. What is refused is tested with those who keep
// their keys in one.
#include "relay/net/secret_file.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/audio/temp_dir.h"

namespace hubbub::net {
namespace {

namespace fs = std::filesystem;

class SecretFile : public testing::Test {
 protected:
  [[nodiscard]] std::optional<std::string> line() const {
    const auto read = read_secret_file(file_);
    EXPECT_TRUE(read.ok()) << read.error();
    return *read;
  }

  audio::TempDir dir_;
  fs::path file_ = dir_.path() / "deep" / "down" / "secret";
};

TEST_F(SecretFile, IsMadeWithItsDirectories) {
  EXPECT_EQ(line(), std::nullopt) << "a file that is not there is no error";
  EXPECT_EQ(create_secret_file(file_, "mine"), std::nullopt);
  EXPECT_EQ(line(), "mine");
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(dir_.path() / "deep").permissions(), fs::perms(0700));
}

TEST_F(SecretFile, NeverReplacesWhatAnotherMadeMeanwhile) {
  EXPECT_EQ(create_secret_file(file_, "theirs"), std::nullopt);
  EXPECT_EQ(create_secret_file(file_, "mine"), std::nullopt);
  EXPECT_EQ(line(), "theirs");
  EXPECT_EQ(std::distance(fs::directory_iterator(file_.parent_path()), fs::directory_iterator()), 1)
      << "nothing temporary is left";
}

TEST_F(SecretFile, IsAFile) {
  fs::create_directories(file_);
  EXPECT_EQ(read_secret_file(file_).error(), "is not a file");
  const fs::path pipe = dir_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(read_secret_file(pipe).error(), "is not a file") << "and nobody waits for its writer";
}

TEST_F(SecretFile, SaysWhyThereCanBeNoDirectory) {
  std::ofstream(dir_ / "file") << "x";
  EXPECT_TRUE(create_secret_file(dir_.path() / "file" / "below" / "secret", "mine"));
  EXPECT_TRUE(create_secret_file(dir_.path() / "file" / "secret", "mine"));
}

}  // namespace
}  // namespace hubbub::net
