#include "voiceclient/ui/screen.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <utf8proc.h>

#include "tests/unit/ui/virtual_terminal.h"
#include "voiceclient/ui/grapheme.h"
#include "voiceclient/ui/line_editor.h"

namespace hubbub {
namespace {

using testing::VirtualTerminal;
using Rows = std::vector<std::string>;

const std::string kPrompt = "> ";
const std::string kLeft = "\x1B[D";

// A terminal that knows nothing of clusters: each code point has its own width, as in xterm.
Grapheme by_code_point(std::string_view& text) {
  utf8proc_int32_t c = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto length =
      static_cast<std::size_t>(utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size()), &c));
  const Grapheme taken{.bytes = text.substr(0, length), .columns = utf8proc_charwidth(c)};
  text.remove_prefix(length);
  return taken;
}

// An editor, a screen and a terminal, as a client wires them.
struct Session {
  Session(int width, int height, VirtualTerminal::Measure measure = take_grapheme)
      : columns(width),
        terminal(width, height, std::move(measure)),
        screen({.columns = width, .prompt = kPrompt, .colour = true, .rewraps = true}) {
    terminal.write(screen.start());
  }

  void type(std::string_view bytes) {
    editor.feed(bytes);
    terminal.write(screen.show_input(editor.text(), editor.cursor()));
  }
  void say(std::string_view author, std::string_view text) {
    const std::string name = "<" + std::string(author) + "> ";
    terminal.write(screen.print({{Style::kAuthor, name}, {Style::kPlain, text}}));
  }
  void resize(int width, bool rewraps = true) {
    columns = width;
    terminal.resize(width, rewraps);
    terminal.write(screen.resize(width));
  }

  int columns;
  VirtualTerminal terminal;
  LineEditor editor;
  Screen screen;
};

// What the input row must look like, worked out from the text alone: all of it where it fits; otherwise a
// part around the cursor, with a mark at each end that is cut.
void expect_input_row(const Session& session) {
  const VirtualTerminal& terminal = session.terminal;
  const std::string& text = session.editor.text();
  const std::string before = text.substr(0, session.editor.cursor());
  const std::string bottom = terminal.bottom();
  const int prompt = display_columns(kPrompt);
  ASSERT_TRUE(terminal.cursor_is_on_bottom());
  ASSERT_LE(display_columns(bottom), session.columns);

  std::string padded = kPrompt + text;
  padded.erase(padded.find_last_not_of(' ') + 1);
  if (display_columns(text) < session.columns - prompt) {
    ASSERT_EQ(bottom, padded);
    ASSERT_EQ(terminal.cursor_column(), prompt + display_columns(before));
    return;
  }

  ASSERT_TRUE(bottom.starts_with(kPrompt)) << bottom;
  std::string shown = bottom.substr(kPrompt.size());
  const bool cut_left = text.find(shown) != 0 && shown.front() == '<';
  if (cut_left) shown.erase(0, 1);
  if (text.find(shown) == std::string::npos) {
    // Half of a wide character at an end is a space; what is left must be a piece of the text.
    if (shown.ends_with('>')) shown.pop_back();
    if (text.find(shown) == std::string::npos && shown.ends_with(' ')) shown.pop_back();
    if (text.find(shown) == std::string::npos && shown.starts_with(' ')) shown.erase(0, 1);
  }
  ASSERT_NE(text.find(shown), std::string::npos) << "not a piece of the text: " << bottom;
  // Two marks, half a character at each end, the cursor, a space that the terminal's text ends without.
  ASSERT_GE(display_columns(shown), session.columns - prompt - 6) << "room is wasted: " << bottom;

  std::string_view rest = std::string_view(text).substr(before.size());
  const std::string under = rest.empty() ? " " : std::string(take_grapheme(rest).bytes);
  ASSERT_EQ(terminal.under_cursor(), under) << bottom;
}

TEST(Screen, ShowsMessagesAboveTheLineBeingTyped) {
  Session session(80, 24);
  EXPECT_EQ(session.terminal.screen(), (Rows{">"}));
  EXPECT_EQ(session.terminal.cursor_column(), 2);
  session.type("hel");
  session.say("anna", "good morning");
  session.type("lo");
  EXPECT_EQ(session.terminal.screen(), (Rows{"<anna> good morning", "> hello"}));
  EXPECT_EQ(session.terminal.cursor_column(), 7);
  session.type(kLeft + kLeft);
  session.say("bob", "hi");
  EXPECT_EQ(session.terminal.screen(), (Rows{"<anna> good morning", "<bob> hi", "> hello"}));
  EXPECT_EQ(session.terminal.cursor_column(), 5);
  session.type("\r");
  EXPECT_EQ(session.terminal.screen(), (Rows{"<anna> good morning", "<bob> hi", ">"}));
}

TEST(Screen, LeavesTheMessagesToTheTerminalsScrollback) {
  Session session(20, 5);
  session.type("draft");
  Rows all;
  for (int i = 0; i < 12; ++i) {
    session.say("a", std::to_string(i));
    all.push_back("<a> " + std::to_string(i));
  }
  all.push_back("> draft");
  EXPECT_EQ(session.terminal.history(), all);
  EXPECT_EQ(session.terminal.screen(), Rows(all.end() - 5, all.end()));
}

TEST(Screen, AnswersEachChangeWithOneSelfContainedWrite) {
  Screen screen({.columns = 80, .prompt = "> ", .colour = false, .rewraps = true});
  screen.start();
  screen.show_input("abc", 1);
  EXPECT_EQ(screen.print({{Style::kNotice, "news"}}),
            "\r\x1B[Knews\r\n\r\x1B[K\x1B[?7l> a\0337bc\0338\033[?7h");
}

TEST(Screen, IsSilentAboutTheInputBeforeItStartsAndAfterItFinishes) {
  Screen screen({.columns = 40, .prompt = "> ", .colour = true, .rewraps = true});
  VirtualTerminal terminal(40, 10);
  EXPECT_EQ(screen.show_input("early", 5), "");
  EXPECT_EQ(screen.print({{Style::kPlain, "welcome"}}), "welcome\r\n");
  terminal.write("welcome\r\n" + screen.start());
  EXPECT_TRUE(terminal.brackets_pastes());
  EXPECT_EQ(terminal.screen(), (Rows{"welcome", "> early"}));

  terminal.write(screen.finish());
  EXPECT_EQ(terminal.screen(), (Rows{"welcome", ""})) << "nothing is left behind";
  EXPECT_EQ(terminal.cursor_column(), 0) << "the shell's prompt gets a row of its own";
  EXPECT_FALSE(terminal.brackets_pastes());
  EXPECT_TRUE(terminal.wraps());
  EXPECT_EQ(screen.finish(), "");
  EXPECT_EQ(screen.redraw(), "");
  EXPECT_EQ(screen.print({{Style::kPlain, "goodbye"}}), "goodbye\r\n");
}

TEST(Screen, WrapsBetweenWordsWherePossible) {
  struct Case {
    const char* what;
    std::string text;
    Rows rows;
  };
  const std::vector<Case> cases{
      {"short", "hello", {"<a> hello"}},
      {"empty", "", {"<a>"}},
      {"just fits", "sixteen columns.", {"<a> sixteen columns."}},
      {"one column too many", "seventeen columns", {"<a> seventeen", "  columns"}},
      {"several rows",
       "the quick brown fox jumps over the lazy dog",
       {"<a> the quick brown", "  fox jumps over the", "  lazy dog"}},
      {"a space at the edge", "sixteen columns. more", {"<a> sixteen columns.", "  more"}},
      {"many spaces at the edge", "sixteen columns.      more", {"<a> sixteen columns.", "  more"}},
      {"spaces inside stay", "a   b", {"<a> a   b"}},
      {"a word as long as a row moves", "123456789012345678", {"<a>", "  123456789012345678"}},
      {"a word longer than a row is cut where it stands",
       "see 12345678901234567890123456789",
       {"<a> see 123456789012", "  34567890123456789"}},
      {"no-break spaces hold", "one two\u00A0three\u00A0four", {"<a> one", "  two\u00A0three\u00A0four"}},
      {"wide",
       "\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57",
       {"<a> \u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57", "  \u6F22\u5B57"}},
      {"wide, at an odd column",
       "x\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57",
       {"<a> x\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22", "  \u5B57"}},
      {"no row begins with a full stop",
       "\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u3002\u6F22",
       {"<a> \u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22", "  \u5B57\u3002\u6F22"}},
      {"no row ends with an opening bracket",
       "\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u300C\u5B57\u300D",
       {"<a> \u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22", "  \u300C\u5B57\u300D"}},
      {"families stay together",
       "123456789 12345 \U0001F468\u200D\U0001F469\u200D\U0001F467",
       {"<a> 123456789 12345", "  \U0001F468\u200D\U0001F469\u200D\U0001F467"}},
      {"flags stay together",
       "123456789012345\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7",
       {"<a> 123456789012345", "  \U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7"}},
      {"marks take no room",
       "1234567890 e\u0301e\u0301e\u0301e\u0301e\u0301",
       {"<a> 1234567890 e\u0301e\u0301e\u0301e\u0301e\u0301"}},
      {"a marked word wraps by what is seen",
       "1234567890 e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301",
       {"<a> 1234567890", "  e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301"}},
  };
  for (const Case& c : cases) {
    Session session(20, 5);
    session.type("typed");
    session.say("a", c.text);
    Rows expected = c.rows;
    expected.push_back("> typed");
    EXPECT_EQ(session.terminal.history(), expected) << c.what;
    EXPECT_EQ(session.terminal.wraps_done(), 0) << c.what;
  }
}

TEST(Screen, NeverPassesAControlCharacterOn) {
  Session session(60, 10);  // the terminal itself fails on every sequence it does not know
  session.say("eve\x1B[2J", "\x1B]0;owned\x07\x1B[31mred\r\nline\2331m\302\2332J\u202Eback\u202C\x7F\b\b");
  session.terminal.write(session.screen.show_input("in\x1B[2Jput\n", 10));
  session.terminal.write(session.screen.show_prompt("pro\x1B[5mmpt\a> "));
  EXPECT_EQ(session.terminal.screen(),
            (Rows{"<eve[2J> ]0;owned[31mred  line\uFFFD1m2Jback", "pro[5mmpt> in[2Jput"}));
}

TEST(Screen, StylesAreRestrainedAndEndWithTheirSegment) {
  Session session(20, 5);
  session.terminal.write(session.screen.print(
      {{Style::kNotice, "12:00 "}, {Style::kAuthor, "<anna> "}, {Style::kPlain, "a text of two rows"}}));
  session.terminal.write(session.screen.print({{Style::kNotice, "a notice that takes two rows"}}));
  EXPECT_EQ(session.terminal.styles_used(), (Rows{"", "2m", "1m", "", "2m", "", "2m", ""}));
  EXPECT_EQ(session.terminal.style(), "");

  const Screen plain({.columns = 20, .prompt = "> ", .colour = false, .rewraps = true});
  EXPECT_EQ(plain.print({{Style::kAuthor, "<anna> "}, {Style::kNotice, "hi"}}), "<anna> hi\r\n");
}

TEST(Screen, TheLineScrollsSidewaysWhereItIsTooLong) {
  Session session(20, 5);
  session.type("abcdefghijklmnopq");  // 17 columns, and one for the cursor: the whole field
  EXPECT_EQ(session.terminal.bottom(), "> abcdefghijklmnopq");
  session.type("r");
  EXPECT_EQ(session.terminal.bottom(), "> <cdefghijklmnopqr");
  EXPECT_EQ(session.terminal.cursor_column(), 19);
  session.type("\x01");
  EXPECT_EQ(session.terminal.bottom(), "> abcdefghijklmnopqr");
  EXPECT_EQ(session.terminal.cursor_column(), 2);
  session.type("\x05stu");
  EXPECT_EQ(session.terminal.bottom(), "> <fghijklmnopqrstu");
  session.type("\x01");
  EXPECT_EQ(session.terminal.bottom(), "> abcdefghijklmnopq>");
  for (int i = 0; i < 17; ++i) session.type("\x06");
  EXPECT_EQ(session.terminal.bottom(), "> <cdefghijklmnopqr>");
  EXPECT_EQ(session.terminal.under_cursor(), "r");
  session.say("b", "hi");
  EXPECT_EQ(session.terminal.screen(), (Rows{"<b> hi", "> <cdefghijklmnopqr>"}));
  EXPECT_EQ(session.terminal.under_cursor(), "r");
  session.type("\x15\x15");
  EXPECT_EQ(session.terminal.bottom(), "> rstu");
}

TEST(Screen, AWideCharacterIsNeverCutInHalf) {
  Session session(20, 5);
  session.type("\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57");
  EXPECT_EQ(session.terminal.bottom(), "> <\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57");
  session.type("a");
  EXPECT_EQ(session.terminal.bottom(), "> < \u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57" + std::string("a"));
  session.type("\x01");
  EXPECT_EQ(session.terminal.bottom(), "> \u6F22\u5B57\u6F22\u5B57\u6F22\u5B57\u6F22\u5B57 >");
}

TEST(Screen, GivesThePromptUpWhereItLeavesNoRoom) {
  Screen screen({.columns = 8, .prompt = "a name> ", .colour = false, .rewraps = true});
  VirtualTerminal terminal(8, 5);
  terminal.write(screen.start() + screen.show_input("hello", 5));
  EXPECT_EQ(terminal.bottom(), "hello");
  terminal.resize(20, true);
  terminal.write(screen.resize(20));
  EXPECT_EQ(terminal.bottom(), "a name> hello");
}

TEST(Screen, KeepsItsRowOnANewWidth) {
  for (const bool rewraps : {true, false}) {
    Session session(80, 24);
    session.say("anna", "first");
    session.type("short");
    for (const int columns : {40, 100, 8, 1, 80}) session.resize(columns, rewraps);
    ASSERT_EQ(session.terminal.bottom(), "> short") << rewraps;
  }
}

TEST(Screen, LeavesNothingOfALongLineBehindWhenTheTerminalRewrapsIt) {
  for (const std::string keys : {"", "\x02\x02\x02", "\x01"}) {
    Session session(80, 24);
    session.say("anna", "one");
    session.say("anna", "two");
    session.type(std::string(90, 'x') + keys);
    for (const int columns : {79, 78, 77, 60, 45, 44, 43, 20, 19, 70, 30, 80, 40}) {
      session.resize(columns);
      ASSERT_NO_FATAL_FAILURE(expect_input_row(session)) << columns;
      Rows history = session.terminal.history();
      history.pop_back();
      ASSERT_EQ(history, (Rows{"<anna> one", "<anna> two"})) << columns;
    }
  }
}

TEST(Screen, OnATerminalThatDoesNotRewrapNoMessageIsLost) {
  Session session(80, 24);
  session.screen = Screen({.columns = 80, .prompt = kPrompt, .colour = true, .rewraps = false});
  session.terminal.write(session.screen.start());
  session.say("anna", "one");
  session.say("anna", "two");
  session.type(std::string(70, 'x'));
  for (const int columns : {79, 60, 44, 19, 70, 30}) {
    session.resize(columns, false);
    expect_input_row(session);
  }
  Rows history = session.terminal.history();
  history.pop_back();
  EXPECT_EQ(history, (Rows{"<anna> one", "<anna> two"}));
}

// Emoji that such a terminal draws wider than we think must not make the input row two rows.
TEST(Screen, TakesOneRowAlsoWhereTheTerminalCountsOtherwise) {
  Session session(20, 5, by_code_point);
  for (int i = 0; i < 12; ++i) {
    session.type("\U0001F468\u200D\U0001F469\u200D\U0001F467");
    EXPECT_EQ(session.terminal.history().size(), 1U);
  }
  session.say("a", "hi");
  session.type("\x01");
  EXPECT_EQ(session.terminal.history().size(), 2U);
  EXPECT_EQ(session.terminal.history().front(), "<a> hi");
  EXPECT_EQ(session.terminal.cursor_column(), 2);
}

std::string without_spaces(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return text;
}

// Whatever is typed while whatever arrives: the bottom row shows the line, and above it stands all that was
// said, in order.
TEST(Screen, TypingAndMessagesNeverDisturbEachOther) {
  const std::vector<std::string> keys{"a",
                                      "b",
                                      " ",
                                      "word ",
                                      "\u00E9",
                                      "e\u0301",
                                      "\u6F22",
                                      "\U0001F600",
                                      "\U0001F468\u200D\U0001F469",
                                      "\U0001F1E9\U0001F1EA",
                                      kLeft,
                                      kLeft + kLeft,
                                      "\x1B[C",
                                      "\x01",
                                      "\x05",
                                      "\x7F",
                                      "\x17",
                                      "\x15",
                                      "\x19",
                                      "\x1B[A",
                                      "\x1B[B",
                                      "\r",
                                      "the quick brown fox jumps over the lazy dog",
                                      "\033b",
                                      "\x1B[3~"};
  const std::vector<std::string> words{"so ",
                                       "longer ",
                                       "\u6F22\u5B57\u3002",
                                       "\U0001F44D\U0001F3FD",
                                       "e\u0301",
                                       "  ",
                                       "averyveryverylongwordindeedthatfitsnorow ",
                                       "\x1B[2J",
                                       "\xFF"};
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto one_of = [&random](const std::vector<std::string>& list) {
      return list[random() % list.size()];
    };
    const bool small = seed % 2 == 0;
    Session session(small ? 20 : 80, small ? 5 : 24);
    std::string said;
    for (int i = 0; i < 400; ++i) {
      if (random() % 3 != 0) {
        session.type(one_of(keys));
      } else {
        std::string text = std::to_string(i) + " ";
        for (auto count = random() % 12; count > 0; --count) text += one_of(words);
        session.say("bob", text);
        said += "<bob>" + text;
      }
      ASSERT_NO_FATAL_FAILURE(expect_input_row(session)) << "step " << i;
    }
    std::string shown;
    const Rows history = session.terminal.history();
    for (std::size_t i = 0; i + 1 < history.size(); ++i) {
      ASSERT_LE(display_columns(history[i]), session.columns);
      shown += history[i];
    }
    for (std::size_t at = 0; (at = said.find('\x1B')) != std::string::npos;) said.erase(at, 1);
    for (std::size_t at = 0; (at = said.find('\xFF')) != std::string::npos;) said.replace(at, 1, "\uFFFD");
    ASSERT_EQ(without_spaces(shown), without_spaces(said));
    ASSERT_EQ(session.terminal.wraps_done(), 0);
  }
}

}  // namespace
}  // namespace hubbub
