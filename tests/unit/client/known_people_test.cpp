// Who was met where: what is kept and for how long, who holds a name, and the file that other clients write
// too.
#include "voiceclient/known_people.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "codec/wire/text.h"
#include "tests/unit/audio/temp_dir.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;

seal::RoomId room(int value) {
  seal::RoomId id{};
  id.fill(static_cast<std::byte>(value));
  return id;
}

seal::IdentityKey person(int number) {
  seal::IdentityKey key{};
  key[0] = static_cast<std::byte>(number & 0xFF);
  key[1] = static_cast<std::byte>(number >> 8);
  return key;
}

const std::string kRoomZero(11, 'A');
const std::string kPersonZero(43, 'A');

class KnownPeopleTest : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_, std::ios::binary) << text; }
  [[nodiscard]] std::string text() const {
    std::ostringstream all;
    all << std::ifstream(file_).rdbuf();
    return all.str();
  }
  [[nodiscard]] KnownPeople open() const { return KnownPeople(file_); }
  [[nodiscard]] std::string complaint() const {
    try {
      static_cast<void>(open());
      return {};
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  static std::string name_of(const std::optional<KnownPeople::Person>& person) {
    return person ? person->name : "nobody";
  }

  audio::TempDir dir_;
  fs::path file_ = dir_ / "known_people";
};

TEST_F(KnownPeopleTest, RemembersWhoWasMetWhere) {
  KnownPeople people = open();
  EXPECT_FALSE(people.lookup(room(1), person(1))) << "a file that is not there is an empty one";
  EXPECT_EQ(people.remember(room(1), person(1), "Zo\xC3\xAB"), std::nullopt);
  EXPECT_EQ(people.remember(room(1), person(2), "bob"), std::nullopt);
  EXPECT_EQ(people.remember(room(1), person(2), "robert the 2nd"), std::nullopt);
  for (const KnownPeople& known : {people, open()}) {
    ASSERT_TRUE(known.lookup(room(1), person(1)));
    EXPECT_EQ(known.lookup(room(1), person(1))->name, "Zo\xC3\xAB");
    EXPECT_FALSE(known.lookup(room(1), person(1))->verified);
    EXPECT_EQ(name_of(known.lookup(room(1), person(2))), "robert the 2nd");
    EXPECT_FALSE(known.lookup(room(2), person(1))) << "another room is another matter";
    EXPECT_FALSE(known.lookup(room(1), person(3)));
  }
  EXPECT_EQ(people.forget(room(1), person(1)), std::nullopt);
  EXPECT_EQ(people.forget(room(1), person(1)), std::nullopt);
  EXPECT_FALSE(people.lookup(room(1), person(1)));
  EXPECT_FALSE(open().lookup(room(1), person(1)));
  EXPECT_TRUE(open().lookup(room(1), person(2)));
}

TEST_F(KnownPeopleTest, WhoeverWasVerifiedStaysSo) {
  KnownPeople people = open();
  EXPECT_EQ(people.remember(room(1), person(1), "zoe"), std::nullopt);
  EXPECT_EQ(people.verify(room(1), person(1), "zoe"), std::nullopt);
  EXPECT_EQ(people.remember(room(1), person(1), "zo"), std::nullopt);
  for (const KnownPeople& known : {people, open()}) {
    ASSERT_TRUE(known.lookup(room(1), person(1)));
    EXPECT_TRUE(known.lookup(room(1), person(1))->verified);
    EXPECT_EQ(name_of(known.lookup(room(1), person(1))), "zo");
  }
  EXPECT_EQ(people.forget(room(1), person(1)), std::nullopt);
  EXPECT_EQ(people.remember(room(1), person(1), "zoe"), std::nullopt);
  EXPECT_FALSE(people.lookup(room(1), person(1))->verified);
}

TEST_F(KnownPeopleTest, ANamesHolderIsWhoHadItLastAndVerifiedFirst) {
  KnownPeople people = open();
  const auto holder = [&]() -> int {
    const auto found = people.holder(room(1), folded_name("ZOE"));
    EXPECT_EQ(found.has_value(), open().holder(room(1), folded_name("ZOE")).has_value());
    if (!found) return -1;
    EXPECT_EQ(found->identity, open().holder(room(1), folded_name("ZOE"))->identity)
        << "the file says so too";
    return std::to_integer<int>(found->identity[0]);
  };
  EXPECT_EQ(holder(), -1);
  EXPECT_FALSE(people.remember(room(1), person(1), "Zoe"));
  EXPECT_EQ(holder(), 1);
  EXPECT_FALSE(people.remember(room(1), person(2), "zoE"));
  EXPECT_EQ(holder(), 2);
  EXPECT_FALSE(people.remember(room(1), person(1), "Zoe"));
  EXPECT_EQ(holder(), 1) << "unchanged, but the last";
  EXPECT_FALSE(people.verify(room(1), person(3), "zoe"));
  EXPECT_FALSE(people.remember(room(1), person(1), "Zoe"));
  EXPECT_EQ(holder(), 3);
  EXPECT_FALSE(people.verify(room(1), person(4), "zoe"));
  EXPECT_EQ(holder(), 4);
  EXPECT_FALSE(people.remember(room(1), person(4), "another"));
  EXPECT_EQ(holder(), 3) << "a name that was given up is free";
  EXPECT_FALSE(people.holder(room(2), folded_name("zoe")));
  EXPECT_FALSE(people.remember(room(1), person(5), ""));
  EXPECT_FALSE(people.holder(room(1), "")) << "no name is nobody's";
}

TEST_F(KnownPeopleTest, BeyondAThousandWhoeverWasSeenLongestAgoGoes) {
  // Without a file: a thousand changes would be a thousand files.
  KnownPeople people{std::nullopt};
  EXPECT_FALSE(people.verify(room(1), person(0), "first"));
  const int count = static_cast<int>(KnownPeople::kMaxSeen);
  for (int i = 1; i <= count; ++i) EXPECT_FALSE(people.remember(room(1), person(i), "n" + std::to_string(i)));
  EXPECT_TRUE(people.lookup(room(1), person(1))) << "a thousand, and whoever is verified besides";
  EXPECT_FALSE(people.remember(room(1), person(2), "n2")) << "seen again: no longer among the oldest";
  EXPECT_FALSE(people.remember(room(1), person(count + 1), "new"));
  EXPECT_FALSE(people.remember(room(1), person(count + 2), "newer"));
  EXPECT_FALSE(people.lookup(room(1), person(1)));
  EXPECT_TRUE(people.lookup(room(1), person(2)));
  EXPECT_FALSE(people.lookup(room(1), person(3)));
  EXPECT_TRUE(people.lookup(room(1), person(4)));
  EXPECT_TRUE(people.lookup(room(1), person(0))) << "verified";
}

TEST_F(KnownPeopleTest, TheFileIsLines) {
  write("# mine\n\n " + kRoomZero + "\t" + kPersonZero + " verified  a  b # c \r\n" + kRoomZero + " " +
        std::string(42, '_') + "8 seen");
  const KnownPeople people = open();
  ASSERT_TRUE(people.lookup(room(0), person(0)));
  EXPECT_TRUE(people.lookup(room(0), person(0))->verified);
  EXPECT_EQ(people.lookup(room(0), person(0))->name, "a  b # c");
  KnownPeople writer = open();
  EXPECT_FALSE(writer.remember(room(0), person(1), "#1 <none>"));
  EXPECT_FALSE(writer.remember(room(0), person(2), "#2"));
  EXPECT_EQ(text(),
            "# Who was met in which room, rewritten by the client: ROOM IDENTITY seen|verified NAME\n" +
                kRoomZero + " " + kPersonZero + " verified a  b # c\n" + kRoomZero + " " +
                std::string(42, '_') + "8 seen\n" + kRoomZero + " AQ" + std::string(41, 'A') + " seen\n" +
                kRoomZero + " Ag" + std::string(41, 'A') + " seen #2\n")
      << "a name that is none is not kept";
  EXPECT_EQ(complaint(), "");
}

TEST_F(KnownPeopleTest, ADamagedLineIsNamed) {
  const std::string good = kRoomZero + " " + kPersonZero + " seen zoe\n";
  for (const std::string& line :
       {kRoomZero, kRoomZero + " " + kPersonZero, kRoomZero + " " + kPersonZero + " trusted zoe",
        kRoomZero.substr(1) + " " + kPersonZero + " seen zoe", kRoomZero + " " + kPersonZero + "A seen zoe",
        kRoomZero + " " + kPersonZero + " seen <zoe>", kRoomZero + " " + kPersonZero + " seen z\x1b[2J",
        kRoomZero + " " + kPersonZero + " seen " + std::string(33, 'n'), std::string("\x01\x1b[2J")}) {
    KnownPeople before{file_};
    write("# first\n\n" + line + "\n" + good);
    EXPECT_NE(complaint().find(file_.string() + ", line 3: "), std::string::npos)
        << line << ": " << complaint();
    EXPECT_EQ(complaint().find('\x1b'), std::string::npos);
    const auto problem = before.remember(room(1), person(1), "bob");
    ASSERT_TRUE(problem) << "a damaged file is not written over";
    EXPECT_NE(problem->find("line 3: "), std::string::npos) << *problem;
    EXPECT_NE(text().find(line), std::string::npos);
    EXPECT_TRUE(before.lookup(room(1), person(1))) << "but this run knows";
    fs::remove(file_);
  }
  write(good + good);
  EXPECT_NE(complaint().find("line 2: this identity has a line above already"), std::string::npos)
      << complaint();
}

TEST_F(KnownPeopleTest, WhatAnotherClientWroteStays) {
  KnownPeople one = open();
  KnownPeople two = open();
  EXPECT_FALSE(one.verify(room(1), person(1), "zoe"));
  EXPECT_FALSE(two.remember(room(1), person(1), "zoe"));
  EXPECT_FALSE(two.remember(room(1), person(2), "bob"));
  EXPECT_FALSE(one.remember(room(1), person(3), "eve"));
  for (const KnownPeople& known : {one, open()}) {
    EXPECT_EQ(name_of(known.lookup(room(1), person(1))), "zoe");
    EXPECT_EQ(name_of(known.lookup(room(1), person(2))), "bob");
    EXPECT_EQ(name_of(known.lookup(room(1), person(3))), "eve");
  }
  ASSERT_TRUE(two.lookup(room(1), person(1)));
  EXPECT_TRUE(two.lookup(room(1), person(1))->verified) << "what another client verified is verified";
}

TEST_F(KnownPeopleTest, WhatIsNoNewsIsNotWritten) {
  KnownPeople people = open();
  EXPECT_FALSE(people.remember(room(1), person(1), "zoe"));
  fs::remove(file_);
  EXPECT_FALSE(people.remember(room(1), person(1), "zoe"));
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(KnownPeopleTest, OnlyItsOwnerReadsIt) {
  const fs::path deep = dir_.path() / "config" / "hubbub" / "known_people";
  KnownPeople people{deep};
  EXPECT_FALSE(people.remember(room(1), person(1), "zoe"));
  EXPECT_EQ(fs::status(deep).permissions(), fs::perms(0600));
  EXPECT_EQ(fs::status(deep.parent_path()).permissions(), fs::perms(0700));
  EXPECT_EQ(std::distance(fs::directory_iterator(deep.parent_path()), fs::directory_iterator()), 1)
      << "nothing temporary is left";
}

TEST_F(KnownPeopleTest, SaysSoWhereItCannotBeReadOrWritten) {
  EXPECT_THROW(KnownPeople(dir_.path()), std::runtime_error);
  write("");
  EXPECT_THROW(KnownPeople(file_ / "below"), std::runtime_error);
  KnownPeople people{dir_.path() / "directory" / "known_people"};
  std::ofstream(dir_ / "directory") << "in the way";
  const auto problem = people.remember(room(1), person(1), "zoe");
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("not written down"), std::string::npos) << *problem;
  EXPECT_TRUE(people.lookup(room(1), person(1)));
  write(std::string((1U << 20U) + 1, '#'));
  EXPECT_NE(complaint().find("larger than"), std::string::npos) << complaint();
}

TEST_F(KnownPeopleTest, WhatCouldNotBeWrittenIsTriedAgain) {
  const fs::path directory = dir_ / "directory";
  KnownPeople people{directory / "known_people"};
  std::ofstream(directory) << "in the way";
  EXPECT_TRUE(people.verify(room(1), person(1), "zoe"));
  EXPECT_TRUE(people.remember(room(1), person(2), "bob"));
  EXPECT_TRUE(people.verify(room(1), person(1), "zoe")) << "no news, but still not written";
  fs::remove(directory);
  EXPECT_FALSE(people.remember(room(1), person(2), "bob"));
  const KnownPeople again{directory / "known_people"};
  for (const KnownPeople& known : {people, again}) {
    ASSERT_TRUE(known.lookup(room(1), person(1)));
    EXPECT_TRUE(known.lookup(room(1), person(1))->verified);
    EXPECT_EQ(name_of(known.lookup(room(1), person(2))), "bob");
  }
}

TEST_F(KnownPeopleTest, WithoutAFileItLastsForThisRun) {
  KnownPeople none{std::nullopt};
  EXPECT_FALSE(none.remember(room(1), person(1), "zoe"));
  EXPECT_EQ(name_of(none.lookup(room(1), person(1))), "zoe");
}

}  // namespace
}  // namespace hubbub::client
