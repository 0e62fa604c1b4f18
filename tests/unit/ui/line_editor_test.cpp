#include "voiceclient/ui/line_editor.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "codec/wire/text.h"
#include "voiceclient/ui/grapheme.h"

namespace hubbub {
namespace {

using Kind = EditorEvent::Kind;

const std::string kUp = "\x1B[A";
const std::string kDown = "\x1B[B";
const std::string kLeft = "\x1B[D";
const std::string kRight = "\x1B[C";

std::string with_cursor(const LineEditor& editor) {
  std::string text = editor.text();
  return text.insert(editor.cursor(), "|");
}

// Events as words, so that a failure can be read.
std::string described(const std::vector<EditorEvent>& events) {
  std::string words;
  for (const EditorEvent& event : events) {
    if (!words.empty()) words += ' ';
    switch (event.kind) {
      case Kind::kSubmitted:
        words += "submitted(" + event.text + ")";
        break;
      case Kind::kInterrupt:
        words += "interrupt";
        break;
      case Kind::kEndOfInput:
        words += "end";
        break;
      case Kind::kRedraw:
        words += "redraw";
        break;
      case Kind::kBell:
        words += "bell";
        break;
    }
  }
  return words;
}

struct Case {
  const char* what;
  std::string typed;
  std::string line;    // with a bar where the cursor is
  std::string events;  // as `described`
};

const std::vector<Case>& key_cases() {
  static const std::vector<Case> cases{
      {"letters", "abc", "abc|", ""},
      {"insert in the middle", "ac" + kLeft + "b", "ab|c", ""},
      {"backspace", "abc\x7F", "ab|", ""},
      {"control-H", "abc\x08", "ab|", ""},
      {"backspace at the start", "\x7F", "|", ""},
      {"backspace takes a whole cluster", "xe\u0301\u0302\x7F", "x|", ""},
      {"backspace takes a whole family", "x\U0001F468\u200D\U0001F469\x7F", "x|", ""},
      {"delete", "abc\x01\x1B[3~", "|bc", ""},
      {"control-D deletes", "abc\x01\x04", "|bc", ""},
      {"control-D at the end of a line", "abc\x04", "abc|", ""},
      {"control-D on an empty line", "\x04", "|", "end"},
      {"left and right", "abc" + kLeft + kLeft + kRight, "ab|c", ""},
      {"left past the start", "a" + kLeft + kLeft, "|a", ""},
      {"control-B and control-F", "abc\x02\x02\x06", "ab|c", ""},
      {"left over a flag", "\U0001F1E9\U0001F1EA" + kLeft, "|\U0001F1E9\U0001F1EA", ""},
      {"home", "abc\x1B[H", "|abc", ""},
      {"home of rxvt", "abc\x1B[7~", "|abc", ""},
      {"home in application mode", "abc\x1BOH", "|abc", ""},
      {"end", "abc\x01\x1B[F", "abc|", ""},
      {"control-E", "abc\x01\x05", "abc|", ""},
      {"control-U", "one two" + kLeft + "\x15", "|o", ""},
      {"control-K", "one two\x01" + kRight + "\x0B", "o|", ""},
      {"control-W", "one two  \x17", "one |", ""},
      {"control-W twice", "one two\x17\x17", "|", ""},
      {"alt-backspace", "one two\x1B\x7F", "one |", ""},
      {"control-Y", "one two\x17\x19\x19", "one twotwo|", ""},
      {"control-Y in another line", "word\x15hi \x19", "hi word|", ""},
      {"an empty kill keeps the last one", "word\x17\x17\x19", "word|", ""},
      {"control-W over a mark on a space", "a \u0301\x17", "a|", ""},
      {"alt-b", "one two\033b", "one |two", ""},
      {"alt-b twice", "one two\033b\033b", "|one two", ""},
      {"alt-f", "one two\x01\033f", "one| two", ""},
      {"control-left", "one two\x1B[1;5D", "one |two", ""},
      {"control-right", "one two\x01\x1B[1;5C", "one| two", ""},
      {"alt-left of rxvt", "one two\x1B\x1B[D", "one tw|o", ""},
      {"return", "hi\r", "|", "submitted(hi)"},
      {"line feed", "hi\n", "|", "submitted(hi)"},
      {"return and line feed are one Enter", "a\r\nb\r\n", "|", "submitted(a) submitted(b)"},
      {"keypad's Enter", "hi\x1BOM", "|", "submitted(hi)"},
      {"Enter in mid-line", "hi" + kLeft + "\r", "|", "submitted(hi)"},
      {"Enter on nothing", "\r\r", "|", ""},
      {"Enter on spaces", "  \r", "|", ""},
      {"two lines at once", "a\rb\rc", "c|", "submitted(a) submitted(b)"},
      {"control-C", "half\x03", "half|", "interrupt"},
      {"control-L", "half\x0C", "half|", "redraw"},
      {"tab", "a\tb", "ab|", ""},
      {"other control characters", std::string("a\0\007\034b", 5), "ab|", ""},
      // Escape sequences that mean nothing go as a whole.
      {"function key", "a\x1B[15~b", "ab|", ""},
      {"shifted function key", "a\x1B[15;2~b", "ab|", ""},
      {"F1", "a\x1BOPb", "ab|", ""},
      {"F1 of the Linux console", "a\x1B[[Ab", "ab|", ""},
      {"focus report", "a\x1B[Ib", "ab|", ""},
      {"cursor position report", "a\x1B[12;40Rb", "ab|", ""},
      {"a mouse's report", "a\x1B[<0;12;7Mb", "ab|", ""},
      {"sequence with an intermediate byte", "a\x1B[1 qb", "ab|", ""},
      {"endless sequence", "a\x1B[" + std::string(5000, '1') + "~b", "ab|", ""},
      {"alt-x", "a\x1Bxb", "ab|", ""},
      {"character set", "a\x1B(Bb", "ab|", ""},
      {"terminal's answer ended by BEL", "a\x1B]11;rgb:0000/0000/0000\007b", "ab|", ""},
      {"terminal's answer ended by ST", "a\x1BP1$r0m\x1B\\b", "ab|", ""},
      {"Enter ends an unfinished sequence", "a\x1B[12\r", "|", "submitted(a)"},
      {"Enter ends an unfinished string", "a\x1B]12\r", "|", "submitted(a)"},
      {"Escape, then Enter", "a\x1B\r", "|", "submitted(a)"},
      {"Escape, then a letter beyond ASCII", "\x1B\u00E9", "\u00E9|", ""},
      // Text that is none.
      {"stray continuation", "a\200b", "ab|", ""},
      {"cut short", "a\342\202b", "ab|", ""},
      {"cut short by Enter", "a\xE2\x82\r", "|", "submitted(a)"},
      {"overlong", "a\300\257b", "ab|", ""},
      {"overlong, three bytes", "a\340\200\257b", "ab|", ""},
      {"surrogate", "a\355\240\200b", "ab|", ""},
      {"past the last code point", "a\364\220\200\200b", "ab|", ""},
      {"never a first byte", "a\377\376b", "ab|", ""},
      {"C1 control in UTF-8", "a\302\23331mb", "a31mb|", ""},
      {"right-to-left override", "a\u202Eb\u202C", "ab|", ""},
      // Clusters that an edit joins.
      {"letter before a lone mark", "\u0301\001e", "e\u0301|", ""},
      {"joiner between two people", "\U0001F468\U0001F469" + kLeft + "\u200D", "\U0001F468\u200D\U0001F469|",
       ""},
      {"half flags that meet", "\U0001F1E9x\U0001F1EA" + kLeft + "\x7F", "\U0001F1E9\U0001F1EA|", ""},
      // Pastes.
      {"paste", "\x1B[200~hello\x1B[201~", "hello|", ""},
      {"paste of lines", "\x1B[200~a\r\nb\nc\rd\te\x1B[201~", "a b c d e|", ""},
      {"paste then Enter", "\x1B[200~a\n\x1B[201~\r", "|", "submitted(a )"},
      {"paste presses no keys", "\x1B[200~a\x01\x17\x04\x1B[Ab\x1B[201~", "ab|", ""},
      {"after a paste keys work", "\x1B[200~ab\x1B[201~\x01", "|ab", ""},
      {"a paste without an end can be left", "\x1B[200~a\x03\r", "|", "interrupt submitted(a)"},
      // History.
      {"older", "a\rb\r" + kUp, "b|", "submitted(a) submitted(b)"},
      {"oldest", "a\rb\r" + kUp + kUp + kUp, "a|", "submitted(a) submitted(b)"},
      {"newer", "a\rb\r" + kUp + kUp + kDown, "b|", "submitted(a) submitted(b)"},
      {"back to the draft", "a\rdraft" + kUp + kUp + kDown + kDown, "draft|", "submitted(a)"},
      {"control-P and control-N", "a\rb\r\x10\x10\x0E", "b|", "submitted(a) submitted(b)"},
      {"the same line again is kept once", "a\rb\rb\r" + kUp + kUp, "a|",
       "submitted(a) submitted(b) submitted(b)"},
      {"an edited older line", "a\r" + kUp + "!\r" + kUp, "a!|", "submitted(a) submitted(a!)"},
      {"no draft outlives its line", "a\rdraft" + kUp + "\r" + kDown, "|", "submitted(a) submitted(a)"},
      {"older in application mode", "a\r\x1BOA", "a|", "submitted(a)"},
  };
  return cases;
}

TEST(LineEditor, DoesWhatTheKeysSay) {
  for (const Case& c : key_cases()) {
    LineEditor editor;
    EXPECT_EQ(described(editor.feed(c.typed)), c.events) << c.what;
    EXPECT_EQ(with_cursor(editor), c.line) << c.what;
  }
}

TEST(LineEditor, DoesNotCareWhereTheBytesAreSplit) {
  for (const Case& c : key_cases()) {
    LineEditor editor;
    std::vector<EditorEvent> events;
    for (const char byte : c.typed) {
      for (EditorEvent& event : editor.feed({&byte, 1})) events.push_back(std::move(event));
    }
    EXPECT_EQ(described(events), c.events) << c.what;
    EXPECT_EQ(with_cursor(editor), c.line) << c.what;
  }
}

TEST(LineEditor, StopsAtTheLongestLineWithABell) {
  LineEditor editor;
  const std::string longest(LineEditor::kMaxLineBytes, 'x');
  EXPECT_EQ(described(editor.feed(longest)), "");
  EXPECT_EQ(described(editor.feed("yyy")), "bell") << "one bell for one keystroke's worth of input";
  EXPECT_EQ(editor.text(), longest);
  EXPECT_EQ(described(editor.feed("\x7F\u00E9")), "bell") << "a character goes in whole or not at all";
  EXPECT_EQ(described(editor.feed("z")), "");
  EXPECT_EQ(described(editor.feed("\r")), "submitted(" + longest.substr(1) + "z)");
  EXPECT_EQ(described(editor.feed("\x1B[200~" + longest + "more\x1B[201~")), "bell");
  EXPECT_EQ(editor.text(), longest);
  EXPECT_EQ(described(editor.feed("\x15\x19\x19")), "bell");
  EXPECT_EQ(editor.text(), longest);
}

TEST(LineEditor, WhatCanBeTypedCanBeSentUnderEveryName) {
  const std::string author(kMaxNameBytes, 'n');
  EXPECT_TRUE(checked_text(author, std::string(LineEditor::kMaxLineBytes, 'x')).ok());
  EXPECT_FALSE(checked_text(author, std::string(LineEditor::kMaxLineBytes + 1, 'x')).ok());
}

TEST(LineEditor, RemembersABoundedNumberOfLines) {
  LineEditor editor;
  for (std::size_t i = 0; i <= LineEditor::kHistoryLines; ++i)
    editor.feed("line " + std::to_string(i) + "\r");
  for (std::size_t i = 0; i < 2 * LineEditor::kHistoryLines; ++i) editor.feed(kUp);
  EXPECT_EQ(editor.text(), "line 1");
}

// Whatever arrives, the line stays text that can be shown, within its bounds, with the cursor between two
// clusters.
TEST(LineEditor, SurvivesNoise) {
  const std::vector<std::string> pieces{"a",
                                        " ",
                                        "\u00E9",
                                        "\u0301",
                                        "\U0001F468",
                                        "\u200D",
                                        "\U0001F1E9",
                                        "\xFF",
                                        "\x80",
                                        "\xE2\x82",
                                        kLeft,
                                        kUp,
                                        kDown,
                                        "\x1B",
                                        "\x1B[",
                                        "\x1B[3~",
                                        "\x7F",
                                        "\r",
                                        "\x17",
                                        "\x19",
                                        "\x15",
                                        "\x1B[200~",
                                        "\x1B[201~",
                                        "\x1B]",
                                        "\u6F22",
                                        "word word ",
                                        "\x01",
                                        "\x0B",
                                        "\033b",
                                        "\033f",
                                        std::string(1, '\0')};
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    LineEditor editor;
    for (int i = 0; i < 2000; ++i) {
      editor.feed(pieces[random() % pieces.size()]);
      const std::string& text = editor.text();
      ASSERT_LE(text.size(), LineEditor::kMaxLineBytes);
      ASSERT_EQ(printable("|" + text + "|"), "|" + text + "|");
      ASSERT_LE(editor.cursor(), text.size());
      ASSERT_EQ(grapheme_boundary(text, editor.cursor()), editor.cursor());
    }
  }
}

}  // namespace
}  // namespace hubbub
