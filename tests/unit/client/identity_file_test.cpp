// Who somebody is, on disk: made once and for its owner alone, the same at the next start, and refused where
// it is damaged or others can read it.
#include "voiceclient/identity_file.h"

#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/audio/temp_dir.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;

class IdentityFileTest : public testing::Test {
 protected:
  std::string complaint(const fs::path& file) {
    try {
      static_cast<void>(IdentityFile(file).load_or_create(random_));
      return {};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  void write(const std::string& text) {
    std::ofstream(file_, std::ios::binary) << text;
    fs::permissions(file_, fs::perms(0600));
  }
  static unsigned mode(const fs::path& file) { return static_cast<unsigned>(fs::status(file).permissions()); }

  audio::TempDir dir_;
  fs::path file_ = dir_ / "identity";
  seal::SeededRandom random_{1};
};

TEST_F(IdentityFileTest, IsMadeOnceForItsOwnerAlone) {
  const fs::path deep = dir_.path() / "config" / "hubbub" / "identity";
  const auto made = IdentityFile(deep).load_or_create(random_);
  EXPECT_EQ(mode(deep), 0600U);
  EXPECT_EQ(mode(dir_.path() / "config" / "hubbub"), 0700U);
  EXPECT_EQ(mode(dir_.path() / "config"), 0700U);
  EXPECT_EQ(fs::file_size(deep), 44U) << "43 characters and a line's end";
  EXPECT_EQ(IdentityFile(deep).load_or_create(random_), made);
  EXPECT_EQ(std::distance(fs::directory_iterator(deep.parent_path()), fs::directory_iterator()), 1)
      << "nothing temporary is left";
}

TEST_F(IdentityFileTest, HoldsTheSeed) {
  write(std::string(43, 'A') + "\n");
  EXPECT_EQ(IdentityFile(file_).load_or_create(random_), seal::Key{});
}

TEST_F(IdentityFileTest, IsRefusedWhereOthersCanReadIt) {
  static_cast<void>(IdentityFile(file_).load_or_create(random_));
  for (const unsigned bits : {0640U, 0604U, 0620U, 0644U}) {
    fs::permissions(file_, fs::perms(bits));
    EXPECT_EQ(complaint(file_), "identity file " + file_.string() +
                                    ": can be read by others; make it your own with: chmod 600 " +
                                    file_.string());
  }
  fs::permissions(file_, fs::perms(0400));
  EXPECT_EQ(complaint(file_), "");
}

TEST_F(IdentityFileTest, IsRefusedWhereItIsDamagedAndNotMadeAnew) {
  const std::string seed(43, 'A');
  for (const std::string& text : {std::string(), std::string("\n"), seed.substr(1), seed + "A", seed + "=",
                                  "!" + seed.substr(1), seed.substr(1) + "B", "\n" + seed}) {
    write(text);
    EXPECT_TRUE(complaint(file_).starts_with("identity file " + file_.string() + ": is not an identity"))
        << text << ": " << complaint(file_);
    EXPECT_EQ(fs::file_size(file_), text.size());
  }
}

TEST_F(IdentityFileTest, IsAPlainFile) {
  EXPECT_EQ(complaint(dir_.path()), "identity file " + dir_.path().string() + ": is not a file");
  ASSERT_EQ(mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(complaint(file_), "identity file " + file_.string() + ": is not a file")
      << "and nobody waits for it";
}

TEST_F(IdentityFileTest, WhereNothingCanBeMadeItSaysSo) {
  write("");
  const fs::path below = file_ / "identity";
  EXPECT_TRUE(complaint(below).starts_with("identity file " + below.string() + ": ")) << complaint(below);
}

TEST_F(IdentityFileTest, WithoutAFileEachRunIsSomebodyNew) {
  const IdentityFile none{std::nullopt};
  EXPECT_FALSE(none.load_or_create(random_) == none.load_or_create(random_));
}

}  // namespace
}  // namespace hubbub::client
