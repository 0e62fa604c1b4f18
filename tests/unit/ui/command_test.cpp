#include "voiceclient/ui/command.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "voiceclient/ui/grapheme.h"

namespace hubbub {
namespace {

struct Case {
  const char* line;
  Command command;
  const char* argument;
};

TEST(TypedLine, IsTextOrACommand) {
  const std::vector<Case> cases{
      {"hello", Command::kSay, "hello"},
      {"  hello  there ", Command::kSay, "hello  there"},
      {"", Command::kSay, ""},
      {"   ", Command::kSay, ""},
      {"and/or", Command::kSay, "and/or"},
      {"//quit", Command::kSay, "/quit"},
      {"//", Command::kSay, "/"},
      {"///", Command::kSay, "//"},
      {"\x1B[31mred", Command::kSay, "[31mred"},
      {"/quit", Command::kQuit, ""},
      {" /quit ", Command::kQuit, ""},
      {"/who", Command::kWho, ""},
      {"/mute", Command::kMute, ""},
      {"/stats", Command::kStats, ""},
      {"/help", Command::kHelp, ""},
  };
  for (const Case& c : cases) {
    const auto parsed = parse_typed_line(c.line);
    ASSERT_TRUE(parsed.ok()) << c.line << ": " << parsed.error();
    EXPECT_EQ(parsed->command, c.command) << c.line;
    EXPECT_EQ(parsed->argument, c.argument) << c.line;
  }
}

TEST(TypedLine, AnUnknownCommandIsNeverSaidButExplained) {
  struct Wrong {
    const char* line;
    const char* sentence;
  };
  const std::vector<Wrong> cases{
      {"/qiut", "There is no command /qiut; did you mean /quit?"},
      {"/Quit", "There is no command /Quit; did you mean /quit?"},
      {"/q", "There is no command /q; did you mean /quit?"},
      {"/stat all", "There is no command /stat; did you mean /stats?"},
      {"/hlep", "There is no command /hlep; did you mean /help?"},
      {"/whoo", "There is no command /whoo; did you mean /who?"},
      {"/", "There is no command /; /help lists them, and // begins a text with a slash."},
      {"/etc/passwd",
       "There is no command /etc/passwd; /help lists them, and // begins a text with a slash."},
      {"/\x1B[2Jxyzzy",
       "There is no command /[2Jxyzzy; /help lists them, and // begins a text with a slash."},
      {"/who cares", "/who takes nothing after it; //who cares says that as text."},
  };
  for (const Wrong& c : cases) {
    const auto parsed = parse_typed_line(c.line);
    ASSERT_FALSE(parsed.ok()) << c.line;
    EXPECT_EQ(parsed.error(), c.sentence) << c.line;
  }
}

TEST(Help, HasALineForEachCommandInOneColumn) {
  const std::vector<std::string> lines = help_lines();
  ASSERT_GT(lines.size(), 5U);
  const std::size_t column = lines.front().find_first_not_of(' ', lines.front().find("  "));
  for (const std::string& line : lines) {
    EXPECT_EQ(line.front(), '/') << line;
    EXPECT_EQ(line.substr(column - 2, 2), "  ") << line;
    EXPECT_NE(line[column], ' ') << line;
    EXPECT_LE(display_columns(line), 80) << line;
  }
  for (const char* name : {"/quit", "/who", "/mute", "/stats", "/help", "//text"}) {
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                            [name](const std::string& line) { return line.starts_with(name); }),
              1)
        << name;
  }
}

}  // namespace
}  // namespace hubbub
